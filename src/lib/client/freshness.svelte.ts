// How fresh the catalog is, as the server's health tells it: offline, refreshed, or being refreshed right now.
import type { Fetch } from '#lib/client/api.ts';

/** What a page says about freshness. Null: the server does not tell. Times are ISO. */
export interface Freshness {
	online: boolean | null;
	/** When rows last came from the Hub; null: never, the shipped snapshot is shown. */
	updatedAt: string | null;
	/** Models read and wanted by the refresh that is under way; null when none is. */
	refreshing: { done: number; total: number } | null;
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null;
}

/** Freshness out of a health answer (`catalog.updated_at`, `hub.online`, `hub.refresh`); what is missing is null. */
export function readFreshness(health: unknown): Freshness {
	const catalog = isObject(health) && isObject(health.catalog) ? health.catalog : {};
	const hub = isObject(health) && isObject(health.hub) ? health.hub : {};
	const { running, done, wanted } = isObject(hub.refresh) ? hub.refresh : {};
	const isCounted = running === true && typeof done === 'number' && typeof wanted === 'number';
	const known = typeof hub.online === 'boolean' ? hub.online : null;
	return {
		online: hub.offline === true ? false : known,
		updatedAt: typeof catalog.updated_at === 'string' ? catalog.updated_at : null,
		refreshing: isCounted ? { done, total: wanted } : null,
	};
}

interface WatchOptions {
	fetch: Fetch;
	/** Between two looks while a refresh is under way, and otherwise. */
	busyMs?: number;
	calmMs?: number;
}

/** Keeps freshness up to date by asking the server now and then, while the page is on the screen. */
export class FreshnessWatch {
	#now = $state.raw<Freshness | null>(null);
	#timer: ReturnType<typeof setTimeout> | undefined;
	#isWatching = false;
	#options: Required<WatchOptions>;

	constructor(options: WatchOptions) {
		this.#options = { busyMs: 2_000, calmMs: 60_000, ...options };
	}

	/** The newest answer; null before there was one, when what the page came with still holds. */
	get now(): Freshness | null {
		return this.#now;
	}

	/** Starts asking. Returns how to stop. */
	start(isBusy: boolean): () => void {
		this.#isWatching = true;
		this.#wait(isBusy);
		return () => {
			this.#isWatching = false;
			clearTimeout(this.#timer);
		};
	}

	#wait(isBusy: boolean): void {
		const { busyMs, calmMs } = this.#options;
		this.#timer = setTimeout(() => void this.#look(), isBusy ? busyMs : calmMs);
	}

	async #look(): Promise<void> {
		if (document.visibilityState === 'visible') {
			try {
				this.#now = readFreshness(await (await this.#options.fetch('/api/health')).json());
			} catch {
				// The server does not answer just now: what was known stays, and the next look may do better.
			}
		}
		if (this.#isWatching) this.#wait(this.#now?.refreshing != null);
	}
}
