// How often a verdict on a class or type is what the runtime's own source says, over every name that any runtime lists.
import { describe, expect, it } from 'vitest';
import { runsOn } from '#lib/core/compatibility.ts';
import { readRunFacts } from '#lib/core/run-facts.ts';
import { runtimeProfile, withoutOwn } from '#lib/core/runtime-profiles.ts';
import type { RuntimeId } from '#lib/core/runtime.ts';
import type { WeightFormat } from '#lib/core/weight-formats.ts';
import { isJson, readFacts, type Json } from '../support/reference.ts';

const facts = readFacts('runtimes.json');
const rows = isJson(facts) && Array.isArray(facts.runtimes) ? facts.runtimes.filter(isJson) : [];

function texts(value: unknown): string[] {
	return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

function row(name: string): Json {
	return rows.find(({ runtime }) => runtime === name) ?? {};
}

/** The classes a source lists under these kinds. */
function classes(name: string, kinds: string[]): string[] {
	const { architectures } = row(name);
	return isJson(architectures) ? kinds.flatMap((kind) => texts(architectures[kind])) : [];
}

const served = ['text_generation', 'embedding', 'late_interaction', 'reward', 'token_classification'];
const more = ['sequence_classification', 'multimodal', 'transformers_supported'];

/** Classes that run through another path, as the source itself names them. */
function falling(name: string): string[] {
	const { fallback } = row(name);
	if (!isJson(fallback)) return [];
	const kinds = ['generation_classes_that_fall_back', 'pooling_classes_that_are_compatible'];
	return kinds.flatMap((kind) => texts(fallback[kind]));
}

/** What each source says it loads: by class or by type, in a format that it reads. */
const sources: {
	id: RuntimeId;
	by: 'class' | 'type';
	format: WeightFormat;
	yes: () => string[];
	no?: () => string[];
}[] = [
	{
		id: 'vllm',
		by: 'class',
		format: 'safetensors',
		yes: () => [...classes('vLLM', [...served, ...more]), ...falling('vLLM')],
		no: () => classes('vLLM', ['speculative']),
	},
	{
		id: 'sglang',
		by: 'class',
		format: 'safetensors',
		yes: () => [...classes('SGLang', ['all']), ...falling('SGLang')],
		no: () => classes('SGLang', ['speculative']),
	},
	{ id: 'llama.cpp', by: 'class', format: 'gguf', yes: () => classes('llama.cpp', ['text']) },
	{ id: 'exllamav3', by: 'class', format: 'safetensors', yes: () => classes('ExLlamaV3', ['text_and_multimodal']) },
	{ id: 'exllamav2', by: 'class', format: 'safetensors', yes: () => classes('ExLlamaV2', ['text_and_multimodal']) },
	{ id: 'mlx-lm', by: 'type', format: 'safetensors', yes: () => texts(row('MLX-LM').model_types) },
	{
		id: 'mlx-vlm',
		by: 'type',
		format: 'safetensors',
		yes: () => texts(row('mlx-vlm').model_types),
		no: () => texts(row('mlx-vlm').drafters),
	},
	{ id: 'tgi', by: 'type', format: 'safetensors', yes: () => texts(row('TGI').model_types) },
	{ id: 'transformers.js', by: 'type', format: 'onnx', yes: () => texts(row('transformers.js').model_types) },
	{ id: 'transformers.js-node', by: 'type', format: 'onnx', yes: () => texts(row('transformers.js').model_types) },
	// Of GGUF files both read what llama.cpp does.
	{ id: 'ollama', by: 'class', format: 'gguf', yes: () => classes('llama.cpp', ['text']) },
	{ id: 'lmstudio', by: 'class', format: 'gguf', yes: () => classes('llama.cpp', ['text']) },
];

describe.skipIf(facts === null)('verdicts on names', () => {
	const everyClass = [...new Set(sources.filter(({ by }) => by === 'class').flatMap(({ yes }) => yes()))];
	const everyType = [...new Set(sources.filter(({ by }) => by === 'type').flatMap(({ yes }) => yes()))];

	it('are those of the sources for at least 99 of 100 pairs of name and runtime', () => {
		let pairs = 0;
		const others: string[] = [];
		for (const { id, by, format, yes, no = () => [] } of sources) {
			const listed = new Set(yes());
			for (const name of no()) listed.delete(name);
			const profile = runtimeProfile(id, withoutOwn);
			const before = others.length;
			const names = by === 'class' ? everyClass : everyType;
			for (const name of names) {
				const named = by === 'class' ? { architectures: [name] } : { model_type: name };
				const answer = runsOn({ ...readRunFacts(''), ...named, formats: [format] }, profile);
				pairs += 1;
				if ((answer === 'yes') !== listed.has(name)) others.push(`${id} ${name}: ${answer}`);
			}
			process.stdout.write(
				`  ${id}: ${names.length - others.length + before} of ${names.length} names as its source says\n`,
			);
		}
		const share = (100 * (pairs - others.length)) / pairs;
		process.stdout.write(`runtime verdicts: ${pairs - others.length} of ${pairs} pairs (${share.toFixed(2)} %)\n`);
		if (others.length > 0) process.stdout.write(`others: ${others.slice(0, 40).join(', ')}\n`);
		expect(pairs).toBeGreaterThan(3000);
		expect(share).toBeGreaterThanOrEqual(99);
	});
});
