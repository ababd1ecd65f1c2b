// [F16] A disk that refuses any one operation of a download: nothing wrong gets a name, and the next run completes it.
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { Digester, ended } from '#lib/server/downloads/digester.ts';
import { diskTrial } from '../support/disk-trial.ts';
import { temporaryFolder } from '../support/folder.ts';

vi.mock('node:fs/promises', async (real) => (await import('../support/faulty-disk.ts')).faultyDisk(await real()));

const folder = temporaryFolder();

it('names the file and the cause, leaves nothing open, and is got over', { timeout: 120_000 }, async () => {
	const trial = await diskTrial(folder, false);
	const { operations, failed, survived } = await trial.run('ENOSPC');
	await trial.close();
	expect(operations).toBeGreaterThan(50);
	expect(failed + survived).toBe(operations);
	expect(failed).toBeGreaterThan(survived);
});

it('names a file that cannot be read back', async () => {
	const path = join(folder, 'short');
	writeFileSync(path, 'four');
	const digester = new Digester();
	const file = openSync(path, 'r');
	const digest = digester.begin(file, 'a'.repeat(64), 100);
	await expect(ended(digest, { path: 'model.gguf', total: 100 }, new AbortController().signal)).rejects.toMatchObject({
		code: 'disk_error',
		message: 'model.gguf could not be read back from the model cache: The file is shorter than was announced.',
	});
	closeSync(file);
	await digester.close();
});
