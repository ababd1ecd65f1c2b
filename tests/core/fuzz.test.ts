// Ten thousand broken, odd and hostile configurations: no throw, no delay, no changed prototype, always an answer.
import { describe, expect, it } from 'vitest';
import { normalize } from '#lib/core/characteristics.ts';
import { withCharacteristics, recordFromListing } from '#lib/core/entry.ts';
import type { JsonValue, ListingFacts } from '#lib/core/listing.ts';
import { keyGroups } from '#lib/core/tables/config-keys.ts';
import { mlxModels } from '../support/mlx-configs.ts';
import { seeded } from '../support/seeded.ts';

const random = seeded(20_261_121);
const below = (limit: number) => Math.floor(random() * limit);
function pick<T>(list: readonly T[]): T {
	const item = list[below(list.length)];
	if (item === undefined) throw new Error('nothing to pick from');
	return item;
}

const keys = [
	...Object.values(keyGroups).flat(),
	...[
		'model_type',
		'architectures',
		'auto_map',
		'is_decoder',
		'use_sliding_window',
		'max_window_layers',
		'tie_word_embeddings',
	],
	...['quant_method', 'bits', 'group_size', 'config_groups', 'weights', 'num_bits', 'quant_algo', 'quantized_layers'],
	...[
		'config_for_layers',
		'vector_lens',
		'nbits_per_codebook',
		'quant_config',
		'load_in_4bit',
		'block_configs',
		'factor',
	],
	...['original_max_position_embeddings', 'rope_type', 'full_attention', 'kv_lora_rank', 'moe_intermediate_size'],
	...[
		'__proto__',
		'constructor',
		'toString',
		'hasOwnProperty',
		'',
		'é\u0000',
		'linear_attn_config',
		'is_encoder_decoder',
	],
];
const names = [
	...[
		'llama',
		'qwen2',
		'qwen3_moe',
		'gemma3',
		'gemma3_text',
		'deepseek_v3',
		'bert',
		't5',
		'mamba2',
		'falcon',
		'mpt',
		'dbrx',
	],
	...['nemotron_h', 'jamba', 'whisper', 'clip', 'mllama', 'qwen2_5_omni', 'gpt_oss', 'nemotron-nas', 'zamba2', 'gpt2'],
	...[
		'constructor',
		'__proto__',
		'toString',
		'yinka',
		'_'.repeat(500),
		'Aa1'.repeat(200),
		'\ud800',
		'LlamaForCausalLM',
	],
	...[
		'BertModel',
		'yarn',
		'linear',
		'gptq',
		'fp8',
		'compressed-tensors',
		'NVFP4',
		'MIXED_PRECISION',
		'bfloat16',
		'NaN',
	],
];
const numbers = [
	0,
	1,
	-1,
	2,
	4,
	8,
	64,
	4096,
	1.5,
	1e308,
	-1e308,
	1e-320,
	2 ** 53,
	2 ** 31,
	1e15,
	NaN,
	Infinity,
	-Infinity,
];

/** Any JSON value, mostly small, never deeper than a few levels. */
function anyValue(depth: number): JsonValue {
	const kind = below(depth > 3 ? 5 : 8);
	if (kind === 0) return pick(numbers);
	if (kind === 1) return pick(names);
	if (kind === 2) return String(pick(numbers));
	if (kind === 3) return pick([true, false, null]);
	if (kind === 4) return below(200_000);
	if (kind === 5) return Array.from({ length: below(6) }, () => anyValue(depth + 1));
	return anyObject(depth + 1, below(10));
}

function anyObject(depth: number, size: number): { [key: string]: JsonValue } {
	return Object.fromEntries(Array.from({ length: size }, () => [pick(keys), anyValue(depth)]));
}

/** JSON as Python writes it, with NaN and Infinity, and with `__proto__` as an ordinary key. */
function write(value: JsonValue | undefined): string {
	if (typeof value === 'number') return Number.isNaN(value) ? 'NaN' : String(value);
	if (Array.isArray(value)) return `[${value.map(write).join(', ')}]`;
	if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
	return `{${Object.entries(value)
		.map(([key, inner]) => `${JSON.stringify(key)}: ${write(inner)}`)
		.join(', ')}}`;
}

