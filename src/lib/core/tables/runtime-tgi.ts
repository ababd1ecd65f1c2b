// Text Generation Inference: the model types it has optimized models for, and its quantization methods.
import { words, type RuntimeProfile } from '#lib/core/runtime.ts';

const version = '3.3.6-dev0';

const types = words(`
	baichuan bloom cohere dbrx deepseek_v2 deepseek_v3 falcon galactica gemma gemma2 gemma3 gemma3_text gpt2
	gpt_bigcode gpt_neox gptj granite idefics idefics2 idefics3 llama llama4 llava_next mamba mistral mixtral mllama
	mpt opt paligemma phi phi3 phimoe qwen2 qwen2_5_vl qwen2_vl santacoder starcoder2 t5
`);

/** Classes that transformers 5.18.0 pairs with those types. */
const derivedArchitectures = words(`
	BaichuanForCausalLM BloomForCausalLM CohereForCausalLM DbrxForCausalLM DeepseekV2ForCausalLM DeepseekV3ForCausalLM
	FalconForCausalLM Gemma2ForCausalLM Gemma3ForCausalLM Gemma3ForConditionalGeneration GemmaForCausalLM
	GPT2LMHeadModel GPTBigCodeForCausalLM GPTJForCausalLM GPTNeoXForCausalLM GraniteForCausalLM
	Idefics2ForConditionalGeneration Idefics3ForConditionalGeneration IdeficsForVisionText2Text Llama4ForCausalLM
	Llama4ForConditionalGeneration LlamaForCausalLM LlavaNextForConditionalGeneration MambaForCausalLM
	MistralForCausalLM MixtralForCausalLM MllamaForCausalLM MllamaForConditionalGeneration MptForCausalLM
	OPTForCausalLM PaliGemmaForConditionalGeneration Phi3ForCausalLM PhiForCausalLM PhimoeForCausalLM
	Qwen2_5_VLForConditionalGeneration Qwen2ForCausalLM Qwen2VLForConditionalGeneration Starcoder2ForCausalLM
	T5ForConditionalGeneration
`);

export const tgi: RuntimeProfile = {
	id: 'tgi',
	name: 'Text Generation Inference',
	version: `${version}, in maintenance`,
	source: 'huggingface/text-generation-inference at db931fcf: server/text_generation_server/models/__init__.py',
	asOf: '2026-01-08',
	engines: [
		{
			name: 'Text Generation Inference',
			version,
			formats: ['safetensors', 'pytorch'],
			by: 'model_type',
			types,
			derivedArchitectures,
			quantization: {
				awq: null,
				bitsandbytes: null,
				'compressed-tensors': null,
				eetq: null,
				exl2: null,
				fp8: null,
				gptq: null,
			},
			refusing: {
				gguf: 'Its weights are GGUF, which only its separate llama.cpp backend loads; that one publishes no list of architectures.',
			},
		},
	],
	context: { limit: null, rule: 'max_position_embeddings of the configuration, as the default of its token limits' },
	platforms: {
		Linux: ['CUDA', 'ROCm', 'Intel GPU/CPU', 'Gaudi', 'Inferentia (Neuron)', 'TPU'],
	},
	accelerators: ['CUDA', 'ROCm', 'Intel GPU', 'Gaudi', 'Inferentia', 'TPU', 'CPU'],
	remoteCode: '--trust-remote-code',
	serves: 'text',
	fallback: 'hands types it does not name to the auto classes of Transformers',
	hubTag: null,
};
