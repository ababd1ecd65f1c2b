// The library entry `modeldex/registry`: models by tier, experiment or name in any program, with strategies and budgets.
import { Failure } from '#lib/core/failure.ts';
import type {
	ModelResult,
	ModelsConfig,
	ModelsConfigInput,
	ProviderConfig,
	UserConfig,
} from '#lib/core/registry/config.ts';
import { modelsConfigSchema, userConfigSchema } from '#lib/core/registry/config.ts';
import type { CallEvent, CallProvider, Operation } from '#lib/core/registry/call.ts';
import { dollars, type RequestRecord } from '#lib/core/registry/record.ts';
import { inputTokens, outputTokens } from '#lib/core/registry/price.ts';
import { answerIn } from '#lib/core/registry/usage.ts';
import { validateModelsConfig } from '#lib/core/registry/validate.ts';
import { machineClock } from '#lib/server/clock.ts';
import { openDatabase, openInMemory, type Database } from '#lib/server/database.ts';
import { migrate } from '#lib/server/migrations.ts';
import type { UsageReport } from '#lib/core/registry/view.ts';
import { ProviderSet } from '#lib/server/providers/provider-set.ts';
import { RouteFigures } from '#lib/server/registry/figures.ts';
import { Ledger } from '#lib/server/registry/ledger.ts';
import { readSmallFile } from '#lib/server/registry/registry-file.ts';
import { configFailure, Registry } from '#lib/server/registry/registry.ts';
import { RequestBook } from '#lib/server/registry/request-book.ts';
import { Router } from '#lib/server/registry/router.ts';
import { surroundings } from '#lib/server/registry/surroundings.ts';
import { readYaml } from '#lib/server/registry/yaml.ts';

export { Failure, type FailureCode } from '#lib/core/failure.ts';
export {
	modelResultSchema,
	modelsConfigSchema,
	modelSpecSchema,
	providerConfigSchema,
	tierConfigSchema,
	userConfigSchema,
	type ModelResult,
	type ModelsConfig,
	type ModelsConfigInput,
	type ProviderConfig,
	type TierConfig,
	type UserConfig,
} from '#lib/core/registry/config.ts';
export type { CallEvent, CallProvider, CandidateCall, Usage } from '#lib/core/registry/call.ts';
export type { AttemptRecord, RequestRecord } from '#lib/core/registry/record.ts';
export {
	getDefaultTierName,
	getModelForTier,
	getModelsForTier,
	getTiersForModel,
} from '#lib/core/registry/resolver.ts';
export { formatSpec, parseSpec, type ModelSpec } from '#lib/core/registry/spec.ts';
export { buildTiers, defaultTierNames, type DefaultModels } from '#lib/core/registry/tier.ts';
export {
	printValidationResults,
	safeValidateModelsConfig,
	validateModelsConfig,
	validateTierConfig,
} from '#lib/core/registry/validate.ts';
export { RouteFailure } from '#lib/server/registry/route.ts';

/** What `createModels` takes: the parts of a registry file, and where things come from. */
export interface ModelsOptions extends Omit<ModelsConfigInput, 'version' | 'performanceTracking'> {
	/** The tier that is meant where none is named. */
	defaultTier?: string;
	/** Keep times of every request; on when left out. */
	trackPerformance?: boolean;
	/** Keep costs; on when left out. Budgets count in either case. */
	trackCost?: boolean;
	/** Folder for records and budgets that outlive the process; without it they end with it. */
	home?: string;
	/** Where keys are looked up; the process's environment otherwise. */
	env?: Readonly<Record<string, string | undefined>>;
	/** Providers of your own by name, in place of those over HTTP. */
	callers?: Readonly<Record<string, CallProvider>>;
}

/** Who asks, and what the request is called. */
export interface ModelContext {
	/** A ULID; one is made when left out. */
	requestId?: string;
	userId?: string;
	tags?: readonly string[];
	maxCost?: number;
	timeoutMs?: number;
	signal?: AbortSignal;
}

/** A request in OpenAI's wire shape without `model` and `stream`. */
export type ModelBody = Readonly<Record<string, unknown>>;

