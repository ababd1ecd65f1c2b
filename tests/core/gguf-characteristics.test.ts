// Characteristics from GGUF headers: sizes and counts of known models, with the file's own keys as evidence.
import { describe, expect, it } from 'vitest';
import { matchModelType, unknownFamily } from '#lib/core/architecture.ts';
import { characteristicsSchema } from '#lib/core/model.ts';
import { ggufArchitectures } from '#lib/core/tables/gguf-architectures.ts';
import { headerOf, keysOf, mixture, pretended } from '../support/gguf-models.ts';
import { read } from '../support/gguf-reading.ts';
import type { GgufWritten } from '../support/gguf-writer.ts';
import { seeded } from '../support/seeded.ts';

const llama3 = {
	context_length: 131_072,
	block_count: 32,
	embedding_length: 4096,
	feed_forward_length: 14_336,
	'attention.head_count': 32,
	'attention.head_count_kv': 8,
	'rope.freq_base': { type: 'f32', value: 500_000 },
	vocab_size: 128_256,
} as const;

describe('characteristics of a GGUF header', () => {
	it('are those of a config.json, with the keys of the file as evidence', async () => {
		const c = read(await headerOf(keysOf('llama', llama3, { 'general.file_type': 15 })));
		expect(characteristicsSchema.parse(c)).toEqual(c);
		expect(c).toMatchObject({
			config_status: 'missing',
			model_type: 'llama',
			architectures: null,
			architecture_family: 'Llama',
			classification: 'gen',
			max_position_embeddings: 131_072,
			context_window: 131_072,
			sliding_window: null,
			num_hidden_layers: 32,
			hidden_size: 4096,
			intermediate_size: 14_336,
			vocab_size: 128_256,
			num_attention_heads: 32,
			num_key_value_heads: 8,
			head_dim: 128,
			num_experts: null,
			quantization_method: 'gguf',
			quantization_bits: 4,
			dtype: null,
			kv_cache_bytes_per_token: 131_072,
			kv_cache_fixed_bytes: 0,
			warnings: [],
			conflicts: [],
		});
		const file = 'model-Q4_K_M.gguf';
		expect(c.evidence).toMatchObject({
			model_type: { file, path: 'general.architecture' },
			architecture_family: { file, path: 'general.architecture' },
			context_window: { file, path: 'llama.context_length', rule: 'position limit as given' },
			num_key_value_heads: { file, path: 'llama.attention.head_count_kv', rule: 'as written' },
			head_dim: { file, path: 'llama.embedding_length', rule: 'hidden_size / num_attention_heads' },
			quantization_bits: { file, path: 'general.file_type', rule: '15 means Q4_K_M' },
			kv_cache_bytes_per_token: { file, rule: '16-bit cache as in llama.cpp: 32 × full attention.' },
		});
		const filled = Object.values(c.evidence).filter(({ rule }) => /default of/.test(rule));
		expect(filled).toEqual([]);
	});

	it('count the weights of a mixture one by one, and those that work on a token', async () => {
		const c = read(await pretended(mixture), { file: 'Qwen3-30B-A3B-Q4_K_M.gguf' });
		const experts = 48 * 3 * 2048 * 768 * 128;
		expect(c.parameters).toEqual({
			total: 30_532_122_624,
			active: 30_532_122_624 - (experts * 120) / 128 - 2048 * 151_936,
			source: 'gguf',
		});
		expect(c).toMatchObject({ num_experts: 128, num_experts_per_token: 8, kv_cache_bytes_per_token: 98_304 });
		expect(c.evidence['parameters']).toMatchObject({ path: 'tensors', rule: 'the weights of 579 tensors' });
		expect(c.evidence['vocab_size']).toMatchObject({ rule: 'the number of tokens in the file' });
	});

	it('say so when the Hub counted something else', async () => {
		const listing = { id: 'org/model-GGUF', gguf: { total: 100 } };
		const c = read(await pretended(mixture), { listing });
		expect(c.conflicts).toMatchObject([
			{
				field: 'parameters',
				chosen: 30_532_122_624,
				claims: [{ path: 'tensors' }, { value: 100, path: 'gguf.total' }],
			},
		]);
	});

	it('leave the count to the listing while parts of a split file were not read', async () => {
		const split = { 'split.count': { type: 'u16', value: 2 }, 'split.no': { type: 'u16', value: 0 } } as const;
		const first = await pretended({ ...mixture, keys: { ...mixture.keys, ...split } });
		const second = await pretended({
			keys: { ...split, 'split.no': { type: 'u16', value: 1 } },
			tensors: [{ name: 'blk.47.extra.weight', dims: [1000] }],
		});
		const listing = { id: 'org/model-GGUF', gguf: { total: 31e9 } };
		expect(read(first, { listing }).parameters).toEqual({ total: 31e9, active: null, source: 'gguf' });
		expect(read(first, { others: [second] }).parameters.total).toBe(30_532_123_624);
	});
});

