// Nothing answered: one failure chosen by rule from how every candidate failed or why it was not asked.
import { CallFailure, type CallFailureClass } from '#lib/core/registry/call.ts';
import type { FailureCode } from '#lib/core/failure.ts';
import { dollars, type AttemptRecord } from '#lib/core/registry/record.ts';
import { Ending } from '#lib/server/registry/ending.ts';
import { RouteFailure } from '#lib/server/registry/route.ts';
import type { RouteRun } from '#lib/server/registry/run.ts';

interface Verdict {
	code: FailureCode;
	message: string;
	status?: number;
	retryAfterMs?: number | null;
}

const isTimeout = (kind: CallFailureClass) => kind.startsWith('timeout.');
const credentials = new Set<CallFailureClass>(['auth', 'credit', 'no_key']);

function tried(records: readonly AttemptRecord[]): string {
	const told = records.filter(({ outcome }) => outcome !== 'skipped');
	const words = told.map(({ candidate, class: kind }) => `${candidate} (${kind ?? 'ended'})`);
	return words.length === 0 ? '' : ` Tried: ${words.slice(0, 10).join(', ')}.`;
}

function passedOver(records: readonly AttemptRecord[]): string {
	const told = records.filter(({ outcome }) => outcome === 'skipped');
	return told
		.slice(0, 10)
		.map(({ candidate, reason }) => `${candidate} (${reason})`)
		.join(', ');
}

/** What a provider itself refused goes back as it is: the same body would fail everywhere. */
function refused(failures: readonly CallFailure[]): Verdict | null {
	const bad = failures.find(({ kind }) => kind === 'bad_request');
	if (bad !== undefined) {
		const status = bad.status !== null && bad.status >= 400 && bad.status < 500 ? bad.status : 400;
		return { code: 'upstream_refused', message: `The provider refuses this request: ${bad.message}`, status };
	}
	const last = failures.at(-1);
	if (last?.kind === 'context_length') {
		return { code: 'context_length_exceeded', message: 'The request is longer than the context of every candidate.' };
	}
	if (last?.kind !== 'content_filter') return null;
	return { code: 'content_filter', message: 'The provider’s content filter refused this request.' };
}

function ofFailures(failures: readonly CallFailure[], words: string): Verdict {
	const verdict = refused(failures);
	if (verdict !== null) return verdict;
	const kinds = failures.map(({ kind }) => kind);
	if (kinds.every((kind) => kind === 'rate_limit')) {
		const waits = failures.map(({ retryAfterMs }) => retryAfterMs).filter((wait) => wait !== null);
		const retryAfterMs = waits.length === 0 ? null : Math.min(...waits);
		return { code: 'upstream_rate_limited', message: `Every candidate is at its rate limit.${words}`, retryAfterMs };
	}
	if (kinds.every((kind) => kind === 'auth')) {
		return { code: 'upstream_auth_failed', message: `The provider does not accept the key it was sent.${words}` };
	}
	if (kinds.every((kind) => credentials.has(kind))) {
		return { code: 'upstream_credentials', message: `No provider takes its key or has credit left.${words}` };
	}
	if (kinds.every(isTimeout)) return { code: 'upstream_timeout', message: `No candidate answered in time.${words}` };
	return { code: 'upstream_error', message: `No candidate answered.${words}` };
}

function budgetWords(run: RouteRun): string {
	const { limit, resetMs } = run.shortage ?? {};
	if (limit === undefined || resetMs === undefined) return 'A limit is reached.';
	const amount = limit.unit === 'nano_usd' ? `$${dollars(limit.amount)}` : `${limit.amount} requests`;
	const until = new Date(run.ground.clock.date().getTime() + resetMs).toISOString();
	return `The limit of ${amount} per ${limit.window} for ${limit.scope} is reached; it begins anew at ${until}.`;
}

function ofLeftOut(run: RouteRun): Verdict {
	const reasons = new Set(run.records.map(({ reason }) => reason));
	if (reasons.has('budget')) {
		return { code: 'budget_exceeded', message: budgetWords(run), retryAfterMs: run.shortage?.resetMs ?? null };
	}
	if (reasons.has('queue_full')) {
		const retryAfterMs = run.plan.queue.timeout;
		return { code: 'queue_full', message: 'Too many requests wait already; try again in a moment.', retryAfterMs };
	}
	if (run.cheapest !== null) {
		const cost = `$${dollars(run.cheapest)}`;
		return { code: 'max_cost', message: `No candidate stays within the limit; the cheapest could cost ${cost}.` };
	}
	const cooled = run.plan.candidates.filter((candidate) => run.unfit(candidate) === null);
	const waits = cooled.map((candidate) => run.ground.breakers.waitMs(candidate)).filter((wait) => wait > 0);
	return {
		code: 'no_candidate',
		message: `No candidate of ${run.plan.route} can be asked: ${passedOver(run.attempts())}.`,
		retryAfterMs: waits.length === 0 ? null : Math.min(...waits),
	};
}

function ofEnding({ kind }: Ending, words: string): Verdict {
	if (kind === 'client') return { code: 'client_closed', message: 'The caller left before there was an answer.' };
	if (kind === 'shutdown') return { code: 'starting', message: 'Modeldex is about to end.' };
	return { code: 'upstream_timeout', message: `The time for this request was over before an answer came.${words}` };
}

/** The failure of a request of which nothing was served. `error` is what ended it: an `Ending`, or null after the last candidate. */
export function exhausted(run: RouteRun, failures: readonly CallFailure[], error: unknown = null): RouteFailure {
	if (error instanceof RouteFailure) return error;
	const attempts = run.attempts();
	const words = tried(attempts);
	const verdict =
		error instanceof Ending
			? ofEnding(error, words)
			: failures.length === 0
				? ofLeftOut(run)
				: ofFailures(failures, words);
	const { code, message, ...rest } = verdict;
	return new RouteFailure(code, message, { ...rest, id: run.id, attempts, cause: failures.at(-1) });
}

/** The failure of an answer that broke off after its beginning was served. */
export function brokenOff(run: RouteRun, error: unknown, characters: number): RouteFailure {
	const facts = { id: run.id, attempts: run.attempts(), details: { delivered_characters: characters }, cause: error };
	if (error instanceof CallFailure && isTimeout(error.kind)) {
		return new RouteFailure('upstream_timeout', `The answer did not go on in time (${error.kind}).`, facts);
	}
	if (error instanceof Ending && error.kind === 'client') {
		return new RouteFailure('client_closed', 'The caller left before the answer was whole.', facts);
	}
	return new RouteFailure('stream_cut', `The answer broke off after ${characters} characters.`, facts);
}
