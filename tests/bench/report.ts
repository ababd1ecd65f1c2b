// How a benchmark tells its figure: one line per claim into the file that `npm run bench` turns into a table.
import { appendFileSync } from 'node:fs';

/** One claim: what was measured, our figure, the peer's in the same run, and the aim. Figures carry their unit. */
export interface Claim {
	id: string;
	what: string;
	ours: string;
	peer: string;
	/** The number that is compared with the aim. */
	value: number;
	aim: string;
	met: boolean;
}

/** Writes a claim to the report of this run, or to stdout when a benchmark is run by itself. */
export function report(claim: Claim): void {
	const line = `${JSON.stringify(claim)}\n`;
	const path = process.env.BENCH_REPORT;
	if (path) appendFileSync(path, line);
	else process.stdout.write(line);
}

/** The middle of the figures (upper middle of an even number); NaN for none. */
export function median(figures: number[]): number {
	const sorted = figures.toSorted((a, b) => a - b);
	return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Milliseconds of each of `rounds` calls, after one that is not counted. */
export async function times(rounds: number, work: () => unknown): Promise<number[]> {
	await work();
	const figures: number[] = [];
	for (let round = 0; round < rounds; round += 1) {
		const start = performance.now();
		await work();
		figures.push(performance.now() - start);
	}
	return figures;
}
