// Everything about one model: its row, characteristics, files, card and relatives, each part on its own feet.
import type { ModelCard } from '#lib/core/card.ts';
import { isBehind, recordFromListing } from '#lib/core/entry.ts';
import { Failure } from '#lib/core/failure.ts';
import {
	entrySchema,
	type ModelCharacteristics,
	type ModelDetail,
	type ModelRecord,
	type PartProblem,
} from '#lib/core/model.ts';
import { emptyQuery } from '#lib/core/query.ts';
import { isCommit, parseRepositoryId, quoted } from '#lib/core/repository.ts';
import type { Cards } from '#lib/server/cards.ts';
import type { Catalog } from '#lib/server/catalog.ts';
import type { Database } from '#lib/server/database.ts';
import type { FileList, FileLists, HeadReader } from '#lib/server/file-lists.ts';
import type { Hub } from '#lib/server/hub.ts';
import { basesOf, madeFrom } from '#lib/server/store/relations.ts';

/** What is needed of the config reader. */
interface CharacteristicsReader {
	read(id: string, options: { signal?: AbortSignal | undefined }): Promise<ModelCharacteristics>;
}

interface DetailsOptions {
	database: Database;
	catalog: Pick<Catalog, 'entry' | 'learn' | 'list' | 'upsert'>;
	hub: Pick<Hub, 'info'>;
	configs: CharacteristicsReader;
	files: FileLists;
	cards: Cards;
	date: () => Date;
}

interface ReadOptions {
	signal?: AbortSignal | undefined;
}

/** One part of a detail: what was read, or why it could not be. */
export type Part<T> = { value: T; problem: null } | { value: null; problem: PartProblem };

/** The parts of a detail, all being read at the same time. They reject only for a reader who has left, and for bugs. */
export interface DetailParts {
	characteristics: Promise<Part<ModelCharacteristics>>;
	files: Promise<Part<FileList>>;
	card: Promise<Part<ModelCard>>;
}

/** A model's relatives in the catalog, most downloaded first. */
export interface Relatives {
	/** What the model says it was made from. */
	bases: string[];
	/** Others made from the same bases, or from this model. */
	siblings: string[];
}

/** Most relatives that are named. */
const relativeLimit = 20;
/** How long the newest commit of a repository is taken for granted. */
const headLifeMs = 10 * 60_000;
/** Repositories whose newest commit or present name is remembered. */
const keptNames = 500;

/** Answers for one model at a time. */
export class Details {
	readonly #options: DetailsOptions;
	readonly #heads = new Map<string, { commit: string; until: number }>();
	/** Old name → present name, as the Hub told while this process ran. */
	readonly #renamed = new Map<string, string>();

	constructor(options: DetailsOptions) {
		this.#options = options;
	}

	/**
	 * The row of a model: from the catalog, else asked of the Hub and taken into the catalog. Its id may differ from the
	 * one asked for when the model was renamed or the case of a letter was wrong. Throws `invalid_model_id`, `not_found`,
	 * or the Hub's failure when nothing is known here.
	 */
	async record(id: string, { signal }: ReadOptions = {}): Promise<ModelRecord> {
		const asked = parseRepositoryId(id);
		const known = this.#known(this.#renamed.get(asked) ?? asked);
		if (known !== null) return known;
		try {
			return await this.#learn(id, signal);
		} catch (error) {
			if (!(error instanceof Failure) || error.code !== 'offline') throw error;
			const message = `"${quoted(id)}" is not in the catalog, and the Hub cannot be asked while offline.`;
			throw new Failure('offline', message, { cause: error });
		}
	}

	/** Starts reading the parts of a model, its card made safe to show. */
	parts(record: ModelRecord, options: ReadOptions = {}): DetailParts {
		const { cards } = this.#options;
		const { id, revision } = record;
		const card = part('card', () => cards.read(id, { revision, signal: options.signal }));
		return { ...this.facts(record, options), card };
	}

	/** Starts reading the parts that are figures: characteristics and files. */
	facts(record: ModelRecord, { signal }: ReadOptions = {}): Omit<DetailParts, 'card'> {
		return {
			characteristics: part('characteristics', () => this.#read(record, signal)),
			files: part('files', () => this.files(record, { signal })),
		};
	}

	/** A configuration may have been read before the model had a row: the row learns now, so that both say the same. */
	async #read(record: ModelRecord, signal: AbortSignal | undefined): Promise<ModelCharacteristics> {
		const read = await this.#options.configs.read(record.id, { signal });
		const row = this.#options.catalog.entry(record.id);
		if (row !== null && isBehind(row, read)) this.#options.catalog.learn(record.id, read);
		return read;
	}

