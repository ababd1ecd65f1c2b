// Reads whole files to learn or check their hashes; what was read once is known as long as the file stays the same.
import { createHash } from 'node:crypto';
import { Failure } from '#lib/core/failure.ts';
import type { Database } from '#lib/server/database.ts';
import { inside, withFile } from '#lib/server/inner-file.ts';
import type { FoundFile } from '#lib/server/inventory/found.ts';
import { keepReadFile, readFileAt, readFiles, type FileStamp, type ReadFile } from '#lib/server/store/file-digests.ts';

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

/** Computes hashes of files inside a root, whose path is real, and remembers what others computed. Paths are real ones. */
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
			return read !== undefined && isSame(read, stampOf(file)) ? read.sha256 : null;
		};
	}

	/** Was the file read as it is now, and found to have this digest (SHA-256, or git's of 40 digits)? */
	has(path: string, stamp: FileStamp, digest: string): boolean {
		const read = readFileAt(this.#options.database, path);
		return read !== null && isSame(read, stamp) && (read.sha256 === digest || read.git === digest);
	}

	/** Notes the digest of a file that was read. */
	note(path: string, stamp: FileStamp, digest: string): void {
		const { database, date } = this.#options;
		const isGit = digest.length === 40;
		const digests = { sha256: isGit ? null : digest, git: isGit ? digest : null };
		keepReadFile(database, { path, ...stamp, ...digests }, date().toISOString());
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
		const { database, date } = this.#options;
		keepReadFile(database, { path: file.real, ...stampOf(file), ...hashes }, date().toISOString());
		return hashes;
	}
}

/** A file's number is enough beside its path, which stays on its disk; the number of a disk changes with restarts. */
function stampOf({ inode, size, changed }: FoundFile): FileStamp {
	return { inode: inode.slice(inode.indexOf(':') + 1), size, changed };
}

function isSame(read: ReadFile, { inode, size, changed }: FileStamp): boolean {
	return read.inode === inode && read.size === size && read.changed === changed;
}
