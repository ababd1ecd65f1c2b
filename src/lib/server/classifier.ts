// Classifies texts: picks the method of the model, keeps the calibration, and gives one result per text as it is ready.
import { createHash } from 'node:crypto';
import * as Texts from '#lib/core/classify.ts';
import { mapped } from '#lib/core/classify-calibration.ts';
import { checkTemplate, defaultTemplate, labelKey, labelSet } from '#lib/core/classify-labels.ts';
import { ruleFor } from '#lib/core/classify-rules.ts';
import { withPath, type Gathering } from '#lib/core/classify-text.ts';
import { isAbort, toFailure } from '#lib/core/failure.ts';
import {
	independent,
	judgeFor,
	methodOf,
	sharesOf,
	type Judge,
	type Judgement,
} from '#lib/server/classification-methods.ts';
import type { Clock } from '#lib/server/clock.ts';
import type { Database } from '#lib/server/database.ts';
import type { Engines } from '#lib/server/engine/engines.ts';
import type { HeldModel } from '#lib/server/engine/held-model.ts';
import type { ModelFacts } from '#lib/server/engine/model-place.ts';
import { findCalibration, type CalibrationKey, type KeptCalibration } from '#lib/server/store/calibrations.ts';

/** How texts are classified. */
export interface ClassifyOptions {
	/** Name of a model, or `rules` for the rules about files, which need none. */
	model: string;
	categories: readonly Texts.Category[];
	dtype?: string | undefined;
	template?: string | undefined;
	mode?: Texts.Mode | undefined;
	threshold?: number | undefined;
	multi?: boolean | undefined;
	/** Put the path into the text's first line. Default true. */
	with_path?: boolean | undefined;
	/** Let rules about files answer where they are sure, and ask the model about the rest. */
	rules_first?: boolean | undefined;
	gather?: Gathering | undefined;
	/** May the model's name be a folder of this machine, and where else are folders of models? */
	allowFolder?: boolean | undefined;
	store?: string | undefined;
	force?: boolean | undefined;
	signal?: AbortSignal | undefined;
}

interface ClassifierOptions {
	engines: Pick<Engines, 'acquire'>;
	database: Database;
	clock: Clock;
}

/** Texts that are asked about at the same time: enough that batches are full. */
const atOnce = 64;
/** Sets of categories whose vectors are kept. */
const mostSets = 32;

/** Everything that stays the same over the texts of one order. */
interface Setting {
	options: ClassifyOptions;
	categories: Texts.Category[];
	known: ReadonlySet<string>;
	bar: Texts.Bar;
	calibration: KeptCalibration | null;
	facts: ModelFacts | null;
}

/** The key under which a calibration for this order is kept. */
export function calibrationKey(facts: ModelFacts, options: ClassifyOptions): CalibrationKey {
	const { categories, template = defaultTemplate, with_path: path = true, gather = 'mean', multi = false } = options;
	const digest = createHash('sha256').update(JSON.stringify([labelKey(categories), path, gather, multi]));
	return {
		model: facts.name,
		revision: facts.revision ?? '',
		dtype: facts.dtype ?? '',
		template: facts.kind === 'nli' ? template : '',
		categories: digest.digest('hex'),
	};
}

/** Is this the name of the rules and of no model? */
export function isRules(model: string): boolean {
	return model === 'rules';
}

/** Sorts texts into categories. */
export class Classifier {
	readonly #options: ClassifierOptions;
	readonly #vectors = new Map<string, Promise<Float32Array[]>>();

	constructor(options: ClassifierOptions) {
		this.#options = options;
	}

