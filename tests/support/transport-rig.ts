// A fake Hub with one open model and clients that wait only a little, for tests of the bytes in between.
import { randomBytes } from 'node:crypto';
import { afterEach } from 'vitest';
import { fakeRepo } from './fake-hub-repo.ts';
import { hubRig } from './hub-rig.ts';

export const config = JSON.stringify({ model_type: 'llama', note: 'x'.repeat(3000) });
export const large = JSON.stringify({ model_type: 'llama', list: randomBytes(9000).toString('hex') });
export const repos = [fakeRepo({ id: 'meadow/Open', files: { 'config.json': config, 'big/config.json': large } })];
const users = [{ token: 'hf_testtoken', name: 'ada' }];
export const deadlines = { headersMs: 300, idleMs: 300, totalMs: 1500, connectMs: 500 };
export const { fake, another } = await hubRig({ repos, users, deadlines });
export const token = 'hf_testtoken';
afterEach(() => {
	fake.clearFaults();
	fake.resetStats();
});

export const read = (options: { token?: string | null } = {}) => another(options).file('meadow/Open', 'config.json');
