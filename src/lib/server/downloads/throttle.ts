// The bandwidth cap: everybody who fetches waits here until their bytes have been paid for.
import { sleep, type Clock } from '#lib/server/clock.ts';

/** Time that may be saved up by not fetching, in seconds. */
const mostSaved = 0.25;

/** A cap over all transfers of this process. Without one nobody waits. */
export class Throttle {
	readonly #clock: Clock;
	/** Ticks at which all bytes so far are paid for. */
	#paidAt = 0;
	/** Bytes per second; null for none. */
	bytesPerSecond: number | null = null;

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** So many bytes, or less where a cap would make them a wait of more than a quarter of a second. */
	share(bytes: number): number {
		return Math.min(bytes, (this.bytesPerSecond ?? Infinity) * mostSaved);
	}

	/** Settles when so many bytes more keep to the cap. */
	async pay(bytes: number, signal: AbortSignal): Promise<void> {
		if (this.bytesPerSecond === null) return;
		const now = this.#clock.ticks();
		this.#paidAt = Math.max(this.#paidAt, now - mostSaved * 1000) + (bytes / this.bytesPerSecond) * 1000;
		if (this.#paidAt > now) await sleep(this.#clock, this.#paidAt - now, signal);
	}
}
