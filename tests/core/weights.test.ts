// Weights in bytes: every way of storing them against the sizes of real files, and what is said to be unknown.
import { describe, expect, it } from 'vitest';
import { normalize } from '#lib/core/characteristics.ts';
import type { JsonObject, ListingFacts } from '#lib/core/listing.ts';
import type { FitFacts } from '#lib/core/model.ts';
import { ggufMixes } from '#lib/core/tables/gguf-mixes.ts';
import { bitsOfType, estimateWeights, storedBytes, usualParts, type WeightSubject } from '#lib/core/weights.ts';
import { modelFacts } from '../support/model-facts.ts';

interface Facts {
	config?: Record<string, unknown>;
	listing?: Partial<ListingFacts>;
	id?: string;
}

function shapesOf(start: string): Record<string, unknown> {
	const found = modelFacts.find(({ id }) => id.startsWith(start));
	if (found === undefined) throw new Error(`no fact about ${start}`);
	return found.config;
}

function fitOf({ config, listing, id = 'org/model' }: Facts): FitFacts | null {
	const read = normalize({
		id,
		source: 'hub',
		revision: null,
		fetchedAt: '2026-11-01',
		config: config === undefined ? null : JSON.stringify(config),
		listing: listing === undefined ? null : { id, ...listing },
	});
	return read.fit;
}

const llama = { ...shapesOf('meta-llama/Llama-3.1-8B'), architectures: ['LlamaForCausalLM'], torch_dtype: 'bfloat16' };
const oss = { ...shapesOf('openai/gpt-oss-20b'), architectures: ['GptOssForCausalLM'], torch_dtype: 'bfloat16' };
const qwen = {
	model_type: 'qwen2',
	architectures: ['Qwen2ForCausalLM'],
	...{ hidden_size: 3584, num_hidden_layers: 28, num_attention_heads: 28, num_key_value_heads: 4 },
	...{ intermediate_size: 18944, vocab_size: 152064, tie_word_embeddings: false, torch_dtype: 'float16' },
};
const nf4 = { load_in_4bit: true, bnb_4bit_quant_type: 'nf4', quant_method: 'bitsandbytes' };
const groups = (weights: JsonObject) => ({
	quant_method: 'compressed-tensors',
	config_groups: { group_0: { weights } },
	ignore: ['lm_head'],
});

