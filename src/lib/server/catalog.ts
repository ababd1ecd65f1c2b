// The catalog: every known model in SQLite, with typed-array columns over it that answer lists, filters and counts.
import type { Explanation } from '#lib/core/explanation.ts';
import { unchecked, type Checked, type ListPage, type ModelQuery } from '#lib/core/query.ts';
import { withCharacteristics } from '#lib/core/entry.ts';
import type { Device } from '#lib/core/hardware.ts';
import type { EntryCopy, FetchStatus, ModelCharacteristics, ModelEntry, ModelRecord } from '#lib/core/model.ts';
import { mergeRecords } from '#lib/core/record.ts';
import type { RuntimeProfiles } from '#lib/core/runtime-profiles.ts';
import type { RuntimeId } from '#lib/core/runtime.ts';
import { Columns } from '#lib/server/columns.ts';
import { decodeCursor, encodeCursor, type Cursor } from '#lib/server/cursor.ts';
import type { Database } from '#lib/server/database.ts';
import { explainRow } from '#lib/server/explain.ts';
import { Filter } from '#lib/server/facets.ts';
import { fittingOf, type Fitting } from '#lib/server/fitting.ts';
import { groupedEntries } from '#lib/server/grouped.ts';
import { Groups } from '#lib/server/groups.ts';
import { saveWithKin } from '#lib/server/kinship.ts';
import { readEntries } from '#lib/server/list-entries.ts';
import { Orders } from '#lib/server/orders.ts';
import { eachGroup, eachRow } from '#lib/server/page-rows.ts';
import { renewRunFacts } from '#lib/server/run-table.ts';
import { candidates, leaderOf } from '#lib/server/searched.ts';
import { Surroundings } from '#lib/server/surroundings.ts';
import { readMeta, saveMeta } from '#lib/server/store/meta.ts';
import { columnRows, findModel, findModels, foreignWrites, type Known } from '#lib/server/store/models.ts';
import { runFactsFrom } from '#lib/server/store/run-facts.ts';

const refreshedKey = 'catalog_refreshed';
/** Why the last look at a model's config gave nothing. */
export interface FetchFailure {
	status: Exclude<FetchStatus, 'ok' | 'none'>;
	statusCode?: number;
	/** One sentence for a person. */
	message?: string;
}

/**
 * Lists and searches every known model. Rows live in SQLite; other processes' writes on the same database are seen at
 * the next question. Writes are whole or not at all and throw `Failure('database')`.
 */
export class Catalog {
	#database: Database;
	#columns = new Columns();
	#orders = new Orders(this.#columns);
	#filter = new Filter(this.#columns);
	#groups = new Groups(this.#columns);
	/** Number of the newest write the columns have taken in. */
	#seen = 0;
	/** How often the runtimes of the registry file changed. */
	#runtimes = 0;
	#foreign: number;
	/** Tells this database from every other. */
	#name: string;
	#around = new Surroundings();

	constructor(database: Database) {
		this.#database = database;
		this.#foreign = foreignWrites(database);
		this.#name = readMeta(database, 'database') ?? '';
		renewRunFacts(database);
		this.#absorb();
	}

	/** The runtimes that lists can be filtered by and rows checked against. */
	get runtimes(): RuntimeProfiles {
		return this.#columns.runTable.runtimes;
	}

	/** Takes these in their place: where they are others, every list that asks for one changes. */
	takeRuntimes(runtimes: RuntimeProfiles): void {
		if (runtimes.ownVersion === this.runtimes.ownVersion) return;
		this.#runtimes += 1;
		this.#columns.runTable.relearn(runtimes);
	}

	/** A mark that changes with everything a list answer depends on. */
	get version(): string {
		this.#takeForeign();
		const mark = `${this.#name}-${this.#seen}-${this.#around.version}`;
		return this.#runtimes === 0 ? mark : `${mark}-${this.#runtimes}`;
	}

