// POST /api/local/import: takes a file or folder of this machine into our own store, with progress as lines.
import { importBody } from '#lib/server/bodies.ts';
import { readBody } from '#lib/server/http.ts';
import { ndjson } from '#lib/server/stream.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = async ({ locals, request }) => {
	const order = await readBody(request, importBody);
	const { local, closing } = locals.app;
	return ndjson((signal) => local.importing({ ...order, id: order.id ?? null, signal }), [request.signal, closing]);
};
