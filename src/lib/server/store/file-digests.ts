// What reading files to their end has told: their digests, for as long as they are the same files still.
import { number, text, type Database, type Row } from '#lib/server/database.ts';

/** What tells a file from an earlier one of its name: its number, bytes, and time in milliseconds since 1970. */
export interface FileStamp {
	inode: string;
	size: number;
	changed: number;
}

/** A file that was read. Null for a digest that was not computed: git's is asked for small files only. */
export interface ReadFile extends FileStamp {
	path: string;
	sha256: string | null;
	git: string | null;
}

const columns = 'path, inode, size, changed, sha256, git';

function toReadFile([
	path = null,
	inode = null,
	size = null,
	changed = null,
	sha256 = null,
	git = null,
]: Row): ReadFile {
	return {
		path: text(path) ?? '',
		inode: text(inode) ?? '',
		size: number(size) ?? 0,
		changed: number(changed) ?? 0,
		sha256: text(sha256),
		git: text(git),
	};
}

/** Every file that was read, by path. */
export function readFiles(database: Database): Map<string, ReadFile> {
	const rows = database.all(`SELECT ${columns} FROM file_digests`).map(toReadFile);
	return new Map(rows.map((file) => [file.path, file]));
}

/** The file at a path as it was when it was read; null when it never was. */
export function readFileAt(database: Database, path: string): ReadFile | null {
	const row = database.first(`SELECT ${columns} FROM file_digests WHERE path = ?`, [path]);
	return row === null ? null : toReadFile(row);
}

/** Keeps what reading a file gave. A digest that is null leaves the one known of the same file. */
export function keepReadFile(database: Database, file: ReadFile, readAt: string): void {
	const { path, inode, size, changed, sha256, git } = file;
	const isSame = 'inode = excluded.inode AND size = excluded.size AND changed = excluded.changed';
	const kept = (name: string) =>
		`${name} = CASE WHEN ${isSame} THEN coalesce(excluded.${name}, ${name}) ELSE excluded.${name} END`;
	database.run(
		`INSERT INTO file_digests (path, inode, size, changed, sha256, git, read_at) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (path) DO UPDATE SET ${kept('sha256')}, ${kept('git')}, inode = excluded.inode,
			size = excluded.size, changed = excluded.changed, read_at = excluded.read_at`,
		[path, inode, size, changed, sha256, git, readAt],
	);
}
