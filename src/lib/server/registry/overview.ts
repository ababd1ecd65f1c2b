// The registry as people see it: the file in force with the health of every candidate, and never a key.
import { blankSecrets } from '#lib/core/failure.ts';
import type { BreakerView } from '#lib/core/registry/breaker.ts';
import type { TierConfig } from '#lib/core/registry/config.ts';
import { candidateOf, keyVariable } from '#lib/core/registry/plan.ts';
import { getDefaultTierName } from '#lib/core/registry/resolver.ts';
import type { Finding } from '#lib/core/registry/validate.ts';
import type { Breakers } from '#lib/server/registry/breakers.ts';
import type { Registry, RegistryState } from '#lib/server/registry/registry.ts';
import type { RolloutState } from '#lib/server/registry/rollout.ts';

/** One candidate. Prices are dollars per million tokens; null is unknown. */
export interface CandidateView {
	name: string;
	/** Why it cannot be asked at all; null when it can. */
	unusable: string | null;
	breaker: BreakerView | null;
	price: { input: number; output: number; source: string } | null;
	context: number | null;
	max_output: number | null;
	is_local: boolean;
	weight: number;
}

export interface TierView {
	name: string;
	strategy: TierConfig['strategy'];
	description: string | null;
	candidates: CandidateView[];
	/** The tier as the file has it. */
	settings: Omit<TierConfig, 'providers' | 'strategy' | 'description'>;
}

export interface ProviderView {
	name: string;
	type: string;
	base_url: string | null;
	enabled: boolean;
	/** Name of the variable with its key; null where it has none. */
	key_variable: string | null;
	has_key: boolean;
	/** Names of further headers; their values stay here. */
	headers: string[];
	max_concurrent: number | null;
	breaker: BreakerView | null;
}

export interface RegistryView {
	state: RegistryState;
	name: string | null;
	default_tier: string | null;
	providers: ProviderView[];
	tiers: TierView[];
	experiments: TierView[];
	aliases: Record<string, string>;
	defaults: object;
	rollout: RolloutState;
	auto_tier: boolean;
	findings: Finding[];
}

interface Shown {
	registry: Registry;
	breakers: Breakers;
	rollout: { state: RolloutState };
}

function tierView(name: string, tier: TierConfig, { registry, breakers }: Shown): TierView {
	const { config, around } = registry;
	const { providers, strategy, description, ...settings } = tier;
	return {
		name,
		strategy,
		description: description ?? null,
		settings,
		candidates: providers.map((entry) => {
			const candidate = candidateOf(entry, tier.timeout, { config, around });
			const { price } = candidate;
			return {
				name: candidate.name,
				unusable: candidate.unusable,
				breaker: breakers.view(candidate.name),
				price: price === null ? null : { input: price.rates.input, output: price.rates.output, source: price.source },
				context: candidate.context,
				max_output: candidate.maxOutput,
				is_local: candidate.isLocal,
				weight: candidate.weight,
			};
		}),
	};
}

function address(url: string): string {
	const parsed = new URL(url);
	return blankSecrets(parsed.origin + parsed.pathname);
}

function providerViews({ registry, breakers }: Shown): ProviderView[] {
	const { config, around } = registry;
	return Object.entries(config.providers).map(([name, provider]) => {
		const facts = around.provider(provider.type);
		const variable = facts === null ? null : keyVariable(provider, facts, around);
		const url = provider.base_url ?? facts?.baseUrl ?? null;
		return {
			name,
			type: provider.type,
			base_url: url === null ? null : address(url),
			enabled: provider.enabled,
			key_variable: variable,
			has_key: variable !== null && around.hasVariable(variable),
			headers: Object.keys(provider.headers),
			max_concurrent: provider.maxConcurrent ?? null,
			breaker: breakers.view(name),
		};
	});
}

/** Everything about the registry in force. */
export function registryView(shown: Shown): RegistryView {
	const { registry, rollout } = shown;
	const { config } = registry;
	const views = (tiers: Readonly<Record<string, TierConfig>>) =>
		Object.entries(tiers).map(([name, tier]) => tierView(name, tier, shown));
	return {
		state: registry.state,
		name: config.name ?? null,
		default_tier: getDefaultTierName(config),
		providers: providerViews(shown),
		tiers: views(config.tiers),
		experiments: views(config.experiments),
		aliases: config.aliases,
		defaults: config.defaults,
		rollout: rollout.state,
		auto_tier: config.autoTier,
		findings: registry.findings(),
	};
}
