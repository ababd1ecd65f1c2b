// Texts for models: what is put before them, how long ones are cut into pieces, and how the pieces' answers become one.

/** Most pieces of one text that a model reads. */
export const mostChunks = 16;
/** How much of a piece is also in the next one. */
const overlap = 0.12;

/** From one token (inclusive) to another (exclusive). */
export interface Span {
	from: number;
	to: number;
}

/** The pieces of a text and whether they leave some of it out. */
export interface Cut {
	spans: Span[];
	truncated: boolean;
}

/**
 * Cuts `length` tokens into pieces of at most `size`. Of too many pieces the first two, the last and evenly spread ones
 * between are kept. A text of no tokens is one empty piece. `most` 1 keeps the beginning alone.
 */
export function cutTokens(length: number, size: number, most = mostChunks): Cut {
	if (length <= size) return { spans: [{ from: 0, to: length }], truncated: false };
	if (most === 1) return { spans: [{ from: 0, to: size }], truncated: true };
	const step = Math.max(1, size - Math.floor(size * overlap));
	const count = Math.ceil((length - size) / step) + 1;
	const all = Array.from({ length: count }, (_, at) => {
		const from = Math.min(at * step, length - size);
		return { from, to: from + size };
	});
	if (count <= most) return { spans: all, truncated: false };
	const chosen = new Set([0, 1, count - 1]);
	const between = most - chosen.size;
	for (let at = 1; at <= between; at += 1) chosen.add(1 + Math.round((at * (count - 2)) / (between + 1)));
	return { spans: all.filter((_, at) => chosen.has(at)), truncated: true };
}

/**
 * Tokens of a premise that leave the whole hypothesis and the model's own marks room. Zero or less when the hypothesis
 * alone is too long.
 */
export function premiseBudget(mostTokens: number, hypothesisTokens: number, marks: number): number {
	return mostTokens - hypothesisTokens - marks;
}

/** The text as a model gets it: with its path in the first line where that may help. */
export function withPath(text: string, path: string | undefined): string {
	return path === undefined ? text : `File: ${path}\n${text}`;
}

/** The mean of the vectors by weight, at length 1. */
export function meanVector(vectors: readonly Float32Array[], weights: readonly number[]): Float32Array {
	const sum = new Float32Array(vectors[0]?.length ?? 0);
	for (const [row, vector] of vectors.entries()) {
		const weight = weights[row] ?? 1;
		for (let at = 0; at < sum.length; at += 1) sum[at] = (sum[at] ?? 0) + (vector[at] ?? 0) * weight;
	}
	return normalized(sum);
}

/** The vector at length 1; one of zeros stays as it is. */
export function normalized(vector: Float32Array): Float32Array {
	let sum = 0;
	for (const value of vector) sum += value * value;
	if (sum === 0) return vector;
	const length = Math.sqrt(sum);
	return vector.map((value) => value / length);
}

/** Cosine of the angle between two vectors, from -1 to 1; 0 when one of them is zero. */
export function cosine(a: Float32Array, b: Float32Array): number {
	let dot = 0;
	let left = 0;
	let right = 0;
	for (let at = 0; at < a.length; at += 1) {
		const x = a[at] ?? 0;
		const y = b[at] ?? 0;
		dot += x * y;
		left += x * x;
		right += y * y;
	}
	return left === 0 || right === 0 ? 0 : dot / Math.sqrt(left * right);
}

/** How the answers over pieces become one: their mean, or the largest lead that a category has in any piece. */
export type Gathering = 'mean' | 'max';

/** One value per category from values per piece and category. */
export function gather(pieces: readonly (readonly number[])[], how: Gathering): number[] {
	const width = pieces[0]?.length ?? 0;
	const mean = (row: readonly number[]) => row.reduce((sum, value) => sum + value, 0) / Math.max(1, row.length);
	return Array.from({ length: width }, (_, at) => {
		if (how === 'mean' || pieces.length === 1) return mean(pieces.map((row) => row[at] ?? 0));
		return Math.max(...pieces.map((row) => (row[at] ?? 0) - mean(row)));
	});
}