	/** The files alone. Throws the Hub's failure when there is no list to show. */
	files(record: ModelRecord, { signal }: ReadOptions = {}): Promise<FileList> {
		const { id } = record;
		const head: HeadReader = ({ isFresh }) => (isFresh ? this.#freshHead(id, signal) : this.#head(record, signal));
		return this.#options.files.read(id, head, signal);
	}

	/** The model's relatives, as far as the catalog knows. */
	relatives(id: string): Relatives {
		const { database } = this.#options;
		const bases = basesOf(database, id);
		return { bases, siblings: madeFrom(database, [...bases, id], id, relativeLimit) };
	}

	/** The whole detail at once. A part that fails is named in `problems`; only a model nobody knows throws. */
	async read(asked: string, { signal }: ReadOptions = {}): Promise<ModelDetail> {
		const record = await this.record(asked, { signal });
		const { id, revision } = record;
		const facts = this.facts(record, { signal });
		const text = part('card', () => this.#options.cards.text(id, { revision, signal }));
		const [characteristics, files, card] = await Promise.all([facts.characteristics, facts.files, text]);
		const problems = [characteristics.problem, files.problem, card.problem].filter((problem) => problem !== null);
		return {
			entry: entrySchema.parse(this.#options.catalog.entry(id) ?? record),
			characteristics: characteristics.value,
			revision: files.value?.revision ?? characteristics.value?.revision ?? revision,
			files: files.value?.files ?? [],
			files_source: files.value?.source ?? null,
			card: { markdown: card.value?.markdown ?? null },
			siblings_of_base: this.relatives(id).siblings,
			problems,
		};
	}

	/** The catalog's row with this id, or else with this id in other letters' case. */
	#known(id: string): ModelRecord | null {
		const { catalog } = this.#options;
		const exact = catalog.entry(id);
		if (exact !== null) return exact;
		const [first] = catalog.list({ ...emptyQuery, q: id, source: 'all', limit: 1 }).models;
		return first?.id.toLowerCase() === id.toLowerCase() ? catalog.entry(first.id) : null;
	}

	async #learn(id: string, signal: AbortSignal | undefined): Promise<ModelRecord> {
		const { hub, catalog, date } = this.#options;
		const { facts } = await hub.info(id, { priority: 'click', signal });
		if (facts.sha !== undefined)
			keep(this.#heads, facts.id, { commit: facts.sha, until: date().getTime() + headLifeMs });
		if (facts.id !== id) keep(this.#renamed, id, facts.id);
		const record = recordFromListing(facts, 'hub', date().toISOString());
		catalog.upsert([record]);
		return catalog.entry(facts.id) ?? record;
	}

	/** The newest commit: as the Hub listed it, else asked of the Hub, else the last one known here. */
	async #head({ id, revision, origin }: ModelRecord, signal: AbortSignal | undefined): Promise<string> {
		const known = this.#heads.get(id);
		if (known !== undefined && known.until > this.#options.date().getTime()) return known.commit;
		const listed = revision !== null && isCommit(revision) ? revision : null;
		if (listed !== null && origin === 'hub') return listed;
		try {
			return await this.#freshHead(id, signal);
		} catch (error) {
			if (listed !== null && error instanceof Failure) return listed;
			throw error;
		}
	}

	async #freshHead(id: string, signal: AbortSignal | undefined): Promise<string> {
		await this.#learn(id, signal);
		const head = this.#heads.get(this.#renamed.get(id) ?? id);
		if (head !== undefined) return head.commit;
		throw new Failure('hub_error', 'The Hub did not say which commit is the newest.');
	}
}

/** Puts a value into a map that forgets its oldest ones. */
function keep<T>(map: Map<string, T>, key: string, value: T): void {
	map.delete(key);
	map.set(key, value);
	for (const oldest of map.keys()) {
		if (map.size <= keptNames) break;
		map.delete(oldest);
	}
}

/** A part's value, or the Failure that kept it away. Anything else that is thrown is a bug, or a reader who has left. */
async function part<T>(name: PartProblem['part'], read: () => Promise<T>): Promise<Part<T>> {
	try {
		return { value: await read(), problem: null };
	} catch (error) {
		if (!(error instanceof Failure)) throw error;
		const { code, message } = error;
		return { value: null, problem: { part: name, code, message } };
	}
}
