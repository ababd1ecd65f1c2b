// Reads whole files to learn or check their hashes; what was read once is known as long as the file stays the same.
import { createHash } from 'node:crypto';
import { Failure } from '#lib/core/failure.ts';
import type { Database } from '#lib/server/database.ts';
import { inside, withFile } from '#lib/server/inner-file.ts';
import type { FoundFile } from '#lib/server/inventory/found.ts';
import { keepReadFile, readFiles, type ReadFile } from '#lib/server/store/local.ts';

const pieceBytes = 4 * 1024 * 1024;

export interface Hashes {
	sha256: string;
	/** What git calls a file of this content. */
	git: string;
}

interface FileHashesOptions {
	database: Database;
	date: () => Date;
}

/** Computes hashes of files inside a root, whose path is real. */
export class FileHashes {
	readonly #options: FileHashesOptions;

	constructor(options: FileHashesOptions) {
		this.#options = options;
	}

	/** SHA-256 of the files that were read before and are the same still. */
	known(): (file: FoundFile) => string | null {
		const kept = readFiles(this.#options.database);
		return (file) => {
			const read = kept.get(file.real);
			return read !== undefined && isSame(read, file) ? read.sha256 : null;
		};
	}

	/**
	 * Reads a file to its end. `onBytes` is told how many bytes more were read. Throws `unsafe_local_path` when it is gone,
	 * leads out of the root or cannot be read, and the signal's reason.
	 */
	async read(
		root: string,
		file: FoundFile,
		{ signal, onBytes }: { signal?: AbortSignal | undefined; onBytes?: ((bytes: number) => void) | undefined } = {},
	): Promise<Hashes> {
		const real = await inside(root, file.real);
		const hashes =
			real === null
				? null
				: await withFile(real, async (source) => {
						const sha256 = createHash('sha256');
						const git = createHash('sha1').update(`blob ${source.size}\0`);
						for (let at = 0; at < source.size; at += pieceBytes) {
							signal?.throwIfAborted();
							const piece = await source.read(at, pieceBytes);
							if (piece.length === 0)
								throw new Failure('unsafe_local_path', `${file.path} became shorter while it was read.`);
							sha256.update(piece);
							git.update(piece);
							onBytes?.(piece.length);
						}
						return { sha256: sha256.digest('hex'), git: git.digest('hex') };
					});
		if (hashes === null) throw new Failure('unsafe_local_path', `${file.path} cannot be read.`);
		const { inode, size, changed } = file;
		const { database, date } = this.#options;
		keepReadFile(database, { path: file.real, inode, size, changed, sha256: hashes.sha256 }, date().toISOString());
		return hashes;
	}
}

function isSame(read: ReadFile, file: FoundFile): boolean {
	return read.inode === file.inode && read.size === file.size && read.changed === file.changed;
}