describe('weights by configuration', () => {
	// Sizes in GB (10⁹ bytes) as the files of these repositories add up, to the digits their listings show.
	it.each<[string, Record<string, unknown>, JsonObject | null, number]>([
		['Llama 3.1 8B in bf16', llama, null, 16.06],
		['its AWQ copy', llama, { quant_method: 'awq', bits: 4, group_size: 128, zero_point: true }, 5.73],
		['its nf4 copy with double quantization', llama, { ...nf4, bnb_4bit_use_double_quant: true }, 5.7],
		['gpt-oss-20b in mxfp4', oss, { quant_method: 'mxfp4', modules_to_not_convert: ['model.embed_tokens'] }, 13.76],
		['Qwen2.5 7B in GPTQ', qwen, { quant_method: 'gptq', bits: 4, group_size: 128, desc_act: false }, 5.58],
	])('%s', (_what, config, quantization, gigabytes) => {
		const written = quantization === null ? config : { ...config, quantization_config: quantization };
		const fit = fitOf({ config: written });
		const bytes = fit?.weights_bytes ?? NaN;
		expect(Math.abs(bytes / 1e9 - gigabytes)).toBeLessThan(gigabytes * 0.006);
		expect(fit?.weights_band).toBeLessThanOrEqual(0.02);
	});

	it('counts MLX with scales and biases, embedding included', () => {
		const at = (quantization: JsonObject) => (fitOf({ config: { ...llama, quantization } })?.weights_bytes ?? 0) / 1e9;
		expect(at({ bits: 4, group_size: 64 })).toBeCloseTo(4.52, 2);
		expect(at({ bits: 4, group_size: 32 })).toBeCloseTo(5.02, 2);
		expect(at({ bits: 8, group_size: 64 })).toBeCloseTo(8.53, 2);
		expect(at({ bits: 4, group_size: 32, mode: 'mxfp4' })).toBeCloseTo(4.27, 2);
		expect(at({ bits: 4, group_size: 16, mode: 'nvfp4' })).toBeCloseTo(4.52, 2);
	});

	// Llama 3.1 8B: 1,050,673,152 weights of embedding and output in 16 bits, the other 6,979,588,096 as the method says.
	it.each<[string, JsonObject, number]>([
		['bitsandbytes 8-bit', { quant_method: 'bitsandbytes', load_in_8bit: true }, 8],
		['nf4 without double quantization', nf4, 4.5],
		['fp8 per tensor', { quant_method: 'fbgemm_fp8' }, 8],
		['fp8 in blocks', { quant_method: 'fp8', weight_block_size: [128, 128] }, 8 + 32 / 16_384],
		['GPTQ 3-bit', { quant_method: 'gptq', bits: 3, group_size: 128, desc_act: true }, 3 + 19 / 128],
		['GPTQ 8-bit', { quant_method: 'gptq', bits: 8, group_size: 128, desc_act: true }, 8 + 24 / 128],
		['GPTQ in groups of 32', { quant_method: 'gptq', bits: 4, group_size: 32, desc_act: true }, 4 + 20 / 32],
		['one group per row', { quant_method: 'gptq', bits: 4, group_size: -1, desc_act: true }, 4],
		['AutoRound', { quant_method: 'auto-round', bits: 4, group_size: 128 }, 4 + 20 / 128],
		['W4A16', groups({ num_bits: 4, group_size: 128, symmetric: true, type: 'int' }), 4.125],
		['W4A16 with zero points', groups({ num_bits: 4, group_size: 128, symmetric: false, type: 'int' }), 4 + 20 / 128],
		['int8 per channel', groups({ num_bits: 8, strategy: 'channel', symmetric: true, type: 'int' }), 8],
		['fp8 by compressed-tensors', groups({ num_bits: 8, strategy: 'tensor', type: 'float' }), 8],
		['NVFP4 by compressed-tensors', { ...groups({ num_bits: 4, type: 'float' }), format: 'nvfp4-pack-quantized' }, 4.5],
		[
			'MXFP4 by compressed-tensors',
			{ ...groups({ num_bits: 4, type: 'float' }), format: 'mxfp4-pack-quantized' },
			4.25,
		],
		['NVFP4 by ModelOpt', { quant_method: 'modelopt', quant_algo: 'NVFP4', exclude_modules: ['lm_head'] }, 4.5],
		['FP8 by ModelOpt', { quant_method: 'modelopt', quant_algo: 'FP8', exclude_modules: ['lm_head'] }, 8],
		['INT4 AWQ by ModelOpt', { quant_method: 'modelopt', quant_algo: 'W4A16_AWQ', group_size: 128 }, 4.125],
		['HQQ', { quant_method: 'hqq', quant_config: { weight_quant_params: { nbits: 4, group_size: 64 } } }, 4.5],
		['torchao int8', { quant_method: 'torchao', quant_type: 'int8_weight_only' }, 8],
		['EETQ', { quant_method: 'eetq' }, 8],
		['BitNet packed', { quant_method: 'bitnet' }, 2],
	])('%s costs its bits per weight, scales included', (_what, quantization, bits) => {
		const fit = fitOf({ config: { ...llama, quantization_config: quantization } });
		const wanted = 1_050_673_152 * 2 + (6_979_588_096 * bits) / 8;
		expect(Math.abs((fit?.weights_bytes ?? 0) - wanted)).toBeLessThan(2);
	});

	it('gives the head of ExLlama its own bits', () => {
		const quantization_config = { quant_method: 'exl2', bits: 4.65, head_bits: 8 };
		const wanted = 525_336_576 * 2 + 525_336_576 + (6_979_588_096 * 4.65) / 8;
		expect(fitOf({ config: { ...llama, quantization_config } })?.weights_bytes).toBe(Math.round(wanted));
	});

	it('widens the band where some layers have other bits', () => {
		const plain = { bits: 4, group_size: 64 };
		const mixed = { ...plain, 'model.layers.0.self_attn.v_proj': { bits: 8, group_size: 64 } };
		const band = (quantization: JsonObject) => fitOf({ config: { ...llama, quantization } })?.weights_band ?? 0;
		expect(band(mixed)).toBeGreaterThan(band(plain) + 0.1);
	});

	it('reads only what works on a token: experts at rest and the looked-up embedding stay out', () => {
		const dense = fitOf({ config: llama });
		expect(dense?.active_bytes).toBe((8_030_261_248 - 525_336_576) * 2);
		const sparse = fitOf({ config: oss });
		expect((sparse?.active_bytes ?? 0) / 2).toBeCloseTo(3_608_000_000, -8);
	});

	it('is unknown without a type, without bits and with a tower nobody can count', () => {
		const { torch_dtype: _type, ...typeless } = llama;
		expect(fitOf({ config: typeless })?.weights_bytes).toBeNull();
		const aqlm = { quant_method: 'aqlm' };
		expect(fitOf({ config: { ...llama, quantization_config: aqlm } })?.weights_bytes).toBeNull();
		const tower = {
			model_type: 'brand_new_vl',
			text_config: llama,
			vision_config: { width: 7 },
			torch_dtype: 'bfloat16',
		};
		expect(fitOf({ config: tower })?.weights_bytes ?? null).toBeNull();
		expect(fitOf({})).toBeNull();
	});
});

