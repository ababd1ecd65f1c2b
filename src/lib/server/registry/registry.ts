// The registry file in force: read, checked, swapped as a whole, and kept when the next one is broken.
import { createHash } from 'node:crypto';
import { Failure } from '#lib/core/failure.ts';
import { modelsConfigSchema, type ModelsConfig, type TierConfig, type UserConfig } from '#lib/core/registry/config.ts';
import { planOf, providerLimits, type PlanOptions, type Surroundings } from '#lib/core/registry/plan.ts';
import {
	autoTier,
	findExperiment,
	findTier,
	getDefaultTierName,
	unknown,
	unknownTier,
} from '#lib/core/registry/resolver.ts';
import { formatSpec, parseSpec, type ModelSpec } from '#lib/core/registry/spec.ts';
import type { Limit, Plan } from '#lib/core/registry/strategy.ts';
import { checkConfig, type Finding } from '#lib/core/registry/validate.ts';
import type { Clock } from '#lib/server/clock.ts';
import type { FileFault, RegistryState } from '#lib/core/registry/view.ts';
import { faultLine, placed, readYaml, type PlaceOf } from '#lib/server/registry/yaml.ts';

/** What a text of the registry came to. `config` is null when it cannot be taken. */
export interface Reading {
	config: ModelsConfig | null;
	digest: string;
	/** Why it cannot be taken; empty when it can. */
	faults: FileFault[];
	/** What else there is to say about it. */
	findings: Finding[];
	placeOf: PlaceOf;
}

/** Plans that are remembered; a caller may name as many models as there are letters. */
const mostPlans = 500;

interface MadePlan {
	plan: Plan;
	/** Variables that were asked for, and whether they were there. */
	asked: readonly (readonly [string, boolean])[];
}

interface TierAsked {
	user: string | null;
	notes: readonly string[];
	options: PlanOptions;
}

interface Snapshot {
	config: ModelsConfig;
	digest: string;
	loadedAt: string;
	placeOf: PlaceOf;
}

/** Where users' own files come from; null for a user without one. Throws `invalid_config` for a broken one. */
export type ReadUser = (user: string) => UserConfig | null;

interface RegistryOptions {
	file: string | null;
	around: Surroundings;
	clock: Clock;
	readUser?: ReadUser;
}

/** An empty registry: pins nothing, names nothing. */
export const emptyConfig: ModelsConfig = modelsConfigSchema.parse({ version: 1 });

