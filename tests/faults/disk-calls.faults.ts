// [F16] A disk that refuses any one operation of a download, with each word it has for that: no wrong file, ever.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { diskTrial } from '../support/disk-trial.ts';

vi.mock('node:fs/promises', async (real) => (await import('../support/faulty-disk.ts')).faultyDisk(await real()));

const home = mkdtempSync(join(tmpdir(), 'modeldex-disk-calls-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const faults = ['ENOSPC', 'EIO', 'EMFILE', 'EACCES', 'EROFS', 'EINTR', 'short write'] as const;

describe.each([
	['one piece', false],
	['several pieces', true],
])('[F16] a download in %s', (name, pieces) => {
	it.each(faults)('with %s at every operation in turn', async (fault) => {
		const trial = await diskTrial(mkdtempSync(join(home, 'trial-')), pieces);
		const figures = await trial.run(fault);
		await trial.close();
		process.stdout.write(`${JSON.stringify({ id: 'F16', name, fault, ...figures })}\n`);
		expect(figures.operations).toBeGreaterThan(fault === 'short write' ? 1 : 50);
		// What is written in part is written on; everything else is said.
		if (fault === 'short write') expect(figures.failed).toBe(0);
		else expect(figures.failed).toBeGreaterThan(figures.survived);
	});
});
