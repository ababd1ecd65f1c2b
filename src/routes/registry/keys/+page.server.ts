// The keys of the gateway by their beginnings, and what a key can be limited to.
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = ({ locals: { app }, depends }) => {
	depends('modeldex:registry-keys');
	const { config } = app.routing.registry;
	return {
		keys: app.keys.list(),
		specs: [
			...Object.keys(config.tiers).map((name) => `tier:${name}`),
			...Object.keys(config.providers).map((name) => `${name}/*`),
		],
		nowMs: Date.now(),
	};
};
