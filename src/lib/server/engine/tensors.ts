// Numbers out of the runtime's tensors.
import type { Tensor } from '#lib/server/engine/library.ts';

/** The numbers of a tensor, one after the other. */
export function numbersOf(tensor: Tensor): Float32Array {
	return tensor.data instanceof Float32Array ? tensor.data : Float32Array.from(tensor.data, Number);
}

/** The rows of a two-dimensional output. */
export function rowsOf(tensor: Tensor): number[][] {
	const [rows = 0, width = 0] = tensor.dims;
	const data = numbersOf(tensor);
	return Array.from({ length: rows }, (_, row) => [...data.subarray(row * width, (row + 1) * width)]);
}

/** log(Σ exp(x)) of the last row of logits. */
export function logSumExp(values: Float32Array): number {
	let top = -Infinity;
	for (const value of values) if (value > top) top = value;
	let sum = 0;
	for (const value of values) sum += Math.exp(value - top);
	return top + Math.log(sum);
}
