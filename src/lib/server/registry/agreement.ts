// What most say: every candidate is asked, equal answers are counted, and the answer with a quorum is served.
import { CallFailure } from '#lib/core/registry/call.ts';
import {
	clustersByForm,
	clustersBySimilarity,
	exactForm,
	heaviest,
	isDecided,
	normalizedForm,
	usualQuorum,
	voteByField,
	type Ballot,
	type Cluster,
} from '#lib/core/registry/consensus.ts';
import type { ConsensusRecord } from '#lib/core/registry/record.ts';
import type { Candidate } from '#lib/core/registry/strategy.ts';
import type { Attempt } from '#lib/server/registry/attempt.ts';
import { Branch, Ending, endingOf } from '#lib/server/registry/ending.ts';
import { exhausted } from '#lib/server/registry/exhausted.ts';
import { Likeness } from '#lib/server/registry/likeness.ts';
import { askJudge, type Verdict } from '#lib/server/registry/judge.ts';
import { RouteFailure } from '#lib/server/registry/route.ts';
import { send } from '#lib/server/registry/sequence.ts';
import type { RouteRun } from '#lib/server/registry/run.ts';
import { votersOf } from '#lib/server/registry/voters.ts';

/** One started lane. `attempt` is null while it runs and when it failed. */
interface Lane {
	candidate: Candidate;
	order: number;
	/** Zero where the same weights already have a vote. */
	weight: number;
	attempt: Attempt | null;
	isOver: boolean;
	endedMs: number;
}

/** What the votes came to. */
interface Count {
	clusters: Cluster[];
	perField: Record<string, number> | null;
	composed: Record<string, unknown> | null;
}

/** What is served: one of the answers, and another text in its place where fields were put together. */
export interface Agreed {
	attempt: Attempt;
	composed: string | null;
}

class Vote {
	readonly #run: RouteRun;
	readonly #lanes: Lane[];
	readonly #failures: CallFailure[] = [];
	readonly #quorum: number;
	/** Weight of all started lanes. */
	readonly #weight: number;
	readonly #inTime: Branch;
	readonly #likeness: Likeness;

