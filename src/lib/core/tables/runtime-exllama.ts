// ExLlamaV3 and ExLlamaV2: the classes they know, and their own packings.
import { words, type RuntimeProfile } from '#lib/core/runtime.ts';

const v3Classes = words(`
	AfmoeForCausalLM ApertusForCausalLM ArceeForCausalLM Cohere2ForCausalLM CohereForCausalLM DeciLMForCausalLM
	DeepseekV3ForCausalLM DeepseekV4ForCausalLM DFlashDraftModel DFlashLagunaForCausalLM Dots1ForCausalLM
	Ernie4_5_ForCausalLM Ernie4_5_MoeForCausalLM Exaone4ForCausalLM Gemma2ForCausalLM Gemma3ForCausalLM
	Gemma3ForConditionalGeneration Gemma4ForConditionalGeneration Gemma4UnifiedForConditionalGeneration
	Glm4ForCausalLM Glm4MoeForCausalLM Glm4vForConditionalGeneration Glm4vMoeForConditionalGeneration
	GptOssForCausalLM HCXVisionV2ForCausalLM HyperCLOVAXForCausalLM HYV3ForCausalLM IQuestCoderForCausalLM
	LagunaForCausalLM Lfm2MoeForCausalLM LlamaForCausalLM MiMoForCausalLM MiniMaxM2ForCausalLM Ministral3ForCausalLM
	Mistral3ForConditionalGeneration MistralForCausalLM MixtralForCausalLM NanoChatForCausalLM NemotronHForCausalLM
	Olmo3ForCausalLM OlmoHybridForCausalLM Phi3ForCausalLM Qwen2_5_VLForConditionalGeneration Qwen2ForCausalLM
	Qwen3_5ForCausalLM Qwen3_5ForConditionalGeneration Qwen3_5MoeForCausalLM Qwen3_5MoeForConditionalGeneration
	Qwen3ForCausalLM Qwen3MoeForCausalLM Qwen3NextForCausalLM Qwen3VLForConditionalGeneration
	Qwen3VLMoeForConditionalGeneration SeedOssForCausalLM SmolLM3ForCausalLM SolarOpenForCausalLM Step3p5ForCausalLM
	Step3p7ForConditionalGeneration
`);
const v2Classes = words(`
	Cohere2ForCausalLM CohereForCausalLM DbrxForCausalLM Gemma2ForCausalLM Gemma3ForConditionalGeneration
	GemmaForCausalLM GemmoeForCausalLM Glm4ForCausalLM GPT2LMHeadModel GPTBigCodeForCausalLM GraniteForCausalLM
	IndexForCausalLM InternLM2ForCausalLM LlamaForCausalLM LlavaForConditionalGeneration MiniCPMForCausalLM
	Mistral3ForConditionalGeneration MistralForCausalLM MixtralForCausalLM OrionForCausalLM Phi3ForCausalLM
	Qwen2_5_VLForConditionalGeneration Qwen2ForCausalLM Qwen2VLForConditionalGeneration Qwen3ForCausalLM
	Qwen3MoeForCausalLM Starcoder2ForCausalLM YiForCausalLM
`);

/** Model types that transformers 5.18.0 pairs with those. */
const v3Types = words(`
	afmoe apertus arcee code_llama cohere cohere2 deepseek_v3 deepseek_v4 dots1 ernie4_5_moe exaone4 gemma2 gemma3
	gemma3_text gemma4 gemma4_unified glm4 glm4_moe glm4v glm4v_moe gpt_oss hy_v3 hyperclovax laguna lfm2_moe llama
	minimax_m2 ministral3 mistral mistral3 mixtral nanochat nemotron_h olmo3 olmo_hybrid phi3 qwen2 qwen2_5_vl qwen3
	qwen3_5 qwen3_5_moe qwen3_5_moe_text qwen3_5_text qwen3_moe qwen3_next qwen3_vl qwen3_vl_moe seed_oss shieldgemma2
	smollm3 solar_open step3p7
`);
const v2Types = words(`
	code_llama cohere cohere2 dbrx gemma gemma2 gemma3 glm4 gpt-sw3 gpt2 gpt_bigcode granite llama llava mistral
	mistral3 mixtral phi3 qwen2 qwen2_5_vl qwen2_vl qwen3 qwen3_moe shieldgemma2 starcoder2
`);

export const exllamaV3: RuntimeProfile = {
	id: 'exllamav3',
	name: 'ExLlamaV3',
	version: '1.4.1',
	source: 'turboderp-org/exllamav3 at 4f8ad012: exllamav3/architecture',
	asOf: '2026-08-08',
	engines: [
		{
			name: 'ExLlamaV3',
			version: '1.4.1',
			formats: ['safetensors'],
			by: 'architectures',
			architectures: v3Classes,
			derivedTypes: v3Types,
			quantization: { exl3: null, fp8: null },
			unpacked: ['fp8'],
		},
	],
	context: { limit: null, rule: 'max_position_embeddings of the configuration; the cache is as long as it was made' },
	platforms: {
		Linux: ['CUDA'],
		Windows: ['CUDA'],
		macOS: [],
	},
	accelerators: ['CUDA'],
	remoteCode: null,
	serves: 'text',
	hubTag: null,
};

export const exllamaV2: RuntimeProfile = {
	id: 'exllamav2',
	name: 'ExLlamaV2',
	version: '0.3.2, no longer developed',
	source: 'turboderp-org/exllamav2 at da07facd: exllamav2/architecture.py',
	asOf: '2025-12-09',
	engines: [
		{
			name: 'ExLlamaV2',
			version: '0.3.2',
			formats: ['safetensors'],
			by: 'architectures',
			architectures: v2Classes,
			derivedTypes: v2Types,
			quantization: { exl2: null, gptq: [4] },
		},
	],
	context: { limit: null, rule: 'the first length in the configuration' },
	platforms: {
		Linux: ['CUDA', 'ROCm'],
		Windows: ['CUDA'],
		macOS: [],
	},
	accelerators: ['CUDA', 'ROCm'],
	remoteCode: null,
	serves: 'text',
	fallback: 'loads classes it does not name as if they were Llama',
	hubTag: null,
};
