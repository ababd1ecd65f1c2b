// One try at one candidate: its deadlines, the pieces held back until there is content, and what it used.
import {
	CallFailure,
	type CallEvent,
	type CallProvider,
	type CandidateCall,
	type Ends,
	type Usage,
} from '#lib/core/registry/call.ts';
import type { AttemptCause } from '#lib/core/registry/record.ts';
import type { Candidate } from '#lib/core/registry/strategy.ts';
import { saidIn } from '#lib/core/registry/usage.ts';
import type { Clock } from '#lib/server/clock.ts';
import { Branch, Ending, endingOf, type EndKind } from '#lib/server/registry/ending.ts';

/** Pieces and characters that may be held back before the first content; beyond it the answer counts as begun. */
const mostPreamble = { pieces: 64, characters: 256 * 1024 };
/** Characters of a whole answer that are held back for a caller who wants it in one piece. */
const mostHeld = 32 * 1024 * 1024;
/** Characters that an event is counted for besides its text. */
const frameSize = 64;

export interface AttemptOptions {
	number: number;
	cause: AttemptCause;
	candidate: Candidate;
	call: CandidateCall;
	provider: CallProvider;
	clock: Clock;
	/** Ends with the request. */
	above: Ends;
	/** Ticks at which the request came. */
	requestedAt: number;
	timeouts: { attempt: number | null; ttft: number; idle: number };
	/** What has to be there before `ready`: the first content, or the whole answer. */
	hold: 'first-content' | 'complete';
	/** Something failed that is no failure of a call. */
	onBug: (error: unknown) => void;
}

const deadlines: Partial<Record<EndKind, [CallFailure['kind'], string]>> = {
	ttft: ['timeout.ttft', 'Nothing of the answer came in time.'],
	idle: ['timeout.idle', 'The answer stopped coming.'],
	attempt: ['timeout.attempt', 'The answer took longer than one try may take.'],
	total: ['timeout.total', 'The time for the whole request was over.'],
};

/** Failures that mean "it broke off" once content has come. */
const breaks = new Set<CallFailure['kind']>(['network', 'malformed', 'overloaded', 'conflict', 'rate_limit', 'cut']);

/** A call under way. `ready` settles once; `lots` may be read once afterwards. */
export class Attempt {
	readonly number: number;
	readonly cause: AttemptCause;
	readonly candidate: Candidate;
	readonly startedMs: number;
	headersMs: number | null = null;
	firstContentMs: number | null = null;
	endedMs: number | null = null;
	usage: Usage | null = null;
	/** Fields of the body that the provider has no word for and that were left out. */
	dropped: readonly string[] = [];
	/** Characters of content up to now. */
	characters = 0;
	/** The text of the answer as far as it was counted, for estimates. */
	said = '';
	/** The answer began although only a preamble had come. */
	overflowed = false;
	/** Resolves when there is enough to serve; rejects with a `CallFailure`, or an `Ending` when it was ended on purpose. */
	readonly ready: Promise<void>;
	readonly #options: AttemptOptions;
	readonly #branch: Branch;
	readonly #iterator: AsyncIterator<readonly CallEvent[]>;
	#held: CallEvent[] = [];
	#heldSize = 0;
	#isOver = false;
	#idleLeft: number;
	#stopTtft: () => void = () => {};
	/** Ends the wait for the provider. */
	#stop: (ending: Ending) => void = () => {};

	constructor(options: AttemptOptions) {
		const { clock, timeouts, candidate, provider, call } = options;
		this.#options = options;
		this.number = options.number;
		this.cause = options.cause;
		this.candidate = candidate;
		this.#branch = new Branch(options.above);
		this.startedMs = this.#now;
		this.#idleLeft = timeouts.idle;
		this.#stopTtft = this.#branch.endAfter(clock, timeouts.ttft, 'ttft');
		if (timeouts.attempt !== null) this.#branch.endAfter(clock, timeouts.attempt, 'attempt');
		this.#branch.addEventListener('abort', () => this.#stop(endingOf(this.#branch)));
		const lots = provider.lots?.(call, this.#branch) ?? oneByOne(provider.call(call, this.#branch.signal));
		this.#iterator = lots[Symbol.asyncIterator]();
		this.ready = this.#prepare();
		this.ready.catch(() => {}); // whoever waits for it hears it; nobody has to
	}

	get #now(): number {
		return this.#options.clock.ticks() - this.#options.requestedAt;
	}

	get hasContent(): boolean {
		return this.firstContentMs !== null;
	}

	get isOver(): boolean {
		return this.#isOver;
	}

	/** Ends the call on purpose; its body is cancelled. */
	cancel(kind: EndKind): void {
		this.#branch.end(new Ending(kind));
		this.#close();
	}

