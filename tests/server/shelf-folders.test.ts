// What is found on this machine in folders of other tools, and what changed since the last look.
import {
	appendFileSync,
	linkSync,
	mkdirSync,
	readdirSync,
	rmSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/folder.ts';
import { writeGguf } from '../support/gguf-writer.ts';
import { blobName, cacheModel } from '../support/hub-cache.ts';
import { large, llamaFile, put, sha256 } from '../support/local-stores.ts';
import { copiesIn, shelfOf } from '../support/shelf.ts';

const a = 'a'.repeat(40);
const b = 'b'.repeat(40);
const config = '{"model_type":"llama"}';
const weights = 'weights'.repeat(20);
const gguf = writeGguf({ keys: { 'general.architecture': 'llama' }, tensors: [] });

describe('folders of other tools', () => {
	it('LM Studio: publisher and model are the id, projectors are companions, links are not followed', async () => {
		const root = temporaryFolder();
		put(join(root, 'shelf', 'Model-GGUF', 'Model-Q4_K_M.gguf'), gguf);
		put(join(root, 'shelf', 'Model-GGUF', 'mmproj-Model.gguf'), 'eyes');
		put(
			join(root, 'mlx-community', 'Model-4bit', 'config.json'),
			'{"model_type":"llama","quantization":{"bits":4,"group_size":64}}',
		);
		put(join(root, 'mlx-community', 'Model-4bit', 'model.safetensors'), weights);
		symlinkSync(temporaryFolder(), join(root, 'shelf', 'Elsewhere'));
		const { copies } = await copiesIn('lmstudio', root);
		expect(copies.map(({ id, broken }) => [id, broken])).toEqual([
			['mlx-community/Model-4bit', null],
			['shelf/Elsewhere', 'it is a link'],
			['shelf/Model-GGUF', null],
		]);
	});

	it('llama.cpp: flat names lead back to the repository, with the hash that was noted', async () => {
		const root = temporaryFolder();
		llamaFile(root, { repo: 'shelf/Model-GGUF', file: 'Model-Q8_0.gguf', body: gguf });
		put(join(root, 'lonely.gguf'), 'x');
		put(join(root, 'more.gguf.downloadInProgress'), 'half');
		const { copies, roots } = await copiesIn('llamacpp', root);
		expect(copies.map(({ id }) => id).sort()).toEqual(['llamacpp.local/lonely', 'shelf/Model-GGUF']);
		expect(copies.find(({ id }) => id === 'shelf/Model-GGUF')?.files[0]?.sha256).toBe(sha256(gguf));
		expect(roots[0]?.leftovers).toMatchObject([{ kind: 'partial', bytes: 4 }]);
	});

	it('llama.cpp: a cache in the layout of the Hub is read as one', async () => {
		const root = temporaryFolder();
		cacheModel(root, { id: 'shelf/New-GGUF', commit: a, files: { 'New-Q4_K_M.gguf': gguf } });
		expect((await copiesIn('llamacpp', root)).copies).toMatchObject([
			{ id: 'shelf/New-GGUF', revision: a, tool: 'llamacpp' },
		]);
	});

	it('a download into a folder keeps its commit, and hashes of files that are not newer', async () => {
		const root = temporaryFolder();
		const folder = join(root, 'mine');
		const notes = join(folder, '.cache', 'huggingface', 'download');
		put(join(folder, 'config.json'), config);
		put(join(folder, 'model.safetensors'), weights);
		put(join(notes, 'config.json.metadata'), `${a}\n${'1'.repeat(40)}\n${Date.now() / 1000}\n`);
		put(join(notes, 'model.safetensors.metadata'), `${a}\n${sha256(weights)}\n${Date.now() / 1000}\n`);
		put(join(notes, 'x.incomplete'), 'half');
		const [copy] = (await copiesIn('folder', root)).copies;
		expect(copy).toMatchObject({ id: 'folder.local/mine', revision: a, partial: true });
		expect(copy?.files).toContainEqual({ path: 'model.safetensors', size: 140, sha256: sha256(weights), lfs: true });
		const now = new Date(Date.now() + 60_000);
		utimesSync(join(folder, 'model.safetensors'), now, now);
		expect((await copiesIn('folder', root)).copies[0]?.files[1]?.sha256).toBeNull();
	});

	it('GGUF files side by side are models of their own, the parts of a split one together', async () => {
		const root = temporaryFolder();
		for (const name of ['one.gguf', 'big-00001-of-00002.gguf', 'big-00002-of-00002.gguf']) put(join(root, name), name);
		const { copies } = await copiesIn('folder', root);
		expect(copies.map(({ id, files }) => [id, files.length]).sort()).toEqual([
			['folder.local/big', 2],
			['folder.local/one', 1],
		]);
	});

	it('counts hard links between tools once, and as freed by neither alone', async () => {
		const [cache, studio] = [temporaryFolder(), temporaryFolder()];
		const body = large('w');
		const folder = cacheModel(cache, { id: 'shelf/Model', commit: a, files: { 'model.safetensors': body } });
		mkdirSync(join(studio, 'shelf', 'Model'), { recursive: true });
		linkSync(
			join(folder, 'blobs', blobName('model.safetensors', body)),
			join(studio, 'shelf', 'Model', 'model.safetensors'),
		);
		const { held } = await shelfOf([
			{ tool: 'huggingface', path: cache },
			{ tool: 'lmstudio', path: studio },
		]).look();
		expect(held.map(({ copy }) => [copy.tool, copy.size_bytes, copy.unique_bytes])).toEqual([
			['huggingface', body.length, 0],
			['lmstudio', body.length, 0],
		]);
	});
});

describe('looking again', () => {
	const settle = (root: string) => {
		const then = new Date(Date.now() - 3_600_000);
		for (const path of ['', ...readdirSync(root, { recursive: true, encoding: 'utf8' })])
			utimesSync(join(root, path), then, then);
	};

	it('gives the same look while nothing changed, and a new one when a file came', async () => {
		const root = temporaryFolder();
		const folder = cacheModel(root, {
			id: 'meadow/Model',
			commit: a,
			files: { 'config.json': config },
			layout: 'files',
		});
		put(join(root, 'models--meadow--Other', 'snapshots', b, 'config.json'), config);
		settle(root);
		const shelf = shelfOf([{ tool: 'huggingface', path: root }]);
		const first = await shelf.look();
		expect(await shelf.look()).toBe(first);
		writeFileSync(join(folder, 'snapshots', a, 'model.safetensors'), weights);
		const second = await shelf.look();
		expect(second).not.toBe(first);
		expect(second.held[0]?.copy.files).toHaveLength(2);
		expect(second.held[1]?.copy.files).toEqual(first.held[1]?.copy.files);
		rmSync(folder, { recursive: true });
		expect((await shelf.look()).held.map(({ copy }) => copy.id)).toEqual(['meadow/Other']);
	});

	it('reads again what is being written, and everything when asked', async () => {
		const root = temporaryFolder();
		const folder = cacheModel(root, {
			id: 'meadow/Grows',
			commit: a,
			files: { 'config.json': config },
			layout: 'files',
		});
		const part = put(join(folder, 'blobs', `${'c'.repeat(64)}.incomplete`), 'x');
		settle(root);
		const shelf = shelfOf([{ tool: 'huggingface', path: root }]);
		const bytes = async () => (await shelf.look()).held[0]?.copy.leftovers[0]?.bytes;
		expect(await bytes()).toBe(1);
		appendFileSync(part, 'yz');
		expect(await bytes()).toBe(3);
		rmSync(part);
		settle(root);
		await shelf.look();
		const place = join(folder, 'snapshots', a, 'config.json');
		writeFileSync(place, '{"model_type":"longer than before"}');
		const whole = await shelf.look({ isWhole: true });
		expect(whole.held[0]?.copy.size_bytes).toBe(35);
	});
});
