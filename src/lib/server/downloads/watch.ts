// Watching downloads: every change in order, at the reader's pace, whichever process works on them.
import type { DownloadChange } from '#lib/core/download.ts';
import { sleep, type Clock } from '#lib/server/clock.ts';
import type { Database } from '#lib/server/database.ts';
import { changesSince, latestSerial } from '#lib/server/store/downloads.ts';

/** Milliseconds between two looks while nothing was heard: other processes cannot ring here. */
const lookMs = 500;
/** A reader gets news at most this often, in milliseconds. */
const paceMs = 200;
/** Milliseconds without news after which a reader gets a sign of life. */
const lifeMs = 15_000;

/** Rings for everybody who waits. */
export class Bell {
	#waiting = new Set<() => void>();

	ring(): void {
		for (const wake of this.#waiting) wake();
		this.#waiting.clear();
	}

	/** Settles with the next ring, or after that many milliseconds. Throws the abort. */
	async heard(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
		const early = new AbortController();
		const wake = () => early.abort(rang);
		this.#waiting.add(wake);
		try {
			await sleep(clock, ms, AbortSignal.any([signal, early.signal]));
		} catch (error) {
			if (error !== rang) throw error;
		} finally {
			this.#waiting.delete(wake);
		}
	}
}

const rang = new Error('The bell rang.');

/** What watchers get: a change, or null as a sign of life. */
export type Watched = DownloadChange | null;

interface WatchOptions {
	database: Database;
	clock: Clock;
	bell: Bell;
	/** Number of the last change the reader has; null for a reader that has nothing. */
	after: number | null;
	signal: AbortSignal;
}

/**
 * First what the reader does not have yet, then every change, each download as it is at that moment. Numbers only grow,
 * and a reader that comes back with its last one misses nothing and gets nothing twice.
 */
export async function* watchDownloads({ database, clock, bell, after, signal }: WatchOptions): AsyncGenerator<Watched> {
	const isNew = after === null || after > latestSerial(database);
	let serial = isNew ? 0 : after;
	const start = isNew ? latestSerial(database) : 0;
	let quietSince = clock.ticks();
	for (;;) {
		for (const change of changesSince(database, serial)) {
			serial = change.serial;
			quietSince = clock.ticks();
			// Who has nothing need not hear what is gone.
			if (change.download !== null || change.serial > start) yield change;
		}
		if (clock.ticks() - quietSince >= lifeMs) {
			quietSince = clock.ticks();
			yield null;
		}
		await sleep(clock, paceMs, signal);
		if (latestSerial(database) === serial) await bell.heard(clock, lookMs, signal);
	}
}
