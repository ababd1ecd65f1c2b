// Writes safetensors files as the library does, and, for tests of readers, as no library would.
import { safetensorsTypes } from '#lib/core/tables/safetensors-types.ts';

export interface WrittenTensor {
	type: string;
	shape: readonly number[];
	/** Instead of the place behind the tensor before. */
	offsets?: readonly [number, number];
}

interface Options {
	metadata?: Record<string, string>;
	/** Length that is said to be the header's. */
	claim?: bigint;
	/** Leave the tensors' bytes away, or add some that nobody describes. */
	bodyBytes?: number;
}

function bytesOf({ type, shape }: WrittenTensor): number {
	return (shape.reduce((product, length) => product * length, 1) * (safetensorsTypes.get(type) ?? 8)) / 8;
}

/** A file around any header text. */
export function wrapSafetensors(header: string, bodyBytes: number, claim?: bigint): Uint8Array {
	const text = new TextEncoder().encode(header);
	const whole = new Uint8Array(8 + text.length + bodyBytes);
	new DataView(whole.buffer).setBigUint64(0, claim ?? BigInt(text.length), true);
	whole.set(text, 8);
	return whole;
}

/** The header's text and the bytes that the tensors take. */
export function safetensorsHeader(
	tensors: Record<string, WrittenTensor>,
	metadata?: Record<string, string>,
): { header: string; bodyBytes: number } {
	let end = 0;
	const entries: [string, unknown][] = metadata === undefined ? [] : [['__metadata__', metadata]];
	for (const [name, tensor] of Object.entries(tensors)) {
		const offsets = tensor.offsets ?? [end, end + bytesOf(tensor)];
		entries.push([name, { dtype: tensor.type, shape: tensor.shape, data_offsets: offsets }]);
		end = Math.max(end, offsets[1]);
	}
	const text = JSON.stringify(Object.fromEntries(entries));
	return { header: text.padEnd(Math.ceil(text.length / 8) * 8), bodyBytes: end };
}

/** A whole file; its tensors hold zeros. */
export function writeSafetensors(tensors: Record<string, WrittenTensor>, options: Options = {}): Uint8Array {
	const { header, bodyBytes } = safetensorsHeader(tensors, options.metadata);
	return wrapSafetensors(header, options.bodyBytes ?? bodyBytes, options.claim);
}
