// Where the downloads are kept in this page's life: their code is fetched when there is something to watch or to order.
import type { Component } from 'svelte';
import type { Fetch } from '#lib/client/api.ts';
import type { Said } from '#lib/client/download-said.ts';
import type { DownloadStore } from '#lib/client/downloads.svelte.ts';

/** What somebody wants to download: a model, perhaps one of its GGUF labels or of its sets of weights by name. */
export interface DownloadWish {
	id: string;
	quant?: string | null;
	set?: string | null;
}

interface HomeOptions {
	fetch: Fetch;
	/** How many were under way when the server made the page. */
	active: number;
}

/** Name of the channel on which the pages of one browser tell each other that there is something to watch. */
const channelName = 'modeldex:downloads';

/** Made in the frame. Nothing is watched before somebody needs it. */
export class DownloadsHome {
	readonly #options: HomeOptions;
	#store = $state.raw<DownloadStore | null>(null);
	#wish = $state.raw<DownloadWish | null>(null);
	/** Shows what is said; null until its code is here. */
	view = $state.raw<Component<{ said: Said; id: string; look: string }> | null>(null);
	#opening: Promise<DownloadStore> | null = null;
	#channel: BroadcastChannel | null = null;

	constructor(options: HomeOptions) {
		this.#options = options;
	}

	/** The store; null before anyone needed it. */
	get store(): DownloadStore | null {
		return this.#store;
	}

	/** How many are under way or wait for their turn. */
	get active(): number {
		return this.#store?.isTold ? this.#store.active : this.#options.active;
	}

	/** What is being looked at before it is ordered; null: nothing is. */
	get wish(): DownloadWish | null {
		return this.#wish;
	}

	/** Asks to look at a download before it is ordered; null: no more. */
	ask(wish: DownloadWish | null): void {
		this.#wish = wish;
	}

	/** Is there anything to show or to watch? */
	get isNeeded(): boolean {
		return this.#wish !== null || this.#store !== null;
	}

	/** What is said of a model's download beside its name; null: nothing, or nobody watches. */
	said(id: string): Said | null {
		return this.#store?.said(id) ?? null;
	}

	/** Begins: in the browser only. Watches when something is under way, here or as soon as another page says so. */
	begin(): void {
		this.#channel = new BroadcastChannel(channelName);
		this.#channel.onmessage = () => void this.#openQuietly();
		if (this.#options.active > 0) void this.#openQuietly();
	}

	/** The store, watching. Rejects when its code cannot be fetched; calling again tries again. */
	open(): Promise<DownloadStore> {
		this.#opening ??= this.#make().catch((error: unknown) => {
			this.#opening = null;
			throw error;
		});
		return this.#opening;
	}

	/** Tells the other pages of this browser that there is something to watch. */
	tell(): void {
		this.#channel?.postMessage('ordered');
	}

	/** Out of sight nothing is watched: browsers allow six connections to a server, for all pages together. */
	see(isVisible: boolean): void {
		if (isVisible) this.#store?.watch();
		else this.#store?.rest();
	}

	/** Ends: the site is being left. */
	close(): void {
		this.#store?.rest();
		this.#channel?.close();
	}

	async #openQuietly(): Promise<void> {
		await this.open().catch(() => {
			// The server is away; whoever opens the page of downloads is told so there.
		});
	}

	async #make(): Promise<DownloadStore> {
		const { DownloadStore } = await import('#lib/client/downloads.svelte.ts');
		const store = new DownloadStore({ fetch: this.#options.fetch });
		store.watch();
		this.#store = store;
		return store;
	}
}
