// Time that only counts while it is let run: for deadlines that leave out the waiting before the work.
import type { Clock } from '#lib/server/clock.ts';

/** Rings once after so many milliseconds of running. */
export class Stopwatch {
	#leftMs: number;
	#since: number | null = null;
	#cancel = () => {};
	readonly #clock: Clock;
	readonly #ring: () => void;

	constructor(clock: Clock, ms: number, ring: () => void) {
		this.#clock = clock;
		this.#leftMs = ms;
		this.#ring = ring;
	}

	run(): void {
		this.#since = this.#clock.ticks();
		this.#cancel = this.#clock.after(Math.max(1, this.#leftMs), this.#ring);
	}

	hold(): void {
		this.#cancel();
		if (this.#since !== null) this.#leftMs -= this.#clock.ticks() - this.#since;
		this.#since = null;
	}
}
