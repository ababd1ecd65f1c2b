// The only owner of retries: asks the Hub until there is an answer, no sense in asking again, or no budget left.
import { Failure, type FailureCode } from '#lib/core/failure.ts';
import type { Clock } from '#lib/server/clock.ts';
import { Attempts, CLICK_WAIT_MS, RetryBudget, type AskOptions } from '#lib/server/hub-attempts.ts';
import { unanswered, unavailable, type TokenState } from '#lib/server/hub-failure.ts';
import type { HubTransport, WireReply, WireRequest } from '#lib/server/hub-transport.ts';
import { WireError } from '#lib/server/wire-error.ts';
import { LONGEST_WAIT_MS } from '#lib/server/rate-window.ts';

/** What is asked: the request without what every request has in common. */
export type Question = Pick<
	WireRequest,
	'path' | 'maxBytes' | 'cut' | 'accept' | 'compressed' | 'page' | 'etag' | 'range' | 'rest'
>;

/** Thrown by a reader of replies: not what was asked for. Asked once more, then it is a failure. */
export class UnreadableReply extends Error {
	readonly code: FailureCode;

	constructor(message: string, code: FailureCode = 'hub_error', cause?: unknown) {
		super(message, { cause });
		this.code = code;
	}
}

/** The Hub limits questions about tokens more strictly than others. */
const CHECK_PAUSE_MS = 60_000;
const retryable = new Set([408, 425, 500, 502, 503, 504]);

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
		const { clock, random, transport } = this.#options;
		const { totalMs } = transport.deadlines;
		const attempt = new Attempts({ clock, random, budget: this.#budget, totalMs }, options);
		for (;;) {
			const sent = this.#token === 'rejected' ? null : this.#options.token;
			const reply = await this.#once(question, { ...options, maxWaitMs: attempt.waitLeftMs }, sent);
			if (reply instanceof WireError) {
				if (reply.trouble === 'connect') throw this.#unreachable(reply);
				await attempt.again(reply.trouble, () => unanswered(reply));
				continue;
			}
			this.#reach.up();
			if (reply.status === 429) {
				attempt.refused();
				continue; // the gate knows how long to wait, and when that is too long
			}
			if (retryable.has(reply.status)) {
				await attempt.again(String(reply.status), () => unavailable(reply.status));
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
		const { timeoutMs, trace } = options;
		try {
			const wire = { ...question, token, priority, signal, maxWaitMs, timeoutMs, trace };
			return await this.#options.transport.send(wire);
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
