// The only owner of retries: asks the Hub until there is an answer, no sense in asking again, or no budget left.
import { Failure, type FailureCode } from '#lib/core/failure.ts';
import { sleep, type Clock } from '#lib/server/clock.ts';
import { unanswered, unavailable, type TokenState } from '#lib/server/hub-failure.ts';
import type { HubTransport, WireReply, WireRequest } from '#lib/server/hub-transport.ts';
import { WireError } from '#lib/server/wire-error.ts';
import { LONGEST_WAIT_MS } from '#lib/server/rate-window.ts';
import type { Priority } from '#lib/server/rate-gate.ts';

/** How a question is asked. */
export interface AskOptions {
	/** `click` for what a person waits for: it goes first and fails soon when the limit is reached. Default background. */
	priority?: Priority;
	signal?: AbortSignal | undefined;
	/** Longest wait for the Hub's request limit; by default 3 s for clicks, 15 minutes otherwise. */
	maxWaitMs?: number;
	/** Ask even if the Hub could not be reached a moment ago. */
	probe?: boolean;
}

/** What is asked: the request without what every request has in common. */
export type Question = Pick<
	WireRequest,
	'path' | 'maxBytes' | 'cut' | 'accept' | 'compressed' | 'page' | 'etag' | 'range'
>;

/** Thrown by a reader of replies: not what was asked for. Asked once more, then it is a failure. */
export class UnreadableReply extends Error {
	readonly code: FailureCode;

	constructor(message: string, code: FailureCode = 'hub_error', cause?: unknown) {
		super(message, { cause });
		this.code = code;
	}
}

const MOST_RETRIES = 5;
const LONGEST_PAUSE_MS = 8000;
const CLICK_WAIT_MS = 3000;
/** The Hub limits questions about tokens more strictly than others. */
const CHECK_PAUSE_MS = 60_000;
const retryable = new Set([408, 425, 500, 502, 503, 504]);

/**
 * Retries are paid from successes, so that an outage is not answered with a storm. Half a retry per success still lets
 * a Hub through that fails three times in ten; at a complete outage no more than the first ten are spent.
 */
class RetryBudget {
	#left = 10;

	earn(): void {
		this.#left = Math.min(100, this.#left + 0.5);
	}

	take(): boolean {
		if (this.#left < 1) return false;
		this.#left -= 1;
		return true;
	}
}

const FIRST_MEMORY_MS = 15_000;
const LONGEST_MEMORY_MS = 300_000;

/** Remembers for a while that nobody is there, so that one dead line does not cost every card its time-out. */
class Reach {
	online: boolean | null = null;
	#downUntil = 0;
	#trying = false;
	#memoryMs = FIRST_MEMORY_MS;
	#last: Failure | null = null;
	readonly #clock: Clock;

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** Throws what happened last while the memory lasts; afterwards one request at a time tries again. */
	check(): void {
		if (this.online !== false || this.#last === null) return;
		const now = this.#clock.ticks();
		if (now < this.#downUntil) throw this.#last;
		this.#downUntil = now + this.#memoryMs;
		this.#trying = true;
	}

	up(): void {
		this.online = true;
		this.#trying = false;
		this.#memoryMs = FIRST_MEMORY_MS;
	}

	down(failure: Failure): void {
		if (this.#trying) this.#memoryMs = Math.min(LONGEST_MEMORY_MS, this.#memoryMs * 2);
		this.#trying = false;
		this.online = false;
		this.#last = failure;
		this.#downUntil = this.#clock.ticks() + this.#memoryMs;
	}
}

interface ClientOptions {
	transport: HubTransport;
	token: string | null;
	offline: boolean;
	clock: Clock;
	random: () => number;
}

/** Asks and asks again. Replies of 400 and more that no retry changes are given to the reader as they are. */
export class HubClient {
	readonly #options: ClientOptions;
	readonly #budget = new RetryBudget();
	readonly #reach: Reach;
	#token: TokenState;
	#checking: Promise<void> | null = null;
	#checkAgainAt = 0;

	constructor(options: ClientOptions) {
		this.#options = options;
		this.#reach = new Reach(options.clock);
		this.#token = options.token === null ? 'none' : 'unchecked';
	}

	/** Did the last attempt reach the Hub? Null before the first one. */
	get online(): boolean | null {
		return this.#options.offline ? false : this.#reach.online;
	}

	get token(): TokenState {
		return this.#token;
	}

	/** True when nothing may be sent at all. */
	get offline(): boolean {
		return this.#options.offline;
	}

	/** Asks and reads the reply. Throws a Failure, or the abort. */
	async ask<T>(question: Question, options: AskOptions, read: (reply: WireReply) => T | Promise<T>): Promise<T> {
		if (this.#options.offline) {
			throw new Failure('offline', 'HF_HUB_OFFLINE is set, so nothing was asked of the Hub.');
		}
		if (options.probe !== true) this.#reach.check();
		const attempt = new Attempts(this.#options, this.#budget, options);
		for (;;) {
			const sent = this.#token === 'rejected' ? null : this.#options.token;
			const reply = await this.#once(question, { ...options, maxWaitMs: attempt.waitLeftMs }, sent);
			if (reply instanceof WireError) {
				if (reply.trouble === 'connect') throw this.#unreachable(reply);
				await attempt.again(() => unanswered(reply));
				continue;
			}
			this.#reach.up();
			if (reply.status === 429) continue; // the gate knows how long to wait, and when that is too long
			if (retryable.has(reply.status)) {
				await attempt.again(() => unavailable(reply.status));
				continue;
			}
			if (reply.status === 401 && sent !== null && (await this.#isRejected())) continue;
			const result = await this.#read(reply, read, attempt);
			if (result !== again) return result;
		}
	}

	async #read<T>(
		reply: WireReply,
		read: (reply: WireReply) => T | Promise<T>,
		attempt: Attempts,
	): Promise<T | typeof again> {
		try {
			const result = await read(reply);
			this.#budget.earn();
			return result;
		} catch (error) {
			if (!(error instanceof UnreadableReply)) throw error;
			await attempt.againOnce(() => new Failure(error.code, error.message, { statusCode: reply.status }));
			return again;
		}
	}

	#unreachable(error: WireError): Failure {
		const failure = unanswered(error);
		this.#reach.down(failure);
		return failure;
	}

	async #once(question: Question, options: AskOptions, token: string | null): Promise<WireReply | WireError> {
		const { priority = 'background', signal = new AbortController().signal, maxWaitMs = LONGEST_WAIT_MS } = options;
		try {
			return await this.#options.transport.send({ ...question, token, priority, signal, maxWaitMs });
		} catch (error) {
			if (error instanceof WireError) return error;
			throw error;
		}
	}

	/**
	 * Is the token itself what the Hub refuses? A stale one turns even public models into 401, so the Hub is asked once
	 * who the token belongs to; when it is nobody, the token is not sent any more.
	 */
	async #isRejected(): Promise<boolean> {
		const now = this.#options.clock.ticks();
		if (this.#token === 'unchecked' && now >= this.#checkAgainAt) {
			this.#checking ??= this.#checkToken().finally(() => {
				this.#checking = null;
				this.#checkAgainAt = this.#options.clock.ticks() + CHECK_PAUSE_MS;
			});
			await this.#checking;
		}
		return this.#token === 'rejected';
	}

