// Headers of weight files, from this machine or by range from the Hub; at a known commit each is read once and kept.
import { createHash } from 'node:crypto';
import type { ByteSource } from '#lib/core/byte-source.ts';
import { Failure } from '#lib/core/failure.ts';
import {
	headerFormat,
	readHeader,
	summarizeHeaders,
	type FileHeader,
	type HeaderFormat,
	type HeaderSummary,
} from '#lib/core/file-header.ts';
import { shardOf } from '#lib/core/files.ts';
import { fileNameProblem, isCommit, parseRepositoryId, parseRevision, quoted } from '#lib/core/repository.ts';
import type { FileSource as FilesFrom } from '#lib/core/model.ts';
import type { Database } from '#lib/server/database.ts';
import type { Hub } from '#lib/server/hub.ts';
import type { AskOptions } from '#lib/server/hub-attempts.ts';
import { withFile } from '#lib/server/inner-file.ts';
import type { Inventory } from '#lib/server/inventory.ts';
import { asReady } from '#lib/server/pool.ts';
import { SharedWork } from '#lib/server/shared-work.ts';
import { fetchState } from '#lib/server/store/configs.ts';
import { findHeader, keepHeader, type HeaderResult, type StoredHeader } from '#lib/server/store/headers.ts';

/** Parts of a split file that are read together; the largest split models in use have some 160 parts of safetensors. */
const mostParts = 200;
/** Parts read at the same time. */
const concurrency = 4;

/** One header with where it was read. `size` is that of the file in bytes, `revision` its commit; null is not known. */
export interface ReadHeader {
	path: string;
	header: FileHeader;
	size: number | null;
	revision: string | null;
	source: FilesFrom;
}

/** The headers of a file and, when it is split, of all its parts: the first part first. */
export interface HeaderSet {
	headers: [ReadHeader, ...ReadHeader[]];
	summary: HeaderSummary;
}

export interface HeaderOrder extends AskOptions {
	/** Branch, tag or commit; what is here, or else the default branch, when left out. */
	revision?: string | null;
	/** May the Hub be asked? Default true. */
	ask?: boolean;
	/** Most parts of a split file that are read; above it only the first one is. */
	mostParts?: number;
}

interface HeadersOptions {
	hub: Pick<Hub, 'range'>;
	inventory: Pick<Inventory, 'open'>;
	database: Database;
	date: () => Date;
}

interface Place {
	id: string;
	path: string;
	format: HeaderFormat;
	revision: string | null;
}

function digest(bytes: Uint8Array): string {
	return createHash('sha256').update(bytes).digest('hex');
}

/** A file on the Hub. Its first piece says which commit it is of, and later ones are asked of that commit. */
class HubSource implements ByteSource {
	readonly #hub: Pick<Hub, 'range'>;
	readonly #place: Place;
	readonly #ask: AskOptions;
	size: number | null = null;
	commit: string | null = null;

	constructor(hub: Pick<Hub, 'range'>, place: Place, ask: AskOptions) {
		this.#hub = hub;
		this.#place = place;
		this.#ask = ask;
	}

	async read(start: number, length: number): Promise<Uint8Array> {
		const { id, path, revision } = this.#place;
		const at = this.commit ?? revision ?? 'main';
		const piece = await this.#hub.range(id, path, { ...this.#ask, revision: at, start, length });
		if (piece === null) throw new Failure('not_found', `${id} has no file "${quoted(path)}".`);
		this.size ??= piece.size;
		this.commit ??= piece.commit;
		return piece.bytes;
	}
}

/** A header, or why it is none; every other failure is thrown. */
async function result(reading: Promise<FileHeader>): Promise<HeaderResult> {
	try {
		return { header: await reading, invalid: null };
	} catch (error) {
		const isInvalid =
			error instanceof Failure && (error.code === 'invalid_gguf' || error.code === 'invalid_safetensors');
		if (!isInvalid) throw error;
		return { header: null, invalid: error.message };
	}
}

type Found = HeaderResult & Omit<ReadHeader, 'header'>;

/** Reads headers. Nothing is asked twice at the same time, and of a known commit never again. */
export class Headers {
	readonly #options: HeadersOptions;
	readonly #underWay = new SharedWork<Found | null>();

	constructor(options: HeadersOptions) {
		this.#options = options;
	}

	/** Ends what is under way. */
	close(): void {
		this.#underWay.close(new DOMException('Modeldex is closing.', 'AbortError'));
	}

