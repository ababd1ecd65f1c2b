// POST /api/registry/simulate: what a route would do, on simulated time and without asking any provider.
import { json } from '@sveltejs/kit';
import { readBody } from '#lib/server/http.ts';
import { simulationSchema } from '#lib/server/registry/simulator.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = async ({ locals, request }) => {
	const simulation = await readBody(request, simulationSchema);
	return json(await locals.app.routing.simulate(simulation, request.signal), {
		headers: { 'cache-control': 'no-store' },
	});
};
