// What candidates usually do: how much they write and how soon they begin, from their latest answers in this process.

/** Answers that are remembered per candidate. */
const remembered = 200;
const enoughForOutput = 20;
const enoughForHedging = 50;

/** The value below which such a share of the sorted values lies; null when there are none. */
export function quantile(values: readonly number[], share: number): number | null {
	if (values.length === 0) return null;
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))] ?? null;
}

interface Habit {
	outputs: number[];
	firstContents: number[];
}

function push(values: number[], value: number): void {
	values.push(value);
	if (values.length > remembered) values.shift();
}

/** Learns from finished answers; a lane that was ended because another one won tells nothing about its length. */
export class Habits {
	readonly #known = new Map<string, Habit>();

	learn(candidate: string, { output, firstContentMs }: { output: number | null; firstContentMs: number | null }): void {
		const habit = this.#known.get(candidate) ?? { outputs: [], firstContents: [] };
		this.#known.set(candidate, habit);
		if (output !== null) push(habit.outputs, output);
		if (firstContentMs !== null) push(habit.firstContents, firstContentMs);
	}

	/** Tokens that 95 of 100 answers stay within; null before there were enough. */
	usualOutput(candidate: string): number | null {
		const outputs = this.#known.get(candidate)?.outputs ?? [];
		return outputs.length < enoughForOutput ? null : quantile(outputs, 0.95);
	}

	/** Milliseconds within which 95 of 100 answers begin; null before there were enough. */
	usualFirstContentMs(candidate: string): number | null {
		const waits = this.#known.get(candidate)?.firstContents ?? [];
		return waits.length < enoughForHedging ? null : quantile(waits, 0.95);
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
