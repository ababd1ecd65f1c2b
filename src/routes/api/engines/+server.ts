// GET /api/engines: models that are loaded, models known by short names, and engines that others run on this machine.
import { json } from '@sveltejs/kit';
import { namedModels } from '#lib/core/tables/named-models.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async ({ locals, request }) => {
	const { engines } = locals.app;
	const [others, known] = await Promise.all([engines.others(request.signal), engines.known(namedModels)]);
	return json({ loaded: engines.list(), known, engines: others });
};
