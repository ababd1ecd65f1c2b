// GET /api/models/compatible: models that one runtime loads, as many as asked for, with how many were looked at for them.
import { json } from '@sveltejs/kit';
import { parseCompatibleQuery } from '#lib/core/compatible-query.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async ({ locals, request, url }) => {
	const { catalog, compatibleModels } = locals.app;
	const wanted = parseCompatibleQuery(url.searchParams, catalog.runtimes);
	const found = await compatibleModels.find({ ...wanted, signal: request.signal });
	return json(found, { headers: { 'cache-control': 'no-store' } });
};