	async #checkToken(): Promise<void> {
		const question = {
			path: '/api/whoami-v2',
			maxBytes: 1e6,
			cut: false,
			accept: 'application/json',
			compressed: true,
			page: false,
		};
		try {
			const reply = await this.#once(question, { priority: 'click', maxWaitMs: CLICK_WAIT_MS }, this.#options.token);
			if (reply instanceof WireError) return; // not known: a later refusal asks again
			if (reply.status === 200) this.#token = 'ok';
			if (reply.status === 401) this.#token = 'rejected';
		} catch (error) {
			if (!(error instanceof Failure)) throw error;
			// The limit is reached or the answer was unusable: not known either.
		}
	}
}

const again = Symbol('again');

/** The tries of one question: how many are left, how long to pause, when to give up. */
class Attempts {
	#tries = 0;
	#rereads = 0;
	readonly #waitUntil: number;
	readonly #giveUpAt: number;
	readonly #client: ClientOptions;
	readonly #budget: RetryBudget;
	readonly #signal: AbortSignal | undefined;

	constructor(client: ClientOptions, budget: RetryBudget, options: AskOptions) {
		const click = options.priority === 'click';
		const now = client.clock.ticks();
		this.#client = client;
		this.#budget = budget;
		this.#signal = options.signal;
		this.#waitUntil = now + (options.maxWaitMs ?? (click ? CLICK_WAIT_MS : LONGEST_WAIT_MS));
		this.#giveUpAt = click ? now + client.transport.deadlines.totalMs : Infinity;
	}

	/** What is left of the time that may be spent waiting for the request limit. */
	get waitLeftMs(): number {
		return Math.max(0, this.#waitUntil - this.#client.clock.ticks());
	}

	/** Pauses before the next try, with full jitter; throws the failure when there is to be none. */
	async again(failure: () => Failure): Promise<void> {
		const { clock, random } = this.#client;
		const pause = random() * Math.min(LONGEST_PAUSE_MS, 500 * 2 ** this.#tries);
		const late = clock.ticks() + pause >= this.#giveUpAt;
		if (this.#tries >= MOST_RETRIES || late || !this.#budget.take()) throw failure();
		this.#tries += 1;
		await sleep(clock, pause, this.#signal);
	}

	/** The same for an answer that made no sense: once. */
	async againOnce(failure: () => Failure): Promise<void> {
		if (this.#rereads > 0) throw failure();
		this.#rereads += 1;
		await this.again(failure);
	}
}
