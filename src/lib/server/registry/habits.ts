// What candidates usually do: how much they write and how soon they begin, from their latest answers in this process.

/** Answers that are remembered per candidate. */
const remembered = 200;
const enoughForOutput = 20;
const enoughForHedging = 50;

/** The value below which such a share of the sorted values lies; null when there are none. */
export function quantile(values: readonly number[], share: number): number | null {
	return inOrder(
		[...values].sort((a, b) => a - b),
		share,
	);
}

function inOrder(sorted: readonly number[], share: number): number | null {
	return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))] ?? null;
}

/** The latest values, and the same in order: asked with every request, so that nothing is sorted anew. */
class Latest {
	readonly #values: number[] = [];
	readonly #sorted: number[] = [];

	get size(): number {
		return this.#values.length;
	}

	#place(value: number): number {
		let from = 0;
		let to = this.#sorted.length;
		while (from < to) {
			const middle = (from + to) >> 1;
			if ((this.#sorted[middle] ?? 0) < value) from = middle + 1;
			else to = middle;
		}
		return from;
	}

	push(value: number): void {
		this.#values.push(value);
		this.#sorted.splice(this.#place(value), 0, value);
		const oldest = this.#values.length > remembered ? this.#values.shift() : undefined;
		if (oldest !== undefined) this.#sorted.splice(this.#place(oldest), 1);
	}

	quantile(share: number): number | null {
		return inOrder(this.#sorted, share);
	}
}

interface Habit {
	outputs: Latest;
	firstContents: Latest;
}

/** Learns from finished answers; a lane that was ended because another one won tells nothing about its length. */
export class Habits {
	readonly #known = new Map<string, Habit>();

	learn(candidate: string, { output, firstContentMs }: { output: number | null; firstContentMs: number | null }): void {
		const habit = this.#known.get(candidate) ?? { outputs: new Latest(), firstContents: new Latest() };
		this.#known.set(candidate, habit);
		if (output !== null) habit.outputs.push(output);
		if (firstContentMs !== null) habit.firstContents.push(firstContentMs);
	}

	/** Tokens that 95 of 100 answers stay within; null before there were enough. */
	usualOutput(candidate: string): number | null {
		const outputs = this.#known.get(candidate)?.outputs;
		return outputs === undefined || outputs.size < enoughForOutput ? null : outputs.quantile(0.95);
	}

	/** Milliseconds within which 95 of 100 answers begin; null before there were enough. */
	usualFirstContentMs(candidate: string): number | null {
		const waits = this.#known.get(candidate)?.firstContents;
		return waits === undefined || waits.size < enoughForHedging ? null : waits.quantile(0.95);
	}
}

/** Retries of the whole process: at most a fifth of the calls of a minute, but a few are always allowed. */
export class RetryBudget {
	#minute = -1;
	#calls = 0;
	#retries = 0;

	#turn(now: number): void {
		const minute = Math.floor(now / 60_000);
		if (minute === this.#minute) return;
		this.#minute = minute;
		this.#calls = 0;
		this.#retries = 0;
	}

	called(now: number): void {
		this.#turn(now);
		this.#calls += 1;
	}

	/** May one more call be a retry? Counts it when it may. */
	takes(now: number): boolean {
		this.#turn(now);
		if (this.#retries >= Math.max(10, this.#calls / 5)) return false;
		this.#retries += 1;
		return true;
	}
}