describe('what the file is', () => {
	it('is an encoder when it pools, whatever its architecture', async () => {
		const c = read(await headerOf(keysOf('qwen3', { pooling_type: 3 })));
		expect(c).toMatchObject({ classification: 'encoder', confidence: 'high', architecture_family: 'Qwen' });
		expect(c.evidence['classification']).toMatchObject({ path: 'qwen3.pooling_type' });
	});

	it.each([
		['a projector', { 'general.architecture': 'clip', 'general.type': 'mmproj' }, 'general.type'],
		['an older projector', { 'general.architecture': 'clip' }, 'general.architecture'],
		['an adapter', { 'general.architecture': 'llama', 'general.type': 'adapter' }, 'general.type'],
	])('is no model when it is %s', async (_name, keys, path) => {
		const c = read(await headerOf(keys));
		expect(c.classification).toBe('unknown');
		expect(c.evidence['classification']?.path).toBe(path);
		expect(c.warnings.join(' ')).toMatch(/^The file is an? /);
	});

	it('is not known when the header names no architecture', async () => {
		const c = read(await headerOf({ 'llama.block_count': 4 }), { file: 'x.gguf' });
		expect(c).toMatchObject({ model_type: null, num_hidden_layers: null, architecture_family: unknownFamily });
		expect(c.warnings).toContain('The header names no architecture, so that its other keys have no meaning.');
	});

	it('has a context that llama.cpp gives, with a word on what scaling would give', async () => {
		const scaled = {
			context_length: 32_768,
			'rope.scaling.type': 'yarn',
			'rope.scaling.factor': { type: 'f32', value: 4 },
			'rope.scaling.original_context_length': 32_768,
		} as const;
		const c = read(await headerOf(keysOf('qwen2', scaled)));
		expect(c.context_window).toBe(32_768);
		expect(c.warnings).toEqual([
			'The header names yarn rope scaling up to 131,072 tokens; llama.cpp gives 32,768 unless it is asked for more.',
		]);
	});

	it('leaves layers that only predict further tokens out', async () => {
		const c = read(await headerOf(keysOf('glm4moe', { block_count: 47, nextn_predict_layers: 1 })));
		expect(c.num_hidden_layers).toBe(46);
		expect(c.evidence['num_hidden_layers']).toEqual({
			file: 'model-Q4_K_M.gguf',
			path: 'glm4moe.block_count',
			rule: 'as written, less 1 that predict further tokens',
		});
	});

	it('warns in the words of the file', async () => {
		const c = read(await headerOf(keysOf('llama', { feed_forward_length: [1, 2, 3], context_length: 2 ** 31 })));
		expect(c.warnings).toContain(
			'llama.feed_forward_length differs from layer to layer, so there is no single intermediate_size.',
		);
	});
});

const storage: [name: string, keys: Record<string, GgufWritten>, file: string, tensors: string | null, is: object][] = [
	['the header', { 'general.file_type': 7 }, 'model.gguf', null, { quantization_method: 'gguf', quantization_bits: 8 }],
	['a guess in the header', { 'general.file_type': 1024 + 18 }, 'model.gguf', null, { quantization_bits: 6 }],
	['bfloat16', { 'general.file_type': 32 }, 'model.gguf', null, { quantization_method: null, dtype: 'bfloat16' }],
	['float32', { 'general.file_type': 0 }, 'model.gguf', null, { quantization_method: null, dtype: 'float32' }],
	['the name', {}, 'model-IQ3_XXS.gguf', null, { quantization_method: 'gguf', quantization_bits: 3 }],
	['the tensors', {}, 'model.gguf', 'Q5_K', { quantization_method: 'gguf', quantization_bits: 5 }],
	[
		'the name, when the tensors agree with it',
		{ 'general.file_type': 10 },
		'model-UD-IQ1_S.gguf',
		'IQ1_S',
		{ quantization_bits: 1 },
	],
	['the header, when they do not', { 'general.file_type': 15 }, 'model-Q8_0.gguf', 'Q4_K', { quantization_bits: 4 }],
	['nobody', {}, 'model.gguf', null, { quantization_method: 'gguf', quantization_bits: null }],
];

