// Two starts of one folder at once: one sets up, the other waits; a lock that was left behind holds nobody up.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectFolder } from '../support/built-server.ts';

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'modeldex-setup-'));
	cpSync(join(projectFolder, 'scripts/setup.mjs'), join(folder, 'scripts/setup.mjs'));
	cpSync(join(projectFolder, 'package.json'), join(folder, 'package.json'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a program that may use `alone` from the copied script, and gives what it wrote and how it ended. */
function program(text: string): {
	done: Promise<{ code: number | null; out: string }>;
	kill: (signal: NodeJS.Signals) => void;
} {
	const source = `import { alone, run, isAlive } from './scripts/setup.mjs';
import { appendFileSync } from 'node:fs';
const note = (word) => appendFileSync('order.txt', word + '\\n');
const moment = () => new Promise((resolve) => setTimeout(resolve, 150));
${text}`;
	const child = spawn(process.execPath, ['--input-type=module', '-e', source], { cwd: folder });
	let out = '';
	child.stdout.on('data', (chunk) => (out += chunk));
	child.stderr.on('data', (chunk) => (out += chunk));
	const done = new Promise<{ code: number | null; out: string }>((resolve) =>
		child.once('close', (code) => resolve({ code, out })),
	);
	return { done, kill: (signal) => child.kill(signal) };
}

const order = () => readFileSync(join(folder, 'order.txt'), 'utf8').trim().split('\n');
const lock = () => join(folder, '.setup.lock');

describe('setting up alone', () => {
	it('keeps others out until the work is done', async () => {
		const work = `await alone(async () => { note('in'); await moment(); note('out'); });`;
		const ends = await Promise.all([program(work).done, program(work).done, program(work).done]);
		expect(ends.map(({ code }) => code)).toEqual([0, 0, 0]);
		expect(order()).toEqual(['in', 'out', 'in', 'out', 'in', 'out']);
		expect(existsSync(lock())).toBe(false);
	});

	it.each([
		['a process that is gone', JSON.stringify({ pid: 2 ** 22 + 1, began: '1' })],
		['an earlier process with the number of a living one', JSON.stringify({ pid: process.pid, began: '1' })],
	])('takes over the lock of %s', async (_, text) => {
		writeFileSync(lock(), text);
		const { code, out } = await program(`await alone(async () => note('in'));`).done;
		expect([code, out, order()]).toEqual([0, '', ['in']]);
	});

	it('lets go when it is ended, and ends the running step too', async () => {
		const held = program(
			`await alone(() => run(process.execPath, ['-e', "require('fs').appendFileSync('order.txt', process.pid + '\\\\n'); setInterval(() => {}, 1000)"]));`,
		);
		while (!existsSync(join(folder, 'order.txt'))) await new Promise((resolve) => setTimeout(resolve, 20));
		held.kill('SIGTERM');
		expect((await held.done).code).toBe(143);
		expect(existsSync(lock())).toBe(false);
		const pid = order()[0];
		const { out } = await program(`await moment(); console.log(isAlive(${pid}));`).done;
		const zombie = existsSync(`/proc/${pid}/stat`) && / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
		expect(out.trim() === 'false' || zombie).toBe(true);
	});
});