/** An answer as it comes: pieces, then the record. */
export interface ModelStream {
	id: string;
	served: string;
	events: AsyncIterable<CallEvent>;
	done: Promise<RequestRecord>;
}

/** One spec, ready to be asked. Both throw a `RouteFailure` when nobody answers. */
export interface Model {
	spec: string;
	/** The whole answer. */
	generate(body: ModelBody, operation?: Operation): Promise<ModelResult>;
	/** The answer piece by piece. */
	stream(body: ModelBody, operation?: Operation): Promise<ModelStream>;
}

function resultOf(record: RequestRecord, text: string, latencyMs: number): ModelResult {
	const served = record.served ?? '';
	const slash = served.indexOf('/');
	const { usage, attempts, cost, id, strategy } = record;
	const failed = attempts.find(({ outcome }) => outcome === 'failed' || outcome === 'skipped');
	return {
		id,
		provider: served.slice(0, slash),
		model: served.slice(slash + 1),
		strategy,
		text,
		latencyMs,
		costUsd: cost.total === null ? null : dollars(cost.total),
		usage:
			usage === null ? null : { input: inputTokens(usage), output: outputTokens(usage), estimated: usage.estimated },
		attempted: attempts.filter(({ outcome }) => outcome !== 'skipped').map(({ candidate }) => candidate),
		fallbackReason: failed === undefined ? null : `${failed.candidate}: ${failed.class ?? failed.reason ?? 'failed'}`,
	};
}

/** Models behind specs. Made by `createModels`; end it with `close`. */
export class Models {
	readonly #registry: Registry;
	readonly #router: Router;
	readonly #book: RequestBook;
	readonly #figures: RouteFigures;
	readonly #database: Database;
	readonly #users = new Map<string, UserConfig>();
	readonly #providers: ProviderSet;
	readonly #callers: Readonly<Record<string, CallProvider>>;

