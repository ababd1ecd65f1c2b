// What the transfer library of the Hub keeps for itself: pieces of files and logs, all of which can be fetched again.
import { join } from 'node:path';
import type { FoundLeftover } from '#lib/server/inventory/found.ts';
import { foldersIn, lookAt, walkFolder } from '#lib/server/inventory/look.ts';

const disposable = ['chunk-cache', 'chunk_cache', 'shard-cache', 'shard_cache', 'staging'];

function sizeOf(folder: string): { bytes: number; changedMs: number } {
	const { files } = walkFolder(folder, { root: folder, blobs: null });
	return {
		bytes: files.reduce((sum, { size }) => sum + size, 0),
		changedMs: files.reduce((most, { changed }) => Math.max(most, changed), 0),
	};
}

/** Its folders that hold anything; none when there is no such folder. */
export function xetLeftovers(folder: string): FoundLeftover[] {
	const places = foldersIn(folder).flatMap((name) =>
		name === 'logs' ? [join(folder, name)] : disposable.map((part) => join(folder, name, part)),
	);
	return places.flatMap((path) => {
		const facts = lookAt(path);
		if (!facts?.isDirectory()) return [];
		const { bytes, changedMs } = sizeOf(path);
		if (bytes === 0) return [];
		const why = 'Pieces that the transfer library keeps; they are fetched again when needed.';
		return [{ kind: 'cache' as const, path, bytes, inode: `${facts.dev}:${facts.ino}`, changedMs, why }];
	});
}
