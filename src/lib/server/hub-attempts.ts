// The tries of one question to the Hub: how many there may be, how long to pause between them, who pays for them.
import { Failure } from '#lib/core/failure.ts';
import { sleep, type Clock } from '#lib/server/clock.ts';
import type { Trace } from '#lib/server/hub-transport.ts';
import type { Priority } from '#lib/server/rate-gate.ts';
import { LONGEST_WAIT_MS } from '#lib/server/rate-window.ts';

/** How a question is asked. */
export interface AskOptions {
	/** `click` for what a person waits for: it goes first and fails soon when the limit is reached. Default background. */
	priority?: Priority;
	signal?: AbortSignal | undefined;
	/** Longest wait for the Hub's request limit; by default 3 s for clicks, 15 minutes otherwise. */
	maxWaitMs?: number;
	/** Ask even if the Hub could not be reached a moment ago. */
	probe?: boolean;
	/**
	 * Tries after a first one that failed or was refused as one request too many. Left out: five after failures, and
	 * refusals are waited out as long as `maxWaitMs` allows.
	 */
	retries?: number;
	/** Milliseconds for the reply's headers, in place of ten seconds; the other deadlines keep their ratio to it. */
	timeoutMs?: number;
	trace?: Trace;
}

const MOST_RETRIES = 5;
const LONGEST_PAUSE_MS = 8000;
/** How long a person waits for the request limit. */
export const CLICK_WAIT_MS = 3000;

/**
 * Retries are paid from successes, so that an outage is not answered with a storm. Half a retry per success still lets
 * a Hub through that fails three times in ten; at a complete outage no more than the first ten are spent.
 */
export class RetryBudget {
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

interface AttemptsOptions {
	clock: Clock;
	random: () => number;
	budget: RetryBudget;
	/** How long one exchange may take: a click is not tried again after that. */
	totalMs: number;
}

/** The tries of one question: how many are left, how long to pause, when to give up. */
export class Attempts {
	#tries = 0;
	#rereads = 0;
	#refusals = 0;
	readonly #waitUntil: number;
	readonly #giveUpAt: number;
	readonly #options: AttemptsOptions;
	readonly #asked: AskOptions;

	constructor(options: AttemptsOptions, asked: AskOptions) {
		const click = asked.priority === 'click';
		const now = options.clock.ticks();
		this.#options = options;
		this.#asked = asked;
		this.#waitUntil = now + (asked.maxWaitMs ?? (click ? CLICK_WAIT_MS : LONGEST_WAIT_MS));
		this.#giveUpAt = click ? now + options.totalMs : Infinity;
	}

	/** What is left of the time that may be spent waiting for the request limit. */
	get waitLeftMs(): number {
		return Math.max(0, this.#waitUntil - this.#options.clock.ticks());
	}

	/** Counts a refusal for too many requests; throws when the caller wanted no more tries than there were. */
	refused(): void {
		this.#refusals += 1;
		if (this.#refusals + this.#tries <= (this.#asked.retries ?? Infinity)) return;
		throw new Failure('rate_limited', `The Hub refused this ${this.#refusals} times as one request too many.`, {
			statusCode: 429,
		});
	}

	/** Pauses before the next try, with full jitter; throws the failure when there is to be none. */
	async again(reason: string, failure: () => Failure): Promise<void> {
		const { clock, random, budget } = this.#options;
		const { retries, signal, trace } = this.#asked;
		const isSpent = this.#tries + (retries === undefined ? 0 : this.#refusals) >= (retries ?? MOST_RETRIES);
		const pause = random() * Math.min(LONGEST_PAUSE_MS, 500 * 2 ** this.#tries);
		const late = clock.ticks() + pause >= this.#giveUpAt;
		if (isSpent || late || !budget.take()) throw failure();
		this.#tries += 1;
		trace?.backoff({ reason, waitMs: pause });
		await sleep(clock, pause, signal);
	}

	/** The same for an answer that made no sense: once. */
	async againOnce(failure: () => Failure): Promise<void> {
		if (this.#rereads > 0) throw failure();
		this.#rereads += 1;
		await this.again('unreadable', failure);
	}
}
