// Everything that a caller can ask the gateway for: tiers, experiments, and the models that the registry file names.
import type { ModelsConfig, UserConfig } from '#lib/core/registry/config.ts';
import { formatSpec } from '#lib/core/registry/spec.ts';
import type { Offer } from '#lib/server/gateway.ts';

/** Who asks, and the file of that user where there is one. */
export interface Asker {
	user: string | null;
	own: UserConfig | null;
}

const ours = 'modeldex';

/** The models that the file names anywhere, in the order of its providers; those of providers that are off are left out. */
function namedModels(config: ModelsConfig, own: UserConfig | null): string[] {
	const routes = [config.tiers, config.experiments, own?.experiments ?? {}].flatMap((group) => Object.values(group));
	const listed = routes.flatMap(({ providers }) => providers.map(({ model }) => model));
	return Object.entries(config.providers)
		.filter(([, { enabled }]) => enabled)
		.flatMap(([name, { prices, models = [] }]) => [
			...listed.filter((model) => model.startsWith(`${name}/`)),
			...[...models, ...Object.keys(prices)].map((model) => `${name}/${model}`),
		]);
}

/** The specs in a fixed order: tiers, other names of tiers, the user's experiments, models; each once. */
export function offersOf(config: ModelsConfig, { user, own }: Asker): Offer[] {
	const tiers = [...Object.keys(config.tiers), ...Object.keys(config.aliases)].map((name) =>
		formatSpec({ kind: 'tier', name }),
	);
	const names = [...Object.keys(own?.experiments ?? {}), ...Object.keys(config.experiments)];
	const experiments = user === null ? [] : names.map((experiment) => formatSpec({ kind: 'user', user, experiment }));
	const owned = [...tiers, ...experiments].map((id): [string, Offer] => [id, { id, owner: ours }]);
	const models = namedModels(config, own).map((id): [string, Offer] => [
		id,
		{ id, owner: id.slice(0, id.indexOf('/')) },
	]);
	return [...new Map([...owned, ...models]).values()];
}
