// Models on this machine: the list, folders that are added, models that are brought in, and what is checked.
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LocalModelRow } from '#lib/core/inventory.ts';
import type { App } from '#lib/server/app.ts';
import { verifyCopy } from '#lib/server/inventory/verify.ts';
import { temporaryFolder } from '../support/folder.ts';
import { blobName, cacheModel } from '../support/hub-cache.ts';
import { a, config, failure, gguf, machine, weights } from '../support/local-rig.ts';
import { large, ollamaModel, put, sha256 } from '../support/local-stores.ts';

describe('the list', () => {
	it('has every copy with what it is, and the disk', async () => {
		const { app, local, cache, studio, ollama } = await machine();
		cacheModel(cache, {
			id: 'meadow/Model',
			commit: a,
			files: { 'config.json': config, 'model.safetensors': weights },
		});
		put(join(studio, 'shelf', 'Model-GGUF', 'Model-Q4_K_M.gguf'), gguf);
		ollamaModel(ollama, { address: 'registry.ollama.ai/library/small/latest', weights: gguf });
		put(join(cache, 'models--meadow--Broken', 'x'), 'x');
		const { models, disk } = await local.list();
		expect(models.map(({ id, tool, broken }) => [id, tool, broken])).toEqual([
			['meadow/Broken', 'huggingface', 'it has no snapshots folder'],
			['meadow/Model', 'huggingface', null],
			['ollama.local/small', 'ollama', null],
			['shelf/Model-GGUF', 'lmstudio', null],
		]);
		expect(models.map(({ characteristics }) => characteristics?.architecture_family)).toEqual([
			undefined,
			'Llama',
			'Llama',
			'Llama',
		]);
		expect(models[2]?.characteristics).toMatchObject({ source: 'local', revision: null, context_window: 4096 });
		expect(disk.total_bytes).toBeGreaterThan(disk.free_bytes ?? Infinity);
		expect(app.catalog.counts().mine).toBe(3);
		const listed = app.catalog.list({ ...(await import('#lib/core/query.ts')).emptyQuery, source: 'mine' });
		expect(listed.models.map(({ id }) => id).sort()).toEqual([
			'meadow/Model',
			'ollama.local/small',
			'shelf/Model-GGUF',
		]);
		expect(await app.configs.read('ollama.local/small')).toMatchObject({ source: 'local', context_window: 4096 });
	});

	it('finds copies by id, by the name of the tool and by key, and says how to get what is not here', async () => {
		const { local, ollama } = await machine();
		ollamaModel(ollama, { address: 'registry.ollama.ai/library/llama3.2/1b', weights: gguf });
		const [copy] = await local.copies('llama3.2:1b');
		expect(copy?.id).toBe('ollama.local/llama3.2-1b');
		expect((await local.copies(copy?.key ?? ''))[0]?.name).toBe('llama3.2:1b');
		expect(await failure(local.copies('meadow/None'))).toEqual({
			code: 'not_installed',
			message: 'meadow/None is not on this machine. Get it with: modeldex model download meadow/None',
		});
	});
});

describe('the same bytes in several places', () => {
	it('are told from hashes at hand, and after reading from all', async () => {
		const { local, cache, studio, ollama } = await machine();
		const body = large('w');
		cacheModel(cache, { id: 'shelf/Model-GGUF', commit: a, files: { 'Model-Q8_0.gguf': body } });
		ollamaModel(ollama, { address: 'hf.co/shelf/Model-GGUF/Q8_0', weights: body });
		put(join(studio, 'shelf', 'Model-GGUF', 'Model-Q8_0.gguf'), body);
		put(join(studio, 'shelf', 'Twin-GGUF', 'Twin.gguf'), large('t'));
		const before = await local.duplicates();
		expect(before).toMatchObject({ wins_bytes: body.length, unread: { files: 2, bytes: 2 * body.length } });
		expect(before.duplicates[0]?.places.map(({ tool, known_by }) => [tool, known_by])).toEqual([
			['huggingface', 'name'],
			['ollama', 'name'],
		]);
		const steps = [];
		for await (const step of local.readDuplicates({ signal: new AbortController().signal }))
			steps.push(step.read_bytes);
		expect(steps).toEqual([body.length, 2 * body.length]);
		const after = await local.duplicates();
		expect(after).toMatchObject({ wins_bytes: 2 * body.length, unread: { files: 0, bytes: 0 } });
		expect(after.duplicates[0]?.places.at(-1)).toMatchObject({ tool: 'lmstudio', known_by: 'read' });
	});
});