	async #prepare(): Promise<void> {
		const { hold } = this.#options;
		let isEnough = false;
		for (;;) {
			const lot = await this.#next((event, size) => {
				this.#held.push(event);
				this.#heldSize += size;
				isEnough ||= hold === 'complete' ? this.#heldSize > mostHeld : this.hasContent || this.#isTooLong();
			});
			if (lot === null) {
				if (!this.hasContent) throw new CallFailure('malformed', 'The answer was empty.');
				return;
			}
			if (isEnough) return;
		}
	}

	#isTooLong(): boolean {
		const tooLong = this.#held.length >= mostPreamble.pieces || this.#heldSize >= mostPreamble.characters;
		if (tooLong) this.overflowed = true;
		return tooLong;
	}

	/** The held pieces and all that follow, in the lots in which they came. Leaving early cancels the call. */
	async *lots(): AsyncGenerator<readonly CallEvent[], void, undefined> {
		try {
			for (let lot = await this.take(); lot !== null; lot = await this.take()) yield lot;
		} finally {
			if (!this.#isOver) this.cancel('client');
		}
	}

	/** The same one after the other, for readers who cancel by themselves: what was held, the next lot, null at the end. */
	take(): Promise<readonly CallEvent[] | null> {
		if (this.#held.length === 0) return this.#next();
		const held = this.#held;
		this.#held = [];
		return Promise.resolve(held);
	}

	/** The next pieces, each told with about how much room it takes; null at the end. Throws as `ready` does. */
	async #next(tell: (event: CallEvent, size: number) => void = () => {}): Promise<readonly CallEvent[] | null> {
		if (this.#isOver) return null;
		const began = this.#options.clock.ticks();
		const stopIdle = this.hasContent
			? this.#branch.endAfter(this.#options.clock, Math.max(0, this.#idleLeft), 'idle')
			: () => {};
		try {
			const { done, value } = await this.#step();
			if (done === true) {
				this.#close({ isDone: true });
				return null;
			}
			this.#idleLeft -= this.#options.clock.ticks() - began;
			for (const event of value) tell(event, this.#note(event));
			return value;
		} catch (error) {
			const failure = this.#failure(error);
			this.#close();
			throw failure;
		} finally {
			stopIdle();
		}
	}

	/** The provider's next lot, or the ending as soon as there is one, also where the provider does not hear of it. */
	#step(): Promise<IteratorResult<readonly CallEvent[]>> {
		if (this.#branch.aborted) return Promise.reject(endingOf(this.#branch));
		return new Promise((resolve, reject) => {
			this.#stop = reject;
			this.#iterator.next().then(resolve, reject);
		});
	}

	/** Takes in what an event tells; gives about how much room it takes. */
	#note(event: CallEvent): number {
		if (event.type === 'headers') {
			this.headersMs ??= this.#now;
			this.dropped = event.dropped ?? [];
		}
		if (event.type === 'usage') this.usage = event.usage;
		if (event.type !== 'chunk' && event.type !== 'reply') return frameSize;
		const said = saidIn(event.type === 'chunk' ? event.chunk : event.reply);
		this.characters += said.length;
		this.said += said;
		const size = event.type === 'chunk' ? said.length + frameSize : frameSize;
		if (event.type === 'chunk' && !event.content) return size;
		this.#idleLeft = this.#options.timeouts.idle;
		if (this.firstContentMs !== null) return size;
		this.firstContentMs = this.#now;
		this.#stopTtft();
		return size;
	}

	#failure(error: unknown): CallFailure | Ending {
		if (this.#branch.aborted) {
			const ending = endingOf(this.#branch);
			const words = deadlines[ending.kind];
			return words === undefined ? ending : new CallFailure(words[0], words[1]);
		}
		if (!(error instanceof CallFailure)) {
			this.#options.onBug(error);
			return new CallFailure(this.hasContent ? 'cut' : 'network', 'The call ended for a reason that nobody expected.');
		}
		if (!this.hasContent || !breaks.has(error.kind)) return error;
		const { status, retryAfterMs, code } = error;
		return new CallFailure('cut', `The answer broke off: ${error.message}`, { status, retryAfterMs, code });
	}

	#close({ isDone = false } = {}): void {
		if (this.#isOver) return;
		this.#isOver = true;
		this.endedMs = this.#now;
		if (isDone) return this.#branch.release(); // whoever came to the end holds nothing any more
		this.#branch.end(new Ending('shutdown')); // frees whatever the adapter still holds
		void Promise.resolve(this.#iterator.return?.()).catch(() => {}); // it only has to let go
	}
}

async function* oneByOne(events: AsyncIterable<CallEvent>): AsyncGenerator<readonly CallEvent[], void, undefined> {
	for await (const event of events) yield [event];
}
