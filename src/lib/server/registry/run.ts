// One request under way: who may be asked, what each try may cost, and what is written down about it.
import { CallFailure, type Ends, type Operation } from '#lib/core/registry/call.ts';
import { outputTokens } from '#lib/core/registry/price.ts';
import type {
	AttemptCause,
	AttemptOutcome,
	AttemptRecord,
	ConsensusRecord,
	LeftOutReason,
} from '#lib/core/registry/record.ts';
import type { Candidate, Plan } from '#lib/core/registry/strategy.ts';
import { Attempt } from '#lib/server/registry/attempt.ts';
import { attemptLine, leftOutLine } from '#lib/server/registry/attempt-line.ts';
import { billOf, sizeOf, worstOf, type Bill, type Size } from '#lib/server/registry/cost.ts';
import { Branch, Ending, type EndKind } from '#lib/server/registry/ending.ts';
import type { Ground } from '#lib/server/registry/ground.ts';
import type { Shortage } from '#lib/server/registry/ledger.ts';
import { Purse, LeftOut, type Affordable } from '#lib/server/registry/purse.ts';
import type { RouteRequest } from '#lib/server/registry/route.ts';

interface RunOptions {
	id: string;
	plan: Plan;
	request: RouteRequest;
	ground: Ground;
	ends: Ends;
}

/** A try that was sent, with the rights it holds while it runs. */
interface Open {
	attempt: Attempt;
	release: () => void;
	reservation: string;
}

/** Of a try whose end nobody knows yet. */
const noBill: Bill = { usage: null, cost: null, tableCost: null, isEstimated: false };

/** How a try is opened. */
export interface Opening {
	candidate: Candidate;
	cause: AttemptCause;
	/** Bound for the first content beside the candidate's own. */
	ttftMs?: number;
	hold: 'first-content' | 'complete';
	/** Another body than the caller's, for judges and vectors. */
	body?: Readonly<Record<string, unknown>>;
	/** Another operation than the caller's, for vectors. */
	operation?: Operation;
	/** Aborted when it is too late to be sent; what is already sent goes on. */
	inTime?: Ends;
}

/** The state of one request; strategies open tries with it and close each exactly once. */
export class RouteRun {
	readonly id: string;
	readonly plan: Plan;
	readonly request: RouteRequest;
	readonly ground: Ground;
	readonly size: Size;
	readonly startedAt: number;
	readonly records: AttemptRecord[] = [];
	readonly notes: string[];
	readonly branch: Branch;
	consensus: ConsensusRecord | null = null;
	queueMs = 0;
	readonly #open = new Map<Attempt, Open>();
	#made = 0;
	readonly #purse: Purse;

	constructor({ id, plan, request, ground, ends }: RunOptions) {
		this.id = id;
		this.plan = plan;
		this.request = request;
		this.ground = ground;
		this.size = sizeOf({ ...request.body }, request.operation);
		this.startedAt = ground.clock.ticks();
		this.notes = [...plan.notes];
		this.branch = new Branch(ends);
		this.branch.endAfter(ground.clock, plan.totalMs, 'total');
		this.#purse = new Purse({ id, plan, request, size: this.size, ground });
	}

	get signal(): AbortSignal {
		return this.branch.signal;
	}

	/** Milliseconds since the request came. */
	get elapsedMs(): number {
		return this.ground.clock.ticks() - this.startedAt;
	}

	/** Milliseconds that are left of the whole. */
	get leftMs(): number {
		return this.plan.totalMs - this.elapsedMs;
	}

	/** Tries that were sent. */
	get made(): number {
		return this.#made;
	}

	/** The limit that stopped a try, for the answer; null when none did. */
	get shortage(): Shortage | null {
		return this.#purse.shortage;
	}

	/** The cheapest estimate among candidates that were too expensive, in nano-dollars; null when none was. */
	get cheapest(): number | null {
		return this.#purse.cheapest;
	}

	/** Tries under way. */
	get openAttempts(): Attempt[] {
		return [...this.#open.keys()];
	}

	/** Why this candidate cannot serve this request at all; null when it can. Breakers are not asked. */
	unfit(candidate: Candidate): LeftOutReason | null {
		if (candidate.unusable !== null) return candidate.unusable;
		if (this.ground.provider(candidate.provider) === null) return 'unknown_provider';
		if (candidate.context !== null && this.size.input > candidate.context) return 'context_too_small';
		const { tools } = this.request.body;
		if (candidate.tools === false && Array.isArray(tools) && tools.length > 0) return 'no_tools';
		return null;
	}

	/** Writes down that a candidate was passed over. */
	leaveOut(candidate: Candidate, reason: LeftOutReason, cause: AttemptCause = 'first'): void {
		const number = this.records.length + this.#open.size;
		this.records.push(leftOutLine({ number, candidate, reason, cause, at: this.elapsedMs }));
	}

	/** Candidates that may be asked, those whose breaker is open apart. Records who may not. */
	sort(): { ready: Candidate[]; cooled: Candidate[] } {
		const ready: Candidate[] = [];
		const cooled: Candidate[] = [];
		for (const candidate of this.plan.candidates) {
			const reason = this.unfit(candidate);
			if (reason !== null) this.leaveOut(candidate, reason);
			else if (this.ground.breakers.admits(candidate)) ready.push(candidate);
			else cooled.push(candidate);
		}
		return { ready, cooled };
	}

	/** The worst a try can cost and the body it is sent with. Throws a `LeftOut` when it may not be sent for its price. */
	afford(candidate: Candidate, extra = 0): Affordable {
		return this.#purse.afford(candidate, this.#purse.spent(this.records) + this.#underWay() + extra, this.notes);
	}

	/** The worst case of what is under way, in nano-dollars; unknown prices left out. */
	#underWay(): number {
		const { size, plan } = this;
		return this.openAttempts.reduce((sum, { candidate }) => sum + (worstOf(size, candidate, plan) ?? 0), 0);
	}

