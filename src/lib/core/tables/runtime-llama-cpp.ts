// llama.cpp: the architectures its GGUF reader knows, and the classes its converter takes.
import { words, type RuntimeEngine, type RuntimeProfile } from '#lib/core/runtime.ts';

/** GGUF architectures, without `clip` and `gptj`, which are names only: no model of theirs can be run. */
export const ggufArchitectures = words(`
	afmoe apertus arcee arctic arwkv7 baichuan bailingmoe bailingmoe2 bailingmoe3 bert bitnet bloom chameleon chatglm
	codeshell cogvlm cohere2 cohere2moe command-r dbrx deci deepseek deepseek2 deepseek2-ocr deepseek32 deepseek4
	dflash dots1 dots3note dream eagle3 ernie4_5 ernie4_5-moe eurobert exaone exaone-moe exaone4 falcon falcon-h1
	gemma gemma-embedding gemma2 gemma3 gemma3n gemma4 gemma4-assistant glm-dsa glm4 glm4moe gpt-oss gpt2 gptneox
	granite granite_swa granitehybrid granitemoe graniteswitch grok grovemoe hunyuan-dense hunyuan-moe hunyuan_vl
	hy_v3 internlm2 jais jais2 jamba jina-bert-v2 jina-bert-v3 kimi-k3 kimi-linear laguna lfm2 lfm2moe llada llada-moe
	llama llama-embed llama4 maincoder mamba mamba2 mellum mimo2 minicpm minicpm3 minimax-01 minimax-m2 minimax-m3
	mistral3 mistral4 modern-bert mpt muse-glimmer nanbeige nemotron nemotron_h nemotron_h_moe neo-bert nomic-bert
	nomic-bert-moe olmo olmo2 olmoe openelm orion paddleocr pangu-embedded phi2 phi3 phimoe plamo plamo2 plamo3 plm
	pockettts qwen qwen2 qwen2moe qwen2vl qwen3 qwen35 qwen35moe qwen3moe qwen3next qwen3tts qwen3vl qwen3vlmoe refact
	rnd1 rwkv6 rwkv6qwen2 rwkv7 seed_oss smallthinker smollm3 stablelm starcoder starcoder2 step35 t5 t5encoder talkie
	wavtokenizer-dec xverse
`);

