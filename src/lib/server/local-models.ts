// Keeps the catalog's idea of "models on this machine" in step with what is on its disks.
import { recordFromListing } from '#lib/core/entry.ts';
import type { EntryCopy } from '#lib/core/model.ts';
import type { Catalog } from '#lib/server/catalog.ts';
import type { Clock } from '#lib/server/clock.ts';
import type { Configs } from '#lib/server/configs.ts';
import type { Held, Look, Shelf } from '#lib/server/inventory/shelf.ts';
import type { FolderWatch } from '#lib/server/inventory/watch.ts';

/** What no watch reports is seen after this long at the latest; a look at folders that did not change is cheap. */
const LOOK_EVERY_MS = 60_000;

interface LocalModelsOptions {
	shelf: Pick<Shelf, 'look'>;
	catalog: Pick<Catalog, 'entry' | 'upsert' | 'setLocal'>;
	configs: Pick<Configs, 'readLocal'>;
	clock: Clock;
	/** Tells of changes between two looks; none for a short command. */
	watch?: Pick<FolderWatch, 'follow' | 'close'> | null;
	/** Called when a look in the background went wrong. */
	onBug: (error: unknown) => void;
}

/** Looks when something changed, and once a minute. */
export class LocalModels {
	readonly #options: LocalModelsOptions;
	/** What was read of each model, so that an unchanged one is not read again. */
	readonly #read = new Map<string, string>();
	#models = new Map<string, Held>();
	#seen: Look | null = null;
	#reading: Promise<void> = Promise.resolve();
	#cancel = () => {};
	#isClosed = false;
	/** A short command reads what it is asked for, and nothing else. */
	#readsAll = false;

	constructor(options: LocalModelsOptions) {
		this.#options = options;
	}

	/** Looks now and again every minute, until `close`. Resolves when it is known what is here; reading it goes on. */
	async start(): Promise<void> {
		this.#readsAll = true;
		await this.look();
		if (this.#isClosed) return;
		this.#cancel();
		const { clock, onBug } = this.#options;
		this.#cancel = clock.after(LOOK_EVERY_MS, () => void this.start().catch(onBug));
	}

	/** Stops looking; resolves when nothing is being read any more. */
	async close(): Promise<void> {
		this.#isClosed = true;
		this.#cancel();
		this.#options.watch?.close();
		await this.#reading;
	}

	/** Takes in which models are there now; those the catalog does not list get a row. What is new is read afterwards. */
	async look(options: { isWhole?: boolean } = {}): Promise<void> {
		const { shelf, catalog, clock, watch, onBug } = this.#options;
		const look = await shelf.look(options);
		if (this.#isClosed || look === this.#seen) return;
		this.#seen = look;
		this.#models = bestByModel(look.held);
		const asOf = clock.date().toISOString();
		const unknown = [...this.#models].filter(([id]) => catalog.entry(id) === null);
		catalog.upsert(
			unknown.map(([id, { copy }]) => {
				return recordFromListing(copy.revision === null ? { id } : { id, sha: copy.revision }, 'local', asOf);
			}),
		);
		catalog.setLocal(new Set(this.#models.keys()), placesByModel(look.held));
		watch?.follow(look.watched);
		if (this.#readsAll) this.#reading = this.#reading.then(() => this.#readNew()).catch(onBug);
	}

	/** Resolves when everything that was seen has been read. */
	async settled(): Promise<void> {
		await this.#reading;
	}

	/** Reads the config of every model whose copy changed since the last look. */
	async #readNew(): Promise<void> {
		for (const [id, { copy }] of this.#models) {
			if (this.#isClosed) return;
			const mark = `${copy.key} ${copy.revision ?? `${copy.size_bytes} ${copy.arrived}`}`;
			if (this.#read.get(id) === mark) continue;
			this.#read.set(id, mark);
			await this.#options.configs.readLocal(id);
		}
	}
}

/** The usable copies, the best of each model. */
function bestByModel(held: readonly Held[]): Map<string, Held> {
	const best = new Map<string, Held>();
	for (const one of held) {
		if (one.copy.broken === null && one.copy.id !== '' && !best.has(one.copy.id)) best.set(one.copy.id, one);
	}
	return best;
}

/** Where each model is, for its row in lists. */
function placesByModel(held: readonly Held[]): Map<string, EntryCopy[]> {
	const places = new Map<string, EntryCopy[]>();
	for (const { copy } of held) {
		if (copy.broken !== null) continue;
		const { tool, size_bytes, partial } = copy;
		places.set(copy.id, [...(places.get(copy.id) ?? []), { tool, size_bytes, partial }]);
	}
	return places;
}
