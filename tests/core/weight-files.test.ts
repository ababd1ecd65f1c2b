// Which files are the model: one format, one copy, one quantization, all of its parts.
import { describe, expect, it } from 'vitest';
import type { ModelFile } from '#lib/core/model.ts';
import { chooseFiles } from '#lib/core/weight-files.ts';

const files = (sizes: Record<string, number>): ModelFile[] =>
	Object.entries(sizes).map(([path, size]) => ({ path, size, sha256: null, lfs: true }));

const chosen = (sizes: Record<string, number>, quant: string | null = null) => chooseFiles(files(sizes), quant);

describe('chooseFiles', () => {
	it('takes safetensors and not the pickles beside them, nor other forms of the model', () => {
		const found = chosen({
			'model-00001-of-00002.safetensors': 5,
			'model-00002-of-00002.safetensors': 7,
			'pytorch_model-00001-of-00001.bin': 12,
			'consolidated.safetensors': 13,
			'original/consolidated.00.pth': 12,
			'onnx/model.onnx': 12,
			'tf_model.h5': 12,
			'config.json': 1,
		});
		expect(found).toMatchObject({ format: 'safetensors', name: 'model-*.safetensors', bytes: 12, projectorBytes: 0 });
	});

	it('takes pickles where there is nothing better, in numbered series too', () => {
		expect(chosen({ 'pytorch_model.bin': 8, 'training_args.bin': 1 })).toMatchObject({ format: 'pickle', bytes: 8 });
		expect(chosen({ 'consolidated.00.pth': 8, 'consolidated.01.pth': 9 })).toMatchObject({ bytes: 17 });
	});

	it('takes one precision of several copies', () => {
		expect(chosen({ 'model.safetensors': 10, 'model.fp16.safetensors': 5 })?.bytes).toBe(10);
	});

	it('takes the GGUF file that llama.cpp takes, with the 16-bit projector', () => {
		const sizes = {
			'm-Q8_0.gguf': 80,
			'm-Q4_K_M.gguf': 49,
			'm-Q2_K.gguf': 30,
			'mmproj-m-F32.gguf': 16,
			'mmproj-m-F16.gguf': 8,
			'mmproj-m-Q8_0.gguf': 4,
			'imatrix.gguf': 3,
		};
		expect(chosen(sizes)).toMatchObject({ format: 'gguf', bytes: 49, projectorBytes: 8, quant: 'Q4_K_M' });
		expect(chosen(sizes, 'q8_0')).toMatchObject({ bytes: 80, quant: 'Q8_0' });
		expect(chosen(sizes, 'Q5_K_M')).toBeNull();
		expect(chosen({ 'b-Q6_K.gguf': 6, 'a-Q8_0.gguf': 8 })).toMatchObject({ quant: 'Q8_0' });
	});

	it('adds up the parts of a split GGUF file in its folder', () => {
		const sizes = {
			'Q4_K_M/m-Q4_K_M-00001-of-00002.gguf': 40,
			'Q4_K_M/m-Q4_K_M-00002-of-00002.gguf': 3,
			'Q8_0/m-Q8_0-00001-of-00002.gguf': 40,
		};
		expect(chosen(sizes)).toMatchObject({ bytes: 43, quant: 'Q4_K_M' });
	});

	it('adds up the folders of a pipeline', () => {
		const sizes = {
			'unet/diffusion_pytorch_model.safetensors': 30,
			'unet/diffusion_pytorch_model.fp16.safetensors': 15,
			'vae/diffusion_pytorch_model.safetensors': 3,
			'text_encoder/model.safetensors': 5,
		};
		expect(chosen(sizes)).toMatchObject({ bytes: 38, parts: 3, name: '3 folders' });
	});

	it('adds the data of an ONNX graph to it', () => {
		const sizes = { 'onnx/model.onnx': 1, 'onnx/model.onnx_data': 20, 'onnx/model_q4.onnx': 6 };
		expect(chosen(sizes)).toMatchObject({ format: 'onnx', bytes: 21 });
	});

	it.each([
		['nothing', {}],
		['an adapter', { 'adapter_model.safetensors': 10 }],
		['missing parts', { 'model-00001-of-00002.safetensors': 5 }],
		['a projector alone', { 'mmproj-F16.gguf': 5 }],
		['empty files', { 'model.safetensors': 0 }],
	])('is none for %s', (_what, sizes) => expect(chosen(sizes)).toBeNull());
});