	/**
	 * One result per text, in their order, each as soon as it and those before it are ready. A text that cannot be
	 * classified is a result with an error. Throws for what is wrong with the whole: `invalid_categories`,
	 * `invalid_template`, and what finding and loading the model throw.
	 */
	async *classify(
		items: Iterable<Texts.TextItem> | AsyncIterable<Texts.TextItem>,
		options: ClassifyOptions,
	): AsyncGenerator<Texts.Classification> {
		const categories = labelSet(options.categories);
		checkTemplate(options.template ?? defaultTemplate);
		const known = new Set(categories.map(({ name }) => name));
		const bar = { mode: options.mode ?? 'best-guess', threshold: options.threshold ?? null, fitted: {} };
		const setting: Setting = { options, categories, known, bar, calibration: null, facts: null };
		if (isRules(options.model)) {
			for await (const item of items)
				yield this.#byRules(item, setting)?.result ?? undecided(item, setting, 'rules', 'no_rule');
			return;
		}
		const opened = new Opened(() => this.#open(setting));
		try {
			yield* inOrder(items, async (item) => {
				const early = this.#early(item, setting);
				if (early !== null) return early;
				const { judge, known: full } = await opened.get();
				return this.#byModel(item, full, judge);
			});
		} finally {
			await opened.close();
		}
	}

	/** The model of an order with everything that is known of it. */
	async #open(setting: Setting): Promise<Open> {
		const { options, categories } = setting;
		const { model, dtype = null, allowFolder = false, store = null, force = false, signal } = options;
		const { engines, database } = this.#options;
		const { engine, facts, release } = await engines.acquire(model, { dtype, allowFolder, store, force, signal });
		try {
			const key = calibrationKey(facts, options);
			const calibration = findCalibration(database, key);
			const bar = { ...setting.bar, fitted: calibration?.calibration.thresholds ?? {} };
			const { template = defaultTemplate, gather: gathering = 'mean' } = options;
			const name = JSON.stringify([key, facts.prefix, facts.pooling, facts.maxTokens]);
			const remember = (make: () => Promise<Float32Array[]>) => this.#remember(name, make);
			const judge = judgeFor({ engine, facts, categories, template, gathering, remember, signal });
			return { judge, release, known: { ...setting, facts, calibration, bar } };
		} catch (error) {
			release();
			throw error;
		}
	}

	/** Vectors of categories, for the sets used last. Those that could not be made are not remembered. */
	#remember(name: string, make: () => Promise<Float32Array[]>): Promise<Float32Array[]> {
		const made =
			this.#vectors.get(name) ??
			make().catch((error: unknown) => {
				this.#vectors.delete(name);
				throw error;
			});
		this.#vectors.delete(name);
		this.#vectors.set(name, made);
		const [oldest] = this.#vectors.keys();
		if (this.#vectors.size > mostSets && oldest !== undefined) this.#vectors.delete(oldest);
		return made;
	}

	/** The result of a text that no model need be asked about; null for the others. */
	#early(item: Texts.TextItem, setting: Setting): Texts.Classification | null {
		const trimmed = item.text.trim();
		if (trimmed === '') {
			return this.#byRules(item, setting)?.result ?? undecided(item, setting, 'none', 'empty');
		}
		if (setting.options.rules_first !== true) return null;
		const ruled = this.#byRules(item, setting);
		return ruled !== null && ruled.precision === 'high' ? { ...ruled.result, method: 'cascade' } : null;
	}

	#byRules(
		item: Texts.TextItem,
		{ known, options }: Setting,
	): { result: Texts.Classification; precision: string } | null {
		const hit = item.path === undefined ? null : ruleFor(item.path, item.text, known);
		if (hit === null) return null;
		const blank = Texts.blankClassification(item.id, options.model, 'rules');
		return { result: { ...blank, category: hit.category, choice: hit.category }, precision: hit.precision };
	}

	async #byModel(item: Texts.TextItem, setting: Setting, judge: Judge): Promise<Texts.Classification> {
		const { facts, options } = setting;
		const started = this.#options.clock.ticks();
		const method = facts === null ? 'none' : methodOf(facts.kind);
		const base = {
			...Texts.blankClassification(item.id, options.model, method),
			revision: facts?.revision ?? null,
			dtype: facts?.dtype ?? null,
		};
		const ms = () => Math.round((this.#options.clock.ticks() - started) * 1000) / 1000;
		try {
			const text = options.with_path === false ? item.text : withPath(item.text, item.path);
			const said = await judge(text);
			const result = { ...base, ...decisionOf(said, setting), ms: ms() };
			const ruled = options.rules_first === true ? this.#byRules(item, setting)?.result.category : undefined;
			if (ruled != null && result.choice !== null && ruled !== result.choice) {
				result.warnings.push(`A rule about its path says ${ruled}.`);
			}
			return result;
		} catch (error) {
			if (isAbort(error)) throw error;
			const { code, message } = toFailure(error);
			return { ...base, abstained: 'failed', error: { code, message }, ms: ms() };
		}
	}
}

