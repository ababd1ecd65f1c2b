// What one discovery knows of each model, in listing order, and the news of every change.
import { readListed, type Told } from '#lib/core/entry.ts';
import {
	blankEntry,
	candidateLimit,
	prefilterPrefix,
	type DiscoveryProgress,
	type DiscoveryStatus,
} from '#lib/core/discovery.ts';
import type { ListingFacts } from '#lib/core/listing.ts';
import { entrySchema, type Classification, type ModelEntry, type ModelRecord } from '#lib/core/model.ts';
import { prefilter, type Dropped } from '#lib/core/prefilter.ts';
import type { ListedModel } from '#lib/server/discovery-feed.ts';

/** One change, for every caller who watches. `ts` is Unix time in milliseconds. */
export type News = Omit<DiscoveryProgress, 'action' | 'id'>;

/** One model of the run. `dropped`: out by the pre-filter, which makes no news. */
export interface BookItem {
	readonly facts: ListingFacts;
	record: ModelRecord;
	status: DiscoveryStatus | 'dropped';
}

interface BookOptions {
	/** Candidates to read, counted in listing order. */
	limit: number;
	/** ISO time of the list. */
	asOf: string;
	now: () => number;
	publish: (news: News) => void;
	classified: (classification: Classification) => void;
}

/** What a run shows of a model: the row of lists without its file names, which no card needs. */
const shown = entrySchema.omit({ siblings: true }).keyof().options;

function copy<K extends keyof ModelEntry>(to: Partial<ModelEntry>, from: ModelEntry, name: K): void {
	to[name] = from[name];
}

/** The fields of a row that travel. */
export function entryOf(record: ModelRecord): ModelEntry {
	const entry = blankEntry(record.id);
	for (const name of shown) if (record[name] !== undefined) copy(entry, record, name);
	return entry;
}

/** Equal, also in what lists and groups of figures hold. */
function isSame(a: unknown, b: unknown): boolean {
	if (a === b) return true;
	if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
	return JSON.stringify(a) === JSON.stringify(b);
}

/** The fields in which the later row differs. */
function changes(before: ModelEntry, after: ModelEntry): Partial<ModelEntry> {
	const delta: Partial<ModelEntry> = {};
	for (const name of shown) {
		if (after[name] !== undefined && !isSame(before[name], after[name])) copy(delta, after, name);
	}
	return delta;
}

/** The class is news even where it stays what it was: now it is known to be that. */
function withClass(delta: Partial<ModelEntry>, { classification, confidence, fetchStatus }: ModelRecord) {
	return { ...delta, classification, confidence, fetchStatus };
}

/** The fields of a delta that make it a verdict. */
const verdict = ['classification', 'confidence', 'fetchStatus'] as const;

/** The models of one run. Candidates are those whose class the list does not tell, the first `limit` of them. */
export class DiscoveryBook {
	readonly #options: BookOptions;
	readonly #items = new Map<string, BookItem>();
	#dropped = 0;
	#candidates = 0;

	constructor(options: BookOptions) {
		this.#options = options;
	}

	/** Models listed, the dropped ones among them. */
	get listed(): number {
		return this.#items.size;
	}

	/** Models out by the pre-filter. */
	get dropped(): number {
		return this.#dropped;
	}

	/** What is known of a model; null when it was not listed. */
	record(id: string): ModelRecord | null {
		return this.#items.get(id)?.record ?? null;
	}

	/**
	 * Takes in listed rows, in order; a model that comes again is passed over. Gives the candidates among them, and all
	 * of them as the catalog wants them.
	 */
	add(rows: readonly ListingFacts[]): { candidates: BookItem[]; listed: ListedModel[] } {
		const candidates: BookItem[] = [];
		const listed: ListedModel[] = [];
		for (const facts of rows) {
			if (this.#items.has(facts.id)) continue;
			const { record, told } = readListed(facts, 'hub', this.#options.asOf);
			listed.push({ facts, record });
			const item: BookItem = { facts, record, status: 'prefiltered' };
			this.#items.set(facts.id, item);
			const dropped = prefilter(facts);
			if (dropped !== null) this.#drop(item, dropped);
			else if (this.#enter(item, told)) candidates.push(item);
		}
		return { candidates, listed };
	}

	#drop(item: BookItem, { rule, isEncoder }: Dropped): void {
		this.#dropped += 1;
		item.status = 'dropped';
		const { record } = item;
		const encoder = { classification: 'encoder', fetchStatus: 'ok' } as const;
		const told = isEncoder && record.classification !== 'encoder' ? encoder : {};
		item.record = { ...record, ...told, excluded_by: prefilterPrefix + rule };
	}

	/** Tells of a model that passed the pre-filter; is it a candidate? */
	#enter(item: BookItem, told: Told): boolean {
		if (told !== 'class' && this.#candidates < this.#options.limit) {
			this.#candidates += 1;
			item.record = { ...item.record, fetchStatus: 'none' };
			this.#introduce(item);
			return true;
		}
		if (told === 'nothing') {
			item.record = { ...item.record, excluded_by: candidateLimit };
			this.#introduce(item);
			return false;
		}
		const delta = changes(blankEntry(item.facts.id), entryOf(item.record));
		for (const name of verdict) Reflect.deleteProperty(delta, name);
		this.#tell(item, delta);
		item.status = 'classified';
		this.#tell(item, withClass({}, item.record));
		this.#options.classified(item.record.classification);
		return false;
	}

	#introduce(item: BookItem): void {
		this.#tell(item, changes(blankEntry(item.facts.id), entryOf(item.record)));
	}

	#tell({ facts, status }: BookItem, delta?: Partial<ModelEntry>): void {
		if (status === 'dropped') return;
		const news: News = { modelId: facts.id, status, ts: this.#options.now() };
		this.#options.publish(delta === undefined ? news : { ...news, delta });
	}

	/** A request for its config is about to be made. */
	fetching(item: BookItem): void {
		if (item.status === 'config_fetching') return;
		item.status = 'config_fetching';
		this.#tell(item);
	}

	/** Its look is over, well or not. */
	settle(item: BookItem, status: 'classified' | 'auth' | 'error', record: ModelRecord): void {
		const delta = changes(entryOf(item.record), entryOf(record));
		item.record = record;
		item.status = status;
		this.#tell(item, withClass(delta, record));
		if (status !== 'error') this.#options.classified(record.classification);
	}

	/** Everything told so far in one piece per model, for a watcher who comes late. */
	*story(): Generator<News> {
		for (const { facts, record, status } of this.#items.values()) {
			if (status === 'dropped') continue;
			const delta = changes(blankEntry(facts.id), entryOf(record));
			const isWaiting = status === 'prefiltered' || status === 'config_fetching';
			yield { modelId: facts.id, status, delta: isWaiting ? delta : withClass(delta, record), ts: this.#options.now() };
		}
	}

	/** Every model as it is known now, in listing order. */
	entries(): ModelEntry[] {
		return Array.from(this.#items.values(), ({ record }) => entryOf(record));
	}
}
