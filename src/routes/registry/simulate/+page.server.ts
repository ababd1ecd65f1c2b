// What can be simulated: every tier and experiment with its candidates, and a recorded request to go through again.
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = ({ locals: { app }, url }) => {
	const { config } = app.routing.registry;
	const replay = url.searchParams.get('replay');
	const names = (providers: readonly { model: string }[]) => [...new Set(providers.map(({ model }) => model))];
	return {
		routes: [
			...Object.entries(config.tiers).map(([name, tier]) => ({
				...{ spec: `tier:${name}`, label: `tier:${name}`, strategy: tier.strategy },
				candidates: names(tier.providers),
			})),
			...Object.entries(config.experiments).map(([name, tier]) => ({
				...{ spec: `user:page:${name}`, label: `experiment ${name}`, strategy: tier.strategy },
				candidates: names(tier.providers),
			})),
		],
		replay: replay === null || replay === '' ? null : app.routing.book.read(replay),
	};
};
