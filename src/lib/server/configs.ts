// Characteristics of models from the best copy of their config.json: this machine, our cache, the Hub, the snapshot.
import { Failure, isAbort, toFailure } from '#lib/core/failure.ts';
import { headerFileOf } from '#lib/core/gguf-files.ts';
import type { ListingFacts } from '#lib/core/listing.ts';
import type { ModelCharacteristics } from '#lib/core/model.ts';
import { holdsGguf } from '#lib/core/quantization.ts';
import { parseRepositoryId, parseRevision } from '#lib/core/repository.ts';
import { ConfigCopies, configFile, withWarning, type CopiesOptions, type Place } from '#lib/server/config-copies.ts';
import { MOST_FILE_BYTES, type Hub } from '#lib/server/hub.ts';
import type { AskOptions } from '#lib/server/hub-attempts.ts';
import { OtherConfigs } from '#lib/server/other-configs.ts';
import { asReady } from '#lib/server/pool.ts';
import { SharedWork } from '#lib/server/shared-work.ts';
import { idsWithConfig } from '#lib/server/store/configs.ts';
import { readMeta, saveMeta } from '#lib/server/store/meta.ts';

/** How long the newest commit of a default branch is taken for granted, and the pause between two failed looks at it. */
const FRESH_MS = 6 * 60 * 60 * 1000;
const RECHECK_PAUSE_MS = 15 * 60 * 1000;

/** One config of many: a card waits no longer than this, and not for a new window of the Hub's request limit. */
const CARD_DEADLINE_MS = 10_000;
const CARD_WAIT_MS = 3000;

/** Named anew whenever rows hold more of a config than before. */
const rowGeneration = 'memory';
const relearnedKey = 'rows';

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

interface ConfigsOptions extends CopiesOptions {
	hub: Pick<Hub, 'file' | 'info' | 'online' | 'offline'>;
}

/** One question, parsed. */
interface Order extends Place {
	refresh: boolean;
	ask: AskOptions;
	/** May the header of a weight file be asked for when there is no config? Not for cards: it has megabytes. */
	deep: boolean;
}

const transient = new Set(['hub_error', 'hub_timeout', 'hub_unreachable', 'integrity_failed', 'rate_limited']);

/** Reads configs. Nothing is asked twice at the same time, and a config at a known commit never again. */
export class Configs {
	readonly #options: ConfigsOptions;
	readonly #copies: ConfigCopies;
	readonly #others: OtherConfigs;
	readonly #underWay = new SharedWork<ModelCharacteristics>();
	/** Ticks of the last look in the background, by model. */
	readonly #rechecked = new Map<string, number>();
	readonly #closing = new AbortController();

