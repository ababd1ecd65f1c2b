// Time as the server uses it: ticks for waits, dates for people, timers that can be taken back.

export interface Clock {
	/** Milliseconds of a clock that only runs forward; for waits, never for dates. */
	ticks(): number;
	/** The wall clock; may jump. */
	date(): Date;
	/** Runs once after that many milliseconds; the returned function takes it back. */
	after(ms: number, run: () => void): () => void;
}

/** The machine's own clock. */
export const machineClock: Clock = {
	ticks: () => performance.now(),
	date: () => new Date(),
	after: (ms, run) => {
		const timer = setTimeout(run, ms);
		return () => clearTimeout(timer);
	},
};

/** Waits; rejects with the signal's reason when it is aborted first. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
	return new Promise((resolve, reject) => {
		if (signal?.aborted) return reject(signal.reason);
		const stop = () => {
			cancel();
			reject(signal?.reason);
		};
		const cancel = clock.after(ms, () => {
			signal?.removeEventListener('abort', stop);
			resolve();
		});
		signal?.addEventListener('abort', stop, { once: true });
	});
}
