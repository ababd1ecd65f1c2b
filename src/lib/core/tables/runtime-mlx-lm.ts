// MLX-LM: the model types it has a module for, and the packings it reads.
import { words, type RuntimeEngine, type RuntimeProfile } from '#lib/core/runtime.ts';

/** Modules and the names that are mapped to them. */
const types = words(`
	afm7 afmoe apertus baichuan_m1 bailing_moe bailing_moe_linear bitnet cohere cohere2 dbrx deepseek deepseek_v2
	deepseek_v3 deepseek_v32 dots1 ernie4_5 ernie4_5_moe exaone exaone4 exaone_moe falcon_h1 falcon_mamba gemma gemma2
	gemma3 gemma3_text gemma3n gemma4 gemma4_text gemma4_unified glm glm4 glm4_moe glm4_moe_lite glm_moe_dsa gpt2
	gpt_bigcode gpt_neox gpt_oss granite granitemoe granitemoehybrid helium hunyuan hunyuan_v1_dense internlm2
	internlm3 iquestcoder iquestloopcoder jamba joyai_llm_flash kimi_k2 kimi_k25 kimi_linear kimi_vl Klear laguna lfm2
	lfm2-vl lfm2_moe lille-130m llama llama4 llama4_text llava longcat_flash longcat_flash_ngram mamba mamba2 mellum
	mimo mimo_v2_flash minicpm minicpm3 minimax minimax_m2 ministral3 mistral mistral3 mixtral nanochat nemotron
	nemotron-nas nemotron_h olmo olmo2 olmo3 olmoe openelm phi phi-msft phi3 phi3small phimoe phixtral pixtral plamo
	plamo2 qwen qwen2 qwen2_5_vl qwen2_moe qwen2_vl qwen3 qwen3_5 qwen3_5_moe qwen3_moe qwen3_next qwen3_vl
	qwen3_vl_moe recurrent_gemma rwkv7 seed_oss smollm3 solar_open stablelm starcoder2 step3p5 telechat3 youtu_llm
`);

/** Types (and what is mapped to them) of which the module holds the text part alone. */
const textOnly = words(`
	gemma3 gemma3n gemma4 gemma4_unified kimi_k25 kimi_vl lfm2-vl llama4 llava mistral3 pixtral qwen2_5_vl qwen2_vl
	qwen3_5 qwen3_5_moe qwen3_vl qwen3_vl_moe
`);

/** Classes that transformers 5.18.0 pairs with those types. */
const derivedArchitectures = words(`
	AfmoeForCausalLM ApertusForCausalLM BitNetForCausalLM Cohere2ForCausalLM CohereForCausalLM DbrxForCausalLM
	DeepseekV2ForCausalLM DeepseekV32ForCausalLM DeepseekV3ForCausalLM Dots1ForCausalLM Ernie4_5_MoeForCausalLM
	Ernie4_5ForCausalLM Exaone4ForCausalLM ExaoneMoeForCausalLM FalconH1ForCausalLM FalconMambaForCausalLM
	Gemma2ForCausalLM Gemma3ForCausalLM Gemma3ForConditionalGeneration Gemma3nForConditionalGeneration
	Gemma4ForCausalLM Gemma4ForConditionalGeneration Gemma4UnifiedForConditionalGeneration GemmaForCausalLM
	Glm4ForCausalLM Glm4MoeForCausalLM Glm4MoeLiteForCausalLM GlmForCausalLM GlmMoeDsaForCausalLM GPT2LMHeadModel
	GPTBigCodeForCausalLM GPTNeoXForCausalLM GptOssForCausalLM GraniteForCausalLM GraniteMoeForCausalLM
	GraniteMoeHybridForCausalLM HeliumForCausalLM HunYuanDenseV1ForCausalLM JambaForCausalLM
	Kimi_K25ForConditionalGeneration KimiLinearForCausalLM LagunaForCausalLM Lfm2ForCausalLM Lfm2MoeForCausalLM
	Llama4ForCausalLM Llama4ForConditionalGeneration LlamaForCausalLM LlavaForConditionalGeneration
	LongcatFlashForCausalLM Mamba2ForCausalLM MambaForCausalLM MellumForCausalLM MiMoV2FlashForCausalLM
	MiniCPM3ForCausalLM MiniMaxForCausalLM MiniMaxM2ForCausalLM Ministral3ForCausalLM Mistral3ForConditionalGeneration
	MistralForCausalLM MixtralForCausalLM NanoChatForCausalLM NemotronForCausalLM NemotronHForCausalLM
	Olmo2ForCausalLM Olmo3ForCausalLM OlmoeForCausalLM OlmoForCausalLM Phi3ForCausalLM PhiForCausalLM
	PhimoeForCausalLM Qwen2_5_VLForConditionalGeneration Qwen2ForCausalLM Qwen2MoeForCausalLM
	Qwen2VLForConditionalGeneration Qwen3_5ForCausalLM Qwen3_5ForConditionalGeneration Qwen3_5MoeForCausalLM
	Qwen3_5MoeForConditionalGeneration Qwen3ForCausalLM Qwen3MoeForCausalLM Qwen3NextForCausalLM
	Qwen3VLForConditionalGeneration Qwen3VLMoeForConditionalGeneration RecurrentGemmaForCausalLM SeedOssForCausalLM
	SmolLM3ForCausalLM SolarOpenForCausalLM StableLmForCausalLM Starcoder2ForCausalLM
`);

export const mlxLmEngine: RuntimeEngine = {
	name: 'MLX-LM',
	version: '0.32.0',
	formats: ['mlx', 'safetensors'],
	by: 'model_type',
	types,
	derivedArchitectures,
	textOnly,
	quantization: {
		mlx: [2, 3, 4, 5, 6, 8],
		awq: [4],
		gptq: [4],
		bitnet: null,
		'compressed-tensors': null,
		fp8: null,
		mxfp4: null,
		mxfp8: null,
		nvfp4: null,
	},
	unpacked: ['fp8'],
};

export const mlxLm: RuntimeProfile = {
	id: 'mlx-lm',
	name: 'MLX-LM',
	version: '0.32.0',
	source: 'ml-explore/mlx-lm at d78bf58e: mlx_lm/models, mlx_lm/utils.py',
	asOf: '2026-08-22',
	engines: [mlxLmEngine],
	context: { limit: null, rule: 'none: the cache grows with the text' },
	platforms: {
		macOS: ['Apple silicon Metal'],
		Linux: ['CUDA 12/13 (mlx[cuda])', 'CPU (mlx[cpu])'],
		Windows: [],
	},
	accelerators: ['Metal', 'CUDA', 'CPU'],
	remoteCode: null,
	serves: 'text',
	hubTag: null,
};
