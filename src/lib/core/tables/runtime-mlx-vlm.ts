// mlx-vlm: the model types it has a package for, with images and sound, and the packings it reads.
import { words, type RuntimeEngine, type RuntimeProfile } from '#lib/core/runtime.ts';

/** Packages and the names that are mapped to them. */
const types = words(`
	afm7 afmoe apertus aya_vision baichuan_m1 bailing_moe bailing_moe_linear bert bitnet bonsai bunny-llama cohere
	cohere2 cohere2_moe cohere2_vision cohere2moe cohere_compass colidefics3 colqwen2_5 dbrx deepseek deepseek_v2
	deepseek_v3 deepseek_v32 deepseek_v4 deepseek_vl_v2 deepseekocr deepseekocr_2 diffusion_gemma dots1 dots_ocr
	ernie4_5 ernie4_5_moe ernie4_5_moe_vl exaone exaone4 exaone_moe falcon-perception falcon_h1 falcon_mamba
	falcon_ocr falcon_perception fastvlm florence2 flux2 gemma gemma2 gemma3 gemma3_embedding gemma3_text gemma3n
	gemma4 gemma4_text gemma4_unified glm glm4 glm4_moe glm4_moe_lite glm4v glm4v_moe glm_moe_dsa glm_ocr got gpt2
	gpt_bigcode gpt_neox gpt_oss granite granite-vision granite4-vision granite4_vision granite_vision granitemoe
	granitemoehybrid helium hrm_text hunyuan hunyuan_v1_dense hunyuan_vl idefics2 idefics3 ideogram4 inkling
	inkling_mm_model internlm2 internlm3 internvl_chat iquestcoder iquestloopcoder jamba jina_vlm joyai_llm_flash jvlm
	kimi_k2 kimi_k25 kimi_k3 kimi_linear kimi_vl klear laguna lfm2 lfm2-vl lfm2_embedding lfm2_moe lfm2_vl lille-130m
	lille_130m llada2_moe llama llama4 llama4_text llama_bidirec llama_nemotron_vl_embedding llava llava-qwen2
	llava_bunny llava_next llava_qwen2 llmjpvl locateanything longcat_flash longcat_flash_ngram mage_flow mage_vl
	mamba mamba2 mellum mimo mimo_v2_flash minicpm minicpm3 minicpmo minicpmv4_6 minimax minimax_h3 minimax_m2
	minimax_m3 minimax_m3_vl ministral3 ministral3_embedding mistral mistral3 mistral4 mixtral mllama modernbert molmo
	molmo2 molmo_point moondream2 moondream3 multi_modality muse_glimmer nanochat nemotron nemotron-nas nemotron_h
	nemotron_h_nano_omni nemotron_labs_diffusion nemotron_nas nemotron_parse nemotron_voicechat
	nemotronh_nano_omni_reasoning_v3 olmo olmo2 olmo3 olmoe openelm paddleocr_vl paligemma phi phi-msft phi3 phi3_v
	phi3small phi4-siglip phi4_siglip phi4mm phimoe phixtral pixtral plamo plamo2 plamo2vl qwen qwen2 qwen2_5_vl
	qwen2_moe qwen2_vl qwen3 qwen3_5 qwen3_5_moe qwen3_embedding qwen3_moe qwen3_next qwen3_omni_moe qwen3_vl
	qwen3_vl_embedding qwen3_vl_moe recurrent_gemma rf-detr rfdetr rt_detr_v2 rwkv7 sam3 sam3.1_video sam3_1
	sam3_video sam3d_body seed_oss siglip smollm3 smolvlm solar_open stablelm starcoder2 step3p5 step3p7 telechat3
	unlimited-ocr unlimited_ocr xlm_roberta youtu_llm youtu_vl z_image zaya1_vl
`);

/** Packages that only speed up another model. */
const drafts = words(`
	deepseek_v4_mtp eagle3 gemma4_assistant gemma4_dflash gemma4_unified_assistant glm4_moe_lite_mtp inkling_mtp
	laguna_dflash muse_glimmer_assistant qwen3_5_mtp qwen3_dflash qwen3_dspark
`);

