// Keeps requests away from a candidate that fails: closed, open for a while, then one probe at a time.
import type { CallFailure, CallFailureClass } from '#lib/core/registry/call.ts';
import { callRules } from '#lib/core/registry/call-rules.ts';

export type BreakerState = 'closed' | 'open' | 'half_open';

/** What a breaker looks like from outside. Times are milliseconds of the clock handed in; null when it is closed. */
export interface BreakerView {
	state: BreakerState;
	until: number | null;
	calls: number;
	failures: number;
	/** Class of the failure that opened it; null when none did. */
	cause: CallFailureClass | null;
}

const bucketMs = 6000;
const bucketCount = 10;
const enoughCalls = 20;
const worstRatio = 0.5;
const failuresInARow = 3;
const firstOpenMs = 5000;
const longestOpenMs = 300_000;
const jitter = 0.2;
const successesToClose = 2;

interface Bucket {
	at: number;
	calls: number;
	failures: number;
}

/**
 * One breaker. A minute is watched in ten buckets: it opens when more than half of at least 20 calls failed, at three
 * failures in a row while there is little traffic, and at once for what the table says. Being open may only be prolonged.
 */
export class Breaker {
	#buckets: Bucket[] = [];
	#inARow = 0;
	#openUntil = 0;
	#openings = 0;
	#isOpen = false;
	#probing = false;
	#successes = 0;
	#cause: CallFailureClass | null = null;
	readonly #random: () => number;

	constructor(random: () => number) {
		this.#random = random;
	}

	/** May a call go out now? `probe`: one that tells whether it works again; nobody else goes until it ends. */
	admits(now: number): 'yes' | 'probe' | 'no' {
		if (!this.#isOpen) return 'yes';
		if (now < this.#openUntil || this.#probing) return 'no';
		return 'probe';
	}

	/** A call went out that `admits` called a probe. */
	probe(): void {
		this.#probing = true;
	}

	/** When it lets somebody through again; the present when it does now. */
	opensAt(now: number): number {
		return this.#isOpen ? Math.max(now, this.#openUntil) : now;
	}

	#bucket(now: number): Bucket {
		const at = Math.floor(now / bucketMs);
		this.#buckets = this.#buckets.filter((bucket) => bucket.at > at - bucketCount);
		let last = this.#buckets.at(-1);
		if (last?.at !== at) {
			last = { at, calls: 0, failures: 0 };
			this.#buckets.push(last);
		}
		return last;
	}

	#sums(): { calls: number; failures: number } {
		return this.#buckets.reduce(
			(sum, { calls, failures }) => ({ calls: sum.calls + calls, failures: sum.failures + failures }),
			{ calls: 0, failures: 0 },
		);
	}

	/** An answer came. */
	succeeded(now: number): void {
		this.#bucket(now).calls += 1;
		this.#inARow = 0;
		if (!this.#isOpen) return;
		this.#probing = false;
		this.#successes += 1;
		if (this.#successes < successesToClose) return;
		this.reset();
	}

	/** Neither good nor bad: the caller left, or another candidate was faster. */
	released(): void {
		this.#probing = false;
	}

	/** A call failed; what that means is in the table of classes. */
	failed(failure: CallFailure, now: number): void {
		const { breaker } = callRules[failure.kind];
		if (breaker === 'never') return this.released();
		const bucket = this.#bucket(now);
		bucket.calls += 1;
		if (typeof breaker === 'object') return this.#open(failure.kind, now, breaker.opensMs);
		if (breaker === 'until_retry_after') return this.#open(failure.kind, now, failure.retryAfterMs);
		bucket.failures += breaker === 'lightly' ? 0.5 : 1;
		this.#inARow += breaker === 'lightly' ? 0 : 1;
		const { calls, failures } = this.#sums();
		const isBad = calls >= enoughCalls ? failures / calls > worstRatio : this.#inARow >= failuresInARow;
		if (isBad || this.#isOpen) this.#open(failure.kind, now, null);
	}

	#open(cause: CallFailureClass, now: number, askedMs: number | null): void {
		const own = Math.min(longestOpenMs, firstOpenMs * 2 ** this.#openings) * (1 + jitter * this.#random());
		this.#openings = Math.min(this.#openings + 1, 10);
		this.#openUntil = Math.max(this.#openUntil, now + Math.max(own, askedMs ?? 0));
		this.#isOpen = true;
		this.#probing = false;
		this.#successes = 0;
		this.#cause = cause;
	}

	/** Closes it, whatever happened. */
	reset(): void {
		this.#isOpen = false;
		this.#openUntil = 0;
		this.#openings = 0;
		this.#probing = false;
		this.#successes = 0;
		this.#inARow = 0;
		this.#buckets = [];
		this.#cause = null;
	}

	view(now: number): BreakerView {
		this.#bucket(now);
		const state = !this.#isOpen ? 'closed' : now < this.#openUntil ? 'open' : 'half_open';
		return { state, until: this.#isOpen ? this.#openUntil : null, ...this.#sums(), cause: this.#cause };
	}
}