/** Digest of a text, by which two versions of a file are told apart. */
export function digestOf(text: string): string {
	return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** A tier of one candidate, for specs that name it themselves. */
function pinned(model: string): TierConfig {
	const providers = [{ model }];
	return { strategy: 'first', providers, clampMaxTokens: false, strict: false, fallbackOn: [], sideEffects: false };
}

/** Holds one immutable snapshot at a time; a request keeps the one it began with. */
export class Registry {
	readonly file: string | null;
	readonly #around: Surroundings;
	readonly #clock: Clock;
	readonly #readUser: ReadUser;
	#snapshot: Snapshot;
	#degraded: RegistryState['degraded'] = null;
	#isRestored = false;
	readonly #watchers = new Set<(config: ModelsConfig) => void>();
	/** Plans of the file in force that were made before. */
	#made = new Map<string, MadePlan>();

	constructor({ file, around, clock, readUser = () => null }: RegistryOptions) {
		this.file = file;
		this.#around = around;
		this.#clock = clock;
		this.#readUser = readUser;
		this.#snapshot = {
			config: emptyConfig,
			digest: digestOf(''),
			loadedAt: clock.date().toISOString(),
			placeOf: () => null,
		};
	}

	get config(): ModelsConfig {
		return this.#snapshot.config;
	}

	get around(): Surroundings {
		return this.#around;
	}

	get state(): RegistryState {
		const { digest, loadedAt } = this.#snapshot;
		return { file: this.file, digest, loaded_at: loadedAt, degraded: this.#degraded, is_restored: this.#isRestored };
	}

	/** What there is to say about the file in force. */
	findings(): Finding[] {
		return placed(checkConfig(this.config, this.#around), this.#snapshot.placeOf);
	}

	/** Reads a text as a registry file without taking it. */
	read(text: string): Reading {
		const file = this.file ?? 'registry.yaml';
		const digest = digestOf(text);
		const read = readYaml(file, text, modelsConfigSchema);
		if (read.value === null) return { config: null, digest, faults: read.faults, findings: [], placeOf: () => null };
		const { value, placeOf } = read;
		const findings = placed(checkConfig(value, this.#around), placeOf);
		const blocked = findings.filter(({ blocks }) => blocks);
		const told = blocked.map(({ path, ...rest }) => ({
			file,
			line: rest.line,
			column: rest.column,
			path: path.join('.'),
			message: rest.message,
		}));
		return { config: blocked.length === 0 ? value : null, digest, faults: told, findings, placeOf };
	}

	/** Takes a text as the file in force when it is good; otherwise the one before stays and the state says why. */
	take(text: string, { isRestored = false } = {}): Reading {
		const reading = this.read(text);
		if (reading.config === null) {
			this.#degraded = { since: this.#clock.date().toISOString(), faults: reading.faults };
			return reading;
		}
		this.use(reading.config, reading.digest, reading.placeOf);
		this.#isRestored = isRestored;
		return reading;
	}

	/** Takes a config that was made by a program. */
	use(config: ModelsConfig, digest = digestOf(JSON.stringify(config)), placeOf: PlaceOf = () => null): void {
		this.#snapshot = { config, digest, loadedAt: this.#clock.date().toISOString(), placeOf };
		this.#made = new Map();
		this.#degraded = null;
		this.#isRestored = false;
		for (const tell of this.#watchers) tell(config);
	}

	/** The file cannot be read at all: what is in force stays. */
	lost(message: string): void {
		const fault = { file: this.file ?? '', line: null, column: null, path: '', message };
		this.#degraded = { since: this.#clock.date().toISOString(), faults: [fault] };
	}

	/** Says that what is in force is not what the file holds now. */
	markDegraded(degraded: NonNullable<RegistryState['degraded']>): void {
		this.#degraded = degraded;
	}

	/** Tells about every new config; the returned function ends that. */
	watch(tell: (config: ModelsConfig) => void): () => void {
		this.#watchers.add(tell);
		return () => void this.#watchers.delete(tell);
	}

	providerLimits(name: string): readonly Limit[] {
		return providerLimits(this.config, name);
	}

	/** The user's own file; null when there is none. Throws `invalid_config`. */
	user(user: string): UserConfig | null {
		return this.#readUser(user);
	}

	/**
	 * What a spec leads to. An empty spec or `default` means the default tier. Throws `invalid_spec`, `model_not_found` with
	 * the nearest names, `forbidden` for another user's experiments, `invalid_config` for a broken file of the user.
	 */
	plan(spec: string, { user, mayActAs = false }: { user: string | null; mayActAs?: boolean }): Plan {
		const parsed = this.#parse(spec);
		if (parsed.kind === 'user') return this.#userPlan(parsed, user, mayActAs);
		return this.#once(`${spec}\n${user ?? ''}`, (options) =>
			parsed.kind === 'tier'
				? this.#tierPlan(parsed.name, { user, notes: [], options })
				: this.#candidatePlan(parsed, user, options),
		);
	}

	/** A plan as it was made before, as long as the variables that it asked for are there or not as they were then. */
	#once(name: string, make: (options: PlanOptions) => Plan): Plan {
		const known = this.#made.get(name);
		if (known !== undefined && known.asked.every(([one, was]) => this.#around.hasVariable(one) === was))
			return known.plan;
		const asked: [string, boolean][] = [];
		const hasVariable = (one: string) => {
			const isThere = this.#around.hasVariable(one);
			asked.push([one, isThere]);
			return isThere;
		};
		const plan = make({ ...this.#options, around: { ...this.#around, hasVariable } });
		if (this.#made.size >= mostPlans) this.#made.clear();
		this.#made.set(name, { plan, asked });
		return plan;
	}

	#parse(spec: string): ModelSpec {
		if (spec !== '' && spec !== 'default') return parseSpec(spec);
		const name = getDefaultTierName(this.config);
		if (name === null) throw unknown('tier', 'default', []);
		return { kind: 'tier', name };
	}

	get #options(): PlanOptions {
		return { config: this.config, around: this.#around, digest: this.#snapshot.digest };
	}

	#tierPlan(name: string, { user, notes, options }: TierAsked): Plan {
		const found = findTier(this.config, name);
		if (found === null) throw unknownTier(this.config, name);
		return planOf(found.tier, options, { route: `tier:${found.name}`, user, notes });
	}

	#userPlan(spec: Extract<ModelSpec, { kind: 'user' }>, user: string | null, mayActAs: boolean): Plan {
		if (spec.user !== user && !mayActAs) {
			throw new Failure('forbidden', 'A user’s experiments can only be asked for by that user.');
		}
		const own = this.user(spec.user);
		const found = findExperiment(this.config, own, spec.experiment);
		const route = formatSpec({ kind: 'user', user: spec.user, experiment: found.name });
		return planOf(found.tier, this.#options, {
			route,
			user: spec.user,
			defaults: own?.defaults,
			tracksTime: own?.performanceTracking,
		});
	}

	#candidatePlan(spec: Extract<ModelSpec, { kind: 'candidate' }>, user: string | null, options: PlanOptions): Plan {
		if (!Object.hasOwn(this.config.providers, spec.provider)) {
			throw unknown('provider', spec.provider, Object.keys(this.config.providers));
		}
		const model = formatSpec(spec);
		const { found, note } = autoTier(this.config, model);
		if (found !== null) return this.#tierPlan(found.name, { user, notes: [found.note], options });
		return planOf(pinned(model), options, { route: model, user, notes: note === null ? [] : [note] });
	}
}

/** The faults of a file as one `invalid_config` failure. */
export function configFailure(faults: readonly FileFault[]): Failure {
	const [first] = faults;
	const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
	return new Failure(
		'invalid_config',
		first === undefined ? 'The file cannot be taken.' : `${faultLine(first)}${more}`,
	);
}
