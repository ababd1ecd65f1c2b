// Which runtimes load a model and why not, on models as they are on the Hub.
import { describe, expect, it } from 'vitest';
import { checkCompatibility, type CompatibilityReport } from '#lib/core/compatibility.ts';
import { subjectOf } from '#lib/core/run-facts.ts';
import { runtimeProfile, withoutOwn } from '#lib/core/runtime-profiles.ts';
import { builtInRuntimes } from '#lib/core/runtime.ts';
import { check, listing, llama, plain, type Facts } from '../support/compatibility-facts.ts';

/** Ids of the runtimes that run it. */
function runners(facts: Facts): string[] {
	return builtInRuntimes.filter((id) => check(facts, id).compatible);
}

describe('what runs where', () => {
	it('plain Llama weights', () => {
		expect(runners(llama)).toEqual([
			'llm-worker',
			'vllm',
			'sglang',
			'ollama',
			'mlx-lm',
			'mlx-vlm',
			'transformers',
			'tgi',
			'exllamav3',
			'exllamav2',
		]);
	});

	it('the same as GGUF, MLX, AWQ and ONNX', () => {
		const gguf: Facts = { id: 'org/llama-GGUF', tags: ['gguf'], gguf: { architecture: 'llama', total: 8e9 } };
		expect(runners(gguf)).toEqual(['llm-worker', 'sglang', 'llama.cpp', 'ollama', 'lmstudio', 'transformers']);
		const mlx: Facts = { ...llama, id: 'mlx-community/llama-4bit', tags: ['mlx', 'safetensors', '4-bit'] };
		expect(runners(mlx)).toEqual(['ollama', 'lmstudio', 'mlx-lm', 'mlx-vlm']);
		const awq: Facts = { ...llama, quantization: { quant_method: 'awq', bits: 4 } };
		expect(runners(awq)).toEqual(['llm-worker', 'vllm', 'sglang', 'mlx-lm', 'mlx-vlm', 'transformers', 'tgi']);
		expect(runners({ ...llama, tags: ['onnx', 'transformers.js'] })).toEqual([
			'transformers.js',
			'transformers.js-node',
		]);
	});

	it('nothing for what it cannot know, and says so', () => {
		const blank: Facts = { id: 'org/mystery', tags: ['safetensors'] };
		expect(runners(blank)).toEqual([]);
		for (const id of builtInRuntimes) {
			const { confidence, reasons } = check(blank, id);
			const isForeign = /loads (GGUF|ONNX|MLX)/.test(reasons.join());
			expect([id, confidence]).toEqual([id, isForeign ? 'none' : 'low']);
		}
		expect(check(blank, 'vllm').reasons).toEqual(['Its architecture is not known, so vLLM cannot be asked about it.']);
	});
});

