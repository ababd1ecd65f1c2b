// What the copies on this machine are: each from its own config.json, or from the header of its own GGUF file.
import { createHash } from 'node:crypto';
import { normalize } from '#lib/core/characteristics.ts';
import { Failure } from '#lib/core/failure.ts';
import { readHeader, type FileHeader } from '#lib/core/file-header.ts';
import { characteristicsFromGguf } from '#lib/core/gguf-characteristics.ts';
import { chosenGguf } from '#lib/core/gguf-files.ts';
import type { GgufHeader } from '#lib/core/gguf-header.ts';
import type { ModelCharacteristics } from '#lib/core/model.ts';
import { shardOf } from '#lib/core/files.ts';
import type { Database } from '#lib/server/database.ts';
import { MOST_FILE_BYTES } from '#lib/server/hub.ts';
import { inside, withFile } from '#lib/server/inner-file.ts';
import type { FoundFile } from '#lib/server/inventory/found.ts';
import { bestOf, type Held } from '#lib/server/inventory/shelf.ts';
import { findHeader, keepHeader } from '#lib/server/store/headers.ts';
import { readListing } from '#lib/server/store/listings.ts';

interface CopyFactsOptions {
	database: Database;
	date: () => Date;
}

/** Parts of a split file that are read; the counts of more would take long, and the first part tells the rest. */
const mostParts = 8;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Reads copies, each once as long as its file stays the same. */
export class CopyFacts {
	readonly #options: CopyFactsOptions;
	readonly #read = new Map<string, { mark: string; facts: ModelCharacteristics | null }>();

	constructor(options: CopyFactsOptions) {
		this.#options = options;
	}

	/** Null when the copy has neither a config nor a GGUF header that can be read. */
	async of(held: Held): Promise<ModelCharacteristics | null> {
		const { copy, found } = held;
		if (copy.broken !== null) return null;
		const files = bestOf(found)?.files ?? [];
		const source = files.find(({ path }) => path === 'config.json') ?? ggufAmong(files);
		if (source === null) return null;
		const mark = `${copy.id} ${copy.revision} ${stampOf(source)}`;
		const kept = this.#read.get(copy.key);
		if (kept?.mark === mark) return kept.facts;
		const facts =
			source.path === 'config.json' ? await this.#fromConfig(held, source) : await this.#fromGguf(held, files);
		this.#read.set(copy.key, { mark, facts });
		return facts;
	}

	#common({ copy }: Held) {
		const listing = readListing(this.#options.database, copy.id)?.facts ?? null;
		const fetchedAt = this.#options.date().toISOString();
		return { id: copy.id, source: 'local' as const, revision: copy.revision, fetchedAt, listing };
	}

	async #fromConfig(held: Held, file: FoundFile): Promise<ModelCharacteristics | null> {
		const real = await inside(held.real, file.real);
		const bytes =
			real === null ? null : await quietly(() => withFile(real, (source) => source.read(0, MOST_FILE_BYTES + 1)));
		return bytes === null ? null : normalize({ ...this.#common(held), config: decoder.decode(bytes) });
	}

	async #fromGguf(held: Held, files: readonly FoundFile[]): Promise<ModelCharacteristics | null> {
		const headers: GgufHeader[] = [];
		const [first, ...others] = partsFrom(files);
		if (first === undefined) return null;
		for (const file of [first, ...others].slice(0, mostParts)) {
			const header = await this.#header(held, file);
			if (header?.format === 'gguf') headers.push(header);
		}
		const [main, ...rest] = headers;
		if (main === undefined) return null;
		return characteristicsFromGguf({ ...this.#common(held), file: first.path, headers: [main, ...rest] });
	}

	/** Kept by the file itself where no commit names its content. */
	async #header({ copy, real: root }: Held, file: FoundFile): Promise<FileHeader | null> {
		const { database, date } = this.#options;
		const { path, size } = file;
		const commit = copy.revision ?? stampOf(file);
		const kept = findHeader(database, copy.id, commit, path);
		if (kept !== null) return kept.header;
		const real = await inside(root, file.real);
		if (real === null) return null;
		const header = await quietly(() => withFile(real, (source) => readHeader(source, 'gguf', { digest })));
		if (header === null) return null;
		keepHeader(database, { id: copy.id, commit, path, size, header, invalid: null, fetchedAt: date().toISOString() });
		return header;
	}
}

function stampOf({ inode, size, changed }: FoundFile): string {
	return `file ${inode} ${size} ${changed}`;
}

async function quietly<T>(work: () => Promise<T>): Promise<T | null> {
	try {
		return await work();
	} catch (error) {
		if (error instanceof Failure) return null; // damaged, or not readable: nothing is known of it
		throw error;
	}
}

function ggufAmong(files: readonly FoundFile[]): FoundFile | null {
	const path = chosenGguf(files.map((file) => file.path));
	return files.find((file) => file.path === path) ?? null;
}

/** The GGUF file that stands for the copy, with its other parts behind it. */
function partsFrom(files: readonly FoundFile[]): FoundFile[] {
	const chosen = ggufAmong(files);
	if (chosen === null) return [];
	const shard = shardOf(chosen.path);
	if (shard === null) return [chosen];
	const parts = files.filter(({ path }) => {
		const other = shardOf(path);
		return other !== null && other.folder === shard.folder && other.prefix === shard.prefix;
	});
	return parts.sort((a, b) => (a.path < b.path ? -1 : 1));
}
