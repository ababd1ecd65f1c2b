// The one way from a spec to an answer: resolves, admits, pays, asks by the tier's strategy, and writes everything down.
import { Failure } from '#lib/core/failure.ts';
import { CallFailure, type CallEvent, type CallProvider, type Ends } from '#lib/core/registry/call.ts';
import { withoutTimes, type RequestRecord } from '#lib/core/registry/record.ts';
import type { Limit, Plan } from '#lib/core/registry/strategy.ts';
import type { Clock } from '#lib/server/clock.ts';
import { askAll, type Agreed } from '#lib/server/registry/agreement.ts';
import type { Attempt } from '#lib/server/registry/attempt.ts';
import { Breakers } from '#lib/server/registry/breakers.ts';
import { Ending, endingOf, type EndKind } from '#lib/server/registry/ending.ts';
import { brokenOff, exhausted } from '#lib/server/registry/exhausted.ts';
import type { Ground } from '#lib/server/registry/ground.ts';
import { Habits, RetryBudget } from '#lib/server/registry/habits.ts';
import type { Ledger } from '#lib/server/registry/ledger.ts';
import { askAtOnce } from '#lib/server/registry/race.ts';
import { RouteFailure, type Routed, type RouteRequest } from '#lib/server/registry/route.ts';
import { RouteRun } from '#lib/server/registry/run.ts';
import { askInOrder } from '#lib/server/registry/sequence.ts';
import { Slots } from '#lib/server/registry/slots.ts';
import { recordOf, type Outcome } from '#lib/server/registry/request-line.ts';
import { ulid } from '#lib/server/registry/ulid.ts';

/** Where plans come from. Both throw a `Failure` (`invalid_spec`, `model_not_found`, `forbidden`, `invalid_config`). */
export interface Planner {
	plan(spec: string, who: { user: string | null; mayActAs: boolean; operation: string }): Plan;
	providerLimits(name: string): readonly Limit[];
}

/** Where records go and money is counted. */
export interface RouteStore {
	ledger: Ledger;
	/** Keeps a record; from then on it can be read. */
	keep(record: RequestRecord): void;
}

interface RouterOptions {
	registry: Planner;
	provider: (name: string) => CallProvider | null;
	store: RouteStore;
	clock: Clock;
	random: () => number;
	onBug?: (error: unknown) => void;
}

/** The longest that a caller may give a request. */
const longestMs = 3_600_000;

/** Breakers, slots and habits of this process; one for all requests. */
export class Router {
	readonly breakers: Breakers;
	readonly slots: Slots;
	readonly #registry: Planner;
	readonly #store: RouteStore;
	readonly #ground: Ground;

