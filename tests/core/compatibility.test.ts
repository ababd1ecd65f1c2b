// Which runtimes load a model and why not: every reason, warning and piece of advice, on models as they are on the Hub.
import { describe, expect, it } from 'vitest';
import { recordFromListing } from '#lib/core/entry.ts';
import { checkCompatibility, runsOn, type CompatibilityReport } from '#lib/core/compatibility.ts';
import type { ListingFacts } from '#lib/core/listing.ts';
import { readRunFacts, runFacts, subjectOf, writeRunFacts } from '#lib/core/run-facts.ts';
import { runtimeProfile, runtimeProfiles } from '#lib/core/runtime-profiles.ts';
import { runtimeIds, type RuntimeId, type RuntimeProfile } from '#lib/core/runtime.ts';
import { randomRecords } from '../support/records.ts';

type Facts = Omit<ListingFacts, 'config'> & { type?: string; classes?: string[]; quantization?: object };

/** A row as the Hub lists it: type and classes in its curated config. */
function listing({ type, classes, quantization, ...facts }: Facts) {
	const config = {
		...(type === undefined ? {} : { model_type: type }),
		...(classes === undefined ? {} : { architectures: classes }),
		...(quantization === undefined ? {} : { quantization_config: { ...quantization } }),
	};
	return recordFromListing({ ...facts, config }, 'hub', '2026-11-20');
}

const plain = { tags: ['transformers', 'safetensors'], pipeline_tag: 'text-generation' };
const llama: Facts = { id: 'org/llama', type: 'llama', classes: ['LlamaForCausalLM'], ...plain };

function check(facts: Facts, runtime: RuntimeId, options: Parameters<typeof checkCompatibility>[2] = {}) {
	return checkCompatibility(subjectOf(listing(facts)), runtimeProfile(runtime), options);
}

