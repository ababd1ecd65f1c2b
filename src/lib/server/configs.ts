// Characteristics of models from the best copy of their config.json: this machine, our cache, the Hub, the snapshot.
import { normalize } from '#lib/core/characteristics.ts';
import { Failure, isAbort, toFailure } from '#lib/core/failure.ts';
import type { ListingFacts } from '#lib/core/listing.ts';
import type { FetchStatus, ModelCharacteristics, ModelRecord, Source } from '#lib/core/model.ts';
import { isCommit, parseRepositoryId, parseRevision } from '#lib/core/repository.ts';
import type { Clock } from '#lib/server/clock.ts';
import type { Database } from '#lib/server/database.ts';
import { MOST_FILE_BYTES, type Hub, type HubFile } from '#lib/server/hub.ts';
import type { AskOptions } from '#lib/server/hub-client.ts';
import type { Inventory } from '#lib/server/inventory.ts';
import { asReady } from '#lib/server/pool.ts';
import { SharedWork } from '#lib/server/shared-work.ts';
import {
	fetchState,
	latestConfig,
	readConfig,
	saveConfig,
	saveFetchState,
	type StoredConfig,
} from '#lib/server/store/configs.ts';
import { readListing, saveListings } from '#lib/server/store/listings.ts';

const FILE = 'config.json';

/** How long the newest commit of a repository and a closed gate are taken for granted before they are looked at again. */
const FRESH_MS = 6 * 60 * 60 * 1000;
const GATE_FRESH_MS = 60 * 60 * 1000;

/** One config of many: a card waits no longer than this, and not for a new window of the Hub's request limit. */
const CARD_DEADLINE_MS = 10_000;
const CARD_WAIT_MS = 3000;

/** One line of an answer about many models. */
export type ConfigLine =
	{ id: string; characteristics: ModelCharacteristics } | { id: string; error: { code: string; message: string } };

export interface ReadOptions {
	/** Branch, tag or commit; the default branch when left out. */
	revision?: string | null;
	/** Ask the Hub, whatever copy is at hand. */
	refresh?: boolean;
	signal?: AbortSignal | undefined;
}

export interface ReadManyOptions {
	signal: AbortSignal;
	concurrency?: number;
	/** For work that may take its time: waits for the request limit and tries failed ones again at the end. */
	patient?: boolean;
}

/** What is needed of the catalog. */
interface Learner {
	entry(id: string): ModelRecord | null;
	learn(id: string, characteristics: ModelCharacteristics): unknown;
	learnFailure(
		id: string,
		failure: { status: Exclude<FetchStatus, 'ok' | 'none'>; statusCode?: number; message?: string },
	): unknown;
}

interface ConfigsOptions {
	hub: Pick<Hub, 'file' | 'info' | 'online' | 'offline'>;
	inventory: Pick<Inventory, 'text'>;
	database: Database;
	catalog: Learner;
	snapshot: { characteristics(id: string): ModelCharacteristics | null };
	clock: Clock;
}

/** One question, parsed. `branch` is null for the default one. */
interface Order {
	id: string;
	branch: string | null;
	refresh: boolean;
	ask: AskOptions;
}

/** One copy of a config.json. `fetchedAt` is an ISO time. */
interface Copy {
	text: string;
	commit: string | null;
	source: Source;
	fetchedAt: string;
}

function cached({ commit, fetchedAt }: StoredConfig, text: string): Copy {
	return { text, commit, source: 'cache', fetchedAt };
}

const transient = new Set(['hub_error', 'hub_timeout', 'hub_unreachable', 'integrity_failed', 'rate_limited']);

/** Reads configs. Nothing is asked twice at the same time, and a config at a known commit never again. */
export class Configs {
	readonly #options: ConfigsOptions;
	readonly #underWay = new SharedWork<ModelCharacteristics>();
	readonly #rechecking = new Set<string>();
	readonly #closing = new AbortController();

	constructor(options: ConfigsOptions) {
		this.#options = options;
	}

	/** Ends what is under way, background checks included. */
	close(): void {
		this.#closing.abort(new DOMException('Modeldex is closing.', 'AbortError'));
	}

	/**
	 * Characteristics of one model. Throws a Failure only when no copy is at hand: `invalid_model_id`, `not_found`,
	 * `gated` with what to do, `rate_limited`, `offline`, `hub_unreachable`, `hub_timeout` and their like.
	 */
	read(id: string, options: ReadOptions = {}): Promise<ModelCharacteristics> {
		return this.#read(id, options, { priority: 'click', probe: options.refresh === true });
	}

