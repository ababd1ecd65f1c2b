// Tiers from one setting: models by purpose in, tiers with their strategies out, nothing else written down anywhere.
import type { TierConfigInput } from '#lib/core/registry/config.ts';
import { Failure } from '#lib/core/failure.ts';

/** The purposes that tiers are usually named after; other names will do too. */
export const defaultTierNames = [
	'summary',
	'nano',
	'low',
	'medium',
	'high',
	'default',
	'fitness',
	'reasoning',
	'fallback',
] as const;

/** Purposes for which the fastest answer counts; they are raced where there is more than one candidate. */
const fastNames: ReadonlySet<string> = new Set(['summary', 'nano', 'low']);

/** Models by provider and purpose: one id, or several in their order. */
export type DefaultModels = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

interface TierOptions {
	/** The provider whose models come first; every model it has for a purpose. */
	provider?: string;
	/** Candidates of other providers follow those of the current one; true when left out. */
	others?: boolean;
}

function listed(models: string | readonly string[] | undefined): readonly string[] {
	if (models === undefined) return [];
	return typeof models === 'string' ? [models] : models;
}

/**
 * A tier for each purpose that some provider has a model for. The current provider's models stand first; tiers for fast answers
 * race, the others ask the first. Throws `invalid_config` for a provider that the setting does not have.
 */
export function buildTiers(
	models: DefaultModels,
	{ provider, others = true }: TierOptions = {},
): Record<string, TierConfigInput> {
	const names = Object.keys(models);
	const current = provider ?? names[0];
	if (current === undefined || !names.includes(current)) {
		throw new Failure('invalid_config', `There are no models of "${provider ?? ''}"; there are ${names.join(', ')}.`);
	}
	const order = others ? [current, ...names.filter((name) => name !== current)] : [current];
	const purposes = new Set(order.flatMap((name) => Object.keys(models[name] ?? {})));
	const tiers: Record<string, TierConfigInput> = {};
	for (const purpose of purposes) {
		const found = order.flatMap((name) => listed(models[name]?.[purpose]).map((model) => `${name}/${model}`));
		const providers = [...new Set(found)];
		const isRace = fastNames.has(purpose) && providers.length > 1;
		tiers[purpose] = { strategy: isRace ? 'race' : 'first', providers };
	}
	return tiers;
}
