// A clock for tests: runs with real time, and leaps over waits as soon as nothing else is going on.
import { stat } from 'node:fs/promises';
import type { Clock } from '#lib/server/clock.ts';

interface Timer {
	at: number;
	run: () => void;
}

/** Turns of about a millisecond without anything going on; fewer, and a busy machine is taken for a quiet one. */
const quietTurns = 40;

/** Waits of minutes take milliseconds. `date()` starts at a fixed day. */
export class VirtualClock implements Clock {
	#leapt = 0;
	#started = performance.now();
	#timers = new Set<Timer>();
	readonly #start: number;

	constructor(start = Date.UTC(2026, 10, 21, 12)) {
		this.#start = start;
	}

	ticks(): number {
		return performance.now() - this.#started + this.#leapt;
	}

	date(): Date {
		return new Date(this.#start + this.ticks());
	}

	/** Milliseconds since 1970, for the fake Hub's windows. */
	now = (): number => this.#start + this.ticks();

	after(ms: number, run: () => void): () => void {
		const timer = { at: this.ticks() + ms, run };
		this.#timers.add(timer);
		return () => void this.#timers.delete(timer);
	}

	/** Timers that are set. */
	get waiting(): number {
		return this.#timers.size;
	}

	/** Moves on and runs what is due on the way, in order. */
	async leap(ms: number): Promise<void> {
		const until = this.ticks() + ms;
		for (;;) {
			const next = this.#first();
			if (next === null || next.at > until) break;
			this.#leapt += Math.max(0, next.at - this.ticks());
			this.#timers.delete(next);
			next.run();
			await new Promise((resolve) => setImmediate(resolve));
		}
		this.#leapt += Math.max(0, until - this.ticks());
	}

	#first(): Timer | null {
		return [...this.#timers].sort((a, b) => a.at - b.at)[0] ?? null;
	}

	/**
	 * Runs until the work is done: whenever `isQuiet` holds for some turns, leaps to the next timer. Gives the work's
	 * result.
	 */
	async during<T>(work: Promise<T>, isQuiet: () => boolean): Promise<T> {
		let over = false;
		const ended = work.finally(() => {
			over = true;
		});
		ended.catch(() => {}); // awaited below
		let quiet = 0;
		while (!over) {
			await new Promise((resolve) => setTimeout(resolve, 1));
			await stat('/'); // behind what the disk still has to do, which a busy machine may take its time for
			quiet = isQuiet() ? quiet + 1 : 0;
			const next = this.#first();
			if (next === null) continue;
			if (quiet >= quietTurns) this.#leapt += Math.max(0, next.at - this.ticks());
			if (next.at > this.ticks()) continue;
			quiet = 0;
			this.#timers.delete(next);
			next.run();
		}
		return ended;
	}
}
