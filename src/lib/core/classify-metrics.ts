// How good a classification was: accuracy, precision, recall, F1, calibration error, intervals, and tests between two.

/** One judged text. `predicted` null: it abstained. `hasFailed`: it could not be classified, which counts as wrong. */
export interface Outcome {
	truth: string;
	predicted: string | null;
	hasFailed?: boolean;
	/** Probability given to the prediction; null where there was none. */
	confidence: number | null;
	/** Shares per category, where there were any. */
	scores?: Readonly<Record<string, number>>;
}

/** Figures of one category; null where nothing was predicted or nothing was there. */
export interface CategoryFigures {
	precision: number | null;
	recall: number | null;
	f1: number | null;
	support: number;
}

/** From the lower to the upper bound. */
export type Interval = [number, number];

/** Everything that is told of one run. */
export interface Metrics {
	texts: number;
	accuracy: number;
	balanced_accuracy: number;
	macro_f1: number;
	weighted_f1: number;
	per_category: Record<string, CategoryFigures>;
	/** Rows are the truth; columns the predictions, `abstain` and `error`. */
	confusion: Record<string, Record<string, number>>;
	/** Share of texts with a prediction, and accuracy among them (null when there were none). */
	coverage: number;
	selective_accuracy: number | null;
	/** Expected calibration error in 15 bins of equal mass, Brier score and log loss; null without confidences or shares. */
	ece: number | null;
	brier: number | null;
	nll: number | null;
	/** Mean confidence and accuracy of each bin. */
	reliability: { confidence: number; accuracy: number; texts: number }[];
	/** 95 % bootstrap intervals. */
	intervals: { accuracy: Interval; macro_f1: Interval } | null;
}

const isRight = ({ truth, predicted }: Outcome) => truth === predicted;

function mean(values: readonly number[]): number {
	return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function figuresOf(name: string, outcomes: readonly Outcome[]): CategoryFigures {
	let [hits, said, support] = [0, 0, 0];
	for (const { truth, predicted } of outcomes) {
		if (predicted === name) said += 1;
		if (truth === name) support += 1;
		if (truth === name && predicted === name) hits += 1;
	}
	const precision = said === 0 ? null : hits / said;
	const recall = support === 0 ? null : hits / support;
	// F1 as 2 · hits / (said + support): defined whenever the category was there or was said.
	return { precision, recall, f1: said + support === 0 ? null : (2 * hits) / (said + support), support };
}

function namesOf(outcomes: readonly Outcome[]): string[] {
	return [...new Set(outcomes.map(({ truth }) => truth))].sort();
}

/** Mean F1 over the categories that are there. */
export function macroF1(outcomes: readonly Outcome[]): number {
	return mean(namesOf(outcomes).map((name) => figuresOf(name, outcomes).f1 ?? 0));
}

/** Share of right answers; abstentions and failures are none. */
export function accuracy(outcomes: readonly Outcome[]): number {
	return outcomes.length === 0 ? 0 : outcomes.filter(isRight).length / outcomes.length;
}

function confusionOf(outcomes: readonly Outcome[], names: readonly string[]): Record<string, Record<string, number>> {
	const columns = [...names, 'abstain', 'error'];
	const rows = names.map((name) => [name, Object.fromEntries(columns.map((column) => [column, 0]))] as const);
	const table: Record<string, Record<string, number>> = Object.fromEntries(rows);
	for (const { truth, predicted, hasFailed } of outcomes) {
		const row = table[truth] ?? {};
		const column = hasFailed === true ? 'error' : (predicted ?? 'abstain');
		row[column] = (row[column] ?? 0) + 1;
	}
	return table;
}

const bins = 15;

/** Mean confidence and accuracy in bins of equal mass. */
export function reliability(outcomes: readonly Outcome[]): Metrics['reliability'] {
	const sure = outcomes
		.flatMap((outcome) =>
			outcome.confidence === null ? [] : [{ confidence: outcome.confidence, right: isRight(outcome) }],
		)
		.sort((a, b) => a.confidence - b.confidence);
	const count = Math.min(bins, sure.length);
	return Array.from({ length: count }, (_, at) => {
		const part = sure.slice(Math.floor((at * sure.length) / count), Math.floor(((at + 1) * sure.length) / count));
		return {
			confidence: mean(part.map(({ confidence }) => confidence)),
			accuracy: mean(part.map(({ right }) => (right ? 1 : 0))),
			texts: part.length,
		};
	});
}

/** Expected calibration error; null when no outcome has a confidence. */
export function calibrationError(outcomes: readonly Outcome[]): number | null {
	const rows = reliability(outcomes);
	const texts = rows.reduce((sum, row) => sum + row.texts, 0);
	if (texts === 0) return null;
	return rows.reduce((sum, row) => sum + (row.texts / texts) * Math.abs(row.confidence - row.accuracy), 0);
}

function losses(outcomes: readonly Outcome[]): { brier: number | null; nll: number | null } {
	const scored = outcomes.flatMap(({ truth, scores }) =>
		scores === undefined || Object.keys(scores).length === 0 ? [] : [{ truth, scores }],
	);
	if (scored.length === 0) return { brier: null, nll: null };
	const square = ({ truth, scores }: (typeof scored)[number]) =>
		Object.entries(scores).reduce((sum, [name, share]) => sum + (share - (name === truth ? 1 : 0)) ** 2, 0);
	return {
		brier: mean(scored.map(square)),
		nll: mean(scored.map(({ truth, scores }) => -Math.log(Math.max(1e-12, scores[truth] ?? 0)))),
	};
}

function quantile(sorted: readonly number[], share: number): number {
	return sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(share * (sorted.length - 1))))] ?? 0;
}