describe('added folders and models that are brought in', () => {
	it('searches a folder that was named, until it is forgotten', async () => {
		const { local, cache } = await machine();
		const folder = temporaryFolder();
		put(join(folder, 'mine', 'config.json'), config);
		const folders = await local.addFolder(folder);
		expect(folders.at(-1)).toMatchObject({ tool: 'folder', path: folder, added: true, is_there: true, copies: 1 });
		expect((await local.list()).models).toMatchObject([{ id: 'folder.local/mine', tool: 'folder' }]);
		expect(await failure(local.addFolder(join(folder, 'mine')))).toMatchObject({ code: 'already_exists' });
		expect(await failure(local.addFolder(cache))).toMatchObject({ code: 'already_exists' });
		expect(await failure(local.addFolder('relative'))).toMatchObject({ code: 'usage' });
		expect(await failure(local.addFolder('/'))).toMatchObject({ code: 'usage' });
		await local.forgetFolder(folder);
		expect((await local.list()).models).toEqual([]);
		expect(existsSync(join(folder, 'mine', 'config.json'))).toBe(true);
		expect(await failure(local.forgetFolder(folder))).toMatchObject({ code: 'not_found' });
	});

	it.each(['copy', 'link'] as const)('takes a folder in by %s, hashed and whole', async (way) => {
		const { local, home } = await machine();
		const folder = join(home, 'elsewhere', 'nice');
		put(join(folder, 'config.json'), config);
		put(join(folder, 'sub', 'model.safetensors'), weights);
		const steps = [];
		for await (const step of local.importing({ path: folder, id: 'me/nice', way })) steps.push(step);
		expect(steps.at(-1)).toMatchObject({ id: 'me/nice', files: 2, size_bytes: config.length + 140 });
		const [copy] = await local.copies('me/nice');
		expect(copy).toMatchObject({ tool: 'modeldex', partial: false, characteristics: { architecture_family: 'Llama' } });
		expect(copy?.files).toContainEqual({
			path: 'sub/model.safetensors',
			size: 140,
			sha256: sha256(weights),
			lfs: true,
		});
		expect(copy?.unique_bytes).toBe(way === 'copy' ? config.length + 140 : 0);
		const note = JSON.parse(readFileSync(join(copy?.path ?? '', 'metadata.json'), 'utf8'));
		expect(note).toMatchObject({
			id: 'me/nice',
			size: config.length + 140,
			checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
		});
		const again = local.importing({ path: folder, id: 'me/nice', way });
		expect(await failure(again.next())).toMatchObject({ code: 'already_exists' });
		expect(readdirSync(join(home, 'data', 'models'))).toEqual(['me']);
		await local.remove('me/nice');
		expect(readdirSync(join(home, 'data', 'models'))).toEqual([]);
		expect(readFileSync(join(folder, 'sub', 'model.safetensors'), 'utf8')).toBe(weights);
	});

	it('takes in no links out, no pipes, nothing that is no model, and leaves nothing behind', async () => {
		const { local, home } = await machine();
		const evil = join(home, 'evil');
		put(join(evil, 'config.json'), config);
		symlinkSync('/etc/hostname', join(evil, 'out'));
		const bare = join(home, 'bare');
		put(join(bare, 'notes.txt'), 'x');
		const linked = join(home, 'linked');
		symlinkSync(evil, linked);
		for (const [path, code] of [
			[evil, 'unsafe_local_path'],
			[linked, 'unsafe_local_path'],
			[bare, 'usage'],
			[join(home, 'nowhere'), 'usage'],
			['relative', 'usage'],
		]) {
			expect(await failure(local.importing({ path: path ?? '' }).next())).toMatchObject({ code });
		}
		const bad = local.importing({ path: put(join(home, 'x.gguf'), gguf), id: '../../etc' });
		expect(await failure(bad.next())).toMatchObject({ code: 'invalid_model_id' });
		expect(existsSync(join(home, 'data', 'models'))).toBe(false);
	});
});

describe('checking bytes', () => {
	const check = async (app: App, name: string) => {
		const { FileHashes } = await import('#lib/server/inventory/reading.ts');
		const hashes = new FileHashes({ database: app.database, date: () => new Date() });
		const checked = [];
		for await (const file of verifyCopy(await app.local.pick(name), null, { hashes })) checked.push(file);
		return checked;
	};

	it('says which files are right, changed, missing, or of unknown content', async () => {
		const { app, cache, studio } = await machine();
		const files = { 'config.json': config, 'model.safetensors': weights, 'README.md': 'x' };
		const folder = cacheModel(cache, { id: 'meadow/Model', commit: a, files });
		rmSync(join(folder, 'blobs', blobName('README.md', 'x')));
		writeFileSync(join(folder, 'blobs', sha256(weights)), weights.replace('w', 'v'));
		const checked = await check(app, 'meadow/Model');
		expect(checked.map(({ path, state }) => [path, state])).toEqual([
			['README.md', 'missing'],
			['config.json', 'ok'],
			['model.safetensors', 'mismatch'],
		]);
		put(join(studio, 'shelf', 'Model-GGUF', 'Model.gguf'), gguf);
		expect((await check(app, 'shelf/Model-GGUF')).map(({ state }) => state)).toEqual(['unknown']);
	});
});

describe('last use', () => {
	it('is not what our own reading makes of it', async () => {
		const { local, cache } = await machine();
		const folder = cacheModel(cache, { id: 'meadow/Model', commit: a, files: { 'config.json': config } });
		const then = new Date('2026-01-02T03:04:05Z');
		utimesSync(join(folder, 'blobs', blobName('config.json', config)), then, new Date('2026-02-02T03:04:05Z'));
		const used = async () =>
			(await local.list({ isWhole: true })).models.map(({ last_used }: LocalModelRow) => last_used);
		expect(await used()).toEqual([then.toISOString()]);
		if (process.platform === 'linux') expect(await used()).toEqual([then.toISOString()]);
	});
});
