// Transformers: every model type of its auto classes, its quantizers, and the GGUF files it can unpack.
import { words, type RuntimeProfile } from '#lib/core/runtime.ts';

const version = '5.18.0';

const types = words(`
	afmoe aimv2 aimv2_text_model aimv2_vision_model albert align align_text_model align_vision_model altclip
	altclip_text_model altclip_vision_model apertus arcee aria aria_text audio-spectrogram-transformer audioflamingo3
	audioflamingo3_encoder autoformer axk1 axk2 aya_vision bamba bark bart beit bert bert-generation big_bird
	bigbird_pegasus biogpt bit bitnet blenderbot blenderbot-small blip blip-2 blip_2_qformer blip_2_vision_model
	blip_text_model blip_vision_model bloom blt blt_global_transformer blt_local_decoder blt_local_encoder blt_patcher
	bridgetower bridgetower_text_model bridgetower_vision_model bros camembert canary canary_decoder canine chameleon
	chameleon_vqgan chinese_clip chinese_clip_text_model chinese_clip_vision_model chmv2 clap clap_audio_model
	clap_text_model clip clip_text_model clip_vision_model clipseg clipseg_text_model clipseg_vision_model clvp
	clvp_decoder clvp_encoder codegen cohere cohere2 cohere2_moe cohere2_vision cohere_asr cohere_compass
	cohere_compass_text cohere_compass_vision colmodernvbert colpali colqwen2 conditional_detr convbert convnext
	convnextv2 cosmos3_edge cosmos3_edge_text cosmos3_edge_vision cosmos3_omni cpmant csm csm_depth_decoder_model ctrl
	cvt cwm d_fine dab-detr dac data2vec-audio data2vec-text data2vec-vision dbrx deberta deberta-v2
	decision_transformer deepseek_ocr2 deepseek_ocr2_encoder deepseek_ocr2_sam_vision_model deepseek_ocr2_text
	deepseek_ocr2_vision deepseek_v2 deepseek_v3 deepseek_v32 deepseek_v4 deepseek_vl deepseek_vl_hybrid
	deformable_detr deimv2 deit depth_anything depth_pro detr dia dia_decoder dia_encoder diffllama diffusion_gemma
	diffusion_gemma_text dinat dinov2 dinov2_with_registers dinov3_convnext dinov3_vit distilbert doge donut-swin
	dots1 dpr dpt edgetam edgetam_video edgetam_vision_model efficientloftr efficientnet electra emu3 emu3_text_model
	emu3_vqgan encodec encoder-decoder eomt eomt_dinov3 ernie ernie4_5 ernie4_5_moe ernie4_5_vl_moe
	ernie4_5_vl_moe_text ernie4_5_vl_moe_vision esm esmc esmfold2 eurobert evolla EvollaModel exaone4 exaone4_5
	exaone4_5_vision exaone_moe falcon falcon_h1 falcon_mamba fast_vlm fastspeech2_conformer
	fastspeech2_conformer_hifigan fastspeech2_conformer_with_hifigan flaubert flava flava_image_model
	flava_multimodal_model flava_text_model flex_olmo florence2 florence_vision fnet focalnet fsmt fun_asr_nano
	fun_asr_nano_encoder funnel fuyu gemma gemma2 gemma3 gemma3_text gemma3n gemma3n_audio gemma3n_text gemma3n_vision
	gemma4 gemma4_assistant gemma4_audio gemma4_text gemma4_unified gemma4_unified_assistant gemma4_unified_audio
	gemma4_unified_text gemma4_unified_vision gemma4_vision git git_vision_model glm glm4 glm46v glm4_moe
	glm4_moe_lite glm4v glm4v_moe glm4v_moe_text glm4v_moe_vision glm4v_text glm4v_vision glm5_next glm5_next_text
	glm5_next_vision glm_image glm_image_text glm_image_vision glm_image_vqmodel glm_moe_dsa glm_ocr glm_ocr_text
	glm_ocr_vision glmasr glmasr_encoder glmga glpn got_ocr2 gpt-sw3 gpt2 gpt_bigcode gpt_neo gpt_neox
	gpt_neox_japanese gpt_oss gptj granite granite4_vision granite4_vision_text granite_speech granite_speech5_ctc
	granite_speech5_encoder granite_speech_encoder granite_speech_plus granite_speech_plus_encoder granite_swa
	granitemoe granitemoe_swa granitemoehybrid granitemoeshared grounding-dino groupvit groupvit_text_model
	groupvit_vision_model gte helium hgnet_v2 hiera higgs_audio_v2 higgs_audio_v2_tokenizer hrm_text hubert
	hunyuan_v1_dense hunyuan_v1_moe hunyuan_vl hunyuan_vl_text hunyuan_vl_vision hy_v3 hy_v4 hyperclovax
	hyperclovax_vision_v2 ibert idefics idefics2 idefics2_perceiver idefics2_vision idefics3 idefics3_vision
	idefics_perciever idefics_vision ijepa imagegpt informer inkling_audio inkling_mm_model inkling_text
	inkling_vision instructblip instructblip_qformer instructblip_vision_model instructblipvideo
	instructblipvideo_qformer instructblipvideo_vision_model internvl internvl_vision jais2 jamba janus
	janus_vision_model janus_vqgan jetmoe jina_embeddings_v3 kimi_k25 kimi_k25_vision kimi_linear kosmos-2 kosmos-2.5
	kosmos_2_5_text_model kosmos_2_5_vision_model kosmos_2_text_model kosmos_2_vision_model kyutai_speech_to_text
	laguna lasr_ctc lasr_encoder layoutlm layoutlmv2 layoutlmv3 layoutxlm led levit lfm2 lfm2_moe lfm2_vl lightglue
	lighton_ocr lilt llama llama4 llama4_text llama4_vision_model llava llava_next llava_next_video llava_onevision
	longcat_flash longformer longt5 luke lw_detr lw_detr_vit lxmert m2m_100 mamba mamba2 marian markuplm mask2former
	maskformer maskformer-swin mbart megatron-bert mellum metaclip_2 metaclip_2_text_model metaclip_2_vision_model
	mgp-str mimi mimo_v2_flash minicpm3 minicpmv4_6 minicpmv4_6_vision minicpmv4_7 minicpmv4_7_vision minimax
	minimax_m2 minimax_m3_vl minimax_m3_vl_text minimax_m3_vl_vision ministral ministral3 mistral mistral3 mistral4
	mixtral mlcd mlcd_vision_model mllama mllama_text_model mllama_vision_model mm-grounding-dino mobilebert
	mobilenet_v1 mobilenet_v2 mobilevit mobilevitv2 modernbert modernbert-decoder modernvbert moonshine
	moonshine_streaming moonshine_streaming_encoder moshi moshi_depth mpnet mpt mra mt5 muse_glimmer
	muse_glimmer_assistant muse_glimmer_text muse_glimmer_vision musicflamingo musicgen musicgen_decoder
	musicgen_melody musicgen_melody_decoder mvp nanochat nemotron nemotron3_5_asr nemotron3_diarization
	nemotron3_diarization_audio nemotron_asr_streaming nemotron_asr_streaming_encoder nemotron_h nemotron_h_omni
	neomme neucodec nllb-moe nomic_bert nougat nystromformer olmo olmo2 olmo3 olmo_hybrid olmoe omdet-turbo oneformer
	openai-gpt openai_privacy_filter opt ovis2 owlv2 owlv2_text_model owlv2_vision_model owlvit owlvit_text_model
	owlvit_vision_model paddleocr_vl paddleocr_vl_text paddleocr_vl_vision paligemma parakeet_ctc parakeet_encoder
	parakeet_rnnt parakeet_tdt patchtsmixer patchtst pe_audio pe_audio_encoder pe_audio_video pe_audio_video_encoder
	pe_video pe_video_encoder pegasus pegasus_x perceiver perception_lm persimmon phi phi3 phi4_multimodal
	phi4_multimodal_audio phi4_multimodal_vision phimoe pi0 pix2struct pix2struct_text_model pix2struct_vision_model
	pixio pixtral plbart poolformer pop2piano pp_chart2table pp_doclayout_v2 pp_doclayout_v3 pp_formulanet pp_lcnet
	pp_lcnet_v3 pp_lcnet_v4 pp_ocrv5_mobile_det pp_ocrv5_mobile_rec pp_ocrv5_server_det pp_ocrv5_server_rec
	pp_ocrv6_medium_det pp_ocrv6_small_det pp_ocrv6_small_rec pp_ocrv6_tiny_rec prompt_depth_anything prophetnet pvt
	pvt_v2 qianfan_ocr qianfan_ocr_vision qwen2 qwen2_5_omni qwen2_5_omni_audio_encoder qwen2_5_omni_bigvgan
	qwen2_5_omni_dit qwen2_5_omni_talker qwen2_5_omni_text qwen2_5_omni_thinker qwen2_5_omni_token2wav
	qwen2_5_omni_vision_encoder qwen2_5_vl qwen2_5_vl_text qwen2_5_vl_vision qwen2_audio qwen2_audio_encoder qwen2_moe
	qwen2_vl qwen2_vl_text qwen2_vl_vision qwen3 qwen3_5 qwen3_5_moe qwen3_5_moe_text qwen3_5_moe_vision qwen3_5_text
	qwen3_5_vision qwen3_asr qwen3_asr_encoder qwen3_moe qwen3_next qwen3_omni_moe qwen3_omni_moe_audio_encoder
	qwen3_omni_moe_talker_code_predictor qwen3_omni_moe_talker_text qwen3_omni_moe_text qwen3_omni_moe_thinker
	qwen3_omni_moe_vision_encoder qwen3_vl qwen3_vl_moe qwen3_vl_moe_text qwen3_vl_moe_vision qwen3_vl_text
	qwen3_vl_vision qwen4_exp qwen4_exp_text qwen4_exp_vision radio rag recurrent_gemma reformer regnet rembert resnet
	rf_detr rf_detr_dinov2 roberta roberta-prelayernorm roc_bert roformer rt_detr rt_detr_resnet rt_detr_v2 rwkv sam
	sam2 sam2_hiera_det_model sam2_video sam2_vision_model sam3 sam3_detr_decoder sam3_detr_encoder
	sam3_geometry_encoder sam3_lite_text sam3_lite_text_detr_decoder sam3_lite_text_detr_encoder
	sam3_lite_text_geometry_encoder sam3_lite_text_mask_decoder sam3_lite_text_text_model sam3_mask_decoder
	sam3_tracker sam3_tracker_video sam3_video sam3_vision_model sam3_vit_model sam_hq sam_hq_vision_model
	sam_vision_model sapiens2 sapiens2_head seamless_m4t seamless_m4t_v2 seed_oss segformer seggpt sew sew-d
	shieldgemma2 siglip siglip2 siglip2_text_model siglip2_vision_model siglip_text_model siglip_vision_model slanet
	slanext smollm3 smolvlm smolvlm_vision solar_open speech-encoder-decoder speech_to_text speecht5 speecht5_hifigan
	splinter squeezebert stablelm starcoder2 step3p5 step3p5_vision step3p7 superglue superpoint swiftformer swin
	swin2sr swinv2 switch_transformers t5 t5_gemma_module t5gemma t5gemma2 t5gemma2_decoder t5gemma2_encoder
	t5gemma2_text table-transformer tapas textnet time_series_transformer timesfm timesfm2_5 timesformer timm_backbone
	timm_wrapper tipsv2 tipsv2_dpt tipsv2_text_model tipsv2_vision_model trocr tvp udop umt5 unispeech unispeech-sat
	univnet upernet uvdoc uvdoc_backbone vaultgemma vibevoice vibevoice_acoustic_tokenizer
	vibevoice_acoustic_tokenizer_decoder vibevoice_acoustic_tokenizer_encoder vibevoice_asr video_llama_3
	video_llama_3_vision video_llava videomae videomt videoprism videoprism_text_model videoprism_vision_model vilt
	vipllava vision-encoder-decoder vision-text-dual-encoder visual_bert vit vit_mae vit_msn vitdet vitmatte vitpose
	vitpose_backbone vits vivit vjepa2 voxtral voxtral_encoder voxtral_realtime voxtral_realtime_encoder
	voxtral_realtime_text wav2vec2 wav2vec2-bert wav2vec2-conformer wavlm whisper xclip xclip_text_model
	xclip_vision_model xcodec xcodec2 xglm xlm xlm-roberta xlm-roberta-xl xlnet xlstm xmod yolos yoso youtu zamba
	zamba2 zaya zoedepth
`);

