// The models one runtime loads, as many as are asked for: from the Hub's own listing page by page, else from the catalog.
import { checkCompatibility } from '#lib/core/compatibility.ts';
import type { CompatibleModels, CompatibleQuery } from '#lib/core/compatible-query.ts';
import { recordFromListing } from '#lib/core/entry.ts';
import { Failure, type FailureCode } from '#lib/core/failure.ts';
import type { ListingFacts } from '#lib/core/listing.ts';
import { entrySchema, type ModelEntry, type ModelRecord } from '#lib/core/model.ts';
import { emptyQuery, type ListPage, type SortKey } from '#lib/core/query.ts';
import { subjectOf } from '#lib/core/run-facts.ts';
import { runtimeProfile } from '#lib/core/runtime-profiles.ts';
import type { RuntimeProfile } from '#lib/core/runtime.ts';
import type { Catalog } from '#lib/server/catalog.ts';
import type { Clock } from '#lib/server/clock.ts';
import type { Database } from '#lib/server/database.ts';
import type { ListOrder } from '#lib/server/hub-list.ts';
import type { Hub } from '#lib/server/hub.ts';
import { saveListings } from '#lib/server/store/listings.ts';

interface CompatibleModelsOptions {
	hub: Pick<Hub, 'list' | 'offline'>;
	catalog: Pick<Catalog, 'list' | 'rows' | 'upsert' | 'counts' | 'runtimes'>;
	database: Database;
	clock: Clock;
	/** Most models one question looks at on the Hub. */
	mostChecked?: number;
}

/** Twenty full pages of the Hub: a fraction of its request limit, and more than any runtime needs for a thousand models. */
const MOST_CHECKED = 20_000;
/** Rows taken in at once; between two batches other requests get their turn. */
const BATCH = 100;

/** Orders that the Hub's listing has, all of them descending only. */
const hubSorts: Partial<Record<SortKey, NonNullable<ListOrder['sort']>>> = {
	trending: 'trendingScore',
	downloads: 'downloads',
	likes: 'likes',
	updated: 'lastModified',
	created: 'createdAt',
};

/** Failures after which the catalog answers in the Hub's place. */
const awayCodes = new Set<FailureCode>(['offline', 'hub_unreachable', 'hub_timeout', 'hub_error', 'rate_limited']);

/** What is asked for; everything has a default: 100 models of the LLM worker, most downloaded first. */
export type CompatibleOptions = Partial<CompatibleQuery> & { signal?: AbortSignal | undefined };

interface Wanted extends CompatibleQuery {
	profile: RuntimeProfile;
	signal: AbortSignal | undefined;
}

/** Finds models by runtime. */
export class CompatibleModelsFinder {
	readonly #options: CompatibleModelsOptions;

	constructor(options: CompatibleModelsOptions) {
		this.#options = options;
	}

	/**
	 * Goes through the listing until enough models run or it ends. Rows from the Hub also reach the catalog. Where the
	 * Hub cannot be asked, or has no such order, the catalog answers.
	 */
	async find(options: CompatibleOptions = {}): Promise<CompatibleModels> {
		const { runtime = 'llm-worker', limit = 100, sort = 'downloads', strictContext = false, signal } = options;
		const order = options.order ?? (sort === 'name' ? 'asc' : 'desc');
		const profile = runtimeProfile(runtime, this.#options.catalog.runtimes);
		const wanted = { runtime, limit, sort, order, strictContext, profile, signal };
		const isListed = hubSorts[sort] !== undefined && order === 'desc' && !this.#options.hub.offline;
		if (!isListed) return this.#fromCatalog(wanted);
		try {
			return await this.#fromHub(wanted);
		} catch (error) {
			if (!(error instanceof Failure) || !awayCodes.has(error.code)) throw error;
			return this.#fromCatalog(wanted);
		}
	}

	/** The row as lists show it, when the runtime loads it; null otherwise. */
	#kept(record: ModelRecord, { profile, strictContext }: Wanted): ModelEntry | null {
		const report = checkCompatibility(subjectOf(record), profile, { strictContext });
		if (!report.compatible) return null;
		const { runtime, compatible, confidence, warnings, reasons } = report;
		const { siblings: _siblings, ...entry } = entrySchema.parse(record);
		return { ...entry, compatibility: { runtime, compatible, confidence, reason: reasons[0] ?? '', warnings } };
	}

	async #fromHub(wanted: Wanted): Promise<CompatibleModels> {
		const { limit, profile, sort, signal } = wanted;
		const most = this.#options.mostChecked ?? MOST_CHECKED;
		const filter = profile.hubTag === null ? {} : { filter: [profile.hubTag] };
		const pageSize = Math.min(1000, Math.max(100, limit * 3));
		const order = { sort: hubSorts[sort] ?? 'downloads', ...filter, pageSize, most };
		const models: ModelEntry[] = [];
		let checked = 0;
		for await (const { rows } of this.#options.hub.list(order, { priority: 'click', signal })) {
			for (let at = 0; at < rows.length; at += BATCH) {
				for (const record of await this.#absorb(rows.slice(at, at + BATCH))) {
					const entry = this.#kept(record, wanted);
					checked += 1;
					if (entry !== null) models.push(entry);
					if (models.length === limit) return { models, checked, kept: limit, source: 'hub', complete: true };
				}
			}
		}
		return { models, checked, kept: models.length, source: 'hub', complete: checked < most };
	}

	/** Takes listing rows into the catalog and gives them back with what it knows besides. */
	async #absorb(rows: ListingFacts[]): Promise<ModelRecord[]> {
		const { catalog, database, clock } = this.#options;
		const asOf = clock.date().toISOString();
		database.transaction(() => {
			catalog.upsert(rows.map((facts) => recordFromListing(facts, 'hub', asOf)));
			saveListings(database, rows, asOf);
		});
		await new Promise((resolve) => setImmediate(resolve));
		return catalog.rows(rows.map(({ id }) => id));
	}

	#fromCatalog(wanted: Wanted): CompatibleModels {
		const { catalog } = this.#options;
		const { runtime, limit, sort, order } = wanted;
		const query = { ...emptyQuery, runtime, sort, order, source: 'hub' as const, limit: 200 };
		const models: ModelEntry[] = [];
		const checked = catalog.counts().catalog;
		for (let cursor: string | null = null; ;) {
			const page: ListPage = catalog.list({ ...query, cursor });
			for (const record of catalog.rows(page.models.map(({ id }) => id))) {
				const entry = this.#kept(record, wanted);
				if (entry !== null) models.push(entry);
				if (models.length === limit) break;
			}
			cursor = page.next_cursor;
			if (cursor === null || models.length === limit) break;
		}
		return { models, checked, kept: models.length, source: 'catalog', complete: true };
	}
}
