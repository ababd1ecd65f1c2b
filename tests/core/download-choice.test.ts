// What a person can choose before a download: whole sets of weights, each with what loaders read beside it.
import { describe, expect, it } from 'vitest';
import { offersOf, orderedFiles } from '#lib/core/download-choice.ts';
import type { ModelFile } from '#lib/core/model.ts';

const file = (path: string, size: number): ModelFile => ({ path, size, sha256: null, lfs: false });

describe('offersOf', () => {
	it('names each GGUF label once, largest first, without projectors and broken sets', () => {
		const files = [
			file('m-Q4_K_M.gguf', 40),
			file('m-Q8_0.gguf', 80),
			file('mmproj-m-F16.gguf', 9),
			file('m-F16-00001-of-00002.gguf', 100),
		];
		expect(offersOf(files)).toEqual([
			{ name: 'm-Q8_0.gguf', quant: 'Q8_0', bytes: 80, files: [] },
			{ name: 'm-Q4_K_M.gguf', quant: 'Q4_K_M', bytes: 40, files: [] },
		]);
	});

	it('orders other weights with their companions, so that the order comes to the very same files', () => {
		const files = [file('config.json', 1), file('model.safetensors', 50), file('onnx/model.onnx', 30)];
		const offers = offersOf(files);
		expect(offers.map(({ name, files: named }) => [name, named])).toEqual([
			['model.safetensors', ['config.json', 'model.safetensors']],
			['onnx/model.onnx', ['config.json', 'onnx/model.onnx']],
		]);
		const wish = { model_id: 'a/b', files: offers[1]?.files ?? [], exclude: [], quant: null, allow_unsafe: false };
		expect(orderedFiles(files, wish).files.map(({ path }) => path)).toEqual(['config.json', 'onnx/model.onnx']);
	});
});
