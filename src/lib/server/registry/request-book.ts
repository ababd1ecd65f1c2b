// Records of routed requests: written in batches beside the answers, readable from the moment an answer has ended.
import { Failure } from '#lib/core/failure.ts';
import type { RequestRecord } from '#lib/core/registry/record.ts';
import type { Clock } from '#lib/server/clock.ts';
import type { Database } from '#lib/server/database.ts';
import {
	dropRequests,
	requestText,
	requestTexts,
	saveRequest,
	type RequestFilter,
} from '#lib/server/store/requests.ts';

interface BookOptions {
	database: Database;
	clock: Clock;
	onError: (error: unknown) => void;
}

const writeAfterMs = 100;
/**
 * So many are written with the next turn. Writing more of them at a time would save little, make whoever comes in
 * between wait for longer, and keep records until the collector takes them for things that stay.
 */
const lot = 50;
/** Records that wait at most; where turns are long they are written at once. */
const mostWaiting = 500;
const keepMs = 90 * 86_400_000;
const dropEveryMs = 3_600_000;

/** After so long without a record the database's log is folded in: while requests come, nobody shall wait for the disk. */
const quietMs = 1_000;

/** Which records to list; everything may be left out. */
export type ListFilter = Partial<RequestFilter>;

/** Reading writes what waits first, so nobody ever sees less than what has happened. */
export class RequestBook {
	readonly #database: Database;
	readonly #clock: Clock;
	readonly #onError: (error: unknown) => void;
	#waiting: RequestRecord[] = [];
	#cancel: (() => void) | null = null;
	#cancelFold: (() => void) | null = null;
	#droppedAt = -Infinity;

	constructor({ database, clock, onError }: BookOptions) {
		this.#database = database;
		this.#clock = clock;
		this.#onError = onError;
	}

	/** Takes a record in. */
	keep(record: RequestRecord): void {
		this.#waiting.push(record);
		const { length } = this.#waiting;
		if (length >= mostWaiting) return this.flush();
		if (length === lot) {
			this.#cancel?.();
			this.#cancel = null;
		}
		this.#cancel ??= this.#clock.after(length < lot ? writeAfterMs : 0, () => this.flush());
	}

	/** Writes what waits. A database that cannot be written costs the records, never an answer. */
	flush(): void {
		this.#cancel?.();
		this.#cancel = null;
		const records = this.#waiting;
		if (records.length === 0) return;
		this.#waiting = [];
		try {
			this.#database.transaction(() => {
				for (const record of records) saveRequest(this.#database, record);
				this.#drop();
			});
			this.#cancelFold?.();
			this.#cancelFold = this.#clock.after(quietMs, () => this.#fold());
		} catch (error) {
			this.#onError(error);
		}
	}

	#fold(): void {
		this.#cancelFold = null;
		try {
			this.#database.fold();
		} catch (error) {
			this.#onError(error);
		}
	}

	/** Writes what waits, and lets nothing run any more. */
	close(): void {
		this.flush();
		this.#cancelFold?.();
		this.#cancelFold = null;
	}

	#drop(): void {
		const now = this.#clock.ticks();
		if (now - this.#droppedAt < dropEveryMs) return;
		this.#droppedAt = now;
		dropRequests(this.#database, this.#clock.date().getTime() - keepMs);
	}

	/** One record; throws `not_found` when there is none of that id. */
	read(id: string): RequestRecord {
		this.flush();
		const text = requestText(this.#database, id);
		if (text === null) throw new Failure('not_found', 'There is no request of this id.');
		return JSON.parse(text);
	}

	/** Records, the newest first. */
	list({
		route = null,
		user = null,
		served = null,
		outcome = null,
		before = null,
		limit = 50,
	}: ListFilter): RequestRecord[] {
		this.flush();
		return requestTexts(this.#database, { route, user, served, outcome, before, limit }).map((text) =>
			JSON.parse(text),
		);
	}
}
