// What is found on this machine in the caches of Hugging Face and Ollama: what they share, and what is half there.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { xetLeftovers } from '#lib/server/inventory/xet-folder.ts';
import { temporaryFolder } from '../support/folder.ts';
import { writeGguf } from '../support/gguf-writer.ts';
import { cacheModel } from '../support/hub-cache.ts';
import { ollamaModel, put, sha256 } from '../support/local-stores.ts';
import { copiesIn } from '../support/shelf.ts';

const a = 'a'.repeat(40);
const b = 'b'.repeat(40);
const config = '{"model_type":"llama"}';
const weights = 'weights'.repeat(20);
const gguf = writeGguf({ keys: { 'general.architecture': 'llama' }, tensors: [] });

describe('the Hugging Face cache', () => {
	it.each([
		['links', 162, 162],
		['files', 162, 162],
		['shared', 162, 162],
	] as const)('is counted in the layout with %s', async (layout, size, unique) => {
		const root = temporaryFolder();
		cacheModel(root, {
			id: 'meadow/Model',
			commit: a,
			files: { 'config.json': config, 'model.safetensors': weights },
			layout,
		});
		const { copies } = await copiesIn('huggingface', root);
		expect(copies).toHaveLength(1);
		expect(copies[0]).toMatchObject({
			id: 'meadow/Model',
			revision: a,
			size_bytes: size,
			unique_bytes: unique,
			partial: false,
		});
		expect(copies[0]?.revisions).toMatchObject([{ commit: a, refs: ['main'], files: 2, missing: [] }]);
		expect(copies[0]?.last_used).toMatch(/^\d{4}-/);
	});

	it('counts what revisions share once, and tells what each alone holds', async () => {
		const root = temporaryFolder();
		cacheModel(root, {
			id: 'meadow/Two',
			commit: a,
			files: { 'config.json': config, 'model.safetensors': weights },
			refs: [],
			age: 9,
		});
		cacheModel(root, {
			id: 'meadow/Two',
			commit: b,
			files: { 'config.json': '{"model_type":"qwen2"}', 'model.safetensors': weights },
		});
		const [copy] = (await copiesIn('huggingface', root)).copies;
		expect(copy?.size_bytes).toBe(140 + 22 + 22);
		expect(copy?.revisions.map(({ commit, unique_bytes }) => [commit, unique_bytes])).toEqual([
			[b, 22],
			[a, 22],
		]);
	});

	it('knows payloads that several models share, and whose they are not any more', async () => {
		const root = temporaryFolder();
		const files = { 'model.safetensors': weights };
		cacheModel(root, { id: 'meadow/One', commit: a, files, layout: 'shared' });
		cacheModel(root, { id: 'meadow/Other', commit: a, files, layout: 'shared' });
		const { copies, roots } = await copiesIn('huggingface', root);
		expect(copies.map(({ size_bytes, unique_bytes }) => [size_bytes, unique_bytes])).toEqual([
			[140, 0],
			[140, 0],
		]);
		expect(roots[0]?.leftovers).toEqual([]);
		for (const name of ['models--meadow--One', 'models--meadow--Other']) rmSync(join(root, name), { recursive: true });
		const after = await copiesIn('huggingface', root);
		expect(after.copies).toEqual([]);
		expect(after.roots[0]?.leftovers).toMatchObject([{ kind: 'orphan', bytes: 140 }]);
	});

	it('tells partial downloads, files nobody names, and missing parts', async () => {
		const root = temporaryFolder();
		const folder = cacheModel(root, {
			id: 'meadow/Half',
			commit: a,
			files: { 'config.json': config, 'model-00001-of-00002.safetensors': weights },
		});
		put(join(folder, 'blobs', `${'c'.repeat(64)}.12345678.incomplete`), 'half');
		put(join(folder, 'blobs', 'd'.repeat(64)), 'orphan');
		const [copy] = (await copiesIn('huggingface', root)).copies;
		expect(copy?.partial).toBe(true);
		expect(copy?.revisions[0]?.missing).toHaveLength(1);
		expect(copy?.leftovers.map(({ kind, bytes }) => [kind, bytes]).sort()).toEqual([
			['orphan', 6],
			['partial', 4],
		]);
		expect(copy?.unique_bytes).toBe(162 + 10);
	});

	it('tells from the list of the commit that the weights never came', async () => {
		const root = temporaryFolder();
		const folder = cacheModel(root, { id: 'meadow/Config', commit: a, files: { 'config.json': config } });
		put(
			join(folder, 'trees', `${a}.json`),
			JSON.stringify({ format_version: 1, files: { 'config.json': {}, 'model.safetensors': {} } }),
		);
		const [copy] = (await copiesIn('huggingface', root)).copies;
		expect([copy?.partial, copy?.revisions[0]?.missing]).toEqual([true, ['model.safetensors']]);
	});

	it('lets alone what the transfer library keeps, and tells its size', () => {
		const folder = temporaryFolder();
		put(join(folder, 'https___huggingface_co-x', 'chunk-cache', 'ab', 'piece'), 'x'.repeat(50));
		put(join(folder, 'logs', 'a.log'), 'x'.repeat(5));
		expect(xetLeftovers(folder).map(({ bytes, kind }) => [kind, bytes])).toEqual([
			['cache', 50],
			['cache', 5],
		]);
		expect(xetLeftovers(join(folder, 'nowhere'))).toEqual([]);
	});
});