/** What the names of its classes begin with: for rows that name a class and no type. */
const derivedStems = words(`
	Afmoe Aimv2 Aimv2Vision Albert Align AltCLIP Apertus Arcee Aria AriaText AST AudioFlamingo3 AudioFlamingo3Encoder
	Autoformer AXK1 AXK2 AyaVision Bamba Bark Bart Beit BeitBackbone Bert BertGenerationDecoder BertGenerationEncoder
	BigBird BigBirdPegasus BioGpt Bit BitBackbone BitNet Blenderbot BlenderbotSmall Blip Blip2 Blip2QFormer Bloom Blt
	BridgeTower Bros Camembert Canary Canine Chameleon ChineseCLIP ChineseCLIPVision CHMv2 Clap CLIP CLIPSeg CLIPText
	CLIPVision ClvpModel CodeGen Cohere Cohere2 Cohere2Moe Cohere2Vision CohereAsr CohereCompass CohereCompassText
	CohereCompassVision ColModernVBert ColPali ColQwen2 ConditionalDetr ConvBert ConvNext ConvNextBackbone ConvNextV2
	ConvNextV2Backbone Cosmos3Edge Cosmos3EdgeText Cosmos3EdgeVision Cosmos3Omni CpmAnt Csm CTRL Cvt Cwm DabDetr Dac
	Data2VecAudio Data2VecText Data2VecVision Dbrx Deberta DebertaV2 DecisionTransformer DeepseekOcr2 DeepseekV2
	DeepseekV3 DeepseekV32 DeepseekV4 DeepseekVL DeepseekVLHybrid DeformableDetr Deimv2 DeiT DepthAnything DepthPro
	Detr DFine Dia DiffLlama DiffusionGemma Dinat DinatBackbone Dinov2 Dinov2Backbone Dinov2WithRegisters
	Dinov2WithRegistersBackbone DINOv3ConvNext DINOv3ConvNextBackbone DINOv3ViT DINOv3ViTBackbone DistilBert Doge
	DonutSwin Dots1 DPRQuestionEncoder DPT EdgeTam EdgeTamVideo EdgeTamVision EfficientLoFTR EfficientNet Electra Emu3
	Emu3Text Encodec EncoderDecoder Eomt EomtDinov3 Ernie Ernie4_5 Ernie4_5_Moe Ernie4_5_VLMoe Esm Esmc EuroBert
	Evolla Exaone4 Exaone4_5_ Exaone4_5_Vision ExaoneMoe Falcon FalconH1 FalconMamba FastSpeech2Conformer
	FastSpeech2ConformerWithHifiGan FastVlm Flaubert Flava FlexOlmo Florence2 FNet FocalNet FocalNetBackbone FSMT
	FunAsrNano FunAsrNanoEncoder Funnel FunnelBase Fuyu Gemma Gemma2 Gemma3 Gemma3n Gemma3nAudioEncoder Gemma3nText
	Gemma3Text Gemma4 Gemma4Assistant Gemma4Audio Gemma4Text Gemma4Unified Gemma4UnifiedAssistant Gemma4UnifiedText
	Gemma4Vision Git Glm Glm4 Glm46V Glm4Moe Glm4MoeLite Glm4v Glm4vMoe Glm4vMoeText Glm4vMoeVision Glm4vText
	Glm4vVision Glm5Next Glm5NextText Glm5NextVision GlmAsr GlmAsrEncoder GlmImage GlmImageText GlmImageVision
	GlmImageVQVAE GlmMoeDsa GlmOcr GlmOcrText GlmOcrVision GLPN GotOcr2 GPT2 GPTBigCode GPTJ GPTNeo GPTNeoX
	GPTNeoXJapanese GptOss Granite Granite4Vision GraniteMoe GraniteMoeHybrid GraniteMoeShared GraniteMoeSWA
	GraniteSpeech GraniteSpeech5 GraniteSpeech5Encoder GraniteSpeechPlus GraniteSWA GroundingDino GroupViT Gte Helium
	HGNetV2 HGNetV2Backbone Hiera HieraBackbone HiggsAudioV2 HiggsAudioV2Tokenizer HrmText Hubert HunYuanDenseV1
	HunYuanMoEV1 HunYuanVL HunYuanVLText HunYuanVLVisionTransformer HyperCLOVAX HyperCLOVAXVisionV2 HYV3 HYV4 IBert
	Idefics Idefics2 Idefics3 Idefics3VisionTransformer IJepa ImageGPT Informer Inkling InklingText InstructBlip
	InstructBlipVideo InternVL InternVLVision Jais2 Jamba Janus JetMoe JinaEmbeddingsV3 Kimi_K25 Kimi_K25Vision
	KimiLinear Kosmos2 Kosmos2_5 KyutaiSpeechToText Laguna Lasr LasrEncoder LayoutLM LayoutLMv2 LayoutLMv3 LED Levit
	Lfm2 Lfm2Moe Lfm2Vl LightGlue LightOnOcr Lilt Llama Llama4 Llama4Text Llama4Vision Llava LlavaNext LlavaNextVideo
	LlavaOnevision LongcatFlash Longformer LongT5 Luke LwDetr LwDetrViTBackbone Lxmert M2M100 Mamba Mamba2 Marian
	MarianMT MarkupLM Mask2Former MaskFormer MaskFormerSwin MaskFormerSwinBackbone MBart MegatronBert Mellum MetaClip2
	Mgpstr Mimi MiMoV2Flash MiniCPM3 MiniCPMV4_6 MiniCPMV4_7 MiniCPMV4_7Vision MiniMax MiniMaxM2 MiniMaxM3Sparse
	MiniMaxM3VL MiniMaxM3VLText Ministral Ministral3 Mistral Mistral3 Mistral4 Mixtral MLCDVision Mllama MllamaText
	MllamaVision MMGroundingDino MobileBert MobileNetV1 MobileNetV2 MobileViT MobileViTV2 ModernBert ModernBertDecoder
	ModernVBert Moonshine MoonshineStreaming Moshi MPNet Mpt Mra MT5 MT5Encoder MuseGlimmer MuseGlimmerAssistant
	MuseGlimmerText MuseGlimmerVision MusicFlamingo Musicgen MusicgenMelody Mvp NanoChat Nemotron Nemotron3_5Asr
	Nemotron3Diarization Nemotron3DiarizationAudio NemotronAsrStreaming NemotronAsrStreamingEncoder NemotronH
	NemotronH_Omni_Reasoning_V3 NeoMME NeuCodec NllbMoe NomicBert Nystromformer Olmo Olmo2 Olmo3 Olmoe OlmoHybrid
	OmDetTurbo OneFormer OpenAIGPT OpenAIPrivacyFilter OPT Ovis2 Owlv2 OwlViT PaddleOCRVL PaliGemma Parakeet
	ParakeetEncoder PatchTSMixer PatchTST PeAudio PeAudioEncoder PeAudioVideo PeAudioVideoEncoder Pegasus PegasusX
	Perceiver PerceptionLM Persimmon PeVideo PeVideoEncoder Phi Phi3 Phi4Multimodal Phimoe PI0 Pix2Struct Pixio
	PixioBackbone PixtralVision PLBart PoolFormer Pop2Piano PPDocLayoutV2 PPDocLayoutV3 PPFormulaNet PPLCNet
	PPLCNetBackbone PPLCNetV3Backbone PPLCNetV4Backbone PPOCRV5MobileDet PPOCRV5MobileRec PPOCRV5ServerDet
	PPOCRV5ServerRec PPOCRV6MediumDet PPOCRV6SmallDet PPOCRV6SmallRec PPOCRV6TinyRec PromptDepthAnything ProphetNet
	Pvt PvtV2 PvtV2Backbone QianfanOCR QianfanOCRVision Qwen2 Qwen2_5_VisionTransformerPretrained Qwen2_5_VL
	Qwen2_5_VLText Qwen2_5Omni Qwen2_5OmniThinker Qwen2Audio Qwen2AudioEncoder Qwen2Moe Qwen2VL Qwen2VLText Qwen3
	Qwen3_5 Qwen3_5Moe Qwen3_5MoeText Qwen3_5MoeVision Qwen3_5Text Qwen3_5Vision Qwen3ASR Qwen3ASREncoder Qwen3Moe
	Qwen3Next Qwen3OmniMoe Qwen3OmniMoeThinker Qwen3VL Qwen3VLMoe Qwen3VLMoeText Qwen3VLMoeVision Qwen3VLText
	Qwen3VLVision Qwen4Exp Qwen4ExpText Qwen4ExpVision Radio RecurrentGemma Reformer ReformerModel RegNet RemBert
	ResNet ResNetBackbone RfDetr RfDetrDinov2Backbone Roberta RobertaPreLayerNorm RoCBert RoFormer RTDetr
	RTDetrResNetBackbone RTDetrV2 Rwkv Sam Sam2 Sam2HieraDet Sam2Video Sam2Vision Sam3 Sam3LiteText Sam3LiteTextText
	Sam3Tracker Sam3TrackerVideo Sam3Video Sam3Vision Sam3ViT SamHQ SamHQVision SamVision Sapiens2 Sapiens2Backbone
	SeamlessM4T SeamlessM4Tv2 SeedOss Segformer SegGpt SEW SEWD ShieldGemma2 Siglip Siglip2 Siglip2Vision SiglipVision
	SLANet SLANeXt SmolLM3 SmolVLM SmolVLMVisionTransformer SolarOpen Speech2Text SpeechEncoderDecoder SpeechT5
	Splinter SqueezeBert StableLm Starcoder2 Step3p7 SuperGlue SuperPoint SwiftFormer Swin Swin2SR SwinBackbone Swinv2
	Swinv2Backbone SwitchTransformers T5 T5Encoder T5Gemma T5Gemma2 T5Gemma2Encoder T5GemmaEncoder TableTransformer
	Tapas TextNet TextNetBackbone TimeSeriesTransformer TimesFm TimesFm2_5 TimesFm2_5Model TimesFmModel Timesformer
	TimmBackbone TimmWrapper Tipsv2 Tipsv2Dpt Tipsv2Text Tipsv2Vision Tipsv2VisionBackbone TrOCR Tvp Udop UMT5
	UMT5Encoder UniSpeech UniSpeechSat UnivNet UperNet UVDoc UVDocBackbone VaultGemma VibeVoice
	VibeVoiceAcousticTokenizer VibeVoiceAcousticTokenizerDecoder VibeVoiceAcousticTokenizerEncoder VibeVoiceAsr
	VideoLlama3 VideoLlama3Vision VideoLlava VideoMAE Videomt VideoPrism VideoPrismClip VideoPrismVision Vilt VipLlava
	VisionEncoderDecoder VisionTextDualEncoder VisualBert ViT VitDet VitDetBackbone ViTMAE VitMatte ViTMSN VitPose
	VitPoseBackbone Vits Vivit VJEPA2 Voxtral VoxtralEncoder VoxtralRealtime VoxtralRealtimeEncoder
	VoxtralRealtimeText Wav2Vec2 Wav2Vec2Bert Wav2Vec2Conformer WavLM Whisper XCLIP Xcodec Xcodec2 XGLM XLM XLMRoberta
	XLMRobertaXL XLNet xLSTM Xmod Yolos Yoso Youtu Zamba Zamba2 Zaya ZoeDepth
`);

