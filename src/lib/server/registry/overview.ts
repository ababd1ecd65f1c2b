// The registry as people see it: the file in force with the health of every candidate, and never a key.
import { blankSecrets } from '#lib/core/failure.ts';
import type { TierConfig } from '#lib/core/registry/config.ts';
import { candidateOf, keyVariable } from '#lib/core/registry/plan.ts';
import { getDefaultTierName } from '#lib/core/registry/resolver.ts';
import type { ProviderView, RegistryView, RolloutState, TierView } from '#lib/core/registry/view.ts';
import type { Breakers } from '#lib/server/registry/breakers.ts';
import type { Registry } from '#lib/server/registry/registry.ts';

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
			has_key: variable !== null && around.keyProblem(provider) === null && around.hasVariable(variable),
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