describe('Ollama', () => {
	it('is read by its manifests: names, shared blobs, hashes, and no model that runs elsewhere', async () => {
		const root = temporaryFolder();
		const layers = { license: 'MIT', template: '{{ .Prompt }}' };
		ollamaModel(root, { address: 'registry.ollama.ai/library/llama3.2/1b', weights: gguf, layers });
		ollamaModel(root, {
			address: 'registry.ollama.ai/someone/tuned/latest',
			weights: gguf,
			layers: { system: 'Be kind.' },
		});
		ollamaModel(root, { address: 'hf.co/shelf/Small-GGUF/Q4_K_M', weights: 'other' });
		ollamaModel(root, {
			address: 'registry.ollama.ai/library/cloud/latest',
			weights: '',
			config: { remote_host: 'https://x' },
		});
		const { copies } = await copiesIn('ollama', root);
		expect(copies.map(({ id, name }) => [id, name])).toEqual([
			['shelf/Small-GGUF', 'hf.co/shelf/Small-GGUF:Q4_K_M'],
			['ollama.local/llama3.2-1b', 'llama3.2:1b'],
			['ollama.local/someone-tuned', 'someone/tuned:latest'],
		]);
		const tuned = copies[2];
		expect(tuned?.size_bytes).toBeGreaterThan(gguf.length);
		expect(tuned?.unique_bytes).toBe('Be kind.'.length);
		expect(copies[1]?.files).toContainEqual({
			path: 'llama3.2-1b.gguf',
			size: gguf.length,
			sha256: sha256(gguf),
			lfs: true,
		});
	});

	it('says what is broken or half there, and what no manifest names', async () => {
		const root = temporaryFolder();
		ollamaModel(root, { address: 'registry.ollama.ai/library/half/latest', weights: gguf, gone: true });
		put(join(root, 'blobs', `sha256-${'e'.repeat(64)}`), 'nobody');
		put(join(root, 'blobs', `sha256-${'f'.repeat(64)}-partial`), 'begun');
		const first = await copiesIn('ollama', root);
		expect(first.copies).toMatchObject([{ id: 'ollama.local/half', partial: true, broken: null }]);
		expect(first.roots[0]?.leftovers.map(({ kind }) => kind).sort()).toEqual(['orphan', 'partial']);
		put(join(root, 'manifests', 'registry.ollama.ai', 'library', 'bad', 'latest'), '{');
		const then = await copiesIn('ollama', root);
		expect(then.copies.map(({ broken }) => broken)).toContain('its manifest cannot be read');
		expect(then.roots[0]?.leftovers).toEqual([]); // the broken manifest may name any of them
	});
});
