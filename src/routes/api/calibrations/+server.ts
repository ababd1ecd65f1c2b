// /api/calibrations: GET lists what was fitted, POST fits a model to labelled texts, DELETE forgets a model's.
import { json } from '@sveltejs/kit';
import { Failure } from '#lib/core/failure.ts';
import { calibrationBody } from '#lib/server/bodies.ts';
import { readBody } from '#lib/server/http.ts';
import type { RequestHandler } from './$types';

const limits = { bytes: 16 * 1024 * 1024, keys: 50_000 };

export const GET: RequestHandler = ({ locals }) => json({ calibrations: locals.app.calibrations.list() });

export const POST: RequestHandler = async ({ locals, request }) => {
	const { texts, ...options } = await readBody(request, calibrationBody, limits);
	return json(await locals.app.calibrations.fit(texts, { ...options, signal: request.signal }));
};

export const DELETE: RequestHandler = ({ locals, url }) => {
	const asked = url.searchParams.get('model');
	if (asked === null) throw new Failure('invalid_query', '"model" is missing: it names whose calibrations go.');
	return json({ forgotten: locals.app.calibrations.forget(asked) });
};
