// The pace at which the fake provider writes: its waits end when the reader leaves.
import type { ServerResponse } from 'node:http';

/** Waits that end when the reader leaves. */
export class Pace {
	readonly #response: ServerResponse;
	readonly #random: () => number;

	constructor(response: ServerResponse, random: () => number) {
		this.#response = response;
		this.#random = random;
	}

	async wait(ms = 0, jitter = 0): Promise<void> {
		if (ms <= 0 || this.#response.destroyed) return;
		const varied = ms * (1 + jitter * (2 * this.#random() - 1));
		await new Promise<void>((resolve) => {
			const over = () => {
				clearTimeout(timer);
				this.#response.off('close', over);
				resolve();
			};
			const timer = setTimeout(over, varied);
			this.#response.once('close', over);
		});
	}
}
