// Folders whose weights no runtime here reads: what they are is said, and what would work.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Inventory } from '#lib/server/inventory.ts';
import { ModelPlaces } from '#lib/server/engine/places.ts';
import { findLlama } from '#lib/server/engine/runtime-library.ts';
import { engineRoom } from '../support/engine-room.ts';
import { temporaryFolder } from '../support/folder.ts';
import { cacheModel } from '../support/hub-cache.ts';
import { putModel, type ModelFiles } from '../support/tiny-graph.ts';
import { embeddingModel } from '../support/tiny-onnx.ts';
import { rankingGguf, tinyGguf } from '../support/tiny-gguf.ts';

const places = (cache = '/nowhere') =>
	new ModelPlaces({ cache, inventory: new Inventory({ root: cache }), stores: [] });

function find(files: ModelFiles, dtype: string | null = null) {
	return places().find(putModel(join(temporaryFolder(), 'model'), files), { allowFolder: true, dtype });
}

/** Is llama.cpp's package here? Then nothing is missing that could be told. */
function hasLlama(): boolean {
	try {
		return findLlama('/nowhere') !== '';
	} catch {
		return false;
	}
}

const config = JSON.stringify({ model_type: 'bert', architectures: ['BertModel'] });

describe('a folder of GGUF files', () => {
	const gguf = { 'tiny-Q8_0.gguf': tinyGguf(), 'tiny-Q4_K_M.gguf': tinyGguf(), 'mmproj-tiny.gguf': 'no model' };

	it('is a model of the quantization asked for, else of the one llama.cpp takes', async () => {
		const usual = { runtime: 'llama', kind: 'instruction', fileName: 'tiny-Q4_K_M.gguf', dtype: 'q4_k_m' };
		expect(await find(gguf)).toMatchObject({
			...usual,
			dtypes: expect.arrayContaining(['q4_k_m', 'q8_0']),
			maxTokens: 512,
		});
		expect(await find(gguf, 'Q8_0')).toMatchObject({ fileName: 'tiny-Q8_0.gguf', dtype: 'q8_0' });
		await expect(find(gguf, 'q6_k')).rejects.toThrow(/it has no q6_k files, only q[48]_\w+, q[48]_\w+/);
		await expect(find(gguf, 'small')).rejects.toMatchObject({ code: 'usage' });
		expect(await find({ 'v.gguf': tinyGguf({ pools: true }) })).toMatchObject({ kind: 'embedding', dtype: 'gguf' });
		const ranks = { kind: 'reranker', runtime: 'llama', labels: null, maxTokens: 1024 };
		expect(await find({ 'r.gguf': rankingGguf(2048) })).toMatchObject(ranks);
	});

	it('leaves a model to its ONNX files where it has both', async () => {
		expect(await find({ ...embeddingModel(), ...gguf })).toMatchObject({ runtime: 'onnx', dtype: 'fp32' });
		expect(await find({ ...embeddingModel(), ...gguf }, 'q8_0')).toMatchObject({ runtime: 'llama' });
	});

	it('is found by one of its files, and in the cache, where they are links', async () => {
		const cache = temporaryFolder();
		cacheModel(cache, {
			id: 'org/tiny-GGUF',
			commit: 'a'.repeat(40),
			files: { 'tiny-Q8_0.gguf': Buffer.from(tinyGguf()) },
		});
		const place = await places(cache).find('org/tiny-GGUF');
		expect(place).toMatchObject({ runtime: 'llama', revision: 'a'.repeat(40), dtype: 'q8_0' });
		const named = await places().find(join(place.folder, place.fileName), { allowFolder: true });
		expect(named).toMatchObject({ runtime: 'llama', fileName: 'tiny-Q8_0.gguf', dtype: 'q8_0' });
	});

	it('is refused when a header lies or parts are missing', async () => {
		const cut = tinyGguf().subarray(0, 200);
		await expect(find({ 'x.gguf': cut })).rejects.toMatchObject({ code: 'invalid_gguf' });
		await expect(find({ 'x-00001-of-00002.gguf': tinyGguf() })).rejects.toMatchObject({ code: 'unsupported_model' });
	});

	it.runIf(!hasLlama())('says what would run it where llama.cpp is not installed', async () => {
		const home = temporaryFolder();
		const folder = putModel(join(home, 'model'), gguf);
		const room = engineRoom({ models: {} });
		const refused = room.engines.acquire(folder, { allowFolder: true });
		await expect(refused).rejects.toMatchObject({ code: 'engine_missing', exitCode: 10 });
		await expect(refused).rejects.toThrow(/^Its weights are GGUF, which Ollama, LM Studio and a llama\.cpp server run/);
		await expect(refused).rejects.toThrow(/npm install --ignore-scripts --omit=optional --prefix \S+ node-llama-cpp@3/);
		await expect(room.engines.check(folder, { allowFolder: true })).rejects.toMatchObject({ code: 'engine_missing' });
	});

	it('runs the package from the data folder', () => {
		const home = temporaryFolder();
		const inside = join(home, 'engines/node_modules/node-llama-cpp');
		mkdirSync(inside, { recursive: true });
		writeFileSync(
			join(inside, 'package.json'),
			JSON.stringify({ name: 'node-llama-cpp', type: 'module', exports: './main.js' }),
		);
		writeFileSync(join(inside, 'main.js'), '');
		expect(findLlama(home)).toMatch(/^file:.*engines\/node_modules\/node-llama-cpp\/main\.js$/);
	});
});

describe('a folder of other weights', () => {
	it('says of which form they are', async () => {
		const safe = find({ 'config.json': config, 'model.safetensors': 'x', 'tokenizer.json': '{}' });
		await expect(safe).rejects.toMatchObject({ code: 'unsupported_model' });
		await expect(safe).rejects.toThrow(/holds its weights as safetensors; models are run here from ONNX or GGUF files/);
		await expect(find({ 'config.json': config, 'pytorch_model.bin': 'x' })).rejects.toThrow(/as PyTorch/);
	});

	it('names the repository that has the right files where one is known', async () => {
		const cache = temporaryFolder();
		const files = { 'config.json': config, 'model.safetensors': 'x' };
		cacheModel(cache, { id: 'BAAI/bge-m3', commit: 'b'.repeat(40), files });
		await expect(places(cache).find('bge-m3')).rejects.toThrow('modeldex model download Xenova/bge-m3');
	});

	it('is not here when it holds no weights at all', async () => {
		await expect(find({ 'config.json': config })).rejects.toMatchObject({ code: 'model_not_installed' });
	});
});
