// What is refused before any runtime opens it: weights that reach elsewhere, sizes that lie, files that are no models.
import { linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Inventory } from '#lib/server/inventory.ts';
import { ModelPlaces } from '#lib/server/engine/places.ts';
import { temporaryFolder } from '../support/folder.ts';
import { cacheModel } from '../support/hub-cache.ts';
import { bytes, Graph, number, tensor, types } from '../support/onnx-writer.ts';
import { engineFor } from '../support/engines.ts';
import { putModel, type ModelFiles } from '../support/tiny-graph.ts';
import { embeddingModel, pairModel } from '../support/tiny-onnx.ts';

const weights = Float32Array.of(1, 2, 3, 4);

/** A model whose only weights lie where `external` says. */
function outside(external: Record<string, string>, dims: readonly number[] = [4]): ModelFiles {
	const graph = new Graph();
	graph.input('input_ids', types.int64, ['batch', 'tokens']);
	graph.raw(tensor('far', null, { dims, external }));
	graph.output('last_hidden_state', 'far', [4]);
	return { ...embeddingModel(), 'onnx/model.onnx': graph.model() };
}

async function find(files: ModelFiles, change: (folder: string) => void = () => {}) {
	const folder = putModel(join(temporaryFolder(), 'model'), files);
	writeFileSync(join(folder, '..', 'canary'), 'canary-content-1');
	change(folder);
	const places = new ModelPlaces({ cache: '/nowhere', inventory: { files: async () => null }, stores: [] });
	return places.find(folder, { allowFolder: true });
}

const beside = (folder: string) => join(folder, 'onnx', 'model.onnx_data');
const good = { location: 'model.onnx_data', offset: '0', length: '16' };

describe('weights outside of the file', () => {
	it('are taken from a plain file beside it', async () => {
		const place = await find(outside(good), (folder) => writeFileSync(beside(folder), weights));
		expect(place).toMatchObject({ hasExternal: true, dtype: 'fp32', kind: 'embedding' });
	});

	it.each([
		['a folder above', { ...good, location: '../../canary' }],
		['an absolute path', { ...good, location: '/etc/hostname' }],
		['a hidden file', { ...good, location: '.env' }],
		['a folder below', { ...good, location: 'x/y' }],
		['nothing', { ...good, location: '' }],
		['a place that is no number', { ...good, offset: '1e3' }],
		['a length that its shape contradicts', { ...good, length: '999999' }],
	])('[S55] are refused from %s', async (_, external) => {
		const found = find(outside(external), (folder) => writeFileSync(beside(folder), weights));
		await expect(found).rejects.toMatchObject({ code: 'invalid_onnx', status: 422 });
		await expect(found).rejects.not.toThrow(/canary/);
	});

	it.each([
		['a link out of the folder', (folder: string) => symlinkSync(join(folder, '..', 'canary'), beside(folder))],
		['a hard link', (folder: string) => linkSync(join(folder, '..', 'canary'), beside(folder))],
		['a short file', (folder: string) => writeFileSync(beside(folder), 'short')],
		['no file', () => {}],
		['a folder', (folder: string) => mkdirSync(beside(folder))],
		[
			'a linked folder',
			(folder: string) => {
				const other = temporaryFolder();
				putModel(other, {
					'model.onnx': outside(good)['onnx/model.onnx'] ?? '',
					'model.onnx_data': 'canary-content-1',
				});
				rmSync(join(folder, 'onnx'), { recursive: true });
				symlinkSync(other, join(folder, 'onnx'));
			},
		],
	])('[S55] are refused when there is %s', async (_, change) => {
		await expect(find(outside(good), change)).rejects.toMatchObject({ code: 'invalid_onnx' });
	});
});

describe('an ONNX file', () => {
	const plain = embeddingModel()['onnx/model.onnx'];
	const whole = typeof plain === 'string' || plain === undefined ? new Uint8Array() : plain;
	const sparse = bytes(
		7,
		bytes(15, bytes(1, tensor('s', null, { dims: [4], external: { location: '../../canary' } }))),
	);
	it.each([
		['empty', new Uint8Array()],
		['garbage', Uint8Array.from({ length: 5000 }, (_, at) => (at * 7919) % 256)],
		['cut off', whole.subarray(0, whole.length - 100)],
		['without a graph', number(1, 8)],
		['with a tensor of 2^40 numbers', bytes(7, bytes(5, tensor('t', weights, { dims: [2 ** 20, 2 ** 20] })))],
		['with a tensor of another size than its shape', bytes(7, bytes(5, tensor('t', weights, { dims: [5] })))],
		['with sparse weights elsewhere', sparse],
		[
			'nested without end',
			Array.from({ length: 60 }).reduce<Uint8Array>((inner) => bytes(1, bytes(5, bytes(6, inner))), new Uint8Array()),
		],
	])('[S55] is refused when it is %s', async (name, content) => {
		const file = name === 'nested without end' ? bytes(7, content) : content;
		await expect(find({ ...embeddingModel(), 'onnx/model.onnx': file })).rejects.toMatchObject({
			code: 'invalid_onnx',
		});
	});

	it('[S55] that only the runtime can tell is broken fails in the child and nowhere else', async () => {
		const graph = new Graph();
		graph.input('input_ids', types.int64, ['batch', 'tokens']);
		graph.output('last_hidden_state', graph.node('NoSuchOperation', ['input_ids']), ['batch']);
		const engine = await engineFor({ ...embeddingModel(), 'onnx/model.onnx': graph.model() });
		await expect(engine.load()).rejects.toMatchObject({ code: 'unsupported_model', status: 422 });
		expect(engine.pid).toBeNull();
	});
});

describe('a model', () => {
	it('is refused when it does not say which output is entailment', async () => {
		await expect(find(pairModel({ labels: { 0: 'LABEL_0', 1: 'LABEL_1' } }))).rejects.toMatchObject({
			code: 'invalid_labels',
		});
	});

	it('is found in the Hugging Face cache, whose files are links inside of it', async () => {
		const cache = temporaryFolder();
		const commit = 'c'.repeat(40);
		cacheModel(cache, {
			id: 'Xenova/multilingual-e5-small',
			commit,
			files: embeddingModel({ pooling: null, weights: 'onnx/model_quantized.onnx' }),
		});
		const places = new ModelPlaces({ cache, inventory: new Inventory({ root: cache }), stores: [] });
		for (const name of ['multilingual-e5-small', 'Xenova/multilingual-e5-small', 'intfloat/multilingual-e5-small']) {
			expect(await places.find(name)).toMatchObject({
				revision: commit,
				dtype: 'q8',
				prefix: 'query: ',
				pooling: 'mean',
				warnings: [],
			});
		}
		await expect(places.find('multilingual-e5-small', { dtype: 'fp16' })).rejects.toThrow(
			/no fp16 files, only q8.*model download Xenova/,
		);
		await expect(places.find(cache)).rejects.toMatchObject({ code: 'model_not_installed' });
	});
});
