// What a program hands in for a call and is given back: the model, its answers, and what is kept of a request.
import type { CallEvent, Operation } from '#lib/core/registry/call.ts';
import type { ModelResult } from '#lib/core/registry/config.ts';
import { inputTokens, outputTokens } from '#lib/core/registry/price.ts';
import { dollars, type RequestRecord } from '#lib/core/registry/record.ts';

/** Who asks, and what the request is called. */
export interface ModelContext {
	/** A ULID; one is made when left out. */
	requestId?: string;
	userId?: string;
	tags?: readonly string[];
	maxCost?: number;
	timeoutMs?: number;
	signal?: AbortSignal;
}

/** A request in OpenAI's wire shape without `model` and `stream`. */
export type ModelBody = Readonly<Record<string, unknown>>;

/** An answer as it comes: pieces, then the record. */
export interface ModelStream {
	id: string;
	served: string;
	events: AsyncIterable<CallEvent>;
	done: Promise<RequestRecord>;
}

/** One spec, ready to be asked. Both throw a `RouteFailure` when nobody answers. */
export interface Model {
	spec: string;
	/** The whole answer. */
	generate(body: ModelBody, operation?: Operation): Promise<ModelResult>;
	/** The answer piece by piece. */
	stream(body: ModelBody, operation?: Operation): Promise<ModelStream>;
}

/** What a call came to, besides the answer. */
export function resultOf(record: RequestRecord, text: string, latencyMs: number): ModelResult {
	const served = record.served ?? '';
	const slash = served.indexOf('/');
	const { usage, attempts, cost, id, strategy } = record;
	const failed = attempts.find(({ outcome }) => outcome === 'failed' || outcome === 'skipped');
	return {
		id,
		provider: served.slice(0, slash),
		model: served.slice(slash + 1),
		strategy,
		text,
		latencyMs,
		costUsd: cost.total === null ? null : dollars(cost.total),
		usage:
			usage === null ? null : { input: inputTokens(usage), output: outputTokens(usage), estimated: usage.estimated },
		attempted: attempts.filter(({ outcome }) => outcome !== 'skipped').map(({ candidate }) => candidate),
		fallbackReason: failed === undefined ? null : `${failed.candidate}: ${failed.class ?? failed.reason ?? 'failed'}`,
	};
}

/** The record of somebody who does not want to know what it cost. */
export function withoutCosts(record: RequestRecord): RequestRecord {
	const { consensus } = record;
	return {
		...record,
		cost: { winner: null, losers: null, total: null },
		attempts: record.attempts.map((attempt) => ({ ...attempt, cost_nano: null, table_cost_nano: null })),
		consensus:
			consensus === null
				? null
				: { ...consensus, votes: consensus.votes.map((vote) => ({ ...vote, cost_nano: null })) },
	};
}
