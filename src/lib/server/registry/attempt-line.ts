// The line that a record holds about one try, sent or passed over.
import { blankSecrets } from '#lib/core/failure.ts';
import { CallFailure, type CallFailureClass } from '#lib/core/registry/call.ts';
import type { AttemptCause, AttemptOutcome, AttemptRecord, LeftOutReason } from '#lib/core/registry/record.ts';
import type { Candidate } from '#lib/core/registry/strategy.ts';
import type { Attempt } from '#lib/server/registry/attempt.ts';
import type { Bill } from '#lib/server/registry/cost.ts';
import { Ending } from '#lib/server/registry/ending.ts';

const leftOutClasses: Partial<Record<LeftOutReason, CallFailureClass>> = {
	no_key: 'no_key',
	queue_full: 'queue_full',
	budget: 'budget',
};

interface PassedOver {
	number: number;
	candidate: Candidate;
	reason: LeftOutReason;
	cause: AttemptCause;
	/** Milliseconds since the request came. */
	at: number;
}

/** The line of a candidate that was passed over. */
export function leftOutLine({ number, candidate, reason, cause, at }: PassedOver): AttemptRecord {
	return {
		number,
		candidate: candidate.name,
		cause,
		outcome: 'skipped',
		class: leftOutClasses[reason] ?? null,
		reason,
		status: null,
		message: null,
		started_ms: at,
		headers_ms: null,
		first_content_ms: null,
		ended_ms: at,
		usage: null,
		cost_nano: 0,
		table_cost_nano: null,
		is_estimated: false,
		characters: 0,
	};
}

interface Closed {
	outcome: AttemptOutcome;
	/** What it failed with or was ended by; null when it answered. */
	error: unknown;
	bill: Bill;
	/** Null: it still runs. */
	endedMs: number | null;
}

/** The line of a try that was sent. */
export function attemptLine(attempt: Attempt, { outcome, error, bill, endedMs }: Closed): AttemptRecord {
	const failure = error instanceof CallFailure ? error : null;
	const ending = error instanceof Ending ? error.kind : null;
	return {
		number: attempt.number,
		candidate: attempt.candidate.name,
		cause: attempt.cause,
		outcome,
		class: failure?.kind ?? (ending === 'client' ? 'client_abort' : null),
		reason: ending,
		status: failure?.status ?? null,
		message: failure === null ? null : blankSecrets(failure.message),
		started_ms: attempt.startedMs,
		headers_ms: attempt.headersMs,
		first_content_ms: attempt.firstContentMs,
		ended_ms: endedMs,
		usage: bill.usage,
		cost_nano: bill.cost,
		table_cost_nano: bill.tableCost,
		is_estimated: bill.isEstimated,
		characters: attempt.characters,
	};
}
