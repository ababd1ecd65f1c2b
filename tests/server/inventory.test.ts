// What is found in a Hugging Face cache, in every layout that the tools leave and some that only malice does.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Inventory } from '#lib/server/inventory.ts';
import { shelfOf } from '../support/shelf.ts';
import { temporaryFolder } from '../support/folder.ts';
import { blobName, cacheModel } from '../support/hub-cache.ts';

const a = 'a'.repeat(40);
const b = 'b'.repeat(40);
const config = '{"model_type":"llama"}';
const weights = 'weights'.repeat(20);
const files = { 'config.json': config, 'model.safetensors': weights };

function setUp() {
	const root = temporaryFolder();
	return { root, inventory: new Inventory({ root }), scan: () => scanOf(root) };
}

/** What is in a cache: usable models with the commit that is meant, and folders that are broken, with why. */
async function scanOf(root: string) {
	const { held } = await shelfOf([{ tool: 'huggingface', path: root }]).look();
	const copies = held.map(({ copy }) => copy);
	return {
		models: copies.flatMap(({ id, revision, broken }) => (broken === null ? { id, commit: revision } : [])),
		broken: copies.flatMap(({ path, broken }) => (broken === null ? [] : { folder: basename(path), why: broken })),
	};
}

const read = (inventory: Inventory, id: string, revision?: string) => inventory.text(id, 'config.json', 1e6, revision);

