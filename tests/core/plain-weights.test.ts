// What weights would take in 16 bits: said only as a condition, and only where nothing says otherwise.
import { describe, expect, it } from 'vitest';
import { fit } from '#lib/core/fit.ts';
import type { FitFacts } from '#lib/core/model.ts';
import { plainSentence, plainWeights, type PlainSubject } from '#lib/core/plain-weights.ts';
import { presets } from '#lib/core/presets.ts';

const nothing: FitFacts = {
	...{ weights_bytes: null, weights_band: 0, vision_bytes: null, active_bytes: null },
	...{ kv_bytes_per_token: 1000, kv_window_bytes_per_token: 0, kv_window_tokens: 0, kv_state_bytes: 0 },
};
const known: PlainSubject = {
	...{ id: 'acme/Model-8B', parameters_total: 8_190_735_360, quantization_bits: null, quantization_method: null },
	fit: nothing,
};

describe('weights if 16-bit', () => {
	it('are two bytes for each parameter, with where those are from', () => {
		expect(plainWeights(known)).toBe(16_381_470_720);
		expect(plainSentence(known, 'as published, possibly rounded')).toBe(
			'Unknown: nothing at hand tells how the weights are stored. If 16-bit, they are 15.3 GiB: 8.2B parameters (as published, possibly rounded) × 2 bytes.',
		);
	});

	it.each([
		['parameters are not known', { parameters_total: null }],
		['bits are known', { quantization_bits: 4 }],
		['a method is known', { quantization_method: 'gptq' }],
		['the weights are known', { fit: { ...nothing, weights_bytes: 5 } }],
	])('are not spoken of where %s', (_, part) => {
		expect(plainWeights({ ...known, ...part })).toBeNull();
		expect(plainSentence({ ...known, ...part })).toBeNull();
	});

	it('are not spoken of where the name says that they are packed', () => {
		const packed = [
			'M-GPTQ',
			'M-AWQ',
			'M-4bit',
			'M-8-bit',
			'M-quantized.w8a8',
			'M-W4A16',
			'M-FP8',
			'M-NVFP4',
			'M-Int8',
		];
		for (const name of [...packed, 'M-GGUF', 'M-MLX', 'M-bnb', 'M-exl2', 'M-IQ4_XS', 'M-Q4_K_M'])
			expect([name, plainWeights({ ...known, id: `acme/${name}` })]).toEqual([name, null]);
		for (const name of ['Qwen2.5-7B', 'bert-base', 'gpt2', 'Mixtral-8x7B', 'gte-Qwen2-7B-instruct', 'Phi-3.5-mini'])
			expect([name, plainWeights({ ...known, id: `acme/${name}` })]).not.toEqual([name, null]);
	});

	it('leave the verdict unknown and the sum without a number', () => {
		const [device] = presets;
		if (device === undefined) throw new Error('There are no devices.');
		const weights = plainSentence(known) ?? '';
		const answer = fit({ facts: nothing, context_window: null, basis: { weights } }, { device });
		expect([answer.verdict, answer.need_bytes]).toEqual(['unknown', null]);
		expect(answer.terms[0]).toEqual({ name: 'Weights', bytes: null, basis: weights });
	});
});
