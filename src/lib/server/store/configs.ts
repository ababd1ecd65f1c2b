// Questions to the config cache: files of repositories by commit, and how the last look at each repository ended.
import { fetchStatusSchema, type FetchStatus } from '#lib/core/model.ts';
import { number, text, type Database, type Row } from '#lib/server/database.ts';

/** One small file of a repository at one commit. A file at a known commit never changes. */
export interface StoredConfig {
	id: string;
	/** Full commit id. */
	commit: string;
	/** Path inside the repository, such as `config.json`. */
	file: string;
	/** `ok`, or how the Hub refused: a missing file is remembered too. */
	status: FetchStatus;
	/** Content; null when there is none (`status` says why). NUL characters were replaced by U+FFFD. */
	text: string | null;
	/** Quoted as the Hub sent it; null when it sent none. */
	etag: string | null;
	/** ISO time. */
	fetchedAt: string;
}

/** How the last look at a repository ended. */
export interface FetchState {
	id: string;
	status: FetchStatus;
	/** HTTP status behind `status`; null when the failure was none of HTTP's. */
	statusCode: number | null;
	/** One sentence for a person; null when all was well. */
	message: string | null;
	/** Commit that was seen; null when none was told. */
	commit: string | null;
	/** ISO time. */
	fetchedAt: string;
}

const configColumns = 'id, revision, file, status, body, etag, fetched_at';

function toConfig(row: Row | null): StoredConfig | null {
	if (row === null) return null;
	const [id, commit, file, status, body, etag, fetchedAt] = row;
	return {
		id: text(id) ?? '',
		commit: text(commit) ?? '',
		file: text(file) ?? '',
		status: fetchStatusSchema.parse(status),
		text: text(body),
		etag: text(etag),
		fetchedAt: text(fetchedAt) ?? '',
	};
}

/** The file of a repository at a commit; null when it was never read. */
export function readConfig(database: Database, id: string, commit: string, file: string): StoredConfig | null {
	const sql = `SELECT ${configColumns} FROM configs WHERE id = ? AND revision = ? AND file = ?`;
	return toConfig(database.first(sql, [id, commit, file]));
}

/** The newest stored copy of a repository's file, of whatever commit; null when it was never read. */
export function latestConfig(database: Database, id: string, file = 'config.json'): StoredConfig | null {
	const sql = `SELECT ${configColumns} FROM configs WHERE id = ? AND file = ? ORDER BY fetched_at DESC, revision LIMIT 1`;
	return toConfig(database.first(sql, [id, file]));
}

/** Keeps a file, in place of an earlier copy of the same repository, commit and path. */
export function saveConfig(database: Database, config: StoredConfig): void {
	const { id, commit, file, status, etag, fetchedAt } = config;
	const body = config.text === null ? null : config.text.replaceAll('\0', '\ufffd');
	database.run(
		`INSERT INTO configs (${configColumns}) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id, revision, file) DO UPDATE SET
			status = excluded.status, body = excluded.body, etag = excluded.etag, fetched_at = excluded.fetched_at`,
		[id, commit, file, status, body, etag, fetchedAt],
	);
}

/** The repositories of which a copy of this file is stored, in the order of their ids. */
export function idsWithConfig(database: Database, file: string): string[] {
	const sql = 'SELECT DISTINCT id FROM configs WHERE file = ? AND body IS NOT NULL ORDER BY id';
	return database.all(sql, [file]).flatMap((row) => text(row[0]) ?? []);
}

/** Forgets every stored file and header of a repository and how the last look ended. */
export function forgetConfigs(database: Database, id: string): void {
	database.transaction(() => {
		database.run('DELETE FROM configs WHERE id = ?', [id]);
		database.run('DELETE FROM fetch_states WHERE id = ?', [id]);
		database.run('DELETE FROM headers WHERE id = ?', [id]);
	});
}

/** How the last look at a repository ended; null when nothing was asked yet. */
export function fetchState(database: Database, id: string): FetchState | null {
	const sql = 'SELECT id, status, status_code, message, revision, fetched_at FROM fetch_states WHERE id = ?';
	const row = database.first(sql, [id]);
	if (row === null) return null;
	return {
		id: text(row[0]) ?? '',
		status: fetchStatusSchema.parse(row[1]),
		statusCode: number(row[2]),
		message: text(row[3]),
		commit: text(row[4]),
		fetchedAt: text(row[5]) ?? '',
	};
}

/** Keeps how a look at a repository ended, in place of the one before. */
export function saveFetchState(database: Database, state: FetchState): void {
	const { id, status, statusCode, message, commit, fetchedAt } = state;
	database.run(
		`INSERT INTO fetch_states (id, status, status_code, message, revision, fetched_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET status = excluded.status, status_code = excluded.status_code,
			message = excluded.message, revision = excluded.revision, fetched_at = excluded.fetched_at`,
		[id, status, statusCode, message === null ? null : message.replaceAll('\0', '\ufffd'), commit, fetchedAt],
	);
}
