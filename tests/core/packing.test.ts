// Whose weights a repository packs: by what its tags say, else by its name, and never by a name that says nothing.
import { describe, expect, it } from 'vitest';
import { nameOfWeights, packingMark, quantizedFrom } from '#lib/core/packing.ts';
import { processorMs } from '../support/processor-time.ts';

describe('the name of the weights', () => {
	it.each([
		['Qwen/Qwen3-8B-AWQ', 'qwen3-8b'],
		['lmstudio-community/Qwen3-14B-MLX-8bit', 'qwen3-14b'],
		['unsloth/Qwen2.5-0.5B-unsloth-bnb-4bit', 'qwen2.5-0.5b'],
		['cyankiwi/Qwen3.5-9B-AWQ-BF16-INT4', 'qwen3.5-9b'],
		['RedHatAI/Qwen2.5-VL-7B-Instruct-quantized.w4a16', 'qwen2.5-vl-7b-instruct'],
		['unsloth/Qwen3.6-27B-UD-MLX-4bit', 'qwen3.6-27b'],
		['turboderp/Llama-3.1-8B-4.0bpw-exl3', 'llama-3.1-8b'],
		['org/Phi-4-Q4_K_M-GGUF', 'phi-4'],
		['org/phi-4-IQ3_XXS-GGUF', 'phi-4'],
		['anon/llama-13b-4bit-128g', 'llama-13b'],
		['nvidia/Qwen3-14B-NVFP4', 'qwen3-14b'],
		['LLaMA-7b-GPTQ', 'llama-7b'],
		['Intel/DeepSeek-V4-Flash-W4A16-AutoRound', 'deepseek-v4-flash'],
	])('of %s is %s', (id, name) => {
		expect(nameOfWeights(id)).toBe(name);
	});

	it.each([
		'Qwen/Qwen3-8B',
		'google/gemma-7b-bf16',
		'org/GGUF',
		'org/model-dynamic',
		'a/b',
		'org/q4',
		'org/mlx-8b-chat',
	])('is not told by %s', (id) => {
		expect(nameOfWeights(id)).toBeNull();
	});

	it('is found at once in any name', () => {
		const parts = ['-4bit', '-q4_k_m', '.', '-', '_8', '-4.4.4.4'];
		const took = processorMs(() => parts.forEach((part) => nameOfWeights(`org/${part.repeat(4000)}`)));
		expect(took).toBeLessThan(1000);
	});
});

describe('the mark of a row', () => {
	it('is what its tags say, before its name', () => {
		const tags = ['gguf', 'base_model:org/Base-8B', 'base_model:quantized:org/Base-8B', 'base_model:quantized:org/Two'];
		expect(quantizedFrom({ tags })).toEqual(['org/Base-8B', 'org/Two']);
		expect(packingMark({ id: 'x/Other-7B-GGUF', tags })).toBe('org/Base-8B');
		expect(packingMark({ id: 'org/Base-8B', tags })).toBe('org/Two');
	});

	it('is a guess by the name where no tag tells, unless the name is everybody’s', () => {
		expect(packingMark({ id: 'x/Base-8B-GGUF', tags: ['gguf'] })).toBe('?base-8b');
		expect(packingMark({ id: 'x/fine-tuned-4bit', tags: [] })).toBeNull();
		expect(packingMark({ id: 'x/Base-8B', tags: ['base_model:finetune:org/Base'] })).toBeNull();
	});
});
