// What a schema cannot see: names that lead nowhere, candidates without a key, tiers nobody can use.
import { z } from 'zod';
import { Failure } from '#lib/core/failure.ts';
import { modelsConfigSchema, type ModelsConfig, type TierConfig } from '#lib/core/registry/config.ts';
import { candidateOf, splitCandidate, type Surroundings } from '#lib/core/registry/plan.ts';
import { providerRows } from '#lib/core/registry/provider-table.ts';
import { findTier, getTiersForModel } from '#lib/core/registry/resolver.ts';
import { nearestNames } from '#lib/core/likeness.ts';

/** One thing found. `path` leads to its place in the file. `blocks`: a file with it is not taken. */
export interface Finding {
	level: 'error' | 'warning' | 'info';
	code: string;
	path: string[];
	message: string;
	blocks: boolean;
	/** Where in the file it stands, from 1; null where there is no file, or no such place in it. */
	line: number | null;
	column: number | null;
}

/** What a check of the tiers found. `success` is false as soon as there is one error. */
export interface TierValidation {
	success: boolean;
	errors: Finding[];
	warnings: Finding[];
	info: Finding[];
}

const nowhere = { line: null, column: null };

type Sink = (level: Finding['level'], code: string, path: string[], message: string) => void;

const blocking = new Set([
	'unknown_provider',
	'unknown_type',
	'unknown_tier',
	'unknown_experiment',
	'no_base_url',
	'bad_base_url',
	'quorum',
	'uncalibrated',
	'without_effect',
]);

function hint(name: string, known: readonly string[]): string {
	const [nearest] = nearestNames(name, known);
	return nearest === undefined ? '' : ` Did you mean ${nearest}?`;
}

/** Models of this machine are not called over a wire: what is said about one has no effect and is refused. */
function checkOurs(provider: ModelsConfig['providers'][string], path: string[], add: Sink): void {
	const set: [string, boolean][] = [
		['api_key_env', provider.api_key_env !== undefined],
		['headers', Object.keys(provider.headers).length > 0],
	];
	for (const [field, isSet] of set) {
		if (!isSet) continue;
		const what = `${field} has no effect on models of this machine; name a base_url if a server is meant.`;
		add('error', 'without_effect', [...path, field], what);
	}
}

function checkProviders(config: ModelsConfig, around: Surroundings, add: Sink): void {
	for (const [name, provider] of Object.entries(config.providers)) {
		const path = ['providers', name];
		const facts = around.provider(provider.type);
		if (facts === null) {
			const types = providerRows.flatMap(({ id, aliases = [] }) => [id, ...aliases]);
			const what = `There is no provider type "${provider.type}".${hint(provider.type, types)}`;
			add('error', 'unknown_type', [...path, 'type'], what);
			continue;
		}
		if (facts.runsHere && provider.base_url === undefined) checkOurs(provider, path, add);
		else if (facts.baseUrl === null && provider.base_url === undefined) {
			add('error', 'no_base_url', path, `The provider ${name} needs a base_url: its type has no address of its own.`);
		}
		const wrong = around.addressProblem?.(provider) ?? null;
		if (wrong !== null) add('error', 'bad_base_url', [...path, 'base_url'], wrong);
		if (!provider.enabled) add('info', 'disabled', path, `The provider ${name} is switched off.`);
	}
}

/** One tier or experiment, with each of its candidates. */
function checkTier(
	tier: TierConfig,
	path: string[],
	config: ModelsConfig,
	{ around, add }: { around: Surroundings; add: Sink },
): void {
	const names = Object.keys(config.providers);
	let usable = 0;
	tier.providers.forEach((entry, at) => {
		const place = [...path, 'providers', String(at)];
		const { provider, model } = splitCandidate(entry.model);
		const settings = config.providers[provider];
		if (settings === undefined) {
			return add('error', 'unknown_provider', place, `There is no provider "${provider}".${hint(provider, names)}`);
		}
		const facts = around.provider(settings.type);
		if (facts === null) return;
		const candidate = candidateOf(entry, tier.timeout, { config, around });
		if (candidate.unusable === null) usable += 1;
		if (candidate.unusable === 'disabled') {
			add('error', 'disabled', place, `${entry.model} cannot be asked: its provider is switched off.`);
		} else if (candidate.unusable === 'no_key') {
			const why = around.keyProblem(settings) ?? 'It has no key.';
			add('error', 'no_key', place, `${entry.model} cannot be asked. ${why}`);
		}
		const known = around.model(settings.type, model);
		if (known === null && !facts.isLocal && settings.base_url === undefined) {
			add(
				'warning',
				'unknown_model',
				place,
				`${entry.model} is not in the table of models; it may be new or mistyped.`,
			);
		} else if (known?.isDeprecated === true) {
			add('warning', 'deprecated', place, `${entry.model} is deprecated: it will stop to answer.`);
		}
		const isLimited =
			tier.maxCost !== undefined || tier.costLimit !== undefined || config.defaults.costLimit !== undefined;
		if (candidate.price === null && isLimited && tier.onUnknownPrice === undefined && !candidate.isNear) {
			add(
				'warning',
				'price_unknown',
				place,
				`${entry.model} has no known price and is skipped where money is limited.`,
			);
		}
	});
	if (usable === 0) add('error', 'no_candidate', path, 'No candidate of it can be asked as things are.');
	else if (usable === 1 && (tier.strategy === 'race' || tier.strategy === 'consensus')) {
		add('warning', 'one_candidate', path, `Only one candidate can be asked, so it is no ${tier.strategy}.`);
	}
	if (tier.consensus?.compare === 'embedding' && tier.consensus.threshold === undefined) {
		add(
			'error',
			'uncalibrated',
			[...path, 'consensus'],
			'compare: embedding needs the threshold that was measured for its model.',
		);
	}
}

