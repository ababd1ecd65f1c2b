// The record of a request, put together once it has ended.
import { dollars, sumCosts, type RequestRecord } from '#lib/core/registry/record.ts';
import type { RouteFailure } from '#lib/server/registry/route.ts';
import type { RouteRun } from '#lib/server/registry/run.ts';

const longestTag = 100;
const mostTags = 20;

/** What the end of a request looks like to its record. */
export interface Outcome {
	outcome: RequestRecord['outcome'];
	failure: RouteFailure | null;
	served: string | null;
	firstContentMs: number | null;
}

/** The record. A stated cost far from the table's is noted. */
export function recordOf(
	run: RouteRun,
	startedAt: string,
	{ outcome, failure, served, firstContentMs }: Outcome,
): RequestRecord {
	const attempts = run.attempts();
	const winner = attempts.find(({ outcome: end, candidate }) => end === 'won' && candidate === served) ?? null;
	const others = attempts.filter((attempt) => attempt !== winner);
	const losers = sumCosts(others.map(({ cost_nano }) => cost_nano));
	const cost = winner === null ? null : winner.cost_nano;
	for (const { candidate, cost_nano, table_cost_nano } of attempts) {
		if (table_cost_nano === null || cost_nano === null) continue;
		run.notes.push(
			`${candidate} states a cost of $${dollars(cost_nano)}, the table of prices says $${dollars(table_cost_nano)}.`,
		);
	}
	const { spec, operation, user, key, wantsStream, options } = run.request;
	return {
		id: run.id,
		started_at: startedAt,
		spec,
		route: run.plan.route,
		operation,
		strategy: run.plan.strategy,
		user,
		key,
		tags: (options.tags ?? []).slice(0, mostTags).map((tag) => tag.slice(0, longestTag)),
		streamed: wantsStream,
		outcome,
		status: failure === null ? 200 : failure.status,
		code: failure?.code ?? null,
		message: failure?.message ?? null,
		served,
		attempts,
		queue_ms: run.queueMs,
		first_content_ms: firstContentMs,
		ms: run.elapsedMs,
		cost: { winner: cost, losers, total: sumCosts(attempts.map(({ cost_nano }) => cost_nano)) },
		usage: winner?.usage ?? null,
		consensus: run.consensus,
		notes: run.notes,
		config: run.plan.config,
	};
}
