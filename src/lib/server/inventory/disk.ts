// How much room a disk has, asked of the folder itself or of the nearest folder above that exists.
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DiskSpace } from '#lib/core/inventory.ts';

/** Room on the disk that holds a path, or would hold it; nulls where the system does not tell. */
export async function spaceAt(path: string): Promise<DiskSpace> {
	for (let at = path; ; at = dirname(at)) {
		try {
			const { bavail, blocks, bsize } = await statfs(at);
			return { free_bytes: bavail * bsize, total_bytes: blocks * bsize };
		} catch {
			if (dirname(at) === at) return { free_bytes: null, total_bytes: null }; // not told, not even for the top
		}
	}
}