/** Ids of the runtimes that run it. */
function runners(facts: Facts): string[] {
	return runtimeIds.filter((id) => check(facts, id).compatible);
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
		for (const id of runtimeIds) {
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
		const relaxed = checkCompatibility(long, runtimeProfile('llm-worker'));
		expect(relaxed).toMatchObject({ compatible: true, confidence: 'high' });
		expect(relaxed.warnings).toEqual([
			'The context will be truncated: 131,072 → 32,768 tokens, the most LLM worker takes.',
		]);
		const strict = checkCompatibility(long, runtimeProfile('llm-worker'), { strictContext: true });
		expect(strict).toMatchObject({ compatible: false, confidence: 'none' });
		expect(strict.reasons).toEqual(['Its context of 131,072 tokens is longer than the 32,768 that LLM worker takes.']);
		const fitting = subjectOf({ ...listing(llama), context_window: 32_768 });
		expect(checkCompatibility(fitting, runtimeProfile('llm-worker'), { strictContext: true }).warnings).toEqual([]);
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

describe('warnings', () => {
	it('name own code, with the switch that allows it', () => {
		const own: Facts = { ...llama, type: 'xyz', classes: ['XyzForCausalLM'], tags: ['safetensors', 'custom_code'] };
		const answer = check(own, 'transformers');
		expect(answer).toMatchObject({ compatible: true, confidence: 'low' });
		expect(answer.warnings.join(' ')).toContain('runs only with trust_remote_code=True');
		expect(check({ ...llama, siblings: ['modeling_llama.py', 'a.safetensors'] }, 'vllm').warnings).toEqual([
			'The repository brings Python code of its own, which vLLM runs only with --trust-remote-code.',
		]);
		expect(check(own, 'llama.cpp').warnings).toEqual([]);
	});

	it('name pickles, gates, unknown files, unknown classes and backends', () => {
		expect(check({ ...llama, tags: ['pytorch'] }, 'vllm').warnings.join()).toMatch(/pickle files only/);
		expect(check({ ...llama, gated: 'manual' }, 'vllm').warnings.join()).toMatch(/^The model is gated/);
		const bare = check({ ...llama, tags: [] }, 'vllm');
		expect(bare).toMatchObject({ compatible: true, confidence: 'low' });
		expect(bare.warnings.join()).toMatch(/files are not known/);
		expect(check({ ...llama, tags: [] }, 'llama.cpp')).toMatchObject({ compatible: false, confidence: 'low' });
		const typed = check({ id: 'org/x', type: 'llama', ...plain }, 'vllm');
		expect(typed).toMatchObject({ compatible: true, confidence: 'medium' });
		const backed = check({ id: 'org/x', type: 'llama', classes: ['LlamaForTokenClassification'], ...plain }, 'vllm');
		expect(backed).toMatchObject({ compatible: true, confidence: 'medium' });
		expect(backed.warnings.join()).toMatch(/not one of its own models/);
	});

	it('tell when a GGUF repository has no eyes', () => {
		const facts: Facts = {
			id: 'org/vl-GGUF',
			pipeline_tag: 'image-text-to-text',
			tags: ['gguf'],
			gguf: { architecture: 'qwen2vl' },
		};
		expect(check({ ...facts, siblings: ['a-Q4_K_M.gguf'] }, 'llama.cpp').warnings.join()).toMatch(/no projector file/);
		expect(check({ ...facts, siblings: ['a-Q4_K_M.gguf', 'mmproj-F16.gguf'] }, 'llama.cpp').warnings).toEqual([]);
		expect(check(facts, 'llama.cpp').warnings).toEqual([]);
	});

	it('tell how Ollama and LM Studio get at it', () => {
		expect(check(llama, 'ollama')).toMatchObject({ compatible: true, confidence: 'medium' });
		expect(check(llama, 'ollama').warnings.join()).toMatch(/"ollama create" converts them/);
		const gguf: Facts = { id: 'org/x', tags: ['gguf'], gguf: { architecture: 'llama' } };
		expect(check(gguf, 'ollama')).toMatchObject({ compatible: true, confidence: 'high', warnings: [] });
		expect(check(gguf, 'lmstudio').warnings.join()).toMatch(/a build of llama.cpp of its own/);
	});
});

describe('advice', () => {
	const relative = (id: string, tags: string[], more: Partial<Facts> = {}) =>
		subjectOf(listing({ ...llama, id, tags, ...more }));
	const relatives = [
		relative('org/llama-AWQ', ['safetensors', 'awq']),
		relative('org/llama-GGUF', ['gguf'], { gguf: { architecture: 'llama' } }),
		relative('mlx-community/llama-4bit', ['mlx', 'safetensors', '4-bit']),
	];

	it('names the repository of the same model that runs', () => {
		const { recommendations } = check(llama, 'llama.cpp', { relatives });
		expect(recommendations[0]).toEqual({
			text: 'llama.cpp loads org/llama-GGUF, the same model in GGUF.',
			id: 'org/llama-GGUF',
			format: 'gguf',
		});
		const lm = check(llama, 'lmstudio', { relatives }).recommendations.flatMap(({ id }) => id ?? []);
		expect(lm).toEqual(['org/llama-GGUF', 'mlx-community/llama-4bit']);
		const gguf: Facts = { id: 'org/llama-GGUF', tags: ['gguf'], gguf: { architecture: 'llama' } };
		expect(check(gguf, 'vllm', { relatives }).recommendations.map(({ id }) => id)).toEqual(['org/llama-AWQ']);
	});

	it('names the conversion when the architecture is on the list, and none when it is not', () => {
		const formats = (facts: Facts, id: RuntimeId) => check(facts, id).recommendations.map(({ format }) => format);
		expect(formats(llama, 'llama.cpp')).toEqual(['gguf']);
		expect(formats(llama, 'transformers.js')).toEqual(['onnx']);
		expect(formats({ ...llama, type: 'xyz', classes: ['XyzForCausalLM'] }, 'llama.cpp')).toEqual([]);
		expect(formats({ ...llama, quantization: { quant_method: 'awq', bits: 4 } }, 'llama.cpp')).toEqual([]);
	});

	it('is silent about what runs', () => {
		expect(check(llama, 'vllm', { relatives }).recommendations).toEqual([]);
	});
});

describe('the short check', () => {
	const profiles: readonly RuntimeProfile[] = runtimeProfiles;

	it('agrees with the long one, also after the facts were written down', () => {
		const kinds: Partial<Facts>[] = [
			{},
			{ tags: ['gguf'] },
			{ tags: ['mlx', 'safetensors'] },
			{ tags: ['custom_code', 'pytorch'] },
			{ tags: undefined },
			{ quantization: { quant_method: 'awq', bits: 4 } },
			{ type: 'xyz', classes: ['XyzForCausalLM'] },
			{ tags: ['peft'] },
		];
		const rows = [...kinds.map((kind) => listing({ ...llama, ...kind })), ...randomRecords(150, 11)];
		for (const row of rows) {
			const facts = runFacts(row);
			const kept = readRunFacts(writeRunFacts(facts));
			expect(kept).toEqual(facts);
			for (const profile of profiles) {
				const { compatible, confidence } = checkCompatibility(subjectOf(row), profile);
				const answer = runsOn(kept, profile);
				expect([profile.id, answer === 'yes']).toEqual([profile.id, compatible]);
				if (answer === 'unknown') expect(confidence).toBe('low');
			}
		}
	});

	it('takes a text that says nothing for a model of which nothing is known', () => {
		expect(runsOn(readRunFacts(''), runtimeProfile('vllm'))).toBe('unknown');
	});
});
