// Why work was ended on purpose: one reason object that travels down the tree of signals from a request to its calls.
import type { Ends } from '#lib/core/registry/call.ts';
import type { Clock } from '#lib/server/clock.ts';

/** Who ended it: the caller, one of four deadlines, another lane's success, or the end of the process. */
export type EndKind = 'client' | 'total' | 'ttft' | 'idle' | 'attempt' | 'lost-race' | 'quorum-reached' | 'shutdown';

/** The reason of an abort. What is done about it is decided by `kind`, never by a name or a message. */
export class Ending extends Error {
	override readonly name = 'AbortError';
	readonly kind: EndKind;

	constructor(kind: EndKind) {
		super(`The work was ended: ${kind}.`);
		this.kind = kind;
	}
}

/** The reason of an aborted signal as ours; a foreign reason means that the caller left. */
export function endingOf({ reason }: Ends): Ending {
	return reason instanceof Ending ? reason : new Ending('client');
}

/**
 * Work under other work. `release` lets go of what is above it, so that what lives long collects no listeners. Listeners are
 * called once. A real signal is made where somebody asks for it: most requests need one, and each has three branches.
 */
export class Branch implements Ends {
	#ending: Ending | null = null;
	#controller: AbortController | null = null;
	readonly #listeners = new Set<() => void>();
	#undo: (() => void)[] = [];

	constructor(...above: Ends[]) {
		for (const one of above) {
			if (one.aborted) {
				this.end(endingOf(one));
				break;
			}
			const pass = () => this.end(endingOf(one));
			one.addEventListener('abort', pass, { once: true });
			this.#undo.push(() => one.removeEventListener('abort', pass));
		}
	}

	get aborted(): boolean {
		return this.#ending !== null;
	}

	get reason(): Ending | null {
		return this.#ending;
	}

	addEventListener(_type: 'abort', listener: () => void): void {
		if (this.#ending === null) this.#listeners.add(listener);
	}

	removeEventListener(_type: 'abort', listener: () => void): void {
		this.#listeners.delete(listener);
	}

	get signal(): AbortSignal {
		if (this.#controller === null) {
			this.#controller = new AbortController();
			if (this.#ending !== null) this.#controller.abort(this.#ending);
		}
		return this.#controller.signal;
	}

	/** Ends everything under it; the first reason stays. */
	end(reason: Ending): void {
		if (this.#ending === null) {
			this.#ending = reason;
			this.#controller?.abort(reason);
			const listeners = [...this.#listeners];
			this.#listeners.clear();
			for (const tell of listeners) tell();
		}
		this.release();
	}

	/** Ends it after that many milliseconds unless the returned function is called first. */
	endAfter(clock: Clock, ms: number, kind: EndKind): () => void {
		const cancel = clock.after(ms, () => this.end(new Ending(kind)));
		this.#undo.push(cancel);
		return cancel;
	}

	release(): void {
		const undo = this.#undo;
		this.#undo = [];
		for (const one of undo) one();
	}
}
