// POST /api/classify: sorts texts into categories, one result per line in the order of the texts; leaving cancels.
import { classifyOrderSchema } from '#lib/core/classify-order.ts';
import { classifyOrder } from '#lib/server/classify-request.ts';
import { readBody } from '#lib/server/http.ts';
import { ndjson } from '#lib/server/stream.ts';
import type { RequestHandler } from './$types';

/** Texts come with the request, so that it is larger than others. */
const limits = { bytes: 16 * 1024 * 1024, keys: 20_000 };

export const POST: RequestHandler = async ({ locals, request }) => {
	const order = await readBody(request, classifyOrderSchema, limits);
	const { closing } = locals.app;
	const make = await classifyOrder(locals.app, order);
	return ndjson(make, [request.signal, closing]);
};
