// vLLM: its registry of model classes, its quantization methods, and what runs through its Transformers backend.
import { words, type RuntimeProfile } from '#lib/core/runtime.ts';

const version = 'main 2026-08-07, after 0.26';

/** The registry of models, without heads for speculative decoding and without the backend's own wrappers. */
const registry = words(`
	AfmoeForCausalLM ApertusForCausalLM ArceeForCausalLM ArcticForCausalLM AriaForConditionalGeneration
	AudioFlamingo3ForConditionalGeneration AXK1ForCausalLM BagelForConditionalGeneration BailingMoeForCausalLM
	BailingMoeV2_5ForCausalLM BailingMoeV2ForCausalLM BailingMoeV3ForCausalLM BeeForConditionalGeneration
	BertForMaskedLM BertForSequenceClassification BertForTokenClassification BertModel BertSpladeSparseEmbeddingModel
	BgeM3EmbeddingModel Blip2ForConditionalGeneration BloomForCausalLM ChameleonForConditionalGeneration
	ChatGLMForConditionalGeneration ChatGLMModel Cheers CheersForConditionalGeneration CLIPModel Cohere2ForCausalLM
	Cohere2MoeForCausalLM Cohere2VisionForConditionalGeneration CohereAsrForConditionalGeneration CohereForCausalLM
	ColBERTJinaRobertaModel ColBERTLfm2Model ColBERTModernBertModel ColModernVBertForRetrieval ColPaliForRetrieval
	ColQwen3 ColQwen3_5 Cosmos3EdgeForConditionalGeneration Cosmos3ForConditionalGeneration CwmForCausalLM
	DbrxForCausalLM DeciLMForCausalLM DeepseekForCausalLM DeepseekOCR2ForCausalLM DeepseekOCRForCausalLM
	DeepseekV2ForCausalLM DeepseekV32ForCausalLM DeepseekV3ForCausalLM DeepseekV4ForCausalLM DeepseekVLV2ForCausalLM
	DiffusionGemmaForBlockDiffusion DotsOCRForCausalLM Eagle2_5_VLForConditionalGeneration
	Emu3ForConditionalGeneration Ernie4_5_MoeForCausalLM Ernie4_5_VLMoeForConditionalGeneration Ernie4_5ForCausalLM
	Exaone4_5_ForConditionalGeneration Exaone4ForCausalLM ExaoneForCausalLM ExaoneMoeForCausalLM
	Fairseq2LlamaForCausalLM FalconForCausalLM FalconH1ForCausalLM FalconMambaForCausalLM
	FireRedASR2ForConditionalGeneration FireRedLIDForConditionalGeneration FlexOlmoForCausalLM
	FunASRForConditionalGeneration FunAudioChatForConditionalGeneration Gemma2ForCausalLM Gemma2Model
	Gemma3ForCausalLM Gemma3ForConditionalGeneration Gemma3nForCausalLM Gemma3nForConditionalGeneration
	Gemma3TextModel Gemma4ForCausalLM Gemma4ForConditionalGeneration Gemma4UnifiedForConditionalGeneration
	GemmaForCausalLM Glm4ForCausalLM Glm4MoeForCausalLM Glm4MoeLiteForCausalLM GLM4VForCausalLM
	Glm4vForConditionalGeneration Glm4vMoeForConditionalGeneration GlmAsrForConditionalGeneration GlmForCausalLM
	GlmMoeDsaForCausalLM GlmOcrForConditionalGeneration GPT2ForSequenceClassification GPT2LMHeadModel
	GPTBigCodeForCausalLM GPTJForCausalLM GPTNeoXForCausalLM GptOssForCausalLM Granite4VisionForConditionalGeneration
	GraniteForCausalLM GraniteMoeForCausalLM GraniteMoeHybridForCausalLM GraniteMoeSharedForCausalLM
	GraniteSpeechForConditionalGeneration GraniteSpeechPlusForConditionalGeneration GritLM GteModel
	GteNewForSequenceClassification GteNewModel H2OVLChatModel HCXVisionForCausalLM HCXVisionV2ForCausalLM HF_ColBERT
	HfMoondream HrmTextForCausalLM HunYuanDenseV1ForCausalLM HunYuanMoEV1ForCausalLM HunYuanVLForConditionalGeneration
	HyperCLOVAXForCausalLM HYV3ForCausalLM Idefics3ForConditionalGeneration InklingForCausalLM
	InklingForConditionalGeneration InternLM2ForCausalLM InternLM2ForRewardModel InternLM3ForCausalLM
	InternS1ForConditionalGeneration InternS1ProForConditionalGeneration InternS2MobiusForConditionalGeneration
	InternS2PreviewForConditionalGeneration InternVLChatModel InternVLForConditionalGeneration IQuestCoderForCausalLM
	IQuestLoopCoderForCausalLM IsaacForConditionalGeneration Jais2ForCausalLM JambaForCausalLM
	JambaForSequenceClassification JinaEmbeddingsV5Model JinaForRanking JinaVLForRanking
	KananaVForConditionalGeneration KeyeForConditionalGeneration KeyeVL1_5ForConditionalGeneration
	KimiK25ForConditionalGeneration KimiK3ForConditionalGeneration KimiLinearForCausalLM
	KimiVLForConditionalGeneration LagunaForCausalLM Lfm2ForCausalLM Lfm2MoeForCausalLM Lfm2VlForConditionalGeneration
	LightOnOCRForConditionalGeneration Llama4ForCausalLM Llama4ForConditionalGeneration Llama_Nemotron_Nano_VL
	LlamaBidirectionalForSequenceClassification LlamaBidirectionalModel LLaMAForCausalLM LlamaForCausalLM LlamaModel
	LlamaNemotronVLForSequenceClassification LlamaNemotronVLModel LlavaForConditionalGeneration
	LlavaNextForConditionalGeneration LlavaNextVideoForConditionalGeneration LlavaOnevision2ForConditionalGeneration
	LlavaOnevisionForConditionalGeneration LongcatFlashForCausalLM LongcatFlashNgramForCausalLM Mamba2ForCausalLM
	MambaForCausalLM MellumForCausalLM MiDashengLMModel MiMoForCausalLM MiMoV2FlashForCausalLM MiMoV2ForCausalLM
	MiMoV2OmniForCausalLM MiniCPM3ForCausalLM MiniCPMForCausalLM MiniCPMO MiniCPMV MiniCPMV4_6ForConditionalGeneration
	MiniMaxM2ForCausalLM MiniMaxM3SparseForCausalLM MiniMaxM3SparseForConditionalGeneration Ministral3ForCausalLM
	Mistral3ForConditionalGeneration MistralForCausalLM MistralLarge3ForCausalLM MistralModel MixtralForCausalLM
	ModernBertForSequenceClassification ModernBertForTokenClassification ModernBertModel
	Molmo2ForConditionalGeneration MolmoForCausalLM Moondream3ForCausalLM MoonshotKimiaForCausalLM MossAudioModel
	MossTranscribeDiarizeForConditionalGeneration MPTForCausalLM MptForCausalLM NemotronForCausalLM
	NemotronH_Nano_Omni_Reasoning_V3 NemotronH_Nano_VL_V2 NemotronH_Super_Omni_Reasoning_V3 NemotronHForCausalLM
	NemotronHPuzzleForCausalLM NemotronParseForConditionalGeneration NomicBertModel NVLM_D Olmo2ForCausalLM
	Olmo3ForCausalLM OlmoeForCausalLM OlmoForCausalLM OlmoHybridForCausalLM OpenAIPrivacyFilterForTokenClassification
	OpenCUAForConditionalGeneration OpenPanguVLForConditionalGeneration OpenVLAForActionPrediction OpsColQwen3Model
	OPTForCausalLM OrionForCausalLM Ovis Ovis2_5 Ovis2_6_MoeForCausalLM Ovis2_6ForCausalLM
	PaddleOCRVLForConditionalGeneration PaliGemmaForConditionalGeneration PanguEmbeddedForCausalLM
	PanguProMoEV2ForCausalLM PanguUltraMoEForCausalLM Param2MoEForCausalLM Phi3ForCausalLM Phi3VForCausalLM
	Phi4ForCausalLMV Phi4MMForCausalLM PhiForCausalLM PhiMoEForCausalLM PixtralForConditionalGeneration
	Plamo3ForCausalLM PrithviGeoSpatialMAE QianfanOCRForConditionalGeneration Qwen2_5_VLForConditionalGeneration
	Qwen2_5OmniForConditionalGeneration Qwen2_5OmniModel Qwen2AudioForConditionalGeneration Qwen2ForCausalLM
	Qwen2ForProcessRewardModel Qwen2ForRewardModel Qwen2Model Qwen2MoeForCausalLM Qwen2VLForConditionalGeneration
	Qwen3_5ForCausalLM Qwen3_5ForConditionalGeneration Qwen3_5MoeForCausalLM Qwen3_5MoeForConditionalGeneration
	Qwen3ASRForcedAlignerForTokenClassification Qwen3ASRForConditionalGeneration Qwen3ASRRealtimeGeneration
	Qwen3ForCausalLM Qwen3MoeForCausalLM Qwen3NextForCausalLM Qwen3OmniMoeForConditionalGeneration
	Qwen3VLForConditionalGeneration Qwen3VLMoeForConditionalGeneration Qwen3VLNemotronEmbedModel
	RForConditionalGeneration Rnj1ForCausalLM RobertaForMaskedLM RobertaForSequenceClassification
	RobertaForTokenClassification RobertaModel RWForCausalLM SarvamMLAForCausalLM SarvamMoEForCausalLM
	SeedOssForCausalLM SiglipModel SkyworkR1VChatModel SmolLM3ForCausalLM SmolVLMForConditionalGeneration
	SolarForCausalLM StableLMEpochForCausalLM StableLmForCausalLM Starcoder2ForCausalLM Step1ForCausalLM
	Step3p5ForCausalLM Step3p7ForConditionalGeneration Step3TextForCausalLM Step3VLForConditionalGeneration
	StepVLForConditionalGeneration TeleChat2ForCausalLM TeleChat3ForCausalLM TeleFLMForCausalLM Terratorch
	UltravoxModel UnlimitedOCRForCausalLM VaultGemmaForCausalLM VibeVoiceAsrForConditionalGeneration
	VoxtralForConditionalGeneration VoxtralRealtimeGeneration VoyageQwen3BidirectionalEmbedModel
	WhisperForConditionalGeneration XLMRobertaForSequenceClassification XLMRobertaForTokenClassification
	XLMRobertaModel Zamba2ForCausalLM
`);

