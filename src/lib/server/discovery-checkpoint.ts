// Where a discovery was: its list page by page, so that a run that was stopped or crashed goes on instead of anew.
import { Failure } from '#lib/core/failure.ts';
import type { DiscoveryPlan } from '#lib/core/discovery-order.ts';
import type { ListingFacts } from '#lib/core/listing.ts';
import { quoted } from '#lib/core/repository.ts';
import type { Clock } from '#lib/server/clock.ts';
import type { Database } from '#lib/server/database.ts';
import {
	addPage,
	beginList,
	endList,
	listOfRun,
	nameRun,
	pagesOf,
	pruneLists,
	touchList,
	unfinishedList,
	type StoredList,
} from '#lib/server/store/discovery.ts';

/** How long a run that did not come to its end can be resumed: the Hub's order moves, and its cursors with it. */
const RESUMABLE_MS = 60 * 60 * 1000;

/** How long, and how many, lists are kept for runs that continue an earlier one. */
const KEPT_MS = 24 * 60 * 60 * 1000;
const KEPT_LISTS = 4;

/** How often a run that only reads configs says that it is still at it. */
const TOUCH_MS = 60_000;

interface CheckpointOptions {
	database: Database;
	clock: Clock;
	newId: () => string;
	/** Called with a failure of the database: the run goes on without its memory. */
	onFailure: (failure: Failure) => void;
}

/**
 * The list of one run. An order equal to one that was stopped within the last hour takes up its list at the page where
 * it was; what was read before is found in the cache of configs. `continueFrom` takes the list of an earlier run (one of
 * the last four, for a day) and more of its candidates.
 */
export class Checkpoint {
	readonly #options: CheckpointOptions;
	readonly #list: StoredList;
	/** Candidates that the run is to read, counted from the start of the list. */
	readonly candidates: number;
	#touchedAt: number;

	/** Throws `not_found` when there is no run to continue. */
	constructor(options: CheckpointOptions, plan: DiscoveryPlan, key: string) {
		this.#options = options;
		this.#touchedAt = options.clock.ticks();
		const earlier = plan.continueFrom === null ? null : this.#earlier(plan.continueFrom);
		this.#list = earlier?.list ?? this.#unfinished(key) ?? this.#begin(plan, key);
		this.candidates = plan.maxCandidates + (earlier?.candidates ?? 0);
	}

	/** ISO time at which the list was begun. */
	get startedAt(): string {
		return this.#list.startedAt;
	}

	/** Where the list goes on: null cursor for its beginning. */
	get place(): Pick<StoredList, 'cursor' | 'isWhole' | 'isHanded' | 'most'> {
		return this.#list;
	}

	#now(agoMs = 0): string {
		return new Date(this.#options.clock.date().getTime() - agoMs).toISOString();
	}

	#earlier(name: string): { list: StoredList; candidates: number } {
		const earlier = this.#guarded(() => listOfRun(this.#options.database, name), null);
		if (earlier !== null && earlier.list.updatedAt >= this.#now(KEPT_MS)) return earlier;
		throw new Failure(
			'not_found',
			`No earlier discovery is kept as "${quoted(name)}"; start one without continueFrom.`,
		);
	}

	#unfinished(key: string): StoredList | null {
		return this.#guarded(() => unfinishedList(this.#options.database, key, this.#now(RESUMABLE_MS)), null);
	}

	#begin(plan: DiscoveryPlan, key: string): StoredList {
		const { database, newId } = this.#options;
		const at = this.#now();
		const isHanded = plan.models != null;
		const begun = { id: newId(), key, most: plan.listLimit, isHanded, startedAt: at };
		this.#guarded(() => {
			database.transaction(() => {
				beginList(database, begun);
				pruneLists(database, { before: this.#now(KEPT_MS), keep: KEPT_LISTS });
			});
		}, undefined);
		return { ...begun, cursor: null, isWhole: false, updatedAt: at };
	}

	#guarded<T>(work: () => T, otherwise: T): T {
		try {
			return work();
		} catch (error) {
			if (!(error instanceof Failure)) throw error;
			this.#options.onFailure(error);
			return otherwise;
		}
	}

	/** Pages listed before. */
	*pages(): Generator<ListingFacts[]> {
		yield* pagesOf(this.#options.database, this.#list.id);
	}

	/** Keeps a page and where the next one starts; null: there is none. */
	add(rows: readonly ListingFacts[], cursor: string | null): void {
		const end = { cursor, isWhole: cursor === null, at: this.#now() };
		this.#guarded(() => addPage(this.#options.database, this.#list.id, rows, end), undefined);
	}

	/** Gives the run a name by which it can be continued. */
	name(name: string): void {
		const run = { name, list: this.#list.id, candidates: this.candidates };
		this.#guarded(() => nameRun(this.#options.database, run), undefined);
	}

	/** The run got on, or is stopped here: its hour begins again. At most once a minute while it goes on. */
	touch({ isLast = false } = {}): void {
		const now = this.#options.clock.ticks();
		if (!isLast && now - this.#touchedAt < TOUCH_MS) return;
		this.#touchedAt = now;
		this.#guarded(() => touchList(this.#options.database, this.#list.id, this.#now()), undefined);
	}

	/** The run came to its end: the next equal order lists anew. */
	end(): void {
		this.#guarded(() => endList(this.#options.database, this.#list.id), undefined);
	}
}
