// POST /api/local/prune: clears away what no model needs; with `dry_run` it only tells.
import { json } from '@sveltejs/kit';
import { pruneBody } from '#lib/server/bodies.ts';
import { readBody } from '#lib/server/http.ts';
import type { RequestHandler } from './$types';

const dayMs = 86_400_000;

export const POST: RequestHandler = async ({ locals, request }) => {
	const { kinds, older_than_days, tools, confirm, dry_run } = await readBody(request, pruneBody);
	const order = { kinds, olderThanMs: older_than_days * dayMs, ...(tools === undefined ? {} : { tools }) };
	const { local } = locals.app;
	const pruned = dry_run ? await local.prunePreview(order) : await local.prune({ ...order, confirm });
	return json(pruned, { headers: { 'cache-control': 'no-store' } });
};
