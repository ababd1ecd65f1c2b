// GET /api/models/fit/{id}: does the model fit a device, term by term. The id holds one slash, plain or percent-encoded.
import { json } from '@sveltejs/kit';
import { parseFitQuestion } from '#lib/core/fit-question.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async ({ locals, params, request, url }) => {
	const question = parseFitQuestion(url.searchParams, locals.app.catalog.runtimes);
	const { fit } = await locals.app.fits.read(params.id, { ...question, signal: request.signal });
	return json(fit, { headers: { 'cache-control': 'no-store' } });
};
