// Where the discovery of this page's life is kept: its code is fetched when it is first needed, and it outlives the page.
import type { Fetch } from '#lib/client/api.ts';
import type { DiscoveryStore } from '#lib/client/discovery.svelte.ts';

interface HomeOptions {
	fetch: Fetch;
	/** Asked when the store is made: does the network work go into a web worker? */
	worker: () => boolean;
}

/** Made in the frame; the store inside appears when a page first opens it. */
export class DiscoveryHome {
	#store = $state.raw<DiscoveryStore | null>(null);
	#opening: Promise<DiscoveryStore> | null = null;
	#options: HomeOptions;

	constructor(options: HomeOptions) {
		this.#options = options;
	}

	/** The store; null before anyone needed it. */
	get store(): DiscoveryStore | null {
		return this.#store;
	}

	/** The store, made when it is not there yet. Rejects when its code cannot be fetched; calling again tries again. */
	open(): Promise<DiscoveryStore> {
		this.#opening ??= this.#make().catch((error: unknown) => {
			this.#opening = null;
			throw error;
		});
		return this.#opening;
	}

	/** Ends a run that is under way: the site is being left. */
	close(): void {
		this.#store?.close();
	}

	async #make(): Promise<DiscoveryStore> {
		const [{ DiscoveryStore }, { DiscoveryConnection }] = await Promise.all([
			import('#lib/client/discovery.svelte.ts'),
			import('#lib/client/discovery-connection.ts'),
		]);
		const connection = new DiscoveryConnection({ worker: this.#options.worker(), fetch: this.#options.fetch });
		this.#store = new DiscoveryStore({ connection });
		return this.#store;
	}
}
