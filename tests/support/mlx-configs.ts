// Configurations of six well-known 4-bit MLX models, built from their published sizes as MLX-LM and mlx-vlm write them.
import type { JsonObject } from '#lib/core/listing.ts';

/** A model of the list with its configuration and the facts a card must show for it. */
export interface MlxModel {
	id: string;
	config: JsonObject;
	facts: Record<string, unknown>;
}

const mlx: JsonObject = { group_size: 64, bits: 4 };
const quantization = { quantization: mlx, quantization_config: mlx };

function sizes(hidden: number, layers: number, heads: number, kvHeads: number): JsonObject {
	return {
		hidden_size: hidden,
		num_hidden_layers: layers,
		num_attention_heads: heads,
		num_key_value_heads: kvHeads,
	};
}

const stored = { quantization_method: 'mlx', quantization_bits: 4, quantization_group_size: 64 };

export const mlxModels: MlxModel[] = [
	{
		id: 'mlx-community/Qwen2.5-7B-Instruct-4bit',
		config: {
			architectures: ['Qwen2ForCausalLM'],
			model_type: 'qwen2',
			...sizes(3584, 28, 28, 4),
			intermediate_size: 18944,
			vocab_size: 152064,
			max_position_embeddings: 32768,
			sliding_window: 131072,
			use_sliding_window: false,
			tie_word_embeddings: false,
			torch_dtype: 'bfloat16',
			use_cache: true,
			...quantization,
		},
		facts: { ...stored, architecture_family: 'Qwen', context_window: 32768, sliding_window: null, head_dim: 128 },
	},
	{
		id: 'mlx-community/Qwen2-VL-7B-Instruct-4bit',
		config: {
			architectures: ['Qwen2VLForConditionalGeneration'],
			model_type: 'qwen2_vl',
			...sizes(3584, 28, 28, 4),
			intermediate_size: 18944,
			vocab_size: 152064,
			max_position_embeddings: 32768,
			rope_scaling: { type: 'mrope', mrope_section: [16, 24, 24] },
			image_token_id: 151655,
			video_token_id: 151656,
			tie_word_embeddings: false,
			torch_dtype: 'bfloat16',
			vision_config: { model_type: 'qwen2_vl', depth: 32, embed_dim: 1280, hidden_size: 3584, num_heads: 16 },
			...quantization,
		},
		facts: { ...stored, architecture_family: 'Qwen', context_window: 32768, multimodal_type: 'vision' },
	},
	{
		id: 'mlx-community/Meta-Llama-3.1-8B-Instruct-4bit',
		config: {
			architectures: ['LlamaForCausalLM'],
			model_type: 'llama',
			...sizes(4096, 32, 32, 8),
			intermediate_size: 14336,
			vocab_size: 128256,
			max_position_embeddings: 131072,
			rope_scaling: { rope_type: 'llama3', factor: 8, original_max_position_embeddings: 8192 },
			tie_word_embeddings: false,
			torch_dtype: 'bfloat16',
			...quantization,
		},
		facts: { ...stored, architecture_family: 'Llama', context_window: 131072, vocab_size: 128256 },
	},
	{
		id: 'mlx-community/Llama-3.2-11B-Vision-Instruct-4bit',
		config: {
			architectures: ['MllamaForConditionalGeneration'],
			model_type: 'mllama',
			image_token_index: 128256,
			torch_dtype: 'bfloat16',
			text_config: {
				model_type: 'mllama_text_model',
				...sizes(4096, 40, 32, 8),
				intermediate_size: 14336,
				vocab_size: 128256,
				max_position_embeddings: 131072,
				cross_attention_layers: [3, 8, 13, 18, 23, 28, 33, 38],
				rope_scaling: { rope_type: 'llama3', factor: 8, original_max_position_embeddings: 8192 },
			},
			vision_config: { model_type: 'mllama_vision_model', hidden_size: 1280, num_hidden_layers: 32 },
			...quantization,
		},
		facts: { ...stored, architecture_family: 'Llama', context_window: 131072, multimodal_type: 'vision' },
	},
	{
		id: 'mlx-community/Mistral-7B-Instruct-v0.3-4bit',
		config: {
			architectures: ['MistralForCausalLM'],
			model_type: 'mistral',
			...sizes(4096, 32, 32, 8),
			intermediate_size: 14336,
			vocab_size: 32768,
			max_position_embeddings: 32768,
			sliding_window: null,
			tie_word_embeddings: false,
			torch_dtype: 'bfloat16',
			...quantization,
		},
		facts: { ...stored, architecture_family: 'Mistral', context_window: 32768, sliding_window: null },
	},
	{
		id: 'mlx-community/gemma-2-9b-it-4bit',
		config: {
			architectures: ['Gemma2ForCausalLM'],
			model_type: 'gemma2',
			...sizes(3584, 42, 16, 8),
			head_dim: 256,
			intermediate_size: 14336,
			vocab_size: 256000,
			max_position_embeddings: 8192,
			sliding_window: 4096,
			torch_dtype: 'float16',
			...quantization,
		},
		facts: { ...stored, architecture_family: 'Gemma', context_window: 8192, sliding_window: 4096, head_dim: 256 },
	},
];
