// Who takes part in a vote: the candidates that fit the request's money together.
import type { Candidate } from '#lib/core/registry/strategy.ts';
import { LeftOut } from '#lib/server/registry/purse.ts';
import type { RouteRun } from '#lib/server/registry/run.ts';

/** Candidates that fit the request's money together; those that do not are dropped and written down. */
export function votersOf(run: RouteRun, candidates: Candidate[]): Candidate[] {
	const lanes: Candidate[] = [];
	let sum = 0;
	for (const candidate of candidates) {
		if (lanes.length >= run.plan.consensus.maxLanes) break;
		try {
			sum += run.afford(candidate, sum).worst;
			lanes.push(candidate);
		} catch (error) {
			if (!(error instanceof LeftOut)) throw error;
			run.leaveOut(candidate, error.reason, 'vote');
		}
	}
	return lanes;
}
