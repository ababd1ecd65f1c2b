// The fastest wins: lanes side by side, the first content decides, and every lane that was started is paid.
import { CallFailure } from '#lib/core/registry/call.ts';
import { isJsonObject } from '#lib/core/registry/json-shape.ts';
import type { AttemptCause } from '#lib/core/registry/record.ts';
import type { Candidate } from '#lib/core/registry/strategy.ts';
import type { Attempt } from '#lib/server/registry/attempt.ts';
import { Branch, Ending, endingOf } from '#lib/server/registry/ending.ts';
import { exhausted } from '#lib/server/registry/exhausted.ts';
import { askInOrder } from '#lib/server/registry/sequence.ts';
import { LeftOut } from '#lib/server/registry/purse.ts';
import type { Opening, RouteRun } from '#lib/server/registry/run.ts';

/** Wait before a second lane where too few answers were seen to know what is slow. */
const unknownStaggerMs = 500;

/** Something that happened in the race: a lane is ready or failed, a lane was not sent, or it is time for the next. */
type Happening =
	| { type: 'ready'; attempt: Attempt }
	| { type: 'failed'; attempt: Attempt; error: unknown }
	| { type: 'left_out' }
	| { type: 'stagger' };

/** Lanes that fit the request's money together, in their order; the rest is dropped from the end and written down. */
function affordable(run: RouteRun, candidates: Candidate[], most: number): Candidate[] {
	const lanes: Candidate[] = [];
	let sum = 0;
	for (const candidate of candidates) {
		try {
			const { worst } = run.afford(candidate, lanes.length < most ? sum : 0);
			if (lanes.length < most) sum += worst;
			lanes.push(candidate);
		} catch (error) {
			if (!(error instanceof LeftOut)) throw error;
			run.leaveOut(candidate, error.reason, 'lane');
		}
	}
	return lanes;
}

/** Does the request want JSON, so that anything else is no answer? */
function wantsJson(run: RouteRun): boolean {
	const { response_format: format } = run.request.body;
	return isJsonObject(format) && (format['type'] === 'json_object' || format['type'] === 'json_schema');
}

function isJson(text: string): boolean {
	try {
		JSON.parse(text);
		return true;
	} catch {
		return false;
	}
}

/** The lanes of one race. */
class Race {
	readonly #run: RouteRun;
	readonly #waiting: Candidate[];
	readonly #hold: Opening['hold'];
	readonly #needsJson: boolean;
	readonly #failures: CallFailure[] = [];
	readonly #happenings: Happening[] = [];
	#wake: () => void = () => {};
	#cancelStagger: () => void = () => {};
	#opening = 0;
	readonly #inTime: Branch;
	#started = 0;

	constructor(run: RouteRun, candidates: Candidate[], hold: Opening['hold']) {
		this.#run = run;
		this.#waiting = candidates;
		this.#hold = hold;
		this.#inTime = new Branch(run.branch);
		this.#needsJson = hold === 'complete' && wantsJson(run);
	}

