// TF-IDF with the nearest centroid: the baseline that learns words from labelled texts and nothing else.

/** A labelled text. */
export interface LabelledText {
	text: string;
	label: string;
}

type Weights = ReadonlyMap<string, number>;

/** Words, and single marks that carry meaning in code. */
function wordsOf(text: string): string[] {
	return text.toLowerCase().match(/[\p{L}_][\p{L}\p{N}_]*|[{}();=<>#:,|-]/gu) ?? [];
}

function unit(weights: Map<string, number>): Weights {
	const length = Math.sqrt([...weights.values()].reduce((sum, value) => sum + value * value, 0));
	if (length === 0) return weights;
	return new Map([...weights].map(([word, value]) => [word, value / length]));
}

function dot(a: Weights, b: Weights): number {
	let sum = 0;
	for (const [word, value] of a) sum += value * (b.get(word) ?? 0);
	return sum;
}

/** A trained classifier. Equal texts give equal answers. */
export class NearestCentroid {
	readonly #frequencies = new Map<string, number>();
	readonly #centroids = new Map<string, Weights>();
	readonly #texts: number;

	constructor(rows: readonly LabelledText[]) {
		this.#texts = rows.length;
		for (const { text } of rows) {
			for (const word of new Set(wordsOf(text))) this.#frequencies.set(word, (this.#frequencies.get(word) ?? 0) + 1);
		}
		const sums = new Map<string, Map<string, number>>();
		for (const { text, label } of rows) {
			const sum = sums.get(label) ?? new Map<string, number>();
			for (const [word, value] of this.#weigh(text)) sum.set(word, (sum.get(word) ?? 0) + value);
			sums.set(label, sum);
		}
		for (const [label, sum] of [...sums].sort(([a], [b]) => (a < b ? -1 : 1))) this.#centroids.set(label, unit(sum));
	}

	/** Logarithmic counts by the rarity of the words, at length 1. */
	#weigh(text: string): Weights {
		const counts = new Map<string, number>();
		for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
		const weigh = (word: string, count: number) =>
			(1 + Math.log(count)) * (Math.log((1 + this.#texts) / (1 + (this.#frequencies.get(word) ?? 0))) + 1);
		return unit(new Map([...counts].map(([word, count]) => [word, weigh(word, count)])));
	}

	/** Likeness to each label, from 0 to 1. */
	scores(text: string): Record<string, number> {
		const weights = this.#weigh(text);
		return Object.fromEntries([...this.#centroids].map(([label, centroid]) => [label, dot(weights, centroid)]));
	}

	/** The likest label; null without training texts. */
	predict(text: string): string | null {
		const ranked = Object.entries(this.scores(text)).sort((a, b) => b[1] - a[1]);
		return ranked[0]?.[0] ?? null;
	}
}
