// Models for what is typed into the palette: asked for when typing rests, the newest question alone counts.
import { ApiError, listModels, type Fetch } from '#lib/client/api.ts';
import type { ModelEntry } from '#lib/core/model.ts';
import { emptyQuery } from '#lib/core/query.ts';

interface PaletteSearchOptions {
	fetch: Fetch;
	/** Milliseconds without a key before the server is asked. */
	waitMs?: number;
	/** Most models shown. */
	most?: number;
}

/** The search of one opening of the palette. Ends with `close`. */
export class PaletteSearch {
	#models = $state.raw<readonly ModelEntry[]>([]);
	#total = $state(0);
	#isWaiting = $state(false);
	#problem = $state<string | null>(null);
	#timer: ReturnType<typeof setTimeout> | undefined;
	#asking: AbortController | null = null;
	#wanted = '';
	readonly #fetch: Fetch;
	readonly #waitMs: number;
	readonly #most: number;

	constructor({ fetch, waitMs = 120, most = 8 }: PaletteSearchOptions) {
		this.#fetch = fetch;
		this.#waitMs = waitMs;
		this.#most = most;
	}

	/** The best models for the newest question that was answered. */
	get models(): readonly ModelEntry[] {
		return this.#models;
	}

	/** How many there are in all. */
	get total(): number {
		return this.#total;
	}

	/** Is an answer still to come? */
	get isWaiting(): boolean {
		return this.#isWaiting;
	}

	/** One sentence when there was no answer; null when all is well. */
	get problem(): string | null {
		return this.#problem;
	}

	/** Looks for models with these words; nothing typed finds nothing. */
	search(text: string): void {
		const wanted = text.trim();
		if (wanted === this.#wanted) return;
		this.#wanted = wanted;
		this.close();
		this.#problem = null;
		this.#isWaiting = wanted !== '';
		if (wanted === '') {
			this.#models = [];
			this.#total = 0;
		} else {
			this.#timer = setTimeout(() => void this.#ask(wanted), this.#waitMs);
		}
	}

	/** Stops waiting and asking. */
	close(): void {
		clearTimeout(this.#timer);
		this.#asking?.abort();
		this.#asking = null;
		this.#isWaiting = false;
	}

	async #ask(q: string): Promise<void> {
		const asking = new AbortController();
		this.#asking = asking;
		try {
			const query = { ...emptyQuery, source: 'all' as const, q: q.slice(0, 200), limit: this.#most };
			const page = await listModels(query, { fetch: this.#fetch, signal: asking.signal });
			if (asking.signal.aborted) return;
			this.#models = page.models;
			this.#total = page.total;
		} catch (error) {
			if (asking.signal.aborted) return;
			this.#models = [];
			this.#total = 0;
			this.#problem = error instanceof ApiError ? error.message : 'Modeldex sent an answer that this page cannot read.';
		}
		this.#isWaiting = false;
	}
}
