// A benchmark of classifications: what a report holds, how it reads as Markdown, and what became worse between two.
import { shortlistMarkdown, type Shortlist } from '#lib/core/benchmark-shortlist.ts';
import { holm, mcnemar, type Metrics, type Outcome } from '#lib/core/classify-metrics.ts';

/** Milliseconds of single texts, one after the other; null where nothing was timed. */
export interface Speed {
	/** Until the model had answered for the first time; null where nothing is loaded. */
	load_ms: number | null;
	p50_ms: number;
	p95_ms: number;
	p99_ms: number;
	/** With as many texts at once as batches hold. */
	texts_per_second: number;
	/** Tokens of input per second at that; null where none are counted. Encoders generate none. */
	input_tokens_per_second: number | null;
}

/** One contestant. `status` "not measured" says why instead of figures. */
export interface BenchmarkRun {
	name: string;
	kind: 'baseline' | 'model';
	status: 'measured' | 'not measured';
	reason: string | null;
	revision: string | null;
	dtype: string | null;
	sha256: string | null;
	metrics: Metrics | null;
	speed: Speed | null;
	/** Largest size of the model's process, and of its files; null where there is none. */
	peak_bytes: number | null;
	disk_bytes: number | null;
	/** What was answered, text by text in the order of the set; null for none. */
	predictions: (string | null)[];
	/** Probability that it differs from the best baseline by chance alone, corrected for the number of contestants. */
	p_against_best_baseline: number | null;
}

export interface BenchmarkReport {
	schema_version: 1;
	dataset: {
		name: string;
		sha256: string;
		texts: number;
		projects: number;
		labels: Record<string, number>;
		license: string;
		annotators: number;
	};
	provenance: {
		modeldex: string;
		node: string;
		platform: string;
		processor: string;
		memory_bytes: number;
		threads: number;
		date: string;
		command: string;
	};
	runs: BenchmarkRun[];
	/** Which contestant to take; reports of earlier versions have none. */
	shortlist?: Shortlist;
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
const mebibytes = (bytes: number | null) => (bytes === null ? '–' : `${Math.round(bytes / 2 ** 20)} MiB`);

/** Fills in how each model compares with the best baseline, by McNemar's test with Holm's correction. */
export function withComparisons(runs: readonly BenchmarkRun[], truths: readonly string[]): BenchmarkRun[] {
	const outcomes = ({ predictions }: BenchmarkRun): Outcome[] =>
		truths.map((truth, at) => ({ truth, predicted: predictions[at] ?? null, confidence: null }));
	const accuracyOf = (run: BenchmarkRun) => run.metrics?.accuracy ?? -1;
	const [best] = runs.filter(({ kind }) => kind === 'baseline').toSorted((a, b) => accuracyOf(b) - accuracyOf(a));
	const others = runs.filter((run) => run !== best && run.metrics !== null);
	if (best === undefined) return [...runs];
	const corrected = holm(others.map((run) => mcnemar(outcomes(run), outcomes(best))));
	return runs.map((run) => {
		const at = others.indexOf(run);
		return at === -1 ? run : { ...run, p_against_best_baseline: corrected[at] ?? null };
	});
}

function row(run: BenchmarkRun): string {
	const { name, kind, metrics, speed, reason } = run;
	if (metrics === null) return `| ${name} | ${kind} | not measured: ${reason ?? 'nobody asked for it'} | | | | | | |`;
	const [low, high] = metrics.intervals?.accuracy ?? [metrics.accuracy, metrics.accuracy];
	const p = run.p_against_best_baseline;
	const cells = [
		...[name, kind, `${percent(metrics.accuracy)} (${percent(low)} – ${percent(high)})`, metrics.macro_f1.toFixed(3)],
		...[metrics.ece === null ? '–' : metrics.ece.toFixed(3), p === null ? '–' : p < 0.001 ? '< 0.001' : p.toFixed(3)],
		speed === null
			? '–'
			: `${speed.p50_ms.toFixed(1)} / ${speed.p95_ms.toFixed(1)} ms, ${Math.round(speed.texts_per_second)} texts/s`,
		mebibytes(run.peak_bytes),
		run.kind === 'model' ? 'no fees; energy and time not counted' : 'none',
	];
	return `| ${cells.join(' | ')} |`;
}

function perLabel({ name, metrics }: BenchmarkRun): string[] {
	if (metrics === null) return [];
	const figure = (value: number | null) => (value === null ? '–' : value.toFixed(2));
	const lines = Object.entries(metrics.per_category).map(
		([label, { precision, recall, f1, support }]) =>
			`| ${label} | ${figure(precision)} | ${figure(recall)} | ${figure(f1)} | ${support} |`,
	);
	return [
		`### ${name}`,
		'',
		'| label | precision | recall | F1 | texts |',
		'| --- | --- | --- | --- | --- |',
		...lines,
		'',
	];
}

/** The report for people. */
export function benchmarkMarkdown({ dataset, provenance, runs, shortlist }: BenchmarkReport): string {
	const { modeldex, node, platform, processor, memory_bytes: memory, threads, date, command } = provenance;
	const ordered = runs.toSorted((a, b) => (b.metrics?.accuracy ?? -1) - (a.metrics?.accuracy ?? -1));
	return [
		`# Classification of ${dataset.texts} files`,
		'',
		`${dataset.name}, ${dataset.projects} projects, ${dataset.license}, labelled by ${dataset.annotators === 1 ? 'one person' : `${dataset.annotators} people`}, SHA-256 ${dataset.sha256.slice(0, 16)}.`,
		`Modeldex ${modeldex}, Node ${node}, ${platform}, ${processor}, ${threads} threads, ${mebibytes(memory)}, ${date}: \`${command}\`.`,
		'',
		'| contestant | kind | accuracy (95 % interval) | macro F1 | calibration error | p against best baseline | per text (median / 95 %) and throughput | peak memory | cost |',
		'| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
		...ordered.map(row),
		'',
		'Texts that failed count as wrong. A contestant whose p is not small is not shown to differ from the best baseline.',
		'',
		...(shortlist === undefined ? [] : shortlistMarkdown(shortlist)),
		'## Per label',
		'',
		...ordered.flatMap(perLabel),
	].join('\n');
}

/** How one contestant fared in two reports. */
export interface Change {
	name: string;
	before: number;
	after: number;
	/** Did the accuracy fall below the interval it had before? */
	is_worse: boolean;
}

/** Contestants that both reports measured on the same set. */
export function compareReports(before: BenchmarkReport, after: BenchmarkReport): Change[] {
	return before.runs.flatMap(({ name, metrics }) => {
		const later = after.runs.find((run) => run.name === name)?.metrics;
		if (metrics === null || later == null) return [];
		const low = metrics.intervals?.accuracy[0] ?? metrics.accuracy;
		return [{ name, before: metrics.accuracy, after: later.accuracy, is_worse: later.accuracy < low }];
	});
}
