// Brings a file or folder of a model into our own store: hashed while it is taken in, whole under its name or not there.
import { copyFile, link, mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { constants } from 'node:fs';
import { createHash } from 'node:crypto';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { Failure } from '#lib/core/failure.ts';
import { formatBytes } from '#lib/core/format.ts';
import { fileNameProblem, idHere, isRepositoryId, quoted } from '#lib/core/repository.ts';
import type { DiskSpace } from '#lib/core/inventory.ts';
import { isModel, type FoundFile } from '#lib/server/inventory/found.ts';
import { fileOf, lookAt, realFolder, walkFolder } from '#lib/server/inventory/look.ts';
import { noteName, type ModelNote } from '#lib/server/inventory/plain-folder.ts';
import type { FileHashes } from '#lib/server/inventory/reading.ts';

/** `copy`: bytes of its own, or the same ones until one side changes, where the disk can; `link`: another name for the same file. */
export const importWays = ['copy', 'link'] as const;
export type ImportWay = (typeof importWays)[number];

export interface ImportOrder {
	path: string;
	/** The model's id; made from the name of the file or folder when left out. */
	id?: string | null;
	way?: ImportWay;
	signal?: AbortSignal;
	/** Told how many of all bytes have been read. */
	onBytes?: (read: number, total: number) => void;
}

export interface Imported {
	id: string;
	path: string;
	files: number;
	size_bytes: number;
	/** Hash over the names and hashes of all files. */
	checksum: string;
}

interface ImporterOptions {
	/** Our store. */
	folder: string;
	hashes: FileHashes;
	date: () => Date;
	/** Letters and digits nobody else takes at the same time. */
	unique: () => string;
	space: (path: string) => Promise<DiskSpace>;
}

/** Kept free on every disk: a full one breaks more than a download. */
const reserveBytes = 1024 ** 3;
const ownerless = 'import';

interface Source {
	root: string;
	files: FoundFile[];
	name: string;
}

/** What is at the path, if it may be taken in. */
function sourceAt(path: string): Source {
	const place = resolve(path);
	const facts = isAbsolute(path) ? lookAt(place) : null;
	if (facts === null) throw new Failure('usage', `There is nothing at "${quoted(path)}"; give the whole path.`);
	const root = realFolder(facts.isDirectory() ? place : dirname(place));
	if (root === null || facts.isSymbolicLink()) throw unsafe(path, 'it is a link');
	if (facts.isFile()) {
		const real = join(root, basename(place));
		return {
			root,
			files: [fileOf(basename(place), { place: real, real, facts })],
			name: basename(place).replace(/\.\w+$/, ''),
		};
	}
	if (!facts.isDirectory()) throw unsafe(path, 'it is neither a file nor a folder');
	const walked = walkFolder(root, { root, blobs: null }, new Set(['.cache', '.git']));
	const [why] = walked.unsafe;
	if (why !== undefined) throw unsafe(path, why);
	return { root, files: walked.files.filter((file) => file.path !== noteName), name: basename(root) };
}

function unsafe(path: string, why: string): Failure {
	return new Failure('unsafe_local_path', `"${quoted(path)}" is not taken in: ${quoted(why)}.`);
}

/** The hash of a model as a whole: over a line per file, sorted. */
export function checksumOf(files: readonly { path: string; sha256: string }[]): string {
	const lines = files.map(({ path, sha256 }) => `${sha256}  ${path}\n`).sort();
	return createHash('sha256').update(lines.join('')).digest('hex');
}

/** Takes models in. */
export class Importer {
	readonly #options: ImporterOptions;

	constructor(options: ImporterOptions) {
		this.#options = options;
	}

	/**
	 * Takes a file or folder in under an id. Throws `usage` for a path where nothing is or that holds no model,
	 * `unsafe_local_path` for links out and what is no file, `already_exists`, `insufficient_storage`, `invalid_model_id`.
	 */
	async take(order: ImportOrder): Promise<Imported> {
		const { way = 'copy' } = order;
		const { source, id, folder } = this.#prepared(order);
		if (way === 'copy') await this.#checkSpace(source.files);
		const working = join(this.#options.folder, `.importing-${this.#options.unique()}`);
		try {
			const note = await this.#fill(working, source, id, order);
			await mkdir(dirname(folder), { recursive: true });
			await rename(working, folder);
			return { id, path: folder, files: note.files.length, size_bytes: note.size, checksum: note.checksum };
		} catch (error) {
			await rm(working, { recursive: true, force: true });
			throw translated(error, this.#options.folder);
		}
	}

	/** What would be taken in, and where to. Throws as `take` does, short of what only the disk can tell. */
	plan(order: Pick<ImportOrder, 'path' | 'id'>): Omit<Imported, 'checksum'> {
		const { source, id, folder } = this.#prepared(order);
		const size_bytes = source.files.reduce((sum, { size }) => sum + size, 0);
		return { id, path: folder, files: source.files.length, size_bytes };
	}

	#prepared({ path, id: asked = null }: Pick<ImportOrder, 'path' | 'id'>) {
		const source = sourceAt(path);
		const { id, folder } = this.#target(asked, source.name);
		for (const file of source.files) {
			const problem = fileNameProblem(file.path);
			if (problem !== null) throw unsafe(path, `${file.path}: ${problem}`);
		}
		if (!isModel(source.files)) {
			throw new Failure('usage', `"${quoted(path)}" holds neither a config.json nor weights.`);
		}
		if (lookAt(folder) !== null) {
			throw new Failure('already_exists', `${id} is in the store already; remove it first, or give another id.`);
		}
		return { source, id, folder };
	}

	#target(asked: string | null, name: string): { id: string; folder: string } {
		const id = asked ?? idHere(ownerless, name);
		if (!isRepositoryId(id))
			throw new Failure('invalid_model_id', `"${quoted(id)}" is not a model id: expected "owner/name".`);
		const [owner = '', rest] = id.split('/');
		return {
			id,
			folder:
				rest === undefined ? join(this.#options.folder, ownerless, owner) : join(this.#options.folder, owner, rest),
		};
	}

	async #checkSpace(files: readonly FoundFile[]): Promise<void> {
		const need = files.reduce((sum, { size }) => sum + size, 0) + reserveBytes;
		const { free_bytes: free } = await this.#options.space(this.#options.folder);
		if (free === null || free >= need) return;
		const words = `It needs ${formatBytes(need)} with what is kept free, and the disk has ${formatBytes(free)}`;
		throw new Failure('insufficient_storage', `${words}; nothing was taken in.`);
	}

	/** Copies and hashes; the note is written last, so that what has one is whole. */
	async #fill(working: string, { files }: Source, id: string, order: ImportOrder): Promise<ModelNote> {
		const { hashes, date } = this.#options;
		const total = files.reduce((sum, { size }) => sum + size, 0);
		let read = 0;
		const onBytes = (bytes: number) => order.onBytes?.((read += bytes), total);
		const noted: ModelNote['files'] = [];
		for (const file of files) {
			order.signal?.throwIfAborted();
			const place = join(working, ...file.path.split('/'));
			await mkdir(dirname(place), { recursive: true });
			if (order.way === 'link') await link(file.real, place);
			else {
				await copyFile(file.real, place, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
				await utimes(place, file.used / 1000, file.changed / 1000);
			}
			const facts = lookAt(place);
			if (facts === null || facts.size !== file.size) throw unsafe(file.path, 'it changed while it was taken in');
			const taken = fileOf(file.path, { place, real: place, facts });
			const { sha256 } = await hashes.read(working, taken, { signal: order.signal, onBytes });
			noted.push({ path: file.path, size: facts.size, sha256, changed: facts.mtimeMs });
		}
		const sums = { size: total, checksum: checksumOf(noted) };
		const note: ModelNote = { id, downloadedAt: date().toISOString(), version: null, ...sums, files: noted };
		await writeFile(join(working, noteName), `${JSON.stringify(note, null, 2)}\n`, { mode: 0o600 });
		return note;
	}
}

function translated(error: unknown, folder: string): unknown {
	const code = error instanceof Error && 'code' in error ? String(error.code) : '';
	if (code === 'ENOSPC' || code === 'EDQUOT')
		return new Failure('insufficient_storage', `The disk of ${folder} is full.`, { cause: error });
	if (code === 'EXDEV')
		return new Failure('usage', 'A link cannot lead to another disk; take it in as a copy.', { cause: error });
	if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
		return new Failure('insufficient_storage', `${folder} cannot be written (${code}).`, { cause: error });
	}
	return error;
}
