// From a spec to a plan: which candidates in which order under which limits, before anybody is asked.
import type { ModelsConfig, ProviderConfig, TierConfig, UserConfig, LimitConfig } from '#lib/core/registry/config.ts';
import { freePrice, type Price } from '#lib/core/registry/price.ts';
import { isInThisNetwork, isOnThisMachine } from '#lib/core/registry/near-address.ts';
import { nanoDollars } from '#lib/core/registry/record.ts';
import type { Candidate, ConsensusPlan, Limit, Plan, Timeouts } from '#lib/core/registry/strategy.ts';

/** What is known of a model from the table of prices; null where it says nothing. */
export interface ModelFacts {
	price: Price | null;
	context: number | null;
	maxOutput: number | null;
	tools: boolean | null;
	/** Deprecated models still answer, for now. */
	isDeprecated: boolean;
}

/** What is known of a type of provider. */
export interface ProviderFacts {
	type: string;
	isLocal: boolean;
	/** Environment variables in which its key is looked for, in order; empty where it has none. */
	keyNames: readonly string[];
	/** Can it be asked without a key? */
	needsKey: boolean;
	cancelStopsBilling: boolean | null;
	/** Its own address; null where it has none. */
	baseUrl: string | null;
	/** Does nobody send a bill for what it answers? */
	isFree: boolean;
	/** Is a provider of it that has no address this program itself? */
	runsHere: boolean;
}

/** What plans are made from besides the file. */
export interface Surroundings {
	provider(type: string): ProviderFacts | null;
	/** Facts of a model by type of its provider; null when the table does not have it. */
	model(type: string, model: string): ModelFacts | null;
	/** Is there something in this environment variable? */
	hasVariable(name: string): boolean;
	/** Why a provider with these settings cannot be called for want of a key: a sentence; null when it can. */
	keyProblem(provider: ProviderConfig): string | null;
	/** Why nothing can be sent to the base_url of these settings: a sentence; null when it can, or when none is given. */
	addressProblem?(provider: ProviderConfig): string | null;
}

const minuteMs = 60_000;

/** What holds where neither file says anything. Engines on this machine first load the weights. */
export const usualTimeouts: Readonly<Record<'cloud' | 'local', Timeouts>> = {
	cloud: { total: minuteMs / 2, ttft: 10_000, idle: 20_000 },
	local: { total: 10 * minuteMs, ttft: 2 * minuteMs, idle: minuteMs },
};

const usualMaxOutput = 4096;
const usualRetries = 1;

const noConsensus: ConsensusPlan = {
	compare: 'normalized',
	fields: {},
	quorum: null,
	minResponses: 2,
	tieBreak: 'order',
	onNoQuorum: 'error',
	onTooFew: 'error',
	compose: false,
	allowSameModel: false,
	threshold: null,
	judge: null,
	embedding: null,
	tellsProgress: false,
	maxLanes: 7,
};

/** The environment variable with this provider's key: the one the file names, else the first of its type that is set. */
export function keyVariable(config: ProviderConfig, facts: ProviderFacts, around: Surroundings): string | null {
	if (config.api_key_env !== undefined) return config.api_key_env;
	return facts.keyNames.find((name) => around.hasVariable(name)) ?? facts.keyNames[0] ?? null;
}

function unusable(config: ProviderConfig | undefined, around: Surroundings): Candidate['unusable'] {
	const facts = config === undefined ? null : around.provider(config.type);
	if (config === undefined || facts === null) return 'unknown_provider';
	if (!config.enabled) return 'disabled';
	return around.keyProblem(config) === null ? null : 'no_key';
}

/** Splits `provider/model` at its first slash. */
export function splitCandidate(name: string): { provider: string; model: string } {
	const slash = name.indexOf('/');
	return { provider: name.slice(0, slash), model: name.slice(slash + 1) };
}

/** The model's last part without what routes differ in, to see that two candidates are the same weights. */
function weightsOf(model: string): string {
	const last = model.toLowerCase().split('/').at(-1) ?? model;
	return last.replace(/:[a-z0-9-]+$/, '').replace(/[-_.](instruct|chat|it|turbo|versatile|instant|latest)\b/g, '');
}

