// Parameters of real models as their own modules hold them, counted on an empty device (transformers 5.18), by numbers.

/** Model id, parameters, and the numbers of its config as `key=JSON` words. */
const rows: readonly (readonly [id: string, total: number, numbers: string])[] = [
	[
		'openai/gpt-oss-120b',
		116_829_156_672,
		`attention_bias=true experts_per_token=4 head_dim=64 hidden_size=2880 intermediate_size=2880 model_type="gpt_oss" num_attention_heads=64 num_experts_per_tok=4 num_hidden_layers=36 num_key_value_heads=8 num_local_experts=128 sliding_window=128 tie_word_embeddings=false vocab_size=201088`,
	],
	[
		'zai-org/GLM-4.5',
		352_797_814_784,
		`model_type="glm4_moe" hidden_size=5120 num_hidden_layers=92 num_attention_heads=96 num_key_value_heads=8 head_dim=128 intermediate_size=12288 moe_intermediate_size=1536 n_routed_experts=160 n_shared_experts=1 num_experts_per_tok=8 first_k_dense_replace=3 vocab_size=151552 attention_bias=true use_qk_norm=true tie_word_embeddings=false`,
	],
	[
		'zai-org/GLM-5',
		743_911_199_232,
		`first_k_dense_replace=3 head_dim=64 hidden_size=6144 index_head_dim=128 index_n_heads=32 intermediate_size=12288 kv_lora_rank=512 moe_intermediate_size=2048 moe_layer_freq=1 model_type="glm_moe_dsa" n_routed_experts=256 n_shared_experts=1 num_attention_heads=64 num_experts_per_tok=8 num_hidden_layers=78 num_key_value_heads=64 q_lora_rank=2048 qk_nope_head_dim=192 qk_rope_head_dim=64 tie_word_embeddings=false v_head_dim=256 vocab_size=154880`,
	],
	[
		'moonshotai/Kimi-K2-Instruct',
		1_026_408_209_408,
		`first_k_dense_replace=1 hidden_size=7168 intermediate_size=18432 kv_lora_rank=512 model_type="kimi_k2" moe_intermediate_size=2048 moe_layer_freq=1 n_routed_experts=384 n_shared_experts=1 num_attention_heads=64 num_experts_per_tok=8 num_hidden_layers=61 num_key_value_heads=64 q_lora_rank=1536 qk_nope_head_dim=128 qk_rope_head_dim=64 tie_word_embeddings=false v_head_dim=128 vocab_size=163840`,
	],
	[
		'XiaomiMiMo/MiMo-V2-Flash',
		308_778_768_832,
		`model_type="mimo_v2_flash" num_hidden_layers=48 hidden_size=4096 num_attention_heads=64 num_key_value_heads=4 head_dim=192 v_head_dim=128 intermediate_size=16384 vocab_size=152576 sliding_window=128 swa_num_attention_heads=64 swa_num_key_value_heads=8 swa_head_dim=192 swa_v_head_dim=128 hybrid_layer_pattern=[0,1,1,1,1,0,1,1,1,1,1,0,1,1,1,1,1,0,1,1,1,1,1,0,1,1,1,1,1,0,1,1,1,1,1,0,1,1,1,1,1,0,1,1,1,1,1,0] moe_layer_freq=[0,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1] moe_intermediate_size=2048 n_routed_experts=256 num_experts_per_tok=8 add_swa_attention_sink_bias=true tie_word_embeddings=false`,
	],
	[
		'MiniMaxAI/MiniMax-M2.5',
		228_689_748_992,
		`model_type="minimax_m2" num_hidden_layers=62 hidden_size=3072 num_attention_heads=48 num_key_value_heads=8 head_dim=128 intermediate_size=1536 vocab_size=200064 num_experts_per_tok=8 num_local_experts=256 tie_word_embeddings=false use_qk_norm=true shared_intermediate_size=0`,
	],
	[
		'MiniMaxAI/MiniMax-M3',
		426_174_565_632,
		`dense_intermediate_size=12288 first_k_dense_replace=3 head_dim=128 hidden_size=6144 intermediate_size=3072 model_type="minimax_m3" moe_intermediate_size=3072 moe_layer_freq=[0,0,0,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1] n_shared_experts=1 num_attention_heads=64 num_experts_per_tok=4 num_hidden_layers=60 num_key_value_heads=4 num_local_experts=128 shared_intermediate_size=3072 sparse_attention_config={"sparse_attention_freq":[0,0,0,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"sparse_index_dim":128,"sparse_num_index_heads":4} tie_word_embeddings=false use_qk_norm=true vocab_size=200064`,
	],
	[
		'baidu/ERNIE-4.5-21B-A3B-PT',
		21_825_437_888,
		`model_type="ernie4_5_moe" hidden_size=2560 num_hidden_layers=28 num_attention_heads=20 num_key_value_heads=4 intermediate_size=12288 moe_intermediate_size=1536 moe_num_experts=64 moe_k=6 moe_num_shared_experts=2 moe_layer_start_index=1 vocab_size=103424 tie_word_embeddings=true`,
	],
	[
		'databricks/dbrx-base',
		131_596_523_520,
		`model_type="dbrx" d_model=6144 n_layers=40 n_heads=48 vocab_size=100352 attn_config={"kv_n_heads":8} ffn_config={"ffn_hidden_size":10752,"moe_num_experts":16,"moe_top_k":4} tie_word_embeddings=false`,
	],
	[
		'ibm-granite/granite-3.0-1b-a400m-base',
		1_334_628_352,
		`model_type="granitemoe" hidden_size=1024 num_hidden_layers=24 num_attention_heads=16 num_key_value_heads=8 intermediate_size=512 num_local_experts=32 num_experts_per_tok=8 vocab_size=49155 tie_word_embeddings=true`,
	],
	[
		'swiss-ai/Apertus-8B-2509',
		8_053_338_176,
		`model_type="apertus" hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 num_key_value_heads=8 intermediate_size=21504 vocab_size=131072 tie_word_embeddings=false`,
	],
	[
		'facebook/opt-1.3b',
		1_315_758_080,
		`model_type="opt" architectures=["OPTForCausalLM"] hidden_size=2048 num_hidden_layers=24 num_attention_heads=32 ffn_dim=8192 word_embed_proj_dim=2048 max_position_embeddings=2048 vocab_size=50272 do_layer_norm_before=true`,
	],
	['bigscience/bloom-1b1', 1_065_314_304, `model_type="bloom" hidden_size=1536 n_layer=24 n_head=16 vocab_size=250880`],
	[
		'microsoft/phi-2',
		2_779_683_840,
		`model_type="phi" hidden_size=2560 num_hidden_layers=32 num_attention_heads=32 intermediate_size=10240 vocab_size=51200 tie_word_embeddings=false`,
	],
	[
		'stabilityai/stablelm-2-1_6b',
		1_644_515_328,
		`model_type="stablelm" hidden_size=2048 num_hidden_layers=24 num_attention_heads=32 num_key_value_heads=32 intermediate_size=5632 vocab_size=100352 tie_word_embeddings=false use_qkv_bias=true`,
	],
	[
		'allenai/OLMo-2-1124-13B',
		13_716_198_400,
		`model_type="olmo2" hidden_size=5120 num_hidden_layers=40 num_attention_heads=40 num_key_value_heads=40 intermediate_size=13824 vocab_size=100352 tie_word_embeddings=false`,
	],
	[
		'allenai/Olmo-3-1025-7B',
		7_298_011_136,
		`model_type="olmo3" hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 num_key_value_heads=32 intermediate_size=11008 vocab_size=100278 sliding_window=4096 tie_word_embeddings=false`,
	],
	[
		'Qwen/Qwen2.5-0.5B',
		494_032_768,
		`model_type="qwen2" hidden_size=896 num_hidden_layers=24 num_attention_heads=14 num_key_value_heads=2 intermediate_size=4864 vocab_size=151936 tie_word_embeddings=true`,
	],
	[
		'mistralai/Mistral-7B-Instruct-v0.3',
		7_248_023_552,
		`model_type="mistral" hidden_size=4096 num_hidden_layers=32 num_attention_heads=32 num_key_value_heads=8 intermediate_size=14336 vocab_size=32768 tie_word_embeddings=false sliding_window=null`,
	],
	[
		'google/gemma-2b',
		2_506_172_416,
		`model_type="gemma" hidden_size=2048 num_hidden_layers=18 num_attention_heads=8 num_key_value_heads=1 head_dim=256 intermediate_size=16384 vocab_size=256000`,
	],
	[
		'CohereForAI/c4ai-command-r-plus',
		103_810_674_688,
		`model_type="cohere" hidden_size=12288 num_hidden_layers=64 num_attention_heads=96 num_key_value_heads=8 intermediate_size=33792 vocab_size=256000 use_qk_norm=true`,
	],
	[
		'EleutherAI/gpt-j-6b',
		6_050_882_784,
		`model_type="gptj" n_embd=4096 n_layer=28 n_head=16 vocab_size=50400 tie_word_embeddings=false`,
	],
	[
		'tiiuae/falcon-40b',
		41_303_293_952,
		`model_type="falcon" hidden_size=8192 num_hidden_layers=60 num_attention_heads=128 num_kv_heads=8 multi_query=true new_decoder_architecture=true parallel_attn=true bias=false vocab_size=65024`,
	],
	[
		'FacebookAI/roberta-base',
		124_697_433,
		`model_type="roberta" architectures=["RobertaForMaskedLM"] hidden_size=768 num_hidden_layers=12 num_attention_heads=12 intermediate_size=3072 vocab_size=50265 max_position_embeddings=514 type_vocab_size=1`,
	],
	[
		'facebook/bart-large',
		406_291_456,
		`model_type="bart" architectures=["BartForConditionalGeneration"] d_model=1024 encoder_layers=12 decoder_layers=12 encoder_attention_heads=16 encoder_ffn_dim=4096 decoder_ffn_dim=4096 vocab_size=50265 max_position_embeddings=1024`,
	],
	[
		'google/gemma-4-26B-A4B',
		25_805_933_872,
		`model_type="gemma4" text_config={"attention_k_eq_v":true,"enable_moe_block":true,"global_head_dim":512,"head_dim":256,"hidden_size":2816,"hidden_size_per_layer_input":0,"intermediate_size":2112,"model_type":"gemma4_text","moe_intermediate_size":704,"num_attention_heads":16,"num_experts":128,"num_global_key_value_heads":2,"num_hidden_layers":30,"num_key_value_heads":8,"num_kv_shared_layers":0,"sliding_window":1024,"tie_word_embeddings":true,"top_k_experts":8,"vocab_size":262144} tie_word_embeddings=true vision_config={"global_head_dim":72,"head_dim":72,"hidden_size":1152,"intermediate_size":4304,"model_type":"gemma4_vision","num_attention_heads":16,"num_hidden_layers":27,"num_key_value_heads":16,"patch_size":16,"position_embedding_size":10240}`,
	],
	[
		'Qwen/Qwen3-VL-2B-Instruct',
		2_127_532_032,
		`model_type="qwen3_vl" text_config={"head_dim":128,"hidden_size":2048,"intermediate_size":6144,"model_type":"qwen3_vl_text","num_attention_heads":16,"num_hidden_layers":28,"num_key_value_heads":8,"tie_word_embeddings":true,"vocab_size":151936} tie_word_embeddings=true vision_config={"deepstack_visual_indexes":[5,11,17],"depth":24,"hidden_size":1024,"in_channels":3,"intermediate_size":4096,"model_type":"qwen3_vl","num_heads":16,"num_position_embeddings":2304,"out_hidden_size":2048,"patch_size":16,"spatial_merge_size":2,"temporal_patch_size":2}`,
	],
	[
		'Qwen/Qwen3.5-122B-A10B',
		122_562_817_776,
		`model_type="qwen3_5_moe" text_config={"full_attention_interval":4,"head_dim":256,"hidden_size":3072,"linear_conv_kernel_dim":4,"linear_key_head_dim":128,"linear_num_key_heads":16,"linear_num_value_heads":64,"linear_value_head_dim":128,"model_type":"qwen3_5_moe_text","moe_intermediate_size":1024,"num_attention_heads":32,"num_experts":256,"num_experts_per_tok":8,"num_hidden_layers":48,"num_key_value_heads":2,"shared_expert_intermediate_size":1024,"vocab_size":248320,"mamba_ssm_dtype":"float32"} tie_word_embeddings=false vision_config={"deepstack_visual_indexes":[],"depth":27,"hidden_size":1152,"in_channels":3,"intermediate_size":4304,"model_type":"qwen3_5_moe","num_heads":16,"num_position_embeddings":2304,"out_hidden_size":3072,"patch_size":16,"spatial_merge_size":2,"temporal_patch_size":2}`,
	],
	[
		'meta-llama/Llama-4-Maverick-17B-128E',
		401_583_781_376,
		`model_type="llama4" text_config={"model_type":"llama4_text","hidden_size":5120,"num_hidden_layers":48,"num_attention_heads":40,"num_key_value_heads":8,"head_dim":128,"intermediate_size":8192,"intermediate_size_mlp":16384,"num_local_experts":128,"num_experts_per_tok":1,"interleave_moe_layer_step":2,"vocab_size":202048,"tie_word_embeddings":false} vision_config={"hidden_size":1408,"intermediate_size":5632,"num_hidden_layers":34,"num_attention_heads":16,"image_size":336,"patch_size":14,"projector_input_dim":4096,"projector_output_dim":4096,"vision_output_dim":4096}`,
	],
	[
		'llava-hf/llava-1.5-7b-hf',
		7_063_427_072,
		`model_type="llava" text_config={"model_type":"llama","hidden_size":4096,"num_hidden_layers":32,"num_attention_heads":32,"num_key_value_heads":32,"intermediate_size":11008,"vocab_size":32064,"tie_word_embeddings":false} vision_config={"model_type":"clip_vision_model","hidden_size":1024,"intermediate_size":4096,"num_hidden_layers":24,"num_attention_heads":16,"image_size":336,"patch_size":14,"vocab_size":32000}`,
	],
	[
		'microsoft/Phi-4-mini-reasoning',
		3_836_021_760,
		`hidden_size=3072 intermediate_size=8192 model_type="phi4" num_attention_heads=24 num_hidden_layers=32 num_key_value_heads=8 sliding_window=262144 tie_word_embeddings=true vocab_size=200064`,
	],
	[
		'ibm-granite/granite-3.0-8b-base',
		8_170_848_256,
		`model_type="granite" hidden_size=4096 num_hidden_layers=40 num_attention_heads=32 num_key_value_heads=8 intermediate_size=12800 vocab_size=49155 tie_word_embeddings=true`,
	],
];

function parse(numbers: string): Record<string, unknown> {
	const pairs = numbers.split(' ').map((word): [string, unknown] => {
		const cut = word.indexOf('=');
		return [word.slice(0, cut), JSON.parse(word.slice(cut + 1))];
	});
	return Object.fromEntries(pairs);
}

/** The counted models with their configs. */
export const countedModules = rows.map(([id, total, numbers]) => ({ id, total, config: parse(numbers) }));
