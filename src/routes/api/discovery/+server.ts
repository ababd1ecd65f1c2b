// POST /api/discovery: finds chat models on the Hub, one message per line as it goes.
import { discoveryOrderSchema, mostOrderBytes } from '#lib/core/discovery-order.ts';
import { readBody } from '#lib/server/http.ts';
import { ndjson } from '#lib/server/stream.ts';
import type { RequestHandler } from './$types';

const limits = { bytes: mostOrderBytes, keys: 2_000_000 };

export const POST: RequestHandler = async ({ locals, request }) => {
	const { id, params } = await readBody(request, discoveryOrderSchema, limits);
	const { discovery, closing } = locals.app;
	return ndjson((signal) => discovery.start({ id, params }, { signal }), [request.signal, closing]);
};