/** Heads that only speed up another model. */
const drafts = words(`
	BailingMoeV25MTPModel BailingMoeV3MTPModel DeepSeekMTPModel DeepSeekV4MTPModel DFlashDraftModel
	DFlashLagunaForCausalLM DSparkDraftModel Eagle3DeepseekV2ForCausalLM Eagle3DeepseekV3ForCausalLM
	Eagle3LlamaForCausalLM Eagle3MiniMaxM2ForCausalLM Eagle3Qwen2_5vlForCausalLM Eagle3Qwen3ForCausalLM
	Eagle3Qwen3vlForCausalLM EagleCohereForCausalLM EagleDeepSeekMTPModel EagleLlama4ForCausalLM EagleLlamaForCausalLM
	EagleMiniCPMForCausalLM EagleMistralForCausalLM EagleMistralLarge3ForCausalLM ErnieMTPModel Exaone4_5_MTP
	ExaoneMoeMTP ExtractHiddenStatesModel Gemma4DSparkModel Gemma4MTPModel Glm4MoeLiteMTPModel Glm4MoeMTPModel
	GlmOcrMTPModel HYV3MTPModel InklingMTPModel InternS2MobiusMTP K3DSparkModel KimiK3MTPModel LlamaForCausalLMEagle3
	LongCatFlashMTPModel MedusaModel MiMoMTPModel MiMoV2MTPModel MiMoV2OmniMTPModel MiniMaxM3MTP NemotronHMTPModel
	OpenPanguMTPModel PEagleDraftModel PeagleLlamaForCausalLM PeagleQwen3ForCausalLM Qwen3_5MoeMTP Qwen3_5MTP
	Qwen3DSparkModel Qwen3NextMTP Step3p5MTP
`);