describe('the LLM worker', () => {
	const worker = (facts: Facts) => check(facts, 'llm-worker');
	const make = (type: string, name: string): Facts => ({ id: 'org/x', type, classes: [name], ...plain });

	it.each([
		['llama', 'LlamaForCausalLM', 'high'],
		['mistral', 'MistralForCausalLM', 'high'],
		['mixtral', 'MixtralForCausalLM', 'high'],
		['llama4_text', 'Llama4ForCausalLM', 'high'],
		['phi', 'PhiForCausalLM', 'medium'],
		['phi3', 'Phi3ForCausalLM', 'medium'],
		['phimoe', 'PhimoeForCausalLM', 'medium'],
		['qwen2', 'Qwen2ForCausalLM', 'medium'],
		['qwen3_moe', 'Qwen3MoeForCausalLM', 'medium'],
		['gemma', 'GemmaForCausalLM', 'medium'],
		['gemma2', 'Gemma2ForCausalLM', 'medium'],
	])('runs %s (%s) with %s confidence', (type, name, confidence) => {
		expect(worker(make(type, name))).toMatchObject({ compatible: true, confidence, warnings: [] });
		expect(worker({ id: 'org/x', classes: [name], ...plain })).toMatchObject({ compatible: true, confidence });
	});

	it.each([
		['bert', 'BertForMaskedLM'],
		['t5', 'T5ForConditionalGeneration'],
		['gpt2', 'GPT2LMHeadModel'],
		['clip', 'CLIPModel'],
		['distilbert', 'DistilBertForMaskedLM'],
		['roberta', 'RobertaForMaskedLM'],
	])('never runs %s', (type, name) => {
		const answer = worker(make(type, name));
		expect(answer).toMatchObject({ compatible: false, confidence: 'none' });
		expect(answer.reasons.join(' ')).toContain(`The model type ${type} is not on the list of LLM worker`);
	});

	it.each([
		[['pytorch_model.bin', 'consolidated.00.pth'], 'PyTorch (.bin, .pt)'],
		[['tf_model.h5', 'saved_model.pb'], 'TensorFlow (.h5, .pb)'],
		[['onnx/model.onnx'], 'ONNX'],
		[['flax_model.msgpack'], 'Flax'],
	])('never loads %j', (siblings, said) => {
		const answer = worker({ ...llama, siblings: ['config.json', ...siblings], tags: [] });
		expect(answer).toMatchObject({ compatible: false, confidence: 'none' });
		expect(answer.reasons).toEqual([`Its weights are ${said}; LLM worker loads safetensors, GGUF.`]);
	});

	it('takes safetensors beside other files, and says that GGUF is declared only', () => {
		const both = { ...llama, siblings: ['pytorch_model.bin', 'model-00001-of-00002.safetensors'] };
		expect(worker(both)).toMatchObject({ compatible: true, confidence: 'high', warnings: [] });
		const gguf = worker({ ...llama, siblings: ['llama-Q4_K_M.gguf'], tags: ['gguf'] });
		expect(gguf).toMatchObject({ compatible: true, confidence: 'medium' });
		expect(gguf.warnings).toEqual(['LLM worker names GGUF, but is not known to load it yet.']);
	});

	it('takes a class it knows under a type it does not', () => {
		expect(worker(make('phi4', 'Phi3ForCausalLM'))).toMatchObject({ compatible: true, confidence: 'medium' });
		expect(worker(make('xyz', 'LlamaForCausalLM'))).toMatchObject({ compatible: true, confidence: 'high' });
	});

	it('gives both reasons when architecture and format are wrong', () => {
		const answer = worker({ id: 'org/x', type: 't5', classes: ['T5ForConditionalGeneration'], tags: ['onnx'] });
		expect(answer.reasons).toHaveLength(2);
	});

	it('refuses embedding models of a family it runs', () => {
		const answer = worker({
			...make('qwen3', 'Qwen3ForCausalLM'),
			id: 'Qwen/Qwen3-Embedding-0.6B',
			pipeline_tag: 'feature-extraction',
		});
		expect(answer.reasons).toEqual(['LLM worker writes text; this model gives vectors or labels.']);
		expect(answer.compatible).toBe(false);
	});

	it('says that it runs the text part only', () => {
		const vision = { ...make('qwen2_vl', 'Qwen2VLForConditionalGeneration'), pipeline_tag: 'image-text-to-text' };
		expect(worker(vision)).toMatchObject({ compatible: true, confidence: 'medium' });
		expect(worker(vision).warnings).toEqual(['LLM worker runs the text part only, without images and sound.']);
	});

	it('says nothing about packings, so nothing is sure', () => {
		const answer = worker({ ...llama, quantization: { quant_method: 'gptq', bits: 4 } });
		expect(answer).toMatchObject({ compatible: true, confidence: 'low' });
		expect(answer.warnings).toEqual(['LLM worker does not say whether it loads GPTQ weights.']);
	});

	it('cuts longer texts, or refuses when asked to be strict', () => {
		const long = subjectOf({ ...listing(llama), context_window: 131_072 });
		const relaxed = checkCompatibility(long, runtimeProfile('llm-worker', withoutOwn));
		expect(relaxed).toMatchObject({ compatible: true, confidence: 'high' });
		expect(relaxed.warnings).toEqual([
			'The context will be truncated: 131,072 → 32,768 tokens, the most LLM worker takes.',
		]);
		const strict = checkCompatibility(long, runtimeProfile('llm-worker', withoutOwn), { strictContext: true });
		expect(strict).toMatchObject({ compatible: false, confidence: 'none' });
		expect(strict.reasons).toEqual(['Its context of 131,072 tokens is longer than the 32,768 that LLM worker takes.']);
		const fitting = subjectOf({ ...listing(llama), context_window: 32_768 });
		expect(
			checkCompatibility(fitting, runtimeProfile('llm-worker', withoutOwn), { strictContext: true }).warnings,
		).toEqual([]);
	});
});

