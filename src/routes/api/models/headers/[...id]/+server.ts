// GET /api/models/headers/{id}?path=: what the header of one weight file says, over all parts when it is split.
import { json } from '@sveltejs/kit';
import { Failure } from '#lib/core/failure.ts';
import { refuseOthers } from '#lib/core/parameter.ts';
import { headerAnswer } from '#lib/server/header-answers.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async ({ locals, params, request, url }) => {
	refuseOthers(url.searchParams, { once: ['path', 'revision'] });
	const path = url.searchParams.get('path');
	if (path === null) throw new Failure('invalid_query', 'path is missing: the weight file whose header is wanted.');
	const set = await locals.app.headers.readAll(params.id, path, {
		revision: url.searchParams.get('revision'),
		priority: 'click',
		signal: request.signal,
	});
	return json(headerAnswer(params.id, path, set), { headers: { 'cache-control': 'no-store' } });
};
