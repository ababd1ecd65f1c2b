// One reader of the changes of downloads: what it has not taken yet, how long nothing came, and whether it takes anything.
import type { DownloadChange } from '#lib/core/download.ts';
import type { Clock } from '#lib/server/clock.ts';

/** Milliseconds without news after which a reader gets a sign of life. */
const lifeMs = 15_000;
/** A reader that has taken nothing for so many milliseconds while something waits for it is let go. */
export const slowMs = 60_000;

/** What readers get: a change, or null as a sign of life. */
export type Watched = DownloadChange | null;

interface ReaderOptions {
	clock: Clock;
	/** What it does not have yet, oldest first. */
	missed: DownloadChange[];
	onSlow?: (() => void) | undefined;
}

/** Holds at most one change of each download, however long it is not read: the latest, which all readers share. */
export class Reader {
	readonly #options: ReaderOptions;
	readonly #waiting: Map<string, DownloadChange>;
	#wake: (() => void) | null = null;
	#ended: { reason: unknown } | null = null;
	#quietSince: number;
	#takenAt: number;

	constructor(options: ReaderOptions) {
		this.#options = options;
		this.#waiting = new Map(options.missed.map((change) => [change.id, change]));
		this.#quietSince = this.#takenAt = options.clock.ticks();
	}

	/** Has a change for the reader; one of the same download that waits still gives way to it. */
	offer(change: DownloadChange): void {
		this.#waiting.delete(change.id);
		this.#waiting.set(change.id, change);
		this.#wake?.();
	}

	/** The next time it wants something it gets this as an error. */
	end(reason: unknown): void {
		this.#ended ??= { reason };
		this.#wake?.();
	}

	/** To be called from time to time: a sign of life for one that waits long, an end for one that takes nothing. */
	looked(): void {
		const now = this.#options.clock.ticks();
		if (this.#wake !== null && now - this.#quietSince >= lifeMs) this.#wake();
		if (this.#wake !== null || this.#ended !== null) return;
		if (this.#waiting.size === 0 || now - this.#takenAt < slowMs) return;
		this.#waiting.clear();
		this.end(new DOMException('The reader takes nothing.', 'AbortError'));
		this.#options.onSlow?.();
	}

	/** Settles with what is next. Throws what ended it. */
	async next(): Promise<Watched> {
		for (;;) {
			if (this.#ended !== null) throw this.#ended.reason;
			const now = this.#options.clock.ticks();
			this.#takenAt = now;
			const [first] = this.#waiting.values();
			if (first !== undefined) {
				this.#waiting.delete(first.id);
				this.#quietSince = now;
				return first;
			}
			if (now - this.#quietSince >= lifeMs) {
				this.#quietSince = now;
				return null;
			}
			await new Promise<void>((resolve) => (this.#wake = resolve));
			this.#wake = null;
		}
	}
}