describe('GGUF files', () => {
	const shapes = (total: number, embed: number, tied: boolean, hidden = 4096): Partial<WeightSubject> => ({
		total,
		hidden,
		parts: { embed, head: tied ? 0 : embed, experts: 0, other: total - embed * (tied ? 1 : 2), vision: 0 },
		resting: 0,
	});
	const bitsPerWeight = (part: Partial<WeightSubject>, label: string) => {
		const none = { method: 'gguf', bits: 4, group: null, dtype: null, config: null };
		const estimate = estimateWeights({
			total: null,
			parts: null,
			resting: null,
			hidden: null,
			...none,
			...part,
			label,
		});
		return ((estimate?.bytes ?? NaN) * 8) / (part.total ?? NaN);
	};
	const small = shapes(1_235_814_400, 262_668_288, true, 2048);
	const medium = shapes(3_212_749_824, 394_002_432, true, 3072);
	const large = shapes(70_553_706_496, 1_050_673_152, false, 8192);
	const odd = shapes(494_032_768, 136_134_656, true, 896);

	// Whole files of Llama 3.2 1B and 3B, Llama 3.1 70B and Qwen2.5 0.5B, by the rules of llama.cpp's quantization.
	it.each<[string, number, number, number, number]>([
		['Q2_K', 3.71, 3.38, 2.99, 5.39],
		['IQ2_XXS', 2.84, 2.51, 2.17, 5.11],
		['Q3_K_M', 4.42, 4.18, 3.89, 5.66],
		['IQ4_XS', 4.76, 4.54, 4.3, 5.56],
		['Q4_0', 4.95, 4.77, 4.55, 5.62],
		['Q4_K_S', 4.97, 4.78, 4.57, 6.14],
		['Q4_K_M', 5.18, 5.01, 4.82, 6.34],
		['Q5_K_M', 5.85, 5.76, 5.66, 6.71],
		['Q6_K', 6.56, 6.56, 6.56, 8.09],
		['Q8_0', 8.5, 8.5, 8.5, 8.5],
	])('%s comes to its size for models of every size', (label, one, three, seventy, half) => {
		for (const [part, wanted] of [
			[small, one],
			[medium, three],
			[large, seventy],
		] as const) {
			expect(Math.abs(bitsPerWeight(part, label) / wanted - 1)).toBeLessThan(0.03);
		}
		expect(Math.abs(bitsPerWeight(odd, label) / half - 1)).toBeLessThan(0.08);
	});

	it('is exact for the model the mixes were stated for', () => {
		const part = shapes(8_030_261_248, 525_336_576, false);
		for (const [label, { whole }] of Object.entries(ggufMixes)) {
			expect(bitsPerWeight(part, label)).toBeCloseTo(whole, 3);
		}
	});

	it('reads the size out of the list fields of a repository: the file that is taken by default', () => {
		const gguf = { total: 8_030_261_632, architecture: 'llama', context_length: 131_072 };
		const siblings = ['a-Q8_0.gguf', 'a-Q4_K_M.gguf', 'a-Q2_K.gguf'];
		const fit = fitOf({ listing: { siblings, gguf, tags: ['gguf'] } });
		expect(Math.abs((fit?.weights_bytes ?? 0) / 4.92e9 - 1)).toBeLessThan(0.02);
		expect(fit?.kv_bytes_per_token).toBeNull();
		const unnamed = fitOf({ listing: { siblings: ['model.gguf'], gguf, tags: ['gguf'] } });
		expect(unnamed?.weights_bytes ?? null).toBeNull();
	});

	it('leaves 12 GB to gpt-oss-20b in MXFP4', () => {
		const { total } = modelFacts.find(({ id }) => id === 'openai/gpt-oss-20b') ?? { total: 0 };
		const experts = 19_110_000_000;
		const embed = 579_133_440;
		const parts = { embed, head: embed, experts, other: total - experts - 2 * embed, vision: 0 };
		expect((bitsPerWeight({ total, parts, resting: 0, hidden: 2880 }, 'MXFP4') * total) / 8 / 1e9).toBeCloseTo(12.1, 1);
	});
});