/** Types that are gone, with the last version that was seen to have them. */
const removed = Object.fromEntries(
	words(`
	jukebox:4.57.0.dev0 mctct:4.57.0.dev0 nat:4.57.0.dev0 nezha:4.57.0.dev0 qdqbert:4.57.0.dev0 realm:4.57.0.dev0
	retribert:4.57.0.dev0 speech_to_text_2:4.57.0.dev0 trajectory_transformer:4.57.0.dev0 transfo-xl:4.57.0.dev0
	van:4.57.0.dev0 xlm-prophetnet:4.57.0.dev0 deta:4.57.0.dev0 efficientformer:4.57.0.dev0 ernie_m:4.57.0.dev0
	gptsan-japanese:4.57.0.dev0 graphormer:4.57.0.dev0 mega:4.57.0.dev0 open-llama:4.57.0.dev0 tvlt:4.57.0.dev0
	vit_hybrid:4.57.0.dev0 code_llama:5.6-dev granitevision:5.6-dev
	perception_encoder:4.57.0.dev0 musicflamingo_encoder:5.6-dev
`).map((pair) => pair.split(':')),
);

/** GGUF architectures that its documentation names; it says that there are more. */
const ggufTypes = words('bloom falcon gpt2 llama mistral phi3 qwen2 qwen2moe qwen35 stablelm starcoder2');

