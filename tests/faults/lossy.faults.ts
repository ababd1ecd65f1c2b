// [F26] A line that breaks all the time: many files still come whole, and hardly any byte of them twice.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Streams } from '#lib/server/downloads/streams.ts';
import { downloadsRig, orderOf, wrongFiles } from '../support/downloads-rig.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { hubRig } from '../support/hub-rig.ts';

const home = mkdtempSync(join(tmpdir(), 'modeldex-lossy-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const head = Buffer.from('\x02\x00\x00\x00\x00\x00\x00\x00{}');
const size = 1_000_000;
const names = Array.from({ length: 64 }, (_, at) => `model-${String(at + 1).padStart(5, '0')}-of-00064.safetensors`);
const files = Object.fromEntries(names.map((name, seed) => [name, { seed, size, head }]));
const repo = fakeRepo({ id: 'org/many', files });

it.each([
	['in one piece each', undefined],
	['in pieces', new Streams({ large: 500_000, piece: 250_000 })],
])('[F26] 64 files %s, of which every fifth answer breaks off or fails', async (name, streams) => {
	const { fake, hub } = await hubRig({ repos: [repo], quotas: { api: 1e6, resolvers: 1e6 }, seed: 5 });
	fake.fault({ match: '/xet-bridge', chance: 0.1, fault: { kind: 'reset', after: 200_000 } });
	fake.fault({ match: '/xet-bridge', chance: 0.1, fault: { kind: 'cut', after: 100_000 } });
	fake.fault({ match: '/resolve/', chance: 0.1, fault: { kind: 'status', status: 503 } });
	const given = streams === undefined ? {} : { streams };
	const { get, root, bugs } = downloadsRig({ hub, folder: mkdtempSync(join(home, 'case-')), ...given });
	const { state, error } = await get(orderOf('org/many'));
	const parts = fake.stats.requests.filter(({ origin }) => origin === 'cdn');
	const sent = parts.reduce((sum, request) => sum + request.sent, 0);
	const least = names.length * size;
	const figures = { requests: parts.length, share: Number((sent / least).toFixed(3)) };
	process.stdout.write(`${JSON.stringify({ id: 'F26', name, ...figures })}\n`);
	expect([state, error, bugs]).toEqual(['ready', null, []]);
	expect(wrongFiles(root, repo)).toEqual([]);
	expect(parts.length).toBeGreaterThan(names.length);
	expect(sent).toBeLessThan(1.3 * least);
});
