// /api/calibrations: GET lists what was fitted, POST fits a model to labelled texts, DELETE forgets a model's.
import { json } from '@sveltejs/kit';
import { z } from 'zod';
import { calibrationMethods } from '#lib/core/classify-calibration.ts';
import { classifyOptionsSchema } from '#lib/core/classify-order.ts';
import { Failure } from '#lib/core/failure.ts';
import { readBody } from '#lib/server/http.ts';
import type { RequestHandler } from './$types';

const { model, categories, dtype, template, with_path, gather } = classifyOptionsSchema;
const labelled = z.strictObject({
	text: z.string().max(1_000_000),
	label: z.string(),
	path: z.string().max(1000).optional(),
});
const bodySchema = z.strictObject({
	...{ model, categories, dtype, template, with_path, gather },
	texts: z.array(labelled).min(1).max(5000),
	method: z.enum(calibrationMethods).optional(),
	precision: z.number().min(0.5).max(1).optional(),
});
const limits = { bytes: 16 * 1024 * 1024, keys: 50_000 };

export const GET: RequestHandler = ({ locals }) => json({ calibrations: locals.app.calibrations.list() });

export const POST: RequestHandler = async ({ locals, request }) => {
	const { texts, ...options } = await readBody(request, bodySchema, limits);
	return json(await locals.app.calibrations.fit(texts, { ...options, signal: request.signal }));
};

export const DELETE: RequestHandler = ({ locals, url }) => {
	const asked = url.searchParams.get('model');
	if (asked === null) throw new Failure('invalid_query', '"model" is missing: it names whose calibrations go.');
	return json({ forgotten: locals.app.calibrations.forget(asked) });
};
