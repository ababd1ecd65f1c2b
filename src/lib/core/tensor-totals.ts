// What the tensors of a weight file add up to: weights and bytes by number type, routed experts counted apart.
import { z } from 'zod';

const amount = z.object({ parameters: z.number(), bytes: z.number().nullable() });

/** All tensors of one number type. `bytes` is null for a type whose size is not known. */
export const typeTotalsSchema = amount.extend({ type: z.string(), tensors: z.number() });
export type TypeTotals = z.infer<typeof typeTotalsSchema>;

/**
 * Sums over the tensors of a file, or of all parts of a split one. `parameters` counts elements. `experts`: weights of
 * which each token uses only some. `embedding`: the matrix that tokens are looked up in. `output`: the matrix they are
 * read from, zero where it is the embedding once more.
 */
export const tensorTotalsSchema = amount.extend({
	tensors: z.number(),
	types: z.array(typeTotalsSchema),
	experts: amount,
	embedding: amount,
	output: amount,
});
export type TensorTotals = z.infer<typeof tensorTotalsSchema>;
type Amount = z.infer<typeof amount>;

/** What a tensor is for, as far as sums tell tensors apart. */
export type TensorRole = 'experts' | 'embedding' | 'output' | 'other';

/** One tensor: `parameters` elements in `bytes` bytes (null: not known). */
export interface TensorSize {
	type: string;
	role: TensorRole;
	parameters: number;
	bytes: number | null;
}

const nothing = (): Amount => ({ parameters: 0, bytes: 0 });

/** Sums of nothing, to add to. */
export function emptyTotals(): TensorTotals {
	return { tensors: 0, types: [], experts: nothing(), embedding: nothing(), output: nothing(), ...nothing() };
}

function plus(sum: Amount, { parameters, bytes }: Amount): void {
	sum.parameters += parameters;
	sum.bytes = sum.bytes === null || bytes === null ? null : sum.bytes + bytes;
}

function totalsOf(totals: TensorTotals, type: string): TypeTotals {
	const known = totals.types.find((row) => row.type === type);
	if (known !== undefined) return known;
	const row = { type, tensors: 0, ...nothing() };
	totals.types.push(row);
	return row;
}

/** Adds one tensor. There are never more than a few dozen types. */
export function addTensor(totals: TensorTotals, tensor: TensorSize): void {
	totals.tensors += 1;
	plus(totals, tensor);
	const row = totalsOf(totals, tensor.type);
	row.tensors += 1;
	plus(row, tensor);
	if (tensor.role !== 'other') plus(totals[tensor.role], tensor);
}

/** The sums of several files together, types with the most weights first. */
export function mergeTotals(parts: readonly TensorTotals[]): TensorTotals {
	const merged = emptyTotals();
	for (const part of parts) {
		merged.tensors += part.tensors;
		plus(merged, part);
		for (const role of ['experts', 'embedding', 'output'] as const) plus(merged[role], part[role]);
		for (const row of part.types) {
			const sum = totalsOf(merged, row.type);
			sum.tensors += row.tensors;
			plus(sum, row);
		}
	}
	merged.types.sort((a, b) => b.parameters - a.parameters);
	return merged;
}

/**
 * Weights that work on one token: without the experts that rest, and without the input matrix when the output has one
 * of its own (a look-up reads one row of it). Null without routed experts, or when their numbers are not known.
 */
export function activeWeights(totals: TensorTotals, experts: number | null, used: number | null): number | null {
	if (experts === null || used === null || experts === 0 || used > experts || totals.experts.parameters === 0)
		return null;
	const resting = Math.round(totals.experts.parameters * (1 - used / experts));
	return totals.parameters - resting - (totals.output.parameters > 0 ? totals.embedding.parameters : 0);
}