/** Draws as many of each category as there are, with repetition. */
export function resample(outcomes: readonly Outcome[], random: () => number): number[] {
	const byTruth = new Map<string, number[]>();
	for (const [at, { truth }] of outcomes.entries()) byTruth.set(truth, [...(byTruth.get(truth) ?? []), at]);
	return [...byTruth.values()].flatMap((places) =>
		places.map(() => places[Math.floor(random() * places.length)] ?? places[0] ?? 0),
	);
}

interface MetricsOptions {
	/** Resamples for the intervals; 0 for none. */
	resamples: number;
	random: () => number;
}

function intervalsOf(outcomes: readonly Outcome[], { resamples, random }: MetricsOptions): Metrics['intervals'] {
	if (resamples === 0 || outcomes.length === 0) return null;
	const accuracies: number[] = [];
	const f1s: number[] = [];
	for (let round = 0; round < resamples; round += 1) {
		const drawn = resample(outcomes, random).flatMap((at) => outcomes[at] ?? []);
		accuracies.push(accuracy(drawn));
		f1s.push(macroF1(drawn));
	}
	const bounds = (values: number[]): Interval => {
		const sorted = values.sort((a, b) => a - b);
		return [quantile(sorted, 0.025), quantile(sorted, 0.975)];
	};
	return { accuracy: bounds(accuracies), macro_f1: bounds(f1s) };
}

/** Every figure of a run; the intervals by a stratified bootstrap. */
export function measure(outcomes: readonly Outcome[], options: MetricsOptions): Metrics {
	const names = namesOf(outcomes);
	const figures = names.map((name) => [name, figuresOf(name, outcomes)] as const);
	const answered = outcomes.filter(({ predicted, hasFailed }) => predicted !== null && hasFailed !== true);
	const weighted = figures.reduce((sum, [, { f1, support }]) => sum + (f1 ?? 0) * support, 0);
	return {
		texts: outcomes.length,
		accuracy: accuracy(outcomes),
		balanced_accuracy: mean(figures.map(([, { recall }]) => recall ?? 0)),
		macro_f1: macroF1(outcomes),
		weighted_f1: outcomes.length === 0 ? 0 : weighted / outcomes.length,
		per_category: Object.fromEntries(figures),
		confusion: confusionOf(outcomes, names),
		coverage: outcomes.length === 0 ? 0 : answered.length / outcomes.length,
		selective_accuracy: answered.length === 0 ? null : accuracy(answered),
		ece: calibrationError(outcomes),
		...losses(outcomes),
		reliability: reliability(outcomes),
		intervals: intervalsOf(outcomes, options),
	};
}

/**
 * McNemar's exact test: the probability that two runs over the same texts differ this much by chance alone. 1 when
 * they never differ.
 */
export function mcnemar(a: readonly Outcome[], b: readonly Outcome[]): number {
	let [onlyA, onlyB] = [0, 0];
	for (const [at, outcome] of a.entries()) {
		const other = b[at];
		if (other === undefined || isRight(outcome) === isRight(other)) continue;
		if (isRight(outcome)) onlyA += 1;
		else onlyB += 1;
	}
	const n = onlyA + onlyB;
	let tail = 0;
	let term = -n * Math.LN2; // the logarithm of the probability of no success in n fair tosses
	for (let k = 0; k <= Math.min(onlyA, onlyB); k += 1) {
		tail += Math.exp(term);
		term += Math.log(n - k) - Math.log(k + 1);
	}
	return Math.min(1, 2 * tail);
}

/** Holm's correction: the probabilities as they count when so many were asked at once, in their own order. */
export function holm(probabilities: readonly number[]): number[] {
	const order = probabilities.map((p, at) => ({ p, at })).sort((x, y) => x.p - y.p);
	const corrected = probabilities.map(() => 1);
	let least = 0;
	for (const [rank, { p, at }] of order.entries()) {
		least = Math.max(least, Math.min(1, p * (probabilities.length - rank)));
		corrected[at] = least;
	}
	return corrected;
}
