// SGLang: its model classes, its quantization methods, and what runs through its Transformers backend.
import { words, type RuntimeProfile } from '#lib/core/runtime.ts';

const version = '0.5.17';

/** Every model class it brings, without heads for speculative decoding. */
const registry = words(`
	AfmoeForCausalLM ApertusForCausalLM ArceeForCausalLM BaichuanForCausalLM BailingMoEForCausalLM
	BailingMoeForCausalLM BailingMoeV2_5ForCausalLM BailingMoeV2ForCausalLM BertForSequenceClassification BertModel
	ChatGLMModel CLIPModel Cohere2ForCausalLM Cohere2MoeForCausalLM Cohere2VisionForConditionalGeneration
	CohereForCausalLM Contriever DbrxForCausalLM DeciLMForCausalLM DeepseekForCausalLM DeepseekOCRForCausalLM
	DeepseekV2ForCausalLM DeepseekV32ForCausalLM DeepseekV3ForCausalLM DeepseekV4ForCausalLM DeepseekVL2ForCausalLM
	DotsOCRForCausalLM DotsVLMForCausalLM EmbeddingGemmaModel Ernie4_5_ForCausalLM Ernie4_5_MoeForCausalLM
	Ernie4_5_VLMoeForConditionalGeneration Exaone4ForCausalLM ExaoneForCausalLM ExaoneMoEForCausalLM
	FalconH1ForCausalLM Gemma2ForCausalLM Gemma2ForSequenceClassification Gemma3ForCausalLM
	Gemma3ForConditionalGeneration Gemma3nForCausalLM Gemma3nForConditionalGeneration Gemma4ForCausalLM
	Gemma4ForConditionalGeneration Gemma4UnifiedForConditionalGeneration GemmaForCausalLM Glm4ForCausalLM
	Glm4MoeForCausalLM Glm4MoeLiteForCausalLM Glm4vForConditionalGeneration Glm4vMoeForConditionalGeneration
	GlmAsrForConditionalGeneration GlmImageForConditionalGeneration GlmMoeDsaForCausalLM
	GlmOcrForConditionalGeneration GPT2LMHeadModel GPTBigCodeForCausalLM GPTJForCausalLM GptOssForCausalLM
	GraniteForCausalLM GraniteMoeForCausalLM GraniteMoeHybridForCausalLM Grok1ForCausalLM Grok1ModelForCausalLM
	HrmTextForCausalLM HunYuanDenseV1ForCausalLM HunYuanMoEV1ForCausalLM HYV3ForCausalLM
	InklingForConditionalGeneration InternLM2ForCausalLM InternLM2ForRewardModel InternLM3ForCausalLM
	InternS1ForConditionalGeneration InternS1ProForConditionalGeneration InternS2PreviewForConditionalGeneration
	InternVLChatModel IQuestCoderForCausalLM IQuestLoopCoderForCausalLM JetNemotronForCausalLM
	JetVLMForConditionalGeneration KimiK25ForConditionalGeneration KimiK3ForConditionalGeneration
	KimiLinearForCausalLM KimiVLForConditionalGeneration LagunaForCausalLM Lfm2BidirectionalModel Lfm2ForCausalLM
	Lfm2MoeForCausalLM Lfm2VlForConditionalGeneration LightOnOCRForConditionalGeneration LLaDA2MoeModelLM
	Llama4ForCausalLM Llama4ForConditionalGeneration LlamaEmbeddingModel LlamaForCausalLM LlamaForClassification
	LlamaForSequenceClassification LlamaForSequenceClassificationWithNormal_Weights LlavaForConditionalGeneration
	LlavaLlamaForCausalLM LlavaMistralForCausalLM LlavaQwenForCausalLM LlavaVidForCausalLM
	LocateAnythingForConditionalGeneration LongcatFlashForCausalLM MellumForCausalLM MiDashengLMModel MiMoForCausalLM
	MiMoV2ASRForCausalLM MiMoV2FlashForCausalLM MiMoV2ForCausalLM MindSporeForCausalLM MiniCPM3ForCausalLM
	MiniCPMForCausalLM MiniCPMO MiniCPMV MiniCPMV4_6ForConditionalGeneration MiniMaxM2ForCausalLM
	MiniMaxM3SparseForCausalLM MiniMaxM3SparseForConditionalGeneration Ministral3ForCausalLM
	Mistral3ForConditionalGeneration MistralForCausalLM MistralLarge3ForCausalLM MistralModel MixtralForCausalLM
	MllamaForConditionalGeneration MossVLForConditionalGeneration MultiModalityCausalLM
	NemotronH_Nano_Omni_Reasoning_V3 NemotronH_Nano_VL_V2 NemotronHForCausalLM NemotronHPuzzleForCausalLM
	NVILAForConditionalGeneration NVILALiteForConditionalGeneration Olmo2ForCausalLM OlmoeForCausalLM OlmoForCausalLM
	OPTForCausalLM OrionForCausalLM PaddleOCRVLForConditionalGeneration PersimmonForCausalLM Phi3ForCausalLM
	Phi3SmallForCausalLM Phi4MMForCausalLM PhiForCausalLM PhiMoEForCausalLM PixtralForConditionalGeneration
	PixtralVisionModel POINTSV15ChatModel QuantMixtralForCausalLM Qwen2_5_VLForConditionalGeneration
	Qwen2AudioForConditionalGeneration Qwen2ForCausalLM Qwen2ForRewardModel Qwen2ForSequenceClassification
	Qwen2MoeForCausalLM Qwen2VLForConditionalGeneration Qwen3_5ForCausalLM Qwen3_5ForConditionalGeneration
	Qwen3_5MoeForCausalLM Qwen3_5MoeForConditionalGeneration Qwen3ASRForConditionalGeneration Qwen3ForCausalLM
	Qwen3ForRewardModel Qwen3ForSequenceClassification Qwen3Model Qwen3MoeForCausalLM Qwen3NextForCausalLM
	Qwen3OmniMoeForConditionalGeneration Qwen3VLForConditionalGeneration Qwen3VLMoeForConditionalGeneration
	QWenLMHeadModel Sarashina2VisionForCausalLM SarvamMLAForCausalLM SarvamMoEForCausalLM SDARForCausalLM
	SDARMoeForCausalLM SolarForCausalLM StableLmForCausalLM Starcoder2ForCausalLM Step3p5ForCausalLM
	Step3p7ForConditionalGeneration Step3VLForConditionalGeneration StepVLForConditionalGeneration TeleFLMForCausalLM
	TorchNativeLlamaForCausalLM TorchNativePhi3ForCausalLM TransformersEmbeddingModel TransformersForCausalLM
	TransformersForSequenceClassification TransformersMoEEmbeddingModel TransformersMoEForCausalLM
	TransformersMoEForSequenceClassification TransformersMultiModalEmbeddingModel TransformersMultiModalForCausalLM
	TransformersMultiModalForSequenceClassification TransformersMultiModalMoEEmbeddingModel
	TransformersMultiModalMoEForCausalLM TransformersMultiModalMoEForSequenceClassification UnlimitedOCRForCausalLM
	VoxtralForConditionalGeneration WhisperForConditionalGeneration XLMRobertaForSequenceClassification
	XLMRobertaModel XverseForCausalLM XverseMoeForCausalLM YiVLForCausalLM ZayaForCausalLM
`);