/** A good configuration with a few of its keys replaced by anything. */
function bent(): string {
	const config = { ...pick(mlxModels).config };
	for (let changes = below(6); changes > 0; changes -= 1) config[pick([...Object.keys(config), ...keys])] = anyValue(0);
	return write(config);
}

/** The text with some of its characters dropped, doubled, replaced or cut off. */
function damaged(text: string): string {
	let result = text;
	for (let changes = 1 + below(8); changes > 0; changes -= 1) {
		const at = below(result.length);
		const action = below(4);
		if (action === 0) result = result.slice(0, at) + result.slice(at + 1 + below(4));
		else if (action === 1) result = result.slice(0, at) + String.fromCharCode(below(256)) + result.slice(at + 1);
		else if (action === 2) result = result.slice(0, at) + result.slice(below(result.length));
		else result = result.slice(0, at);
	}
	return result;
}

function anyText(round: number): string {
	if (round % 4 === 0) return write(anyObject(0, below(40)));
	if (round % 4 === 1) return bent();
	return damaged(bent());
}

const tags = ['gguf', 'mlx', '4-bit', 'sentence-transformers', 'license:mit', '\ud800'.repeat(50), 'awq', 'diffusers'];

function anyListing(id: string): ListingFacts | null {
	if (random() < 0.5) return null;
	const total = pick([0, -1, 8_000_000_000, 1e300, NaN]);
	return {
		id,
		tags: Array.from({ length: below(5) }, () => pick(tags)),
		pipeline_tag: pick(['text-generation', 'feature-extraction', 'constructor', 'image-text-to-text']),
		config: anyObject(1, below(6)),
		safetensors: { parameters: { [pick(['BF16', 'I32', '__proto__'])]: total }, total },
		gguf: { total, architecture: pick(names), context_length: pick(numbers) },
		siblings: pick([[], ['m-Q4_K_M.gguf', 'x'.repeat(5000)], ['model.safetensors']]),
	};
}

describe('ten thousand configurations', () => {
	const prototype = Object.getOwnPropertyNames(Object.prototype).sort().join();

	it('are answered at once, without a throw', { timeout: 120_000 }, () => {
		let slowest = 0;
		let readable = 0;
		for (let round = 0; round < 10_000; round += 1) {
			const id = pick(['acme/model-7B', 'x', 'acme/Some-GPTQ-Embedding', `${'a-'.repeat(200)}/${'7b-'.repeat(200)}`]);
			const listing = anyListing(id);
			const input = { id, source: 'hub', revision: null, fetchedAt: '', config: anyText(round), listing } as const;
			const run = () => {
				const start = performance.now();
				const c = normalize(input);
				return { c, took: performance.now() - start };
			};
			// A second and third look tell a slow text from a machine that was busy with something else.
			const first = run();
			const took = first.took < 50 ? first.took : Math.min(run().took, run().took);
			slowest = Math.max(slowest, took);
			const { c } = first;
			if (c.config_status === 'ok') readable += 1;
			const sizes = [
				c.num_hidden_layers,
				c.hidden_size,
				c.context_window,
				c.parameters.total,
				c.kv_cache_bytes_per_token,
			];
			const isSound =
				['gen', 'encoder', 'unknown', 'auth-protected'].includes(c.classification) &&
				['high', 'medium', 'low'].includes(c.confidence) &&
				sizes.every((size) => size === null || (Number.isFinite(size) && size >= 0)) &&
				c.warnings.length <= 40 &&
				withCharacteristics(recordFromListing(listing ?? { id }, 'hub', ''), c).id === id;
			if (!isSound) expect.fail(`round ${round}: ${JSON.stringify(c)}`);
		}
		expect(slowest).toBeLessThan(50);
		expect(readable).toBeGreaterThan(3000);
		process.stdout.write(`slowest ${slowest.toFixed(1)} ms, ${readable} of 10000 readable\n`);
	});

	it('leave every prototype as it was', () => {
		expect(Object.getOwnPropertyNames(Object.prototype).sort().join()).toBe(prototype);
		expect(Object.keys({})).toEqual([]);
	});
});
