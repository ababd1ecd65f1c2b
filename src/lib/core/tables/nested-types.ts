// Types of the text models inside composite ones, for those whose nested configuration does not repeat its own type.

/** By the composite type. Source: the composite configurations of transformers. */
export const nestedTypes: ReadonlyMap<string, string> = new Map(
	Object.entries({
		clip: 'clip_text_model',
		gemma3: 'gemma3_text',
		gemma3n: 'gemma3n_text',
		gemma4: 'gemma4_text',
		llama4: 'llama4_text',
		llava: 'llama',
		llava_next: 'llama',
		idefics3: 'llama',
		mistral3: 'mistral',
		mllama: 'mllama_text_model',
		paddleocr_vl: 'ernie4_5',
		paligemma: 'gemma',
		qwen2_5_vl: 'qwen2_5_vl_text',
		qwen2_audio: 'qwen2',
		qwen2_vl: 'qwen2_vl_text',
		qwen3_5: 'qwen3_5_text',
		qwen3_5_moe: 'qwen3_5_moe_text',
		qwen3_vl: 'qwen3_vl_text',
		qwen3_vl_moe: 'qwen3_vl_moe_text',
		siglip: 'siglip_text_model',
		smolvlm: 'llama',
		voxtral: 'llama',
	}),
);
