// Why work was ended on purpose: one reason object that travels down the tree of signals from a request to its calls.
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
export function endingOf(signal: AbortSignal): Ending {
	const reason: unknown = signal.reason;
	return reason instanceof Ending ? reason : new Ending('client');
}

/** A signal under other signals. `release` lets go of them, so that long-lived ones collect no listeners. */
export class Branch {
	readonly #controller = new AbortController();
	readonly #undo: (() => void)[] = [];

	constructor(...above: AbortSignal[]) {
		for (const signal of above) {
			if (signal.aborted) {
				this.end(endingOf(signal));
				break;
			}
			const pass = () => this.end(endingOf(signal));
			signal.addEventListener('abort', pass, { once: true });
			this.#undo.push(() => signal.removeEventListener('abort', pass));
		}
	}

	get signal(): AbortSignal {
		return this.#controller.signal;
	}

	/** Ends everything under it; the first reason stays. */
	end(reason: Ending): void {
		if (!this.signal.aborted) this.#controller.abort(reason);
		this.release();
	}

	/** Ends it after that many milliseconds unless the returned function is called first. */
	endAfter(clock: Clock, ms: number, kind: EndKind): () => void {
		const cancel = clock.after(ms, () => this.end(new Ending(kind)));
		this.#undo.push(cancel);
		return cancel;
	}

	release(): void {
		for (const undo of this.#undo.splice(0)) undo();
	}
}

/** Settles like the work, or rejects with the signal's reason as soon as it is aborted. */
export function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
	return new Promise((resolve, reject) => {
		const stop = () => reject(endingOf(signal));
		if (signal.aborted) {
			work.catch(() => {}); // nobody waits for it any more
			return stop();
		}
		signal.addEventListener('abort', stop, { once: true });
		work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
	});
}
