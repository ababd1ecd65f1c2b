// Questions to the kept headers of weight files: by repository, commit and path, where they never change.
import { fileHeaderSchema, type FileHeader } from '#lib/core/file-header.ts';
import { number, text, type Database, type Row } from '#lib/server/database.ts';

/** What reading one header gave: the header, or the sentence why it is none. */
export type HeaderResult = { header: FileHeader; invalid: null } | { header: null; invalid: string };

/** A header that was read. `size` is that of the whole file in bytes, null when not known. */
export type StoredHeader = HeaderResult & {
	id: string;
	/** Full commit id. */
	commit: string;
	path: string;
	size: number | null;
	/** ISO time. */
	fetchedAt: string;
};

const columns = 'id, revision, path, size, header, invalid, fetched_at';

/** Null for a row that an older Modeldex wrote in another form: it is read anew. */
function toHeader(row: Row | null): StoredHeader | null {
	if (row === null) return null;
	const [id, commit, path, size, body, invalid, fetchedAt] = row;
	const common = { id: text(id) ?? '', commit: text(commit) ?? '', path: text(path) ?? '' };
	const rest = { size: number(size), fetchedAt: text(fetchedAt) ?? '' };
	const sentence = text(invalid);
	if (sentence !== null) return { ...common, ...rest, header: null, invalid: sentence };
	const parsed = fileHeaderSchema.safeParse(JSON.parse(text(body) ?? 'null'));
	return parsed.success ? { ...common, ...rest, header: parsed.data, invalid: null } : null;
}

/** The header of a file at a commit; null when it was never read. */
export function findHeader(database: Database, id: string, commit: string, path: string): StoredHeader | null {
	const sql = `SELECT ${columns} FROM headers WHERE id = ? AND revision = ? AND path = ?`;
	return toHeader(database.first(sql, [id, commit, path]));
}

/** Every header that was read of a repository at a commit, by path. */
export function headersAt(database: Database, id: string, commit: string): StoredHeader[] {
	const sql = `SELECT ${columns} FROM headers WHERE id = ? AND revision = ? ORDER BY path`;
	return database.all(sql, [id, commit]).flatMap((row) => toHeader(row) ?? []);
}

/** Keeps a header, in place of an earlier reading of the same file. */
export function keepHeader(
	database: Database,
	{ id, commit, path, size, header, invalid, fetchedAt }: StoredHeader,
): void {
	database.run(
		`INSERT INTO headers (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id, revision, path) DO UPDATE SET
			size = excluded.size, header = excluded.header, invalid = excluded.invalid, fetched_at = excluded.fetched_at`,
		[id, commit, path, size, header === null ? null : JSON.stringify(header), invalid, fetchedAt],
	);
}
