// POST /api/models/configs: characteristics of up to 200 models, one line for each as soon as it is read.
import { z } from 'zod';
import { readBody } from '#lib/server/http.ts';
import { ndjson } from '#lib/server/stream.ts';
import type { RequestHandler } from './$types';

const bodySchema = z.strictObject({ ids: z.array(z.string().max(300)).min(1).max(200) });

export const POST: RequestHandler = async ({ locals, request }) => {
	const { ids } = await readBody(request, bodySchema, { bytes: 64 * 1024 });
	const { configs, closing } = locals.app;
	return ndjson((signal) => configs.readMany(ids, { signal }), [request.signal, closing]);
};