	#tell(happening: Happening): void {
		this.#happenings.push(happening);
		this.#wake();
	}

	#start(cause: AttemptCause): boolean {
		const candidate = this.#waiting[0];
		const { maxAttempts } = this.#run.plan.retries;
		if (candidate === undefined || this.#started >= maxAttempts) return false;
		this.#waiting.shift();
		this.#started += 1;
		this.#opening += 1;
		void this.#lane(candidate, cause);
		return true;
	}

	async #lane(candidate: Candidate, cause: AttemptCause): Promise<void> {
		let attempt: Attempt;
		try {
			attempt = await this.#run.open({ candidate, cause, hold: this.#hold, inTime: this.#inTime });
		} catch (error) {
			this.#opening -= 1;
			if (error instanceof LeftOut) this.#run.leaveOut(candidate, error.reason, cause);
			else if (!(error instanceof Ending)) this.#run.ground.onBug(error);
			return this.#tell({ type: 'left_out' });
		}
		this.#opening -= 1;
		attempt.ready.then(
			() => this.#tell(this.#judged(attempt)),
			(error: unknown) => this.#tell({ type: 'failed', attempt, error }),
		);
	}

	#judged(attempt: Attempt): Happening {
		if (!this.#needsJson || isJson(attempt.said)) return { type: 'ready', attempt };
		return {
			type: 'failed',
			attempt,
			error: new CallFailure('malformed', 'The answer is not the JSON that was asked for.'),
		};
	}

	#staggerMs(): number {
		const { stagger } = this.#run.plan.race;
		if (stagger !== 'auto') return stagger;
		const [running] = this.#run.openAttempts;
		const usual = running === undefined ? null : this.#run.ground.habits.usualFirstContentMs(running.candidate.name);
		return usual ?? unknownStaggerMs;
	}

	get #running(): number {
		return this.#run.openAttempts.length + this.#opening;
	}

	/** Starts lanes: all at once, or one and the next after its time. */
	#fill(cause: AttemptCause): void {
		const { maxLanes } = this.#run.plan.race;
		this.#cancelStagger();
		while (this.#running < maxLanes && this.#start(this.#started === 0 ? 'first' : cause)) {
			const wait = this.#staggerMs();
			if (wait === 0) continue;
			if (this.#waiting.length === 0 || this.#running >= maxLanes) return;
			this.#cancelStagger = this.#run.ground.clock.after(wait, () => this.#tell({ type: 'stagger' }));
			return;
		}
	}

	async #next(): Promise<Happening> {
		const { branch } = this.#run;
		while (this.#happenings.length === 0) {
			if (branch.aborted) throw endingOf(branch);
			await new Promise<void>((resolve) => {
				const wake = () => {
					branch.removeEventListener('abort', wake);
					resolve();
				};
				this.#wake = wake;
				branch.addEventListener('abort', wake);
			});
		}
		const happening = this.#happenings.shift();
		return happening ?? this.#next();
	}

	/** Of the lanes that became ready in the same turn the one that was named first. */
	async #winner(first: Attempt): Promise<Attempt> {
		await new Promise((resolve) => setImmediate(resolve));
		const order = this.#run.plan.candidates;
		const ready = this.#happenings.flatMap((one) => (one.type === 'ready' ? [one.attempt] : []));
		const tied = ready.filter(({ firstContentMs }) => firstContentMs === first.firstContentMs);
		return [first, ...tied].sort((a, b) => order.indexOf(a.candidate) - order.indexOf(b.candidate))[0] ?? first;
	}

	/** Runs until one lane wins. Throws as `askInOrder` does. */
	async run(): Promise<Attempt> {
		try {
			this.#fill('lane');
			for (;;) {
				const happening = await this.#next();
				if (happening.type === 'ready') return await this.#winner(happening.attempt);
				if (happening.type === 'failed') this.#failed(happening.attempt, happening.error);
				this.#fill(happening.type === 'stagger' ? 'hedge' : 'replacement');
				if (this.#running === 0 && this.#happenings.length === 0) throw exhausted(this.#run, this.#failures);
			}
		} finally {
			this.#inTime.end(new Ending('lost-race'));
			this.#cancelStagger();
		}
	}

	#failed(attempt: Attempt, error: unknown): void {
		if (!(error instanceof CallFailure)) {
			this.#run.close(attempt, 'cancelled', error);
			throw error;
		}
		attempt.cancel('shutdown');
		this.#run.close(attempt, 'failed', error);
		this.#failures.push(error);
		// The same body fails everywhere: no further lane is started for it, those that run may still answer.
		if (error.kind === 'bad_request' && error.code?.startsWith('unsupported') !== true) this.#waiting.length = 0;
	}
}

/**
 * Races the candidates. The winner is the first with content (`winner: first-complete`: with a whole, valid answer); all
 * others are ended at once. Throws a `RouteFailure` when no lane answers.
 */
export async function askAtOnce(run: RouteRun, hold: Opening['hold']): Promise<Attempt> {
	const { race, sideEffects } = run.plan;
	if (sideEffects) {
		run.notes.push('Not raced: this route is marked as having side effects.');
		return askInOrder(run, hold);
	}
	const { ready, cooled } = run.sort();
	const lanes = affordable(run, ready, race.maxLanes);
	for (const candidate of lanes.length === 0 ? [] : cooled) run.leaveOut(candidate, 'breaker_open', 'lane');
	if (lanes.length === 0) {
		if (cooled.length === 0) throw exhausted(run, []);
		run.records.length = 0; // asked in order, every candidate is looked at anew
		return askInOrder(run, hold);
	}
	if (lanes.length === 1) run.notes.push('One lane was left, so this race was none.');
	const winner = await new Race(run, lanes, race.winner === 'first-complete' ? 'complete' : 'first-content').run();
	run.closeOthers(winner, 'lost-race');
	return winner;
}
