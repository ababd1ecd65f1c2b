// Filters being chosen, not applied yet, with a live count of what they would show.
import { withoutFilters } from '#lib/core/active-filters.ts';
import type { Facets, ListPage, ModelQuery } from '#lib/core/query.ts';

/** Asks how many models a query shows; must honour the signal. */
export type Counter = (query: ModelQuery, signal: AbortSignal) => Promise<ListPage>;

interface DraftOptions {
	query: ModelQuery;
	facets: Facets;
	total: number;
	count: Counter;
	/** Called when a draft has been counted: what it will show may be fetched. */
	counted?: (query: ModelQuery) => void;
	/** How long choices are gathered before they are counted. */
	gatherMs?: number;
}

/** A draft of filters. Every change is counted; an older count never overwrites a newer one. */
export class FilterDraft {
	#query: ModelQuery;
	#total = $state<number | null>(null);
	#isCounted = $state(true);
	#facets: Facets;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#request: AbortController | null = null;
	#count: Counter;
	#counted: (query: ModelQuery) => void;
	#gatherMs: number;

	constructor({ query, facets, total, count, counted = () => {}, gatherMs = 120 }: DraftOptions) {
		this.#query = $state.raw({ ...query, cursor: null });
		this.#facets = $state.raw(facets);
		this.#total = total;
		this.#count = count;
		this.#counted = counted;
		this.#gatherMs = gatherMs;
	}

	get query(): ModelQuery {
		return this.#query;
	}

	/** Models the draft would show; null while that is being counted or when it could not be. */
	get total(): number | null {
		return this.#total;
	}

	/** Has the last count ended, well or not? */
	get isCounted(): boolean {
		return this.#isCounted;
	}

	get facets(): Facets {
		return this.#facets;
	}

	/** Changes some filters. */
	change(part: Partial<ModelQuery>): void {
		this.#query = { ...this.#query, ...part };
		this.#total = null;
		this.#isCounted = false;
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => void this.#recount(), this.#gatherMs);
	}

	/** Drops every filter; search, source and sort stay. */
	clear(): void {
		this.change(withoutFilters(this.#query));
	}

	/** Ends what is under way. */
	close(): void {
		clearTimeout(this.#timer);
		this.#request?.abort();
	}

	async #recount(): Promise<void> {
		this.#request?.abort();
		const request = new AbortController();
		this.#request = request;
		try {
			const page = await this.#count({ ...this.#query, limit: 1 }, request.signal);
			if (request.signal.aborted) return;
			this.#total = page.total;
			this.#facets = page.facets;
			this.#isCounted = true;
			this.#counted(this.#query);
		} catch {
			// The choices still hold, only their count is missing; the modal says so.
			if (!request.signal.aborted) this.#isCounted = true;
		}
	}
}
