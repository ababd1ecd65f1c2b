// POST /api/local/prune: clears away what no model needs; with `dry_run` it only tells.
import { json } from '@sveltejs/kit';
import { z } from 'zod';
import { localTools } from '#lib/core/inventory.ts';
import { readBody } from '#lib/server/http.ts';
import { pruneKinds } from '#lib/server/inventory/prune.ts';
import type { RequestHandler } from './$types';

const dayMs = 86_400_000;
const bodySchema = z.strictObject({
	kinds: z.array(z.enum(pruneKinds)).min(1).default(['partial', 'orphan']),
	older_than_days: z.number().min(0).max(36_500).default(0),
	tools: z.array(z.enum(localTools)).min(1).optional(),
	confirm: z.boolean().default(false),
	dry_run: z.boolean().default(false),
});

export const POST: RequestHandler = async ({ locals, request }) => {
	const { kinds, older_than_days, tools, confirm, dry_run } = await readBody(request, bodySchema);
	const order = { kinds, olderThanMs: older_than_days * dayMs, ...(tools === undefined ? {} : { tools }) };
	const { local } = locals.app;
	const pruned = dry_run ? await local.prunePreview(order) : await local.prune({ ...order, confirm });
	return json(pruned, { headers: { 'cache-control': 'no-store' } });
};
