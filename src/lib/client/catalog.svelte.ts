// The lists a person has scrolled through: each keeps its loaded pages, so that going back finds them as they were.
/* eslint-disable svelte/prefer-svelte-reactivity -- these sets and maps are bookkeeping that nothing renders */
import { SvelteSet } from 'svelte/reactivity';
import { ApiError, listModels, type Fetch } from '#lib/client/api.ts';
import type { ModelEntry } from '#lib/core/model.ts';
import { unchecked, type Checked, type ListPage, type ModelQuery } from '#lib/core/query.ts';
import { checkedParams, toSearchParams } from '#lib/core/query-url.ts';

/** A model's index in a list and its distance from the top of the screen in pixels. */
export interface Place {
	index: number;
	top: number;
}

/** How pages are asked for. */
interface Asking {
	fetch: Fetch;
	checked: Checked;
}

/** One list that grows page by page. */
export class ModelList {
	models = $state.raw<ModelEntry[]>([]);
	loading = $state(false);
	/** One sentence when the last page could not be read; null otherwise. */
	error = $state<string | null>(null);
	/** Models whose specs are open; kept here, as a card far from the screen may not exist. */
	readonly opened = new SvelteSet<string>();
	/** Models whose packings are shown. */
	readonly unfolded = new SvelteSet<string>();
	/** Where the person was when the list was left; null when they never left it. */
	place: Place | null = null;
	#cursor = $state<string | null>(null);
	#isFresh = $state(true);
	#query: ModelQuery;
	#asked: Asking;

	constructor(query: ModelQuery, page: ListPage, asked: Asking) {
		this.#query = query;
		this.#asked = asked;
		this.models = page.models;
		this.#cursor = page.next_cursor;
	}

	/** Is there more to load? */
	get hasMore(): boolean {
		return this.#cursor !== null;
	}

	/** Is this its first page and nothing else? A list that grew is shown whole at once, so that going back finds its place. */
	get isFresh(): boolean {
		return this.#isFresh;
	}

	/** Opens or closes the specs of a model. */
	toggle(id: string): void {
		if (!this.opened.delete(id)) this.opened.add(id);
	}

	/** Shows or hides the packings of a model. */
	fold(id: string): void {
		if (!this.unfolded.delete(id)) this.unfolded.add(id);
	}

	/** Does this list begin with the very models of a freshly read first page? */
	startsWith(page: ListPage): boolean {
		return page.models.every((entry, index) => this.models[index]?.id === entry.id);
	}

	/** Loads the next page and adds it. Does nothing at the end or while a page is on its way. */
	async more(): Promise<void> {
		if (this.loading || this.#cursor === null) return;
		this.loading = true;
		this.error = null;
		try {
			const page = await listModels({ ...this.#query, cursor: this.#cursor }, this.#asked);
			const seen = new Set(this.models.map((entry) => entry.id));
			this.#isFresh = false;
			this.models = [...this.models, ...page.models.filter((entry) => !seen.has(entry.id))];
			this.#cursor = page.next_cursor;
		} catch (error) {
			this.error = error instanceof ApiError ? error.message : 'The next page could not be read.';
		} finally {
			this.loading = false;
		}
	}
}

/** Lists kept for going back; older ones are read again. */
const kept = 12;

/** The lists of this page's life, by query. */
export class ModelLists {
	#lists = new Map<string, ModelList>();
	#fetch: Fetch;

	constructor({ fetch }: { fetch: Fetch }) {
		this.#fetch = fetch;
	}

	/** The list of a query, its rows measured as told: as it was scrolled before when it still begins like `page`, else beginning with `page`. */
	open(query: ModelQuery, page: ListPage, checked: Checked = unchecked): ModelList {
		const key = `${toSearchParams(query)} ${checkedParams(checked)}`;
		const before = this.#lists.get(key);
		const list = before?.startsWith(page) ? before : new ModelList(query, page, { fetch: this.#fetch, checked });
		this.#lists.delete(key);
		this.#lists.set(key, list);
		const [oldest] = this.#lists.keys();
		if (this.#lists.size > kept && oldest !== undefined) this.#lists.delete(oldest);
		return list;
	}
}
