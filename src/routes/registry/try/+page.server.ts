// What can be asked for in the try-out chat: everything that the gateway offers to whoever sits at this page.
import { getDefaultTierName } from '#lib/core/registry/resolver.ts';
import { offersOf } from '#lib/server/registry/offers.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = ({ locals: { app, caller } }) => {
	const { config } = app.routing.registry;
	const name = getDefaultTierName(config);
	return {
		offers: offersOf(config, { user: caller.user, own: null }).map(({ id }) => id),
		usual: name === null ? null : `tier:${name}`,
	};
};
