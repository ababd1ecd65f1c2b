// Ollama: GGUF through its llama.cpp, safetensors it imports, and its MLX runner.
import { words, type RuntimeProfile } from '#lib/core/runtime.ts';
import { llamaCppEngine } from '#lib/core/tables/runtime-llama-cpp.ts';

const version = 'main 2026-08-21';

/** Classes that `ollama create` converts. */
const imported = words(`
	BertModel CohereForCausalLM DeepseekOCRForCausalLM DeepseekV3ForCausalLM Gemma2ForCausalLM Gemma3ForCausalLM
	Gemma3ForConditionalGeneration Gemma3nForConditionalGeneration Gemma3TextModel Gemma4ForCausalLM
	Gemma4ForConditionalGeneration GemmaForCausalLM Glm4MoeLiteForCausalLM GlmOcrForConditionalGeneration
	GptOssForCausalLM LagunaForCausalLM Lfm2ForCausalLM Lfm2MoeForCausalLM Lfm2VlForConditionalGeneration
	Llama4ForConditionalGeneration LlamaForCausalLM Ministral3ForCausalLM Mistral3ForConditionalGeneration
	MixtralForCausalLM MllamaForConditionalGeneration NemotronH_Nano_Omni_Reasoning_V3 NemotronH_Nano_VL_V2
	NemotronHForCausalLM NomicBertModel NomicBertMoEModel Olmo3ForCausalLM Phi3ForCausalLM
	Qwen2_5_VLForConditionalGeneration Qwen2ForCausalLM Qwen3_5ForConditionalGeneration
	Qwen3_5MoeForConditionalGeneration Qwen3NextForCausalLM Qwen3VLForConditionalGeneration
	Qwen3VLMoeForConditionalGeneration
`);

/** Classes of the MLX runner. */
const runner = words(`
	Cohere2MoeForCausalLM Gemma3ForCausalLM Gemma3ForConditionalGeneration Gemma4ForCausalLM
	Gemma4ForConditionalGeneration Gemma4UnifiedForCausalLM Gemma4UnifiedForConditionalGeneration GLM4MoeLite
	Glm4MoeLiteForCausalLM LagunaForCausalLM LlamaForCausalLM MuseGlimmerForConditionalGeneration
	NemotronH_Nano_Omni_Reasoning_V3 NemotronH_Nano_VL_V2 NemotronHForCausalLM Qwen3_5ForCausalLM
	Qwen3_5ForConditionalGeneration Qwen3_5MoeForCausalLM Qwen3_5MoeForConditionalGeneration Qwen3ForCausalLM
	Qwen3NextForCausalLM Qwen3NextForConditionalGeneration Qwen3NextMoeForCausalLM
	Qwen3NextMoeForConditionalGeneration
`);

/** Model types that transformers 5.18.0 pairs with those. */
const importedTypes = words(`
	bert code_llama cohere deepseek_v3 gemma gemma2 gemma3 gemma3_text gemma3n gemma4 gemma4_text glm4_moe_lite
	glm_ocr gpt_oss laguna lfm2 lfm2_moe lfm2_vl llama llama4 ministral3 mistral3 mixtral mllama nemotron_h nomic_bert
	olmo3 phi3 qwen2 qwen2_5_vl qwen3_5 qwen3_5_moe qwen3_next qwen3_vl qwen3_vl_moe shieldgemma2
`);
const runnerTypes = words(`
	code_llama cohere2_moe gemma3 gemma3_text gemma4 gemma4_text gemma4_unified gemma4_unified_text glm4_moe_lite
	laguna llama muse_glimmer nemotron_h qwen3 qwen3_5 qwen3_5_moe qwen3_5_moe_text qwen3_5_text qwen3_next
	shieldgemma2
`);

const { conversion: _viaLlamaCpp, ...ggufEngine } = llamaCppEngine;

export const ollama: RuntimeProfile = {
	id: 'ollama',
	name: 'Ollama',
	version: `${version} (llama.cpp pinned b10488)`,
	source: 'ollama/ollama at fb307609: convert/convert.go, x/models, LLAMA_CPP_VERSION',
	asOf: '2026-08-21',
	engines: [
		{ ...ggufEngine, name: 'Ollama', version },
		{
			name: 'Ollama',
			version,
			formats: ['safetensors'],
			by: 'architectures',
			architectures: imported,
			derivedTypes: importedTypes,
			quantization: {},
			loading: { safetensors: 'Its safetensors have to be imported first: "ollama create" converts them.' },
		},
		{
			name: "Ollama's MLX runner",
			version,
			formats: ['mlx'],
			by: 'architectures',
			architectures: runner,
			derivedTypes: runnerTypes,
			quantization: { mlx: [4, 8], mxfp4: null, mxfp8: null, nvfp4: null },
			ceiling: "Only Ollama's MLX runner loads it: on Apple silicon, elsewhere as an experiment on CUDA.",
		},
	],
	context: {
		limit: null,
		rule: 'the length in the GGUF file; 4k, 32k or 256k by video memory unless num_ctx says otherwise',
	},
	platforms: {
		macOS: ['Metal (llama.cpp)', 'MLX runner'],
		Linux: ['CUDA', 'ROCm', 'Vulkan', 'CPU', 'MLX CUDA (runner, experimental)'],
		Windows: ['CUDA', 'ROCm', 'Vulkan', 'CPU', 'MLX CUDA (separate zip)'],
	},
	accelerators: ['CUDA', 'ROCm', 'Metal', 'Vulkan', 'CPU'],
	remoteCode: null,
	serves: 'all',
	hubTag: null,
};