/** Heads that only speed up another model. */
const drafts = words(`
	BailingMoeForCausalLMNextN DeepseekV3ForCausalLMNextN DeepseekV4ForCausalLMDSpark DeepseekV4ForCausalLMNextN
	DFlashDraftModel DFlashLagunaForCausalLM DSparkDraftModel Eagle3DeepseekV2ForCausalLM Ernie4_5_MoeForCausalLMMTP
	ExaoneMoEForCausalLMMTP Gemma4AssistantForCausalLM Gemma4UnifiedAssistantForCausalLM Glm4MoeForCausalLMNextN
	Glm4MoeLiteForCausalLMNextN GlmMoeDsaForCausalLMNextN GlmOcrForConditionalGenerationNextN HYV3ForCausalLMNextN
	InklingForConditionalGenerationMTP LlamaForCausalLMEagle LlamaForCausalLMEagle3 LongcatFlashForCausalLMNextN
	MiMoMTP MiMoV2MTP MistralForCausalLMEagle MistralLarge3ForCausalLMEagle NemotronHForCausalLMMTP
	Qwen2ForCausalLMEagle Qwen3_5ForCausalLMMTP Qwen3DSparkModel Qwen3MoeForCausalLMMTP Qwen3NextForCausalLMMTP
	Step3p5MTP
`);

