// Keeps the catalog's idea of "models on this machine" in step with the Hugging Face cache folder.
import { recordFromListing } from '#lib/core/entry.ts';
import type { Catalog } from '#lib/server/catalog.ts';
import type { Clock } from '#lib/server/clock.ts';
import type { Configs } from '#lib/server/configs.ts';
import type { BrokenFolder, Inventory, LocalModel } from '#lib/server/inventory.ts';

/** Other tools download while we run; a look at the folder names is cheap. */
const LOOK_EVERY_MS = 60_000;

interface LocalModelsOptions {
	inventory: Pick<Inventory, 'scan'>;
	catalog: Pick<Catalog, 'entry' | 'upsert' | 'setLocal'>;
	configs: Pick<Configs, 'readLocal'>;
	clock: Clock;
	/** Called when a look in the background went wrong. */
	onBug: (error: unknown) => void;
}

/** Looks at the cache folder once a minute. */
export class LocalModels {
	readonly #options: LocalModelsOptions;
	/** Commit that was read of each model, so that an unchanged one is not read again. */
	readonly #read = new Map<string, string>();
	#models: readonly LocalModel[] = [];
	#reading: Promise<void> = Promise.resolve();
	#cancel = () => {};
	#isClosed = false;
	/** Folders of the last look that could not be used. */
	broken: readonly BrokenFolder[] = [];

	constructor(options: LocalModelsOptions) {
		this.#options = options;
	}

	/** Looks now and again every minute, until `close`. Resolves when it is known what is here; reading it goes on. */
	async start(): Promise<void> {
		await this.look();
		const { clock, onBug } = this.#options;
		this.#reading = this.#readNew().catch(onBug);
		if (this.#isClosed) return;
		this.#cancel = clock.after(LOOK_EVERY_MS, () => void this.#reading.then(() => this.start()).catch(onBug));
	}

	/** Stops looking; resolves when nothing is being read any more. */
	async close(): Promise<void> {
		this.#isClosed = true;
		this.#cancel();
		await this.#reading;
	}

	/** Takes in which models are there now; those the catalog does not list get a row. */
	async look(): Promise<void> {
		const { inventory, catalog, clock } = this.#options;
		const { models, broken } = await inventory.scan();
		if (this.#isClosed) return;
		this.broken = broken;
		const asOf = clock.date().toISOString();
		const unknown = models.filter(({ id }) => catalog.entry(id) === null);
		catalog.upsert(unknown.map(({ id, commit }) => recordFromListing({ id, sha: commit }, 'local', asOf)));
		catalog.setLocal(new Set(models.map(({ id }) => id)));
		this.#models = models;
	}

	/** Reads the config of every model whose copy changed since the last look. */
	async #readNew(): Promise<void> {
		for (const { id, commit } of this.#models) {
			if (this.#isClosed) return;
			if (this.#read.get(id) === commit) continue;
			this.#read.set(id, commit);
			await this.#options.configs.readLocal(id);
		}
	}
}