	/**
	 * The header of one file: our own copy, the file on this machine, the Hub (one or two requests). Null only when the
	 * Hub may not be asked and nothing is here. Throws `invalid_gguf`, `invalid_safetensors`, `not_found`, `gated` and the
	 * Hub's other failures, and `invalid_query` for a file that has no header of these kinds.
	 */
	async read(id: string, path: string, order: HeaderOrder = {}): Promise<ReadHeader | null> {
		const { revision = null, ask = true, signal, ...options } = order;
		const place = { id: parseRepositoryId(id), path, format: formatOf(path), revision: branchOf(revision) };
		const key = `${id} ${place.revision ?? ''} ${path} ${ask}`;
		const found = await this.#underWay.join(key, signal, (shared) => {
			return this.#find(place, ask ? { ...options, signal: shared } : null);
		});
		if (found === null) return null;
		const { header, invalid, ...where } = found;
		if (header === null) throw new Failure(`invalid_${place.format}`, invalid);
		return { ...where, header };
	}

	/**
	 * The headers of a file and of all other parts when it is one of a split file, with what they say together. Null as
	 * in `read`. Throws as `read` does, when any part fails.
	 */
	async readAll(id: string, path: string, order: HeaderOrder = {}): Promise<HeaderSet | null> {
		const paths = partsOf(path);
		const limit = Math.min(order.mostParts ?? mostParts, mostParts);
		const [start = path, ...others] = paths;
		const first = await this.read(id, start, order);
		if (first === null) return null;
		const wanted = paths.length > limit ? [] : others;
		const revision = first.revision ?? order.revision ?? null;
		const rest = await this.#readMany(id, wanted, { ...order, revision });
		const headers: [ReadHeader, ...ReadHeader[]] = [first, ...(rest ?? [])];
		const summary = summarizeHeaders(
			start,
			paths.length,
			headers.map(({ header }) => header),
		);
		return summary === null ? null : { headers, summary };
	}

	/** All of them in the order given; null when one is not to be had without asking. */
	async #readMany(id: string, paths: string[], order: HeaderOrder): Promise<ReadHeader[] | null> {
		const signal = order.signal ?? new AbortController().signal;
		const found = new Map<string, ReadHeader | null>();
		const reading = asReady(paths, { concurrency, signal }, async (path, stop) => ({
			path,
			header: await this.read(id, path, { ...order, signal: stop }),
		}));
		for await (const { path, header } of reading) found.set(path, header);
		const headers = paths.flatMap((path) => found.get(path) ?? []);
		return headers.length === paths.length ? headers : null;
	}

	async #find(place: Place, ask: AskOptions | null): Promise<Found | null> {
		const kept = this.#kept(place);
		if (kept !== null) return kept;
		const here = await this.#here(place);
		if (here !== null || ask === null) return here;
		return this.#fromHub(place, ask);
	}

	/** Our own copy, at the commit asked for or the newest that was seen. */
	#kept({ id, path, revision }: Place): Found | null {
		const { database } = this.#options;
		const commit = revision ?? fetchState(database, id)?.commit ?? null;
		const stored = commit !== null && isCommit(commit) ? findHeader(database, id, commit, path) : null;
		return stored === null ? null : fromStore(stored);
	}

	#here({ id, path, format, revision }: Place): Promise<Found | null> {
		return this.#options.inventory.open({ id, path, revision }, async (source, commit) => {
			const { size } = source;
			const read = await result(readHeader(source, format, { digest }));
			if (commit !== null) this.#keep({ id, path, commit, size, ...read });
			return { path, size, revision: commit, source: 'local', ...read };
		});
	}

	async #fromHub(place: Place, ask: AskOptions): Promise<Found> {
		const { id, path, format, revision } = place;
		const source = new HubSource(this.#options.hub, place, ask);
		const read = await result(readHeader(source, format, { digest }));
		const commit = source.commit ?? (revision !== null && isCommit(revision) ? revision : null);
		const { size } = source;
		if (commit !== null) this.#keep({ id, path, commit, size, ...read });
		return { path, size, revision: commit, source: 'hub', ...read };
	}

	#keep(header: HeaderResult & Omit<StoredHeader, 'fetchedAt' | keyof HeaderResult>): void {
		keepHeader(this.#options.database, { ...header, fetchedAt: this.#options.date().toISOString() });
	}
}

function fromStore(stored: StoredHeader): Found {
	const { path, size, commit } = stored;
	const where = { path, size, revision: commit, source: 'cache' } as const;
	return stored.header === null
		? { ...where, header: null, invalid: stored.invalid }
		: { ...where, header: stored.header, invalid: null };
}

function branchOf(revision: string | null): string | null {
	return revision === null || revision === 'main' ? null : parseRevision(revision);
}

function formatOf(path: string): HeaderFormat {
	const problem = fileNameProblem(path);
	if (problem !== null) throw new Failure('invalid_query', `"${quoted(path)}" is no file name: ${problem}.`);
	const format = headerFormat(path);
	if (format !== null) return format;
	throw new Failure('invalid_query', `"${quoted(path)}" is neither a GGUF nor a safetensors file.`);
}

/** All parts of the split file that this is a part of, the first one first; the path alone for a whole file. */
function partsOf(path: string): string[] {
	const shard = shardOf(path);
	if (shard === null || shard.total > 10_000) return [path];
	const digits = /-(\d{5,6})-of-(\d{5,6})\./.exec(path.slice(shard.folder.length + shard.prefix.length)) ?? [];
	const [, part = '', total = ''] = digits;
	return Array.from({ length: shard.total }, (_, at) => {
		const number = String(at + 1).padStart(part.length, '0');
		return `${shard.folder}${shard.prefix}-${number}-of-${total}.${shard.extension}`;
	});
}

/** The first bytes of a GGUF file. */
const magic = 'GGUF';

/**
 * The header of a file anywhere on this machine, told by its first bytes and not by its name. The path must be that of
 * the file itself, no link. Throws `unsafe_local_path` when it is no regular file that can be read, and
 * `invalid_gguf` or `invalid_safetensors`.
 */
export async function describeLocalFile(path: string): Promise<{ header: FileHeader; size: number }> {
	const found = await withFile(path, async (source) => {
		const start = new TextDecoder().decode(await source.read(0, magic.length));
		const header = await readHeader(source, start === magic ? 'gguf' : 'safetensors', { digest });
		return { header, size: source.size };
	});
	if (found !== null) return found;
	throw new Failure('unsafe_local_path', 'There is no file at this place that could be read.');
}
