// The registry file as text, and the texts that were in force before it.
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = ({ locals: { app }, depends }) => {
	depends('modeldex:registry');
	const { registry, registryFile } = app.routing;
	return { ...registryFile.shown(), state: registry.state, versions: registryFile.versions(), nowMs: Date.now() };
};
