// Modality: configured parts first, then token ids, then words, then the table of types; never a bare substring.
import { describe, expect, it } from 'vitest';
import { normalize } from '#lib/core/characteristics.ts';
import type { JsonObject, ListingFacts } from '#lib/core/listing.ts';

function read(config: JsonObject | null, listing: Partial<ListingFacts> | null = null) {
	const full = listing === null ? null : { id: 'a/b', ...listing };
	const whole = config === null ? null : { hidden_size: 64, ...config };
	return normalize({ id: 'a/b', source: 'hub', revision: null, fetchedAt: '', config: whole, listing: full });
}

describe('multimodal_type', () => {
	it.each<[string, JsonObject, string | null, string]>([
		['vision_config', { model_type: 'x', vision_config: { a: 1 } }, 'vision', 'vision_config'],
		['audio_config', { model_type: 'x', audio_config: {} }, 'audio', 'audio_config'],
		['both', { model_type: 'x', vision_config: {}, audio_config: {} }, 'vision-audio', 'vision_config, audio_config'],
		[
			'the thinker of an omni model',
			{ thinker_config: { vision_config: {}, audio_config: {} } },
			'vision-audio',
			'thinker_config.vision_config, thinker_config.audio_config',
		],
		[
			'the tower of older LLaVA files',
			{ model_type: 'x', mm_vision_tower: 'openai/clip' },
			'vision',
			'mm_vision_tower',
		],
		['image_token_id', { model_type: 'x', image_token_id: 5 }, 'vision', 'image_token_id'],
		['image_token_index', { model_type: 'x', image_token_index: 5 }, 'vision', 'image_token_index'],
		['video_token_id', { model_type: 'x', video_token_id: 5 }, 'vision', 'video_token_id'],
		['audio_token_id', { model_type: 'x', audio_token_id: 5 }, 'audio', 'audio_token_id'],
		['a word in the type', { model_type: 'brand_new-vl' }, 'vision', 'model_type'],
		[
			'a word in the class',
			{ model_type: 'x', architectures: ['Qwen9VLForConditionalGeneration'] },
			'vision',
			'architectures',
		],
		[
			'a type that hears as well as its name says it sees',
			{ model_type: 'phi4_multimodal' },
			'vision-audio',
			'model_type',
		],
		['a type that hears less than its name says', { model_type: 'cosmos3_omni' }, 'vision', 'model_type'],
		['the text half of a model that sees', { model_type: 'qwen2_vl_text' }, null, 'model_type'],
		['the word omni', { model_type: 'acme_omni' }, 'vision-audio', 'model_type'],
		['the table of types', { model_type: 'wav2vec2' }, 'audio', 'model_type'],
		[
			'CLIP, by its vision_config',
			{ model_type: 'clip', vision_config: {}, text_config: {} },
			'vision',
			'vision_config',
		],
		['ViT, by the table', { model_type: 'vit' }, 'vision', 'model_type'],
		['a diffusion part', { _class_name: 'AutoencoderTiny' }, 'vision', '_class_name'],
		['a timm model', { architecture: 'resnet50', pretrained_cfg: { a: 1 } }, 'vision', 'architecture'],
		['a type that holds vl only as letters', { model_type: 'vlora_evlm' }, null, ''],
		['a class that holds vl only as letters', { model_type: 'x', architectures: ['EvlmForCausalLM'] }, null, ''],
		['a part that is null', { model_type: 'llama', vision_config: null, image_token_id: null }, null, 'model_type'],
		['a text model', { model_type: 'llama', architectures: ['LlamaForCausalLM'] }, null, 'model_type'],
		['the text half of Gemma 3', { model_type: 'gemma3', architectures: ['Gemma3ForCausalLM'] }, null, 'model_type'],
	])('is right for %s', (_name, config, type, path) => {
		const c = read(config);
		expect(c.multimodal_type).toBe(type);
		expect(c.is_multimodal).toBe(type !== null);
		expect(c.evidence['is_multimodal']).toMatchObject({ file: 'config.json', path });
	});

	it('does not take a token for an ear that is switched off', () => {
		const gemma = { model_type: 'gemma4', vision_config: {}, audio_config: null, audio_token_id: 258881 };
		expect(read(gemma).multimodal_type).toBe('vision');
	});

	it('comes from type, class and task of the list fields where there is no file', () => {
		expect(read(null, { config: { model_type: 'qwen2_vl' } })).toMatchObject({ multimodal_type: 'vision' });
		expect(read(null, { pipeline_tag: 'any-to-any' })).toMatchObject({ multimodal_type: 'vision-audio' });
		expect(read(null, { pipeline_tag: 'automatic-speech-recognition' })).toMatchObject({ multimodal_type: 'audio' });
		const text = read(null, { config: { model_type: 'llama' }, pipeline_tag: 'text-generation' });
		expect(text).toMatchObject({ is_multimodal: false, multimodal_type: null });
	});
});