function undecided(
	item: Texts.TextItem,
	{ options }: Setting,
	method: Texts.Method,
	abstained: Texts.Abstention,
): Texts.Classification {
	return { ...Texts.blankClassification(item.id, options.model, method), abstained };
}

/** From what a model said to a choice or an abstention. */
function decisionOf(said: Judgement, setting: Setting): Partial<Texts.Classification> {
	const { categories, facts, calibration, bar, options } = setting;
	const { tokens, chunks, truncated, explanation } = said;
	const warnings = [...(facts?.warnings ?? []), ...said.warnings];
	const common = { tokens, chunks, truncated, explanation, warnings };
	const names = categories.map(({ name }) => name);
	if (said.raw === null) {
		// Nothing tells how sure it is: a named category has no confidence, and none is made up.
		if (said.named === null) {
			const error = {
				code: 'invalid_output',
				message: 'The model named none of the categories, also when asked again.',
			};
			return { ...common, abstained: 'invalid_output', error };
		}
		return { ...common, category: said.named, choice: said.named };
	}
	const temperature = calibration?.calibration.temperature ?? facts?.temperature ?? 1;
	const raw = Texts.byName(names, said.raw);
	if (options.multi === true) {
		const scores = Texts.byName(names, said.each ?? independent(said.raw, temperature));
		const strict = { ...bar, threshold: bar.threshold ?? 0.5 };
		const labels = categories
			.filter((category) => (scores[category.name] ?? 0) >= Texts.thresholdOf(category, strict))
			.map(({ name }) => name);
		return { ...common, raw, scores, labels, ...Texts.decide(categories, scores, strict) };
	}
	const scores = sharesOf(names, said.raw, temperature);
	const map = calibration?.calibration.map ?? { kind: 'identity' as const };
	const decision = Texts.decide(categories, scores, bar, (share) => mapped(map, share));
	return { ...common, raw, scores, ...decision, calibrated: calibration !== null };
}

/** An opened model with what it takes to ask it. */
interface Open extends Pick<HeldModel, 'release'> {
	judge: Judge;
	known: Setting;
}

/** Opens a model when the first text needs it, once, and gives it back at the end. */
class Opened {
	readonly #make: () => Promise<Open>;
	#opening: Promise<Open> | null = null;

	constructor(make: () => Promise<Open>) {
		this.#make = make;
	}

	get(): Promise<Open> {
		this.#opening ??= this.#make();
		return this.#opening;
	}

	async close(): Promise<void> {
		const open = await this.#opening?.catch(() => null); // whoever needed it has heard of it
		open?.release();
	}
}

/** Works on several items at once and gives the results in the items' order. */
async function* inOrder<I, R>(items: Iterable<I> | AsyncIterable<I>, work: (item: I) => Promise<R>): AsyncGenerator<R> {
	const running: Promise<R>[] = [];
	for await (const item of items) {
		const result = work(item);
		result.catch(() => undefined); // thrown when its turn comes
		running.push(result);
		const first = running.length >= atOnce ? running.shift() : undefined;
		if (first !== undefined) yield await first;
	}
	for (const result of running) yield await result;
}
