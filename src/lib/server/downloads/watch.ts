// Watching downloads: one look at the database for all readers, each change in order and at the reader's own pace.
import type { DownloadChange } from '#lib/core/download.ts';
import type { Clock } from '#lib/server/clock.ts';
import type { Database } from '#lib/server/database.ts';
import { Reader, type Watched } from '#lib/server/downloads/reader.ts';
import { changesSince } from '#lib/server/store/downloads.ts';

/** Milliseconds between two looks while nothing was heard: other processes cannot ring here. */
const lookMs = 500;
/** Readers get news of what goes on at most this often, in milliseconds; what has come to rest is told at once. */
const paceMs = 200;

interface WatchOptions {
	database: Database;
	clock: Clock;
}

interface ReadOptions {
	/** Number of the last change the reader has; null for a reader that has nothing. */
	after: number | null;
	signal: AbortSignal;
	/** Called once when the reader does not take what is there for it: whoever knows its connection cuts it. */
	onSlow?: (() => void) | undefined;
}

/** The watch over all downloads of a data folder: one per process, at work while it has readers. */
export class DownloadWatch {
	readonly #options: WatchOptions;
	readonly #readers = new Set<Reader>();
	/** The latest change of each download, oldest first, while there are readers; they all share these. */
	readonly #latest = new Map<string, DownloadChange>();
	#serial = 0;
	#lookedAt = -Infinity;
	#dueAt = Infinity;
	#cancel = () => {};

	constructor(options: WatchOptions) {
		this.#options = options;
	}

	/**
	 * First what the reader does not have yet, then every change, each download as it is at that moment; null is a sign of
	 * life. Numbers only grow, and a reader that comes back with its last one misses nothing and gets nothing twice.
	 */
	async *changes({ after, signal, onSlow }: ReadOptions): AsyncGenerator<Watched> {
		signal.throwIfAborted();
		const reader = this.#enter(after, onSlow);
		const stop = () => reader.end(signal.reason);
		signal.addEventListener('abort', stop, { once: true });
		try {
			for (;;) yield await reader.next();
		} finally {
			signal.removeEventListener('abort', stop);
			this.#leave(reader);
		}
	}

	/** Something has changed: readers hear of it with the next look. */
	ring(): void {
		if (this.#readers.size > 0) this.#lookWithin(Math.max(0, this.#lookedAt + paceMs - this.#options.clock.ticks()));
	}

	/** Looks now and hands what has changed to every reader; without readers nothing happens. */
	look(): void {
		if (this.#readers.size === 0) return;
		this.#cancel();
		this.#dueAt = Infinity;
		this.#lookedAt = this.#options.clock.ticks();
		try {
			this.#read();
		} catch (error) {
			for (const reader of this.#readers) reader.end(error);
		}
		for (const reader of this.#readers) reader.looked();
		this.#lookWithin(lookMs);
	}

	/** Ends the watch for every reader. */
	close(): void {
		for (const reader of this.#readers) reader.end(new DOMException('Modeldex is closing.', 'AbortError'));
		this.#cancel();
	}

	#read(): void {
		for (const change of changesSince(this.#options.database, this.#serial)) {
			this.#serial = change.serial;
			this.#latest.delete(change.id);
			this.#latest.set(change.id, change);
			for (const reader of this.#readers) reader.offer(change);
		}
	}

	#lookWithin(ms: number): void {
		const { clock } = this.#options;
		const dueAt = clock.ticks() + ms;
		if (dueAt >= this.#dueAt) return;
		this.#cancel();
		this.#dueAt = dueAt;
		this.#cancel = clock.after(ms, () => this.look());
	}

	#enter(after: number | null, onSlow: (() => void) | undefined): Reader {
		this.#read();
		const isNew = after === null || after > this.#serial;
		// Who has nothing need not hear what is gone.
		const missed = [...this.#latest.values()].filter(({ serial, download }) =>
			isNew ? download !== null : serial > after,
		);
		const reader = new Reader({ clock: this.#options.clock, missed, onSlow });
		this.#readers.add(reader);
		this.#lookWithin(lookMs);
		return reader;
	}

	#leave(reader: Reader): void {
		this.#readers.delete(reader);
		if (this.#readers.size > 0) return;
		this.#cancel();
		this.#dueAt = Infinity;
		this.#latest.clear();
		this.#serial = 0;
	}
}
