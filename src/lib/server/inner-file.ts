// Files inside of a folder that others write: opened only where they really are, never a pipe, and read piece by piece.
import { constants } from 'node:fs';
import { open, realpath, type FileHandle } from 'node:fs/promises';
import { sep } from 'node:path';
import type { ByteSource } from '#lib/core/byte-source.ts';
import { Failure } from '#lib/core/failure.ts';

/** The real path when it lies inside `root` (which is real itself); null when it leads elsewhere or nowhere. */
export async function inside(root: string, path: string): Promise<string | null> {
	try {
		const real = await realpath(path);
		return real === root || real.startsWith(root + sep) ? real : null;
	} catch {
		return null; // dangling, a circle of links, or not ours to read: not usable in any case
	}
}

/** An open file as a source of bytes. Whoever opened it closes it. */
export class FileSource implements ByteSource {
	readonly size: number;
	readonly #handle: FileHandle;

	constructor(handle: FileHandle, size: number) {
		this.#handle = handle;
		this.size = size;
	}

	/** Throws `unsafe_local_path` when the disk refuses in the middle of reading. */
	async read(offset: number, length: number): Promise<Uint8Array> {
		const bytes = Buffer.alloc(Math.max(0, Math.min(length, this.size - offset)));
		let size = 0;
		while (size < bytes.length) {
			const { bytesRead } = await this.#handle.read(bytes, size, bytes.length - size, offset + size).catch(unreadable);
			if (bytesRead === 0) break;
			size += bytesRead;
		}
		return bytes.subarray(0, size);
	}
}

function unreadable(cause: unknown): never {
	throw new Failure('unsafe_local_path', 'A file on this machine could not be read to its end.', { cause });
}

const careful = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
/** When a file was last read tells when its model was last used: our own look must not count. Linux only, owners only. */
const unnoticed = careful | (constants.O_NOATIME ?? 0);

async function openQuietly(real: string): Promise<FileHandle | null> {
	for (const flags of new Set([unnoticed, careful])) {
		try {
			return await open(real, flags);
		} catch {
			// Not ours: without the favour, then. Or gone, or not ours to read: null.
		}
	}
	return null;
}

/**
 * Opens a regular file at its real path, hands it to `work` and closes it. Null when it is none: pipes and devices are
 * opened without waiting and then left alone, a link in its place is not followed.
 */
export async function withFile<T>(real: string, work: (source: FileSource) => Promise<T>): Promise<T | null> {
	const handle = await openQuietly(real);
	if (handle === null) return null;
	try {
		const facts = await handle.stat();
		return facts.isFile() ? await work(new FileSource(handle, facts.size)) : null;
	} finally {
		await handle.close();
	}
}