	/** When rows last came from the Hub's own listing (ISO time); null when they never did. */
	get updatedAt(): string | null {
		return readMeta(this.#database, refreshedKey);
	}

	/** How many models are on this machine, and how many the Hub or the snapshot lists. */
	counts(): { mine: number; catalog: number } {
		this.#takeForeign();
		return { mine: this.#columns.onMachine, catalog: this.#columns.listed };
	}

	/** The row of a model with its exact id; null when it is not known. */
	entry(id: string): ModelRecord | null {
		const record = findModel(this.#database, id)?.record;
		return record === undefined ? null : { ...record, local: this.#columns.isOnMachine(id) };
	}

	/**
	 * One page of the models that match, with totals and facets. Rows leave out `siblings`. Searched words must all be
	 * in id or name; a model whose id is exactly what was searched leads. Throws `invalid_query` for a cursor that is
	 * broken or of another query, and for a device that is not known. `checked` tells what rows are measured against
	 * beside the filters: its runtime gives each row a verdict and no filter.
	 */
	list(query: ModelQuery, checked: Checked = unchecked): ListPage {
		this.#takeForeign();
		const cursor = query.cursor === null ? null : decodeCursor(query.cursor, query);
		const fitting = this.#fitting(query, checked);
		const { passed, total, pending, facets } = this.#filter.run(
			query,
			candidates(this.#database, this.#columns, query.q),
			fitting,
		);
		const leader =
			cursor === null
				? leaderOf(this.#database, this.#columns, { search: query.q, passed })
				: this.#columns.find(cursor.leader);
		const order = this.#orders.slots(query.sort, query.order);
		const walk = { order, passed, leader, from: this.#from(query, cursor), limit: query.limit };
		const rows = query.group === null ? { ...eachRow(walk), total } : eachGroup(walk, this.#groups.roots);
		const next_cursor = rows.hasMore ? this.#cursor(query, rows.slots, leader) : null;
		const read = (slots: number[]) => this.#entries(slots, query.runtime, checked.check);
		const models =
			query.group === null
				? read(rows.slots)
				: groupedEntries(rows.slots, { groups: this.#groups, passed, columns: this.#columns, read });
		return { models, total: rows.total, matching: total, pending, facets, next_cursor };
	}

	/** Position in the order at which a page begins; null for the first one. */
	#from({ sort, order }: ModelQuery, cursor: Cursor | null): number | null {
		if (cursor === null) return null;
		return cursor.place === null ? 0 : this.#orders.firstAfter(sort, order, cursor.place);
	}

	/**
	 * Why this list shows a model or not, filter by filter with the list's own predicate, and up to five models nearest to
	 * it that the list shows. `related` are ids of the same base. Null for an id the catalog does not have.
	 */
	explain(
		id: string,
		query: ModelQuery,
		{ related, checked }: { related: readonly string[]; checked: Checked },
	): Explanation | null {
		this.#takeForeign();
		const slot = this.#slot(id);
		if (slot === null) return null;
		return explainRow(id, query, {
			slot,
			related: new Set(related.flatMap((other) => this.#slot(other) ?? [])),
			columns: this.#columns,
			filter: this.#filter,
			fitting: this.#fitting(query, checked),
			candidates: (search) => candidates(this.#database, this.#columns, search),
			entries: (slots) => this.#entries(slots, query.runtime),
		});
	}

	#fitting(query: ModelQuery, checked: Checked): Fitting | null {
		return fittingOf(query, { devices: this.#around.devices, runtimes: this.runtimes, checked });
	}

	#slot(id: string): number | null {
		return this.#columns.slotOf(findModel(this.#database, id)?.number ?? 0);
	}

	/** The rows of many ids, in their order; ids the catalog does not have are left out. */
	rows(ids: readonly string[]): ModelRecord[] {
		const found = findModels(this.#database, [...ids]);
		return ids.flatMap((id) => {
			const record = found.get(id)?.record;
			return record === undefined ? [] : [{ ...record, local: this.#columns.isOnMachine(id) }];
		});
	}

	/** List rows of many ids in their order, with the verdict of a runtime when one is named; unknown ids are left out. */
	entries(ids: readonly string[], check: RuntimeId | null = null): ModelEntry[] {
		const slots = ids.flatMap((id) => this.#slot(id) ?? []);
		return this.#entries(slots, null, check);
	}

	/**
	 * Takes in listing rows; what is already known better is kept (see `mergeRecords`). A few hundred at a time keep the
	 * process answering: under 0.1 ms each.
	 */
	upsert(records: ModelRecord[]): void {
		records = records.filter(({ id }) => !id.includes('\0')); // no repository has one, and nothing could find it
		if (records.length === 0) return;
		this.#database.transaction(() => {
			const known = findModels(
				this.#database,
				records.map(({ id }) => id),
			);
			const merged = records.map((record) => {
				const stored = known.get(record.id);
				if (stored === undefined) return { record, isLearned: false, isRead: false };
				const { isLearned, isRead } = stored;
				return { record: mergeRecords(stored.record, record, { isLearned }), isLearned, isRead };
			});
			saveWithKin(this.#database, merged, (id) => known.get(id)?.record ?? null);
			this.#noteRefresh(records);
		});
		this.#absorb();
	}

	/**
	 * Takes in what was read of a model. Facts from its own config outrank those of lists from now on. Answers false
	 * when the catalog has no such model, or already knows better than a snapshot does.
	 */
	learn(id: string, characteristics: ModelCharacteristics): boolean {
		const isSnapshot = characteristics.source === 'snapshot';
		const isConfig = !isSnapshot && characteristics.config_status === 'ok';
		return this.#change(id, ({ record, isLearned, isRead }) => {
			if (isLearned && isSnapshot) return null;
			const learned = withCharacteristics(record, characteristics);
			return { record: learned, isLearned: isLearned || isConfig, isRead: isRead || !isSnapshot };
		});
	}

	/**
	 * Takes in that a model's config could not be read; what was known stays. A missing or locked one counts as read; a
	 * Hub that was busy or away does not. Answers false for an unknown model.
	 */
	learnFailure(id: string, { status, ...fetchError }: FetchFailure): boolean {
		const isFinal = status !== '429' && status !== 'error';
		return this.#change(id, ({ record, isLearned, isRead }) => ({
			record: { ...record, fetchStatus: status, fetchError },
			isLearned,
			isRead: isRead || isFinal,
		}));
	}

	/**
	 * Which models are on this machine, and where when that is told. Ids the catalog does not know yet count as soon as
	 * they are upserted.
	 */
	setLocal(ids: ReadonlySet<string>, copies: ReadonlyMap<string, EntryCopy[]> = new Map()): void {
		this.#columns.setLocal(new Set(ids));
		this.#around.setLocal(ids, copies);
	}

	/** The devices that lists can be filtered by. */
	setDevices(devices: readonly Device[]): void {
		this.#around.setDevices(devices);
	}

	#change(id: string, change: (stored: Known) => Known | null): boolean {
		const isChanged = this.#database.transaction(() => {
			const stored = findModel(this.#database, id);
			const changed = stored === null ? null : change(stored);
			if (changed !== null) saveWithKin(this.#database, [changed], () => stored?.record ?? null);
			return changed !== null;
		});
		this.#absorb();
		return isChanged;
	}

	#noteRefresh(records: ModelRecord[]): void {
		const newest = records
			.filter(({ origin }) => origin === 'hub')
			.reduce((max, r) => (r.as_of > max ? r.as_of : max), '');
		if (newest > (this.updatedAt ?? '')) saveMeta(this.#database, refreshedKey, newest);
	}

	/** Brings the columns up to the newest write. */
	#absorb(): void {
		let newest = this.#seen;
		const { runTable } = this.#columns;
		for (const row of runFactsFrom(this.#database, runTable.size)) runTable.learn(row);
		for (const row of columnRows(this.#database, this.#seen)) {
			this.#orders.touch(this.#columns.put(row));
			newest = Math.max(newest, row.changed);
		}
		this.#seen = newest;
	}

	#takeForeign(): void {
		const foreign = foreignWrites(this.#database);
		if (foreign === this.#foreign) return;
		this.#foreign = foreign;
		this.#absorb();
	}

	#cursor(query: ModelQuery, shown: number[], leader: number | null): string {
		const last = shown.at(-1) ?? leader;
		const place = last === null || last === leader ? null : this.#orders.place(query.sort, last);
		return encodeCursor({ place, leader: leader === null ? null : (this.#columns.ids[leader] ?? null) }, query);
	}

	#entries(slots: number[], filter: RuntimeId | null, check: RuntimeId | null = null): ModelEntry[] {
		return readEntries(this.#database, slots, { columns: this.#columns, around: this.#around, filter, check });
	}
}
