// The normalizer on one file: six reference models, sizes under every name, nonsense, and evidence for each fact.
import { describe, expect, it } from 'vitest';
import { normalize, type NormalizeInput } from '#lib/core/characteristics.ts';
import type { JsonObject } from '#lib/core/listing.ts';
import { characteristicsSchema, type ModelCharacteristics } from '#lib/core/model.ts';
import { quantizationChoice } from '#lib/core/quantization.ts';
import { mlxModels } from '../support/mlx-configs.ts';
import { processorMs } from '../support/processor-time.ts';

function read(config: NormalizeInput['config'], more: Partial<NormalizeInput> = {}) {
	return normalize({ id: 'a/b', source: 'hub', revision: null, fetchedAt: '2026-01-01', config, ...more });
}

/** Facts that are not null and have no evidence; there must be none. */
function withoutEvidence(c: ModelCharacteristics): string[] {
	const about = new Set([
		'id',
		'source',
		'revision',
		'fetched_at',
		'config_status',
		'evidence',
		'conflicts',
		'warnings',
	]);
	return Object.entries(c).flatMap(([field, value]) => {
		const isKnown = field === 'parameters' ? c.parameters.total !== null : value !== null;
		return about.has(field) || !isKnown || c.evidence[field] !== undefined ? [] : [field];
	});
}

describe('six models in 4-bit MLX', () => {
	it.each(mlxModels)('$id', ({ id, config, facts }) => {
		const c = read(JSON.stringify(config), { id });
		expect(c).toMatchObject({
			config_status: 'ok',
			classification: 'gen',
			confidence: 'high',
			use_cache: true,
			...facts,
		});
		expect(c.is_multimodal).toBe(facts['multimodal_type'] !== undefined);
		expect(quantizationChoice(c)).toBe('4');
		expect(c.parameters).toMatchObject({ source: 'config' });
		expect(c.kv_cache_bytes_per_token).toBeGreaterThan(0);
		expect(c.conflicts).toEqual([]);
		expect(withoutEvidence(c)).toEqual([]);
		expect(() => characteristicsSchema.parse(c)).not.toThrow();
	});
});

describe('sizes', () => {
	const names: (keyof ModelCharacteristics)[] = [
		'num_hidden_layers',
		'hidden_size',
		'intermediate_size',
		'vocab_size',
		'num_attention_heads',
		'num_key_value_heads',
		'head_dim',
		'num_experts',
		'num_experts_per_token',
	];
	const all = (config: JsonObject) => {
		const c = read(config);
		return names.map((name) => c[name]);
	};

	it.each<[string, JsonObject, (number | null)[]]>([
		[
			'GPT-2, whose feed-forward is four times as wide',
			{ model_type: 'gpt2', n_embd: 768, n_layer: 12, n_head: 12, n_inner: null, vocab_size: 50257 },
			[12, 768, 3072, 50257, 12, 12, 64, null, null],
		],
		[
			'StarCoder, one head for all queries',
			{
				model_type: 'gpt_bigcode',
				n_embd: 6144,
				n_layer: 40,
				n_head: 48,
				n_inner: 24576,
				multi_query: true,
				vocab_size: 49152,
			},
			[40, 6144, 24576, 49152, 48, 1, 128, null, null],
		],
		[
			'Falcon 40B in its first form',
			{ model_type: 'RefinedWeb', hidden_size: 8192, n_layer: 60, n_head: 128, n_head_kv: 8, vocab_size: 65024 },
			[60, 8192, 32768, 65024, 128, 8, 64, null, null],
		],
		[
			'Falcon 7B, one head by default',
			{ model_type: 'falcon', hidden_size: 4544, num_hidden_layers: 32, num_attention_heads: 71, vocab_size: 65024 },
			[32, 4544, 18176, 65024, 71, 1, 64, null, null],
		],
		[
			'DBRX, nested objects',
			{
				model_type: 'dbrx',
				d_model: 6144,
				n_layers: 40,
				n_heads: 48,
				vocab_size: 100352,
				attn_config: { kv_n_heads: 8 },
				ffn_config: { ffn_hidden_size: 10752, moe_num_experts: 16, moe_top_k: 4 },
			},
			[40, 6144, 10752, 100352, 48, 8, 128, 16, 4],
		],
		[
			'ChatGLM, groups of queries',
			{
				model_type: 'chatglm',
				hidden_size: 4096,
				num_layers: 40,
				num_attention_heads: 32,
				multi_query_attention: true,
				multi_query_group_num: 2,
				kv_channels: 128,
				ffn_hidden_size: 13696,
				padded_vocab_size: 151552,
			},
			[40, 4096, 13696, 151552, 32, 2, 128, null, null],
		],
		[
			'T5',
			{ model_type: 't5', d_model: 512, num_layers: 6, num_heads: 8, d_kv: 64, d_ff: 2048, vocab_size: 32128 },
			[6, 512, 2048, 32128, 8, 8, 64, null, null],
		],
		[
			'latent attention',
			{
				model_type: 'deepseek_v3',
				hidden_size: 7168,
				num_hidden_layers: 61,
				num_attention_heads: 128,
				num_key_value_heads: 128,
				intermediate_size: 18432,
				qk_nope_head_dim: 128,
				qk_rope_head_dim: 64,
				n_routed_experts: 256,
				num_experts_per_tok: 8,
				vocab_size: 129280,
			},
			[61, 7168, 18432, 129280, 128, 128, 192, 256, 8],
		],
		[
			'a head wider than hidden size over heads',
			{
				model_type: 'qwen3',
				hidden_size: 1024,
				num_hidden_layers: 28,
				num_attention_heads: 16,
				num_key_value_heads: 8,
				head_dim: 128,
				intermediate_size: 3072,
				vocab_size: 151936,
			},
			[28, 1024, 3072, 151936, 16, 8, 128, null, null],
		],
		[
			'layers given as a pattern',
			{
				model_type: 'nemotron_h',
				hidden_size: 64,
				hybrid_override_pattern: 'M-M*M-',
				num_attention_heads: 4,
				num_key_value_heads: 2,
				head_dim: 16,
				intermediate_size: 128,
				vocab_size: 100,
				n_routed_experts: 0,
			},
			[6, 64, 128, 100, 4, 2, 16, null, null],
		],
		[
			'lists that are the same for all layers',
			{ model_type: 'x', hidden_size: 64, num_hidden_layers: 2, intermediate_size: [128, 128] },
			[2, 64, 128, null, null, null, null, null, null],
		],
	])('of %s', (_name, config, expected) => {
		expect(all(config)).toEqual(expected);
	});

	it('say by what rule they were derived', () => {
		const c = read({ model_type: 'llama', hidden_size: 5120, num_attention_heads: 40 });
		expect(c.evidence['num_key_value_heads']?.rule).toMatch(/as many as attention heads/);
		expect(c.evidence['head_dim']?.rule).toBe('hidden_size / num_attention_heads');
		expect(c.evidence['num_hidden_layers']?.rule).toBe('class default of llama (the key is absent)');
		expect(c.evidence['hidden_size']).toEqual({ file: 'config.json', path: 'hidden_size', rule: 'as written' });
	});

	it('of a stub stay unknown, whatever its class would set', () => {
		const c = read({ model_type: 'llama' });
		expect(c).toMatchObject({ hidden_size: null, num_hidden_layers: null, context_window: null, model_type: 'llama' });
		expect(c.parameters.total).toBeNull();
		expect(c.warnings.join(' ')).toMatch(/no sizes/);
	});

	it('of a part of a file are not filled in', () => {
		const c = read({ model_type: 'llama', hidden_size: 64 }, { configPartial: true, configFile: 'a list of 2023' });
		expect(c.num_hidden_layers).toBeNull();
		expect(c.evidence['hidden_size']?.file).toBe('a list of 2023');
	});
});

