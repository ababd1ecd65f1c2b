// GET /api/downloads/plan?id=&file=: what an order would fetch, whether there is room for it, and whether one may.
import { json } from '@sveltejs/kit';
import { parsePlanQuery } from '#lib/core/download-order.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async ({ locals, request, url }) =>
	json(await locals.app.downloads.plan(parsePlanQuery(url.searchParams), request.signal), {
		headers: { 'cache-control': 'no-store' },
	});
