// What can be listed of the Hub and how a page of it comes: the order, its address, one page.
import type { ListingFacts } from '#lib/core/listing.ts';
import { circular, translateInSlices } from '#lib/server/hub-replies.ts';

/** Fields asked of the Hub for a list: everything cards and filters show, without the heavy ones. */
export const usualExpand = [
	'author',
	'createdAt',
	'lastModified',
	'downloads',
	'likes',
	'trendingScore',
	'gated',
	'private',
	'disabled',
	'pipeline_tag',
	'library_name',
	'tags',
	'safetensors',
	'gguf',
	'config',
	'baseModels',
	'sha',
];

/** What to list. `pageSize` is at most 1,000; `most` rows in all, everything when left out. */
export interface ListOrder {
	search?: string;
	author?: string;
	filter?: string[];
	pipelineTag?: string;
	sort?: 'downloads' | 'likes' | 'lastModified' | 'createdAt' | 'trendingScore';
	pageSize?: number;
	most?: number;
	expand?: readonly string[];
	/** Where an earlier listing stopped. */
	cursor?: string | null;
	/** Ask for the next page while one is being read: one request may be for nothing when the reader stops early. */
	ahead?: boolean;
}

/** One page. `odd` counts rows that were no rows; `cursor` is where the next page starts, null at the end. */
export interface ListedPage {
	rows: ListingFacts[];
	odd: number;
	cursor: string | null;
}

/** Where one page starts, how many rows it has, and the fields it tells. */
interface PageOrder {
	limit: number;
	cursor: string | null;
	expand: readonly string[];
}

/** The query of one page. Sorted by downloads unless told otherwise; a page has 1 to 1,000 rows. */
export function listParams(order: ListOrder, { limit, cursor, expand }: PageOrder): URLSearchParams {
	const params = new URLSearchParams();
	const put = (name: string, value: string | undefined) => value !== undefined && params.append(name, value);
	put('search', order.search);
	put('author', order.author);
	put('pipeline_tag', order.pipelineTag);
	for (const tag of order.filter ?? []) put('filter', tag);
	put('sort', order.sort ?? 'downloads');
	put('limit', String(Math.max(1, Math.min(1000, limit))));
	for (const name of expand) put('expand', name);
	if (cursor !== null) put('cursor', cursor);
	return params;
}

/** A page as it came. */
export interface RawPage {
	received: unknown[];
	cursor: string | null;
}

type AskPage = (cursor: string | null, most: number, signal: AbortSignal) => Promise<RawPage>;

/** Pages one after the other until the list or the order ends; see `Hub.list`. A reader that leaves ends the request. */
export async function* walkPages(
	order: ListOrder,
	given: AbortSignal | undefined,
	ask: AskPage,
): AsyncGenerator<ListedPage> {
	const left = new AbortController();
	const signal = given === undefined ? left.signal : AbortSignal.any([given, left.signal]);
	const start = (cursor: string | null, most: number) => {
		const page = ask(cursor, most, signal);
		page.catch(() => {}); // whoever waits for it gets it
		return page;
	};
	const seen = new Set<string>();
	const cursors = new Set<string>();
	let rest = order.most ?? Infinity;
	let cursor = order.cursor ?? null;
	let coming = start(cursor, rest);
	try {
		for (;;) {
			const page = await coming;
			const isMore = page.cursor !== null && rest > page.received.length;
			const early = isMore && order.ahead === true ? start(page.cursor, rest - page.received.length) : null;
			const received = await translateInSlices(page.received, signal);
			const rows = received.filter(({ hub_id, id }) => !seen.has(hub_id ?? id));
			for (const { hub_id, id } of rows) seen.add(hub_id ?? id);
			rest -= rows.length;
			const next = rest > 0 ? page.cursor : null;
			const odd = page.received.length - received.length;
			yield { rows: rows.slice(0, rows.length + Math.min(0, rest)), odd, cursor: next };
			if (next === null) return;
			if (cursors.has(next) || next === cursor || rows.length === 0) throw circular();
			cursors.add(next);
			cursor = next;
			coming = early ?? start(next, rest);
		}
	} finally {
		left.abort(new DOMException('The reader left.', 'AbortError'));
	}
}

/** Which names the Hub takes in `expand`: all of ours until it has refused one, then those its refusal names. */
export class Expandable {
	#names: Set<string> | null = null;

	/** Those of the names that may be asked for. */
	allowed(names: readonly string[]): string[] {
		return names.filter((name) => this.#names === null || this.#names.has(name));
	}

	/** Learns from a refusal; false when it was about something else, or nothing new. */
	learn(refusal: Buffer): boolean {
		const told = refusal.toString('utf8', 0, 8000);
		if (this.#names !== null || !/Invalid option: expected one of/.test(told)) return false;
		const names = [...told.matchAll(/\\?"([A-Za-z][\w-]{0,40})\\?"/g)].map((match) => match[1] ?? '');
		this.#names = new Set(names.filter((name) => name !== 'error'));
		return this.#names.size > 0;
	}
}
