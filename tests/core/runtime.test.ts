// The runtime profiles: what they name is what their sources name, ids are found under any spelling, pieces load alone.
import { describe, expect, it } from 'vitest';
import { loadProfile } from '#lib/core/runtime-loader.ts';
import { runsOn } from '#lib/core/compatibility.ts';
import { readRunFacts } from '#lib/core/run-facts.ts';
import { runtimeProfile, builtInProfiles, withoutOwn } from '#lib/core/runtime-profiles.ts';
import { builtInRuntimes, nearestRuntime, parseRuntime, runtimeName, type RuntimeEngine } from '#lib/core/runtime.ts';
import { quantizationSchemes } from '#lib/core/tables/quantization.ts';
import { isJson, readFacts, type Json } from '../support/reference.ts';

/** The lists a source has for one runtime. */
interface Listed {
	runtime: string;
	version: string;
	date: string;
	architectures: Record<string, string[]>;
	model_types: string[];
	gguf_architectures: string[];
	multimodal_modules_run_text_only: string[];
	drafters: string[];
	previously_supported: Record<string, string>;
	plugin_only: Record<string, string>;
	fallback: { generation_classes_that_fall_back: string[]; pooling_classes_that_are_compatible: string[] };
	quantization: { load: string[] };
}

const facts = readFacts('runtimes.json');
const auto = readFacts('transformers-auto.json');

function listed(name: string): Listed {
	const rows = isJson(facts) && Array.isArray(facts.runtimes) ? facts.runtimes : [];
	const found: Listed = rows.find((row: Json) => row.runtime === name);
	return found;
}

function sorted(...lists: (readonly string[] | undefined)[]): string[] {
	return [...new Set(lists.flatMap((list) => list ?? []))].sort();
}

function engine(id: (typeof builtInRuntimes)[number], at = 0): RuntimeEngine {
	const found = runtimeProfile(id, withoutOwn).engines[at];
	if (found === undefined) throw new Error(`${id} has no engine ${at}`);
	return found;
}

