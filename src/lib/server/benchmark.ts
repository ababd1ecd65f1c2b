// Runs the benchmark: the shipped labelled files, baselines that need no model, and models of this machine, all measured.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { shortlistOf } from '#lib/core/benchmark-shortlist.ts';
import { withComparisons, type BenchmarkReport, type BenchmarkRun, type Speed } from '#lib/core/benchmark.ts';
import { fileCategories, labelSet } from '#lib/core/classify-labels.ts';
import { measure, type Outcome } from '#lib/core/classify-metrics.ts';
import { ruleFor } from '#lib/core/classify-rules.ts';
import { NearestCentroid } from '#lib/core/classify-tfidf.ts';
import { withPath } from '#lib/core/classify-text.ts';
import type { Category, Classification } from '#lib/core/classify.ts';
import { quoted } from '#lib/core/repository.ts';
import { Failure, isAbort, toFailure } from '#lib/core/failure.ts';
import type { Classifier, ClassifyOptions } from '#lib/server/classifier.ts';
import type { Clock } from '#lib/server/clock.ts';
import type { Engines } from '#lib/server/engine/engines.ts';
import { packageFolder } from '#lib/server/package-folder.ts';

/** Texts that are no files have neither project nor path. */
const fileSchema = z.object({
	label: z.string(),
	project: z.string().default(''),
	path: z.string().default(''),
	text: z.string(),
});
export type LabelledFile = z.infer<typeof fileSchema>;

/** A set of labelled files. */
export interface LabelledSet {
	name: string;
	sha256: string;
	license: string;
	annotators: number;
	files: LabelledFile[];
}

/** The set that is shipped; its guideline lies beside it. */
export function shippedSet(): LabelledSet {
	const path = join(packageFolder(), 'src/lib/server/benchmark/files.jsonl');
	return setOf(readFileSync(path, 'utf8'), { name: 'Modeldex project files', license: 'CC0-1.0', annotators: 1 });
}

/** A set from lines of `{"label","text"}`, with `project` and `path` for files. Throws `invalid_body` for a line that is none. */
export function setOf(text: string, facts: Pick<LabelledSet, 'name' | 'license' | 'annotators'>): LabelledSet {
	const files = text.split('\n').flatMap((line, at) => {
		if (line.trim() === '') return [];
		try {
			return [fileSchema.parse(JSON.parse(line))];
		} catch (cause) {
			throw new Failure('invalid_body', `Line ${at + 1} of the labelled files cannot be read.`, { cause });
		}
	});
	return { ...facts, sha256: createHash('sha256').update(text).digest('hex'), files };
}

/** Repeatable numbers from 0 up to 1 (mulberry32): the same report for the same answers. */
function repeatable(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
	};
}

/** Models that people will ask about and nobody has measured here: listed, never invented. */
const cloudModels = ['deepseek', 'claude', 'openai', 'gemini'];

const folds = 5;

export interface BenchmarkOptions extends Omit<ClassifyOptions, 'model' | 'categories'> {
	models: readonly string[];
	set: LabelledSet;
	/** What the labels mean; those of files, and the bare names of others, when left out. */
	categories?: readonly Category[] | undefined;
	/** Resamples for the intervals. */
	resamples: number;
	/** Texts that are timed one by one. */
	timed: number;
	/** Called when a contestant begins. */
	onRun?: (name: string) => void;
}

interface Ground {
	classifier: Pick<Classifier, 'classify'>;
	engines: Pick<Engines, 'acquire' | 'list' | 'use'>;
	clock: Clock;
	provenance: BenchmarkReport['provenance'];
}

const unmeasured: Omit<BenchmarkRun, 'name' | 'kind' | 'reason'> = {
	status: 'not measured',
	...{ revision: null, dtype: null, sha256: null, metrics: null, speed: null, peak_bytes: null, disk_bytes: null },
	...{ predictions: [], p_against_best_baseline: null },
};

/** What the baselines answer, from the files alone. */
function baselines(files: readonly LabelledFile[], random: () => number): Record<string, (string | null)[]> {
	const labels = [...new Set(files.map(({ label }) => label))].sort();
	const counts = labels.map((label) => files.filter((file) => file.label === label).length);
	const majority = labels[counts.indexOf(Math.max(...counts))] ?? null;
	const known = new Set(labels);
	const projects = [...new Set(files.map(({ project }) => project))].sort();
	const foldOf = ({ project }: LabelledFile, at: number) =>
		(projects.length > 1 ? projects.indexOf(project) : at) % folds;
	const shown = ({ text, path }: LabelledFile) => withPath(text, path === '' ? undefined : path);
	// Trained on other projects than it is asked about: files of one project resemble each other.
	const trained = Array.from({ length: folds }, (_, fold) => {
		const others = files.filter((file, at) => foldOf(file, at) !== fold);
		return new NearestCentroid(others.map((file) => ({ text: shown(file), label: file.label })));
	});
	return {
		rules: files.map(({ path, text }) => ruleFor(path, text, known)?.category ?? null),
		majority: files.map(() => majority),
		random: files.map(() => labels[Math.floor(random() * labels.length)] ?? null),
		'tf-idf': files.map((file, at) => trained[foldOf(file, at)]?.predict(shown(file)) ?? null),
	};
}

