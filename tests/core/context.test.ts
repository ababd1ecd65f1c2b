// The usable context: which key counts, what rope scaling does to it, and what limits attention but not the length.
import { describe, expect, it } from 'vitest';
import { normalize } from '#lib/core/characteristics.ts';
import type { JsonObject } from '#lib/core/listing.ts';

function read(config: JsonObject) {
	const whole = { num_hidden_layers: 2, ...config };
	return normalize({ id: 'a/b', source: 'hub', revision: null, fetchedAt: '2026-01-01', config: whole });
}

const llama = { model_type: 'llama', hidden_size: 64 };

describe('context_window', () => {
	// Values and lengths as the runtimes' own readers give them (specs of vLLM, SGLang and llama.cpp).
	it.each<[string, JsonObject, number]>([
		['the plain limit', { ...llama, max_position_embeddings: 131072 }, 131072],
		[
			'llama3 scaling, which is final already',
			{
				...llama,
				max_position_embeddings: 131072,
				rope_scaling: { rope_type: 'llama3', factor: 8, original_max_position_embeddings: 8192 },
			},
			131072,
		],
		[
			'yarn in a scaled file: never 163,840 × 40',
			{
				model_type: 'deepseek_v3',
				max_position_embeddings: 163840,
				rope_scaling: { type: 'yarn', factor: 40, original_max_position_embeddings: 4096 },
			},
			163840,
		],
		[
			'yarn from the README of Qwen2.5',
			{
				model_type: 'qwen2',
				max_position_embeddings: 32768,
				rope_scaling: { type: 'yarn', factor: 4, original_max_position_embeddings: 32768 },
			},
			131072,
		],
		[
			'the newer spelling',
			{
				model_type: 'qwen2',
				max_position_embeddings: 32768,
				rope_parameters: { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 32768 },
			},
			131072,
		],
		[
			'linear scaling of a short base',
			{ ...llama, max_position_embeddings: 4096, rope_scaling: { type: 'linear', factor: 4 } },
			16384,
		],
		[
			'linear scaling of a final base',
			{ ...llama, max_position_embeddings: 16384, rope_scaling: { type: 'linear', factor: 4 } },
			16384,
		],
		[
			'dynamic scaling of a final base',
			{ model_type: 'internlm3', max_position_embeddings: 32768, rope_scaling: { rope_type: 'dynamic', factor: 6 } },
			32768,
		],
		[
			'longrope',
			{
				model_type: 'phi3',
				max_position_embeddings: 131072,
				original_max_position_embeddings: 4096,
				rope_scaling: { type: 'longrope' },
			},
			131072,
		],
		[
			'Gemma 3, whose linear factor is part of the limit',
			{
				model_type: 'gemma3',
				text_config: {
					model_type: 'gemma3_text',
					max_position_embeddings: 8192,
					rope_scaling: { rope_type: 'linear', factor: 8 },
				},
			},
			8192,
		],
		[
			'one rope dictionary per kind of layer',
			{
				model_type: 'olmo3',
				max_position_embeddings: 8192,
				rope_parameters: {
					sliding_attention: { rope_type: 'default' },
					full_attention: { rope_type: 'yarn', factor: 8, original_max_position_embeddings: 8192 },
				},
			},
			65536,
		],
		[
			'Command R, where model_max_length counts',
			{ model_type: 'cohere', max_position_embeddings: 8192, model_max_length: 131072 },
			131072,
		],
		[
			'a model_max_length that means no limit',
			{ ...llama, max_position_embeddings: 4096, model_max_length: 1e30 },
			4096,
		],
		['GPT-2', { model_type: 'gpt2', n_embd: 64, n_positions: 1024, n_ctx: 1024 }, 1024],
		['MPT', { model_type: 'mpt', d_model: 64, max_seq_len: 8192 }, 8192],
		['GLM-4 in its own code', { model_type: 'chatglm', hidden_size: 64, seq_length: 131072 }, 131072],
		['Falcon without a key, by its class', { model_type: 'falcon', hidden_size: 64 }, 2048],
		['Whisper', { model_type: 'whisper', d_model: 64, max_target_positions: 448, max_source_positions: 1500 }, 448],
		['T5', { model_type: 't5', d_model: 64, n_positions: 512 }, 512],
		[
			'RoBERTa, less the rows of the padding token',
			{ model_type: 'roberta', hidden_size: 64, max_position_embeddings: 514, pad_token_id: 1 },
			512,
		],
		['BGE-M3', { model_type: 'xlm-roberta', hidden_size: 64, max_position_embeddings: 8194, pad_token_id: 1 }, 8192],
		['BERT, which has no such rows', { model_type: 'bert', hidden_size: 64, max_position_embeddings: 512 }, 512],
		[
			'a nested text model',
			{
				model_type: 'mistral3',
				text_config: { model_type: 'mistral', max_position_embeddings: 131072 },
				vision_config: {},
			},
			131072,
		],
		[
			'the thinker of an omni model',
			{
				model_type: 'qwen2_5_omni',
				thinker_config: { text_config: { max_position_embeddings: 32768 }, audio_config: {} },
			},
			32768,
		],
		['numbers written as text', { ...llama, max_position_embeddings: '4096' }, 4096],
	])('is right for %s', (_name, config, expected) => {
		const c = read(config);
		expect(c.context_window).toBe(expected);
		expect(c.evidence['context_window']?.file).toBe('config.json');
	});

	it('tells the factors in its evidence', () => {
		const scaling = { type: 'yarn', factor: 4, original_max_position_embeddings: 32768 };
		const c = read({ model_type: 'qwen2', max_position_embeddings: 32768, rope_scaling: scaling });
		expect(c.max_position_embeddings).toBe(32768);
		expect(c.evidence['context_window']).toMatchObject({
			path: 'max_position_embeddings, rope_scaling',
			rule: 'yarn: the larger of 32,768 and 32,768 × 4',
		});
	});

	it('warns where some runtimes would multiply a final length', () => {
		const c = read({ ...llama, max_position_embeddings: 16384, rope_scaling: { type: 'linear', factor: 4 } });
		expect(c.warnings.join(' ')).toMatch(/factor 4 \(linear\) on top of 16,384 tokens/);
	});

	it('says that a class default is one', () => {
		const c = read({ model_type: 'falcon', hidden_size: 64 });
		expect(c.evidence['max_position_embeddings']?.rule).toMatch(/class default of falcon/);
	});

	it('stays unknown for recurrent models, with a sentence', () => {
		const c = read({ model_type: 'mamba', hidden_size: 64 });
		expect(c.context_window).toBeNull();
		expect(c.warnings.join(' ')).toMatch(/no limit/);
	});

	it('comes from the GGUF header where there is no configuration', () => {
		const listing = { id: 'a/b', gguf: { total: 1e9, architecture: 'gemma3', context_length: 32768 } };
		const c = normalize({ id: 'a/b', source: 'hub', revision: null, fetchedAt: '', config: null, listing });
		expect(c.context_window).toBe(32768);
		expect(c.evidence['context_window']).toMatchObject({ file: 'hub listing', path: 'gguf.context_length' });
	});
});

