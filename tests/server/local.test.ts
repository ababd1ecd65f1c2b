// Changing what is on the disk: what goes, what stays and why, and that nothing outside is ever touched.
import { spawnSync } from 'node:child_process';
import {
	existsSync,
	mkdirSync,
	readFileSync,
	readdirSync,
	renameSync,
	rmSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { LocalModelRow } from '#lib/core/inventory.ts';
import { createApp, type App } from '#lib/server/app.ts';
import { readSettings } from '#lib/server/config.ts';
import { verifyCopy } from '#lib/server/inventory/verify.ts';
import { temporaryFolder } from '../support/folder.ts';
import { blobName, cacheModel } from '../support/hub-cache.ts';
import { writeGguf } from '../support/gguf-writer.ts';
import { large, ollamaModel, put, sha256 } from '../support/local-stores.ts';

const a = 'a'.repeat(40);
const b = 'b'.repeat(40);
const config = JSON.stringify({
	model_type: 'llama',
	architectures: ['LlamaForCausalLM'],
	hidden_size: 64,
	num_hidden_layers: 2,
});
const weights = 'weights'.repeat(20);
const gguf = writeGguf({ keys: { 'general.architecture': 'llama', 'llama.context_length': 4096 }, tensors: [] });

const apps: App[] = [];
afterAll(async () => {
	for (const app of apps) await app.close();
});

/** An app over fresh folders of every tool. */
async function machine() {
	const home = temporaryFolder();
	const env = { HOME: home, MODELDEX_HOME: join(home, 'data'), HF_HUB_OFFLINE: '1' };
	const app = await createApp({ settings: readSettings(env, () => null), version: '0', background: false });
	apps.push(app);
	const cache = join(home, '.cache', 'huggingface', 'hub');
	const studio = join(home, '.lmstudio', 'models');
	const ollama = join(home, '.ollama', 'models');
	for (const folder of [cache, studio, ollama]) mkdirSync(folder, { recursive: true });
	return { home, app, local: app.local, cache, studio, ollama };
}

async function failure(work: Promise<unknown>): Promise<unknown> {
	return work.then(
		() => 'no failure',
		(error) => ({ code: error.code, message: error.message }),
	);
}

/** Everything below a folder. */
const tree = (folder: string) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();

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

describe('removing', () => {
	it('takes the whole model of the shared cache away, locks included, after telling so', async () => {
		const { local, cache } = await machine();
		const folder = cacheModel(cache, {
			id: 'meadow/Model',
			commit: a,
			files: { 'config.json': config, 'model.safetensors': weights },
		});
		put(join(cache, '.locks', 'models--meadow--Model', 'x.lock'), '');
		const plan = await local.preview('meadow/Model');
		expect(plan).toMatchObject({ frees_bytes: config.length + 140, keeps: [], confirm: null });
		expect(existsSync(folder)).toBe(true);
		expect(await local.remove('meadow/Model')).toEqual(plan);
		expect(tree(cache)).toEqual(['.locks']);
		expect((await local.list()).models).toEqual([]);
	});

	it('takes one revision with the blobs that only it has', async () => {
		const { local, cache } = await machine();
		const old = { 'config.json': '{"model_type":"old"}', 'model.safetensors': weights };
		const folder = cacheModel(cache, { id: 'meadow/Two', commit: a, files: old, refs: ['v1'], age: 9 });
		cacheModel(cache, { id: 'meadow/Two', commit: b, files: { 'config.json': config, 'model.safetensors': weights } });
		const plan = await local.remove('meadow/Two', { revisions: [a] });
		expect(plan.frees_bytes).toBe(20);
		expect(plan.keeps).toEqual([
			{ path: join(folder, 'blobs', sha256(weights)), why: `revision ${b.slice(0, 12)} needs it` },
		]);
		const [left] = await local.copies('meadow/Two');
		expect(left?.revisions.map(({ commit }) => commit)).toEqual([b]);
		expect(readdirSync(join(folder, 'blobs')).sort()).toEqual(
			[blobName('config.json', config), sha256(weights)].sort(),
		);
		expect(readdirSync(join(folder, 'refs'))).toEqual(['main']);
		expect(await failure(local.preview('meadow/Two', { revisions: ['c'.repeat(40)] }))).toMatchObject({
			code: 'not_installed',
		});
	});

	it('keeps a payload that another model shares, and takes it with the last one', async () => {
		const { local, cache } = await machine();
		const files = { 'model.safetensors': weights };
		cacheModel(cache, { id: 'meadow/One', commit: a, files, layout: 'shared' });
		cacheModel(cache, { id: 'meadow/Other', commit: a, files, layout: 'shared' });
		const first = await local.remove('meadow/One');
		expect(first.frees_bytes).toBe(0);
		expect(first.keeps).toMatchObject([{ why: 'meadow/Other (Hugging Face cache) needs the same bytes' }]);
		expect(await failure(local.copies('meadow/One'))).toMatchObject({ code: 'not_installed' });
		expect((await local.copies('meadow/Other'))[0]?.broken).toBeNull();
		expect((await local.remove('meadow/Other')).frees_bytes).toBe(140);
		expect(tree(join(cache, 'blobs')).filter((path) => /[0-9a-f]{64}/.test(path))).toEqual([]);
	});

	it('asks for the name in folders of other tools, and removes only what no other model there needs', async () => {
		const { local, ollama } = await machine();
		ollamaModel(ollama, { address: 'registry.ollama.ai/library/base/latest', weights: gguf });
		ollamaModel(ollama, {
			address: 'registry.ollama.ai/me/tuned/latest',
			weights: gguf,
			layers: { system: 'Be kind.' },
		});
		expect(await failure(local.remove('me/tuned:latest'))).toMatchObject({ code: 'confirmation_required' });
		expect(await failure(local.remove('me/tuned:latest', { confirm: 'yes' }))).toMatchObject({
			code: 'confirmation_required',
		});
		const plan = await local.remove('me/tuned:latest', { confirm: 'ollama.local/me-tuned' });
		expect(plan.frees_bytes).toBe('Be kind.'.length);
		expect(plan.keeps.map(({ why }) => why)).toContain('ollama.local/base (Ollama) needs the same bytes');
		expect(readdirSync(join(ollama, 'manifests', 'registry.ollama.ai'))).toEqual(['library']);
		expect((await local.copies('base:latest'))[0]).toMatchObject({ partial: false, broken: null });
	});

	it('asks which one is meant where there are several', async () => {
		const { local, cache, studio } = await machine();
		cacheModel(cache, { id: 'shelf/Model', commit: a, files: { 'model.safetensors': weights } });
		put(join(studio, 'shelf', 'Model', 'model.safetensors'), weights);
		expect(await failure(local.remove('shelf/Model'))).toMatchObject({ code: 'invalid_query' });
		await local.remove('shelf/Model', { tool: 'lmstudio', confirm: 'shelf/Model' });
		expect(readdirSync(studio)).toEqual([]);
		expect(await local.copies('shelf/Model')).toMatchObject([{ tool: 'huggingface' }]);
	});

	it('[S26] removes a link in the place of a folder and leaves alone what it leads to', async () => {
		const { local, cache } = await machine();
		const precious = temporaryFolder();
		put(join(precious, 'snapshots', a, 'config.json'), config);
		symlinkSync(precious, join(cache, 'models--meadow--Link'));
		await local.remove('meadow/Link');
		expect(readdirSync(cache)).toEqual([]);
		expect(tree(precious)).toHaveLength(3);
	});

	it.each(['link', 'pipe', 'blobs'])(
		'refuses a model with a %s that leads out or is no file, and touches nothing',
		async (what) => {
			const { local, cache } = await machine();
			const folder = cacheModel(cache, { id: 'evil/Model', commit: a, files: { 'config.json': config } });
			const precious = temporaryFolder();
			put(join(precious, 'secret'), 'x');
			if (what === 'link') symlinkSync(precious, join(folder, 'snapshots', a, 'out'));
			if (what === 'pipe') spawnSync('mkfifo', [join(folder, 'snapshots', a, 'pipe')]);
			if (what === 'blobs') {
				renameSync(join(folder, 'blobs'), join(precious, 'blobs'));
				symlinkSync(join(precious, 'blobs'), join(folder, 'blobs'));
			}
			const before = [tree(cache), tree(precious)];
			expect(await failure(local.preview('evil/Model'))).toMatchObject({ code: 'unsafe_local_path' });
			expect(await failure(local.remove('evil/Model'))).toMatchObject({ code: 'unsafe_local_path' });
			expect([tree(cache), tree(precious)]).toEqual(before);
		},
	);

	it('does not follow a folder that became a link after the look', async () => {
		const { app, local, studio } = await machine();
		put(join(studio, 'shelf', 'Model', 'model.safetensors'), weights);
		const precious = temporaryFolder();
		put(join(precious, 'model.safetensors'), 'precious');
		await local.list();
		const { carryOut, planRemoval } = await import('#lib/server/inventory/removal.ts');
		const held = await local.pick('shelf/Model');
		const removal = planRemoval(held, app.shelf.last, { commits: [], nowMs: Date.now() });
		rmSync(join(studio, 'shelf', 'Model'), { recursive: true });
		symlinkSync(precious, join(studio, 'shelf', 'Model'));
		expect(await failure(carryOut(removal))).toMatchObject({ code: 'unsafe_local_path' });
		expect(readFileSync(join(precious, 'model.safetensors'), 'utf8')).toBe('precious');
	});

	it('waits for a download that is going on', async () => {
		const { local, cache } = await machine();
		const folder = cacheModel(cache, { id: 'meadow/Busy', commit: a, files: { 'config.json': config } });
		writeFileSync(join(folder, 'blobs', `${'c'.repeat(64)}.incomplete`), 'half');
		expect(await failure(local.remove('meadow/Busy'))).toMatchObject({ code: 'locked' });
	});
});

describe('clearing away', () => {
	it('takes dead downloads, files nobody names and old revisions, and nothing that is young or of other tools', async () => {
		const { local, cache, ollama } = await machine();
		const old = { 'config.json': '{"model_type":"old"}' };
		const folder = cacheModel(cache, { id: 'meadow/Two', commit: a, files: old, refs: [], age: 9 });
		cacheModel(cache, { id: 'meadow/Two', commit: b, files: { 'config.json': config } });
		const dead = put(join(folder, 'blobs', `${'c'.repeat(64)}.incomplete`), 'dead!');
		const alive = join(folder, 'blobs', `${'d'.repeat(64)}.incomplete`);
		writeFileSync(alive, 'alive');
		put(join(folder, 'blobs', 'e'.repeat(64)), 'orphan');
		ollamaModel(ollama, { address: 'registry.ollama.ai/library/base/latest', weights: gguf });
		put(join(ollama, 'blobs', `sha256-${'f'.repeat(64)}`), 'theirs');
		const kinds = ['partial', 'orphan'] as const;
		const plan = await local.prunePreview({ kinds, olderThanMs: 0 });
		expect(plan.removes.map(({ kind, bytes }) => [kind, bytes]).sort()).toEqual([
			['orphan', 6],
			['partial', 5],
		]);
		expect(existsSync(dead)).toBe(true);
		expect(await local.prune({ kinds, olderThanMs: 0 })).toMatchObject({ frees_bytes: 11, failed: [] });
		expect([existsSync(dead), existsSync(alive)]).toEqual([false, true]);
		rmSync(alive);
		expect(await local.prune({ kinds: ['revision'], olderThanMs: 0 })).toMatchObject({ frees_bytes: 20 });
		expect((await local.copies('meadow/Two'))[0]?.revisions.map(({ commit }) => commit)).toEqual([b]);
		expect(await failure(local.prune({ kinds, olderThanMs: 0, tools: ['ollama'] }))).toMatchObject({
			code: 'confirmation_required',
		});
		expect(await local.prune({ kinds, olderThanMs: 0, tools: ['ollama'], confirm: true })).toMatchObject({
			frees_bytes: 6,
		});
		expect((await local.copies('base:latest'))[0]?.partial).toBe(false);
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
