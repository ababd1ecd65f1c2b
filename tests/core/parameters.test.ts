// Parameter counts: exact for real models, honest about what is left out, and calm about broken configs.
import { describe, expect, it } from 'vitest';
import { layerPlan } from '#lib/core/layers.ts';
import { kvCache } from '#lib/core/memory.ts';
import { countParameters } from '#lib/core/parameters.ts';
import { countedModules } from '../support/counted-modules.ts';
import { modelFacts } from '../support/model-facts.ts';
import { processorMs } from '../support/processor-time.ts';
import { isJson, readConfigs, type Json } from '../support/reference.ts';
import { seeded } from '../support/seeded.ts';

const typeOf = (config: Json): string | null => {
	const type = config['model_type'];
	return typeof type === 'string' ? type : null;
};
const count = (config: Json) => countParameters(typeOf(config), config);

describe('countParameters', () => {
	it.each(modelFacts)('counts $id to the unit', ({ config, total }) => {
		expect(count(config)?.total).toBe(total);
	});

	it.each(countedModules)('counts $id as its modules do', ({ config, total }) => {
		expect(count(config)?.total).toBe(total);
	});

	it('groups add up to the total, and the rule is a sentence', () => {
		for (const { config } of modelFacts) {
			const counted = count(config);
			const groups = Object.values(counted?.groups ?? {});
			expect(groups.reduce((sum, group) => sum + group, 0)).toBe(counted?.total);
			expect(counted?.rule).toMatch(/^\S.*[^.]\.$/);
		}
	});

	it('tells active parameters only of mixtures: the experts at work, without an untied input embedding', () => {
		const active = (id: string) => {
			const fact = modelFacts.find((item) => item.id === id);
			return fact === undefined ? undefined : count(fact.config)?.active;
		};
		expect(active('meta-llama/Llama-3.1-8B')).toBeNull();
		expect(active('openai/gpt-oss-20b')).toBe(3_608_307_264);
		expect(active('deepseek-ai/DeepSeek-V2-Lite')).toBe(2_451_435_008);
	});

	it('counts Gemma 3n apart by exactly what the published totals of its two sizes differ', () => {
		const sized = (layers: number, inner: number) => ({
			model_type: 'gemma3n_text',
			hidden_size: 2048,
			num_hidden_layers: layers,
			num_attention_heads: 8,
			num_key_value_heads: 2,
			head_dim: 256,
			intermediate_size: new Array(layers).fill(inner),
			hidden_size_per_layer_input: 256,
			vocab_size: 262_400,
			vocab_size_per_layer_input: 262_144,
		});
		const [large, small] = [count(sized(35, 16_384))?.total ?? NaN, count(sized(30, 8192))?.total ?? NaN];
		expect(large - small).toBe(7_849_978_192 - 5_439_438_272);
	});

	it('gives a total without active parameters when the config does not say how many experts work', () => {
		const mixtral = modelFacts.find(({ id }) => id.startsWith('mistralai/Mixtral'))?.config ?? {};
		const counted = count({ ...mixtral, num_experts_per_tok: undefined });
		expect(counted).toMatchObject({ total: 46_702_792_704, active: null });
	});

	it('names a part that it cannot count instead of taking it as nothing', () => {
		const text = modelFacts[0]?.config ?? {};
		const counted = count({ model_type: 'some_omni', text_config: text, vision_config: {}, audio_config: {} });
		expect(counted).toMatchObject({ total: 8_030_261_248, groups: { vision: 0 } });
		expect(counted?.rule).toContain('not counted: vision part, audio part.');
	});

	it('counts no output matrix for a base model, and one row per class for a classifier', () => {
		const llama = modelFacts[0]?.config ?? {};
		const head = 128_256 * 4096;
		expect(count({ ...llama, architectures: ['LlamaModel'] })?.total).toBe(8_030_261_248 - head);
		const reward = { ...llama, architectures: ['LlamaForSequenceClassification'], id2label: { 0: 'REWARD' } };
		expect(count(reward)?.total).toBe(8_030_261_248 - head + 4096);
	});

	it('follows the key that was written on purpose where two keys about tying differ', () => {
		const text = { ...modelFacts[2]?.config, tie_word_embeddings: false };
		const both = (type: string, outer: boolean, inner: boolean) =>
			count({ model_type: type, tie_word_embeddings: outer, text_config: { ...text, tie_word_embeddings: inner } });
		expect(both('qwen3_vl', true, false)?.groups.head).toBe(0);
		expect(both('kimi_k25', true, false)?.groups.head).toBe(151_936 * 4096);
		expect(both('qwen3_vl_moe', false, true)?.groups.head).toBe(151_936 * 4096);
		expect(both('llava_onevision', false, true)?.groups.head).toBe(0);
	});
});

