// What is here is believed only as it was verified: a stored file that somebody changed, or a folder that is gone.
import {
	existsSync,
	mkdtempSync,
	realpathSync,
	rmSync,
	statSync,
	truncateSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { downloadsRig, orderOf, snapshotOf, wrongFiles } from '../support/downloads-rig.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { temporaryFolder } from '../support/folder.ts';
import { hubRig } from '../support/hub-rig.ts';

const head = Buffer.from('\x02\x00\x00\x00\x00\x00\x00\x00{}');
const files = { 'config.json': '{}', 'model.safetensors': { seed: 9, size: 600_000, head } };
const repo = fakeRepo({ id: 'org/m', files });
const { fake, hub, another } = await hubRig({ repos: [repo], quotas: { api: 1e6, resolvers: 1e6 } });
const home = temporaryFolder();
afterEach(() => {
	fake.clearFaults();
	fake.resetStats();
});

const asked = () => fake.stats.requests.map(({ path }) => path).filter((path) => path.includes('/resolve'));

describe('[F24] a stored file', () => {
	const sizeOf = (path: string) => statSync(path).size;
	it.each<[string, (path: string) => void]>([
		['of zeros', (path) => writeFileSync(path, Buffer.alloc(sizeOf(path)))],
		['cut short', (path) => truncateSync(path, 1000)],
		['of another content', (path) => writeFileSync(path, Buffer.alloc(sizeOf(path), 7))],
		['that is gone', (path) => rmSync(path)],
	])('%s is fetched again when the model is ordered again, and it alone', async (_, change) => {
		const { get, root } = downloadsRig({ hub, folder: mkdtempSync(join(home, 'case-')) });
		expect((await get(orderOf('org/m'))).state).toBe('ready');
		change(realpathSync(join(snapshotOf(root, repo), 'model.safetensors')));
		fake.resetStats();
		expect((await get(orderOf('org/m'))).state).toBe('ready');
		expect(wrongFiles(root, repo)).toEqual([]);
		expect(asked().some((path) => path.endsWith('model.safetensors'))).toBe(true);
		expect(asked().filter((path) => path.endsWith('config.json'))).toEqual([]);
	});

	it('with a new date alone is read again, and the Hub is not asked', async () => {
		const folder = mkdtempSync(join(home, 'case-'));
		const first = downloadsRig({ hub, folder });
		await first.get(orderOf('org/m'));
		await first.close();
		utimesSync(realpathSync(join(snapshotOf(first.root, repo), 'model.safetensors')), 1, 1);
		fake.resetStats();
		const later = downloadsRig({ hub: another({ offline: true }), folder });
		expect(later.downloads.list().map(({ state }) => state)).toEqual(['ready']);
		const done = await later.get(orderOf('org/m'));
		expect([done.state, done.revision, fake.stats.requests]).toEqual(['ready', repo.refs.main, []]);
	});
});

describe('[F18] a cache', () => {
	it('whose model is removed while it comes has nothing wrong in it, and all of it after another go', async () => {
		const folder = mkdtempSync(join(home, 'case-'));
		fake.fault({ match: '/xet-bridge', fault: { kind: 'drip', bytes: 10_000, everyMs: 20 } });
		const { downloads, root, get, settle } = downloadsRig({ hub, folder });
		const { id } = await downloads.order(orderOf('org/m'));
		let isGone = false;
		for await (const { bytes } of downloads.follow(id, AbortSignal.timeout(20_000))) {
			if (bytes < 20_000 || isGone) continue;
			rmSync(join(root, 'models--org--m'), { recursive: true });
			isGone = true;
		}
		const { state, error } = await settle(id);
		if (state === 'failed') expect(error).toMatchObject({ code: 'not_writable', retriable: true });
		expect(wrongFiles(root, repo)).toEqual([]);
		fake.clearFaults();
		expect((await get(orderOf('org/m'))).state).toBe('ready');
		expect(existsSync(join(snapshotOf(root, repo), 'model.safetensors'))).toBe(true);
		expect(wrongFiles(root, repo)).toEqual([]);
	});
});