/** Classes that convert_hf_to_gguf.py turns into one of those. */
export const convertedClasses = words(`
	AfmoeForCausalLM ApertusForCausalLM ArceeForCausalLM ArcticForCausalLM AudioFlamingo3ForConditionalGeneration
	BaiChuanForCausalLM BaichuanForCausalLM BailingMoeForCausalLM BailingMoeV2ForCausalLM BailingMoeV3ForCausalLM
	BambaForCausalLM BertForMaskedLM BertForSequenceClassification BertModel BitNetForCausalLM BitnetForCausalLM
	BloomForCausalLM BloomModel CamembertModel ChameleonForCausalLM ChameleonForConditionalGeneration
	ChatGLMForConditionalGeneration ChatGLMModel CodeShellForCausalLM CogVLMForCausalLM Cohere2ForCausalLM
	Cohere2MoeForCausalLM CohereForCausalLM DbrxForCausalLM DeciLMForCausalLM DeepseekForCausalLM
	DeepseekOCRForCausalLM DeepseekV2ForCausalLM DeepseekV32ForCausalLM DeepseekV3ForCausalLM DeepseekV4DSparkModel
	DeepseekV4ForCausalLM DFlashDraftModel DistilBertForMaskedLM DistilBertForSequenceClassification DistilBertModel
	Dots1ForCausalLM Dots3NoteForCausalLM Dots3NoteForConditionalGeneration Dots3NoteTextForCausalLM
	DotsOCRForCausalLM DreamModel DSparkDraftModel DSparkSpeculator Eagle3DraftModel Eagle3LlamaForCausalLM
	Eagle3Speculator Ernie4_5_ForCausalLM Ernie4_5_MoeForCausalLM Ernie4_5ForCausalLM EuroBertModel
	Exaone4_5_ForConditionalGeneration Exaone4ForCausalLM ExaoneForCausalLM ExaoneMoEForCausalLM ExaoneMoeForCausalLM
	FalconForCausalLM FalconH1ForCausalLM FalconMambaForCausalLM Gemma2ForCausalLM Gemma3ForCausalLM
	Gemma3ForConditionalGeneration Gemma3nForCausalLM Gemma3nForConditionalGeneration Gemma3TextModel
	Gemma4AssistantForCausalLM Gemma4ForCausalLM Gemma4ForConditionalGeneration Gemma4UnifiedAssistantForCausalLM
	Gemma4UnifiedForConditionalGeneration GemmaForCausalLM Glm4ForCausalLM Glm4MoeForCausalLM Glm4MoeLiteForCausalLM
	Glm4vForConditionalGeneration Glm4vMoeForConditionalGeneration GlmForCausalLM GlmMoeDsaForCausalLM
	GlmOcrForConditionalGeneration GPT2LMHeadModel GPTBigCodeForCausalLM GPTNeoXForCausalLM GptOssForCausalLM
	GPTRefactForCausalLM GraniteForCausalLM GraniteMoeForCausalLM GraniteMoeHybridForCausalLM
	GraniteMoeSharedForCausalLM GraniteMoeSWAForCausalLM GraniteSpeechForConditionalGeneration
	GraniteSpeechPlusForConditionalGeneration GraniteSWAForCausalLM GraniteSwitchForCausalLM Grok1ForCausalLM
	GrokForCausalLM GroveMoeForCausalLM HunYuanDenseV1ForCausalLM HunYuanMoEV1ForCausalLM
	HunYuanVLForConditionalGeneration HYV3ForCausalLM InternLM2ForCausalLM InternLM3ForCausalLM IQuestCoderForCausalLM
	Jais2ForCausalLM JAISLMHeadModel JambaForCausalLM JanusForConditionalGeneration JinaBertForMaskedLM JinaBertModel
	JinaEmbeddingsV5Model KimiK25ForConditionalGeneration KimiK3ForConditionalGeneration KimiLinearForCausalLM
	KimiLinearModel KimiVLForConditionalGeneration KORMoForCausalLM LagunaForCausalLM Lfm25AudioTokenizer
	Lfm2BidirectionalModel Lfm2DSparkDraftModel LFM2ForCausalLM Lfm2ForCausalLM Lfm2Model Lfm2MoeForCausalLM
	LingDSparkModel LLaDAModelLM LLaDAMoEModel LLaDAMoEModelLM Llama4ForCausalLM Llama4ForConditionalGeneration
	LlamaBidirectionalModel LLaMAForCausalLM LlamaForCausalLM LlamaForCausalLMEagle3 LlamaModel
	LlavaForConditionalGeneration LlavaStableLMEpochForCausalLM MaincoderForCausalLM Mamba2ForCausalLM
	MambaForCausalLM MambaLMHeadModel MellumForCausalLM MiMoV2FlashForCausalLM MiMoV2ForCausalLM MiniCPM3ForCausalLM
	MiniCPMForCausalLM MiniCPMV4_6ForConditionalGeneration MiniMaxM1ForCausalLM MiniMaxM2ForCausalLM
	MiniMaxM3SparseForCausalLM MiniMaxM3SparseForConditionalGeneration MiniMaxText01ForCausalLM Ministral3ForCausalLM
	Mistral3ForConditionalGeneration MistralForCausalLM MixtralForCausalLM modeling_grove_moe.GroveMoeForCausalLM
	modeling_sarvam_moe.SarvamMoEForCausalLM ModernBertForMaskedLM ModernBertForSequenceClassification ModernBertModel
	MPTForCausalLM MT5ForConditionalGeneration MuseGlimmerAssistantModel MuseGlimmerForConditionalGeneration
	NanbeigeForCausalLM NemotronForCausalLM NemotronHForCausalLM NeoBERT NeoBERTForSequenceClassification
	NeoBERTLMHead NomicBertModel Olmo2ForCausalLM Olmo3ForCausalLM OlmoeForCausalLM OLMoForCausalLM OlmoForCausalLM
	OpenELMForCausalLM OrionForCausalLM PaddleOCRVLForConditionalGeneration PanguEmbeddedForCausalLM Phi3ForCausalLM
	Phi4ForCausalLMV PhiForCausalLM PhiMoEForCausalLM PLaMo2ForCausalLM Plamo2ForCausalLM PLaMo3ForCausalLM
	Plamo3ForCausalLM PlamoForCausalLM PLMForCausalLM PocketTTSModel Qwen2_5_VLForConditionalGeneration
	Qwen2_5OmniModel Qwen2AudioForConditionalGeneration Qwen2ForCausalLM Qwen2Model Qwen2MoeForCausalLM
	Qwen2VLForConditionalGeneration Qwen2VLModel Qwen3_5ForCausalLM Qwen3_5ForConditionalGeneration
	Qwen3_5MoeForCausalLM Qwen3_5MoeForConditionalGeneration Qwen3ASRForConditionalGeneration Qwen3DSparkModel
	Qwen3ForCausalLM Qwen3Model Qwen3MoeForCausalLM Qwen3NextForCausalLM Qwen3OmniMoeForConditionalGeneration
	Qwen3TTSForConditionalGeneration Qwen3VLForConditionalGeneration Qwen3VLMoeForConditionalGeneration
	QWenLMHeadModel RND1 RobertaForSequenceClassification RobertaModel RuGPT3XLForCausalLM RWForCausalLM
	Rwkv6ForCausalLM RWKV6Qwen2ForCausalLM RWKV7ForCausalLM Rwkv7ForCausalLM RwkvHybridForCausalLM
	Sarashina2VisionForCausalLM SarvamMoEForCausalLM SeedOssForCausalLM SmallThinkerForCausalLM SmolLM3ForCausalLM
	SolarOpenForCausalLM StableLMEpochForCausalLM StableLmForCausalLM Starcoder2ForCausalLM Step3p5ForCausalLM
	Step3p7ForConditionalGeneration StepVLForConditionalGeneration T5EncoderModel T5ForConditionalGeneration
	T5WithLMHeadModel TalkieForCausalLM UltravoxModel UMT5ForConditionalGeneration UMT5Model UnlimitedOCRForCausalLM
	VLlama3ForCausalLM VoxtralForConditionalGeneration WavTokenizerDec XLMRobertaForSequenceClassification
	XLMRobertaModel XverseForCausalLM YoutuForCausalLM YoutuVLForConditionalGeneration
`);

