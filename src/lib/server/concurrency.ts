// How many requests run at once: grows while answers stay quick, shrinks on trouble, recovers fast (AIMD).

const START = 8;
const MOST = 64;
const CUT = 0.7;
const KEPT_LATENCIES = 32;

/** The best latency is forgotten slowly: a path that became longer for good is not trouble. */
const BEST_FADES = 1.02;

/** Latency this far above the best is not trouble yet: loopback and small jitter would look like it. */
const SLACK_MS = 100;

/** The limit of one bucket. One cut per round of answers at most, so that one bad moment counts once. */
export class Concurrency {
	#limit = START;
	/** Limit before trouble began: up to there growth is by doubling, beyond it by one a round. */
	#goal = START;
	#sinceCut = Infinity;
	#round = 0;
	#best = Infinity;
	#latencies: number[] = [];

	/** Requests that may be under way together: 1 to 64. */
	get limit(): number {
		return Math.floor(this.#limit);
	}

	/** A good answer after that many milliseconds. */
	answered(latencyMs: number): void {
		this.#best = Math.min(this.#best * BEST_FADES, latencyMs);
		this.#latencies.push(latencyMs);
		if (this.#latencies.length > KEPT_LATENCIES) this.#latencies.shift();
		this.#sinceCut += 1;
		this.#round += 1;
		if (this.#limit < this.#goal) this.#limit = Math.min(this.#goal, this.#limit + 1);
		if (this.#round < this.limit) return;
		this.#round = 0;
		if (this.#isSlow()) this.#cut();
		else if (this.#limit >= this.#goal) this.#limit = this.#goal = Math.min(MOST, this.#limit + 1);
	}

	/** A time-out, a server error or a refusal. */
	troubled(): void {
		if (this.#sinceCut >= this.limit) this.#cut();
		this.#sinceCut += 1;
	}

	/** Down to one request at a time: nothing but refusals came back. */
	collapse(): void {
		this.#goal = Math.max(this.#goal, this.#limit);
		this.#limit = 1;
		this.#sinceCut = 0;
	}

	#cut(): void {
		this.#limit = Math.max(1, this.#limit * CUT);
		this.#goal = this.#limit;
		this.#sinceCut = 0;
		this.#latencies = [];
	}

	#isSlow(): boolean {
		if (this.#latencies.length < 10) return false;
		const sorted = [...this.#latencies].sort((a, b) => a - b);
		const p90 = sorted[Math.floor(sorted.length * 0.9)] ?? 0;
		return p90 > Math.max(2 * this.#best, this.#best + SLACK_MS);
	}
}
