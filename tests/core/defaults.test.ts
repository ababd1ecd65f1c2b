// Class defaults: absent keys are filled as transformers fills them, present ones and stubs are left alone.
import { describe, expect, it } from 'vitest';
import { classDefaults, fillDefaults } from '#lib/core/defaults.ts';
import type { JsonObject } from '#lib/core/listing.ts';

const fill = (type: string | null, config: JsonObject) => {
	const { filled, from } = fillDefaults(type, config);
	return { filled, from: [...from] };
};

describe('fillDefaults', () => {
	it('fills what the class sets by itself, and tells what', () => {
		const { filled, from } = fill('mistral', { hidden_size: 64, num_attention_heads: 4 });
		expect(filled).toMatchObject({ hidden_size: 64, num_key_value_heads: 8, vocab_size: 32000, sliding_window: 4096 });
		expect(from).toContain('num_key_value_heads');
		expect(from).not.toContain('hidden_size');
	});

	it('keeps what is present, null too, and the file itself untouched', () => {
		const config = { hidden_size: 64, sliding_window: null };
		expect(fill('mistral', config).filled['sliding_window']).toBeNull();
		expect(Object.keys(config)).toEqual(['hidden_size', 'sliding_window']);
	});

	it('does not fill a key whose meaning is there under another name', () => {
		const { filled } = fill('mistral', { n_embd: 64, num_layers: 2, n_positions: 128 });
		expect(filled['hidden_size']).toBeUndefined();
		expect(filled['num_hidden_layers']).toBeUndefined();
		expect(filled['max_position_embeddings']).toBeUndefined();
	});

	it('leaves values that a class computes from others', () => {
		const { filled } = fill('llama', { hidden_size: 5120, num_attention_heads: 40 });
		expect(filled['num_key_value_heads']).toBeUndefined();
		expect(filled['head_dim']).toBeUndefined();
	});

	it('fills a nested text model by its own type, else by the parent', () => {
		const llava = fill('llava', { text_config: { model_type: 'llama', vocab_size: 32064 } });
		expect(llava.filled['text_config']).toMatchObject({ vocab_size: 32064, hidden_size: 4096, num_hidden_layers: 32 });
		expect(llava.from).toContain('text_config.hidden_size');
		const gemma = fill('gemma3', { text_config: { hidden_size: 2560, num_hidden_layers: 34 } });
		expect(gemma.filled['text_config']).toMatchObject({ head_dim: 256, num_attention_heads: 8 });
		const flat = fill('qwen2_vl', { hidden_size: 64 });
		expect(flat.filled['num_hidden_layers']).toBe(80);
	});

	it('repeats a layer pattern only over the number of layers it is known for', () => {
		const layers = fill('gpt_oss', { hidden_size: 64, num_hidden_layers: 36 }).filled['layer_types'];
		expect(layers).toHaveLength(36);
		expect(layers).toEqual(expect.arrayContaining(['sliding_attention', 'full_attention']));
		expect(fill('gpt_oss', { hidden_size: 64, num_hidden_layers: 24 }).filled['layer_types']).toBeUndefined();
	});

	it.each<JsonObject>([
		{ model_type: 'llama' },
		{ model_type: 'llama', quantization_config: { bits: 4 } },
		{ model_type: 'llama', architectures: ['LlamaForCausalLM'], torch_dtype: 'float16' },
	])('leaves the stub %j as it is', (config) => {
		expect(fill('llama', config)).toEqual({ filled: config, from: [] });
	});

	it('answers with objects that have no prototype and no key that could stand for one', () => {
		const config: JsonObject = JSON.parse(
			'{"hidden_size": 64, "text_config": {"__proto__": {"x": 1}}, "__proto__": {"y": 1}}',
		);
		const { filled } = fillDefaults('gemma3', config);
		for (const object of [filled, filled['text_config']]) {
			expect(Object.getPrototypeOf(object)).toBeNull();
			expect(Object.hasOwn(Object(object), '__proto__')).toBe(false);
		}
	});

	it('knows nothing of unknown and of odd types', () => {
		expect(classDefaults('no-such-type')).toBeNull();
		expect(classDefaults('__proto__')).toBeNull();
		expect(fill(null, { hidden_size: 64 }).from).toEqual([]);
	});
});
