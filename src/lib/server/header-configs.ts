// GGUF headers that stand in for a missing config.json: which file of a repository is read, and from where.
import { chosenGguf } from '#lib/core/gguf-files.ts';
import { characteristicsFromGguf } from '#lib/core/gguf-characteristics.ts';
import { Failure } from '#lib/core/failure.ts';
import type { ListingFacts } from '#lib/core/listing.ts';
import type { ModelCharacteristics, Source } from '#lib/core/model.ts';
import type { Database } from '#lib/server/database.ts';
import type { HeaderOrder, Headers, HeaderSet } from '#lib/server/headers.ts';
import type { AskOptions } from '#lib/server/hub-attempts.ts';
import type { Inventory } from '#lib/server/inventory.ts';
import { headersAt } from '#lib/server/store/headers.ts';

/** Parts of a split file that are read unasked; of more only the first one is, which holds everything but the counts. */
const partsUnasked = 8;

export interface HeaderConfigsOptions {
	headers: Pick<Headers, 'readAll'>;
	inventory: Pick<Inventory, 'files'>;
	database: Database;
}

/** What is known beside the header. */
interface About {
	id: string;
	fetchedAt: string;
	listing: ListingFacts | null;
}

/** The record that headers make; null for headers of another kind. */
export function fromHeaders({ headers }: HeaderSet, { id, fetchedAt, listing }: About): ModelCharacteristics | null {
	const [first, ...others] = headers.flatMap(({ header }) => (header.format === 'gguf' ? header : []));
	if (first === undefined) return null;
	const [{ path, revision }] = headers;
	const sources = new Set(headers.map((read) => read.source));
	const source: Source = sources.has('hub') ? 'hub' : sources.has('local') ? 'local' : 'cache';
	return characteristicsFromGguf({
		id,
		source,
		revision,
		fetchedAt,
		file: path,
		headers: [first, ...others],
		listing,
	});
}

/** Finds headers. Null everywhere means that there is none to be had this way. */
export class HeaderConfigs {
	readonly #options: HeaderConfigsOptions;

	constructor(options: HeaderConfigsOptions) {
		this.#options = options;
	}

	/** Of a GGUF file on this machine, of the commit that is here (`commit` null) or of this very one. */
	async local(id: string, commit: string | null): Promise<HeaderSet | null> {
		const here = await this.#options.inventory.files(id);
		if (here === null || (commit !== null && here.commit !== commit)) return null;
		const paths = here.files.map(({ path }) => path);
		return this.#quietly(id, paths, here.commit);
	}

	/** That was read before, of this commit. */
	async kept(id: string, commit: string): Promise<HeaderSet | null> {
		const read = headersAt(this.#options.database, id, commit);
		const paths = read.flatMap(({ path, header }) => (header?.format === 'gguf' ? path : []));
		return this.#quietly(id, paths, commit);
	}

	/** Of the file that llama.cpp takes by default, asked of the Hub when it is not here. Throws the Hub's failures. */
	async ask(
		id: string,
		paths: readonly string[],
		order: AskOptions & { revision: string | null },
	): Promise<HeaderSet | null> {
		return this.#read(id, paths, order);
	}

	async #read(id: string, paths: readonly string[], order: HeaderOrder): Promise<HeaderSet | null> {
		const path = chosenGguf(paths);
		return path === null ? null : this.#options.headers.readAll(id, path, { ...order, mostParts: partsUnasked });
	}

	async #quietly(id: string, paths: readonly string[], revision: string | null): Promise<HeaderSet | null> {
		try {
			return await this.#read(id, paths, { revision, ask: false });
		} catch (error) {
			if (error instanceof Failure) return null; // a broken file here says nothing about the model
			throw error;
		}
	}
}