describe('countParameters for unknown types', () => {
	const plain = {
		model_type: 'brand_new',
		architectures: ['BrandNewForCausalLM'],
		hidden_size: 4096,
		num_hidden_layers: 32,
		num_attention_heads: 32,
		num_key_value_heads: 8,
		intermediate_size: 14336,
		vocab_size: 128256,
		hidden_act: 'silu',
		rms_norm_eps: 1e-5,
		tie_word_embeddings: false,
	};

	it('uses the generic formula for a config with all of Llama’s keys, and says so', () => {
		const counted = count(plain);
		expect(counted?.total).toBe(8_030_261_248);
		expect(counted?.rule).toContain('Generic decoder');
	});

	it.each([
		['experts', { num_experts: 8 }],
		['latent attention', { kv_lora_rank: 512 }],
		['a recurrent state', { ssm_state_size: 16 }],
		['its own spelling of key and value heads', { num_multi_query_heads: 2 }],
		['segments, as encoders have', { type_vocab_size: 2 }],
		['a vision part of unknown shape', { vision_config: { hidden_size: 1024 } }],
		['another kind of norm', { rms_norm_eps: undefined, layer_norm_eps: 1e-5 }],
		['no activation stated', { hidden_act: undefined }],
		['no inner width', { intermediate_size: undefined }],
		['heads that do not divide', { num_attention_heads: 31, head_dim: undefined }],
	])('gives none for a config with %s', (_what, change) => {
		expect(count({ ...plain, ...change })).toBeNull();
	});

	it.each([
		['a missing number', { hidden_size: undefined }],
		['a negative number', { num_hidden_layers: -1 }],
		['text', { vocab_size: 'many' }],
		['an object', { intermediate_size: {} }],
		['a fraction of a layer', { num_hidden_layers: 1.00001 }],
		['more than a number can hold exactly', { vocab_size: Number.MAX_SAFE_INTEGER }],
	])('gives none for a known type with %s', (_what, change) => {
		const llama = modelFacts[0]?.config ?? {};
		expect(count({ ...llama, ...change })).toBeNull();
	});

	it('reads numbers written as text', () => {
		expect(count({ ...modelFacts[0]?.config, hidden_size: '4096', num_hidden_layers: ' 32 ' })?.total).toBe(
			8_030_261_248,
		);
	});

	it('answers quickly for a config with absurdly many layers', () => {
		const nemotron = modelFacts.find(({ id }) => id.startsWith('nvidia/'))?.config ?? {};
		const absurd = { ...nemotron, hybrid_override_pattern: 'M'.repeat(5_000_000), num_hidden_layers: 5_000_000 };
		const long = { ...modelFacts[0]?.config, num_hidden_layers: 1e9, layer_types: new Array(1e6).fill('x') };
		const took = processorMs(() => expect([count(absurd), count(long)]).toEqual([null, null]));
		expect(took).toBeLessThan(500);
	});
});
const stored = readConfigs();

const absurd: unknown[] = [
	...[null, undefined, '', 'abc', '12', -1, 0, 1, 0.5, 7, 1e9, 1e308, NaN, Infinity, true, false],
	...[[], {}, [1, 2], ['full_attention'], ['hybrid', 'M'], { a: 1 }, new Array(64).fill('sliding_attention'), 'MEM*'],
];

describe('broken configs', () => {
	const known = [...modelFacts, ...countedModules];
	const seeds = [...known.map(({ config }) => config), ...(stored ?? []).map(({ config }) => config)];
	const rounds = 5000;

	it(`neither throw nor end in something that is no number, in ${rounds} mutations`, () => {
		const random = seeded(20_260_808);
		const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
		const everyKey = [...new Set(seeds.flatMap((config) => Object.keys(config)))];
		const types = [...new Set(seeds.map((config) => config['model_type']))];
		const mutate = (config: Json): Json => {
			const changed = { ...config };
			for (let changes = 1 + Math.floor(random() * 4); changes > 0; changes--) {
				const key = String(pick(random() < 0.7 ? Object.keys(changed) : everyKey));
				const nested = changed[key];
				if (isJson(nested) && random() < 0.7) changed[key] = mutate(nested);
				else if (key === 'model_type') changed[key] = pick(types);
				else changed[key] = pick(absurd);
			}
			return changed;
		};
		const bad: string[] = [];
		for (let round = 0; round < rounds; round++) {
			const config = mutate(pick(seeds) ?? {});
			const counted = count(config);
			const cache = kvCache(typeOf(config), config);
			const plan = layerPlan(typeOf(config), config);
			const groups = plan?.groups ?? [];
			const figures = [counted?.total, counted?.active, cache?.bytesPerToken, cache?.fixedBytes, plan?.layers];
			figures.push(...Object.values(counted?.groups ?? {}), ...groups.flatMap(({ count, window }) => [count, window]));
			const isSound = figures.every((figure) => figure == null || (Number.isFinite(figure) && figure >= 0));
			const isComplete = plan === null || groups.reduce((sum, group) => sum + group.count, 0) === plan.layers;
			if (!isSound || !isComplete || counted?.total === 0) bad.push(JSON.stringify(config));
		}
		expect(bad).toEqual([]);
	});
});
