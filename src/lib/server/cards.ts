// Model cards: read from this machine, our cache or the Hub, and made safe to show.
import type { ModelCard, RenderedCard } from '#lib/core/card.ts';
import { Failure } from '#lib/core/failure.ts';
import type { Source } from '#lib/core/model.ts';
import { isCommit } from '#lib/core/repository.ts';
import type { CardRenderer } from '#lib/server/card-renderer.ts';
import type { Database } from '#lib/server/database.ts';
import type { Hub } from '#lib/server/hub.ts';
import { latestConfig, readConfig, saveConfig, type StoredConfig } from '#lib/server/store/configs.ts';

/** Reads text files of models on this machine. Null: no such model or file here. `commit` null: not known. */
export interface LocalTexts {
	text(id: string, path: string, limitBytes: number): Promise<{ text: string; commit: string | null } | null>;
}

interface CardsOptions {
	database: Database;
	local: LocalTexts;
	hub: Pick<Hub, 'file'>;
	renderer: Pick<CardRenderer, 'render'>;
	/** Base address of the Hub, for the links of cards. */
	hubEndpoint: string;
	date: () => Date;
}

interface ReadOptions {
	/** The commit the model is known at; null when it is not known. */
	revision: string | null;
	signal?: AbortSignal | undefined;
}

/** A README with where it was read. */
export interface CardText {
	/** Null: the repository has no card. */
	markdown: string | null;
	source: Source;
	revision: string | null;
}

const path = 'README.md';
/** What is read of a README: more than is ever shown, so that what is cut away is known to be there. */
const limitBytes = 1024 * 1024;
/** Rendered cards kept in memory; one is 20 kB on average and at most 2 MB. */
const keptCards = 40;

/** Reads and renders model cards. */
export class Cards {
	readonly #options: CardsOptions;
	readonly #rendered = new Map<string, Promise<RenderedCard>>();

	constructor(options: CardsOptions) {
		this.#options = options;
	}

	/**
	 * The card of a model, made safe to show: local copy, then our cache, then the Hub, then an older copy. A repository
	 * without a README gives a card without text. Throws a Failure when no copy is at hand and the Hub cannot be asked.
	 */
	async read(id: string, options: ReadOptions): Promise<ModelCard> {
		const found = await this.text(id, options);
		if (found.markdown === null) return { ...found, rendered: null };
		return { ...found, rendered: await this.#render(id, found.markdown, found.revision) };
	}

	/** The README as it is, from the same places and with the same failures. */
	async text(id: string, { revision, signal }: ReadOptions): Promise<CardText> {
		const { database, local } = this.#options;
		const here = await local.text(id, path, limitBytes);
		if (here !== null) return { markdown: here.text, source: 'local', revision: here.commit };
		const kept = revision === null || !isCommit(revision) ? null : readConfig(database, id, revision, path);
		if (kept !== null) return fromStore(kept);
		try {
			return await this.#atNewest(id, revision, signal);
		} catch (error) {
			const older = error instanceof Failure ? latestConfig(database, id, path) : null;
			if (older === null) throw error;
			return fromStore(older);
		}
	}

	/** At the known commit, or where the history was rewritten since, at the newest one. */
	async #atNewest(id: string, revision: string | null, signal: AbortSignal | undefined): Promise<CardText> {
		try {
			return await this.#ask(id, revision, signal);
		} catch (error) {
			if (revision === null || !(error instanceof Failure) || error.code !== 'not_found') throw error;
			return await this.#ask(id, null, signal);
		}
	}

	async #ask(id: string, revision: string | null, signal: AbortSignal | undefined): Promise<CardText> {
		const { hub, database, date } = this.#options;
		const found = await hub.file(id, path, {
			revision: revision ?? 'main',
			limitBytes,
			priority: 'click',
			signal,
		});
		const commit = found?.commit ?? revision;
		if (commit !== null && isCommit(commit)) {
			const markdown = found?.text ?? null;
			const status = found === null ? '404' : 'ok';
			const fetchedAt = date().toISOString();
			saveConfig(database, { id, commit, file: path, status, text: markdown, etag: null, fetchedAt });
		}
		return { markdown: found?.text ?? null, source: 'hub', revision: commit };
	}

	/** One rendering per text, also when several ask at once. The oldest are forgotten first. */
	#render(id: string, markdown: string, revision: string | null): Promise<RenderedCard> {
		const key = `${id} ${revision ?? ''} ${markdown.length}`;
		const known = revision === null ? undefined : this.#rendered.get(key);
		if (known !== undefined) return known;
		const place = { hub: this.#options.hubEndpoint, id, revision: revision ?? 'main' };
		const rendering = this.#options.renderer.render(markdown, place);
		if (revision === null) return rendering;
		this.#rendered.set(key, rendering);
		for (const oldest of this.#rendered.keys()) {
			if (this.#rendered.size <= keptCards) break;
			this.#rendered.delete(oldest);
		}
		return rendering;
	}
}

function fromStore(kept: StoredConfig): CardText {
	return { markdown: kept.text, source: 'cache', revision: kept.commit };
}
