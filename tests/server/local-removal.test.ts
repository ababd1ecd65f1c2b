// Taking models off this machine: what goes, what stays because others need it, and what is asked first.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/folder.ts';
import { blobName, cacheModel } from '../support/hub-cache.ts';
import { a, config, failure, gguf, machine, weights } from '../support/local-rig.ts';
import { ollamaModel, put, sha256 } from '../support/local-stores.ts';

const b = 'b'.repeat(40);

/** Everything below a folder. */
const tree = (folder: string) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();

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
