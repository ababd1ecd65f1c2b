// Walks through a GGUF header: knows what it is reading, and says in one sentence why it cannot go on.
import { ByteCursor, type ByteSource, type Halt } from '#lib/core/byte-source.ts';
import { Failure } from '#lib/core/failure.ts';

/** Longest header that is walked through. The largest known (vocabulary of 262,144 tokens with merges) takes 16 MB. */
export const mostHeaderBytes = 48 * 1024 * 1024;

/** The failure for a file that is not what it should be; `what` completes a sentence. */
export function invalid(what: string): Failure {
	return new Failure('invalid_gguf', `This is no usable GGUF file: ${what}.`);
}

/** A count in words of a sentence; above 2^53 no digits would be right. */
export function shown(count: number): string {
	return Number.isSafeInteger(count) ? count.toLocaleString('en') : 'more than 2^53';
}

/** A cursor over a header, within the longest header that is allowed. */
export class GgufCursor extends ByteCursor {
	/** What is being read, for sentences. */
	what = 'its first bytes';
	readonly #decoder = new TextDecoder();

	constructor(source: ByteSource) {
		super(source, { limit: mostHeaderBytes, halt: (why, at) => this.#halt(why, at) });
	}

	#halt(why: Halt, position: number): Failure {
		if (why === 'limit') return invalid(`its header is longer than ${mostHeaderBytes / 1024 / 1024} MiB`);
		return invalid(`it ends at byte ${shown(position)}, within ${this.what}`);
	}

	/** A number of things that the header says it has; refused when it is too large for anybody or for these bytes. */
	claimed(things: string, most: number, leastBytes: number): number {
		const count = this.u64();
		if (count > most) throw invalid(`it claims ${shown(count)} ${things}, more than ${shown(most)}`);
		if (count * leastBytes > this.left) throw invalid(`it claims ${shown(count)} ${things}, too many for its size`);
		return count;
	}

	/** Length in bytes of the text that follows. */
	async length(most: number): Promise<number> {
		await this.fetch(8);
		const length = this.u64();
		if (length <= most && length <= this.left) return length;
		const why = length > most ? `more than ${shown(most)}` : 'beyond its end';
		throw invalid(`${this.what} has a text of ${shown(length)} bytes, ${why}`);
	}

	/** So many bytes as text; broken UTF-8 becomes U+FFFD. They must be at hand. */
	text(length: number): string {
		return this.#decoder.decode(this.bytes(length));
	}

	/** A text with its length before it. */
	async name(most: number): Promise<string> {
		const length = await this.length(most);
		await this.fetch(length);
		return this.text(length);
	}
}
