// What tells from outside that a file is the one that was read: its number, size and time.
import { stat } from 'node:fs/promises';
import type { FileStamp } from '#lib/server/store/file-digests.ts';

/** A stamp that changes with a file's content, as far as the file system tells. What the disk refuses is thrown. */
export async function stampOf(path: string): Promise<FileStamp> {
	const { size, mtimeMs, ino } = await stat(path);
	return { inode: String(ino), size, changed: mtimeMs };
}
