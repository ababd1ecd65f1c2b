// GET /api/models/config/{id}: characteristics of one model. The id holds one slash, plain or percent-encoded.
import { json } from '@sveltejs/kit';
import { Failure } from '#lib/core/failure.ts';
import { parseFlag } from '#lib/core/flag-word.ts';
import { quoted } from '#lib/core/repository.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async ({ locals, params, request, url }) => {
	for (const name of url.searchParams.keys()) {
		if (name === 'refresh' || name === 'revision') continue;
		throw new Failure('unknown_field', `There is no query parameter "${quoted(name)}" here.`);
	}
	const characteristics = await locals.app.configs.read(params.id, {
		revision: url.searchParams.get('revision'),
		refresh: parseFlag(url.searchParams, 'refresh'),
		signal: request.signal,
	});
	return json(characteristics, { headers: { 'cache-control': 'no-store' } });
};