	constructor(options: ModelsOptions) {
		const { home, env = process.env, callers = {}, trackPerformance = true, trackCost = true } = options;
		const clock = machineClock;
		this.#providers = new ProviderSet({ env, clock, proxy: null, version: 'library' });
		this.#callers = callers;
		this.#registry = new Registry({
			file: null,
			around: surroundings(env),
			clock,
			readUser: (user) => this.#users.get(user) ?? null,
		});
		this.configure(options);
		this.#database =
			home === undefined
				? openInMemory()
				: openDatabase({ directory: home, now: () => clock.date(), prepare: migrate }).database;
		if (home === undefined) migrate(this.#database);
		const onError = () => {}; // what cannot be kept costs no answer
		this.#book = new RequestBook({ database: this.#database, clock, onError });
		this.#figures = new RouteFigures({ database: this.#database, clock, flush: () => this.#book.flush() });
		const keep = (record: RequestRecord) => {
			if (!trackPerformance && !trackCost) return;
			const cost = trackCost ? record.cost : { winner: null, losers: null, total: null };
			this.#book.keep({ ...record, cost });
		};
		this.#router = new Router({
			registry: this.#registry,
			provider: (name) => this.#provider(name),
			store: { ledger: new Ledger({ database: this.#database, clock, onAlert: () => {} }), keep },
			clock,
			random: Math.random,
		});
	}

	/** Takes other providers and tiers. Throws `invalid_config`; what was in force stays then. */
	configure(options: Omit<ModelsOptions, 'home' | 'env' | 'callers'>): void {
		const { providers, tiers, aliases, experiments, defaults, rollout, autoTier, defaultTier, trackPerformance } =
			options;
		// A caller of one's own needs no further settings.
		const own = Object.fromEntries(Object.keys(this.#callers).map((name) => [name, { type: 'openai-compatible' }]));
		const performanceTracking = trackPerformance ?? this.#registry.config.performanceTracking;
		const settings = { rollout, autoTier, performanceTracking };
		const given = { providers: { ...own, ...providers }, tiers, aliases, experiments, ...settings };
		const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
		const tier = defaultTier === undefined ? {} : { tier: defaultTier };
		const config = validateModelsConfig({ version: 1, ...named, defaults: { ...defaults, ...tier } });
		const known = new Set(Object.keys(config.providers));
		for (const [name, { providers: candidates }] of Object.entries(config.tiers)) {
			const lost = candidates.find(({ model }) => !known.has(model.slice(0, model.indexOf('/'))));
			if (lost !== undefined)
				throw new Failure('invalid_config', `tiers.${name}: there is no provider for ${lost.model}.`);
		}
		this.#use(config);
	}

	/** Adds a provider or takes another one in its place, from the next request on. Throws `invalid_config`. */
	updateProvider(name: string, provider: Partial<ProviderConfig> & { type: string }): void {
		const { config } = this.#registry;
		const providers = { ...config.providers, [name]: provider };
		this.#use(validateModelsConfig({ ...config, providers }));
	}

	#provider(name: string): CallProvider | null {
		return this.#callers[name] ?? this.#providers.find(name);
	}

	/** Takes a config; providers that it leaves as they were keep their connections. */
	#use(config: ModelsConfig): void {
		const ours = Object.entries(config.providers).filter(([name]) => this.#callers[name] === undefined);
		const [fault] = this.#providers.take(Object.fromEntries(ours));
		this.#registry.use(config);
		if (fault !== undefined) throw new Failure('invalid_config', `providers.${fault[0]}: ${fault[1]}`);
	}

	/** Takes a user's experiments from a file of theirs. Throws `invalid_config` with the line, `not_found` without a file. */
	loadUserConfig(userId: string, path: string): UserConfig {
		const config = loadUserConfig(path);
		this.#users.set(userId, config);
		return config;
	}

	/** One spec: `tier:fast`, `user:<id>:<experiment>`, `provider/model`. Throws `invalid_spec`, `model_not_found`, `forbidden`. */
	model(spec: string, context: ModelContext = {}): Model {
		const { userId = null, signal = new AbortController().signal, requestId, tags, maxCost, timeoutMs } = context;
		this.#registry.plan(spec, { user: userId });
		const options = {
			...(tags === undefined ? {} : { tags }),
			...(maxCost === undefined ? {} : { maxCost }),
			...(timeoutMs === undefined ? {} : { timeoutMs }),
		};
		const ask = (body: ModelBody, operation: Operation, wantsStream: boolean) => {
			const request = { spec, operation, body, user: userId, key: null, wantsStream, options };
			return this.#router.run(requestId === undefined ? request : { ...request, id: requestId }, signal);
		};
		return {
			spec,
			stream: (body, operation = 'chat') => ask(body, operation, true),
			generate: async (body, operation = 'chat') => {
				const startedMs = machineClock.ticks();
				const { events, done } = await ask(body, operation, false);
				let text = '';
				for await (const event of events) {
					if (event.type === 'chunk') text += answerIn(event.chunk);
					if (event.type === 'reply') text += answerIn(event.reply);
				}
				return resultOf(await done, text, machineClock.ticks() - startedMs);
			},
		};
	}

	/** Figures of the last hours: times, costs and failures per tier, model, provider and user. */
	usage(hours = 24): UsageReport {
		return this.#figures.report(hours);
	}

	/** The record of a request. Throws `not_found`. */
	request(id: string): RequestRecord {
		return this.#book.read(id);
	}

	/** Writes what waits and ends every connection. */
	async close(): Promise<void> {
		this.#book.close();
		await this.#providers.close();
		this.#database.close();
	}
}

/** Makes the models of a program. Throws `invalid_config` naming the first fault, `database` for an unusable folder. */
export function createModels(options: ModelsOptions): Models {
	return new Models(options);
}

/** A user's experiments from a YAML file. Throws `invalid_config` with file, line and column, `not_found` without a file. */
export function loadUserConfig(path: string): UserConfig {
	const text = readSmallFile(path);
	if (text === null) throw new Failure('not_found', 'There is no such file.');
	const { value, faults } = readYaml(path, text, userConfigSchema);
	if (value === null) throw configFailure(faults);
	return value;
}

/** The registry file of a path, for programs that share it with a server. Throws as `loadUserConfig` does. */
export function loadModelsConfig(path: string): ModelsConfigInput {
	const text = readSmallFile(path);
	if (text === null) throw new Failure('not_found', 'There is no such file.');
	const { value, faults } = readYaml(path, text, modelsConfigSchema);
	if (value === null) throw configFailure(faults);
	return value;
}