/** Classes of transformers 5.18.0 that say they work with its Transformers backend and write text. */
const backend = new Set(
	words(`
	AriaForConditionalGeneration AriaTextForCausalLM AXK1ForCausalLM AXK2ForCausalLM AyaVisionForConditionalGeneration
	BitNetForCausalLM Blip2ForConditionalGeneration ChameleonForConditionalGeneration CohereCompassForCausalLM
	CohereCompassForConditionalGeneration Cosmos3EdgeForConditionalGeneration Cosmos3OmniForConditionalGeneration
	CTRLLMHeadModel CwmForCausalLM DeepseekOcr2ForConditionalGeneration DiffLlamaForCausalLM
	DiffusionGemmaForBlockDiffusion DogeForCausalLM Dots1ForCausalLM Emu3ForCausalLM Emu3ForConditionalGeneration
	Ernie4_5ForCausalLM Exaone4_5_ForConditionalGeneration ExaoneMoeForCausalLM FastVlmForConditionalGeneration
	FlexOlmoForCausalLM FuyuForCausalLM Gemma4UnifiedForCausalLM Glm46VForConditionalGeneration
	Glm5NextForConditionalGeneration GlmForCausalLM GotOcr2ForConditionalGeneration GPTNeoXForCausalLM
	Granite4VisionForConditionalGeneration GraniteMoeSharedForCausalLM GraniteMoeSWAForCausalLM GraniteSWAForCausalLM
	HeliumForCausalLM HunYuanVLForConditionalGeneration HyperCLOVAXForCausalLM
	HyperCLOVAXVisionV2ForConditionalGeneration HYV4ForCausalLM Idefics2ForConditionalGeneration
	Idefics3ForConditionalGeneration IdeficsForVisionText2Text InstructBlipForConditionalGeneration
	InstructBlipVideoForConditionalGeneration InternVLForConditionalGeneration Jais2ForCausalLM JetMoeForCausalLM
	Kimi_K25ForConditionalGeneration Kosmos2_5ForConditionalGeneration Kosmos2ForConditionalGeneration
	LightOnOcrForConditionalGeneration LlavaNextForConditionalGeneration LlavaNextVideoForConditionalGeneration
	LlavaOnevisionForConditionalGeneration MiniMaxForCausalLM MiniMaxM3VLForCausalLM MinistralForCausalLM
	Mistral4ForCausalLM MllamaForCausalLM ModernBertDecoderForCausalLM MoshiForCausalLM
	MuseGlimmerForConditionalGeneration NanoChatForCausalLM NemotronForCausalLM Olmo3ForCausalLM
	Ovis2ForConditionalGeneration PaliGemmaForConditionalGeneration PerceptionLMForConditionalGeneration
	Phi4MultimodalForCausalLM PhimoeForCausalLM QianfanOCRForConditionalGeneration Qwen2_5OmniForConditionalGeneration
	Qwen2_5OmniThinkerForConditionalGeneration Qwen3OmniMoeThinkerForConditionalGeneration RecurrentGemmaForCausalLM
	SeedOssForCausalLM SmolLM3ForCausalLM SmolVLMForConditionalGeneration SolarOpenForCausalLM
	T5Gemma2ForConditionalGeneration VaultGemmaForCausalLM VideoLlama3ForConditionalGeneration
	VideoLlavaForConditionalGeneration VipLlavaForConditionalGeneration YoutuForCausalLM
`),
);