	async #read(
		id: string,
		{ revision, refresh = false, signal }: ReadOptions,
		ask: AskOptions,
	): Promise<ModelCharacteristics> {
		parseRepositoryId(id);
		const branch = revision == null || revision === 'main' ? null : parseRevision(revision);
		const key = `${id} ${branch ?? ''} ${refresh}`;
		return this.#underWay.join(key, signal, (shared) => {
			const stop = AbortSignal.any([shared, this.#closing.signal]);
			return this.#best({ id, branch, refresh, ask: { ...ask, signal: stop } });
		});
	}

	/**
	 * Many models, each as soon as it is read, in no order; ids that come twice are answered once. One model's failure is
	 * its line and nobody else's. The abort is thrown, and everything under way ends with it.
	 */
	async *readMany(ids: readonly string[], options: ReadManyOptions): AsyncGenerator<ConfigLine> {
		const { signal, concurrency = 12, patient = false } = options;
		let left = [...new Set(ids)];
		for (let round = patient ? 3 : 1; left.length > 0; round -= 1) {
			const again: string[] = [];
			const lines = asReady(left, { concurrency, signal }, (id, stop) => this.#line(id, stop, patient));
			for await (const line of lines) {
				const retry =
					round > 1 && 'error' in line && transient.has(line.error.code) && this.#options.hub.online === true;
				if (retry) again.push(line.id);
				else yield line;
			}
			left = again;
		}
	}

	async #line(id: string, signal: AbortSignal, patient: boolean): Promise<ConfigLine> {
		const late = new AbortController();
		const cancel = patient ? () => {} : this.#options.clock.after(CARD_DEADLINE_MS, () => late.abort(tooLate()));
		try {
			const ask: AskOptions = patient ? {} : { maxWaitMs: CARD_WAIT_MS };
			return { id, characteristics: await this.#read(id, { signal: AbortSignal.any([signal, late.signal]) }, ask) };
		} catch (error) {
			if (isAbort(error)) throw error;
			const { code, message } = toFailure(error).toBody().error;
			return { id, error: { code, message } };
		} finally {
			cancel();
		}
	}

	async #best(order: Order): Promise<ModelCharacteristics> {
		const here = order.refresh ? null : ((await this.#local(order)) ?? this.#kept(order));
		if (here !== null) return here;
		try {
			return await this.#ask(order);
		} catch (error) {
			if (!(error instanceof Failure)) throw error;
			const closed = error.code === 'gated' ? await this.#gated(order, error) : null;
			const found = closed ?? (await this.#standIn(order, error));
			if (found !== null) return found;
			this.#noteFailure(order, error);
			throw error;
		}
	}

	/** Characteristics of the copy on this machine, also told to the catalog; null when there is none. */
	async readLocal(id: string): Promise<ModelCharacteristics | null> {
		const here = await this.#local({ id, branch: null });
		if (here !== null) this.#options.catalog.learn(id, here);
		return here;
	}

	async #local({ id, branch }: Pick<Order, 'id' | 'branch'>): Promise<ModelCharacteristics | null> {
		const found = await this.#options.inventory.text(id, FILE, MOST_FILE_BYTES + 1, branch);
		if (found === null || found.text.length > MOST_FILE_BYTES) return null;
		const { text, commit } = found;
		return this.#normalized(id, { text, commit, source: 'local', fetchedAt: this.#now() });
	}

	/** What our cache has for this very commit, or for the newest commit that was seen of the default branch. */
	#kept(order: Order): ModelCharacteristics | null {
		const { id, branch } = order;
		const stored = this.#stored(order);
		if (stored !== null && branch === null) this.#recheck(order, stored.fetchedAt);
		if (stored?.text != null) return this.#normalized(id, cached(stored, stored.text));
		if (stored !== null && stored.status === '404') return this.#listed(id, 'cache', stored.commit);
		return branch === null ? this.#keptGate(id) : null;
	}

	#stored({ id, branch }: Order): StoredConfig | null {
		const { database } = this.#options;
		const commit = branch === null ? fetchState(database, id)?.commit : branch;
		return commit != null && isCommit(commit) ? readConfig(database, id, commit, FILE) : null;
	}

	/** A gate that was closed a moment ago is not tried again for every card. */
	#keptGate(id: string): ModelCharacteristics | null {
		const state = fetchState(this.#options.database, id);
		const isClosed = state?.status === '401' || state?.status === '403';
		if (!isClosed || this.#ageMs(state.fetchedAt) > GATE_FRESH_MS) return null;
		const closed = this.#fromList(id, state.message ?? `${id} is gated.`);
		return closed !== null && suffices(closed) ? closed : null;
	}

	#ageMs(isoTime: string): number {
		return Math.max(0, this.#options.clock.date().getTime() - Date.parse(isoTime));
	}

	/** Looks in the background whether the default branch moved on, one look per model and at most every few hours. */
	#recheck({ id }: Order, fetchedAt: string): void {
		const { hub } = this.#options;
		const isPointless = hub.offline || hub.online === false || this.#closing.signal.aborted;
		if (isPointless || this.#rechecking.has(id) || this.#ageMs(fetchedAt) < FRESH_MS) return;
		this.#rechecking.add(id);
		const ask: AskOptions = { signal: this.#closing.signal, maxWaitMs: 60_000 };
		this.#ask({ id, branch: null, refresh: true, ask })
			.catch(() => {}) // the copy at hand has been given; the next look tries again
			.finally(() => this.#rechecking.delete(id));
	}

	async #ask(order: Order): Promise<ModelCharacteristics> {
		const { id, branch, ask } = order;
		const stored = this.#stored(order);
		const etag = stored?.text == null ? undefined : (stored.etag?.replaceAll('"', '') ?? undefined);
		const revision = branch ?? 'main';
		const file = await this.#options.hub.file(id, FILE, { ...ask, revision, etag });
		if (file === null) return this.#missing(order);
		const text = file.text ?? stored?.text ?? null;
		if (text === null) throw new Failure('hub_error', 'The Hub says that nothing changed, but there is no copy here.');
		const characteristics = this.#normalized(id, { text, commit: file.commit, source: 'hub', fetchedAt: this.#now() });
		if (file.movedTo !== null) characteristics.warnings.push(`The Hub now calls this model ${file.movedTo}.`);
		this.#keep(order, file, text, characteristics);
		return characteristics;
	}

	#keep({ id, branch }: Order, file: HubFile, text: string, characteristics: ModelCharacteristics): void {
		const { database, catalog } = this.#options;
		const { commit, etag } = file;
		const fetchedAt = characteristics.fetched_at;
		database.transaction(() => {
			if (commit !== null) saveConfig(database, { id, commit, file: FILE, status: 'ok', text, etag, fetchedAt });
			if (branch !== null) return;
			saveFetchState(database, { id, status: 'ok', statusCode: 200, message: null, commit, fetchedAt });
			catalog.learn(id, characteristics);
		});
	}

	/** A repository without a config.json: what its list fields tell. */
	async #missing(order: Order): Promise<ModelCharacteristics> {
		const { id, branch } = order;
		const { database, catalog } = this.#options;
		const facts = await this.#facts(order);
		const commit = facts.sha ?? null;
		const characteristics = this.#fromFacts(facts, { id, source: 'hub', commit, gated: false });
		const fetchedAt = characteristics.fetched_at;
		database.transaction(() => {
			if (branch !== null) return;
			if (commit !== null) {
				saveConfig(database, { id, commit, file: FILE, status: '404', text: null, etag: null, fetchedAt });
			}
			saveFetchState(database, { id, status: '404', statusCode: 404, message: null, commit, fetchedAt });
			catalog.learn(id, characteristics);
		});
		return characteristics;
	}

	/** Fields of the Hub's list for this model: as kept, else asked for. */
	async #facts({ id, ask, refresh }: Order): Promise<ListingFacts> {
		const { database, hub } = this.#options;
		const kept = refresh ? null : readListing(database, id);
		if (kept !== null) return kept.facts;
		const { facts } = await hub.info(id, ask);
		saveListings(database, [{ ...facts, id }], this.#now());
		return facts;
	}

	/** What can be said of a model whose gate is closed: an older copy, the snapshot, list fields; null for too little. */
	async #gated(order: Order, failure: Failure): Promise<ModelCharacteristics | null> {
		const { id, branch } = order;
		if (branch !== null) return null;
		const older = this.#older(id, failure);
		if (older !== null) return older;
		try {
			await this.#facts(order);
		} catch (error) {
			if (!(error instanceof Failure)) throw error;
			// Without list fields the snapshot may still know something.
		}
		const known = this.#fromList(id, failure.message);
		if (known === null || !suffices(known)) return null;
		const { database, catalog } = this.#options;
		const fetchedAt = this.#now();
		const status = failure.statusCode === 401 ? '401' : '403';
		const statusCode = failure.statusCode ?? null;
		saveFetchState(database, { id, status, statusCode, message: failure.message, commit: null, fetchedAt });
		catalog.learn(id, known);
		return known;
	}

	/** A gated model's characteristics from the snapshot when it knows the sizes, else from list fields. */
	#fromList(id: string, sentence: string): ModelCharacteristics | null {
		const shipped = this.#options.snapshot.characteristics(id);
		const facts = readListing(this.#options.database, id)?.facts ?? null;
		const known =
			shipped !== null && (facts === null || shipped.num_hidden_layers !== null)
				? { ...shipped, config_status: 'gated' as const }
				: facts && this.#fromFacts(facts, { id, source: 'hub', commit: facts.sha ?? null, gated: true });
		return known && { ...known, warnings: [...known.warnings, sentence] };
	}

	#listed(id: string, source: Source, commit: string): ModelCharacteristics | null {
		const facts = readListing(this.#options.database, id)?.facts ?? null;
		return facts && this.#fromFacts(facts, { id, source, commit, gated: false });
	}

	/** What stands in when the Hub gives nothing: the copy on this machine, an older one of ours, the snapshot. */
	async #standIn(order: Order, failure: Failure): Promise<ModelCharacteristics | null> {
		const { id, branch, refresh } = order;
		const here = refresh ? ((await this.#local(order)) ?? this.#kept(order)) : null;
		if (here !== null) return withWarning(here, failure);
		if (branch !== null) return null;
		const older = this.#older(id, failure);
		if (older !== null) return older;
		const shipped = this.#options.snapshot.characteristics(id);
		const isQuiet = failure.code === 'offline' || failure.code === 'hub_unreachable';
		return shipped === null || isQuiet ? shipped : withWarning(shipped, failure);
	}

	/** The newest copy of ours, whatever commit it is of. */
	#older(id: string, failure: Failure): ModelCharacteristics | null {
		const stored = latestConfig(this.#options.database, id, FILE);
		if (stored?.text == null) return null;
		return withWarning(this.#normalized(id, cached(stored, stored.text)), failure);
	}

	#now(): string {
		return this.#options.clock.date().toISOString();
	}

	#normalized(id: string, { text, commit, source, fetchedAt }: Copy): ModelCharacteristics {
		const listing = readListing(this.#options.database, id)?.facts ?? null;
		return normalize({ id, source, revision: commit, fetchedAt, config: text, listing });
	}

	#fromFacts(
		facts: ListingFacts,
		{ id, source, commit, gated }: { id: string; source: Source; commit: string | null; gated: boolean },
	): ModelCharacteristics {
		const fetchedAt = this.#now();
		return normalize({ id, source, revision: commit, fetchedAt, config: null, listing: facts, configGated: gated });
	}

	/** Remembers a refusal of the Hub; a dead line says nothing about the model. */
	#noteFailure({ id, branch }: Order, { code, message, statusCode }: Failure): void {
		if (branch !== null || code === 'offline' || code === 'hub_unreachable' || code === 'invalid_model_id') return;
		const { database, catalog } = this.#options;
		const status = statusOf(statusCode);
		const fetchedAt = this.#now();
		saveFetchState(database, { id, status, statusCode: statusCode ?? null, message, commit: null, fetchedAt });
		catalog.learnFailure(id, { status, message, ...(statusCode === undefined ? {} : { statusCode }) });
	}
}

function tooLate(): Failure {
	return new Failure('hub_timeout', `The Hub did not answer within ${CARD_DEADLINE_MS / 1000} seconds.`);
}

function statusOf(statusCode: number | undefined): Exclude<FetchStatus, 'ok' | 'none'> {
	const known = { 401: '401', 403: '403', 404: '404', 429: '429' } as const;
	if (statusCode === 401 || statusCode === 403 || statusCode === 404 || statusCode === 429) return known[statusCode];
	return 'error';
}

/** Do these facts say what kind of model it is? */
function suffices({ classification, model_type, architectures }: ModelCharacteristics): boolean {
	return classification === 'gen' || classification === 'encoder' || model_type !== null || architectures !== null;
}

/** The same with a sentence that says why it was not looked at anew. */
function withWarning(characteristics: ModelCharacteristics, { message }: Failure): ModelCharacteristics {
	return { ...characteristics, warnings: [...characteristics.warnings, `Not checked with the Hub: ${message}`] };
}
