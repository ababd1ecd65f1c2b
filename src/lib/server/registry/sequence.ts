// One candidate after the other: the strategies `first` and `fallback`, with retries within the request's means.
import { CallFailure } from '#lib/core/registry/call.ts';
import { callRules, retryWaitMs } from '#lib/core/registry/call-rules.ts';
import type { AttemptCause } from '#lib/core/registry/record.ts';
import type { Candidate } from '#lib/core/registry/strategy.ts';
import { sleep } from '#lib/server/clock.ts';
import type { Attempt } from '#lib/server/registry/attempt.ts';
import { endingOf } from '#lib/server/registry/ending.ts';
import { exhausted } from '#lib/server/registry/exhausted.ts';
import { LeftOut } from '#lib/server/registry/purse.ts';
import type { Opening, RouteRun } from '#lib/server/registry/run.ts';

/** Added to each candidate's share of the time, so that an answer just about to come is not lost. */
const slackMs = 1000;

/** What came of one try: an answer to serve, its failure, or why it was not sent. */
type Sent = { attempt: Attempt } | { failure: CallFailure } | { leftOut: LeftOut };

/** Sends one try and waits until it can be served. Throws the `Ending` of the request. */
export async function send(run: RouteRun, opening: Opening): Promise<Sent> {
	let attempt: Attempt;
	try {
		attempt = await run.open(opening);
	} catch (error) {
		if (!(error instanceof LeftOut)) throw error;
		run.leaveOut(opening.candidate, error.reason, opening.cause);
		return { leftOut: error };
	}
	try {
		await attempt.ready;
		return { attempt };
	} catch (error) {
		const failure = error instanceof CallFailure ? error : null;
		run.close(attempt, failure === null ? 'cancelled' : 'failed', error);
		if (failure === null) throw error;
		return { failure };
	}
}

interface Turn {
	cause: AttemptCause;
	/** Candidates that could be asked afterwards. */
	others: number;
	/** Is there nobody else to wait for either? */
	isAlone: boolean;
	hold: Opening['hold'];
}

/** May this failure be followed by another try at the same candidate? */
function mayRetry(run: RouteRun, { kind }: CallFailure, retry: number, isAlone: boolean): boolean {
	const { perCandidate, maxAttempts } = run.plan.retries;
	const { same } = callRules[kind];
	if (same === 'no' || (same === 'if_alone' && !isAlone)) return false;
	return retry < (same === 'once' ? Math.min(1, perCandidate) : perCandidate) && run.made < maxAttempts;
}

/** One candidate with its retries. Gives what its last try came to. */
async function persist(run: RouteRun, candidate: Candidate, { cause, others, isAlone, hold }: Turn): Promise<Sent> {
	const { clock, random, breakers, retryBudget } = run.ground;
	for (let retry = 0; ; retry += 1) {
		const share = candidate.timeouts.attempt === null ? run.leftMs / (others + 1) + slackMs : Infinity;
		const sent = await send(run, { candidate, cause: retry === 0 ? cause : 'retry', hold, ttftMs: share });
		if (!('failure' in sent) || !mayRetry(run, sent.failure, retry, isAlone)) return sent;
		const wait = retryWaitMs(sent.failure, retry, run.leftMs, random);
		const cooling = breakers.waitMs(candidate);
		if (wait === null || (cooling > 0 && sent.failure.kind !== 'rate_limit')) return sent;
		// Who says when to come again is taken at the word; the breaker keeps the others away for longer.
		const whole = sent.failure.retryAfterMs === null ? Math.max(wait, cooling) : wait;
		if (whole >= run.leftMs || !retryBudget.takes(clock.ticks())) return sent;
		await sleep(clock, whole, run.signal).catch(() => {
			throw endingOf(run.signal);
		});
	}
}

/** Waits for the first of the cooled candidates to be askable again and takes it off the list; null when that takes too long. */
async function recovered(run: RouteRun, cooled: Candidate[]): Promise<Candidate | null> {
	const { breakers, clock } = run.ground;
	const waits = cooled.map((candidate) => ({ candidate, wait: breakers.waitMs(candidate) }));
	const soonest = waits.sort((a, b) => a.wait - b.wait)[0];
	if (soonest === undefined || soonest.wait >= run.leftMs) return null;
	if (soonest.wait > 0) {
		await sleep(clock, soonest.wait + 1, run.signal).catch(() => {
			throw endingOf(run.signal);
		});
	}
	if (!breakers.admits(soonest.candidate)) return null; // another request's probe is on its way
	cooled.splice(cooled.indexOf(soonest.candidate), 1);
	return soonest.candidate;
}

