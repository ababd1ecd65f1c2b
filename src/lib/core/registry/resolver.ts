// Which tiers lead to a model, and which candidates a tier leads to: both ways, as many as there are.
import { Failure } from '#lib/core/failure.ts';
import type { ModelsConfig, TierConfig, UserConfig } from '#lib/core/registry/config.ts';
import { nearestNames } from '#lib/core/likeness.ts';

type Tiers = Pick<ModelsConfig, 'tiers' | 'aliases'>;

/** The tier behind a name or one of its other names; null when there is none. */
export function findTier({ tiers, aliases }: Tiers, name: string): { name: string; tier: TierConfig } | null {
	const own = Object.hasOwn(tiers, name) ? tiers[name] : undefined;
	if (own !== undefined) return { name, tier: own };
	const other = Object.hasOwn(aliases, name) ? aliases[name] : undefined;
	const meant = other !== undefined && Object.hasOwn(tiers, other) ? tiers[other] : undefined;
	return other === undefined || meant === undefined ? null : { name: other, tier: meant };
}

/** The candidates of a tier in their order. Throws `model_not_found` naming what there is. */
export function getModelsForTier(config: Tiers, name: string): string[] {
	const found = findTier(config, name);
	if (found === null) throw unknownTier(config, name);
	return found.tier.providers.map(({ model }) => model);
}

/** The first candidate of a tier. Throws as `getModelsForTier` does. */
export function getModelForTier(config: Tiers, name: string): string {
	return getModelsForTier(config, name)[0] ?? '';
}

/** The tiers that a model stands in, in the order of the file. One model may serve several; empty when it serves none. */
export function getTiersForModel({ tiers }: Pick<Tiers, 'tiers'>, model: string): string[] {
	return Object.entries(tiers)
		.filter(([, { providers }]) => providers.some((entry) => entry.model === model))
		.map(([name]) => name);
}

function list(names: readonly string[]): string {
	return names.length === 0 ? 'there are none' : `there are ${names.slice(0, 20).join(', ')}`;
}

/** The failure for a tier nobody knows, with the nearest names and those there are. */
export function unknownTier({ tiers, aliases }: Tiers, name: string): Failure {
	const names = [...Object.keys(tiers), ...Object.keys(aliases)];
	return unknown('tier', name, names);
}

/** The failure for a name nobody knows. */
export function unknown(what: 'tier' | 'experiment' | 'provider', name: string, names: readonly string[]): Failure {
	const [nearest] = nearestNames(name, names);
	const hint = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
	return new Failure('model_not_found', `There is no ${what} "${name}"; ${list(names)}.${hint}`);
}

/** A rewritten spec: which tier takes the place of a model, and the sentence for the record; null: it stays as it is. */
export interface AutoTier {
	name: string;
	tier: TierConfig;
	note: string;
}

/**
 * With `autoTier` on, the tier that a plain model stands for. Only where there is exactly one: a model of several tiers stays
 * what was asked for. The note makes the rewrite visible, as it can turn one call into a race.
 */
export function autoTier(config: ModelsConfig, model: string): { found: AutoTier | null; note: string | null } {
	if (!config.autoTier) return { found: null, note: null };
	const names = getTiersForModel(config, model);
	const [name] = names;
	if (name === undefined) return { found: null, note: null };
	if (names.length > 1) {
		return { found: null, note: `${model} stands in the tiers ${names.join(', ')}; it is asked itself.` };
	}
	const tier = config.tiers[name];
	if (tier === undefined) return { found: null, note: null };
	return {
		found: { name, tier, note: `autoTier: ${model} was taken for tier:${name} (${tier.strategy}).` },
		note: null,
	};
}

/** The experiment of a user: the user's own first, then those of the registry file. Throws `model_not_found`. */
export function findExperiment(
	config: ModelsConfig,
	own: UserConfig | null,
	name: string | null,
): { name: string; tier: TierConfig; isOwn: boolean } {
	const experiments = { ...config.experiments, ...own?.experiments };
	const names = Object.keys(experiments);
	const meant = name ?? own?.defaults.experiment ?? config.defaults.experiment ?? null;
	if (meant === null) {
		const [only] = names;
		if (names.length === 1 && only !== undefined) return findExperiment(config, own, only);
		throw new Failure('model_not_found', `No default experiment is set; ${list(names)}.`);
	}
	const tier = Object.hasOwn(experiments, meant) ? experiments[meant] : undefined;
	if (tier === undefined) throw unknown('experiment', meant, names);
	return { name: meant, tier, isOwn: own !== null && Object.hasOwn(own.experiments, meant) };
}

/** The tier that is meant when nobody names one: the one that is set, else `default`, else the first; null without tiers. */
export function getDefaultTierName({
	tiers,
	aliases,
	defaults,
}: Tiers & Pick<ModelsConfig, 'defaults'>): string | null {
	if (defaults.tier !== undefined) return findTier({ tiers, aliases }, defaults.tier)?.name ?? null;
	return findTier({ tiers, aliases }, 'default')?.name ?? Object.keys(tiers)[0] ?? null;
}
