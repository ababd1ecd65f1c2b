// Every model type we know, by family, with what kind of model it is: the table behind families, modality and class.
//
// Sources: model types and their kinds from the auto-mappings of transformers 5.18.0 and, for types outside it, from the
// architecture lists of mlx-vlm, MLX-LM, vLLM, SGLang, transformers.js and TEI (August to October 2026); the family
// names are our own choice of what people call a line, all generations and sizes under one name. A few names are those
// of GGUF architectures and of classes in remote code (`command-r`, `RW`, `mixformer`).
//
// One line per family: `Family|type:kind type:kind`. Kinds:
//   c writes text from text (decoder)            s writes text from text (encoder and decoder)
//   m writes text from text and images           p writes text from text and sound
//   q writes text from text, images and sound    e text encoder (vectors, labels)
//   i encoder of text with images                v image or video encoder (vectors, labels)
//   a sound encoder (vectors, labels)            x encoder of sound with images
//   w image model of another kind (boxes, masks, depth)    b speech or sound model of another kind (transcripts, voices)
//   g makes images                               o anything else (time series, robots, graphs)
export const modelTypeLines = `
A.X|axk1:c axk2:c
AFM|arcee:c
AFM (Apple)|afm7:c
AIMv2|aimv2:v aimv2_text_model:e aimv2_vision_model:v
ALBERT|albert:e
ALIGN|align:v align_text_model:e align_vision_model:v
AltCLIP|altclip:v altclip_text_model:e altclip_vision_model:v
Apertus|apertus:c
Aquila|aquila:c
Arctic|arctic:c
Aria|aria:m aria_text:c
Audio Flamingo|audioflamingo3:p audioflamingo3_encoder:a
Audio Spectrogram Transformer|ast:a audio-spectrogram-transformer:a
Autoformer|autoformer:o
Aya|aya_vision:m
BAGEL|bagel:m umm:m
Baichuan|baichuan:c baichuan_m1:c
Bamba|bamba:c
Bark|bark:b
BART|bart:s mbart:s
Bee|bee:m
BEiT|beit:w
BERT|bert-generation:e bert:e
BGE|bge_m3:e
BigBird|big_bird:e bigbird_pegasus:s
BioGPT|biogpt:c
BiT|bit:v
BitNet|bitnet:c
BlenderBot|blenderbot-small:s blenderbot:s
BLIP|blip-2:m blip:m blip_2_qformer:o blip_2_vision_model:v blip_text_model:c blip_vision_model:v
BLOOM|bloom:c
BLT|blt:c blt_global_transformer:c blt_local_decoder:c blt_local_encoder:c blt_patcher:c
Bonsai|bonsai:g
BridgeTower|bridgetower:i bridgetower_text_model:e bridgetower_vision_model:v
BROS|bros:e
Bunny|bunny-llama:m
CamemBERT|camembert:e
Canary|canary:b canary_decoder:b
CANINE|canine:e
Chameleon|chameleon:m chameleon_vqgan:v
ChatTTS|chattts:b
Cheers|cheers:m
Chinese-CLIP|chinese_clip:v chinese_clip_text_model:e chinese_clip_vision_model:v
CHMv2|chmv2:w
CLAP|clap:a clap_audio_model:a clap_text_model:b
CLIP|clip:v clip_text_model:e clip_vision_model:v clipseg:v clipseg_text_model:e clipseg_vision_model:v
CLVP (Tortoise)|clvp:b clvp_decoder:b clvp_encoder:a
CodeGen|codegen:c
CodeShell|codeshell:c
CogVLM|cogvlm:m
Cohere Transcribe|cohere_asr:b
ColIdefics|colidefics3:i
ColPali|colpali:i
ColQwen|colqwen2:i colqwen2_5:i colqwen3:m
Command|cohere2:c cohere2_moe:c cohere2_vision:m cohere:c cohere_compass:m cohere_compass_text:c cohere_compass_vision:v command-r:c
Conditional DETR|conditional_detr:w
ConvBERT|convbert:e
ConvNeXt|convnext:v convnextv2:v
Cosmos|cosmos3_edge:m cosmos3_edge_text:c cosmos3_edge_vision:v cosmos3_omni:m
CosyVoice|cosyvoice:b
CPM-Ant|cpmant:c
CSM|csm:b csm_depth_decoder_model:b
CTRL|ctrl:c
CvT|cvt:v
CWM|cwm:c
D-FINE|d_fine:w
DAB-DETR|dab-detr:w
DAC|dac:b
data2vec|data2vec-audio:a data2vec-text:e data2vec-vision:w
DBRX|dbrx:c
DeBERTa|deberta-v2:e deberta:e
Decision Transformer|decision_transformer:o
DeepSeek|deepseek:c deepseek_ocr2:m deepseek_ocr2_encoder:v deepseek_ocr2_sam_vision_model:v deepseek_ocr2_text:c deepseek_ocr2_vision:v deepseek_v2:c deepseek_v32:c deepseek_v3:c deepseek_v4:c deepseek_vl:m deepseek_vl_hybrid:m deepseek_vl_v2:m deepseekocr:m deepseekocr_2:m
Deformable DETR|deformable_detr:w
DEIMv2|deimv2:w
DeiT|deit:v
Depth Anything|depth_anything:w
Depth Pro|depth_pro:w
DETA|deta:w
DETR|detr:w
Dia|dia:b dia_decoder:b dia_encoder:a
DiffLlama|diffllama:c
DiNAT|dinat:v
DINO|dinov2:v dinov2_with_registers:v dinov3_convnext:v dinov3_vit:v
DistilBERT|distilbert:e
Doge|doge:c
Donut|donut-swin:v
dots|dots1:c dots_ocr:m dots_vlm:m
DPR|dpr:e
DPT|dpt:w
Dream|dream:c
Dual encoder wrapper|vision-text-dual-encoder:v
EAGLE (draft model)|eagle:c
EdgeTAM|edgetam:w edgetam_video:w edgetam_vision_model:v
EfficientFormer|efficientformer:v
EfficientLoFTR|efficientloftr:w
EfficientNet|efficientnet:v
ELECTRA|electra:e
Emu|emu3:m emu3_text_model:c emu3_vqgan:v
EnCodec|encodec:b
Encoder-decoder wrapper|encoder-decoder:s
EoMT|eomt:w eomt_dinov3:w
ERNIE|ernie4_5:c ernie4_5_moe:c ernie4_5_moe_vl:m ernie4_5_vl_moe:m ernie4_5_vl_moe_text:c ernie4_5_vl_moe_vision:v ernie:e ernie_m:e
ESM|esm:e esmc:e esmfold2:o
EuroBERT|eurobert:e
Evolla|EvollaModel:c evolla:c
EXAONE|exaone4:c exaone4_5:m exaone4_5_vision:v exaone:c exaone_moe:c
Falcon|RW:c RefinedWeb:c RefinedWebModel:c falcon-perception:m falcon:c falcon_h1:c falcon_mamba:c falcon_ocr:m falcon_perception:m
FastSpeech2Conformer|fastspeech2_conformer:b fastspeech2_conformer_hifigan:b fastspeech2_conformer_with_hifigan:b
FastViT|fastvit:v
FastVLM|fast_vlm:m fastvlm:m
FireRed|fireredlid:b
FlauBERT|flaubert:e
FLAVA|flava:i flava_image_model:v flava_multimodal_model:o flava_text_model:e
Florence|florence2:m florence_vision:v
FLUX|flux2:g
FNet|fnet:e
FocalNet|focalnet:v
FSMT (fairseq WMT)|fsmt:s
Fun-ASR|fun_asr_nano:b fun_asr_nano_encoder:a
FunAudio|funaudiochat:m
Funnel|funnel:e
Fuyu|fuyu:m
Galactica|galactica:c
Gemma|diffusion_gemma:m diffusion_gemma_text:c embedding_gemma2:e gemma2:c gemma3:m gemma3_embedding:e gemma3_text:c gemma3n:q gemma3n_audio:a gemma3n_text:c gemma3n_vision:v gemma4:q gemma4_assistant:c gemma4_audio:a gemma4_text:c gemma4_unified:q gemma4_unified_assistant:c gemma4_unified_audio:a gemma4_unified_text:c gemma4_unified_vision:v gemma4_vision:v gemma:c shieldgemma2:m vaultgemma:c
GIT|git:m git_vision_model:v
GLM|chatglm:c glm46v:m glm4:c glm4_moe:c glm4_moe_lite:c glm4v:m glm4v_moe:m glm4v_moe_text:c glm4v_moe_vision:v glm4v_text:c glm4v_vision:v glm5_next:m glm5_next_text:c glm5_next_vision:v glm:c glm_image:g glm_image_text:c glm_image_vision:v glm_image_vqmodel:v glm_moe_dsa:c glm_ocr:m glm_ocr_text:c glm_ocr_vision:v glmasr:b glmasr_encoder:a glmga:m
GLPN|glpn:w
GOT-OCR|got:m got_ocr2:m
GPT|openai-gpt:c
GPT-2|gpt2:c
GPT-J|gptj:c
GPT-Neo|gpt_neo:c
GPT-NeoX|gpt_neox:c
GPT-NeoX Japanese|gpt_neox_japanese:c
gpt-oss|gpt_oss:c
GPT-SW3|gpt-sw3:c
GPTSAN-japanese|gptsan-japanese:s
Granite|granite-vision:m granite4-vision:m granite4_vision:m granite4_vision_text:c granite:c granite_speech5_ctc:b granite_speech5_encoder:a granite_speech:b granite_speech_encoder:a granite_speech_plus:b granite_speech_plus_encoder:a granite_swa:c granite_vision:m granitehybrid:c granitemoe:c granitemoe_swa:c granitemoehybrid:c granitemoeshared:c granitevision:m
Graphormer|graphormer:o
GritLM|gritlm:e
Grok|grok-1:c grok:c
Grounding DINO|grounding-dino:w mm-grounding-dino:w
GroupViT|groupvit:v groupvit_text_model:e groupvit_vision_model:v
GroveMoE|grove_moe:c
GTE|gte:e new:e
Helium|helium:c
HGNet|hgnet_v2:v
Hiera|hiera:v
HiFi-GAN|hifigan:b
Higgs Audio|higgs_audio_v2:b higgs_audio_v2_tokenizer:b
HRM|hrm_text:c
HuBERT|hubert:a
Hunyuan|hunyuan:c hunyuan_v1_dense:c hunyuan_v1_moe:c hunyuan_vl:m hunyuan_vl_text:c hunyuan_vl_vision:v hy_v3:c hy_v4:c
HyperCLOVA X|hyperclovax:c hyperclovax_text:c hyperclovax_vision_v2:m hyperclovax_vlm:m
I-BERT|ibert:e
I-JEPA|ijepa:v
Idefics|idefics2:m idefics2_perceiver:o idefics2_vision:v idefics3:m idefics3_vision:v idefics:m idefics_perciever:o idefics_vision:v
Ideogram|ideogram4:g
ImageGPT|imagegpt:w
Informer|informer:o
Inkling|inkling:m inkling_audio:a inkling_mm_model:m inkling_text:c inkling_vision:v
InstructBLIP|instructblip:m instructblip_qformer:o instructblip_vision_model:v instructblipvideo:m instructblipvideo_qformer:o instructblipvideo_vision_model:v
Intern-S|intern_s1:m interns1:m interns2_preview:m
InternLM|internlm2:c internlm3:c internlm:c internlmxcomposer:m
InternViT|intern_vit_6b:v
InternVL|internvl:m internvl_chat:m internvl_vision:v
IQuest|iquestcoder:c iquestloopcoder:c
Isaac|isaac:m
Jais|jais2:c jais:c
Jamba|jamba:c
Janus|janus:m janus_vision_model:v janus_vqgan:v multi_modality:m
JetMoE|jetmoe:c
Jina|jina_bert_v2:e jina_clip:i jina_embeddings_v3:e jina_vlm:m jvlm:m
JoyAI|joyai_llm_flash:c
Jukebox|jukebox:b
Keye|keye:m
Kimi|k3_dspark:c kimi_k25:m kimi_k25_vision:v kimi_k2:c kimi_k3:c kimi_linear:c kimi_vl:m moonvit:v
Klear|Klear:c
Kokoro|kokoro:b
Kosmos|kosmos-2.5:m kosmos-2:m kosmos_2_5_text_model:c kosmos_2_5_vision_model:v kosmos_2_text_model:c kosmos_2_vision_model:v
Kyutai STT|kyutai:b kyutai_speech_to_text:b
Laguna|laguna:c
LASR|lasr:b lasr_ctc:b lasr_encoder:a
LayoutLM|layoutlm:e layoutlmv2:i layoutlmv3:i layoutxlm:i
LED|led:s
LeViT|levit:v
LFM|lfm2-vl:m lfm2:c lfm2_embedding:e lfm2_moe:c lfm2_vl:m
LightGlue|lightglue:w
LightOnOCR|lighton_ocr:m
Lille|lille-130m:c
LiLT|lilt:e
Ling|bailing:c bailing_hybrid:c bailing_moe:c bailing_moe_linear:c bailing_moe_v2:c
LLaDA|llada2_moe:c llada:c
Llama|code_llama:c llama4:m llama4_text:c llama4_vision_model:v llama:c mllama:m mllama_text_model:c mllama_vision_model:v
LLaVA|llava-qwen2:m llava:m llava_bunny:m llava_llama:m llava_next:m llava_next_video:m llava_onevision:m llava_qwen2:m
LLM-jp|llmjpvl:m
LocateAnything|locateanything:m
LongCat|longcat_flash:c longcat_flash_ngram:c
Longformer|longformer:e
LUKE|luke:e
LwDetr|lw_detr:w lw_detr_vit:v
LXMERT|lxmert:i
M-CTC-T|mctct:b
M2M-100|m2m_100:s
MAGE|mage_flow:g mage_vl:m
Maincoder|maincoder:c
MAIRA|maira2:m
Mamba|mamba2:c mamba:c
Marian (OPUS-MT)|marian:s
MarkupLM|markuplm:e
Mask2Former|mask2former:w
MaskFormer|maskformer-swin:v maskformer:w
Medusa (draft model)|medusa:c
MEGA|mega:e
Megatron-BERT|megatron-bert:e
Mellum|mellum:c
MetaCLIP|metaclip_2:v metaclip_2_text_model:e metaclip_2_vision_model:v
Metric3D|metric3d:w metric3dv2:w
MGP-STR|mgp-str:w
MiDashengLM|midashenglm:m
Mimi|mimi:b
MiMo|mimo:c mimo_v2:c mimo_v2_flash:c mimo_v2_omni:q mimovl:m
MiniCPM|minicpm3:c minicpm:c minicpmo:q minicpmv4_6:m minicpmv4_6_vision:v minicpmv4_7:m minicpmv4_7_vision:v minicpmv:m
MiniMax|minimax:c minimax_h3:g minimax_m1:c minimax_m2:c minimax_m3:c minimax_m3_vl:m minimax_m3_vl_text:c minimax_m3_vl_vision:v minimax_text_01:c minimax_vl_01:m
Mistral|ministral3:c ministral3_embedding:e ministral:c mistral3:m mistral4:c mistral:c mixtral:c pixtral:v
MLCD|mlcd:v mlcd_vision_model:v
MLP Speculator (draft model)|mlp_speculator:c
MobileBERT|mobilebert:e
MobileLLM|mobilellm:c
MobileNet|mobilenet_v1:v mobilenet_v2:w mobilenet_v3:v mobilenet_v4:v
MobileViT|mobilevit:w mobilevitv2:w
ModernBERT|modernbert-decoder:c modernbert:e
ModernVBERT|colmodernvbert:i modernvbert:i
Molmo|molmo2:m molmo:m molmo_point:m
Moondream|moondream1:m moondream2:m moondream3:m
Moonshine|moonshine:b moonshine_streaming:b moonshine_streaming_encoder:a
Moshi|moshi:b moshi_depth:b
MOSS|moss_transcribe_diarize:b moss_vl:m
MPNet|mpnet:e
MPT|mpt:c
MRA|mra:e
Muse Glimmer|muse_glimmer:m muse_glimmer_assistant:c muse_glimmer_text:c muse_glimmer_vision:v
Music Flamingo|musicflamingo:p musicflamingo_encoder:a
MusicGen|musicgen:b musicgen_decoder:b musicgen_melody:b musicgen_melody_decoder:b
MVP|mvp:s
Nanbeige|nanbeige:c
nanochat|nanochat:c
NAT|nat:v
Nemotron|NemotronH_Nano_VL_V2:m deci:c llama_bidirec:e llama_nemotron_vl_embedding:i nemotron-nas:c nemotron3_5_asr:b nemotron3_diarization:b nemotron3_diarization_audio:a nemotron:c nemotron_asr_streaming:b nemotron_asr_streaming_encoder:a nemotron_h:c nemotron_h_nano_omni:q nemotron_h_omni:q nemotron_h_puzzle:c nemotron_labs_diffusion:c nemotron_nas:c nemotron_parse:m nemotron_voicechat:m nemotronh_nano_omni_reasoning_v3:q
NeoBERT|neobert:e
NeoMME|neomme:e
NeuCodec|neucodec:b
Nezha|nezha:e
NLLB|nllb-moe:s
Nomic|nomic_bert:e
Nougat|nougat:m
NV-Embed|nvembed:e
Nystromformer|nystromformer:e
OLMo|flex_olmo:c olmo2:c olmo3:c olmo:c olmo_hybrid:c olmoe:c
OmDet-Turbo|omdet-turbo:w
OneFormer|oneformer:w
OpenAI Privacy Filter|openai_privacy_filter:e
OpenCUA|opencua:m
OpenELM|openelm:c
OpenLLaMA|open-llama:c
OpenVLA|openvla:m
OPT|opt:c
Orion|orion:c
Orthrus|orthrus:c
Ouro|ouro:c
Ovis|ovis2:m ovis2_5:m ovis:m
OWL-ViT|owlv2:w owlv2_text_model:e owlv2_vision_model:v owlvit:w owlvit_text_model:e owlvit_vision_model:v
PaddleOCR|paddleocr_vl:m paddleocr_vl_text:c paddleocr_vl_vision:v pp_chart2table:m pp_doclayout_v2:w pp_doclayout_v3:w pp_formulanet:m pp_lcnet:v pp_lcnet_v3:v pp_lcnet_v4:v pp_ocrv5_mobile_det:w pp_ocrv5_mobile_rec:w pp_ocrv5_server_det:w pp_ocrv5_server_rec:w pp_ocrv6_medium_det:w pp_ocrv6_small_det:w pp_ocrv6_small_rec:w pp_ocrv6_tiny_rec:w slanet:w slanext:w uvdoc:w uvdoc_backbone:v
PaliGemma|paligemma:m
Pangu|pangu:c pangu_ultra_moe:c
Parakeet|parakeet:b parakeet_ctc:b parakeet_encoder:a parakeet_rnnt:b parakeet_tdt:b
PatchTST|patchtsmixer:o patchtst:o
PEGASUS|pegasus:s pegasus_x:s
Perceiver|perceiver:e
Perception Encoder|pe_audio:a pe_audio_encoder:a pe_audio_video:x pe_audio_video_encoder:a pe_video:v pe_video_encoder:v
PerceptionLM|perception_encoder:v perception_lm:m
Persimmon|persimmon:c
Phi|mixformer:c phi-msft:c phi3:c phi3_v:m phi3small:c phi4-siglip:m phi4_multimodal:q phi4_multimodal_audio:a phi4_multimodal_vision:v phi4mm:q phi:c phimoe:c phixtral:c
Pix2Struct|pix2struct:m pix2struct_text_model:c pix2struct_vision_model:v
Pixio|pixio:v
PLaMo|plamo2:c plamo2vl:m plamo3:c plamo:c
PLBART|plbart:s
PLM|plm:c
POINTS|pointsv1.5_chat:m
PoolFormer|poolformer:v
Pop2Piano|pop2piano:b
pplx-embed|bidirectional_pplx_qwen3:e
Prompt Depth Anything|prompt_depth_anything:w
ProphetNet|prophetnet:s xlm-prophetnet:s
PVT|pvt:v
PVTv2|pvt_v2:v
pyannote|pyannote:b
QDQBERT|qdqbert:e
Qianfan|qianfan_ocr:m qianfan_ocr_vision:v
Qwen|qwen2:c qwen2_5_omni:q qwen2_5_omni_audio_encoder:a qwen2_5_omni_bigvgan:b qwen2_5_omni_dit:b qwen2_5_omni_talker:b qwen2_5_omni_text:c qwen2_5_omni_thinker:q qwen2_5_omni_token2wav:b qwen2_5_omni_vision_encoder:v qwen2_5_vl:m qwen2_5_vl_text:c qwen2_5_vl_vision:v qwen2_audio:p qwen2_audio_encoder:a qwen2_moe:c qwen2_vl:m qwen2_vl_text:c qwen2_vl_vision:v qwen3:c qwen3_5:m qwen3_5_moe:m qwen3_5_moe_text:c qwen3_5_moe_vision:v qwen3_5_text:c qwen3_5_vision:v qwen3_asr:b qwen3_asr_encoder:a qwen3_embedding:e qwen3_moe:c qwen3_next:c qwen3_omni_moe:q qwen3_omni_moe_audio_encoder:a qwen3_omni_moe_talker_code_predictor:b qwen3_omni_moe_talker_text:b qwen3_omni_moe_text:c qwen3_omni_moe_thinker:q qwen3_omni_moe_vision_encoder:v qwen3_vl:m qwen3_vl_embedding:i qwen3_vl_moe:m qwen3_vl_moe_text:c qwen3_vl_moe_vision:v qwen3_vl_text:c qwen3_vl_vision:v qwen4_exp:m qwen4_exp_text:c qwen4_exp_vision:v qwen:c qwen_vl:m
RADIO|radio:v
RAG|rag:s
REALM|realm:e
RecurrentGemma|recurrent_gemma:c
Refact|gptrefact:c refact:c
Reformer|reformer:c
RegNet|regnet:v
RemBERT|rembert:e
ResNet|resnet:v
RetriBERT|retribert:e
RF-DETR|rf-detr:w rf_detr:w rf_detr_dinov2:v rfdetr:w
RoBERTa|roberta-prelayernorm:e roberta:e
RoCBert|roc_bert:e
RoFormer|roformer:e
RT-DETR|rt_detr:w rt_detr_resnet:v rt_detr_v2:w
RWKV|rwkv6:c rwkv7:c rwkv:c
SAM|sam2:w sam2_hiera_det_model:v sam2_video:w sam2_vision_model:v sam3.1_video:w sam3:w sam3_1:w sam3_detr_decoder:v sam3_detr_encoder:v sam3_geometry_encoder:v sam3_lite_text:w sam3_lite_text_detr_decoder:v sam3_lite_text_detr_encoder:v sam3_lite_text_geometry_encoder:v sam3_lite_text_mask_decoder:v sam3_lite_text_text_model:e sam3_mask_decoder:v sam3_tracker:w sam3_tracker_video:w sam3_video:w sam3_vision_model:v sam3_vit_model:v sam3d_body:w sam:w sam_hq:w sam_hq_vision_model:v sam_vision_model:v
Sapiens|sapiens2:w sapiens2_head:v sapiens:w
Sarashina|sarashina2_vision:m
Sarvam|sarvam_moe:c
SDAR|sdar:c sdar_moe:c
Seamless|seamless_m4t:b seamless_m4t_v2:b
Seed|seed_oss:c
SegFormer|segformer:w
SegGPT|seggpt:w
SEW|sew:a
SEW-D|sew-d:a
SigLIP|siglip-text:e siglip2:v siglip2_text_model:e siglip2_vision_model:v siglip:v siglip_text_model:e siglip_vision_model:v
Skywork|skywork_chat:m
SmallThinker|smallthinker:c
SmolLM|smollm3:c
SmolVLM|smolvlm:m smolvlm_vision:v
SNAC|snac:b
Solar|solar_open:c
Speculators (draft model)|speculators:c
Speech encoder-decoder wrapper|speech-encoder-decoder:b
Speech2Text|speech2:b speech2text:b speech_to_text:b speech_to_text_2:b
SpeechT5|speecht5:b speecht5_hifigan:b
Splinter|splinter:e
SqueezeBERT|squeezebert:e
StableLM|stablelm:c
StarCoder|gpt_bigcode:c santacoder:c starcoder2:c
Step|step3_text:c step3_vl:m step3p5:c step3p5_vision:v step3p7:m
StyleTTS 2|style_text_to_speech_2:b
SuperGlue|superglue:w
SuperPoint|superpoint:w
Supertonic|supertonic:b
SwiftFormer|swiftformer:v
Swin|swin2sr:w swin:v swinv2:v
T5|longt5:s mt5:s switch_transformers:s t5:s umt5:s
T5Gemma|t5_gemma_module:s t5gemma2:m t5gemma2_decoder:s t5gemma2_encoder:s t5gemma2_text:s t5gemma:s
Table Transformer|table-transformer:w
Talkie|talkie:c
TAPAS|tapas:e
Tele-FLM|teleflm:c
TeleChat|telechat2:c telechat3:c telechat:c
TextNet|textnet:v
Time Series Transformer|time_series_transformer:o
TimesFM|timesfm2_5:o timesfm:o
TimeSformer|timesformer:v
TimmBackbone|timm_backbone:v
TimmWrapper|timm_wrapper:v
TIPS|tipsv2:v tipsv2_dpt:w tipsv2_text_model:e tipsv2_vision_model:v
Trajectory Transformer|trajectory_transformer:o
Transformer-XL|transfo-xl:c
Trinity|afmoe:c
TrOCR|trocr:m
TVLT|tvlt:x
TVP|tvp:w
UDOP|udop:m
Ultravox|ultravox:m
UniSpeech|unispeech-sat:a unispeech:a
UnivNet|univnet:b
Unlimited-OCR|unlimited-ocr:m
UPerNet|upernet:w
V-JEPA|vjepa2:v
VAN|van:v
VibeVoice|vibevoice:b vibevoice_acoustic_tokenizer:b vibevoice_acoustic_tokenizer_decoder:b vibevoice_acoustic_tokenizer_encoder:a vibevoice_asr:b
Video-LLaVA|video_llava:m
VideoChat-Flash|videochat_flash_qwen:m
VideoLLaMA|video_llama_3:m video_llama_3_vision:v
VideoMAE|videomae:v
VidEoMT|videomt:w
VideoPrism|videoprism:v videoprism_text_model:e videoprism_vision_model:v
ViLT|vilt:i
ViP-LLaVA|vipllava:m
Vision encoder-decoder (Donut/TrOCR)|vision-encoder-decoder:m
VisualBERT|visual_bert:i
ViT|vit:v vit_hybrid:v
ViT-MAE|vit_mae:v
ViT-MSN|vit_msn:v
ViTDet|vitdet:v
ViTMatte|vitmatte:w
ViTPose|vitpose:w vitpose_backbone:v
VITS|vits:b
ViViT|vivit:v
Voxtral|voxtral:p voxtral_encoder:a voxtral_realtime:b voxtral_realtime_encoder:a voxtral_realtime_text:c
wav2vec 2.0|wav2vec2-bert:a wav2vec2-conformer:a wav2vec2:a
WavLM|wavlm:a
WeSpeaker|wespeaker-resnet:b
Whisper|lite-whisper:b whisper:b
X-CLIP|xclip:v xclip_text_model:e xclip_vision_model:v
X-Codec|xcodec:b
X-Codec 2|xcodec2:b
X-MOD|xmod:e
XGLM|xglm:c
XLM|xlm:e
XLM-RoBERTa|xlm-roberta-xl:e xlm-roberta:e xlm_roberta:e
XLNet|xlnet:c
xLSTM|xlstm:c
XVERSE|xverse:c
Yi|yi:c
YOLOS|yolos:w
YOSO|yoso:e
Youtu|youtu:c youtu_llm:c youtu_vl:m
Z-Image|z_image:g
Zamba|zamba2:c zamba:c
ZAYA|zaya1_vl:m zaya:c
ZoeDepth|zoedepth:w
π0|pi0:o
`;