/** Model types that transformers 5.18.0 pairs with those classes. */
const derivedTypes = words(`
	afmoe apertus arcee audioflamingo3 bamba bert bitnet bloom camembert chameleon code_llama cohere cohere2
	cohere2_moe dbrx deepseek_v2 deepseek_v3 deepseek_v32 deepseek_v4 distilbert dots1 ernie4_5 ernie4_5_moe eurobert
	exaone4 exaone4_5 exaone_moe falcon falcon_h1 falcon_mamba gemma gemma2 gemma3 gemma3_text gemma3n gemma3n_text
	gemma4 gemma4_assistant gemma4_text gemma4_unified gemma4_unified_assistant glm glm4 glm4_moe glm4_moe_lite glm4v
	glm4v_moe glm_moe_dsa glm_ocr gpt-sw3 gpt2 gpt_bigcode gpt_neox gpt_oss granite granite_speech granite_speech_plus
	granite_swa granitemoe granitemoe_swa granitemoehybrid granitemoeshared hunyuan_v1_dense hunyuan_v1_moe hunyuan_vl
	hy_v3 jais2 jamba janus kimi_linear laguna lfm2 lfm2_moe llama llama4 llama4_text llava mamba mamba2 mellum
	mimo_v2_flash minicpm3 minicpmv4_6 minimax_m2 minimax_m3_vl ministral3 mistral mistral3 mixtral modernbert mt5
	muse_glimmer muse_glimmer_assistant nemotron nemotron_h nomic_bert olmo olmo2 olmo3 olmoe paddleocr_vl phi phi3
	qwen2 qwen2_5_vl qwen2_audio qwen2_moe qwen2_vl qwen3 qwen3_5 qwen3_5_moe qwen3_5_moe_text qwen3_5_text qwen3_asr
	qwen3_moe qwen3_next qwen3_omni_moe qwen3_vl qwen3_vl_moe roberta seed_oss shieldgemma2 smollm3 solar_open
	stablelm starcoder2 step3p7 t5 umt5 voxtral xlm-roberta youtu
`);

export const llamaCppEngine: RuntimeEngine = {
	name: 'llama.cpp',
	version: 'b10573+14',
	formats: ['gguf'],
	by: 'gguf',
	types: ggufArchitectures,
	architectures: convertedClasses,
	derivedTypes,
	quantization: { gguf: null },
	refusing: {
		'gguf-retired': 'Its GGUF files have a quantization that llama.cpp took out again (Q4_0_4_4 and its like).',
		ggml: 'Its weights are GGML, which GGUF replaced in 2023; llama.cpp no longer reads them.',
	},
	conversion: {
		from: ['safetensors', 'pytorch'],
		to: 'gguf',
		how: 'Convert it to GGUF with convert_hf_to_gguf.py of llama.cpp, which takes this architecture.',
	},
};

export const llamaCpp: RuntimeProfile = {
	id: 'llama.cpp',
	name: 'llama.cpp',
	version: 'b10573+14',
	source: 'ggml-org/llama.cpp at 3f545bec: conversion, gguf-py/gguf/constants.py, src/llama-arch.cpp',
	asOf: '2026-08-22',
	engines: [llamaCppEngine],
	context: { limit: null, rule: 'the length in the GGUF file; less when memory is short and none is asked for' },
	platforms: {
		Linux: ['CPU', 'CUDA', 'ROCm/HIP', 'Vulkan', 'SYCL', 'MUSA', 'CANN', 'OpenVINO (in progress)', 'RPC'],
		macOS: ['Metal', 'CPU/BLAS'],
		Windows: ['CPU', 'CUDA', 'HIP', 'Vulkan', 'SYCL', 'OpenCL (Adreno)'],
		other: ['Android', 'WebGPU', 'IBM Z zDNN', 'Hexagon (in progress)'],
	},
	accelerators: ['CUDA', 'ROCm', 'Metal', 'Vulkan', 'SYCL', 'CPU'],
	remoteCode: null,
	serves: 'all',
	hubTag: 'gguf',
};
