// One discovery: takes in the list page by page, reads candidates meanwhile, and stops where the Hub or the caller says so.
import { setMaxListeners } from 'node:events';
import type { DiscoveryMeta } from '#lib/core/discovery.ts';
import type { DiscoveryPlan } from '#lib/core/discovery-order.ts';
import { Failure, isAbort, toFailure } from '#lib/core/failure.ts';
import type { ListingFacts } from '#lib/core/listing.ts';
import type { ModelEntry } from '#lib/core/model.ts';
import type { Clock } from '#lib/server/clock.ts';
import type { BookItem, DiscoveryBook } from '#lib/server/discovery-book.ts';
import type { CatalogFeed } from '#lib/server/discovery-feed.ts';
import type { DiscoveryProblems } from '#lib/server/discovery-problems.ts';
import { statusOf, type CandidateReader } from '#lib/server/discovery-reader.ts';
import type { DiscoveryWatch } from '#lib/server/discovery-watch.ts';
import type { AskOptions } from '#lib/server/hub-attempts.ts';
import type { Trace } from '#lib/server/hub-transport.ts';
import type { Hub } from '#lib/server/hub.ts';
import { LONGEST_WAIT_MS } from '#lib/server/rate-window.ts';

/** Rows taken in at once, some ten milliseconds of work; between two slices others get their turn. */
const SLICE = 100;

/** Where waiting for a new window is not wanted: a pause after a single refusal is still sat out. */
const IMPATIENT_MS = 3000;

/** A Hub that refuses everything without saying until when is believed after a whole window of it. */
const LONGEST_STORM_MS = 330_000;

/** Rounds for models that failed while the Hub failed for many, and how many that is. */
const MOST_ROUNDS = 3;
const MANY = 10;

const transient = new Set(['hub_error', 'hub_timeout', 'hub_unreachable', 'integrity_failed', 'rate_limited']);
/** What ends the list or the reads but not the run. */
const bearable = new Set([...transient, 'offline', 'pagination_loop', 'response_too_large', 'too_many_redirects']);

export interface RunOptions {
	plan: DiscoveryPlan;
	hub: Pick<Hub, 'online'>;
	/** Pages of the list, most downloaded first, or as handed in. */
	pages(ask: AskOptions): AsyncIterable<readonly ListingFacts[]>;
	book: DiscoveryBook;
	reader: CandidateReader;
	feed: Pick<CatalogFeed, 'add' | 'drain'>;
	problems: DiscoveryProblems;
	/** Called whenever a candidate is done with. */
	progressed(): void;
	watch: DiscoveryWatch;
	clock: Clock;
	onBug: (error: unknown) => void;
}

interface Attempt {
	item: BookItem;
	failure: Failure;
}

/** A run. `run` resolves when it is over for whatever reason; what it found can be asked for at any time. */
export class DiscoveryRun {
	readonly #options: RunOptions;
	readonly #stop = new AbortController();
	readonly #started: number;
	#queue: BookItem[] = [];
	/** How much of the queue has been taken. */
	#head = 0;
	#reading = 0;
	#requests = 0;
	/** Models that came through only by a retry: a Hub that fails at random, and not for single models. */
	#rescued = 0;
	#failed: Attempt[] = [];
	/** Why no more configs are asked for; null while they are. */
	#halt: Failure | null = null;
	#isLimited = false;
	#isListed = false;
	#lastAnswer: number;
	#idle = () => {};

