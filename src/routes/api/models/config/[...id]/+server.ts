// GET /api/models/config/{id}: characteristics of one model. The id holds one slash, plain or percent-encoded.
import { json } from '@sveltejs/kit';
import { parseFlag } from '#lib/core/flag-word.ts';
import { refuseOthers } from '#lib/core/parameter.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async ({ locals, params, request, url }) => {
	refuseOthers(url.searchParams, { once: ['refresh', 'revision'] });
	const characteristics = await locals.app.configs.read(params.id, {
		revision: url.searchParams.get('revision'),
		refresh: parseFlag(url.searchParams, 'refresh'),
		signal: request.signal,
	});
	return json(characteristics, { headers: { 'cache-control': 'no-store' } });
};
