// The library entry `modeldex/registry`: models by tier, experiment or name in any program, with strategies and budgets.
import { Failure } from '#lib/core/failure.ts';
import type { ModelsConfig, ModelsConfigInput, ProviderConfig, UserConfig } from '#lib/core/registry/config.ts';
import { modelsConfigSchema, userConfigSchema } from '#lib/core/registry/config.ts';
import type { CallProvider, Operation } from '#lib/core/registry/call.ts';
import type { RequestRecord } from '#lib/core/registry/record.ts';
import { answerIn } from '#lib/core/registry/usage.ts';
import { checkConfig, validateModelsConfig } from '#lib/core/registry/validate.ts';
import { machineClock } from '#lib/server/clock.ts';
import { openDatabase, openInMemory, type Database } from '#lib/server/database.ts';
import { Flags } from '#lib/server/flags.ts';
import { migrate } from '#lib/server/migrations.ts';
import type { UsageReport } from '#lib/core/registry/view.ts';
import { ProviderSet } from '#lib/server/providers/provider-set.ts';
import { RouteFigures } from '#lib/server/registry/figures.ts';
import { Ledger } from '#lib/server/registry/ledger.ts';
import { resultOf, withoutCosts, type Model, type ModelBody, type ModelContext } from '#lib/server/library/calls.ts';
import { readSmallFile } from '#lib/server/registry/registry-file.ts';
import { configFailure, Registry } from '#lib/server/registry/registry.ts';
import { planned, RegistryRollout } from '#lib/server/registry/rollout.ts';
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
export type { Model, ModelBody, ModelContext, ModelStream } from '#lib/server/library/calls.ts';
export { RouteFailure } from '#lib/server/registry/route.ts';

