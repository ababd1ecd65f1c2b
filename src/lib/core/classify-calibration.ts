// Calibration: from labelled texts to a temperature, to a map from share to probability, and to a threshold per category.
import { logistic, softmax } from '#lib/core/classify.ts';

/** A labelled text as a model scored it. `raw` in the order of the categories, `truth` the place of the right one. */
export interface LabelledScores {
	raw: readonly number[];
	truth: number;
}

/** Turns the first share into the probability that the choice is right. */
export type ConfidenceMap =
	| { kind: 'identity' }
	/** logistic(a · logit(share) + b), after Platt (1999). */
	| { kind: 'platt'; a: number; b: number }
	/** A rising staircase, joined by lines: [share, probability]. */
	| { kind: 'isotonic'; knots: [number, number][] };

/** What was fitted for one model and one set of categories. */
export interface Calibration {
	temperature: number;
	map: ConfidenceMap;
	/** Confidence above which a category was right often enough. */
	thresholds: Record<string, number>;
	/** Labelled texts it rests on. */
	texts: number;
}

/** Mean negative log likelihood of the right categories at a temperature. */
export function negativeLogLikelihood(rows: readonly LabelledScores[], temperature: number): number {
	const losses = rows.map(({ raw, truth }) => -Math.log(Math.max(1e-12, softmax(raw, temperature)[truth] ?? 0)));
	return losses.reduce((sum, loss) => sum + loss, 0) / Math.max(1, rows.length);
}

const golden = (Math.sqrt(5) - 1) / 2;

/** The temperature with the least loss: golden section search over its logarithm from -6 to 3. */
export function fitTemperature(rows: readonly LabelledScores[]): number {
	let [low, high] = [-6, 3];
	const loss = (log: number) => negativeLogLikelihood(rows, Math.exp(log));
	let left = high - golden * (high - low);
	let right = low + golden * (high - low);
	let [atLeft, atRight] = [loss(left), loss(right)];
	for (let step = 0; step < 60; step += 1) {
		if (atLeft < atRight) {
			[high, right, atRight] = [right, left, atLeft];
			left = high - golden * (high - low);
			atLeft = loss(left);
		} else {
			[low, left, atLeft] = [left, right, atRight];
			right = low + golden * (high - low);
			atRight = loss(right);
		}
	}
	return Math.exp((low + high) / 2);
}

/** Texts per category from which a fit stands by itself; below it leans towards the model's default. */
const enough = 20;

/** The fitted temperature, drawn towards `fallback` where a category has few texts. */
export function shrunkTemperature(rows: readonly LabelledScores[], categories: number, fallback: number): number {
	const counts = Array.from({ length: categories }, (_, at) => rows.filter(({ truth }) => truth === at).length);
	const weight = Math.min(1, Math.min(...counts) / enough);
	return Math.exp(weight * Math.log(fitTemperature(rows)) + (1 - weight) * Math.log(fallback));
}

/** A choice with its share, and whether it was right. */
export interface Judged {
	share: number;
	isRight: boolean;
}

function logit(share: number): number {
	const kept = Math.min(1 - 1e-6, Math.max(1e-6, share));
	return Math.log(kept / (1 - kept));
}

/** Platt's map by Newton's method, with his smoothed targets so that a perfect sample does not claim certainty. */
export function fitPlatt(judged: readonly Judged[]): ConfidenceMap {
	const right = judged.filter(({ isRight }) => isRight).length;
	const targets = { yes: (right + 1) / (right + 2), no: 1 / (judged.length - right + 2) };
	let [a, b] = [1, 0];
	for (let step = 0; step < 50; step += 1) {
		let [ga, gb, haa, hab, hbb] = [0, 0, 1e-6, 0, 1e-6];
		for (const { share, isRight } of judged) {
			const x = logit(share);
			const p = logistic(a * x + b);
			const error = p - (isRight ? targets.yes : targets.no);
			const weight = Math.max(1e-9, p * (1 - p));
			ga += error * x;
			gb += error;
			haa += weight * x * x;
			hab += weight * x;
			hbb += weight;
		}
		const determinant = haa * hbb - hab * hab;
		if (Math.abs(determinant) < 1e-12) break;
		a -= (hbb * ga - hab * gb) / determinant;
		b -= (haa * gb - hab * ga) / determinant;
		if (Math.abs(ga) + Math.abs(gb) < 1e-9) break;
	}
	// A falling map would call the surest answers the worst: the sample says nothing then.
	return Number.isFinite(a) && Number.isFinite(b) && a > 0 ? { kind: 'platt', a, b } : { kind: 'identity' };
}

