// From a model's hidden states to one vector per text: mean over the mask, first token or last token, then length 1.
import { normalized } from '#lib/core/classify-text.ts';

export const poolings = ['mean', 'cls', 'last'] as const;
export type Pooling = (typeof poolings)[number];

/** Hidden states as they come: rows × tokens × width numbers in one list. */
export interface States {
	data: Float32Array;
	tokens: number;
	width: number;
}

/** The vector of one row, of length 1. `length` is how many tokens of the row are its own; padding comes after them. */
export function pool({ data, tokens, width }: States, row: number, length: number, how: Pooling): Float32Array {
	const start = row * tokens * width;
	if (how === 'cls') return normalized(data.slice(start, start + width));
	if (how === 'last') {
		const last = start + (length - 1) * width;
		return normalized(data.slice(last, last + width));
	}
	const sum = new Float32Array(width);
	for (let token = 0; token < length; token += 1) {
		const from = start + token * width;
		for (let at = 0; at < width; at += 1) sum[at] = (sum[at] ?? 0) + (data[from + at] ?? 0);
	}
	return normalized(sum); // the mean points the same way
}
