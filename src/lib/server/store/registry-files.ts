// Questions to the registry files that were good when they were last read.
import type { FileVersion } from '#lib/core/registry/view.ts';
import { number, text, type Database } from '#lib/server/database.ts';

/** A file's text as it was last taken. `at` is an ISO time. */
export interface GoodFile {
	text: string;
	digest: string;
	at: string;
}

/** The last good text of a file; null when there is none. */
export function readGoodFile(database: Database, path: string): GoodFile | null {
	const row = database.first('SELECT text, digest, at FROM registry_files WHERE path = ?', [path]);
	return row === null ? null : { text: text(row[0]) ?? '', digest: text(row[1]) ?? '', at: text(row[2]) ?? '' };
}

/** Keeps a good text in place of the one before. */
export function saveGoodFile(database: Database, path: string, { text: body, digest, at }: GoodFile): void {
	const sql = `INSERT INTO registry_files (path, text, digest, at) VALUES (?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET
		text = excluded.text, digest = excluded.digest, at = excluded.at`;
	database.run(sql, [path, body, digest, at]);
}

/** Earlier texts of a file that are kept. */
const mostVersions = 50;

/** Notes a text that is in force from now on; the one that was in force already is not noted again. */
export function addVersion(database: Database, path: string, { text: body, digest, at }: GoodFile): void {
	const last = database.first('SELECT digest FROM registry_versions WHERE path = ? ORDER BY number DESC LIMIT 1', [
		path,
	]);
	if (text(last?.[0] ?? null) === digest) return;
	database.run('INSERT INTO registry_versions (path, text, digest, at) VALUES (?, ?, ?, ?)', [path, body, digest, at]);
	const sql = `DELETE FROM registry_versions WHERE path = ? AND number NOT IN
		(SELECT number FROM registry_versions WHERE path = ? ORDER BY number DESC LIMIT ?)`;
	database.run(sql, [path, path, mostVersions]);
}

/** Texts of a file that were in force, the newest first. */
export function versionsOf(database: Database, path: string): FileVersion[] {
	const sql = `SELECT digest, at, LENGTH(CAST(text AS BLOB)) FROM registry_versions WHERE path = ? ORDER BY number DESC`;
	return database.all(sql, [path]).map(([digest, at, bytes]) => ({
		digest: text(digest) ?? '',
		at: text(at) ?? '',
		bytes: number(bytes) ?? 0,
	}));
}

/** A text that was in force; null when none has this digest. */
export function readVersion(database: Database, path: string, digest: string): string | null {
	const sql = 'SELECT text FROM registry_versions WHERE path = ? AND digest = ? ORDER BY number DESC LIMIT 1';
	return text(database.first(sql, [path, digest])?.[0] ?? null);
}
