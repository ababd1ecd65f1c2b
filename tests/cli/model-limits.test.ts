// `modeldex model limits` as a person types it: shown, set, kept, refused in a sentence.
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it, vi } from 'vitest';
import { ensureBuilt, modeldex } from '../support/built-server.ts';
import { temporaryFolder } from '../support/folder.ts';

vi.setConfig({ testTimeout: 60_000 }); // processes on a machine that may be busy

const home = temporaryFolder();
beforeAll(ensureBuilt, 180_000);

it('shows the limits, keeps what is set, and takes a cap away again', async () => {
	const env = { MODELDEX_HOME: mkdtempSync(join(home, 'data-')) };
	const limits = (...words: string[]) => modeldex(['model', 'limits', ...words], env);
	expect((await limits()).stdout).toBe('Up to 2 downloads at once, as fast as they come.\n');
	expect((await limits('--rate', '5MB')).stdout).toBe('Up to 2 downloads at once, at most 5 MB/s together.\n');
	const { code, stdout } = await limits('--parallel', '1', '--json');
	expect([code, JSON.parse(stdout).limits]).toEqual([0, { parallel: 1, bytes_per_second: 5_000_000 }]);
	expect((await limits('--rate', 'none')).stdout).toBe('One download at a time, as fast as they come.\n');
	const refused = await limits('--parallel', '99');
	expect([refused.code, refused.stdout]).toEqual([2, '']);
	expect(refused.stderr).toContain('Downloads at once are a number from 1 to 8.');
	expect((await limits()).stdout).toBe('One download at a time, as fast as they come.\n');
});
