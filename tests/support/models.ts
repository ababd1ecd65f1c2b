// Hand-written list rows and characteristics for tests, with every field a test does not care about filled in.
import { blankEntry } from '#lib/core/discovery.ts';
import type { ModelCharacteristics, ModelEntry } from '#lib/core/model.ts';
import type { Facets, ListPage } from '#lib/core/query.ts';

/** A list row of which only the id is known, changed as told. */
export function entry(part: Partial<ModelEntry> & { id: string }): ModelEntry {
	return { ...blankEntry(part.id), ...part };
}

/** Characteristics of a model whose config says nothing, changed as told. */
export function characteristics(part: Partial<ModelCharacteristics> & { id: string }): ModelCharacteristics {
	return {
		source: 'hub',
		revision: null,
		fetched_at: '2026-11-20T10:00:00Z',
		config_status: 'ok',
		model_type: null,
		architectures: null,
		architecture_family: 'Unknown',
		max_position_embeddings: null,
		context_window: null,
		sliding_window: null,
		num_hidden_layers: null,
		hidden_size: null,
		intermediate_size: null,
		vocab_size: null,
		num_attention_heads: null,
		num_key_value_heads: null,
		head_dim: null,
		num_experts: null,
		num_experts_per_token: null,
		quantization_method: null,
		quantization_bits: null,
		quantization_group_size: null,
		dtype: null,
		is_multimodal: false,
		multimodal_type: null,
		use_cache: true,
		parameters: { total: null, active: null, source: null },
		kv_cache_bytes_per_token: null,
		kv_cache_fixed_bytes: null,
		fit: null,
		classification: 'unknown',
		confidence: 'low',
		evidence: {},
		conflicts: [],
		warnings: [],
		...part,
	};
}

/** Qwen3-8B in 4-bit MLX, as its list row and its config tell it. */
export const qwen = {
	entry: entry({
		id: 'mlx-community/Qwen3-8B-4bit',
		downloads: 11_100_000,
		likes: 1_100,
		license: 'apache-2.0',
		updated_at: '2025-04-28T10:00:00Z',
	}),
	characteristics: characteristics({
		id: 'mlx-community/Qwen3-8B-4bit',
		revision: '0123456789abcdef0123456789abcdef01234567',
		model_type: 'qwen3',
		architectures: ['Qwen3ForCausalLM'],
		architecture_family: 'Qwen',
		max_position_embeddings: 40_960,
		context_window: 40_960,
		num_hidden_layers: 36,
		hidden_size: 4096,
		quantization_method: 'mlx',
		quantization_bits: 4,
		quantization_group_size: 64,
		parameters: { total: 8_190_735_360, active: 8_190_735_360, source: 'config' },
		kv_cache_bytes_per_token: 147_456,
		classification: 'gen',
		confidence: 'high',
		evidence: {
			context_window: { file: 'config.json', path: 'max_position_embeddings', rule: 'the position limit, not scaled' },
			hidden_size: { file: 'config.json', path: 'hidden_size', rule: 'as stated' },
		},
		conflicts: [
			{
				field: 'context_window',
				claims: [{ value: 131_072, file: 'tokenizer_config.json', path: 'model_max_length' }],
				chosen: 40_960,
			},
		],
	}),
};

const noFacets: Facets = {
	family: [],
	quantization: [],
	modality: [],
	kind: [],
	license: [],
	gated: [],
	size_class: [],
	weight_class: [],
	runtime: [],
};

/** A page of a list. */
export function listPage(part: Partial<Omit<ListPage, 'facets'>> & { facets?: Partial<Facets> } = {}): ListPage {
	const { facets, ...rest } = part;
	return {
		models: [],
		total: 0,
		matching: 0,
		pending: 0,
		next_cursor: null,
		...rest,
		facets: { ...noFacets, ...facets },
	};
}