	constructor({ registry, provider, store, clock, random, onBug = () => {} }: RouterOptions) {
		this.#registry = registry;
		this.#store = store;
		this.breakers = new Breakers({ clock, random });
		this.slots = new Slots(clock);
		this.#ground = {
			clock,
			random,
			provider,
			providerLimits: (name) => registry.providerLimits(name),
			breakers: this.breakers,
			slots: this.slots,
			ledger: store.ledger,
			habits: new Habits(),
			retryBudget: new RetryBudget(),
			onBug,
		};
	}

	/**
	 * Asks. Resolves when the answer begins to come (for consensus: when it is decided; for callers who take it in one piece:
	 * when it is whole), from which point on no other candidate is tried. Rejects with a `RouteFailure`; `ends` ends every
	 * call under way.
	 */
	async run(request: RouteRequest, ends: Ends): Promise<Routed> {
		const { clock, random } = this.#ground;
		const id = request.id ?? ulid(clock.date().getTime(), random);
		const plan = this.#plan(request, id);
		const run = new RouteRun({ id, plan, request, ground: this.#ground, ends });
		const startedAt = clock.date().toISOString();
		const rights = new Rights();
		try {
			this.#count(run, rights);
			rights.add(await this.#admit(run));
			run.queueMs = run.elapsedMs;
			const agreed = await this.#ask(run);
			return this.#routed(run, agreed, { startedAt, rights });
		} catch (error) {
			throw this.#failed(run, error, { startedAt, rights });
		}
	}

	#plan(request: RouteRequest, id: string): Plan {
		const { spec, user, mayActAs = false, operation, options } = request;
		try {
			const plan = this.#registry.plan(spec, { user, mayActAs, operation });
			const { timeoutMs } = options;
			return timeoutMs === undefined ? plan : { ...plan, totalMs: Math.max(1, Math.min(timeoutMs, longestMs)) };
		} catch (error) {
			if (!(error instanceof Failure)) throw error;
			const isSpec = error.code === 'invalid_spec';
			const status = isSpec ? { status: 400 } : {};
			throw new RouteFailure(isSpec ? 'model_not_found' : error.code, error.message, { id, attempts: [], ...status });
		}
	}

	/** Counts the request under the limits of requests. */
	#count(run: RouteRun, rights: Rights): void {
		const limits = [...run.plan.limits, ...(run.request.limits ?? [])].filter(({ unit }) => unit === 'requests');
		const need = { id: run.id, limits, worst: 0, expected: null, withinMs: run.plan.totalMs };
		const shortage = this.#ground.ledger.reserve(need);
		if (shortage === null) {
			if (limits.length > 0)
				rights.add(() => this.#ground.ledger.settle(run.id, { nano: 0, requests: run.made > 0 ? 1 : 0 }));
			return;
		}
		const { limit, resetMs } = shortage;
		const message = `The limit of ${limit.amount} requests per ${limit.window} for ${limit.scope} is reached.`;
		throw new RouteFailure('budget_exceeded', message, { id: run.id, attempts: [], retryAfterMs: resetMs });
	}

	async #admit(run: RouteRun): Promise<() => void> {
		const { slots, max, timeout } = run.plan.queue;
		const { user } = run.request;
		try {
			const wait = Math.min(timeout, run.plan.totalMs);
			return await this.slots.enter(run.plan.route, { user, slots, max, timeout: wait, signal: run.branch });
		} catch (error) {
			if (!(error instanceof CallFailure)) throw error;
			const facts = { id: run.id, attempts: [], retryAfterMs: error.retryAfterMs };
			throw new RouteFailure('queue_full', error.message, facts);
		}
	}

	async #ask(run: RouteRun): Promise<Agreed> {
		const { strategy } = run.plan;
		// A caller who takes the answer in one piece sees nothing of one that breaks off: another candidate may still serve.
		const hold = run.request.wantsStream ? 'first-content' : 'complete';
		const isEmbedding = run.request.operation === 'embeddings';
		if (strategy === 'consensus' && !isEmbedding) return askAll(run);
		if (strategy === 'consensus')
			run.notes.push('Vectors are not compared: the candidates are asked one after the other.');
		if (strategy === 'race') return { attempt: await askAtOnce(run, hold), composed: null };
		return { attempt: await askInOrder(run, hold), composed: null };
	}

	#failed(run: RouteRun, error: unknown, { startedAt, rights }: Finish): RouteFailure | Error {
		const kind: EndKind = error instanceof Ending ? error.kind : 'shutdown';
		run.closeOthers(null, kind);
		run.branch.release();
		rights.drop();
		const isOurs = error instanceof RouteFailure || error instanceof Ending || error instanceof CallFailure;
		if (!isOurs) this.#ground.onBug(error);
		const failure = isOurs
			? exhausted(run, error instanceof CallFailure ? [error] : [], error)
			: new RouteFailure('internal', 'Something went wrong inside Modeldex.', {
					id: run.id,
					attempts: run.attempts(),
					cause: error,
				});
		const outcome = failure.code === 'client_closed' ? 'cancelled' : 'failed';
		this.#record(run, startedAt, { outcome, failure, served: null, firstContentMs: null });
		return failure;
	}

	#routed(run: RouteRun, { attempt, composed }: Agreed, finish: Finish): Routed {
		if (attempt.overflowed)
			run.notes.push('Much came before the first content (preamble_overflow); the answer was begun without it.');
		const { dropped, candidate } = attempt;
		if (dropped.length > 0) run.notes.push(`${candidate.name} has no word for ${dropped.join(', ')}: left out.`);
		let tell: (record: RequestRecord) => void = () => {};
		const done = new Promise<RequestRecord>((resolve) => {
			tell = resolve;
		});
		const firstContentMs = run.elapsedMs;
		let ended: { failure: RouteFailure | null } | null = null;
		const end = (error: unknown): RouteFailure | null => {
			if (ended !== null) return ended.failure;
			const left = error instanceof Ending;
			run.close(attempt, error === null ? 'won' : left ? 'cancelled' : 'failed', error);
			run.closeOthers(null, 'shutdown');
			run.branch.release();
			finish.rights.drop();
			const failure = error === null ? null : brokenOff(run, error, attempt.characters);
			ended = { failure };
			const outcome = error === null ? 'ok' : left ? 'cancelled' : 'failed';
			const served = attempt.candidate.name;
			tell(this.#record(run, finish.startedAt, { outcome, failure, served, firstContentMs }));
			return failure;
		};
		// Whoever leaves without reading on, or reads too slowly, ends the call all the same.
		const stop = () => {
			const { kind } = endingOf(run.branch);
			if (kind !== 'total') {
				attempt.cancel(kind);
				end(new Ending('client'));
			} else if (!attempt.isOver) {
				attempt.cancel(kind);
				end(new CallFailure('timeout.total', 'The time for the whole request was over.'));
			} else end(null);
		};
		run.branch.addEventListener('abort', stop);
		if (run.branch.aborted) stop();
		const lots = readOnce(composed === null ? attempt : composedSource(attempt, composed), end);
		return {
			id: run.id,
			served: attempt.candidate.name,
			strategy: run.plan.strategy,
			dropped,
			attempts: () => run.attempts(attempt),
			get events() {
				return oneByOne(lots);
			},
			lots,
			done,
		};
	}

	#record(run: RouteRun, startedAt: string, outcome: Outcome): RequestRecord {
		const timed = recordOf(run, startedAt, outcome);
		const record = run.plan.tracksTime ? timed : withoutTimes(timed);
		this.#store.keep(record);
		return record;
	}
}