function checkNames(config: ModelsConfig, add: Sink): void {
	const tiers = Object.keys(config.tiers);
	for (const [alias, name] of Object.entries(config.aliases)) {
		if (!Object.hasOwn(config.tiers, name)) {
			add('error', 'unknown_tier', ['aliases', alias], `There is no tier "${name}".${hint(name, tiers)}`);
		} else if (Object.hasOwn(config.tiers, alias)) {
			add('warning', 'alias_hidden', ['aliases', alias], `The tier "${alias}" hides this other name.`);
		}
	}
	const { tier, experiment } = config.defaults;
	if (tier !== undefined && findTier(config, tier) === null) {
		add('error', 'unknown_tier', ['defaults', 'tier'], `There is no tier "${tier}".${hint(tier, tiers)}`);
	}
	if (experiment !== undefined && !Object.hasOwn(config.experiments, experiment)) {
		const known = Object.keys(config.experiments);
		add(
			'error',
			'unknown_experiment',
			['defaults', 'experiment'],
			`There is no experiment "${experiment}".${hint(experiment, known)}`,
		);
	}
}

/** Models in several tiers are told, not hidden: a look-up from model to tier has no single answer for them. */
function tellShared(config: ModelsConfig, add: Sink): void {
	const models = new Set(Object.values(config.tiers).flatMap(({ providers }) => providers.map(({ model }) => model)));
	for (const model of models) {
		const names = getTiersForModel(config, model);
		if (names.length > 1) add('info', 'several_tiers', ['tiers'], `${model} stands in ${names.join(', ')}.`);
	}
	const used = new Set([...models].map((model) => splitCandidate(model).provider));
	const tested = Object.values(config.experiments).flatMap(({ providers }) =>
		providers.map(({ model }) => splitCandidate(model).provider),
	);
	for (const name of Object.keys(config.providers)) {
		if (!used.has(name) && !tested.includes(name))
			add('info', 'unused_provider', ['providers', name], `No tier uses ${name}.`);
	}
}

/** Everything that can be said about a file whose shape is right, the worst first. */
export function checkConfig(config: ModelsConfig, around: Surroundings): Finding[] {
	const findings: Finding[] = [];
	const add: Sink = (level, code, path, message) => {
		findings.push({ level, code, path, message, blocks: level === 'error' && blocking.has(code), ...nowhere });
	};
	checkProviders(config, around, add);
	for (const group of ['tiers', 'experiments'] as const) {
		for (const [name, tier] of Object.entries(config[group])) checkTier(tier, [group, name], config, { around, add });
	}
	checkNames(config, add);
	tellShared(config, add);
	const rank = { error: 0, warning: 1, info: 2 };
	return findings.sort((a, b) => rank[a.level] - rank[b.level]);
}

/** Checks tiers against the names that an application counts on: each exists and has a candidate, and none is an orphan. */
export function validateTierConfig(
	config: ModelsConfig,
	around: Surroundings,
	expected: readonly string[] = [],
): TierValidation {
	const findings = checkConfig(config, around);
	const names = Object.keys(config.tiers);
	const more = (level: Finding['level'], code: string, path: string[], message: string) =>
		findings.push({ level, code, path, message, blocks: false, ...nowhere });
	for (const name of expected) {
		if (findTier(config, name) === null)
			more('error', 'missing_tier', ['tiers'], `The tier "${name}" is missing.${hint(name, names)}`);
	}
	const wanted = new Set(expected.map((name) => findTier(config, name)?.name));
	for (const name of expected.length === 0 ? [] : names) {
		if (!wanted.has(name)) more('warning', 'orphan_tier', ['tiers', name], `Nothing counts on the tier "${name}".`);
	}
	const of = (level: Finding['level']) => findings.filter((finding) => finding.level === level);
	const errors = of('error');
	return { success: errors.length === 0, errors, warnings: of('warning'), info: of('info') };
}

/** The result of a check as lines for a person. */
export function printValidationResults(
	{ success, errors, warnings, info }: TierValidation,
	write: (line: string) => void,
): void {
	const lines = (title: string, findings: Finding[]) => {
		for (const { path, message } of findings) write(`${title}  ${path.join('.')}: ${message}`);
	};
	lines('error  ', errors);
	lines('warning', warnings);
	lines('info   ', info);
	write(
		success ? 'The tiers are in order.' : `${errors.length} ${errors.length === 1 ? 'error' : 'errors'} in the tiers.`,
	);
}

/** A config from outside. Throws `invalid_config` naming the first fault. */
export function validateModelsConfig(input: unknown): ModelsConfig {
	const result = modelsConfigSchema.safeParse(input);
	if (result.success) return result.data;
	const [issue] = result.error.issues;
	const where = issue === undefined || issue.path.length === 0 ? 'The config' : issue.path.map(String).join('.');
	const what =
		issue?.code === 'unrecognized_keys'
			? `has the unknown field "${(issue.keys[0] ?? '').slice(0, 60)}"`
			: (issue?.message ?? 'is not right');
	throw new Failure('invalid_config', `${where}: ${what}`, { cause: result.error });
}

/** The same without throwing: `success` with `data`, or with the `error` that says all faults. */
export function safeValidateModelsConfig(
	input: unknown,
): { success: true; data: ModelsConfig } | { success: false; error: z.ZodError } {
	const result = modelsConfigSchema.safeParse(input);
	return result.success ? { success: true, data: result.data } : { success: false, error: result.error };
}