describe('reasons', () => {
	const why = (answer: CompatibilityReport) => answer.reasons.join(' ');

	it('name the class and the version of the list', () => {
		const other: Facts = { id: 'org/x', type: 'xyz', classes: ['XyzForCausalLM'], ...plain };
		expect(why(check(other, 'vllm'))).toMatch(/^The class XyzForCausalLM is not on the list of vLLM \(main 2026-08-07/);
		expect(why(check(other, 'mlx-lm'))).toBe('The model type xyz is not on the list of MLX-LM (0.32.0).');
		expect(why(check({ ...other, tags: ['gguf'] }, 'llama.cpp'))).toMatch(
			/^The class XyzForCausalLM is not on the list of llama.cpp/,
		);
		const named: Facts = { id: 'org/x', tags: ['gguf'], gguf: { architecture: 'xyz' } };
		expect(why(check(named, 'llama.cpp'))).toMatch(/^The GGUF architecture xyz is not on the list of llama.cpp/);
	});

	it('tell when a runtime had it, needs a plugin for it, or takes it for half a model', () => {
		const of = (type: string, name: string): Facts => ({ id: 'org/x', type, classes: [name], ...plain });
		expect(why(check(of('qwen', 'QWenLMHeadModel'), 'vllm'))).toBe(
			'vLLM no longer has QWenLMHeadModel; the last version with it was 0.23.0.',
		);
		expect(why(check(of('bart', 'BartForConditionalGeneration'), 'vllm'))).toMatch(
			/only with the separate bart-plugin/,
		);
		expect(why(check(of('llama', 'Eagle3LlamaForCausalLM'), 'vllm'))).toMatch(/only speeds up another model/);
		expect(why(check(of('jukebox', 'JukeboxModel'), 'transformers'))).toMatch(/no longer has jukebox/);
	});

	it('tell about packings and their bits', () => {
		const packed = (quant_method: string, bits: number): Facts => ({ ...llama, quantization: { quant_method, bits } });
		expect(why(check(packed('aqlm', 2), 'vllm'))).toMatch(/quantized with AQLM, which is not on the list of vLLM/);
		expect(why(check(packed('awq', 8), 'vllm'))).toBe('Its weights are 8-bit AWQ; vLLM loads 4-bit.');
		expect(check(packed('gptq', 8), 'vllm').compatible).toBe(true);
		expect(check(packed('gptq', 8), 'exllamav2').compatible).toBe(false);
		const unpacked = check({ ...llama, quantization: { quant_method: 'fp8' } }, 'mlx-lm');
		expect(unpacked.warnings.join()).toMatch(/unpacks FP8 weights to 16 bits/);
	});

	it('tell what loads GGUF and MLX after all', () => {
		const gguf: Facts = { id: 'org/x', tags: ['gguf'], gguf: { architecture: 'llama' } };
		expect(why(check(gguf, 'vllm'))).toMatch(/only with the separate vllm-gguf-plugin/);
		const old: Facts = { ...gguf, siblings: ['x-Q4_0_4_4.gguf'] };
		expect(why(check(old, 'llama.cpp'))).toMatch(/took out again/);
		expect(why(check({ ...llama, tags: ['mlx', 'safetensors'] }, 'vllm'))).toMatch(/packed for MLX/);
	});

	it('are those of the engine that loads such files, without words about running what does not run', () => {
		const other: Facts = { id: 'org/x', type: 'xyz', classes: ['XyzForCausalLM'], ...plain, gated: 'auto' };
		const answer = check(other, 'ollama');
		expect(answer.reasons).toEqual(['The class XyzForCausalLM is not on the list of Ollama (main 2026-08-21).']);
		expect(answer.warnings).toEqual([]);
		const packed = check({ ...llama, quantization: { quant_method: 'awq', bits: 4 } }, 'llama.cpp');
		expect(packed.reasons).toEqual(['Its weights are safetensors; llama.cpp loads GGUF.']);
		const mlx = check({ ...llama, tags: ['mlx', 'safetensors'], quantization: { quant_method: 'awq' } }, 'lmstudio');
		expect(mlx.reasons.join()).toMatch(/quantized with AWQ, which is not on the list of MLX-LM/);
	});

	it('know adapters and models of other libraries', () => {
		const lora: Facts = {
			id: 'org/lora',
			siblings: ['adapter_config.json', 'adapter_model.safetensors'],
			tags: ['peft', 'base_model:adapter:org/llama'],
		};
		const answer = check(lora, 'vllm');
		expect(answer.reasons.join(' ')).toMatch(/adapter that changes another model/);
		expect(answer.recommendations[0]).toMatchObject({ id: 'org/llama' });
		expect(why(check({ id: 'org/flux', tags: ['diffusers'] }, 'vllm'))).toBe(
			'It is made for diffusers, which vLLM does not load.',
		);
	});

	it('leave open what a runtime tries without naming it', () => {
		const other: Facts = { id: 'org/x', type: 'xyz', classes: ['XyzForCausalLM'], ...plain };
		expect(check(other, 'tgi')).toMatchObject({ compatible: false, confidence: 'low' });
		expect(check(other, 'tgi').warnings.join()).toMatch(/hands types it does not name to the auto classes/);
		expect(check(other, 'vllm').confidence).toBe('none');
		expect(check({ ...other, tags: ['safetensors', 'custom_code'] }, 'vllm').confidence).toBe('low');
	});

	it('tell what a yes rests on', () => {
		const { reasons } = check(llama, 'vllm');
		expect(reasons).toEqual([
			'LlamaForCausalLM is on the list of vLLM (main 2026-08-07, after 0.26).',
			'Its weights are safetensors.',
		]);
	});
});