	/** Sends a try: price, budget and a slot first. Throws a `LeftOut`, or the `Ending` of the request. */
	async open({ candidate, cause, ttftMs, hold, body, operation, inTime }: Opening): Promise<Attempt> {
		const provider = this.ground.provider(candidate.provider);
		if (provider === null) throw new LeftOut('unknown_provider');
		const affordable = this.afford(candidate);
		const reservation = this.#purse.reserve(candidate, affordable.worst);
		let release: () => void;
		try {
			release = await this.#slot(candidate, inTime ?? this.branch);
		} catch (error) {
			this.ground.ledger.settle(reservation, { nano: 0, requests: 0 });
			throw error instanceof CallFailure ? new LeftOut('queue_full') : error;
		}
		this.#made += 1;
		this.ground.breakers.started(candidate);
		this.ground.retryBudget.called(this.ground.clock.ticks());
		const { timeouts, model, headers } = candidate;
		const attempt = new Attempt({
			number: this.records.length + this.#open.size,
			cause,
			candidate,
			provider,
			call: { operation: operation ?? this.request.operation, model, headers, body: body ?? affordable.body },
			clock: this.ground.clock,
			above: this.branch,
			requestedAt: this.startedAt,
			timeouts: { ...timeouts, ttft: Math.min(timeouts.ttft, ttftMs ?? Infinity) },
			hold,
			onBug: this.ground.onBug,
		});
		this.#open.set(attempt, { attempt, release, reservation });
		return attempt;
	}

	async #slot(candidate: Candidate, signal: Ends): Promise<() => void> {
		return await this.ground.slots.enter(`provider ${candidate.provider}`, {
			user: this.request.user,
			slots: candidate.providerSlots,
			max: this.plan.queue.max,
			timeout: Math.min(this.plan.queue.timeout, Math.max(1, this.leftMs)),
			signal,
		});
	}

	/**
	 * Closes a try: its slot, its money, what its breaker learns, its line in the record. `error` is what it failed with or
	 * was ended by; null when it answered. Closing twice does nothing.
	 */
	close(attempt: Attempt, outcome: AttemptOutcome, error: unknown = null): AttemptRecord | null {
		const open = this.#open.get(attempt);
		if (open === undefined) return null;
		this.#open.delete(attempt);
		open.release();
		const failure = error instanceof CallFailure ? error : null;
		const { candidate } = attempt;
		const bill = billOf(attempt, {
			size: this.size,
			plan: this.plan,
			isCancelled: error instanceof Ending || failure?.kind.startsWith('timeout.') === true,
			usualOutput: this.ground.habits.usualOutput(candidate.name),
		});
		this.ground.ledger.settle(open.reservation, { nano: bill.cost ?? 0, requests: 1 });
		this.#teach(attempt, failure, error instanceof Ending);
		const record = attemptLine(attempt, { outcome, error, bill, endedMs: attempt.endedMs ?? this.elapsedMs });
		this.records.push(record);
		return record;
	}

	#teach(attempt: Attempt, failure: CallFailure | null, wasEnded: boolean): void {
		const { breakers, habits } = this.ground;
		const { candidate, usage, firstContentMs, startedMs } = attempt;
		if (wasEnded) return breakers.released(candidate);
		if (failure !== null) return breakers.failed(candidate, failure);
		breakers.succeeded(candidate);
		habits.learn(candidate.name, {
			output: usage === null ? null : outputTokens(usage),
			firstContentMs: firstContentMs === null ? null : firstContentMs - startedMs,
		});
	}

	/** What a try costs as things are; null where the price is unknown. */
	estimate(attempt: Attempt): number | null {
		return billOf(attempt, { size: this.size, plan: this.plan, isCancelled: false, usualOutput: null }).cost;
	}

	/** Ends and closes every try that still runs, except one. */
	closeOthers(kept: Attempt | null, kind: EndKind): void {
		this.endAll(new Set(kept === null ? [] : [kept]), kind);
	}

	/** Ends and closes every try but these. */
	endAll(kept: ReadonlySet<Attempt>, kind: EndKind): void {
		for (const attempt of this.openAttempts) {
			if (kept.has(attempt)) continue;
			attempt.cancel(kind);
			this.close(attempt, kind === 'lost-race' || kind === 'quorum-reached' ? 'lost' : 'cancelled', new Ending(kind));
		}
	}

	/** Tries that have ended and the one that is being served, in the order in which they were made. */
	attempts(served: Attempt | null = null): AttemptRecord[] {
		const lines = [...this.records];
		if (served !== null && this.#open.has(served)) {
			const closed = { outcome: 'won', error: null, bill: noBill, endedMs: served.endedMs } as const;
			lines.push(attemptLine(served, closed));
		}
		return lines.sort((a, b) => a.number - b.number);
	}
}
