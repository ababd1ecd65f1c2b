// Other people's programs that tell about this machine: run with a deadline, and absent ones are no trouble.
import { execFile } from 'node:child_process';

/** Runs a program and hands over what it printed; null when it is not there, fails, or takes too long. */
export type RunTool = (program: string, words: readonly string[]) => Promise<string | null>;

/** A driver that hangs must not keep an answer waiting. */
const deadlineMs = 4000;
const mostBytes = 1024 * 1024;

/** Runs a program of this machine, without a shell. */
export const runTool: RunTool = (program, words) =>
	new Promise((resolve) => {
		const options = { timeout: deadlineMs, killSignal: 'SIGKILL', maxBuffer: mostBytes, windowsHide: true } as const;
		execFile(program, words, options, (error, stdout) => resolve(error === null ? stdout : null));
	});