describe('sliding_window', () => {
	it.each<[string, JsonObject, number | null]>([
		['a window in use', { model_type: 'mistral', hidden_size: 64, sliding_window: 4096 }, 4096],
		[
			'a window that is switched off',
			{ model_type: 'qwen2', hidden_size: 64, sliding_window: 131072, use_sliding_window: false },
			null,
		],
		[
			'a window that Qwen leaves off by default',
			{ model_type: 'qwen2', hidden_size: 64, sliding_window: 131072 },
			null,
		],
		[
			'a window that Qwen switches on',
			{ model_type: 'qwen2', hidden_size: 64, sliding_window: 4096, use_sliding_window: true },
			4096,
		],
		['none', { model_type: 'mistral', hidden_size: 64, sliding_window: null }, null],
		['zero', { model_type: 'mistral', hidden_size: 64, sliding_window: 0 }, null],
		[
			'layers that all attend fully',
			{ model_type: 'olmo3', hidden_size: 64, sliding_window: 4096, layer_types: ['full_attention', 'full_attention'] },
			null,
		],
		['the default of the class', { model_type: 'mistral', hidden_size: 64 }, 4096],
	])('is right for %s', (_name, config, expected) => {
		expect(read(config).sliding_window).toBe(expected);
	});

	it('does not limit the context', () => {
		const config = { model_type: 'mistral', hidden_size: 64, max_position_embeddings: 32768, sliding_window: 4096 };
		expect(read(config)).toMatchObject({ context_window: 32768, sliding_window: 4096 });
	});
});
