// Keeps the catalog fresh in the background: the most downloaded models of the Hub, in a handful of list requests.
import { z } from 'zod';
import { recordFromListing } from '#lib/core/entry.ts';
import { isAbort, toFailure } from '#lib/core/failure.ts';
import type { ListingFacts } from '#lib/core/listing.ts';
import type { Catalog } from '#lib/server/catalog.ts';
import type { Clock } from '#lib/server/clock.ts';
import type { Database } from '#lib/server/database.ts';
import type { Hub } from '#lib/server/hub.ts';
import { saveListings } from '#lib/server/store/listings.ts';
import { readMeta, saveMeta } from '#lib/server/store/meta.ts';

/** How far the refresh is. `error` is why the last one ended early; null while running and after a whole one. */
export interface RefreshProgress {
	running: boolean;
	done: number;
	wanted: number;
	error: { code: string; message: string } | null;
}

interface RefreshOptions {
	hub: Pick<Hub, 'list' | 'offline'>;
	catalog: Pick<Catalog, 'upsert'>;
	database: Database;
	clock: Clock;
	/** Models to list. */
	wanted?: number;
	/** Called with anything that is not a Failure: a bug worth a log line. */
	onBug?: (error: unknown) => void;
}

const WANTED = 5000;
const EVERY_MS = 6 * 60 * 60 * 1000;
/** The first page of the app goes before the first page of the list. */
const FIRST_MS = 1500;
const RETRY_MS = 60_000;
const LONGEST_RETRY_MS = 30 * 60 * 1000;
/** A place to go on from is good for a while: the Hub's order moves. */
const PLACE_KEPT_MS = 60 * 60 * 1000;

/** Rows taken in at once, some 20 ms of work; between two batches other requests get their turn. */
const BATCH = 100;

const doneKey = 'refresh_done';
const placeKey = 'refresh_place';
const placeSchema = z.object({ cursor: z.string(), done: z.number(), at: z.string() });

/** Refreshes every few hours. One run at a time; what was taken in stays when a run ends early. */
export class CatalogRefresh {
	readonly #options: RefreshOptions;
	readonly #closing = new AbortController();
	#progress: RefreshProgress;
	#running: Promise<void> | null = null;
	#failures = 0;
	#cancel = () => {};

	constructor(options: RefreshOptions) {
		this.#options = options;
		this.#progress = { running: false, done: 0, wanted: options.wanted ?? WANTED, error: null };
	}

	get progress(): RefreshProgress {
		return this.#progress;
	}

	/** Starts the rounds: the first soon, or when the last one is old enough. Does nothing in offline mode. */
	start(): void {
		if (this.#options.hub.offline || this.#closing.signal.aborted) return;
		const last = Date.parse(readMeta(this.#options.database, doneKey) ?? '');
		const age = this.#options.clock.date().getTime() - last;
		const rest = Number.isNaN(age) || age < 0 ? 0 : EVERY_MS - age;
		this.#schedule(Math.max(FIRST_MS, rest));
	}

	#schedule(ms: number): void {
		if (this.#closing.signal.aborted) return;
		this.#cancel = this.#options.clock.after(ms, () => {
			void this.run().then(() => {
				const isWhole = this.#progress.error === null;
				this.#failures = isWhole ? 0 : this.#failures + 1;
				this.#schedule(isWhole ? EVERY_MS : Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** (this.#failures - 1)));
			});
		});
	}

	/** Ends a run under way and plans no other. */
	async close(): Promise<void> {
		this.#cancel();
		this.#closing.abort(new DOMException('Modeldex is closing.', 'AbortError'));
		await this.#running;
	}

	/** One round, or the one under way. Never throws; see `progress`. */
	run(): Promise<void> {
		this.#running ??= this.#round().finally(() => {
			this.#running = null;
		});
		return this.#running;
	}

	async #round(): Promise<void> {
		const { database, clock } = this.#options;
		const wanted = this.#options.wanted ?? WANTED;
		const place = this.#place();
		this.#progress = { running: true, done: place?.done ?? 0, wanted, error: null };
		try {
			await this.#take(wanted, place?.cursor ?? null);
			saveMeta(database, doneKey, clock.date().toISOString());
			saveMeta(database, placeKey, '');
			this.#progress = { ...this.#progress, running: false };
		} catch (error) {
			const failure = toFailure(error);
			if (failure.code === 'internal' && !isAbort(error)) this.#options.onBug?.(error);
			this.#progress = { ...this.#progress, running: false, error: failure.toBody().error };
		}
	}

	async #take(wanted: number, cursor: string | null): Promise<void> {
		const { hub, database, clock } = this.#options;
		const { signal } = this.#closing;
		const most = wanted - this.#progress.done;
		for await (const page of hub.list({ sort: 'downloads', most, cursor }, { signal })) {
			const asOf = clock.date().toISOString();
			for (let at = 0; at < page.rows.length; at += BATCH) {
				signal.throwIfAborted();
				this.#absorb(page.rows.slice(at, at + BATCH), asOf);
				await new Promise((resolve) => setImmediate(resolve));
			}
			const place = { cursor: page.cursor, done: this.#progress.done, at: asOf };
			saveMeta(database, placeKey, page.cursor === null ? '' : JSON.stringify(place));
		}
	}

	#absorb(rows: ListingFacts[], asOf: string): void {
		const { catalog, database } = this.#options;
		database.transaction(() => {
			catalog.upsert(rows.map((facts) => recordFromListing(facts, 'hub', asOf)));
			saveListings(database, rows, asOf);
		});
		this.#progress = { ...this.#progress, done: this.#progress.done + rows.length };
	}

	/** Where a run that was cut short can go on; null for a run from the start. */
	#place(): z.infer<typeof placeSchema> | null {
		const text = readMeta(this.#options.database, placeKey) ?? '';
		const place = text === '' ? null : placeSchema.safeParse(JSON.parse(text)).data;
		if (!place) return null;
		const age = this.#options.clock.date().getTime() - Date.parse(place.at);
		return age >= 0 && age < PLACE_KEPT_MS ? place : null;
	}
}