describe('stored elements', () => {
	const listing = (parameters: Record<string, number>): ListingFacts => ({
		id: 'a/b',
		safetensors: { parameters, total: Object.values(parameters).reduce((sum, count) => sum + count, 0) },
	});

	it('are bytes where the types are plain', () => {
		expect(storedBytes(listing({ BF16: 8_030_261_248 }))?.bytes).toBe(16_060_522_496);
		expect(storedBytes(listing({ F8_E4M3: 1000, BF16: 100, F32: 10 }))?.bytes).toBe(1240);
		expect(storedBytes(listing({ F32: 109_482_240, I64: 512 }))?.bytes).toBe(437_928_960 + 4096);
	});

	it('are none where integers may be packed or counted unpacked, and for types nobody knows', () => {
		expect(storedBytes(listing({ I32: 100, F16: 10 }))).toBeNull();
		expect(storedBytes(listing({ U8: 100, BF16: 10 }))).toBeNull();
		expect(storedBytes(listing({ Q4: 100 }))).toBeNull();
		expect(storedBytes(null)).toBeNull();
	});

	it('win over shapes', () => {
		const fit = fitOf({ config: llama, listing: listing({ BF16: 8_030_263_296 }) });
		expect(fit?.weights_bytes).toBe(16_060_526_592);
		expect(fit?.active_bytes).toBeLessThan(16_060_526_592);
	});
});

describe('what is not known in full', () => {
	it('takes the parts as usual and says so with a wider band', () => {
		for (const total of [5e8, 1.5e9, 3e9, 8e9, 3.2e10, 7e10, 6e11]) {
			const parts = usualParts(total);
			expect(parts.embed + parts.head + parts.other).toBeCloseTo(total, -2);
		}
		const listing = { tags: ['awq', '4-bit'], safetensors: { parameters: { I32: 9e8, F16: 1e9 }, total: 1.9e9 } };
		const fit = fitOf({ id: 'org/Some-8B-AWQ', listing });
		expect(fit?.weights_bytes).toBeGreaterThan(5e9);
		expect(fit?.weights_bytes).toBeLessThan(6.5e9);
		expect(fit?.weights_band).toBeGreaterThan(0.08);
	});

	it('takes most of a mixture for experts where only those are quantized', () => {
		const listing = { tags: ['mxfp4'], safetensors: { parameters: { U8: 1.2e10, BF16: 1e9 }, total: 1.3e10 } };
		const fit = fitOf({ id: 'org/Mixture-20B-mxfp4', listing });
		expect((fit?.weights_bytes ?? 0) / 1e9).toBeGreaterThan(10.6);
		expect((fit?.weights_bytes ?? 0) / 1e9).toBeLessThan(16);
	});

	it('knows number types by every spelling', () => {
		for (const [name, bits] of [
			['torch.nothing', null],
			['bfloat16', 16],
			['F16', 16],
			['float32', 32],
			['F8_E4M3', 8],
			['float8_e4m3fn', 8],
			['BOOL', 8],
			['I64', 64],
			['uint8', 8],
		] as const) {
			expect([name, bitsOfType(name)]).toEqual([name, bits]);
		}
	});
});
