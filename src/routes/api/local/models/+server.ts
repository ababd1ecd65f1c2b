// GET /api/local/models: every copy of a model on this machine, with what it is; `refresh=1` looks at everything anew.
import { json } from '@sveltejs/kit';
import { parseFlag } from '#lib/core/flag-word.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async ({ locals, url }) => {
	const isWhole = parseFlag(url.searchParams, 'refresh');
	return json(await locals.app.local.list({ isWhole }), { headers: { 'cache-control': 'no-store' } });
};
