// A process that has started the inference library ahead of time: the next model that is loaded need not wait for that.
import type { Clock } from '#lib/server/clock.ts';
import type { Prepared } from '#lib/server/engine/messages.ts';
import type { ChildRuntime } from '#lib/server/engine/model-place.ts';
import { ModelProcess } from '#lib/server/engine/model-process.ts';

interface SpareOptions {
	clock: Clock;
	/** Folder in which the process runs. */
	folder: string;
}

/** At most one process in waiting. Whoever needs one takes it; it never outlives `drop`. */
export class SpareProcess {
	readonly #options: SpareOptions;
	#waiting: { library: string; process: ModelProcess } | null = null;
	#cancelEnd = () => {};

	constructor(options: SpareOptions) {
		this.#options = options;
	}

	/** Number of the process in waiting; null when there is none. */
	get pid(): number | null {
		return this.#waiting?.process.pid ?? null;
	}

	/**
	 * Starts a process and the library of a runtime in it, unless one waits already; resolves when it is ready, with null
	 * when it was there before or failed. Its failure is nobody's: the next load starts its own.
	 */
	async prepare(library: string, runtime: ChildRuntime): Promise<Prepared | null> {
		this.#cancelEnd();
		if (this.#waiting !== null) return null;
		const { clock, folder } = this.#options;
		const process = new ModelProcess({ clock, folder, onEnd: () => this.#forget(process) });
		this.#waiting = { library, process };
		try {
			return await process.ask('prepare', { library, runtime });
		} catch {
			await process.end();
			return null;
		}
	}

	#forget(process: ModelProcess): void {
		if (this.#waiting?.process === process) this.#waiting = null;
	}

	/** The process in waiting when it has this library, null otherwise. From now on `onEnd` hears of its end. */
	take(library: string, onEnd: (process: ModelProcess) => void): ModelProcess | null {
		if (this.#waiting?.library !== library) return null;
		const { process } = this.#waiting;
		this.#cancelEnd();
		this.#waiting = null;
		process.adopt(() => onEnd(process));
		return process;
	}

	/** Ends the process in waiting after so many milliseconds, unless it is taken or another one is prepared before. */
	dropAfter(ms: number): void {
		this.#cancelEnd();
		if (this.#waiting !== null) this.#cancelEnd = this.#options.clock.after(ms, () => void this.drop());
	}

	/** Ends the process in waiting; true when there was one. */
	async drop(): Promise<boolean> {
		this.#cancelEnd();
		const found = this.#waiting;
		this.#waiting = null;
		await found?.process.end();
		return found !== null;
	}
}
