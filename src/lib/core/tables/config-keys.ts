// The vocabulary of configurations: which keys mean the same thing, in the order in which they count.
//
// Sources: the attribute maps of transformers 5.18 and the configuration readers of vLLM, SGLang, llama.cpp, LMDeploy
// and MLX-LM. Dots reach into nested objects. Groups named like a fact are read as that fact.

export const keyGroups = {
	num_hidden_layers: [
		'num_hidden_layers',
		'n_layer',
		'n_layers',
		'num_layers',
		'encoder_layers',
		'decoder_layers',
		'num_transformer_layers',
	],
	hidden_size: ['hidden_size', 'n_embd', 'n_embed', 'd_model', 'model_dim', 'dim'],
	intermediate_size: [
		'intermediate_size',
		'n_inner',
		'ffn_dim',
		'd_ff',
		'ffn_hidden_size',
		'ffn_config.ffn_hidden_size',
		'encoder_ffn_dim',
		'd_inner',
		'hidden_dim',
	],
	vocab_size: ['vocab_size', 'padded_vocab_size', 'n_vocab', 'n_token'],
	num_attention_heads: ['num_attention_heads', 'n_head', 'n_heads', 'num_heads', 'encoder_attention_heads'],
	num_key_value_heads: [
		'num_key_value_heads',
		'num_kv_heads',
		'n_head_kv',
		'n_kv_heads',
		'kv_n_heads',
		'attn_config.kv_n_heads',
		'num_query_groups',
		'num_multi_query_heads',
	],
	/** One key/value head for all queries, or a number of groups that share one. */
	shared_heads: ['multi_query', 'multi_query_attention', 'multi_query_group_num'],
	head_dim: ['head_dim', 'kv_channels', 'd_kv', 'attention_head_dim', 'qkv_dim'],
	/** Latent attention: head widths without and with position. */
	latent: ['qk_nope_head_dim', 'qk_rope_head_dim'],
	num_experts: [
		'num_local_experts',
		'num_experts',
		'n_routed_experts',
		'moe_num_experts',
		'num_routed_experts',
		'ffn_config.moe_num_experts',
	],
	num_experts_per_token: [
		'num_experts_per_tok',
		'num_experts_per_token',
		'top_k_experts',
		'moe_k',
		'moe_topk',
		'moe_top_k',
		'num_selected_experts',
		'moe_router_topk',
		'ffn_config.moe_top_k',
	],
	max_position_embeddings: [
		'max_position_embeddings',
		'n_positions',
		'max_seq_len',
		'seq_length',
		'max_sequence_length',
		'max_seq_length',
		'n_ctx',
		'context_length',
		'max_context_length',
		'max_target_positions',
	],
	/** Replaces the position limit where it is set (Command R). */
	model_max_length: ['model_max_length'],
	rope: ['rope_scaling', 'rope_parameters'],
	rope_base: ['rope_theta'],
	sliding_window: ['sliding_window', 'sliding_window_size', 'attention_window_size', 'local_attention'],
	/** A kind for each layer, as a list, as one letter each, or as a period. */
	layer_pattern: [
		'layers_block_type',
		'hybrid_override_pattern',
		'layer_types',
		'sliding_window_pattern',
		'full_attention_interval',
		'layer_pattern',
	],
	/** Sizes of models that are no language models: they show that a file is more than a stub. */
	other_size: ['embed_dim', 'depths', 'block_out_channels', 'hidden_sizes'],
	/** The text part of a larger model, in the order in which runtimes look for it. */
	text_part: [
		'text_config',
		'llm_config',
		'language_config',
		'llm_cfg',
		'language_model_config',
		'text_model_config',
		'language',
		'thinker_config',
	],
	/** Parts of wrappers (encoder-decoder, retrieval) that hold the text model when no text part is named. */
	wrapped_part: ['decoder', 'generator', 'text_encoder'],
	vision_part: [
		'vision_config',
		'visual',
		'vision_tower',
		'mm_vision_tower',
		'vision_tower_config',
		'vision_encoder',
		'vision_cfg',
		'image_encoder',
		'img_processor',
		'vision_backbone_id',
		'vit_config',
	],
	audio_part: [
		'audio_config',
		'audio_encoder',
		'audio',
		'audio_cfg',
		'audio_encoder_config',
		'sound_config',
		'speech_config',
		'audio_processor',
	],
	/** Parts that speak: beside the language model like the two above, but no sense. */
	speaking_part: ['talker_config', 'token2wav_config', 'code2wav_config', 'tts_config'],
	vision_token: [
		'image_token_id',
		'image_token_index',
		'vision_token_id',
		'video_token_id',
		'vision_start_token_id',
		'video_token_index',
		'media_placeholder_token_id',
		'img_context_token_id',
	],
	audio_token: ['audio_token_id', 'audio_token_index', 'audio_start_token_id', 'audio_bos_token_id', 'speech_token_id'],
	quantization: ['quantization', 'quantization_config', 'compression_config'],
	dtype: ['dtype', 'torch_dtype'],
	use_cache: ['use_cache'],
	/** Marks of diffusers and timm files, which name no model type. */
	library: ['_class_name', 'pretrained_cfg', 'num_features'],
} satisfies Record<string, string[]>;

export type KeyGroup = keyof typeof keyGroups;