/** What a plan is made of besides the tier. */
export interface PlanOptions {
	config: ModelsConfig;
	around: Surroundings;
	/** Digest of the file. */
	digest: string;
}

type CandidateConfig = TierConfig['providers'][number];

function overridesOf(entry: CandidateConfig) {
	return 'timeout' in entry || 'weight' in entry || 'params' in entry
		? entry
		: { model: entry.model, timeout: undefined, weight: undefined, params: undefined };
}

function priceOf(
	provider: ProviderConfig | undefined,
	model: string,
	facts: ModelFacts | null,
	isFree: boolean,
): Price | null {
	const own = provider !== undefined && Object.hasOwn(provider.prices, model) ? provider.prices[model] : undefined;
	if (own !== undefined) return { rates: own, tiers: [], source: 'file' };
	return isFree ? freePrice : (facts?.price ?? null);
}

/** Milliseconds for one try: what stands with the candidate, else with its tier, else with its provider. */
function timeoutsOf(
	own: TierConfig['timeout'],
	tier: TierConfig['timeout'],
	provider: TierConfig['timeout'],
	usual: Timeouts,
): Candidate['timeouts'] {
	const levels = [own, tier, provider];
	const pick = (part: 'attempt' | 'ttft' | 'idle') =>
		levels.map((level) => level?.[part]).find((ms) => ms !== undefined);
	return {
		attempt: pick('attempt') ?? own?.total ?? provider?.total ?? null,
		ttft: pick('ttft') ?? usual.ttft,
		idle: pick('idle') ?? usual.idle,
	};
}

/** What the table of prices knows of a candidate. */
function knownOf(known: ModelFacts | null): Pick<Candidate, 'context' | 'maxOutput' | 'tools'> {
	return { context: known?.context ?? null, maxOutput: known?.maxOutput ?? null, tools: known?.tools ?? null };
}

function factsOf(settings: ProviderConfig | undefined, model: string, around: Surroundings) {
	if (settings === undefined) return { facts: null, known: null };
	return { facts: around.provider(settings.type), known: around.model(settings.type, model) };
}

/** Where a provider is: an engine that people run themselves, on this very machine, or at least in its network. */
function placeOf(settings: ProviderConfig | undefined, facts: ProviderFacts | null) {
	const address = settings?.base_url ?? facts?.baseUrl ?? '';
	const isOurs = facts?.runsHere === true && settings?.base_url === undefined;
	const isHere = isOurs || isOnThisMachine(address);
	// A type without an address of its own may be anything anywhere: only what runs on this machine is taken for an engine.
	const isEngine = facts?.isLocal === true && (facts.baseUrl !== null || isHere);
	return { isEngine, isHere, isNear: isEngine || isHere || isInThisNetwork(address) };
}

/** One candidate with everything that is known of it. `tier` is the timeout of the tier it stands in. */
export function candidateOf(
	entry: CandidateConfig,
	tier: TierConfig['timeout'],
	{ config, around }: Omit<PlanOptions, 'digest'>,
): Candidate {
	const { provider, model } = splitCandidate(entry.model);
	const settings = Object.hasOwn(config.providers, provider) ? config.providers[provider] : undefined;
	const { facts, known } = factsOf(settings, model, around);
	const { isEngine, isHere, isNear } = placeOf(settings, facts);
	const { timeout, weight = 1, params = {} } = overridesOf(entry);
	return {
		name: entry.model,
		provider,
		model,
		timeouts: timeoutsOf(timeout, tier, settings?.timeout, usualTimeouts[isEngine ? 'local' : 'cloud']),
		params,
		headers: settings?.headers ?? {},
		weight,
		price: priceOf(settings, model, known, isEngine && facts?.isFree === true),
		...knownOf(known),
		cancelStopsBilling: isEngine ? true : (facts?.cancelStopsBilling ?? null),
		isLocal: isEngine || isHere,
		isNear,
		providerSlots: settings?.maxConcurrent ?? null,
		unusable: unusable(settings, around),
		weights: weightsOf(model),
	};
}

