// GET /api/registry: the registry file in force, with the health of every candidate and without any key.
import { json } from '@sveltejs/kit';
import { registryView } from '#lib/server/registry/overview.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ locals }) => {
	const { registry, router, rollout } = locals.app.routing;
	return json(registryView({ registry, breakers: router.breakers, rollout }), {
		headers: { 'cache-control': 'no-store' },
	});
};
