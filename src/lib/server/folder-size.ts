// How much room a folder takes on disk, counted without following links and not for ever.
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Entries that are looked at; a data folder has a handful. */
const mostEntries = 20_000;

/**
 * Bytes of all regular files below a folder; links count nothing. Null when there are too many to count or the folder
 * cannot be read.
 */
export async function folderSize(folder: string, most = mostEntries): Promise<number | null> {
	let bytes = 0;
	let seen = 0;
	const waiting = [folder];
	for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
		let entries;
		try {
			entries = await readdir(next, { withFileTypes: true });
		} catch (error) {
			if (next === folder) return null;
			if (error instanceof Error && 'code' in error && error.code === 'ENOENT') continue; // gone meanwhile
			return null;
		}
		for (const entry of entries) {
			seen += 1;
			if (seen > most) return null;
			const path = join(next, entry.name);
			if (entry.isDirectory()) waiting.push(path);
			else if (entry.isFile()) bytes += (await lstat(path).catch(() => null))?.size ?? 0;
		}
	}
	return bytes;
}
