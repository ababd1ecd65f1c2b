// Questions to the registry files that were good when they were last read.
import { text, type Database } from '#lib/server/database.ts';

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
