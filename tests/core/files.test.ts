// What a path says about a file: kind, risk, quantization and parts of a split file.
import { describe, expect, it } from 'vitest';
import {
	codeRisk,
	fileKind,
	ggufRole,
	isPickle,
	needsRemoteCode,
	quantLabel,
	shardOf,
	weightSets,
} from '#lib/core/files.ts';
import type { ModelFile } from '#lib/core/model.ts';

describe('kind of a file', () => {
	it.each([
		['model.safetensors', 'weights'],
		['model-00001-of-00004.safetensors', 'weights'],
		['model.safetensors.index.json', 'config'],
		['pytorch_model.bin', 'weights'],
		['onnx/model_q4.onnx', 'weights'],
		['onnx/model.onnx_data', 'weights'],
		['openvino/openvino_model.xml', 'weights'],
		['Model.mlpackage/Data/com.apple.CoreML/weights/weight.bin', 'weights'],
		['Q4_K_M/m-Q4_K_M-00001-of-00003.gguf', 'weights'],
		['tokenizer.json', 'tokenizer'],
		['tokenizer_config.json', 'tokenizer'],
		['tokenizer.model.v3', 'tokenizer'],
		['sentencepiece.bpe.model', 'tokenizer'],
		['vocab.txt', 'tokenizer'],
		['merges.txt', 'tokenizer'],
		['qwen.tiktoken', 'tokenizer'],
		['chat_template.jinja', 'template'],
		['additional_chat_templates/tool_use.jinja', 'template'],
		['config.json', 'config'],
		['1_Pooling/config.json', 'config'],
		['params.json', 'config'],
		['modeling_qwen.py', 'code'],
		['handler.py', 'code'],
		['README.md', 'document'],
		['LICENSE', 'document'],
		['notes.txt', 'document'],
		['figures/chart.PNG', 'media'],
		['optimizer.pt', 'training'],
		['training_args.bin', 'training'],
		['checkpoint-500/model.safetensors', 'training'],
		['runs/Nov21/events.out.tfevents.1', 'training'],
		['.gitattributes', 'other'],
	])('%s is %s', (path, kind) => expect(fileKind(path)).toBe(kind));
});

describe('files that can run code', () => {
	it.each(['pytorch_model.bin', 'model.pt', 'a/b.PTH', 'x.ckpt', 'x.pkl', 'x.joblib', 'x.npy', 'training_args.bin'])(
		'%s is a pickle',
		(path) => {
			expect(isPickle(path)).toBe(true);
			expect(codeRisk(path)).toContain('pickle');
		},
	);

	it.each(['model.safetensors', 'm.gguf', 'config.json', 'openvino_model.bin', 'ggml-large-v3.bin', 'model.onnx'])(
		'%s is not',
		(path) => {
			expect(isPickle(path)).toBe(false);
			expect(codeRisk(path)).toBeNull();
		},
	);

	it('programs and Keras files say why', () => {
		expect(codeRisk('modeling_x.py')).toBe('is a program');
		expect(codeRisk('model.keras')).toContain('Lambda layer');
	});

	it('a repository asks for its own code by its tag or by the files that hold it', () => {
		expect(needsRemoteCode(['custom_code'], [])).toBe(true);
		expect(needsRemoteCode([], ['modeling_chatglm.py'])).toBe(true);
		expect(needsRemoteCode([], ['handler.py'])).toBe(true);
		expect(needsRemoteCode(['gguf'], ['scripts/convert.py', 'model.gguf'])).toBe(false);
	});
});

describe('GGUF names', () => {
	it.each([
		['Qwen3-8B-Q4_K_M.gguf', 'Q4_K_M'],
		['Qwen3-8B-UD-Q4_K_XL.gguf', 'UD-Q4_K_XL'],
		['UD-IQ1_S/m-UD-IQ1_S-00001-of-00004.gguf', 'UD-IQ1_S'],
		['llama-3.2-1b-instruct-q8_0.gguf', 'Q8_0'],
		['m.iq4_xs.gguf', 'IQ4_XS'],
		['m-IQ4_NL.gguf', 'IQ4_NL'],
		['m-Q4_0_4_8.gguf', 'Q4_0_4_8'],
		['gpt-oss-20b-mxfp4.gguf', 'MXFP4'],
		['m-MXFP4_MOE.gguf', 'MXFP4_MOE'],
		['m-bf16.gguf', 'BF16'],
		['m-fp16.gguf', 'FP16'],
		['m-f32.gguf', 'F32'],
		['Q6_K/model.gguf', 'Q6_K'],
		['m-Q2_K-requant-Q5_K_S.gguf', 'Q5_K_S'],
		['m-TQ2_0.gguf', 'TQ2_0'],
		['model.gguf', null],
		['model-Q4_K_M.safetensors', null],
	])('%s states %s', (path, label) => expect(quantLabel(path)).toBe(label));

	it.each([
		['m-Q4_K_M.gguf', 'model'],
		['mmproj-model-f16.gguf', 'projector'],
		['Qwen2.5-VL-mmproj-f16.gguf', 'projector'],
		['imatrix.gguf', 'imatrix'],
		['m.imatrix.gguf', 'imatrix'],
		['eagle3-draft.gguf', 'draft'],
		['ggml-vocab-llama-bpe.gguf', 'vocabulary'],
		['model.safetensors', null],
	])('%s is the %s', (path, role) => expect(ggufRole(path)).toBe(role));
});

const file = (path: string, size = 10): ModelFile => ({ path, size, sha256: null, lfs: true });

describe('split files', () => {
	it('reads folder, prefix and numbers', () => {
		expect(shardOf('Q4_K_M/m-Q4_K_M-00002-of-00003.gguf')).toEqual({
			folder: 'Q4_K_M/',
			prefix: 'm-Q4_K_M',
			extension: 'gguf',
			part: 2,
			total: 3,
		});
		expect(shardOf('model-00001-of-000163.safetensors')).toMatchObject({ part: 1, total: 163 });
	});

	it.each(['model.safetensors', 'm-00004-of-00003.gguf', 'm-00000-of-00003.gguf', 'm-1-of-3.gguf', 'm.gguf.part1of2'])(
		'%s is no part of one',
		(path) => expect(shardOf(path)).toBeNull(),
	);

	it('groups parts by folder, prefix, total and extension, and counts what is missing', () => {
		const sets = weightSets([
			file('a-00001-of-00002.safetensors', 5),
			file('a-00002-of-00002.safetensors', 7),
			file('b/a-00001-of-00002.safetensors', 1),
			file('m-Q4_K_M-00001-of-00003.gguf', 3),
			file('mmproj-f16.gguf', 2),
			file('config.json', 99),
			file('optimizer.pt', 99),
		]);
		expect(
			sets.map(({ name, parts, missing, sizeBytes, quant, role }) => [name, parts, missing, sizeBytes, quant, role]),
		).toEqual([
			['a-*.safetensors', 2, 0, 12, null, null],
			['m-Q4_K_M-*.gguf', 3, 2, 3, 'Q4_K_M', 'model'],
			['mmproj-f16.gguf', 1, 0, 2, 'F16', 'projector'],
			['b/a-*.safetensors', 2, 1, 1, null, null],
		]);
	});
});
