// Quantization in all its homes, and the filter choice each of them falls under.
import { describe, expect, it } from 'vitest';
import { normalize } from '#lib/core/characteristics.ts';
import { ggufLabel, ggufOffer } from '#lib/core/gguf-files.ts';
import type { JsonObject, ListingFacts } from '#lib/core/listing.ts';
import { quantizationChoice } from '#lib/core/quantization.ts';
import { bitsOfTypeName } from '#lib/core/quantization-scheme.ts';

const base = { model_type: 'llama', hidden_size: 4096, num_hidden_layers: 32, torch_dtype: 'float16' };

function read(config: JsonObject | null, listing: Partial<ListingFacts> | null = null, id = 'acme/model') {
	const full = listing === null ? null : { id, ...listing };
	return normalize({ id, source: 'hub', revision: null, fetchedAt: '2026-01-01', config, listing: full });
}

/** Method, bits, group size and filter choice of a quantization object under a key. */
function told(quantization: JsonObject, key = 'quantization_config') {
	const c = read({ ...base, [key]: quantization });
	return [c.quantization_method, c.quantization_bits, c.quantization_group_size, quantizationChoice(c)];
}

describe('quantization in a configuration', () => {
	it.each<[string, JsonObject, (string | number | null)[]]>([
		['GPTQ', { quant_method: 'gptq', bits: 4, group_size: 128, desc_act: true }, ['gptq', 4, 128, '4']],
		['GPTQ, one group per row', { quant_method: 'gptq', bits: 3, group_size: -1 }, ['gptq', 3, -1, '3']],
		['GPTQ without a method', { bits: 8, group_size: 32, desc_act: false }, ['gptq', 8, 32, '8']],
		['AWQ', { quant_method: 'awq', bits: 4, group_size: 128, zero_point: true }, ['awq', 4, 128, '4']],
		['AWQ, older keys', { quant_method: 'awq', w_bit: 4, q_group_size: 64 }, ['awq', 4, 64, '4']],
		['bitsandbytes nf4', { load_in_4bit: true, bnb_4bit_quant_type: 'nf4' }, ['bitsandbytes', 4, null, '4']],
		['bitsandbytes int8', { quant_method: 'bitsandbytes', load_in_8bit: true }, ['bitsandbytes', 8, null, '8']],
		['FP8', { quant_method: 'fp8', fmt: 'e4m3', weight_block_size: [128, 128] }, ['fp8', 8, null, '8']],
		['FP8 of FBGEMM', { quant_method: 'fbgemm_fp8', activation_scale_ub: 1200 }, ['fbgemm_fp8', 8, null, '8']],
		['MXFP4', { quant_method: 'mxfp4', modules_to_not_convert: ['lm_head'] }, ['mxfp4', 4, null, '4']],
		['ModelOpt NVFP4', { quant_method: 'modelopt', quant_algo: 'NVFP4' }, ['modelopt', 4, null, '4']],
		['ModelOpt FP8 without a method', { quant_algo: 'FP8', kv_cache_scheme: 'FP8' }, ['fp8', 8, null, '8']],
		['auto-round', { quant_method: 'intel/auto-round', bits: 2, group_size: 32 }, ['auto-round', 2, 32, '2']],
		['EXL2', { quant_method: 'exl2', bits: 4.65, head_bits: 6 }, ['exl2', 4.65, null, '5']],
		['EXL3', { quant_method: 'exl3', bits: 3.5 }, ['exl3', 3.5, null, '3']],
		['BitNet', { quant_method: 'bitnet', linear_class: 'bitlinear' }, ['bitnet', 1.58, null, '2']],
		['HIGGS', { quant_method: 'higgs', bits: 4, group_size: 256 }, ['higgs', 4, 256, '4']],
		['SpQR', { quant_method: 'spqr', bits: 3 }, ['spqr', 3, null, '3']],
		['EETQ', { quant_method: 'eetq', weights: 'int8' }, ['eetq', 8, null, '8']],
		['quanto', { quant_method: 'quanto', weights: 'int2' }, ['quanto', 2, null, '2']],
		['quanto float', { quant_method: 'quanto', weights: 'float8' }, ['quanto', 8, null, '8']],
		[
			'AQLM 1x16',
			{ quant_method: 'aqlm', num_codebooks: 1, nbits_per_codebook: 16, in_group_size: 8, out_group_size: 1 },
			['aqlm', 2, null, '2'],
		],
		[
			'HQQ',
			{ quant_method: 'hqq', quant_config: { weight_quant_params: { nbits: 4, group_size: 64 } } },
			['hqq', 4, 64, '4'],
		],
		[
			'torchao by name',
			{ quant_method: 'torchao', quant_type: 'int4_weight_only', quant_type_kwargs: { group_size: 128 } },
			['torchao', 4, 128, '4'],
		],
		[
			'torchao by class',
			{ quant_method: 'torchao', quant_type: { default: { _type: 'Int8WeightOnlyConfig', _data: {} } } },
			['torchao', 8, null, '8'],
		],
		[
			'VPTQ',
			{
				quant_method: 'vptq',
				config_for_layers: { a: { vector_lens: [-1, 8], num_centroids: [-1, 65536], num_res_centroids: [-1, 256] } },
			},
			['vptq', 3, null, '3'],
		],
		[
			'compressed-tensors W4A16',
			{
				quant_method: 'compressed-tensors',
				format: 'pack-quantized',
				config_groups: { group_0: { weights: { num_bits: 4, type: 'int', group_size: 128 } } },
			},
			['compressed-tensors', 4, 128, '4'],
		],
		['an unknown method', { quant_method: 'Brand-New', bits: 6 }, ['brand-new', 6, null, '6']],
		['an unknown method without bits', { quant_method: 'brand-new' }, ['brand-new', null, null, 'unknown']],
		['nonsense bits', { quant_method: 'gptq', bits: -4, group_size: 'x' }, ['gptq', null, null, 'unknown']],
		['bits as text', { quant_method: 'gptq', bits: '4', group_size: '128' }, ['gptq', 4, 128, '4']],
		['nothing', {}, [null, null, null, 'fp16']],
	])('reads %s', (_name, quantization, expected) => {
		expect(told(quantization)).toEqual(expected);
	});

	it('reads the older home of compressed-tensors, and ModelOpt under the name quantization', () => {
		const groups = { group_0: { weights: { num_bits: 8, type: 'float' } } };
		const old = { quant_method: 'compressed-tensors', config_groups: groups };
		expect(told(old, 'compression_config')).toEqual(['compressed-tensors', 8, null, '8']);
		expect(told({ quant_algo: 'NVFP4', group_size: 16 }, 'quantization')).toEqual(['nvfp4', 4, 16, '4']);
	});

	it('reads it inside of a nested text model', () => {
		const text = { ...base, quantization_config: { quant_method: 'mxfp4' } };
		const c = read({ model_type: 'mistral3', text_config: text });
		expect(c.quantization_method).toBe('mxfp4');
		expect(c.evidence['quantization_method']?.path).toBe('text_config.quantization_config.quant_method');
	});

	it('reads MLX, and tells a recipe with layers at other bits', () => {
		expect(told({ bits: 4, group_size: 64 }, 'quantization')).toEqual(['mlx', 4, 64, '4']);
		const layers = { 'model.embed_tokens': { bits: 6, group_size: 64 }, 'model.layers.0.mlp.gate': false };
		const c = read({ ...base, quantization: { bits: 3, group_size: 64, mode: 'affine', ...layers } });
		expect(c.quantization_bits).toBe(3);
		expect(c.warnings.join(' ')).toMatch(/Mixed recipe: 3-bit in general.*\b6\b.*1 layers are not quantized/);
	});

	it('counts the layers of a mixed ModelOpt recipe and says so', () => {
		const layer = (algo: string) => ({ quant_algo: algo });
		const quantized_layers = { a: layer('NVFP4'), b: layer('NVFP4'), c: layer('FP8') };
		const c = read({ ...base, quantization_config: { quant_algo: 'MIXED_PRECISION', quantized_layers } });
		expect(c.quantization_bits).toBe(4);
		expect(c.warnings.join(' ')).toMatch(/4-bit \(2\), 8-bit \(1\)/);
	});

	it('lists two homes that disagree and keeps the one MLX reads', () => {
		const homes = { quantization: { bits: 4, group_size: 64 }, quantization_config: { bits: 8, group_size: 64 } };
		const c = read({ ...base, ...homes });
		expect(c.quantization_bits).toBe(4);
		expect(c.conflicts).toEqual([
			{
				field: 'quantization_bits',
				chosen: 4,
				claims: [
					{ value: 4, file: 'config.json', path: 'quantization.bits' },
					{ value: 8, file: 'config.json', path: 'quantization_config.bits' },
				],
			},
		]);
	});

	it('names the key and the rule for every fact', () => {
		const c = read({ ...base, quantization_config: { load_in_4bit: true, bnb_4bit_quant_type: 'nf4' } });
		expect(c.evidence['quantization_bits']).toEqual({
			file: 'config.json',
			path: 'quantization_config.load_in_4bit',
			rule: '4-bit loading, type nf4',
		});
	});
});

