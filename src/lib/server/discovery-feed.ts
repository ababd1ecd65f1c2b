// What a discovery learns reaches the catalog a little later and little by little, so that no reader waits for it.
import { isAbort } from '#lib/core/failure.ts';
import type { ListingFacts } from '#lib/core/listing.ts';
import type { ModelRecord } from '#lib/core/model.ts';
import type { Catalog } from '#lib/server/catalog.ts';
import type { Clock } from '#lib/server/clock.ts';
import type { Database } from '#lib/server/database.ts';
import { saveListings } from '#lib/server/store/listings.ts';

/** Rows written at once, some ten milliseconds of work. */
const BATCH = 50;

/** How long a closing process goes on writing. */
const CLOSING_MS = 700;

/** One listed model: its list fields and the row made of them. */
export interface ListedModel {
	facts: ListingFacts;
	record: ModelRecord;
}

interface FeedOptions {
	catalog: Pick<Catalog, 'upsert'>;
	database: Database;
	clock: Clock;
	onBug: (error: unknown) => void;
}

/** Listed models on their way into the catalog. Nothing here fails a run: what could not be written is listed again. */
export class CatalogFeed {
	readonly #options: FeedOptions;
	readonly #waiting = new Map<string, ListedModel>();
	#draining: Promise<void> | null = null;
	#isClosed = false;

	constructor(options: FeedOptions) {
		this.#options = options;
	}

	/** Puts rows in the queue; a newer row of a model takes the place of an older one. */
	add(models: readonly ListedModel[]): void {
		if (this.#isClosed) return;
		for (const model of models) this.#waiting.set(model.facts.id, model);
	}

	/** Writes one model's row now, so that what is learned of it has a row to go to. */
	ensure(id: string): void {
		const model = this.#waiting.get(id);
		if (model !== undefined) this.#write([model]);
	}

	/** Starts to write what waits, between other work. */
	drain(): void {
		this.#draining ??= this.#drain().finally(() => {
			this.#draining = null;
		});
	}

	async #drain(): Promise<void> {
		while (this.#waiting.size > 0 && !this.#isClosed) {
			await new Promise((resolve) => setImmediate(resolve));
			if (!this.#isClosed) this.#write([...this.#waiting.values()].slice(0, BATCH));
		}
	}

	#write(models: ListedModel[]): void {
		for (const { facts } of models) this.#waiting.delete(facts.id);
		const { catalog, database, clock, onBug } = this.#options;
		try {
			database.transaction(() => {
				catalog.upsert(models.map(({ record }) => record));
				saveListings(
					database,
					models.map(({ facts }) => facts),
					clock.date().toISOString(),
				);
			});
		} catch (error) {
			if (!isAbort(error)) onBug(error);
		}
	}

	/** Writes what a moment allows and takes nothing more. */
	async close(): Promise<void> {
		const until = this.#options.clock.ticks() + CLOSING_MS;
		while (this.#waiting.size > 0 && this.#options.clock.ticks() < until) {
			this.#write([...this.#waiting.values()].slice(0, BATCH));
			await new Promise((resolve) => setImmediate(resolve));
		}
		this.#isClosed = true;
		await this.#draining;
	}
}