/** Classes of transformers 5.18.0 that say they work with vLLM's Transformers backend and write text. */
const backend = new Set(
	words(`
	AriaTextForCausalLM AXK2ForCausalLM AyaVisionForConditionalGeneration BitNetForCausalLM CohereCompassForCausalLM
	CohereCompassForConditionalGeneration Cosmos3OmniForConditionalGeneration CTRLLMHeadModel
	DeepseekOcr2ForConditionalGeneration DiffLlamaForCausalLM DogeForCausalLM Dots1ForCausalLM Emu3ForCausalLM
	FastVlmForConditionalGeneration FuyuForCausalLM Gemma4AssistantForCausalLM Gemma4UnifiedAssistantForCausalLM
	Gemma4UnifiedForCausalLM Glm46VForConditionalGeneration Glm5NextForConditionalGeneration
	GotOcr2ForConditionalGeneration GraniteMoeSWAForCausalLM GraniteSWAForCausalLM HeliumForCausalLM
	HyperCLOVAXVisionV2ForConditionalGeneration HYV4ForCausalLM Idefics2ForConditionalGeneration
	IdeficsForVisionText2Text InstructBlipForConditionalGeneration InstructBlipVideoForConditionalGeneration
	JetMoeForCausalLM Kimi_K25ForConditionalGeneration Kosmos2_5ForConditionalGeneration
	Kosmos2ForConditionalGeneration LightOnOcrForConditionalGeneration MiniMaxForCausalLM MiniMaxM3VLForCausalLM
	MinistralForCausalLM Mistral4ForCausalLM MllamaForCausalLM MllamaForConditionalGeneration
	ModernBertDecoderForCausalLM MoshiForCausalLM MuseGlimmerForConditionalGeneration
	MusicFlamingoForConditionalGeneration NanoChatForCausalLM Ovis2ForConditionalGeneration
	PerceptionLMForConditionalGeneration PersimmonForCausalLM Phi4MultimodalForCausalLM PhimoeForCausalLM
	Qwen2_5OmniThinkerForConditionalGeneration Qwen3OmniMoeThinkerForConditionalGeneration RecurrentGemmaForCausalLM
	SolarOpenForCausalLM T5Gemma2ForConditionalGeneration VideoLlama3ForConditionalGeneration
	VideoLlavaForConditionalGeneration VipLlavaForConditionalGeneration YoutuForCausalLM ZayaForCausalLM
`),
);

