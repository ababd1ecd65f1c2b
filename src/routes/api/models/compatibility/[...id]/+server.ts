// GET /api/models/compatibility/{id}: which runtimes load a model and why. The id holds one slash, plain or encoded.
import { json, redirect } from '@sveltejs/kit';
import { parseCompatibilityQuery } from '#lib/core/compatible-query.ts';
import { encodeId } from '#lib/core/repository.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async ({ locals, params, request, url }) => {
	const { catalog, compatibility } = locals.app;
	const wanted = parseCompatibilityQuery(url.searchParams, catalog.runtimes);
	const found = await compatibility.read(params.id, { ...wanted, signal: request.signal });
	if (found.id !== params.id) redirect(307, `/api/models/compatibility/${encodeId(found.id)}${url.search}`);
	return json(found, { headers: { 'cache-control': 'private, no-cache' } });
};