describe('nonsense', () => {
	it.each<[string, JsonObject]>([
		['a negative number', { num_hidden_layers: -1 }],
		['an absurd number', { num_hidden_layers: 1e308 }],
		['a fraction', { num_hidden_layers: 1.5 }],
		['an object', { num_hidden_layers: { a: 1 } }],
		['words', { num_hidden_layers: 'many' }],
		['a truth', { num_hidden_layers: true }],
		['zero', { num_hidden_layers: 0 }],
		['a list that differs', { num_hidden_layers: [1, 2] }],
	])('as %s becomes null with a warning', (_name, config) => {
		const c = read({ model_type: 'x', hidden_size: 64, ...config });
		expect(c.num_hidden_layers).toBeNull();
		expect(c.warnings.join(' ')).toMatch(/num_hidden_layers/);
		expect(c.hidden_size).toBe(64);
	});

	it('in names is refused, and long lists are cut', () => {
		const many = Array.from({ length: 1_000_000 }, () => 'LlamaForCausalLM');
		const order = { model_type: { a: 1 }, architectures: many, hidden_size: 64 };
		expect(processorMs(() => void read(order))).toBeLessThan(50);
		const c = read(order);
		expect(c.model_type).toBeNull();
		expect(c.architectures).toHaveLength(16);
		expect(c.warnings.join(' ')).toMatch(/model_type is no name.*architectures has 1000000 entries/);
		expect(read({ architectures: { a: 1 } }).architectures).toBeNull();
		expect(read({ architectures: 'LlamaForCausalLM' }).architectures).toEqual(['LlamaForCausalLM']);
	});

	it.each(['', '<html></html>', '[]', '{"a":', 'null', '['.repeat(1e6)])(
		'in a file (%j) is told, not thrown',
		(text) => {
			const c = read(text.slice(0, 1e6));
			expect(c).toMatchObject({ config_status: 'invalid', classification: 'unknown', architecture_family: 'Unknown' });
			expect(c.warnings[0]).toMatch(/^The file .*\.$/);
			expect(withoutEvidence(c)).toEqual([]);
		},
	);
});

describe('use_cache', () => {
	it('is true unless the file says otherwise', () => {
		expect(read({ hidden_size: 1 }).use_cache).toBe(true);
		expect(read({ hidden_size: 1, use_cache: false }).use_cache).toBe(false);
		expect(read({ text_config: { use_cache: false } }).evidence['use_cache']?.path).toBe('text_config.use_cache');
	});
});
