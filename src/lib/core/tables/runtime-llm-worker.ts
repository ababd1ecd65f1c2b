// The LLM worker: five families of text models, as safetensors or GGUF, with up to 32,768 tokens.
import { words, type RuntimeProfile } from '#lib/core/runtime.ts';

/** Llama and Mistral with their variants, under the names of configurations and of GGUF files. */
const sure = words(`
	code_llama llama llama4 llama4_text Llama4ForCausalLM Llama4ForConditionalGeneration LlamaForCausalLM ministral
	ministral3 Ministral3ForCausalLM MinistralForCausalLM mistral mistral3 Mistral3ForConditionalGeneration mistral4
	Mistral4ForCausalLM MistralForCausalLM mixtral MixtralForCausalLM
`);

/** Phi, Qwen and Gemma with theirs, and the Llama that sees. */
const lessSure = words(`
	gemma gemma2 Gemma2ForCausalLM gemma3 gemma3_text Gemma3ForCausalLM Gemma3ForConditionalGeneration gemma3n
	gemma3n_text Gemma3nForCausalLM Gemma3nForConditionalGeneration gemma4 gemma4_text gemma4_unified
	gemma4_unified_text Gemma4ForCausalLM Gemma4ForConditionalGeneration Gemma4UnifiedForCausalLM
	Gemma4UnifiedForConditionalGeneration GemmaForCausalLM mixformer mllama mllama_text_model MllamaForCausalLM
	MllamaForConditionalGeneration phi phi-msft phi2 phi3 phi3_v Phi3ForCausalLM phi3small phi4-siglip phi4_multimodal
	phi4mm Phi4MultimodalForCausalLM PhiForCausalLM phimoe PhimoeForCausalLM phixtral qwen qwen2 qwen2_5_omni
	qwen2_5_vl Qwen2_5_VLForConditionalGeneration Qwen2_5OmniForConditionalGeneration qwen2_audio qwen2_moe qwen2_vl
	Qwen2AudioForConditionalGeneration Qwen2ForCausalLM qwen2moe Qwen2MoeForCausalLM qwen2vl
	Qwen2VLForConditionalGeneration qwen3 qwen35 qwen35moe qwen3_5 qwen3_5_moe qwen3_5_moe_text qwen3_5_text
	Qwen3_5ForCausalLM Qwen3_5ForConditionalGeneration Qwen3_5MoeForCausalLM Qwen3_5MoeForConditionalGeneration
	qwen3_moe qwen3_next qwen3_omni_moe qwen3_vl qwen3_vl_moe Qwen3ForCausalLM qwen3moe Qwen3MoeForCausalLM qwen3next
	Qwen3NextForCausalLM Qwen3OmniMoeForConditionalGeneration qwen3vl Qwen3VLForConditionalGeneration qwen3vlmoe
	Qwen3VLMoeForConditionalGeneration qwen4_exp qwen4_exp_text Qwen4ExpForCausalLM Qwen4ExpForConditionalGeneration
	qwen_vl vaultgemma VaultGemmaForCausalLM
`);

/** Those that also see or hear: the worker runs their text part. */
const textOnly = words(`
	gemma3 Gemma3ForConditionalGeneration gemma3n Gemma3nForConditionalGeneration gemma4 gemma4_unified
	Gemma4ForConditionalGeneration Gemma4UnifiedForConditionalGeneration llama4 Llama4ForConditionalGeneration
	mistral3 Mistral3ForConditionalGeneration mllama MllamaForConditionalGeneration phi3_v phi4-siglip phi4_multimodal
	phi4mm Phi4MultimodalForCausalLM qwen2_5_omni qwen2_5_vl Qwen2_5_VLForConditionalGeneration
	Qwen2_5OmniForConditionalGeneration qwen2_audio qwen2_vl Qwen2AudioForConditionalGeneration qwen2vl
	Qwen2VLForConditionalGeneration qwen3_5 qwen3_5_moe Qwen3_5ForConditionalGeneration
	Qwen3_5MoeForConditionalGeneration qwen3_omni_moe qwen3_vl qwen3_vl_moe Qwen3OmniMoeForConditionalGeneration
	qwen3vl Qwen3VLForConditionalGeneration qwen3vlmoe Qwen3VLMoeForConditionalGeneration qwen4_exp
	Qwen4ExpForConditionalGeneration qwen_vl
`);

const isClass = (name: string) => /^[A-Z]/.test(name);
const all = [...sure, ...lessSure];

export const llmWorker: RuntimeProfile = {
	id: 'llm-worker',
	name: 'LLM worker',
	version: '1',
	source: 'what the worker declares: Llama, Mistral, Phi, Qwen and Gemma; safetensors and GGUF; 32,768 tokens',
	asOf: '2026-11',
	engines: [
		{
			name: 'LLM worker',
			version: '1',
			formats: ['safetensors', 'gguf'],
			declared: ['gguf'],
			by: 'model_type',
			types: all.filter((name) => !isClass(name)),
			architectures: all.filter(isClass),
			medium: lessSure,
			textOnly,
			quantization: null,
		},
	],
	context: { limit: 32_768, rule: 'a fixed limit; longer texts are cut' },
	platforms: { any: ['the worker says nothing about it'] },
	accelerators: [],
	remoteCode: null,
	serves: 'text strictly',
	hubTag: null,
};
