// A bell: whoever waits for something to change hears it, or leaves when its own work is cancelled.

/** Wakes everybody who waits, once. */
export class Bell {
	readonly #waiting = new Set<() => void>();

	ring(): void {
		for (const wake of this.#waiting) wake();
	}

	/** Resolves at the next ring; rejects with the signal's reason when that comes first. */
	heard(signal: AbortSignal | undefined): Promise<void> {
		return new Promise((resolve, reject) => {
			const stop = () => {
				this.#waiting.delete(wake);
				reject(signal?.reason);
			};
			const wake = () => {
				this.#waiting.delete(wake);
				signal?.removeEventListener('abort', stop);
				resolve();
			};
			this.#waiting.add(wake);
			signal?.addEventListener('abort', stop, { once: true });
		});
	}
}