/** Classes that transformers 5.18.0 pairs with those types. */
const derivedArchitectures = words(`
	AfmoeForCausalLM ApertusForCausalLM AyaVisionForConditionalGeneration BertLMHeadModel BitNetForCausalLM
	Cohere2ForCausalLM Cohere2MoeForCausalLM Cohere2VisionForConditionalGeneration
	CohereCompassForConditionalGeneration CohereForCausalLM DbrxForCausalLM DeepseekV2ForCausalLM
	DeepseekV32ForCausalLM DeepseekV3ForCausalLM DeepseekV4ForCausalLM DiffusionGemmaForBlockDiffusion
	Dots1ForCausalLM Ernie4_5_MoeForCausalLM Ernie4_5ForCausalLM Exaone4ForCausalLM ExaoneMoeForCausalLM
	FalconH1ForCausalLM FalconMambaForCausalLM Florence2ForConditionalGeneration Gemma2ForCausalLM Gemma3ForCausalLM
	Gemma3ForConditionalGeneration Gemma3nForConditionalGeneration Gemma4ForCausalLM Gemma4ForConditionalGeneration
	Gemma4UnifiedForConditionalGeneration GemmaForCausalLM Glm4ForCausalLM Glm4MoeForCausalLM Glm4MoeLiteForCausalLM
	Glm4vForConditionalGeneration Glm4vMoeForConditionalGeneration GlmForCausalLM GlmMoeDsaForCausalLM
	GlmOcrForConditionalGeneration GPT2LMHeadModel GPTBigCodeForCausalLM GPTNeoXForCausalLM GptOssForCausalLM
	Granite4VisionForConditionalGeneration GraniteForCausalLM GraniteMoeForCausalLM GraniteMoeHybridForCausalLM
	HeliumForCausalLM HrmTextForCausalLM HunYuanDenseV1ForCausalLM HunYuanVLForConditionalGeneration
	Idefics2ForConditionalGeneration Idefics3ForConditionalGeneration InklingForConditionalGeneration JambaForCausalLM
	Kimi_K25ForConditionalGeneration KimiLinearForCausalLM LagunaForCausalLM Lfm2ForCausalLM Lfm2MoeForCausalLM
	Lfm2VlForConditionalGeneration Llama4ForCausalLM Llama4ForConditionalGeneration LlamaForCausalLM
	LlavaForConditionalGeneration LlavaNextForConditionalGeneration LongcatFlashForCausalLM Mamba2ForCausalLM
	MambaForCausalLM MellumForCausalLM MiMoV2FlashForCausalLM MiniCPM3ForCausalLM MiniCPMV4_6ForConditionalGeneration
	MiniMaxForCausalLM MiniMaxM2ForCausalLM MiniMaxM3SparseForConditionalGeneration Ministral3ForCausalLM
	Mistral3ForConditionalGeneration Mistral4ForCausalLM MistralForCausalLM MixtralForCausalLM MllamaForCausalLM
	MllamaForConditionalGeneration MuseGlimmerForConditionalGeneration NanoChatForCausalLM NemotronForCausalLM
	NemotronHForCausalLM Olmo2ForCausalLM Olmo3ForCausalLM OlmoeForCausalLM OlmoForCausalLM
	PaddleOCRVLForConditionalGeneration PaliGemmaForConditionalGeneration Phi3ForCausalLM PhiForCausalLM
	PhimoeForCausalLM Qwen2_5_VLForConditionalGeneration Qwen2ForCausalLM Qwen2MoeForCausalLM
	Qwen2VLForConditionalGeneration Qwen3_5ForCausalLM Qwen3_5ForConditionalGeneration Qwen3_5MoeForCausalLM
	Qwen3_5MoeForConditionalGeneration Qwen3ForCausalLM Qwen3MoeForCausalLM Qwen3NextForCausalLM
	Qwen3OmniMoeForConditionalGeneration Qwen3VLForConditionalGeneration Qwen3VLMoeForConditionalGeneration
	RecurrentGemmaForCausalLM SeedOssForCausalLM SmolLM3ForCausalLM SmolVLMForConditionalGeneration
	SolarOpenForCausalLM StableLmForCausalLM Starcoder2ForCausalLM Step3p7ForConditionalGeneration
`);

export const mlxVlmEngine: RuntimeEngine = {
	name: 'mlx-vlm',
	version: '0.6.15',
	formats: ['mlx', 'safetensors'],
	by: 'model_type',
	types,
	drafts,
	derivedArchitectures,
	quantization: { mlx: [1, 2, 3, 4, 5, 6, 8], awq: null, gptq: null, fp8: null, mxfp4: null, mxfp8: null, nvfp4: null },
	unpacked: ['fp8'],
};

export const mlxVlm: RuntimeProfile = {
	id: 'mlx-vlm',
	name: 'mlx-vlm',
	version: '0.6.15',
	source: 'Blaizzy/mlx-vlm at 9b13f522: mlx_vlm/models, mlx_vlm/utils.py',
	asOf: '2026-08-22',
	engines: [mlxVlmEngine],
	context: { limit: null, rule: 'none: the cache grows with the text' },
	platforms: {
		macOS: ['Apple silicon Metal'],
		Linux: ['CUDA', 'CPU'],
		Windows: [],
	},
	accelerators: ['Metal', 'CUDA', 'CPU'],
	remoteCode: null,
	serves: 'all',
	hubTag: null,
};
