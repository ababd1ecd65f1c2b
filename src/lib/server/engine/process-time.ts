// How long a process has really worked: on a busy machine a program may wait for minutes without doing anything wrong.
import { readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second on every machine that Node runs on (sysconf(_SC_CLK_TCK)). */
const msPerTick = 10;

/** Milliseconds that a process has spent working, all its threads together; null where the system does not tell. */
export function workedMs(pid: number): number | null {
	let text: string;
	try {
		text = readFileSync(`/proc/${pid}/stat`, 'utf8');
	} catch {
		return null; // another system, or the process is gone
	}
	// The name in the second field may hold anything, brackets too: what counts comes behind the last one.
	const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
	const ticks = Number(fields[11]) + Number(fields[12]);
	return Number.isFinite(ticks) ? ticks * msPerTick : null;
}