/** Such classes that give vectors or labels: their stems, by what the name ends in. */
const poolingStems: Readonly<Record<string, ReadonlySet<string>>> = {
	ForSequenceClassification: new Set(
		words(`
	Albert Arcee AXK1 AXK2 Camembert CohereCompassText CTRL Data2VecText DeepseekV2 DeepseekV3 DiffLlama DistilBert
	Doge Electra Ernie Esm Esmc EuroBert Exaone4 Gemma Gemma2 Gemma3 Gemma3Text Glm Glm4 GPTBigCode GPTNeoX GptOss Gte
	Helium HunYuanDenseV1 HunYuanMoEV1 JetMoe JinaEmbeddingsV3 Llama MiniCPM3 MiniMax Ministral Ministral3 Mistral
	Mistral4 Mixtral MobileBert ModernBertDecoder ModernVBert Nemotron NomicBert Olmo Olmo2 Olmo3 OPT Persimmon Phi
	Phi3 Phimoe Qwen2 Qwen2Moe Qwen3 Qwen3Moe RobertaPreLayerNorm RoCBert SeedOss SmolLM3 Starcoder2 T5Gemma T5Gemma2
	XLMRobertaXL Xmod
`),
	),
	ForTokenClassification: new Set(
		words(`
	Albert Apertus Arcee AXK1 AXK2 Camembert Data2VecText DeepseekV3 DiffLlama DistilBert Electra Ernie Esm Esmc
	EuroBert Exaone4 Gemma Gemma2 Glm Glm4 GPT2 GPTBigCode GPTNeoX GptOss Gte Helium JinaEmbeddingsV3 Llama MiniMax
	Ministral Ministral3 Mistral Mistral4 Mixtral MobileBert ModernVBert Nemotron NomicBert Persimmon Phi Phi3 Qwen2
	Qwen2Moe Qwen3 Qwen3ASR Qwen3Moe RobertaPreLayerNorm RoCBert SeedOss SmolLM3 Starcoder2 T5Gemma T5Gemma2
	XLMRobertaXL Xmod
`),
	),
	ForMaskedLM: new Set(
		words(`
	Albert Camembert Data2VecText DistilBert Electra Ernie Esm Esmc EuroBert Gte JinaEmbeddingsV3 MobileBert
	ModernBert ModernVBert NeoMME NomicBert RobertaPreLayerNorm RoCBert XLMRoberta XLMRobertaXL Xmod
`),
	),
	ForQuestionAnswering: new Set(
		words(`
	Albert Arcee Bert Camembert Data2VecText DiffLlama DistilBert Electra Ernie Exaone4 GPT2 GPTNeoX JinaEmbeddingsV3
	Llama MiniMax Ministral Ministral3 Mistral Mixtral MobileBert ModernBert Nemotron OPT Qwen2 Qwen2Moe Qwen3
	Qwen3Moe Roberta RobertaPreLayerNorm RoCBert SeedOss SmolLM3 XLMRoberta XLMRobertaXL Xmod
`),
	),
	ForMultipleChoice: new Set(
		words(`
	Albert Bert Camembert Data2VecText DistilBert Electra Ernie MobileBert ModernBert Roberta RobertaPreLayerNorm
	RoCBert XLMRoberta XLMRobertaXL Xmod
`),
	),
	ForNextSentencePrediction: new Set(
		words(`
	Bert Ernie MobileBert
`),
	),
	ForPreTraining: new Set(
		words(`
	Albert Bert Electra Ernie MobileBert RoCBert
`),
	),
	Model: new Set(
		words(`
	Afmoe Albert Apertus Arcee Aria AriaText AudioFlamingo3 AXK1 AXK2 AyaVision BitNet Blip2 Camembert Chameleon
	CLIPText Cohere Cohere2 Cohere2Moe CohereCompass CohereCompassText Cosmos3Edge Cosmos3EdgeText Cosmos3Omni CTRL
	Cwm Data2VecText Dbrx DeepseekOcr2 DeepseekV2 DeepseekV3 DeepseekV32 DeepseekV4 DiffLlama DiffusionGemma
	DistilBert Doge Dots1 Electra Emu3 Emu3Text Ernie Ernie4_5 Ernie4_5_Moe Ernie4_5_VLMoe Esm Esmc EuroBert Exaone4
	Exaone4_5_ ExaoneMoe FastVlm FlexOlmo Fuyu Gemma Gemma3 Gemma3n Gemma3nText Gemma4 Gemma4Text Gemma4Unified
	Gemma4UnifiedText Glm Glm4 Glm46V Glm4Moe Glm4MoeLite Glm4v Glm4vMoe Glm4vMoeText Glm4vText Glm5Next Glm5NextText
	GlmImage GlmImageText GlmMoeDsa GlmOcr GlmOcrText GotOcr2 GPT2 GPTBigCode GPTNeoX GptOss Granite Granite4Vision
	GraniteMoe GraniteMoeHybrid GraniteMoeShared GraniteMoeSWA GraniteSWA Helium HrmText HunYuanDenseV1 HunYuanMoEV1
	HunYuanVL HunYuanVLText HyperCLOVAX HyperCLOVAXVisionV2 HYV3 HYV4 Idefics Idefics2 Idefics3 InstructBlip
	InstructBlipVideo InternVL Jais2 JetMoe JinaEmbeddingsV3 Kimi_K25 Kosmos2 Kosmos2_5 Laguna Lfm2 Lfm2Moe Lfm2Vl
	LightOnOcr Llava LlavaNext LlavaNextVideo LlavaOnevision LongcatFlash Mellum MiMoV2Flash MiniCPM3 MiniMax
	MiniMaxM2 MiniMaxM3VL MiniMaxM3VLText Ministral Ministral3 Mistral3 Mistral4 Mixtral Mllama MllamaText MobileBert
	ModernBertDecoder ModernVBert MuseGlimmer MuseGlimmerAssistant MuseGlimmerText MusicFlamingo NanoChat Nemotron
	NeoMME Olmo Olmo2 Olmo3 Olmoe OpenAIPrivacyFilter OPT Ovis2 PaddleOCRVL PaliGemma PerceptionLM Persimmon Phi Phi3
	Phi4Multimodal Phimoe QianfanOCR Qwen2_5_VL Qwen2_5_VLText Qwen2Moe Qwen2VL Qwen2VLText Qwen3 Qwen3Moe Qwen3VL
	Qwen3VLMoe Qwen3VLMoeText Qwen3VLText RecurrentGemma RobertaPreLayerNorm RoCBert Sam3LiteTextText SeedOss SmolLM3
	SmolVLM SolarOpen Starcoder2 Step3p7 T5Gemma2 T5GemmaEncoder Tipsv2Text VaultGemma VideoLlama3 VideoLlava VipLlava
	Voxtral XLMRobertaXL Xmod Youtu Zaya
`),
	),
	Encoder: new Set(
		words(`
	AudioFlamingo3 BertGeneration FunAsrNano Gemma3nAudio GlmAsr GraniteSpeech5 Lasr NemotronAsrStreaming Parakeet
	PeAudio PeAudioVideo PeVideo Qwen3ASR T5Gemma2 Voxtral VoxtralRealtime
`),
	),
};