export const transformers: RuntimeProfile = {
	id: 'transformers',
	name: 'Transformers',
	version,
	source: 'transformers 5.18.0: models/auto, quantizers/auto.py; docs/source/en/gguf.md',
	asOf: '2026-09-30',
	engines: [
		{
			name: 'Transformers',
			version,
			formats: ['safetensors', 'pytorch'],
			by: 'model_type',
			types,
			derivedStems,
			removed,
			quantization: {
				aqlm: null,
				'auto-round': null,
				awq: [4],
				bitnet: null,
				bitsandbytes: null,
				'compressed-tensors': null,
				eetq: null,
				fbgemm_fp8: null,
				fp8: null,
				fp_quant: null,
				gptq: [2, 3, 4, 8],
				higgs: null,
				hqq: null,
				mxfp4: null,
				quanto: null,
				quark: null,
				spqr: null,
				torchao: null,
				vptq: null,
			},
		},
		{
			name: 'Transformers',
			version,
			formats: ['gguf'],
			by: 'gguf',
			types: ggufTypes,
			isOpen: true,
			quantization: { gguf: null },
			loading: { gguf: 'Transformers unpacks GGUF files to full size when it loads them: they need more memory.' },
		},
	],
	context: { limit: null, rule: 'none for rotary positions; the length of the table for learned ones' },
	platforms: { Linux: ['CUDA', 'ROCm', 'Intel XPU', 'CPU'], macOS: ['MPS', 'CPU'], Windows: ['CUDA', 'CPU'] },
	accelerators: ['CUDA', 'ROCm', 'MPS', 'Intel XPU', 'CPU'],
	remoteCode: 'trust_remote_code=True',
	loadsForeignCode: true,
	serves: 'all',
	hubTag: null,
};
