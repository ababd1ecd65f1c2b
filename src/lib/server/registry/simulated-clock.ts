// Time that only passes when nothing else is left to do: hours of a simulation take milliseconds and always end alike.
import type { Clock } from '#lib/server/clock.ts';

interface Timer {
	at: number;
	number: number;
	run: () => void;
}

/** A clock for work that waits for nothing but this clock. Equal times run in the order in which they were set. */
export class SimulatedClock implements Clock {
	#now = 0;
	#made = 0;
	readonly #timers = new Set<Timer>();
	readonly #start: number;

	constructor(start: number) {
		this.#start = start;
	}

	ticks(): number {
		return this.#now;
	}

	date(): Date {
		return new Date(this.#start + this.#now);
	}

	after(ms: number, run: () => void): () => void {
		const timer = { at: this.#now + Math.max(0, ms), number: (this.#made += 1), run };
		this.#timers.add(timer);
		return () => void this.#timers.delete(timer);
	}

	/** Timers that are set. */
	get waiting(): number {
		return this.#timers.size;
	}

	#first(): Timer | null {
		let first: Timer | null = null;
		for (const timer of this.#timers) {
			if (first === null || timer.at < first.at || (timer.at === first.at && timer.number < first.number))
				first = timer;
		}
		return first;
	}

	/** Lets time pass until the work has settled; gives its result. Throws when it waits for something else than time. */
	async during<T>(work: Promise<T>): Promise<T> {
		let isOver = false;
		const ended = work.finally(() => {
			isOver = true;
		});
		ended.catch(() => {}); // awaited below
		let idle = 0;
		while (!isOver) {
			// Twice: work that itself waits for one turn has its turn before time passes.
			await new Promise((resolve) => setImmediate(resolve));
			await new Promise((resolve) => setImmediate(resolve));
			if (isOver) break;
			const next = this.#first();
			if (next === null) {
				idle += 1;
				if (idle > 1000) throw new Error('The simulated work waits for something that never comes.');
				continue;
			}
			idle = 0;
			this.#timers.delete(next);
			this.#now = Math.max(this.#now, next.at);
			next.run();
		}
		return ended;
	}

	/** Lets so much time pass. */
	async pass(ms: number): Promise<void> {
		await this.during(new Promise<void>((resolve) => this.after(ms, resolve)));
	}
}
