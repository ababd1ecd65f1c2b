// How many connections the files of this process may have: one each, and a few more for large ones while they last.

/** Files with this much to fetch are worth several connections: each one costs two requests. */
const largeBytes = 1e9;
/** Pieces are about a sixteenth of what is missing, within these bounds in bytes. */
const least = 64 * 1024 * 1024;
const most = 256 * 1024 * 1024;
/** Connections for one file. */
const perFile = 4;
/** Connections beyond the first of each file, for all files together. */
const extraAtOnce = 8;

/** One per process. */
export class Streams {
	/** Connections for one file, at most. */
	readonly most: number = perFile;
	readonly #largeBytes: number;
	readonly #pieceBytes: number | null;
	#left = extraAtOnce;

	/** `largeBytes` and `pieceBytes` take the place of what is usual. */
	constructor({ large = largeBytes, piece = null }: { large?: number; piece?: number | null } = {}) {
		this.#largeBytes = large;
		this.#pieceBytes = piece;
	}

	/** Bytes of a piece when so many are missing; null when one connection is to fetch them all. */
	pieceBytes(missing: number): number | null {
		if (missing < this.#largeBytes) return null;
		return this.#pieceBytes ?? Math.min(most, Math.max(least, Math.ceil(missing / 16)));
	}

	/** Takes a connection for a file that has so many; false when there is none. Whoever has it gives it back. */
	take(held: number): boolean {
		if (held >= this.most || this.#left === 0) return false;
		this.#left -= 1;
		return true;
	}

	/**
	 * Batches of a mebibyte that one connection may gather while the disk is slow: many for one that is alone, few for one
	 * of several, which do not wait for each other. Twice as much is held at most: some 64 MB for all files together.
	 */
	get ahead(): number {
		return this.#left === extraAtOnce ? 8 : 2;
	}

	give(): void {
		this.#left += 1;
	}
}