describe.skipIf(facts === null)('a profile names what its source names', () => {
	it('vLLM', () => {
		const source = listed('vLLM');
		const { architectures: a, fallback } = source;
		const ours = engine('vllm');
		const served = ['text_generation', 'embedding', 'late_interaction', 'reward', 'token_classification'];
		const more = ['sequence_classification', 'multimodal', 'transformers_supported'];
		expect(sorted(ours.architectures)).toEqual(sorted(...[...served, ...more].map((kind) => a[kind])));
		expect(sorted(ours.drafts)).toEqual(sorted(a.speculative));
		expect(ours.removed).toEqual(source.previously_supported);
		expect(Object.keys(ours.plugins ?? {}).sort()).toEqual(Object.keys(source.plugin_only).sort());
		const all = [...fallback.generation_classes_that_fall_back, ...fallback.pooling_classes_that_are_compatible];
		expect(all.filter((name) => ours.backend?.runs(name) !== true)).toEqual([]);
		for (const name of ['NobodyForCausalLM', 'T5ForConditionalGeneration', 'BartModel']) {
			expect([name, ours.backend?.runs(name)]).toEqual([name, false]);
		}
	});

	it('SGLang', () => {
		const { architectures: a, fallback, version } = listed('SGLang');
		const ours = engine('sglang');
		expect(sorted(ours.architectures, ours.drafts)).toEqual(sorted(a.all));
		expect(sorted(ours.drafts)).toEqual(sorted(a.speculative));
		const falling = fallback.generation_classes_that_fall_back;
		expect(falling.filter((name) => ours.backend?.runs(name) !== true)).toEqual([]);
		expect(version).toContain(ours.version);
	});

	it('llama.cpp, and Ollama and LM Studio through it', () => {
		const source = listed('llama.cpp');
		const ours = engine('llama.cpp');
		expect(sorted(ours.types, ['clip', 'gptj'])).toEqual(sorted(source.gguf_architectures));
		expect(sorted(ours.architectures)).toEqual(sorted(source.architectures.text));
		expect(engine('ollama').types).toBe(ours.types);
		expect(engine('lmstudio').types).toBe(ours.types);
		expect(sorted(listed('Ollama').gguf_architectures)).toEqual(sorted(source.gguf_architectures));
		expect(sorted(engine('ollama', 1).architectures)).toEqual(
			sorted(listed('Ollama').architectures.safetensors_import),
		);
		expect(sorted(engine('ollama', 2).architectures)).toEqual(sorted(listed('Ollama').architectures.mlx_runner));
	});

	it('MLX-LM, mlx-vlm, Text Generation Inference, Transformers.js and ExLlama', () => {
		expect(sorted(engine('mlx-lm').types)).toEqual(sorted(listed('MLX-LM').model_types));
		expect(engine('mlx-lm').textOnly).toEqual(
			expect.arrayContaining(listed('MLX-LM').multimodal_modules_run_text_only),
		);
		const vlm = engine('mlx-vlm');
		expect(sorted(vlm.types, vlm.drafts)).toEqual(sorted(listed('mlx-vlm').model_types, listed('mlx-vlm').drafters));
		expect(sorted(engine('tgi').types)).toEqual(sorted(listed('TGI').model_types));
		expect(sorted(engine('transformers.js').types)).toEqual(sorted(listed('transformers.js').model_types));
		expect(engine('transformers.js-node')).toBe(engine('transformers.js'));
		const exllama = (name: string) => sorted(listed(name).architectures.text_and_multimodal);
		expect(sorted(engine('exllamav3').architectures)).toEqual(exllama('ExLlamaV3'));
		expect(sorted(engine('exllamav2').architectures)).toEqual(exllama('ExLlamaV2'));
	});

	it('Transformers, with what it once had', () => {
		const types: Record<string, { status: string; last_seen?: string }> = Object(Object(auto).model_types);
		const current = Object.keys(types).filter((type) => types[type]?.status === 'current');
		expect(sorted(engine('transformers').types)).toEqual(current.sort());
		const gone = Object.entries(types).filter(([, { status }]) => status !== 'current');
		expect(engine('transformers').removed).toEqual(
			Object.fromEntries(gone.map(([type, row]) => [type, row.last_seen?.split(' ')[0]])),
		);
	});

	it('Transformers, by the classes of its types', () => {
		const classes: Record<string, { model_types: string[] }> = Object(Object(auto).architectures);
		const types = new Set(engine('transformers').types);
		const profile = runtimeProfile('transformers', withoutOwn);
		for (const [name, { model_types }] of Object.entries(classes)) {
			const facts = { ...readRunFacts(''), architectures: [name] };
			const isCurrent = model_types.some((type) => types.has(type));
			if (isCurrent) expect([name, runsOn(facts, profile)]).toEqual([name, 'yes']);
		}
	});

	it('quantization methods that the source lists, in its own spelling', () => {
		const spellings: Record<string, RegExp> = {
			'auto-round': /^(auto-round|inc)$/,
			nvfp4: /nvfp4|modelopt_fp4/,
			mlx: /mlx affine/,
			gguf: /gguf/i,
			exl2: /^exl2/,
			exl3: /^exl3/,
		};
		const names = { vllm: 'vLLM', sglang: 'SGLang', 'mlx-lm': 'MLX-LM', 'mlx-vlm': 'mlx-vlm', tgi: 'TGI' } as const;
		const more = { exllamav3: 'ExLlamaV3', exllamav2: 'ExLlamaV2' } as const;
		for (const [id, name] of Object.entries({ ...names, ...more })) {
			const { load } = listed(name).quantization;
			const methods = builtInProfiles.find((profile) => profile.id === id)?.engines[0]?.quantization ?? {};
			for (const method of Object.keys(methods)) {
				const spelled = spellings[method] ?? new RegExp(`(^|\\W)${method}`, 'i');
				const isNamed = load.some((one) => spelled.test(one)) || (name === 'ExLlamaV3' && method === 'fp8');
				expect([id, method, isNamed]).toEqual([id, method, true]);
			}
		}
		expect(engine('mlx-lm').quantization?.mlx).toEqual(Object(listed('MLX-LM').quantization).affine.bits);
	});

	it('pairs classes and types as Transformers does', () => {
		const classes: Record<string, { model_types: string[] }> = Object(Object(auto).architectures);
		for (const { engines } of builtInProfiles) {
			for (const { architectures = [], derivedTypes = [], name } of engines) {
				const paired = new Set(architectures.flatMap((one) => classes[one]?.model_types ?? []));
				expect([name, derivedTypes.filter((type) => !paired.has(type))]).toEqual([name, []]);
			}
		}
	});
});

describe('profiles', () => {
	it('say where and when their lists were read, and speak of methods there are', () => {
		const methods = new Set(quantizationSchemes.map(({ name }) => name));
		for (const profile of builtInProfiles) {
			expect(profile.name).toBe(runtimeName(parseRuntime(profile.id, withoutOwn), withoutOwn));
			expect(profile.source.length).toBeGreaterThan(10);
			expect(profile.asOf).toMatch(/^20\d\d-\d\d/);
			expect(Object.keys(profile.platforms).length).toBeGreaterThan(0);
			for (const { types = [], architectures = [], quantization } of profile.engines) {
				expect(types.length + architectures.length).toBeGreaterThan(5);
				expect(Object.keys(quantization ?? {}).filter((method) => !methods.has(method))).toEqual([]);
			}
		}
	});

	it('can be loaded one by one', async () => {
		for (const id of builtInRuntimes) expect(await loadProfile(id)).toBe(runtimeProfile(id, withoutOwn));
	});

	it.each([
		['vLLM', 'vllm'],
		['llamacpp', 'llama.cpp'],
		['LLAMA-CPP', 'llama.cpp'],
		['LM Studio', 'lmstudio'],
		['transformers_js', 'transformers.js'],
		['llm_worker', 'llm-worker'],
		['text-generation-inference', 'tgi'],
	])('know %s', (name, id) => {
		expect(parseRuntime(name, withoutOwn)).toBe(id);
	});

	it.each([
		['vlm', 'vllm'],
		['olama', 'ollama'],
		['sg-lang2', 'sglang'],
		['llama.ccp', 'llama.cpp'],
		['constructor', 'lmstudio'],
	])('take %s for a slip of %s', (name, id) => {
		expect(nearestRuntime(name, withoutOwn)).toBe(id);
		expect(() => parseRuntime(name, withoutOwn)).toThrow(`"${name}" is not a value for runtime: did you mean ${id}?`);
	});
});