describe('how the weights are stored', () => {
	it.each(storage)('is told by %s', async (_name, keys, file, type, is) => {
		const tensors = type === null ? [] : [{ name: 'a', dims: [256, 4], type }];
		const listing = { id: 'org/model-GGUF', tags: ['gguf'] };
		const header = await pretended({ keys: { 'general.architecture': 'llama', ...keys }, tensors });
		expect(read(header, { file, listing })).toMatchObject(is);
	});

	it('is a conflict when the name and the header disagree', async () => {
		const header = await headerOf({ 'general.architecture': 'llama', 'general.file_type': 15 });
		expect(read(header, { file: 'model-Q8_0.gguf' }).conflicts).toEqual([
			{
				field: 'quantization_bits',
				chosen: 4,
				claims: [
					{ value: 4, file: 'model-Q8_0.gguf', path: 'general.file_type' },
					{ value: 'Q8_0', file: 'model-Q8_0.gguf', path: 'name' },
				],
			},
		]);
	});
});

describe('the table of architectures', () => {
	it('leads every name to a model type that has a family', () => {
		const lost = Object.entries(ggufArchitectures).filter(([name, { type = name }]) => matchModelType(type) === null);
		expect(lost).toEqual([]);
	});

	it('leads every name it translates to a type of the family table', () => {
		const types = Object.values(ggufArchitectures).flatMap(({ type }) => type ?? []);
		expect(types.filter((type) => matchModelType(type)?.exact !== true)).toEqual([]);
	});
});

describe('a hostile header', () => {
	it('of any kind makes a record, in 2,000 of them', async () => {
		const random = seeded(20_261_122);
		const below = (limit: number) => Math.floor(random() * limit);
		const architectures = ['llama', 'gemma3', 'jamba', 'deepseek2', 'qwen3next', 'mamba', '__proto__', 'clip', ''];
		const words = ['context_length', 'block_count', 'embedding_length', 'attention.head_count', 'expert_count'];
		words.push(
			'attention.head_count_kv',
			'attention.key_length',
			'attention.sliding_window',
			'vocab_size',
			'pooling_type',
		);
		words.push('attention.sliding_window_pattern', 'full_attention_interval', 'ssm.state_size', 'ssm.conv_kernel');
		words.push('ssm.inner_size', 'nextn_predict_layers', 'attention.shared_kv_layers', 'rope.scaling.factor');
		const values: (() => GgufWritten)[] = [
			() => below(200),
			() => below(2 ** 31),
			() => 0,
			() => 'words',
			() => true,
			() => ({ type: 'f64', value: [NaN, Infinity, -1.5, 1e308][below(4)] ?? 0 }),
			() => ({ type: 'i64', value: -(2n ** 63n) }),
			() => ({ type: 'u64', value: 2n ** 64n - 1n }),
			() => Array.from({ length: below(300) }, () => below(9) - 2),
			() => ['a', 'b'],
		];
		const anything = (): GgufWritten => values[below(values.length)]?.() ?? 0;
		for (let round = 0; round < 2000; round += 1) {
			const architecture = architectures[below(architectures.length)] ?? '';
			const own = Object.fromEntries(words.filter(() => random() < 0.7).map((word) => [word, anything()]));
			const general = { 'general.file_type': anything(), 'general.type': anything(), 'split.count': anything() };
			const c = read(await headerOf(keysOf(architecture, own, random() < 0.3 ? general : {})));
			expect(characteristicsSchema.safeParse(c).success).toBe(true);
			for (const figure of [c.kv_cache_bytes_per_token, c.kv_cache_fixed_bytes, c.num_hidden_layers, c.context_window])
				expect(
					figure === null || (Number.isSafeInteger(figure) && figure >= 0),
					`header ${round} gives ${figure}`,
				).toBe(true);
		}
	});
});
