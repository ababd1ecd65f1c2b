// The sign of life of a process that works on downloads: given while there is work, and nothing is written without.
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { owners } from '#lib/server/store/downloads.ts';
import { downloadsRig, orderOf, wrongFiles } from '../support/downloads-rig.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { temporaryFolder } from '../support/folder.ts';
import { hubRig } from '../support/hub-rig.ts';

const head = Buffer.from('\x02\x00\x00\x00\x00\x00\x00\x00{}');
const repo = fakeRepo({ id: 'org/m', files: { 'model.safetensors': { seed: 1, size: 1_000_000, head } } });
const { fake, hub } = await hubRig({ repos: [repo], quotas: { api: 1e6, resolvers: 1e6 } });
const home = temporaryFolder();
const fresh = () => mkdtempSync(join(home, 'case-'));
afterEach(() => fake.clearFaults());
const until = (check: () => boolean) => vi.waitUntil(check, { timeout: 20_000, interval: 5 });

it('is given from before a download is taken until there is nothing more to do', async () => {
	const rig = downloadsRig({ hub, folder: fresh() });
	const written = () => Number(rig.database.first('SELECT total_changes()')?.[0]);
	const atFirst = written();
	rig.downloads.start();
	expect([owners(rig.database), written() - atFirst]).toEqual([[], 0]);
	fake.fault({ match: '/xet-bridge', fault: { kind: 'drip', bytes: 50_000, everyMs: 10 } });
	const { id } = await rig.downloads.order(orderOf('org/m'));
	expect(owners(rig.database)).toMatchObject([{ pid: process.pid, host: 'here' }]);
	await until(() => rig.downloads.read(id).bytes > 200_000);
	expect(owners(rig.database)).toHaveLength(1);
	await until(() => owners(rig.database).length === 0);
	expect(rig.downloads.read(id).state).toBe('ready');
	expect(wrongFiles(rig.root, repo)).toEqual([]);
	expect(rig.bugs).toEqual([]);
});

it('is given, too, while parts are deleted, and ends with the process', async () => {
	const rig = downloadsRig({ hub, folder: fresh() });
	fake.fault({ match: '/xet-bridge', fault: { kind: 'cut', after: 300_000 }, times: 1 });
	fake.fault({ match: '/xet-bridge', fault: { kind: 'status', status: 503 } });
	const { id, state } = await rig.get(orderOf('org/m'));
	expect(state).toBe('failed');
	await until(() => owners(rig.database).length === 0);
	expect(await rig.downloads.remove(id)).toEqual({ freed_bytes: 300_000 });
	expect(owners(rig.database)).toHaveLength(1);
	await rig.downloads.close();
	expect(owners(rig.database)).toEqual([]);
});