/** Model types that transformers 5.18.0 pairs with its classes. */
const derivedTypes = words(`
	afmoe apertus arcee bert clip code_llama cohere cohere2 cohere2_moe cohere2_vision dbrx deepseek_v2 deepseek_v3
	deepseek_v32 deepseek_v4 ernie4_5_moe ernie4_5_vl_moe exaone4 falcon_h1 gemma gemma2 gemma3 gemma3_text gemma3n
	gemma3n_text gemma4 gemma4_text gemma4_unified glm4 glm4_moe glm4_moe_lite glm4v glm4v_moe glm_moe_dsa glm_ocr
	glmasr gpt-sw3 gpt2 gpt_bigcode gpt_oss gptj granite granitemoe granitemoehybrid hrm_text hunyuan_v1_dense
	hunyuan_v1_moe hy_v3 inkling_mm_model kimi_linear laguna lfm2 lfm2_moe lfm2_vl llama llama4 llama4_text llava
	longcat_flash mellum mimo_v2_flash minicpm3 minicpmv4_6 minimax_m2 minimax_m3_vl ministral3 mistral mistral3
	mixtral mllama nemotron_h olmo olmo2 olmoe opt paddleocr_vl persimmon phi phi3 pixtral qwen2 qwen2_5_vl
	qwen2_audio qwen2_moe qwen2_vl qwen3 qwen3_5 qwen3_5_moe qwen3_5_moe_text qwen3_5_text qwen3_asr qwen3_moe
	qwen3_next qwen3_omni_moe qwen3_vl qwen3_vl_moe shieldgemma2 stablelm starcoder2 step3p7 voxtral whisper
	xlm-roberta zaya
`);

export const sglang: RuntimeProfile = {
	id: 'sglang',
	name: 'SGLang',
	version,
	source: 'sgl-project/sglang release 0.5.17 at 29481685: srt/models, srt/layers/quantization',
	asOf: '2026-08-07',
	engines: [
		{
			name: 'SGLang',
			version,
			formats: ['safetensors', 'pytorch', 'gguf'],
			by: 'architectures',
			architectures: registry,
			derivedTypes,
			drafts,
			backend: { name: 'its Transformers backend', runs: (name) => backend.has(name) },
			quantization: {
				awq: [4],
				gptq: null,
				gguf: null,
				'auto-round': null,
				bitsandbytes: null,
				'compressed-tensors': null,
				fp8: null,
				modelopt: null,
				mxfp4: null,
				mxfp8: null,
				nvfp4: null,
				quark: null,
				w4afp8: null,
				w8a8_fp8: null,
				w8a8_int8: null,
			},
			refusing: { mlx: 'Its weights are packed for MLX; SGLang packs for MLX itself, and only on Apple silicon.' },
		},
	],
	context: { limit: null, rule: 'the first length in the configuration, stretched by its rope scaling' },
	platforms: {
		Linux: ['CUDA', 'ROCm', 'Intel XPU', 'Intel CPU (AMX)', 'Ascend NPU', 'TPU (sglang-jax)', 'MUSA'],
		macOS: ['MPS/MLX backend (experimental)'],
		Windows: ['WSL'],
	},
	accelerators: ['CUDA', 'ROCm', 'Intel XPU', 'Ascend NPU', 'TPU', 'CPU'],
	remoteCode: '--trust-remote-code',
	serves: 'all',
	fallback: 'may run a class it does not name through its Transformers backend when the repository brings the code',
	fallsBackForOwnCode: true,
	hubTag: null,
};
