// Questions to the lists of discoveries: the pages a run has listed, where it was, and which run went how far.
import { z } from 'zod';
import type { ListingFacts } from '#lib/core/listing.ts';
import { number, text, type Database, type Row } from '#lib/server/database.ts';
import { wholeFactsSchema } from '#lib/server/store/listings.ts';

/** One list under way or done. Times are ISO. */
export interface StoredList {
	id: string;
	/** Equal for equal orders. */
	key: string;
	/** Models it may hold. */
	most: number;
	/** Was it handed in by a caller? Then nothing but what is kept of it is left later. */
	isHanded: boolean;
	/** Where the next page starts; null at the beginning, and when it is whole. */
	cursor: string | null;
	isWhole: boolean;
	startedAt: string;
	updatedAt: string;
}

const columns = 'id, key, most, is_handed, cursor, is_whole, started_at, updated_at';

function toList(row: Row | null): StoredList | null {
	if (row === null) return null;
	const [id, key, most, isHanded, cursor, isWhole, startedAt, updatedAt] = row;
	return {
		id: text(id) ?? '',
		key: text(key) ?? '',
		most: number(most) ?? 0,
		isHanded: isHanded === 1,
		cursor: text(cursor),
		isWhole: isWhole === 1,
		startedAt: text(startedAt) ?? '',
		updatedAt: text(updatedAt) ?? '',
	};
}

/** Starts a list with no pages. */
export function beginList(
	database: Database,
	list: Pick<StoredList, 'id' | 'key' | 'most' | 'isHanded' | 'startedAt'>,
): void {
	const { id, key, most, isHanded, startedAt } = list;
	database.run(
		`INSERT INTO discovery_lists (id, key, most, is_handed, cursor, is_whole, is_over, started_at, updated_at)
		VALUES (?, ?, ?, ?, NULL, 0, 0, ?, ?)`,
		[id, key, most, isHanded, startedAt, startedAt],
	);
}

/** The newest list of this key whose run did not come to its end, written to since that time; null when there is none. */
export function unfinishedList(database: Database, key: string, since: string): StoredList | null {
	const sql = `SELECT ${columns} FROM discovery_lists
		WHERE key = ? AND is_over = 0 AND updated_at >= ? ORDER BY updated_at DESC LIMIT 1`;
	return toList(database.first(sql, [key, since]));
}

/** What a page brings besides its rows. */
export interface PageEnd {
	cursor: string | null;
	isWhole: boolean;
	at: string;
}

/** Adds a page to a list and moves its place on; nothing happens to a list that is gone. */
export function addPage(database: Database, list: string, rows: readonly ListingFacts[], end: PageEnd): void {
	const { cursor, isWhole, at } = end;
	database.transaction(() => {
		const sql = 'UPDATE discovery_lists SET cursor = ?, is_whole = ?, updated_at = ? WHERE id = ?';
		if (database.run(sql, [cursor, isWhole, at, list]) === 0) return;
		database.run(
			`INSERT INTO discovery_pages (list, number, facts)
			SELECT ?, coalesce(max(number), 0) + 1, ? FROM discovery_pages WHERE list = ?`,
			[list, JSON.stringify(rows), list],
		);
	});
}

const pageSchema = z.array(wholeFactsSchema);

/** The pages of a list, in order. */
export function* pagesOf(database: Database, list: string): Generator<ListingFacts[]> {
	const sql = 'SELECT facts FROM discovery_pages WHERE list = ? AND number = ?';
	for (let page = 1; ; page += 1) {
		const row = database.first(sql, [list, page]);
		if (row === null) return;
		yield pageSchema.parse(JSON.parse(text(row[0]) ?? '[]')).map((facts) => ({ ...facts }));
	}
}

/** Notes that the run of a list is still at it. */
export function touchList(database: Database, list: string, at: string): void {
	database.run('UPDATE discovery_lists SET updated_at = ? WHERE id = ?', [at, list]);
}

/** Marks that the run of a list came to its end: an equal order starts anew. */
export function endList(database: Database, list: string): void {
	database.run('UPDATE discovery_lists SET is_over = 1 WHERE id = ?', [list]);
}

/** Remembers which list a run worked on and how many candidates of it it was to read; a later run may take its name. */
export function nameRun(database: Database, run: { name: string; list: string; candidates: number }): void {
	database.run(
		`INSERT INTO discovery_runs (name, list, candidates) VALUES (?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET list = excluded.list, candidates = excluded.candidates`,
		[run.name, run.list, run.candidates],
	);
}

/** The list of the latest run of that name, and how many of its candidates were taken; null when it is not kept. */
export function listOfRun(database: Database, name: string): { list: StoredList; candidates: number } | null {
	const run = database.first('SELECT list, candidates FROM discovery_runs WHERE name = ?', [name]);
	if (run === null) return null;
	const list = toList(database.first(`SELECT ${columns} FROM discovery_lists WHERE id = ?`, [text(run[0])]));
	return list === null ? null : { list, candidates: number(run[1]) ?? 0 };
}

/** Forgets lists last written to before that time, and all but the newest `keep`, with their pages and runs. */
export function pruneLists(database: Database, { before, keep }: { before: string; keep: number }): void {
	database.transaction(() => {
		database.run(
			`DELETE FROM discovery_lists WHERE updated_at < ? OR id NOT IN
				(SELECT id FROM discovery_lists ORDER BY updated_at DESC LIMIT ?)`,
			[before, keep],
		);
		database.run('DELETE FROM discovery_pages WHERE list NOT IN (SELECT id FROM discovery_lists)');
		database.run('DELETE FROM discovery_runs WHERE list NOT IN (SELECT id FROM discovery_lists)');
	});
}
