// POST /api/models/configs: characteristics of up to 200 models, one line for each as soon as it is read.
import { configsBody } from '#lib/server/bodies.ts';
import { readBody } from '#lib/server/http.ts';
import { ndjson } from '#lib/server/stream.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = async ({ locals, request }) => {
	const { ids } = await readBody(request, configsBody, { bytes: 64 * 1024 });
	const { configs, closing } = locals.app;
	return ndjson((signal) => configs.readMany(ids, { signal }), [request.signal, closing]);
};