	constructor(options: ConfigsOptions) {
		this.#options = options;
		this.#copies = new ConfigCopies(options);
		this.#others = new OtherConfigs({
			hub: options.hub,
			copies: this.#copies,
			// Not as a click: a base that is an adapter itself is not followed further, or two could wait for each other.
			base: (id, { priority: _priority, ...ask }) => this.#read(id, { signal: ask.signal }, ask),
			listed: (order) => this.#freshFacts(order),
		});
	}

	/** Ends what is under way, background checks included. */
	close(): void {
		const reason = new DOMException('Modeldex is closing.', 'AbortError');
		this.#closing.abort(reason);
		this.#underWay.close(reason);
	}

	/**
	 * Characteristics of one model; of one without a config from the header of its GGUF file, when it has one. Throws a Failure only when no copy is at hand: `invalid_model_id`, `not_found`,
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
		const deep = ask.priority === 'click';
		const key = `${id} ${branch ?? ''} ${refresh} ${deep}`;
		this.#closing.signal.throwIfAborted();
		return this.#underWay.join(key, signal, (shared) => {
			return this.#deepest({ id, branch, refresh, deep, ask: { ...ask, signal: shared } });
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

	/** The best copy of the config, or the header of a weight file where there is none. */
	async #deepest(order: Order): Promise<ModelCharacteristics> {
		const found = await this.#best(order);
		if (!order.deep || found.config_status !== 'missing' || headerFileOf(found) !== null) return found;
		const adapter = await this.#others.adapter(order, found);
		if (adapter !== null) return adapter;
		try {
			return (await this.#fromHeader(order, found.revision)) ?? found;
		} catch (error) {
			if (!(error instanceof Failure)) throw error;
			const sentence = `The header of its GGUF file was not read: ${error.message}`;
			return { ...found, warnings: [...found.warnings, sentence] };
		}
	}

	/** Null when the repository has no GGUF file. Which files it has is asked for when no list has said so. */
	async #fromHeader(order: Order, commit: string | null): Promise<ModelCharacteristics | null> {
		const { id, branch, ask } = order;
		const listed = this.#copies.listing(id);
		if (listed === null || !holdsGguf(listed)) return null;
		const { siblings } = listed.siblings === undefined ? await this.#freshFacts(order) : listed;
		const set = await this.#copies.headers.ask(id, siblings ?? [], { ...ask, revision: commit ?? branch });
		return set && this.#copies.takeHeader(order, set);
	}

	async #best(order: Order): Promise<ModelCharacteristics> {
		const here = order.refresh ? null : await this.#atHand(order);
		if (here !== null) return here;
		try {
			return await this.#ask(order);
		} catch (error) {
			if (!(error instanceof Failure)) throw error;
			const closed = error.code === 'gated' ? await this.#gated(order, error) : null;
			const found = closed ?? (await this.#standIn(order, error));
			if (found !== null) return found;
			this.#copies.takeFailure(order, error);
			throw error;
		}
	}

	/** Characteristics of the copy on this machine, also told to the catalog; null when there is none. */
	async readLocal(id: string): Promise<ModelCharacteristics | null> {
		const here = await this.#copies.local({ id, branch: null });
		if (here !== null) this.#options.catalog.learn(id, here);
		return here;
	}

	/**
	 * Takes in anew what kept configs say, once for every generation of rows: an earlier Modeldex read less of them. A
	 * config at a time, so that the process keeps answering; ends early, and goes on next time, when closed.
	 */
	async relearn(): Promise<void> {
		const { database, catalog } = this.#options;
		if (readMeta(database, relearnedKey) === rowGeneration) return;
		for (const id of idsWithConfig(database, configFile)) {
			await new Promise((resolve) => setImmediate(resolve));
			if (this.#closing.signal.aborted) return;
			const place = { id, branch: null };
			const stored = this.#copies.stored(place);
			const kept = stored === null ? null : await this.#copies.kept(place, stored);
			if (kept !== null) catalog.learn(id, kept);
		}
		saveMeta(database, relearnedKey, rowGeneration);
	}

	/** What needs no question: the copy on this machine, then our own. */
	async #atHand(order: Order): Promise<ModelCharacteristics | null> {
		const here = await this.#copies.local(order);
		if (here !== null) return here;
		const stored = this.#copies.stored(order);
		if (stored !== null && order.branch === null) this.#recheck(order.id, stored.fetchedAt);
		return this.#copies.kept(order, stored);
	}

	/** Looks in the background whether the default branch moved on, at most every few hours. */
	#recheck(id: string, fetchedAt: string): void {
		const { hub, clock } = this.#options;
		const now = clock.ticks();
		const lately = now - (this.#rechecked.get(id) ?? -Infinity) < RECHECK_PAUSE_MS;
		const isPointless = hub.offline || hub.online === false || this.#closing.signal.aborted;
		if (lately || isPointless || this.#copies.ageMs(fetchedAt) < FRESH_MS) return;
		this.#rechecked.set(id, now);
		const ask: AskOptions = { signal: this.#closing.signal, maxWaitMs: 60_000 };
		this.#ask({ id, branch: null, refresh: true, deep: false, ask }).catch(() => {}); // the copy at hand has been given meanwhile
	}

	async #ask(order: Order): Promise<ModelCharacteristics> {
		const { id, branch, ask } = order;
		const stored = this.#copies.stored(order);
		const etag = stored?.text == null ? undefined : (stored.etag?.replaceAll('"', '') ?? undefined);
		// One byte more than is allowed: what is larger is then known to be, and is an answer (unreadable), not a failure.
		const limits = { limitBytes: MOST_FILE_BYTES + 1, revision: branch ?? 'main', etag };
		const file = await this.#options.hub.file(id, configFile, { ...ask, ...limits });
		if (file === null) {
			const facts = await this.#facts(order);
			return (await this.#others.nested(order, facts)) ?? this.#copies.takeMissing(order, facts);
		}
		const text = file.text ?? stored?.text ?? null;
		if (text !== null) return this.#copies.take(order, file, text);
		throw new Failure('hub_error', 'The Hub says that nothing changed, but there is no copy here.');
	}

	/** Fields of the Hub's list for this model: as kept, else asked for. */
	async #facts({ id, ask, refresh }: Order): Promise<ListingFacts> {
		const kept = refresh ? null : this.#copies.listing(id);
		if (kept !== null) return kept;
		return this.#freshFacts({ id, ask });
	}

	async #freshFacts({ id, ask }: Pick<Order, 'id' | 'ask'>): Promise<ListingFacts> {
		const facts = { ...(await this.#options.hub.info(id, ask)).facts, id };
		this.#copies.keepListing(facts);
		return facts;
	}

	/** What can be said of a model whose gate is closed: an older copy, the snapshot, list fields; null for too little. */
	async #gated(order: Order, failure: Failure): Promise<ModelCharacteristics | null> {
		const { id, branch } = order;
		if (branch !== null) return null;
		const older = this.#copies.older(id, failure);
		if (older !== null) return older;
		try {
			await this.#facts(order);
		} catch (error) {
			if (!(error instanceof Failure)) throw error;
			// Without list fields the snapshot may still know something.
		}
		return this.#copies.takeGate(order, failure);
	}

	/** What stands in when the Hub gives nothing: a copy at hand, an older one of ours, the snapshot. */
	async #standIn(order: Order, failure: Failure): Promise<ModelCharacteristics | null> {
		const here = order.refresh ? await this.#atHand(order) : null;
		if (here !== null) return withWarning(here, failure);
		if (order.branch !== null) return null;
		return this.#copies.older(order.id, failure) ?? this.#copies.shipped(order.id, failure);
	}
}

const tooLate = () => new Failure('hub_timeout', `The Hub did not answer within ${CARD_DEADLINE_MS / 1000} seconds.`);
