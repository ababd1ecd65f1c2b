// Transformers.js, in the browser and in Node.js: the model types it has classes for, as ONNX.
import { words, type RuntimeEngine, type RuntimeProfile } from '#lib/core/runtime.ts';

const types = words(`
	afmoe albert apertus arcee audio-spectrogram-transformer bart beit bert blenderbot blenderbot-small bloom
	camembert chinese_clip chmv2 clap clip clipseg codegen cohere cohere2 cohere_asr convbert convnext convnextv2
	d_fine dac deberta deberta-v2 decision_transformer deepseek_v3 deepseek_v4 deit depth_anything depth_pro detr
	dinov2 dinov2_with_registers dinov3_convnext dinov3_vit distilbert donut-swin dpt edgetam efficientnet electra
	embedding_gemma2 ernie4_5 esm eurobert exaone falcon falcon_h1 fastvit florence2 gemma gemma2 gemma3 gemma3_text
	gemma3n gemma4 glm glm_moe_dsa glm_ocr glpn gpt2 gpt_bigcode gpt_neo gpt_neox gpt_oss gptj granite granite_speech
	granitemoehybrid grounding-dino groupvit helium hiera hifigan hrm_text hubert hunyuan_v1_dense idefics3 ijepa jais
	jina_clip lfm2 lfm2_moe lfm2_vl lighton_ocr lite-whisper llama llama4_text llava llava_onevision llava_qwen2
	longt5 m2m_100 marian maskformer mbart metric3d metric3dv2 mgp-str mimi ministral ministral3 mistral mistral3
	mistral4 mobilebert mobilellm mobilenet_v1 mobilenet_v2 mobilenet_v3 mobilenet_v4 mobilevit mobilevitv2 modernbert
	modernbert-decoder moondream1 moonshine mpnet mpt mt5 multi_modality musicgen nanochat nemotron_h neobert
	nomic_bert olmo olmo2 olmo3 olmo_hybrid openai_privacy_filter openelm opt owlv2 owlvit paligemma parakeet_ctc
	patchtsmixer patchtst phi phi3 phi3_v pvt pyannote qwen2 qwen2_5_vl qwen2_moe qwen2_vl qwen3 qwen3_5 qwen3_5_moe
	qwen3_5_text qwen3_moe qwen3_next qwen3_vl qwen3_vl_moe resnet rf_detr roberta roformer rt_detr rt_detr_v2 sam
	sam2 sam3_tracker sapiens segformer siglip smollm3 smolvlm snac solar_open speecht5 squeezebert stablelm
	starcoder2 style_text_to_speech_2 supertonic swin swin2sr t5 table-transformer trocr ultravox unispeech
	unispeech-sat vaultgemma vision-encoder-decoder vit vit_mae vit_msn vitmatte vitpose vits voxtral voxtral_realtime
	wav2vec2 wav2vec2-bert wavlm wespeaker-resnet whisper xlm xlm-roberta yolos youtu zaya
`);

const engine: RuntimeEngine = {
	name: 'Transformers.js',
	version: '4.3.1',
	formats: ['onnx'],
	by: 'model_type',
	types,
	quantization: {},
	conversion: {
		from: ['safetensors', 'pytorch'],
		to: 'onnx',
		how: 'Export it to ONNX (Optimum does): Transformers.js has classes for this model type.',
	},
};

const base: Omit<RuntimeProfile, 'id' | 'name' | 'platforms' | 'accelerators'> = {
	version: '4.3.1',
	source: 'npm @huggingface/transformers 4.3.1: src/models/registry.js',
	asOf: '2026-10',
	engines: [engine],
	context: { limit: null, rule: 'none: the ONNX graph takes any length' },
	remoteCode: null,
	serves: 'all',
	fallback: 'tries types it does not name as plain encoders',
	hubTag: 'onnx',
};

export const transformersJsBrowser: RuntimeProfile = {
	...base,
	id: 'transformers.js',
	name: 'Transformers.js in the browser',
	platforms: { browser: ['WebGPU', 'WASM', 'WebNN'] },
	accelerators: ['WebGPU', 'WebNN', 'WASM'],
};

export const transformersJsNode: RuntimeProfile = {
	...base,
	id: 'transformers.js-node',
	name: 'Transformers.js in Node.js',
	platforms: {
		'Node.js, Deno, Bun': ['CPU (Linux, macOS, Windows)', 'CUDA (Linux)', 'DirectML (Windows)', 'CoreML (macOS)'],
	},
	accelerators: ['CPU', 'CUDA', 'DirectML', 'CoreML'],
};
