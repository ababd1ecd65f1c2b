// A fake Hub with a large, a gated and a huge model, for tests of what can go wrong with a download.
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { fakeRepo, filesOf } from './fake-hub-repo.ts';
import { temporaryFolder } from './folder.ts';
import { hubRig } from './hub-rig.ts';

export const config = '{"model_type":"llama"}';
const head = Buffer.from('\x02\x00\x00\x00\x00\x00\x00\x00{}');
export const size = 6_000_000;
export const big = fakeRepo({
	id: 'org/big',
	files: { 'config.json': config, 'model.safetensors': { seed: 9, size, head } },
});
export const gated = fakeRepo({
	id: 'org/gated',
	gated: 'manual',
	files: { 'config.json': config, 'model.safetensors': { seed: 2, size: 40_000, head } },
});
const huge = fakeRepo({ id: 'org/huge', files: { 'model.safetensors': { seed: 1, size: 500e9 } } });
const users = [
	{ token: 'hf_accepted', name: 'ada', accepted: ['org/gated'] },
	{ token: 'hf_asked', name: 'bob', pending: ['org/gated'] },
	{ token: 'hf_refused', name: 'eve', rejected: ['org/gated'] },
	{ token: 'hf_new', name: 'new' },
	{ token: 'hf_narrow', name: 'nan', accepted: ['org/gated'], canReadGated: false },
];
const deadlines = { connectMs: 500, headersMs: 400, idleMs: 400, totalMs: 3000, pageMs: 3000 };
const quotas = { api: 1e6, resolvers: 1e6 };
export const { fake, hub, another } = await hubRig({
	repos: [big, gated, huge],
	users,
	deadlines,
	quotas,
	token: 'hf_new',
});
const home = temporaryFolder();
export const fresh = () => mkdtempSync(join(home, 'case-'));
afterEach(() => {
	fake.clearFaults();
	fake.resetStats();
	fake.world.set([big, gated, huge]);
});

export const digest = filesOf(big.commits[0] ?? { sha: '', files: {} }).get('model.safetensors')?.sha256 ?? '';
export const ranges = () =>
	fake.stats.requests.filter(({ origin }) => origin === 'cdn').map(({ headers, status }) => [headers['range'], status]);
