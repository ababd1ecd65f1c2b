// GET /api/local/duplicates: the same bytes in several places. POST reads what nobody hashed yet, with progress as lines.
import { json } from '@sveltejs/kit';
import { ndjson } from '#lib/server/stream.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async ({ locals }) => {
	return json(await locals.app.local.duplicates(), { headers: { 'cache-control': 'no-store' } });
};

export const POST: RequestHandler = ({ locals, request }) => {
	const { local, closing } = locals.app;
	return ndjson(
		async function* (signal) {
			yield* local.readDuplicates({ signal });
			yield await local.duplicates();
		},
		[request.signal, closing],
	);
};
