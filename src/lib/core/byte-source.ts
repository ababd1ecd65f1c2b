// Bytes that can be read piece by piece (a file, a range on a server), and a reader that walks through their beginning.

/** Something with bytes. `read` gives fewer bytes than asked only where they end; it throws a Failure when it cannot. */
export interface ByteSource {
	/** Bytes in all; null when that is not known. */
	readonly size: number | null;
	read(offset: number, length: number): Promise<Uint8Array>;
}

/** Bytes that are already here. */
export function memorySource(bytes: Uint8Array): ByteSource {
	return { size: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) };
}

/** Why a walk ended before its time: `end` of the bytes, or the walker's own `limit`. */
export type Halt = 'end' | 'limit';

/**
 * Sizes of the pieces that are asked for. The first holds all that small headers have; the vocabulary of a language
 * model takes 2 to 12 MB, so that the second piece usually ends the matter. The last size repeats.
 */
const pieces = [256 * 1024, 8 * 1024 * 1024];

interface CursorOptions {
	/** Position that the walk may not pass. */
	limit: number;
	/** Makes the error for a walk that cannot go on: `position` is where the bytes end, or where the walk stands. */
	halt(why: Halt, position: number): Error;
}

/**
 * Walks through the bytes of a source from the start, holding one piece of them at a time. What is passed beyond the
 * piece at hand is never asked for. Numbers are read in either byte order.
 */
export class ByteCursor {
	readonly #source: ByteSource;
	readonly #options: CursorOptions;
	#piece = new Uint8Array(0);
	#view = new DataView(this.#piece.buffer);
	/** Where the piece at hand starts in the source, and the position inside of it (may lie beyond it after a pass). */
	#start = 0;
	#at = 0;
	#asked = 0;
	/** Byte order of the numbers. */
	little = true;

	constructor(source: ByteSource, options: CursorOptions) {
		this.#source = source;
		this.#options = options;
	}

	/** Position in the source. */
	get position(): number {
		return this.#start + this.#at;
	}

	/** Bytes that are left at most; infinite when the size of the source is not known. */
	get left(): number {
		return this.#source.size === null ? Infinity : this.#source.size - this.position;
	}

	/** Are so many bytes at hand? Reading numbers and texts requires it. */
	has(length: number): boolean {
		return this.#at + length <= this.#piece.length;
	}

	/** Brings so many bytes to hand; throws the walker's error where they end or its limit is passed. */
	async fetch(length: number): Promise<void> {
		if (this.has(length)) return;
		const from = this.position;
		if (from + length > this.#options.limit) throw this.#options.halt('limit', from);
		if (length > this.left) throw this.#ended();
		const kept = this.#piece.slice(Math.min(this.#at, this.#piece.length));
		const size = Math.max(length - kept.length, pieces[Math.min(this.#asked, pieces.length - 1)] ?? length);
		const wanted = Math.min(size, this.left - kept.length, this.#options.limit - from - kept.length);
		this.#asked += 1;
		const fresh = await this.#source.read(from + kept.length, wanted);
		const piece = new Uint8Array(kept.length + fresh.length);
		piece.set(kept);
		piece.set(fresh, kept.length);
		this.#piece = piece;
		this.#view = new DataView(piece.buffer);
		this.#start = from;
		this.#at = 0;
		if (!this.has(length)) throw this.#options.halt('end', this.#source.size ?? from + piece.length);
	}

	/** Passes over bytes without looking at them. */
	pass(length: number): void {
		if (this.position + length > this.#options.limit) throw this.#options.halt('limit', this.position);
		if (length > this.left) throw this.#ended();
		this.#at += length;
	}

	/** Passes over texts with their length before them (8 bytes), as far as they are whole at hand; tells how many. */
	passTexts(count: number): number {
		const [high, low] = this.little ? [4, 0] : [0, 4];
		const end = this.#piece.length;
		let at = this.#at;
		let passed = 0;
		for (; passed < count && at + 8 <= end; passed += 1) {
			const next = at + 8 + this.#view.getUint32(at + low, this.little);
			if (next > end || this.#view.getUint32(at + high, this.little) > 0) break;
			at = next;
		}
		this.#at = at;
		return passed;
	}

	/** The next bytes, as a view that is valid until the next `fetch`. */
	bytes(length: number): Uint8Array {
		const found = this.#piece.subarray(this.#at, this.#at + length);
		this.#at += length;
		return found;
	}

	u8(): number {
		return this.#view.getUint8(this.#step(1));
	}

	i8(): number {
		return this.#view.getInt8(this.#step(1));
	}

	u16(): number {
		return this.#view.getUint16(this.#step(2), this.little);
	}

	i16(): number {
		return this.#view.getInt16(this.#step(2), this.little);
	}

	u32(): number {
		return this.#view.getUint32(this.#step(4), this.little);
	}

	i32(): number {
		return this.#view.getInt32(this.#step(4), this.little);
	}

	f32(): number {
		return this.#view.getFloat32(this.#step(4), this.little);
	}

	f64(): number {
		return this.#view.getFloat64(this.#step(8), this.little);
	}

	/** An unsigned whole number of 8 bytes; above 2^53 only nearly right, which is enough to refuse it. */
	u64(): number {
		const at = this.#step(8);
		const first = this.#view.getUint32(at, this.little);
		const second = this.#view.getUint32(at + 4, this.little);
		return this.little ? second * 2 ** 32 + first : first * 2 ** 32 + second;
	}

	/** A signed whole number of 8 bytes; beyond ±2^53 only nearly right. */
	i64(): number {
		return Number(this.#view.getBigInt64(this.#step(8), this.little));
	}

	#ended(): Error {
		return this.#options.halt('end', this.#source.size ?? this.position);
	}

	#step(length: number): number {
		const at = this.#at;
		this.#at += length;
		return at;
	}
}