	constructor(run: RouteRun, candidates: Candidate[]) {
		this.#run = run;
		this.#likeness = new Likeness(run);
		this.#inTime = new Branch(run.branch);
		const seen = new Set<string>();
		this.#lanes = candidates.map((candidate, order) => {
			const isSame = !run.plan.consensus.allowSameModel && seen.has(candidate.weights);
			seen.add(candidate.weights);
			if (isSame) run.notes.push(`${candidate.name} has the weights of another candidate: its vote does not count.`);
			const weight = isSame ? 0 : candidate.weight;
			return { candidate, order, weight, attempt: null, isOver: false, endedMs: 0 };
		});
		this.#weight = this.#lanes.reduce((sum, { weight }) => sum + weight, 0);
		this.#quorum = run.plan.consensus.quorum ?? usualQuorum(this.#weight);
	}

	get #answered(): { lane: Lane; attempt: Attempt }[] {
		return this.#lanes.flatMap((lane) => (lane.attempt === null ? [] : [{ lane, attempt: lane.attempt }]));
	}

	#ballots(): Ballot[] {
		return this.#answered.map(({ lane, attempt }) => ({
			text: attempt.said,
			weight: lane.weight,
			order: lane.order,
			cost: this.#run.estimate(attempt),
		}));
	}

	async #count(): Promise<Count> {
		const { compare, fields, threshold } = this.#run.plan.consensus;
		const ballots = this.#ballots();
		const plain = (form: (text: string) => string) => ({
			clusters: clustersByForm(
				ballots,
				ballots.map(({ text }) => form(text)),
			),
			perField: null,
			composed: null,
		});
		if (compare === 'exact') return plain(exactForm);
		if (compare === 'json') return voteByField(ballots, fields, this.#weight);
		if (compare !== 'embedding') return plain(normalizedForm);
		const vectors = await this.#likeness.of(ballots.map(({ text }) => text));
		if (vectors === null || threshold === null) {
			throw this.#fail('no_consensus', `The answers cannot be compared: ${this.#likeness.problem}`);
		}
		return { clusters: clustersBySimilarity(ballots, vectors, threshold), perField: null, composed: null };
	}

	#fail(code: 'no_candidate' | 'no_consensus' | 'insufficient_responses', message: string): RouteFailure {
		const run = this.#run;
		const answers = this.#answered.map(({ lane, attempt }) => ({
			candidate: lane.candidate.name,
			answer: attempt.said.slice(0, 2000),
		}));
		this.#closeAnswers(null);
		const details = { consensus: run.consensus, answers };
		return new RouteFailure(code, message, { id: run.id, attempts: run.attempts(), details });
	}

	/** Whole answers that are not served end as lost; they are charged in full. */
	#closeAnswers(kept: Attempt | null): void {
		for (const { attempt } of this.#answered) if (attempt !== kept) this.#run.close(attempt, 'lost');
	}

	async #lane(lane: Lane): Promise<void> {
		const cause = lane.order === 0 ? 'first' : 'vote';
		try {
			const sent = await send(this.#run, {
				candidate: lane.candidate,
				cause,
				hold: 'complete',
				inTime: this.#inTime,
			});
			if ('attempt' in sent) lane.attempt = sent.attempt;
			else if ('failure' in sent) this.#failures.push(sent.failure);
		} finally {
			lane.isOver = true;
			lane.endedMs = this.#run.elapsedMs;
		}
	}

	/** Asks all lanes; returns once all have ended or no further vote can change the outcome. */
	async collect(): Promise<Count> {
		const running = new Map(
			this.#lanes.map((lane) => {
				// A lane that is ended after the decision has nobody to tell.
				const work = this.#lane(lane).then(
					() => lane,
					() => lane,
				);
				return [lane, work] as const;
			}),
		);
		let count: Count = { clusters: [], perField: null, composed: null };
		while (running.size > 0) {
			const ended = await Promise.race(running.values());
			running.delete(ended);
			if (this.#run.branch.aborted && endingOf(this.#run.branch).kind !== 'total') throw endingOf(this.#run.branch);
			count = await this.#count();
			this.#tell(ended, count, running.size);
			const open = [...running.keys()].reduce((sum, { weight }) => sum + weight, 0);
			// Fields are compared with a median that a further answer may move: no early end there.
			if (running.size > 0 && this.#mayEndEarly() && isDecided(count.clusters, this.#quorum, open)) {
				const answered = new Set(this.#answered.map(({ attempt }) => attempt));
				this.#inTime.end(new Ending('quorum-reached'));
				this.#run.endAll(answered, 'quorum-reached');
				break;
			}
		}
		this.#inTime.release();
		return count;
	}

	/** Tells how the vote stands, where the plan says so. */
	#tell(ended: Lane, { clusters }: Count, open: number): void {
		const { plan, request, id, elapsedMs: ms } = this.#run;
		if (!plan.consensus.tellsProgress) return;
		const [first] = heaviest(clusters);
		const started = this.#lanes.length;
		request.onProgress?.({
			...{ request: id, candidate: ended.candidate.name, answered: ended.attempt !== null, started, ms },
			ended: started - open,
			agreement: (first?.weight ?? 0) / this.#weight,
		});
	}

	#mayEndEarly(): boolean {
		const { compare, minResponses } = this.#run.plan.consensus;
		return compare !== 'json' && compare !== 'judge' && this.#answered.length >= minResponses;
	}

	#record(count: Count, won: Cluster | null, verdict: Verdict | null): ConsensusRecord {
		const { compare } = this.#run.plan.consensus;
		const answered = this.#answered;
		const clusterOf = (lane: Lane) => {
			const at = answered.findIndex((one) => one.lane === lane);
			const found = count.clusters.findIndex(({ members }) => members.includes(at));
			return at < 0 || found < 0 ? null : found;
		};
		return {
			comparator: compare,
			quorum: this.#quorum,
			started: this.#lanes.length,
			agreement: won === null ? null : won.weight / this.#weight,
			is_reached: won !== null && won.weight >= this.#quorum,
			votes: this.#lanes.map((lane) => ({
				candidate: lane.candidate.name,
				cluster: clusterOf(lane),
				usable: clusterOf(lane) !== null,
				cost_nano: lane.attempt === null ? null : this.#run.estimate(lane.attempt),
				ms: lane.endedMs,
			})),
			per_field: count.perField,
			judge: verdict?.words ?? null,
		};
	}

	/** The ways out of a tie between the heaviest clusters; null: it stays one. */
	#untied(tied: Cluster[]): Cluster | null {
		const { tieBreak } = this.#run.plan.consensus;
		const ballots = this.#ballots();
		if (tieBreak === 'order') return tied[0] ?? null;
		if (tieBreak !== 'cheapest') return null;
		const cost = ({ best }: Cluster) => ballots[best]?.cost ?? Infinity;
		return [...tied].sort((a, b) => cost(a) - cost(b) || a.best - b.best)[0] ?? null;
	}

	async #judged(): Promise<Verdict | null> {
		const { judge } = this.#run.plan.consensus;
		if (judge === null) return null;
		const answers = this.#answered.map(({ attempt }) => attempt.said);
		return askJudge(this.#run, judge, answers);
	}

	#serve(index: number, composed: string | null): Agreed {
		const attempt = this.#answered[index]?.attempt;
		if (attempt === undefined) throw this.#fail('no_consensus', 'No answer was chosen.');
		this.#closeAnswers(attempt);
		return { attempt, composed };
	}

	#tooFew(count: Count): Agreed {
		const run = this.#run;
		const [only] = heaviest(count.clusters);
		run.consensus = { ...this.#record(count, only ?? null, null), agreement: null, is_reached: false };
		if (run.plan.consensus.onTooFew === 'best-effort' && only !== undefined) {
			run.notes.push('Too few candidates answered for a vote; the best there was is served.');
			return this.#serve(only.best, null);
		}
		const usable = count.clusters.reduce((sum, { members }) => sum + members.length, 0);
		if (this.#answered.length === 0) throw exhausted(run, this.#failures);
		throw this.#fail(
			'insufficient_responses',
			`Only ${usable} of ${this.#lanes.length} candidates gave an answer that can be compared.`,
		);
	}

	/** Decides. Throws `no_consensus` or `insufficient_responses` where the plan does not say to serve something anyway. */
	async decide(count: Count): Promise<Agreed> {
		const run = this.#run;
		const { minResponses, onNoQuorum, compare, compose, tieBreak } = run.plan.consensus;
		const usable = count.clusters.reduce((sum, { members }) => sum + members.length, 0);
		if (usable < minResponses) return this.#tooFew(count);
		const ranked = heaviest(count.clusters);
		const tied = ranked.filter(({ weight }) => weight === ranked[0]?.weight);
		const won = tied.length === 1 ? (tied[0] ?? null) : this.#untied(tied);
		const isReached = won !== null && won.weight >= this.#quorum;
		const asks =
			compare === 'judge' || (!isReached && onNoQuorum === 'judge') || (won === null && tieBreak === 'judge');
		const verdict = asks ? await this.#judged() : null;
		run.consensus = this.#record(count, won ?? ranked[0] ?? null, verdict);
		if (verdict !== null && (compare === 'judge' || !isReached)) {
			run.notes.push('A judge chose among the answers.');
			return this.#serve(verdict.best, null);
		}
		if (won !== null && isReached) {
			return this.#serve(won.best, compose && count.composed !== null ? JSON.stringify(count.composed) : null);
		}
		if (onNoQuorum !== 'order') throw this.#fail('no_consensus', 'The candidates do not agree.');
		run.notes.push('The candidates do not agree; the first one’s answer is served.');
		return this.#serve(0, null);
	}
}

/** Asks every candidate that can be asked and serves what they agree on. Throws as the other strategies do. */
export async function askAll(run: RouteRun): Promise<Agreed> {
	const { ready, cooled } = run.sort();
	for (const candidate of cooled) run.leaveOut(candidate, 'breaker_open', 'vote');
	const lanes = votersOf(run, ready);
	if (lanes.length === 0) throw exhausted(run, []);
	const vote = new Vote(run, lanes);
	return vote.decide(await vote.collect());
}
