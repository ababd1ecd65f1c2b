// How a vote stands, told between the events of a stream as comments: clients that do not know them pass them over.
import type { VoteProgress } from '#lib/core/registry/record.ts';

/** One line of it. */
function lineOf(progress: VoteProgress): string {
	return `: modeldex.progress ${JSON.stringify(progress)}\n\n`;
}

/** Keeps what was said until somebody reads it. */
export class ProgressFeed {
	#lines: string[] = [];
	#wake: () => void = () => {};
	/** Resolves when there is something to read; a new promise after each reading. */
	some = this.#next();

	#next(): Promise<void> {
		return new Promise((resolve) => {
			this.#wake = resolve;
		});
	}

	/** Takes in how a vote stands. */
	readonly tell = (progress: VoteProgress): void => {
		this.#lines.push(lineOf(progress));
		this.#wake();
	};

	/** What was not read yet, as text for a stream; empty when nothing is new. */
	take(): string {
		const text = this.#lines.join('');
		this.#lines = [];
		this.some = this.#next();
		return text;
	}
}