/** Model types that transformers 5.18.0 pairs with classes of the registry. */
const derivedTypes = words(`
	afmoe apertus arcee aria audioflamingo3 axk1 bert blip-2 bloom chameleon clip code_llama cohere cohere2
	cohere2_moe cohere2_vision cohere_asr colmodernvbert colpali cosmos3_edge cwm dbrx deepseek_v2 deepseek_v3
	deepseek_v32 deepseek_v4 diffusion_gemma emu3 ernie4_5 ernie4_5_moe ernie4_5_vl_moe exaone4 exaone4_5 exaone_moe
	falcon falcon_h1 falcon_mamba flex_olmo gemma gemma2 gemma3 gemma3_text gemma3n gemma3n_text gemma4 gemma4_text
	gemma4_unified glm glm4 glm4_moe glm4_moe_lite glm4v glm4v_moe glm_moe_dsa glm_ocr glmasr gpt-sw3 gpt2 gpt_bigcode
	gpt_neox gpt_oss gptj granite granite4_vision granite_speech granite_speech_plus granitemoe granitemoehybrid
	granitemoeshared gte hrm_text hunyuan_v1_dense hunyuan_v1_moe hunyuan_vl hy_v3 hyperclovax idefics3
	inkling_mm_model inkling_text internvl jais2 jamba kimi_linear laguna lfm2 lfm2_moe lfm2_vl llama llama4
	llama4_text llava llava_next llava_next_video llava_onevision longcat_flash mamba mamba2 mellum mimo_v2_flash
	minicpm3 minicpmv4_6 minimax_m2 minimax_m3_vl ministral3 mistral mistral3 mixtral modernbert mpt nemotron
	nemotron_h nomic_bert olmo olmo2 olmo3 olmo_hybrid olmoe openai_privacy_filter opt paddleocr_vl paligemma phi phi3
	qianfan_ocr qwen2 qwen2_5_omni qwen2_5_vl qwen2_audio qwen2_moe qwen2_vl qwen3 qwen3_5 qwen3_5_moe
	qwen3_5_moe_text qwen3_5_text qwen3_asr qwen3_moe qwen3_next qwen3_omni_moe qwen3_vl qwen3_vl_moe roberta seed_oss
	shieldgemma2 siglip smollm3 smolvlm stablelm starcoder2 step3p7 vaultgemma vibevoice_asr voxtral whisper
	xlm-roberta zamba2
`);

