// What a repository or a person may bring in that is not what it says: archives, exchanged files, programs, look-alikes.
import {
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	renameSync,
	statSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { needsRemoteCode } from '#lib/core/files.ts';
import { machineClock } from '#lib/server/clock.ts';
import { Importer } from '#lib/server/inventory/importing.ts';
import { FileHashes } from '#lib/server/inventory/reading.ts';
import { spaceAt } from '#lib/server/inventory/disk.ts';
import { downloadsRig, listing, orderOf, snapshotOf, wrongFiles } from '../support/downloads-rig.ts';
import { fakeRepo, filesOf } from '../support/fake-hub-repo.ts';
import { temporaryFolder } from '../support/folder.ts';
import { hubRig } from '../support/hub-rig.ts';
import { shelfOf } from '../support/shelf.ts';

const head = Buffer.from('\x02\x00\x00\x00\x00\x00\x00\x00{}');
const model = fakeRepo({
	id: 'org/m',
	files: { 'config.json': '{}', 'model.safetensors': { seed: 1, size: 90_000, head } },
});
const config = JSON.stringify({ model_type: 'odd', auto_map: { AutoModel: 'modeling_odd.Odd' } });
const coded = fakeRepo({
	id: 'org/coded',
	tags: ['custom_code'],
	files: {
		'config.json': config,
		'modeling_odd.py': 'import os; os.system("x")',
		'handler.py': 'x = 1',
		'sub/tool.py': 'x = 2',
		'model.safetensors': { seed: 2, size: 20_000, head },
	},
});
const { fake, hub } = await hubRig({ repos: [model, coded], quotas: { api: 1e6, resolvers: 1e6 } });
const home = temporaryFolder();
const fresh = () => mkdtempSync(join(home, 'case-'));
afterEach(() => {
	fake.world.set([model, coded]);
	fake.resetStats();
});

/** A zip archive of one entry without compression, with the name it is given. */
function zipOf(name: string, content: string): Buffer {
	const [path, body] = [Buffer.from(name), Buffer.from(content)];
	const local = Buffer.alloc(30);
	local.writeUInt32LE(0x04034b50, 0);
	local.writeUInt32LE(body.length, 18);
	local.writeUInt32LE(body.length, 22);
	local.writeUInt16LE(path.length, 26);
	return Buffer.concat([local, path, body]);
}

describe('an archive', () => {
	const archive = zipOf('../../escaped.txt', 'out');

	async function taking(name: string, into = fresh()) {
		const folder = join(into, 'given');
		mkdirSync(folder);
		writeFileSync(join(folder, name), archive);
		const { database } = downloadsRig({ hub, folder: into });
		const date = () => new Date();
		const hashes = new FileHashes({ database, date });
		const store = join(into, 'store');
		const importer = new Importer({ folder: store, hashes, date, unique: () => 'one', space: spaceAt });
		const taken = await importer.take({ path: join(folder, name), id: 'org/taken' }).catch((error: unknown) => error);
		return { into, store, taken };
	}

	it.each(['model.zip', 'model.tar.gz', 'model.7z'])(
		'[S27] called %s is no model and is not taken in',
		async (name) => {
			const { into, store, taken } = await taking(name);
			expect(taken).toMatchObject({ code: 'usage' });
			expect(listing(store)).toEqual([]);
			expect(listing(into).filter((path) => path.includes('escaped'))).toEqual([]);
		},
	);

	it('[S27] under the name of weights is kept as one file, and nothing comes out of it', async () => {
		const { into, store } = await taking('model.safetensors');
		const files = listing(store).filter((path) => statSync(join(store, path)).isFile());
		for (const path of files.filter((one) => one.endsWith('.safetensors')))
			expect(readFileSync(join(store, path)).equals(archive)).toBe(true);
		expect(files.filter((path) => path.includes('escaped'))).toEqual([]);
		expect(listing(into).filter((path) => path.includes('escaped'))).toEqual([]);
		expect(readdirSync(home).filter((path) => path.includes('escaped'))).toEqual([]);
	});
});

describe('a file that was verified', () => {
	const digest = filesOf(model.commits[0] ?? { sha: '', files: {} }).get('model.safetensors')?.sha256 ?? '';

	it('[S29] and is exchanged for another of its size is read again before it is believed', async () => {
		const { downloads, get, settle, database, root } = downloadsRig({ hub, folder: fresh() });
		expect((await get(orderOf('org/m'))).state).toBe('ready');
		const blob = join(root, 'models--org--m/blobs', digest);
		const hashes = new FileHashes({ database, date: () => new Date() });
		const known = async () => {
			const { held } = await shelfOf([{ tool: 'huggingface', path: root }], machineClock).look();
			const files = held.flatMap(({ found }) => found.revisions.flatMap((revision) => revision.files));
			return files.filter(({ path }) => path === 'model.safetensors').map(hashes.known());
		};
		expect(await known()).toEqual([digest]);
		const { atime, mtime } = statSync(blob);
		writeFileSync(`${blob}.other`, Buffer.alloc(90_000, 7));
		renameSync(`${blob}.other`, blob);
		utimesSync(blob, atime, mtime); // also when its time is made to look as before
		expect(await known()).toEqual([null]);
		const again = await downloads.order(orderOf('org/m'), { refresh: true });
		expect(await settle(again.id)).toMatchObject({
			state: 'ready',
			warnings: ['model.safetensors was here already, but damaged: it is fetched again.'],
		});
		expect(wrongFiles(root, model)).toEqual([]);
	});
});

describe('a repository with programs', () => {
	it('[S57] is told to have them, and they are not fetched unless named', async () => {
		const paths = [...filesOf(coded.commits[0] ?? { sha: '', files: {} }).keys()];
		expect(needsRemoteCode([], paths)).toBe(true);
		expect(needsRemoteCode(['custom_code'], [])).toBe(true);
		const { get, root } = downloadsRig({ hub, folder: fresh() });
		expect((await get(orderOf('org/coded'))).state).toBe('ready');
		expect(listing(snapshotOf(root, coded))).toEqual(['config.json', 'model.safetensors']);
		expect(fake.count('.py')).toBe(0);
	});
});

describe('a name that looks like another', () => {
	it('[S58] in letters of another script is no id, and the Hub is not asked', async () => {
		const { downloads } = downloadsRig({ hub, folder: fresh() });
		for (const id of ['org/mоdel', 'оrg/model', 'org/m\u200b', 'ｏrg/m']) {
			await expect(downloads.order(orderOf(id))).rejects.toMatchObject({ code: 'invalid_model_id' });
			await expect(downloads.plan(orderOf(id))).rejects.toMatchObject({ code: 'invalid_model_id' });
		}
		expect(fake.stats.requests).toEqual([]);
	});

	it('[S58] and now holds something else changes nothing that is here before it is asked for', async () => {
		const { downloads, get, settle, root } = downloadsRig({ hub, folder: fresh() });
		const first = await get(orderOf('org/m'));
		const other = fakeRepo({
			id: 'org/m',
			files: { 'config.json': '{"model_type":"x"}', 'model.safetensors': { seed: 8, size: 50_000, head } },
		});
		fake.world.set([other]);
		fake.resetStats();
		const same = await downloads.order(orderOf('org/m'));
		expect([same.state, same.revision, fake.stats.requests.length]).toEqual(['ready', first.revision, 0]);
		const asked = await settle((await downloads.order(orderOf('org/m'), { refresh: true })).id);
		expect(asked.revision).toBe(other.refs.main);
		expect(asked.revision).not.toBe(first.revision);
		expect(listing(join(root, 'models--org--m/snapshots')).filter((path) => !path.includes('/'))).toHaveLength(2);
		expect([wrongFiles(root, model), wrongFiles(root, other)]).toEqual([[], []]);
	});
});
