// Byte sources that count what is asked of them, and that pretend to hold more than they do.
import type { ByteSource } from '#lib/core/byte-source.ts';

export interface CountedSource extends ByteSource {
	/** Every piece that was asked for, in order. */
	readonly reads: { offset: number; length: number }[];
	/** Bytes given in all. */
	readonly given: () => number;
}

/** Bytes, followed by zeros up to `size` (null: a source that does not know its size and ends with the bytes). */
export function counted(bytes: Uint8Array, size: number | null = bytes.length): CountedSource {
	const reads: { offset: number; length: number }[] = [];
	let given = 0;
	return {
		size,
		reads,
		given: () => given,
		read: async (offset, length) => {
			reads.push({ offset, length });
			const end = Math.min(offset + length, size ?? bytes.length);
			const piece = new Uint8Array(Math.max(0, end - offset));
			piece.set(bytes.subarray(offset, end).subarray(0, piece.length));
			given += piece.length;
			return piece;
		},
	};
}