/** What a request holds until it ends, given back at once and only once. */
class Rights {
	#held: (() => void)[] = [];

	add(release: () => void): void {
		this.#held.push(release);
	}

	drop(): void {
		for (const release of this.#held.splice(0)) release();
	}
}

interface Finish {
	startedAt: string;
	rights: Rights;
}

type End = (error: unknown) => RouteFailure | null;

type Lots = AsyncGenerator<readonly CallEvent[], void, undefined>;

/** Where the pieces of an answer are taken from: the next lot, null at the end; who stops before it cancels. */
interface Source {
	take(): Promise<readonly CallEvent[] | null>;
	cancel(kind: EndKind): void;
}

/** The pieces as they come; `end` hears how it ended before the reader does. */
async function* readOnce(source: Source, end: End): Lots {
	let isEnded = false;
	try {
		for (let lot = await source.take(); lot !== null; lot = await source.take()) yield lot;
		isEnded = true;
		const failure = end(null);
		if (failure !== null) throw failure;
	} catch (error) {
		isEnded = true;
		throw end(error) ?? error;
	} finally {
		if (!isEnded) {
			source.cancel('client');
			end(new Ending('client'));
		}
	}
}

async function* oneByOne(lots: Lots): AsyncGenerator<CallEvent, void, undefined> {
	for await (const lot of lots) yield* lot;
}

/** An answer put together from several, in place of the one that was chosen. */
function composedSource(attempt: Attempt, text: string): Source {
	const { model } = attempt.candidate;
	const message = { role: 'assistant', content: text };
	const choices = [{ index: 0, message, finish_reason: 'stop' }];
	const reply = { id: 'chatcmpl-composed', object: 'chat.completion', model, choices };
	let isTold = false;
	return {
		take: async () => {
			const lot = await attempt.take();
			if (lot !== null) return lot.filter(({ type }) => type === 'usage');
			if (isTold) return null;
			isTold = true;
			return [{ type: 'reply', reply }];
		},
		cancel: (kind) => attempt.cancel(kind),
	};
}
