// Caches as GGUF headers tell them: bytes per token and bytes that stay the same, for every kind of attention.
import { describe, expect, it } from 'vitest';
import { headerOf, keysOf } from '../support/gguf-models.ts';
import { read } from '../support/gguf-reading.ts';
import type { GgufWritten } from '../support/gguf-writer.ts';

/** Keys → bytes per token, fixed bytes, window. Figures as published or computed for the same models elsewhere. */
const caches: [
	name: string,
	architecture: string,
	keys: Record<string, GgufWritten>,
	perToken: number | null,
	fixed: number | null,
][] = [
	[
		'Falcon 7B, one head for all',
		'falcon',
		{ block_count: 32, embedding_length: 4544, 'attention.head_count': 71, 'attention.head_count_kv': 1 },
		8192,
		0,
	],
	[
		'Gemma 3 27B, windows in five of six layers',
		'gemma3',
		{
			block_count: 62,
			embedding_length: 5376,
			'attention.head_count': 32,
			'attention.head_count_kv': 16,
			'attention.key_length': 128,
			'attention.value_length': 128,
			'attention.sliding_window': 1024,
		},
		81_920,
		52 * 1024 * 16 * 256 * 2,
	],
	[
		'Gemma 2 2B, whose older files state no window',
		'gemma2',
		{
			block_count: 26,
			embedding_length: 2304,
			'attention.head_count': 8,
			'attention.head_count_kv': 4,
			'attention.key_length': 256,
			'attention.value_length': 256,
		},
		13 * 4 * 512 * 2,
		13 * 4096 * 4 * 512 * 2,
	],
	[
		'gpt-oss 20B, windows in every second layer',
		'gpt-oss',
		{
			block_count: 24,
			embedding_length: 2880,
			'attention.head_count': 64,
			'attention.head_count_kv': 8,
			'attention.key_length': 64,
			'attention.value_length': 64,
			'attention.sliding_window': 128,
		},
		24_576,
		24_576 * 128,
	],
	[
		'Phi-3, whose window llama.cpp does not use',
		'phi3',
		{
			block_count: 32,
			embedding_length: 3072,
			'attention.head_count': 32,
			'attention.head_count_kv': 32,
			'attention.sliding_window': 2047,
		},
		393_216,
		0,
	],
	[
		'DeepSeek V3, latent attention',
		'deepseek2',
		{
			block_count: 61,
			embedding_length: 7168,
			'attention.head_count': 128,
			'attention.head_count_kv': 1,
			'attention.kv_lora_rank': 512,
			'attention.key_length': 576,
			'attention.value_length': 512,
			'attention.key_length_mla': 192,
			'attention.value_length_mla': 128,
		},
		70_272,
		0,
	],
	[
		'an older file of DeepSeek V3, which llama.cpp unpacks',
		'deepseek2',
		{
			block_count: 61,
			embedding_length: 7168,
			'attention.head_count': 128,
			'attention.head_count_kv': 128,
			'attention.kv_lora_rank': 512,
			'attention.key_length': 192,
			'attention.value_length': 128,
		},
		61 * 128 * 320 * 2,
		0,
	],
	[
		'Jamba, four layers of attention',
		'jamba',
		{
			block_count: 32,
			embedding_length: 4096,
			'attention.head_count': 32,
			'attention.head_count_kv': Array.from({ length: 32 }, (_, at) => (at % 8 === 4 ? 8 : 0)),
			'ssm.conv_kernel': 4,
			'ssm.inner_size': 8192,
			'ssm.state_size': 16,
			'ssm.time_step_rank': 256,
		},
		16_384,
		28 * (3 * (8192 + 0) + 16 * 8192) * 4,
	],
	[
		'Qwen3-Next, every fourth layer attends',
		'qwen3next',
		{
			block_count: 48,
			embedding_length: 2048,
			'attention.head_count': 16,
			'attention.head_count_kv': 2,
			'attention.key_length': 256,
			'attention.value_length': 256,
			'ssm.conv_kernel': 4,
			'ssm.inner_size': 4096,
			'ssm.state_size': 128,
			'ssm.group_count': 16,
		},
		12 * 2 * 512 * 2,
		36 * (3 * (4096 + 2 * 16 * 128) + 128 * 4096) * 4,
	],
	[
		'Nemotron-H, some layers of which are feed-forward only',
		'nemotron_h',
		{
			block_count: 4,
			embedding_length: 1024,
			'attention.head_count': [0, 8, 0, 0],
			'attention.head_count_kv': [0, 2, 0, 0],
			'attention.key_length': 128,
			'attention.value_length': 128,
			feed_forward_length: [0, 0, 4096, 4096],
			'ssm.conv_kernel': 4,
			'ssm.inner_size': 2048,
			'ssm.state_size': 128,
			'ssm.group_count': 8,
		},
		2 * 256 * 2,
		(3 * (2048 + 2 * 8 * 128) + 128 * 2048) * 4,
	],
	[
		'Mamba, a state and nothing else',
		'mamba',
		{
			block_count: 64,
			embedding_length: 2560,
			'attention.head_count': 0,
			'ssm.conv_kernel': 4,
			'ssm.inner_size': 5120,
			'ssm.state_size': 16,
		},
		0,
		64 * (3 * 5120 + 16 * 5120) * 4,
	],
	[
		'LFM2, short convolutions between attention',
		'lfm2',
		{
			block_count: 4,
			embedding_length: 2048,
			'attention.head_count': 32,
			'attention.head_count_kv': [0, 0, 8, 0],
			'shortconv.l_cache': 3,
		},
		8 * 128 * 2,
		3 * 2048 * 2 * 4,
	],
	[
		'Gemma 4, whose layers differ in heads and widths and share caches',
		'gemma4',
		{
			block_count: 6,
			embedding_length: 1536,
			'attention.head_count': 8,
			'attention.head_count_kv': [1, 1, 1, 1, 2, 1],
			'attention.key_length': 512,
			'attention.value_length': 512,
			'attention.key_length_swa': 256,
			'attention.value_length_swa': 256,
			'attention.sliding_window': 512,
			'attention.sliding_window_pattern': [true, true, true, true, false, true],
			'attention.shared_kv_layers': 1,
		},
		2 * 1024 * 2,
		4 * 512 * 512 * 2,
	],
	[
		'BERT, which keeps nothing',
		'bert',
		{ block_count: 12, embedding_length: 384, 'attention.head_count': 12, 'attention.causal': false },
		0,
		0,
	],
	['a model that does not say how many layers it has', 'llama', { embedding_length: 4096 }, null, null],
	[
		'an unknown architecture with a state',
		'novel',
		{ block_count: 4, embedding_length: 64, 'attention.head_count': 4, 'ssm.state_size': 16 },
		null,
		null,
	],
	[
		'heads for fewer layers than there are',
		'llama',
		{ block_count: 4, embedding_length: 64, 'attention.head_count': 4, 'attention.head_count_kv': [1, 2] },
		null,
		null,
	],
	['a billion layers', 'llama', { block_count: 1e9, embedding_length: 64, 'attention.head_count': 4 }, null, null],
];

describe('the cache', () => {
	it.each(caches)('of %s', async (_name, architecture, keys, perToken, fixed) => {
		const c = read(await headerOf(keysOf(architecture, keys)));
		expect([c.kv_cache_bytes_per_token, c.kv_cache_fixed_bytes]).toEqual([perToken, fixed]);
	});

	it('has a window only where llama.cpp uses one', async () => {
		const window = {
			block_count: 12,
			embedding_length: 64,
			'attention.head_count': 4,
			'attention.sliding_window': 512,
		};
		expect(read(await headerOf(keysOf('gemma3', window))).sliding_window).toBe(512);
		expect(read(await headerOf(keysOf('phi3', window))).sliding_window).toBeNull();
	});
});