/** Classes that earlier versions had, with the last version that did. */
const removed = Object.fromEntries(
	words(`
	MotifForCausalLM:0.10.2 Phi3SmallForCausalLM:0.9.2 Phi4FlashForCausalLM:0.10.2 Phi4MultimodalForCausalLM:0.12.0
	JAISLMHeadModel:0.22.0 ErnieModel:0.23.0 ErnieForSequenceClassification:0.23.0 ErnieForTokenClassification:0.23.0
	InternLM2VEForCausalLM:0.23.0 QWenLMHeadModel:0.23.0 QwenVLForConditionalGeneration:0.23.0
	InternLMForCausalLM:0.23.0 DonutForConditionalGeneration:0.10.2 MllamaForConditionalGeneration:0.10.2
	XverseForCausalLM:0.23.0 Dots1ForCausalLM:0.23.0 BambaForCausalLM:0.23.0 MiniMaxForCausalLM:0.23.0
	MiniMaxText01ForCausalLM:0.23.0 MiniMaxM1ForCausalLM:0.23.0 MiniMaxVL01ForConditionalGeneration:0.23.0
	BaiChuanForCausalLM:0.23.0 BaichuanForCausalLM:0.23.0 AquilaModel:0.24.0 AquilaForCausalLM:0.24.0
	Grok1ModelForCausalLM:0.24.0 Grok1ForCausalLM:0.24.0 TarsierForConditionalGeneration:0.24.0
	Tarsier2ForConditionalGeneration:0.23.0 MantisForConditionalGeneration:0.24.0
	MusicFlamingoForConditionalGeneration:0.24.0 AyaVisionForConditionalGeneration:0.24.0 TeleChatForCausalLM:0.25.0
	PersimmonForCausalLM:0.25.0 FuyuForCausalLM:0.25.0 Plamo2ForCausalLM:0.26.0 OuroForCausalLM:0.26.0
`).map((pair) => pair.split(':')),
);