function limitOf(scope: string, limit: LimitConfig | undefined): Limit[] {
	if (limit === undefined) return [];
	const { usd, window, mode } = limit;
	return [{ scope, unit: 'nano_usd', amount: nanoDollars(usd), window, mode }];
}

function consensusOf(tier: TierConfig, options: PlanOptions): ConsensusPlan {
	const { consensus } = tier;
	if (consensus === undefined) return noConsensus;
	const { quorum, threshold, judge, embedding, stream, ...rest } = consensus;
	const named = (model: string | undefined) =>
		model === undefined ? null : candidateOf({ model }, tier.timeout, options);
	return {
		...rest,
		quorum: quorum ?? null,
		threshold: threshold ?? null,
		judge: named(judge),
		embedding: named(embedding),
		tellsProgress: stream === 'progress',
	};
}

/** Whose request it is and what it is called; `defaults` are those of the user's own file, undefined without one. */
export interface PlanFor {
	route: string;
	user: string | null;
	defaults?: UserConfig['defaults'] | undefined;
	/** False where the user's own file says not to keep times. */
	tracksTime?: boolean | undefined;
	notes?: readonly string[];
}

function limitsOf(tier: TierConfig, { config }: PlanOptions, { route, user, defaults }: PlanFor): Limit[] {
	return [
		...limitOf('global', config.defaults.costLimit),
		...(user === null ? [] : limitOf(`user:${user}`, config.defaults.userCostLimit)),
		...(user === null ? [] : limitOf(`experiments:${user}`, defaults?.costLimit)),
		...limitOf(route, tier.costLimit),
	];
}

/** Limits of the candidate's own provider; they hold for each try alone. */
export function providerLimits(config: ModelsConfig, provider: string): Limit[] {
	return limitOf(`provider:${provider}`, config.providers[provider]?.costLimit);
}

function ruleOf(rule: TierConfig['onUnknownPrice']): Plan['onUnknownPrice'] {
	return typeof rule === 'object' ? rule.use : (rule ?? null);
}

/** The settings that a tier, a user's file and the registry file share: the nearest one counts. */
function levelsOf(tier: TierConfig, { config }: PlanOptions, { defaults }: PlanFor) {
	const levels = [tier, defaults, config.defaults];
	return {
		total: levels.map((level) => level?.timeout?.total).find((ms) => ms !== undefined),
		slots: levels.map((level) => level?.maxConcurrent).find((slots) => slots !== undefined) ?? null,
		queue: levels.map((level) => level?.queue).find((queue) => queue !== undefined) ?? { max: 200, timeout: 5000 },
	};
}

/** The plan of a tier or an experiment. */
export function planOf(tier: TierConfig, options: PlanOptions, asked: PlanFor): Plan {
	const candidates = tier.providers.map((entry) => candidateOf(entry, tier.timeout, options));
	const usable = candidates.filter(({ unusable }) => unusable === null);
	const isLocal = usable.length > 0 && usable.every((candidate) => candidate.isLocal);
	const { total, slots, queue } = levelsOf(tier, options, asked);
	return {
		route: asked.route,
		strategy: tier.strategy,
		candidates,
		totalMs: total ?? usualTimeouts[isLocal ? 'local' : 'cloud'].total,
		retries: {
			perCandidate: tier.retries?.perCandidate ?? usualRetries,
			maxAttempts: tier.retries?.maxAttempts ?? candidates.length + 2,
		},
		race: tier.race ?? { stagger: 0, maxLanes: 5, winner: 'first-content' },
		consensus: consensusOf(tier, options),
		maxCost: tier.maxCost === undefined ? null : nanoDollars(tier.maxCost),
		onUnknownPrice: ruleOf(tier.onUnknownPrice),
		clampMaxTokens: tier.clampMaxTokens,
		defaultMaxOutput: tier.defaultMaxOutput ?? usualMaxOutput,
		strict: tier.strict,
		fallbackOnFilter: tier.fallbackOn.includes('content_filter'),
		sideEffects: tier.sideEffects,
		limits: limitsOf(tier, options, asked),
		queue: { slots, max: queue.max, timeout: queue.timeout },
		tracksTime: options.config.performanceTracking && asked.tracksTime !== false,
		notes: asked.notes ?? [],
		config: options.digest,
	};
}
