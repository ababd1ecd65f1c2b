// GET /api/models/compatible: models that one runtime loads, as many as asked for, with how many were looked at for them.
import { json } from '@sveltejs/kit';
import { parseCompatibleQuery } from '#lib/core/compatible-query.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async ({ locals, request, url }) => {
	const wanted = parseCompatibleQuery(url.searchParams);
	const found = await locals.app.compatibleModels.find({ ...wanted, signal: request.signal });
	return json(found, { headers: { 'cache-control': 'no-store' } });
};