/** The candidates that make sense after this failure; null: none, the request is over. */
function following(run: RouteRun, failed: Candidate, failure: CallFailure, rest: Candidate[]): Candidate[] | null {
	const { next } = callRules[failure.kind];
	if (failure.kind === 'bad_request' && failure.code?.startsWith('unsupported') === true) return rest;
	if (next === 'yes') return rest;
	if (next === 'larger') {
		const { context } = failed;
		return rest.filter((other) => other.context !== null && context !== null && other.context > context);
	}
	return next === 'filter' && run.plan.fallbackOnFilter ? rest : null;
}

/** The candidates in the order in which they are asked; those with an open breaker apart. */
function queues(run: RouteRun): { ready: Candidate[]; cooled: Candidate[] } {
	const { candidates, strict, strategy } = run.plan;
	const [literal] = candidates;
	if (strategy !== 'first' || !strict || literal === undefined) return run.sort();
	const reason = run.unfit(literal);
	if (reason === null) return { ready: [literal], cooled: [] };
	run.leaveOut(literal, reason);
	return { ready: [], cooled: [] };
}

/** Candidates at their rate limit that are worth another try once they take requests again, each so often as may be. */
class Limited {
	readonly #run: RouteRun;
	readonly #tries = new Map<Candidate, number>();

	constructor(run: RouteRun) {
		this.#run = run;
	}

	/** Was it asked already? */
	has(candidate: Candidate): boolean {
		return this.#tries.has(candidate);
	}

	/** Counts a failure; true where the candidate shall be waited for together with those that cool down. */
	takes(candidate: Candidate, failure: CallFailure): boolean {
		const { retryBudget, clock } = this.#run.ground;
		const tries = this.#tries.get(candidate) ?? 0;
		this.#tries.set(candidate, tries + 1);
		const waits = retryWaitMs(failure, tries, this.#run.leftMs, () => 1) !== null;
		if (failure.kind !== 'rate_limit' || !waits || tries >= this.#run.plan.retries.perCandidate) return false;
		return retryBudget.takes(clock.ticks());
	}
}

/**
 * Asks until one answers. `first` asks one candidate only, the first that can be asked. Throws a `RouteFailure` when none
 * answers, the `Ending` when the request was ended.
 */
export async function askInOrder(run: RouteRun, hold: Opening['hold']): Promise<Attempt> {
	const isFirst = run.plan.strategy === 'first';
	const failures: CallFailure[] = [];
	let { ready, cooled } = queues(run);
	let cause: AttemptCause = 'first';
	const limited = new Limited(run);
	for (;;) {
		const candidate: Candidate | null = ready.shift() ?? (await recovered(run, cooled));
		if (candidate === null) break;
		const others = isFirst ? 0 : ready.length;
		const isAlone = isFirst || ready.length + cooled.length === 0;
		if (limited.has(candidate)) cause = 'retry';
		const sent = await persist(run, candidate, { cause, others, isAlone, hold });
		if ('attempt' in sent) return sent.attempt;
		if ('leftOut' in sent) continue;
		failures.push(sent.failure);
		const next = isFirst ? null : following(run, candidate, sent.failure, ready);
		if (next === null) throw exhausted(run, failures);
		cooled = following(run, candidate, sent.failure, cooled) ?? [];
		ready = next;
		if (!isAlone && limited.takes(candidate, sent.failure)) cooled.push(candidate);
		if (run.made >= run.plan.retries.maxAttempts) {
			const left = [...ready, ...cooled.splice(0)].filter((one) => !limited.has(one));
			for (const one of left) run.leaveOut(one, 'attempts_used_up', 'fallback');
			break;
		}
		cause = 'fallback';
	}
	for (const candidate of cooled) if (!limited.has(candidate)) run.leaveOut(candidate, 'breaker_open');
	throw exhausted(run, failures);
}