/** The isotonic map by pooling adjacent violators (Ayer et al. 1955). */
export function fitIsotonic(judged: readonly Judged[]): ConfidenceMap {
	const blocks: { share: number; sum: number; size: number }[] = [];
	for (const { share, isRight } of judged.toSorted((x, y) => x.share - y.share)) {
		blocks.push({ share, sum: isRight ? 1 : 0, size: 1 });
		for (;;) {
			const last = blocks.at(-1);
			const before = blocks.at(-2);
			if (last === undefined || before === undefined || before.sum / before.size < last.sum / last.size) break;
			blocks.splice(-2, 2, {
				share: (before.share * before.size + last.share * last.size) / (before.size + last.size),
				sum: before.sum + last.sum,
				size: before.size + last.size,
			});
		}
	}
	const knots = blocks.map(({ share, sum, size }): [number, number] => [share, sum / size]);
	return knots.length === 0 ? { kind: 'identity' } : { kind: 'isotonic', knots };
}

/** The probability that a map gives to a share, from 0 to 1. */
export function mapped(map: ConfidenceMap, share: number): number {
	if (map.kind === 'identity') return share;
	if (map.kind === 'platt') return logistic(map.a * logit(share) + map.b);
	const after = map.knots.findIndex(([at]) => at >= share);
	const right = map.knots[after === -1 ? map.knots.length - 1 : after];
	const left = map.knots[after - 1];
	if (right === undefined) return share;
	if (left === undefined || after === -1 || right[0] === left[0]) return right[1];
	return left[1] + ((share - left[0]) / (right[0] - left[0])) * (right[1] - left[1]);
}

/** A choice of one category with its confidence. */
export interface JudgedChoice {
	category: string;
	confidence: number;
	isRight: boolean;
}

/** The lowest confidence from which on each category was right in `precision` of its choices; 1 where it never was. */
export function fitThresholds(judged: readonly JudgedChoice[], precision: number): Record<string, number> {
	const names = [...new Set(judged.map(({ category }) => category))].sort();
	return Object.fromEntries(names.map((name) => [name, thresholdFor(name, judged, precision)]));
}

function thresholdFor(name: string, judged: readonly JudgedChoice[], precision: number): number {
	const own = judged.filter(({ category }) => category === name).sort((a, b) => b.confidence - a.confidence);
	let right = 0;
	let threshold = 1;
	for (const [at, { confidence, isRight }] of own.entries()) {
		right += isRight ? 1 : 0;
		const isLastOfTie = own[at + 1]?.confidence !== confidence;
		if (isLastOfTie && right / (at + 1) >= precision) threshold = confidence;
	}
	return threshold;
}

export const calibrationMethods = ['temperature', 'platt', 'isotonic'] as const;
export type CalibrationMethod = (typeof calibrationMethods)[number];

interface FitOptions {
	categories: readonly string[];
	method: CalibrationMethod;
	/** The model's temperature when nothing was fitted. */
	fallback: number;
	/** Precision that thresholds aim at. */
	precision: number;
}

/** Fits everything. A map beside the temperature is fitted to the shares at that temperature. */
export function fitCalibration(rows: readonly LabelledScores[], options: FitOptions): Calibration {
	const { categories, method, fallback, precision } = options;
	const temperature = shrunkTemperature(rows, categories.length, fallback);
	const choices = rows.map(({ raw, truth }) => {
		const shares = softmax(raw, temperature);
		const best = shares.indexOf(Math.max(...shares));
		return { category: categories[best] ?? '', share: shares[best] ?? 0, isRight: best === truth };
	});
	const identity: ConfidenceMap = { kind: 'identity' };
	const map = method === 'platt' ? fitPlatt(choices) : method === 'isotonic' ? fitIsotonic(choices) : identity;
	const judged = choices.map((choice) => ({ ...choice, confidence: mapped(map, choice.share) }));
	return { temperature, map, thresholds: fitThresholds(judged, precision), texts: rows.length };
}