/** What models are given to choose from. Throws `invalid_categories` for a label that is none of those that were said. */
function categoriesFor({ files }: LabelledSet, said: readonly Category[] | undefined): Category[] {
	const labels = [...new Set(files.map(({ label }) => label))].sort();
	const stray = said === undefined ? undefined : labels.find((label) => !said.some(({ name }) => name === label));
	if (stray !== undefined) {
		throw new Failure('invalid_categories', `The label "${quoted(stray)}" of the texts is none of the categories.`);
	}
	if (said !== undefined) return labelSet(said);
	return labelSet(labels.map((label) => fileCategories.find(({ name }) => name === label) ?? { name: label }));
}

function outcomeOf(file: LabelledFile | undefined, { category, confidence, scores, error }: Classification): Outcome {
	return { truth: file?.label ?? '', predicted: category, hasFailed: error !== null, confidence, scores };
}

function percentile(sorted: readonly number[], share: number): number {
	return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

/** Measures contestants. */
export class Benchmark {
	readonly #ground: Ground;

	constructor(ground: Ground) {
		this.#ground = ground;
	}

	/** Measures every baseline and every model; a model that cannot be used is told as not measured, with the reason. */
	async run(options: BenchmarkOptions): Promise<BenchmarkReport> {
		const { set, resamples } = options;
		categoriesFor(set, options.categories);
		const runs: BenchmarkRun[] = [];
		for (const [name, predictions] of Object.entries(baselines(set.files, repeatable(1)))) {
			const outcomes = set.files.map(({ label }, at): Outcome => ({
				truth: label,
				predicted: predictions[at] ?? null,
				confidence: null,
			}));
			const metrics = measure(outcomes, { resamples, random: repeatable(2) });
			runs.push({ ...unmeasured, name, kind: 'baseline', status: 'measured', reason: null, metrics, predictions });
		}
		for (const model of options.models) {
			options.onRun?.(model);
			runs.push(await this.#model(model, options));
		}
		for (const name of cloudModels) {
			const reason = 'it would send the files to another company, and costs money';
			runs.push({ ...unmeasured, name, kind: 'model', reason });
		}
		const labels = Object.fromEntries(
			[...new Set(set.files.map(({ label }) => label))]
				.sort()
				.map((label) => [label, set.files.filter((file) => file.label === label).length]),
		);
		const projects = new Set(set.files.map(({ project }) => project)).size;
		const { name, sha256, license, annotators } = set;
		const truths = set.files.map(({ label }) => label);
		return {
			schema_version: 1,
			dataset: { name, sha256, texts: set.files.length, projects, labels, license, annotators },
			provenance: this.#ground.provenance,
			runs: withComparisons(runs, truths),
			shortlist: shortlistOf(runs, truths),
		};
	}

	async #model(model: string, options: BenchmarkOptions): Promise<BenchmarkRun> {
		try {
			return await this.#measured(model, options);
		} catch (error) {
			if (isAbort(error)) throw error;
			return { ...unmeasured, name: model, kind: 'model', reason: toFailure(error).message };
		}
	}

	async #measured(model: string, options: BenchmarkOptions): Promise<BenchmarkRun> {
		const { classifier, engines, clock } = this.#ground;
		const {
			set,
			resamples,
			timed,
			dtype = null,
			allowFolder = false,
			store = null,
			force = false,
			signal,
			categories: said,
			...rest
		} = options;
		const categories = categoriesFor(set, said);
		const order = { ...rest, dtype: dtype ?? undefined, allowFolder, store: store ?? undefined, force, signal, model };
		const items = set.files.map(({ path, text }, at) => ({ id: String(at), text, ...(path === '' ? {} : { path }) }));
		const sort = async (part: typeof items) => {
			const results: Classification[] = [];
			for await (const result of classifier.classify(part, { ...order, categories })) results.push(result);
			return results;
		};
		const began = clock.ticks();
		return engines.use(model, { dtype, allowFolder, store, force, signal }, async ({ engine }) => {
			await sort(items.slice(0, 1));
			const loadMs = clock.ticks() - began;
			const single: number[] = [];
			for (const item of items.slice(0, timed)) {
				const start = clock.ticks();
				await sort([item]);
				single.push(clock.ticks() - start);
			}
			const start = clock.ticks();
			const results = await sort(items);
			const seconds = (clock.ticks() - start) / 1000;
			const metrics = measure(
				results.map((result, at) => outcomeOf(set.files[at], result)),
				{ resamples, random: repeatable(2) },
			);
			const info = engine.getModelInfo();
			const peak = engines.list().find(({ path }) => path === info.path)?.peak_bytes ?? null;
			return {
				...{ name: model, kind: 'model', status: 'measured', reason: null, metrics },
				...{ revision: info.metadata.version, dtype: info.metadata.dtype, sha256: info.metadata.checksum },
				speed: speedOf(single, results, seconds, loadMs),
				...{ peak_bytes: peak, disk_bytes: info.size, p_against_best_baseline: null },
				predictions: results.map(({ category }) => category),
			};
		});
	}
}

function speedOf(
	single: readonly number[],
	results: readonly Classification[],
	seconds: number,
	loadMs: number,
): Speed {
	const sorted = single.toSorted((a, b) => a - b);
	const tokens = results.some((result) => result.tokens === null)
		? null
		: results.reduce((sum, result) => sum + (result.tokens ?? 0), 0);
	return {
		load_ms: loadMs,
		p50_ms: percentile(sorted, 0.5),
		p95_ms: percentile(sorted, 0.95),
		p99_ms: percentile(sorted, 0.99),
		texts_per_second: results.length / seconds,
		input_tokens_per_second: tokens === null ? null : tokens / seconds,
	};
}