const plugin = 'the separate bart-plugin';
const plugins = {
	BartModel: plugin,
	BartForConditionalGeneration: plugin,
	Florence2ForConditionalGeneration: plugin,
	MBartForConditionalGeneration: plugin,
};

/** Endings that vLLM turns a registered `…ForCausalLM` into a model of vectors or labels for (registry, suffix defaults). */
const derivedEndings = ['ForSequenceClassification', 'EmbeddingModel', 'RewardModel', 'Model'];

const registered = new Set(registry);

function runsThroughBackend(name: string): boolean {
	if (backend.has(name)) return true;
	for (const [ending, stems] of Object.entries(poolingStems)) {
		if (name.endsWith(ending) && stems.has(name.slice(0, -ending.length))) return true;
	}
	const ending = derivedEndings.find((one) => name.endsWith(one));
	return ending !== undefined && registered.has(`${name.slice(0, -ending.length)}ForCausalLM`);
}

export const vllm: RuntimeProfile = {
	id: 'vllm',
	name: 'vLLM',
	version,
	source: 'vllm-project/vllm at 8d9b52f7: model_executor/models/registry.py, model_executor/layers/quantization, docs',
	asOf: '2026-08-07',
	engines: [
		{
			name: 'vLLM',
			version,
			formats: ['safetensors', 'pytorch'],
			by: 'architectures',
			architectures: registry,
			derivedTypes,
			drafts,
			backend: { name: 'its Transformers backend or its pooling adapters', runs: runsThroughBackend },
			removed,
			plugins,
			quantization: {
				awq: [4],
				gptq: [2, 3, 4, 8],
				'auto-round': null,
				bitsandbytes: null,
				'compressed-tensors': null,
				experts_int8: null,
				fbgemm_fp8: null,
				fp8: null,
				fp_quant: null,
				modelopt: null,
				mxfp4: null,
				mxfp8: null,
				nvfp4: null,
				quark: null,
				torchao: null,
			},
			refusing: {
				gguf: 'Its weights are GGUF, which vLLM loads only with the separate vllm-gguf-plugin (experimental).',
				mlx: 'Its weights are packed for MLX, which vLLM does not load.',
			},
		},
	],
	context: { limit: null, rule: 'the smallest length in the configuration, stretched by its rope scaling' },
	platforms: {
		Linux: ['CUDA', 'ROCm', 'Intel XPU', 'x86/ARM/s390x CPU', 'TPU (plugin)', 'Ascend/Gaudi/Spyre (plugins)'],
		macOS: ['CPU (Apple silicon, experimental)', 'Metal via vllm-metal plugin'],
		Windows: ['WSL only'],
	},
	accelerators: ['CUDA', 'ROCm', 'Intel XPU', 'TPU', 'CPU'],
	remoteCode: '--trust-remote-code',
	serves: 'all',
	fallback: 'may run a class it does not name through its Transformers backend when the repository brings the code',
	fallsBackForOwnCode: true,
	hubTag: null,
};
