// Which contestant of a benchmark to take: the one that is right most often, and those not shown to be worse, fastest first.
import { holm, mcnemar, type Outcome } from '#lib/core/classify-metrics.ts';

/** What a benchmark found out about one contestant, as far as it is looked at here. */
interface Measured {
	name: string;
	metrics: { accuracy: number } | null;
	speed: { p50_ms: number } | null;
	peak_bytes: number | null;
	predictions: readonly (string | null)[];
}

/** One contestant that may be taken. `p`: probability of its distance to the best by chance alone; null for the best itself. */
export interface Contender {
	name: string;
	accuracy: number;
	p: number | null;
	/** Milliseconds of one text; null where nothing was timed: baselines take next to none. */
	p50_ms: number | null;
	peak_bytes: number | null;
}

export interface Shortlist {
	/** The contestant that is right most often; null when none was measured. */
	best: string | null;
	/** The best and every one that is not shown to be right less often, fastest first. */
	contenders: Contender[];
	/** The first of them, unless chance alone does as well on these texts: then they are too few to choose by. */
	choice: string | null;
}

/** Below this probability a distance is not put down to chance. */
const significance = 0.05;
/** What answers without looking at the texts. */
const blind = new Set(['majority', 'random']);

/** The shortlist of measured contestants; `truths` are the labels in the order of the predictions. */
export function shortlistOf(runs: readonly Measured[], truths: readonly string[]): Shortlist {
	const outcomes = ({ predictions }: Measured): Outcome[] =>
		truths.map((truth, at) => ({ truth, predicted: predictions[at] ?? null, confidence: null }));
	const measured = runs
		.flatMap((run) => (run.metrics === null ? [] : [{ run, accuracy: run.metrics.accuracy }]))
		.sort((a, b) => b.accuracy - a.accuracy || (a.run.name < b.run.name ? -1 : 1));
	const [best, ...others] = measured;
	if (best === undefined) return { best: null, contenders: [], choice: null };
	const corrected = holm(others.map(({ run }) => mcnemar(outcomes(run), outcomes(best.run))));
	const contender = ({ run, accuracy }: (typeof measured)[number], p: number | null): Contender => ({
		...{ name: run.name, accuracy, p, p50_ms: run.speed?.p50_ms ?? null, peak_bytes: run.peak_bytes },
	});
	const asGood = others.flatMap((other, at) => {
		const p = corrected[at] ?? 1;
		return p >= significance ? [contender(other, p)] : [];
	});
	const contenders = [contender(best, null), ...asGood].sort((a, b) => (a.p50_ms ?? 0) - (b.p50_ms ?? 0));
	const isByChance = contenders.some(({ name }) => blind.has(name));
	return { best: best.run.name, contenders, choice: isByChance ? null : (contenders[0]?.name ?? null) };
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

/** The shortlist as a paragraph and a list in Markdown. */
export function shortlistMarkdown({ best, contenders, choice }: Shortlist): string[] {
	if (best === null) return [];
	const advice =
		choice === null
			? 'Guessing is not shown to be worse on these texts: they are too few to choose by.'
			: choice === best
				? `Take ${choice}: it is right most often, and nothing faster is as good.`
				: `Take ${choice}: it is the fastest that is not shown to be right less often than ${best}.`;
	const row = ({ name, accuracy, p, p50_ms: ms }: Contender) => {
		const distance = p === null ? 'right most often' : `p ${p.toFixed(2)} against the best`;
		return `- ${name}: ${percent(accuracy)}, ${distance}${ms === null ? '' : `, ${ms.toFixed(1)} ms per text`}`;
	};
	return ['## Which to take', '', advice, '', ...contenders.map(row), ''];
}