describe('Inventory', () => {
	it.each(['links', 'files', 'shared'] as const)('reads the layout with %s', async (layout) => {
		const { root, inventory, scan } = setUp();
		cacheModel(root, { id: 'meadow/Model', commit: a, files, layout });
		cacheModel(root, { id: 'gpt2', commit: b, files, layout });
		const found = await scan();
		expect(found.models).toEqual([
			{ id: 'gpt2', commit: b },
			{ id: 'meadow/Model', commit: a },
		]);
		expect(found.broken).toEqual([]);
		expect(await read(inventory, 'meadow/Model')).toEqual({ text: config, commit: a });
		expect(await read(inventory, 'gpt2')).toEqual({ text: config, commit: b });
		const listed = await inventory.files('meadow/Model');
		const sha256 = layout === 'files' ? null : blobName('model.safetensors', weights);
		expect(listed?.commit).toBe(a);
		expect(listed?.files).toHaveLength(2);
		expect(listed?.files).toContainEqual({ path: 'model.safetensors', size: 140, sha256, lfs: sha256 !== null });
	});

	it('takes the commit of refs/main, else the newest snapshot, and others when asked', async () => {
		const { root, inventory, scan } = setUp();
		const newer = { 'config.json': '{"model_type":"qwen2"}' };
		cacheModel(root, { id: 'meadow/Two', commit: a, files, age: 9 });
		cacheModel(root, { id: 'meadow/Two', commit: b, files: newer, refs: ['v2', 'refs/pr/1'] });
		expect(await read(inventory, 'meadow/Two')).toMatchObject({ commit: a });
		expect(await read(inventory, 'meadow/Two', 'v2')).toMatchObject({ commit: b });
		expect(await read(inventory, 'meadow/Two', 'refs/pr/1')).toMatchObject({ commit: b });
		expect(await read(inventory, 'meadow/Two', b)).toMatchObject({ text: newer['config.json'] });
		expect(await read(inventory, 'meadow/Two', 'v3')).toBeNull();
		cacheModel(root, { id: 'meadow/NoRef', commit: a, files, refs: [], age: 9 });
		cacheModel(root, { id: 'meadow/NoRef', commit: b, files: newer, refs: [], age: 1 });
		expect(await read(inventory, 'meadow/NoRef')).toMatchObject({ commit: b });
		expect((await scan()).models).toContainEqual({ id: 'meadow/NoRef', commit: b });
	});

	it('lists a model that has only weights, also in folders, and one that has only a config', async () => {
		const { root, scan } = setUp();
		cacheModel(root, { id: 'shelf/Weights-GGUF', commit: a, files: { 'Q4_K_M/model-00001-of-00002.gguf': weights } });
		cacheModel(root, { id: 'shelf/Config', commit: a, files: { 'config.json': config } });
		cacheModel(root, { id: 'shelf/Readme', commit: a, files: { 'README.md': 'x', 'sub/config.json': config } });
		const { models, broken } = await scan();
		expect(models.map(({ id }) => id)).toEqual(['shelf/Config', 'shelf/Weights-GGUF']);
		expect(broken).toMatchObject([{ folder: 'models--shelf--Readme' }]);
	});

	it('is not stopped by broken neighbours', async () => {
		const { root, inventory, scan } = setUp();
		cacheModel(root, { id: 'meadow/Good', commit: a, files });
		const dangling = cacheModel(root, { id: 'meadow/Dangling', commit: a, files });
		for (const name of readdirSync(join(dangling, 'blobs'))) rmSync(join(dangling, 'blobs', name));
		mkdirSync(join(root, 'models--meadow--Empty'));
		mkdirSync(join(root, 'models--meadow--NoSnapshots', 'blobs'), { recursive: true });
		mkdirSync(join(root, 'models--..--etc', 'snapshots'), { recursive: true });
		const odd = cacheModel(root, { id: 'meadow/Odd', commit: a, files });
		writeFileSync(join(odd, 'snapshots', 'loose.txt'), 'x');
		writeFileSync(join(odd, 'refs', 'main'), 'c'.repeat(40));
		writeFileSync(join(odd, 'blobs', 'x.downloadInProgress'), 'half');
		writeFileSync(join(root, 'models--meadow--File'), 'not a folder');
		writeFileSync(join(root, 'CACHEDIR.TAG'), 'x');
		mkdirSync(join(root, '.locks', 'models--meadow--Good'), { recursive: true });
		mkdirSync(join(root, 'datasets--meadow--Data', 'snapshots'), { recursive: true });
		const { models, broken } = await scan();
		expect(models.map(({ id }) => id)).toEqual(['meadow/Good', 'meadow/Odd']);
		expect(broken.map(({ folder }) => folder).sort()).toEqual([
			'models--..--etc',
			'models--meadow--Dangling',
			'models--meadow--Empty',
			'models--meadow--File',
			'models--meadow--NoSnapshots',
		]);
		expect(broken.every(({ why }) => why.length > 5)).toBe(true);
		expect(await read(inventory, 'meadow/Dangling')).toBeNull();
	});

	it('[S25] follows no link out of the cache, neither of a file nor of a folder', async () => {
		const { root, inventory, scan } = setUp();
		const outside = temporaryFolder();
		writeFileSync(join(outside, 'config.json'), '{"secret":true}');
		const filed = cacheModel(root, { id: 'evil/File', commit: a, files: { 'model.safetensors': weights } });
		symlinkSync(join(outside, 'config.json'), join(filed, 'snapshots', a, 'config.json'));
		const nested = join(root, 'models--evil--Snapshot');
		mkdirSync(join(nested, 'snapshots'), { recursive: true });
		symlinkSync(outside, join(nested, 'snapshots', a));
		symlinkSync(outside, join(root, 'models--evil--Repo'));
		mkdirSync(join(outside, 'snapshots', b), { recursive: true });
		writeFileSync(join(outside, 'snapshots', b, 'config.json'), '{"secret":true}');
		const loop = cacheModel(root, { id: 'evil/Loop', commit: a, files: {} });
		symlinkSync('config.json', join(loop, 'snapshots', a, 'config.json'));
		for (const id of ['evil/File', 'evil/Snapshot', 'evil/Repo', 'evil/Loop'])
			expect(await read(inventory, id)).toBeNull();
		expect((await scan()).models).toEqual([{ id: 'evil/File', commit: a }]);
		expect(existsSync(join(outside, 'config.json'))).toBe(true);
	});

	it('does not hang on a pipe, and reads a file only up to the limit', async () => {
		const { root, inventory, scan } = setUp();
		const folder = cacheModel(root, { id: 'evil/Pipe', commit: a, files: { 'model.safetensors': weights } });
		expect(spawnSync('mkfifo', [join(folder, 'snapshots', a, 'config.json')]).status).toBe(0);
		expect(await read(inventory, 'evil/Pipe')).toBeNull();
		expect((await scan()).models).toEqual([{ id: 'evil/Pipe', commit: a }]);
		cacheModel(root, { id: 'meadow/Long', commit: a, files: { 'config.json': 'x'.repeat(5000) } });
		expect((await inventory.text('meadow/Long', 'config.json', 100))?.text).toHaveLength(100);
	});

	it('works behind a cache folder that is itself a link, without one, and with names that are none', async () => {
		const { root, inventory } = setUp();
		cacheModel(root, { id: 'meadow/Model', commit: a, files });
		const linked = join(temporaryFolder(), 'hub');
		symlinkSync(root, linked);
		expect((await scanOf(linked)).models).toEqual([{ id: 'meadow/Model', commit: a }]);
		expect(await scanOf(join(root, 'nowhere'))).toEqual({ models: [], broken: [] });
		for (const id of ['../meadow', 'meadow/../meadow/Model', '', 'meadow--Model']) {
			expect(await read(inventory, id)).toBeNull();
		}
		expect(await inventory.text('meadow/Model', '../../refs/main', 100)).toBeNull();
	});

	it('changes nothing', async () => {
		const { root, inventory, scan } = setUp();
		const folder = cacheModel(root, { id: 'meadow/Model', commit: a, files });
		const before = [readdirSync(root, { recursive: true }), statSync(join(folder, 'refs', 'main')).mtimeMs];
		await scan();
		await read(inventory, 'meadow/Model');
		expect([readdirSync(root, { recursive: true }), statSync(join(folder, 'refs', 'main')).mtimeMs]).toEqual(before);
	});
});
