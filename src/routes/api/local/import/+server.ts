// POST /api/local/import: takes a file or folder of this machine into our own store, with progress as lines.
import { z } from 'zod';
import { readBody } from '#lib/server/http.ts';
import { importWays } from '#lib/server/inventory/importing.ts';
import { ndjson } from '#lib/server/stream.ts';
import type { RequestHandler } from './$types';

const bodySchema = z.strictObject({
	path: z.string().min(1).max(4096),
	id: z.string().max(200).nullish(),
	way: z.enum(importWays).default('copy'),
});

export const POST: RequestHandler = async ({ locals, request }) => {
	const order = await readBody(request, bodySchema);
	const { local, closing } = locals.app;
	return ndjson((signal) => local.importing({ ...order, id: order.id ?? null, signal }), [request.signal, closing]);
};