/** What `createModels` takes: the parts of a registry file, and where things come from. */
export interface ModelsOptions extends Omit<ModelsConfigInput, 'version' | 'performanceTracking' | 'runtimes'> {
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

/** Throws `bad_request` for a bound that bounds nothing. */
function checkAmount(name: string, value: number | undefined, isRight: (value: number) => boolean): void {
	if (value === undefined || (Number.isFinite(value) && isRight(value))) return;
	throw new Failure('bad_request', `${name} has to be a number above 0.`);
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
	readonly #rollout: RegistryRollout;
	readonly #callers: Readonly<Record<string, CallProvider>>;

	constructor(options: ModelsOptions) {
		const { home, env = process.env, callers = {}, trackCost = true, ...settings } = options;
		const { trackPerformance = true } = settings;
		const clock = machineClock;
		this.#providers = new ProviderSet({ env, clock, proxy: null, version: 'library' });
		this.#callers = callers;
		this.#registry = new Registry({
			file: null,
			around: surroundings(env),
			clock,
			readUser: (user) => this.#users.get(user) ?? null,
		});
		this.configure(settings);
		this.#database =
			home === undefined
				? openInMemory()
				: openDatabase({ directory: home, now: () => clock.date(), prepare: migrate }).database;
		if (home === undefined) migrate(this.#database);
		const onError = () => {}; // what cannot be kept costs no answer
		this.#book = new RequestBook({ database: this.#database, clock, onError });
		this.#figures = new RouteFigures({ database: this.#database, clock, flush: () => this.#book.flush() });
		const keep = (record: RequestRecord) => {
			if (trackPerformance || trackCost) this.#book.keep(trackCost ? record : withoutCosts(record));
		};
		const flags = new Flags({ database: this.#database, environment: new Map(), date: () => clock.date() });
		this.#rollout = new RegistryRollout({ registry: this.#registry, flags });
		const providerLimits = (name: string) => this.#registry.providerLimits(name);
		this.#router = new Router({
			registry: { plan: planned(this.#registry, this.#rollout), providerLimits },
			provider: (name) => this.#provider(name),
			store: { ledger: new Ledger({ database: this.#database, clock, onAlert: () => {} }), keep },
			clock,
			random: Math.random,
		});
	}

	/** Takes other providers and tiers. Throws `invalid_config`; what was in force stays then. */
	configure(options: Omit<ModelsOptions, 'home' | 'env' | 'callers' | 'trackCost'>): void {
		const { defaultTier, trackPerformance, ...rest } = options;
		// A caller of one's own needs no further settings.
		const own = Object.fromEntries(Object.keys(this.#callers).map((name) => [name, { type: 'openai-compatible' }]));
		const performanceTracking = trackPerformance ?? this.#registry.config.performanceTracking;
		const named = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
		const tier = defaultTier === undefined ? {} : { tier: defaultTier };
		const settings = { performanceTracking, providers: { ...own, ...rest.providers } };
		this.#use(validateModelsConfig({ version: 1, ...named, ...settings, defaults: { ...rest.defaults, ...tier } }));
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

	/** Takes a config; providers that it leaves as they were keep their connections. Throws `invalid_config`, and nothing changed. */
	#use(config: ModelsConfig): void {
		this.#check(config, (path) => !(path[0] === 'providers' && this.#callers[path[1] ?? ''] !== undefined));
		const ours = ({ providers }: ModelsConfig) =>
			Object.fromEntries(Object.entries(providers).filter(([name]) => this.#callers[name] === undefined));
		const [fault] = this.#providers.take(ours(config));
		if (fault === undefined) return this.#registry.use(config);
		this.#providers.take(ours(this.#registry.config));
		throw new Failure('invalid_config', `providers.${fault[0]}: ${fault[1]}`);
	}

	/** Throws `invalid_config` for what a server would not take either, as far as `counts` says so of its path. */
	#check(config: ModelsConfig, counts: (path: string[]) => boolean): void {
		const found = checkConfig(config, this.#registry.around).find(({ blocks, path }) => blocks && counts(path));
		if (found !== undefined) throw new Failure('invalid_config', `${found.path.join('.')}: ${found.message}`);
	}

	/** Takes a user's experiments from a file of theirs. Throws `invalid_config` with the line, `not_found` without a file. */
	loadUserConfig(userId: string, path: string): UserConfig {
		const config = loadUserConfig(path);
		const { experiments, defaults } = config;
		const { experiment } = defaults;
		const all = { ...this.#registry.config, experiments: { ...this.#registry.config.experiments, ...experiments } };
		const theirs = { ...all, tiers: {}, aliases: {}, defaults: experiment === undefined ? {} : { experiment } };
		this.#check(theirs, ([part]) => part !== 'providers');
		this.#users.set(userId, config);
		return config;
	}

	/** The model for a request: the default tier when none is named. Throws as `model` does. */
	getModel({ model = 'default', userId }: { model?: string; userId?: string } = {}): Model {
		return this.model(model, userId === undefined ? {} : { userId });
	}

	/** Strategies are on for everyone: lifts `disableModels`, and sets 100 %. */
	enableModels(): void {
		this.#rollout.enableModels('library');
	}

	/** Off for everyone, test users too, from the next request on: a tier then asks its first candidate alone. */
	disableModels(): void {
		this.#rollout.disableModels('library');
	}

	/** For how many users of a hundred strategies are on, at most two decimals. Throws `bad_request`. */
	setRolloutPercent(percent: number): void {
		this.#rollout.setRolloutPercent(percent, 'library');
	}

	/** Always on for this user, unless it is off for everyone. */
	addTestUser(userId: string): void {
		this.#rollout.addTestUser(userId, 'library');
	}

	/** One spec: `tier:fast`, `user:<id>:<experiment>`, `provider/model`. Throws `invalid_spec`, `model_not_found`, `forbidden`. */
	model(spec: string, context: ModelContext = {}): Model {
		const { userId = null, signal = new AbortController().signal, requestId, tags, maxCost, timeoutMs } = context;
		this.#registry.plan(spec, { user: userId });
		checkAmount('maxCost', maxCost, (value) => value >= 0);
		checkAmount('timeoutMs', timeoutMs, (value) => value > 0);
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
