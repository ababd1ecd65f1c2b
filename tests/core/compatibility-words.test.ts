// What runtimes add to their yes or no: every warning and piece of advice, and the short check that agrees.
import { describe, expect, it } from 'vitest';
import { checkCompatibility, runsOn } from '#lib/core/compatibility.ts';
import { readRunFacts, runFacts, subjectOf, writeRunFacts } from '#lib/core/run-facts.ts';
import { runtimeProfile, builtInProfiles, withoutOwn } from '#lib/core/runtime-profiles.ts';
import type { RuntimeId, RuntimeProfile } from '#lib/core/runtime.ts';
import { check, listing, llama, plain, type Facts } from '../support/compatibility-facts.ts';
import { randomRecords } from '../support/records.ts';

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
	const profiles: readonly RuntimeProfile[] = builtInProfiles;

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
		expect(runsOn(readRunFacts(''), runtimeProfile('vllm', withoutOwn))).toBe('unknown');
	});
});
