// Questions to the key and value table: small facts about the database itself.
import { text, type Database } from '#lib/server/database.ts';

/** Version of SQLite itself, such as `3.45.1`. */
export function sqliteVersion(database: Database): string {
	return text(database.first('SELECT sqlite_version()')?.[0] ?? null) ?? 'unknown';
}

/** The value kept under a key; null when there is none. */
export function readMeta(database: Database, key: string): string | null {
	return text(database.first('SELECT value FROM meta WHERE key = ?', [key])?.[0] ?? null);
}

/** Keeps a value under a key, in place of the one before. */
export function saveMeta(database: Database, key: string, value: string): void {
	database.run('INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value', [
		key,
		value,
	]);
}