	constructor(options: RunOptions) {
		this.#options = options;
		setMaxListeners(0, this.#stop.signal); // every request under way listens, and there may be many
		this.#started = options.clock.ticks();
		this.#lastAnswer = this.#started;
	}

	/** Ends everything under way. */
	abort(): void {
		this.#stop.abort(new DOMException('The discovery was cancelled.', 'AbortError'));
	}

	/** Lists and reads. Throws the Failure of a list that gave nothing at all, except for a spent request window. */
	async run(): Promise<void> {
		await this.#list();
		for (let round = 1; ; round += 1) {
			await this.#emptied();
			if (round === MOST_ROUNDS || !this.#isWorthAnotherRound()) break;
			this.#queue = this.#failed.map(({ item }) => item);
			this.#head = 0;
			this.#failed = [];
			this.#pump();
		}
		for (const attempt of this.#failed) this.#give(attempt);
		if (this.#halt !== null && !this.#stop.signal.aborted) this.#tellHalt(this.#halt);
	}

	/** Did the run do all it was asked to? Single models may have failed for reasons of their own. */
	get isComplete(): boolean {
		return this.#isListed && this.#halt === null && !this.#isLimited && !this.#stop.signal.aborted;
	}

	/** Every model as it is known now, in listing order. */
	entries(): ModelEntry[] {
		return this.#options.book.entries();
	}

	/** How the run went so far. */
	meta(): DiscoveryMeta {
		const { book, clock } = this.#options;
		return {
			fetched: book.listed,
			filtered: book.dropped,
			errors: this.#options.problems.list(),
			durationMs: Math.round(clock.ticks() - this.#started),
			requests: this.#requests,
			...(this.#isLimited ? { rate_limited: true } : {}),
		};
	}

	#ask(trace: Trace): AskOptions {
		const { wait } = this.#options.plan;
		return { signal: this.#stop.signal, maxWaitMs: wait ? LONGEST_WAIT_MS : IMPATIENT_MS, trace };
	}

	/** Counts what one question cost; `retried` is called when it needed more than one try. */
	#trace(retried: () => void): Trace {
		const { watch, clock } = this.#options;
		return {
			sent: () => {
				this.#requests += 1;
			},
			answered: (status) => {
				if (status !== 429) this.#lastAnswer = clock.ticks();
			},
			backoff: (event) => {
				retried();
				if (event.reason === '429') this.#options.problems.refused();
				watch.backoff(event);
			},
		};
	}

	async #list(): Promise<void> {
		const { pages, feed } = this.#options;
		try {
			for await (const rows of pages(this.#ask(this.#trace(() => {})))) {
				for (let at = 0; at < rows.length; at += SLICE) {
					this.#stop.signal.throwIfAborted();
					this.#take(rows.slice(at, at + SLICE));
					await new Promise((resolve) => setImmediate(resolve));
				}
			}
			this.#isListed = true;
		} catch (error) {
			this.#endList(error);
		}
		feed.drain();
	}

	#take(rows: readonly ListingFacts[]): void {
		const { book, feed } = this.#options;
		const { candidates, listed } = book.add(rows);
		feed.add(listed);
		this.#queue.push(...candidates);
		this.#pump();
	}

	/** A list that breaks off is a shorter list; one that never began is a failure. */
	#endList(error: unknown): void {
		if (this.#stop.signal.aborted && isAbort(error)) return;
		if (!(error instanceof Failure) || !bearable.has(error.code)) throw error;
		const isLimit = error.code === 'rate_limited';
		if (this.#options.book.listed === 0 && !isLimit) throw error;
		this.#isLimited ||= isLimit;
		this.#options.problems.addForRun(error.code, `The list is not whole: ${error.message}`);
	}

	#pump(): void {
		const { concurrency } = this.#options.plan;
		while (this.#reading < concurrency && this.#halt === null && !this.#stop.signal.aborted) {
			const item = this.#queue[this.#head];
			if (item === undefined) break;
			this.#head += 1;
			this.#reading += 1;
			void this.#read(item).finally(() => {
				this.#reading -= 1;
				this.#options.progressed();
				this.#pump();
				this.#idle();
			});
		}
	}

	/** Resolves when nothing is being read and nothing can be. */
	async #emptied(): Promise<void> {
		while (this.#reading > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
	}

	async #read(item: BookItem): Promise<void> {
		const { book, reader, plan, watch, clock } = this.#options;
		let isRetried = false;
		let askedAt: number | null = null;
		const trace = this.#trace(() => (isRetried = true));
		const ask = { ...this.#ask(trace), retries: plan.retries, timeoutMs: plan.timeoutMs };
		const starting = () => {
			askedAt ??= clock.ticks();
			book.fetching(item);
		};
		const took = () => (askedAt === null ? null : clock.ticks() - askedAt);
		try {
			const record = await reader.read(item, { ask, starting });
			if (this.#stop.signal.aborted) return;
			const ms = took();
			if (ms !== null) watch.fetched(record.fetchStatus === '404' ? '404' : '200', ms);
			if (isRetried) this.#rescued += 1;
			book.settle(item, 'classified', record);
		} catch (error) {
			if (this.#stop.signal.aborted) return;
			const failure = toFailure(error);
			if (failure.code === 'internal') this.#options.onBug(error);
			const ms = took();
			if (ms !== null) watch.fetched(statusOf(failure), ms);
			this.#takeFailure({ item, failure });
		}
	}

	#takeFailure(attempt: Attempt): void {
		const { failure } = attempt;
		if (this.#isHalting(failure)) this.#halt ??= failure;
		if (transient.has(failure.code)) this.#failed.push(attempt);
		else this.#give(attempt);
	}

	/** Is this the end of all reads: the window is spent for longer than we wait, or nobody is there? */
	#isHalting({ code, retryAfterSeconds }: Failure): boolean {
		const { hub, clock } = this.#options;
		if (code === 'rate_limited') {
			return retryAfterSeconds !== undefined || clock.ticks() - this.#lastAnswer > LONGEST_STORM_MS;
		}
		return code === 'offline' || (code === 'hub_unreachable' && hub.online === false);
	}

	#isWorthAnotherRound(): boolean {
		const { retries } = this.#options.plan;
		return this.#failed.length > 0 && retries > 0 && this.#rescued >= MANY && this.#halt === null;
	}

	/** Gives a model up. */
	#give({ item, failure }: Attempt): void {
		const { book, reader } = this.#options;
		if (this.#stop.signal.aborted) return;
		const record = reader.failed(item, failure);
		const { fetchStatus } = record;
		if (fetchStatus === '429') this.#isLimited = true;
		if (this.#halt === null || !this.#isHalting(failure))
			this.#options.problems.add(item.facts.id, failure.code, failure.message);
		const isLocked = fetchStatus === '401' || fetchStatus === '403';
		const other = fetchStatus === '404' ? 'classified' : 'error';
		book.settle(item, isLocked ? 'auth' : other, record);
	}

	#tellHalt({ code, message }: Failure): void {
		this.#isLimited ||= code === 'rate_limited';
		const unread = this.#queue.length - this.#head + this.#failed.length;
		this.#options.problems.addForRun(code, `${unread.toLocaleString('en')} models were not read: ${message}`);
	}
}
