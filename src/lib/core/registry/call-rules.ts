// What is done about a failed call, by its class: one table that retries, fallbacks and breakers all read.
import type { CallFailure, CallFailureClass } from '#lib/core/registry/call.ts';

/** How a failure counts against a candidate: a vote for the ratio, half a vote, an open breaker for so long, or nothing. */
export type BreakerRule = 'counts' | 'lightly' | 'until_retry_after' | 'never' | { opensMs: number; whole: boolean };

export interface CallRule {
	/** Try the same candidate again? `once`: one time, whatever the retries; `if_alone`: only when no other is ready. */
	same: 'yes' | 'no' | 'once' | 'if_alone';
	/** Go on to the next? `larger`: to those with a larger window; `cheaper`: to cheaper ones; `filter`: if the plan says so. */
	next: 'yes' | 'no' | 'larger' | 'cheaper' | 'filter';
	breaker: BreakerRule;
}

const minuteMs = 60_000;

/** The table. `whole` opens the breaker of the provider and its key, not only that of the model. */
export const callRules: Readonly<Record<CallFailureClass, CallRule>> = {
	network: { same: 'yes', next: 'yes', breaker: 'counts' },
	'timeout.ttft': { same: 'no', next: 'yes', breaker: 'counts' },
	'timeout.idle': { same: 'no', next: 'yes', breaker: 'counts' },
	'timeout.attempt': { same: 'no', next: 'yes', breaker: 'counts' },
	'timeout.total': { same: 'no', next: 'no', breaker: 'counts' },
	overloaded: { same: 'yes', next: 'yes', breaker: 'counts' },
	rate_limit: { same: 'if_alone', next: 'yes', breaker: 'until_retry_after' },
	conflict: { same: 'yes', next: 'yes', breaker: 'lightly' },
	auth: { same: 'no', next: 'yes', breaker: { opensMs: 5 * minuteMs, whole: true } },
	credit: { same: 'no', next: 'yes', breaker: { opensMs: 5 * minuteMs, whole: true } },
	not_found: { same: 'no', next: 'yes', breaker: { opensMs: 10 * minuteMs, whole: false } },
	context_length: { same: 'no', next: 'larger', breaker: 'never' },
	content_filter: { same: 'no', next: 'filter', breaker: 'never' },
	bad_request: { same: 'no', next: 'no', breaker: 'never' },
	malformed: { same: 'once', next: 'yes', breaker: 'counts' },
	// A plain answer that broke off before the caller saw any of it; after that nothing follows at all.
	cut: { same: 'no', next: 'yes', breaker: 'counts' },
	client_abort: { same: 'no', next: 'no', breaker: 'never' },
	no_key: { same: 'no', next: 'yes', breaker: 'never' },
	budget: { same: 'no', next: 'cheaper', breaker: 'never' },
	queue_full: { same: 'no', next: 'yes', breaker: 'never' },
};

const longestWaitMs = 8000;
const firstWaitMs = 500;
/** A provider that asks for more patience than this is left alone. */
const longestRetryAfterMs = 60_000;

/** Milliseconds before retry number `retry` (from zero): anything up to a bound that doubles, so that crowds disperse. */
export function backoffMs(retry: number, random: () => number): number {
	return Math.floor(random() * Math.min(longestWaitMs, firstWaitMs * 2 ** retry));
}

/** The wait before the same candidate is asked again; null when it makes no sense within the time that is left. */
export function retryWaitMs(failure: CallFailure, retry: number, leftMs: number, random: () => number): number | null {
	const asked = failure.retryAfterMs;
	if (asked !== null) return asked <= longestRetryAfterMs && asked < leftMs ? asked : null;
	const wait = backoffMs(retry, random);
	return wait < leftMs ? wait : null;
}
