// For whom the registry's strategies are on, whose lists are from where, and who changed what.
import { registryFlag } from '#lib/server/registry/rollout.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = ({ locals: { app }, depends }) => {
	depends('modeldex:registry-rollout');
	const { rollout, registry } = app.routing;
	const { testUsers, denied } = app.flags.state(registryFlag);
	const file = registry.config.rollout;
	return {
		rollout: rollout.state,
		/** Lists that were set here; those of the file can only be changed there. */
		here: { testUsers: [...testUsers], denied: [...denied] },
		inFile: { testUsers: file?.testUsers ?? [], denied: file?.denied ?? [], isOff: file?.enabled === false },
		changes: app.flags.changes(registryFlag).slice(0, 20),
		nowMs: Date.now(),
	};
};
