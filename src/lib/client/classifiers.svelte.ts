// The models that can sort texts, as the server tells them, and the downloads of those that are missing.
import { SvelteMap } from 'svelte/reactivity';
import { ApiError, type Fetch } from '#lib/client/api.ts';
import {
	fetchStateOf,
	orderDownload,
	outlookOf,
	readClassifiers,
	type ClassifierList,
	type DownloadOutlook,
	type FetchState,
} from '#lib/client/classify-wire.ts';

/** Where events of the server come from; the browser's `EventSource`. */
export type EventsFrom = (path: string) => Pick<EventSource, 'addEventListener' | 'close'>;

interface ClassifiersOptions {
	fetch: Fetch;
	events: EventsFrom;
}

function sentence(error: unknown): string {
	return error instanceof ApiError ? error.message : 'Something went wrong in this page. Reload it.';
}

/** One model that is being fetched, or could be. */
export interface Fetching {
	outlook: DownloadOutlook | null;
	download: FetchState | null;
	problem: string | null;
	isBusy: boolean;
}

const idle: Fetching = { outlook: null, download: null, problem: null, isBusy: false };

/** States after which nothing more happens by itself. */
const atRest = new Set(['ready', 'paused', 'failed', 'cancelled']);

/** One per page; `close` ends what it listens to. */
export class Classifiers {
	readonly #options: ClassifiersOptions;
	/** null until the first answer. */
	list = $state.raw<ClassifierList | null>(null);
	problem = $state<string | null>(null);
	isLoading = $state(false);
	/** By the id of the repository. */
	readonly fetching = new SvelteMap<string, Fetching>();
	#events: ReturnType<EventsFrom> | null = null;

	constructor(options: ClassifiersOptions) {
		this.#options = options;
	}

	/** Asks what is there. Never throws: `problem` says what went wrong, and an earlier list stays. */
	async load(): Promise<void> {
		this.isLoading = true;
		try {
			this.list = await readClassifiers(this.#options);
			this.problem = null;
		} catch (error) {
			this.problem = sentence(error);
		} finally {
			this.isLoading = false;
		}
	}

	#note(id: string, news: Partial<Fetching>): void {
		this.fetching.set(id, { ...(this.fetching.get(id) ?? idle), ...news });
	}

	/** Finds out what fetching a model would take. */
	async look(id: string): Promise<void> {
		this.#note(id, { isBusy: true, problem: null });
		try {
			this.#note(id, { outlook: await outlookOf(id, this.#options), isBusy: false });
		} catch (error) {
			this.#note(id, { problem: sentence(error), isBusy: false });
		}
	}

	/** Puts the question back. */
	leave(id: string): void {
		this.fetching.delete(id);
	}

	/** Fetches a model and follows it; the list is asked for anew when it is here. */
	async fetch(id: string): Promise<void> {
		this.#note(id, { isBusy: true, problem: null });
		try {
			this.#listen();
			this.#see(id, await orderDownload(id, this.#options));
		} catch (error) {
			this.#note(id, { problem: sentence(error), isBusy: false });
		}
	}

	#see(id: string, download: FetchState): void {
		const problem = download.state === 'failed' ? (download.error?.message ?? 'The download failed.') : null;
		this.#note(id, { download, isBusy: false, problem, outlook: null });
		if (download.state === 'ready') void this.load();
		const active = [...this.fetching.values()].filter((one) => one.download && !atRest.has(one.download.state));
		if (active.length === 0) this.close();
	}

	#listen(): void {
		if (this.#events !== null) return;
		this.#events = this.#options.events('/api/downloads/events');
		this.#events.addEventListener('download', (event) => {
			const news = event instanceof MessageEvent && typeof event.data === 'string' ? parsed(event.data) : null;
			if (news === null) return;
			const known = [...this.fetching].find(([, { download }]) => download?.id === news.id);
			if (known !== undefined) this.#see(known[0], news);
		});
	}

	/** Stops listening. */
	close(): void {
		this.#events?.close();
		this.#events = null;
	}
}

function parsed(text: string): FetchState | null {
	try {
		return fetchStateOf(JSON.parse(text));
	} catch {
		return null; // an event cut short: the next one tells the same and more
	}
}