describe('quantization told by list fields and names', () => {
	it("reads the Hub's excerpt, then tags", () => {
		const excerpt = { model_type: 'llama', quantization_config: { bits: 4, quant_method: 'awq' } };
		expect(read(null, { config: excerpt })).toMatchObject({ quantization_method: 'awq', quantization_bits: 4 });
		const tagged = read(null, { tags: ['transformers', 'gptq', '8-bit'] });
		expect(tagged).toMatchObject({ quantization_method: 'gptq', quantization_bits: 8 });
		expect(tagged.evidence['quantization_bits']).toEqual({ file: 'hub listing', path: 'tags', rule: 'Hub tag' });
		const mlx = { library_name: 'mlx', config: { model_type: 'llama', quantization_config: { bits: 4 } } };
		expect(read(null, mlx)).toMatchObject({ quantization_method: 'mlx', quantization_bits: 4 });
	});

	it('guesses from the name only when nothing else says it, and warns', () => {
		const c = read({ ...base }, null, 'TheBloke/Wizard-Vicuna-30B-GPTQ');
		expect(c.quantization_method).toBe('gptq');
		expect(quantizationChoice(c)).toBe('unknown');
		expect(c.evidence['quantization_method']?.rule).toMatch(/guess/);
		expect(c.warnings.join(' ')).toMatch(/Nothing but the repository's name/);
		expect(read({ ...base }, null, 'acme/gptqish-model').quantization_method).toBeNull();
		expect(read({ ...base }, null, 'x/Model-AWQ-INT4')).toMatchObject({
			quantization_method: 'awq',
			quantization_bits: 4,
		});
	});

	it('takes the GGUF file that llama.cpp takes, and tells what else there is', () => {
		const siblings = ['README.md', 'm-Q8_0.gguf', 'm-Q2_K.gguf', 'm-Q4_K_M.gguf', 'mmproj-m-F16.gguf'];
		const c = read({ model_type: 'llama' }, { siblings, tags: ['gguf'] });
		expect(c).toMatchObject({ quantization_method: 'gguf', quantization_bits: 4, num_hidden_layers: null });
		expect(c.evidence['quantization_bits']).toMatchObject({ file: 'hub listing', path: 'siblings: m-Q4_K_M.gguf' });
		expect(c.warnings.join(' ')).toMatch(/2, 4, 8 bits/);
	});

	it('does not call a 16-bit GGUF file quantized', () => {
		const c = read(null, { siblings: ['m-BF16.gguf'] });
		expect(c).toMatchObject({ quantization_method: null, dtype: 'bfloat16' });
		expect(quantizationChoice(c)).toBe('fp16');
	});

	it('keeps the facts of the safetensors files where a GGUF copy lies beside them', () => {
		const siblings = ['model.safetensors', 'm-Q4_K_M.gguf'];
		expect(read({ ...base }, { siblings, tags: ['gguf'] }).quantization_method).toBeNull();
	});

	it('knows a GGUF repository without its file names, with the label of its name', () => {
		expect(read(null, { gguf: { total: 8_000_000_000 } })).toMatchObject({
			quantization_method: 'gguf',
			quantization_bits: null,
		});
		expect(read(null, { tags: ['gguf'] }, 'me/Model-Q5_K_M-GGUF').quantization_bits).toBe(5);
	});
});

describe('GGUF names', () => {
	it.each([
		['model-Q4_K_M.gguf', 'Q4_K_M', 4],
		['model.IQ3_XXS.gguf', 'IQ3_XXS', 3],
		['UD-Q2_K_XL/m-UD-Q2_K_XL-00001-of-00003.gguf', 'UD-Q2_K_XL', 2],
		['m-f16.gguf', 'F16', 16],
		['m-TQ1_0.gguf', 'TQ1_0', 1.69],
		['gpt-oss-20b-MXFP4.gguf', 'MXFP4', 4],
	])('reads %s', (name, label, bits) => {
		expect(ggufLabel(name)).toEqual({ label, bits });
	});

	it('finds no label in ordinary names', () => {
		expect(ggufLabel('Qwen2-7B.gguf')).toBeNull();
		expect(ggufOffer(['mmproj-F16.gguf', 'imatrix.gguf'])).toBeNull();
	});
});

describe('quantizationChoice', () => {
	const choice = (bits: number | null, method: string | null, dtype: string | null) =>
		quantizationChoice({ quantization_bits: bits, quantization_method: method, dtype });

	it.each([
		[1.58, '2'],
		[2.5, '2'],
		[3.5, '3'],
		[4.5, '4'],
		[4.65, '5'],
		[5.5, '5'],
		[6.5, '6'],
		[7, '6'],
		[7.5, '8'],
		[8, '8'],
		[16, 'other'],
	])('puts %d bits under %s', (bits, expected) => {
		expect(choice(bits, 'exl2', 'float16')).toBe(expected);
	});

	it('means by fp16 "not quantized and 16-bit"', () => {
		expect(choice(null, null, 'bfloat16')).toBe('fp16');
		expect(choice(null, null, 'float16')).toBe('fp16');
		expect(choice(16, 'hqq', 'float16')).toBe('other');
		expect(choice(null, 'awq', 'float16')).toBe('unknown');
		expect(choice(null, null, 'float32')).toBe('other');
		expect(choice(null, null, 'float8_e4m3fn')).toBe('8');
		expect(choice(null, null, null)).toBe('unknown');
	});
});

describe('dtype', () => {
	it.each([
		[{ torch_dtype: 'torch.bfloat16' }, 'bfloat16'],
		[{ dtype: 'fp16' }, 'float16'],
		[{ torch_dtype: 'auto' }, null],
		[{ torch_dtype: { a: 1 } }, null],
	])('reads %j', (config: JsonObject, dtype) => {
		expect(read({ model_type: 'llama', hidden_size: 64, ...config }).dtype).toBe(dtype);
	});

	it('falls back to the nested model, then to what is stored', () => {
		const nested = { model_type: 'mistral3', text_config: { model_type: 'mistral', dtype: 'bfloat16' } };
		expect(read(nested).evidence['dtype']?.path).toBe('text_config.dtype');
		const stored = { safetensors: { parameters: { F32: 10, BF16: 990 }, total: 1000 } };
		expect(read(null, stored)).toMatchObject({ dtype: 'bfloat16' });
		expect(read(null, { safetensors: { parameters: { I32: 10, F16: 2 }, total: 12 } }).dtype).toBeNull();
	});

	it('finds bits in type names', () => {
		expect(['int4', 'float8_e4m3fn', 'nf4', 'Int4WeightOnlyConfig', 'fp8', 'w'].map(bitsOfTypeName)).toEqual([
			4,
			8,
			4,
			4,
			8,
			null,
		]);
	});
});
