// Cache sizes: what each token adds, what stays fixed, and what is said to be unknown.
import { describe, expect, it } from 'vitest';
import { kvCache } from '#lib/core/memory.ts';
import { modelFacts } from '../support/model-facts.ts';
import { isJson, type Json, readRows, withDefaults } from '../support/reference.ts';

const cacheOf = (config: Json) =>
	kvCache(typeof config['model_type'] === 'string' ? config['model_type'] : null, config);

function fact(start: string): Json {
	const found = modelFacts.find(({ id }) => id.startsWith(start));
	if (found === undefined) throw new Error(`no fact about ${start}`);
	return found.config;
}

describe('kvCache', () => {
	// Bytes per token: the figures of these models' documentation and reports, 16-bit.
	it.each([
		['meta-llama/Llama-3.1-8B', 131_072],
		['Qwen/Qwen3-8B', 147_456],
		['tiiuae/falcon-7b', 8192],
		['EleutherAI/pythia-6.9b', 524_288],
		['deepseek-ai/DeepSeek-V3', 70_272],
		['openai/gpt-oss-20b', 24_576],
		['google/gemma-3-27b-it', 81_920],
		['Qwen/Qwen3.5-35B-A3B', 20_480],
		['nvidia/NVIDIA-Nemotron-3-Nano', 6144],
		['ai21labs/Jamba-v0.1', 16_384],
		['state-spaces/mamba-2.8b-hf', 0],
	])('%s adds %i bytes per token', (id, bytes) => {
		expect(cacheOf(fact(id))?.bytesPerToken).toBe(bytes);
	});

	it('keeps sliding windows apart, at their full size', () => {
		expect(cacheOf(fact('openai/gpt-oss-20b'))?.fixedBytes).toBe(24_576 * 128);
		expect(cacheOf(fact('google/gemma-3-27b-it'))?.fixedBytes).toBe(425_984 * 1024);
	});

	it('adds nothing per token where every layer slides', () => {
		const mistral = { ...fact('meta-llama/Llama-3.1-8B'), model_type: 'mistral', sliding_window: 4096 };
		expect(cacheOf(mistral)).toMatchObject({ bytesPerToken: 0, fixedBytes: 131_072 * 4096 });
		expect(cacheOf({ ...mistral, sliding_window: null })).toMatchObject({ bytesPerToken: 131_072, fixedBytes: 0 });
	});

	it('says so when the window is longer than the context, as in Phi-3.5', () => {
		const phi = { ...fact('meta-llama/Llama-3.1-8B'), model_type: 'phi3', sliding_window: 262_144 };
		expect(cacheOf({ ...phi, max_position_embeddings: 4096 })?.rule).toContain('never fills');
		expect(cacheOf({ ...phi, max_position_embeddings: 524_288 })?.rule).not.toContain('never fills');
	});

	it('counts chunks of Llama 4 as fixed', () => {
		const cache = cacheOf(fact('meta-llama/Llama-4-Scout'));
		expect(cache).toMatchObject({ bytesPerToken: 49_152, fixedBytes: 147_456 * 8192 });
	});

	it('counts only layers that own a cache', () => {
		// 15 of 35 layers own one: 3 full ones of 512 and 12 sliding ones of 256, one head each, window 512.
		expect(cacheOf(fact('google/gemma-4-E2B'))).toMatchObject({
			bytesPerToken: 3 * 2 * 512 * 2,
			fixedBytes: 12 * 2 * 256 * 2 * 512,
		});
	});

	it('keeps the recurrent state in 16 bits, and in 32 where the config asks for it', () => {
		const mamba = cacheOf(fact('state-spaces/mamba-2.8b-hf'));
		expect(mamba).toMatchObject({ fixedBytes: 97_280 * 64 * 2 });
		expect(mamba?.rule).toContain('state in 16 bits');
		// 23 Mamba-2 layers: 4096 + 2 × 8 × 128 channels of convolution over 3 steps, and 4096 × 128 of state.
		const nano = cacheOf(fact('nvidia/NVIDIA-Nemotron-3-Nano'));
		expect(nano?.fixedBytes).toBe(23 * ((4096 + 2048) * 3 * 2 + 4096 * 128 * 4));
		expect(nano?.rule).toContain('state in 32 bits');
	});

	it('counts short convolutions and delta attention', () => {
		expect(cacheOf(fact('LiquidAI/LFM2-1.2B'))).toMatchObject({ bytesPerToken: 12_288, fixedBytes: 10 * 2048 * 2 * 2 });
		const kimi = cacheOf(fact('moonshotai/Kimi-Linear'));
		expect(kimi).toMatchObject({ bytesPerToken: 7 * 576 * 2, fixedBytes: 20 * (3 * 4096 * 3 + 32 * 128 ** 2) * 2 });
	});

	it('knows that encoders keep none, and what a decoder beside an encoder adds', () => {
		expect(cacheOf(fact('google-bert/bert-base-uncased'))).toMatchObject({ bytesPerToken: 0, fixedBytes: 0 });
		expect(cacheOf(fact('openai/whisper-large-v3'))?.bytesPerToken).toBe(163_840);
		expect(cacheOf(fact('google-t5/t5-base'))?.bytesPerToken).toBe(2 * 768 * 12 * 2);
	});

	it('reads the language model of a whole multimodal config', () => {
		expect(cacheOf(fact('meta-llama/Llama-3.2-11B-Vision'))?.bytesPerToken).toBe(131_072);
		expect(cacheOf(fact('OpenGVLab/InternVL2-2B'))?.bytesPerToken).toBe(98_304);
	});

	it.each([
		['compressed attention', fact('deepseek-ai/DeepSeek-V4-Flash')],
		['a type nobody knows without heads', { model_type: 'brand_new', hidden_size: 64, num_hidden_layers: 2 }],
		['an unknown type with its own key and value heads', { ...unknownType(), num_multi_query_heads: 2 }],
		['an unknown type with a window it does not place', { ...unknownType(), sliding_window: 1024 }],
		['an encoder-decoder with an absurd head size', { ...fact('google-t5/t5-base'), d_kv: 'wide' }],
		['an absurd head size', { ...fact('Qwen/Qwen3-8B'), head_dim: 'wide' }],
	])('is unknown for %s', (_what, config) => {
		expect(cacheOf(config)).toBeNull();
	});

	it('takes an unknown type of the plain kind as attending everywhere', () => {
		expect(cacheOf(unknownType())?.bytesPerToken).toBe(131_072);
	});
});

function unknownType(): Json {
	return {
		...modelFacts[0]?.config,
		model_type: 'brand_new',
		architectures: ['BrandNewForCausalLM'],
		rms_norm_eps: 1e-5,
	};
}

/** Rows whose figure leaves something out; all others agree exactly. */
const leftOut: Record<string, string> = {
	'MiniMaxAI/MiniMax-M3': 'counts 3 of 60 layers; the sparse ones also keep the keys and values of every token',
};

describe('kvCache against reference figures', () => {
	const rows = [...(readRows('reference-models.jsonl') ?? []), ...(readRows('published-params.jsonl') ?? [])];

	it.skipIf(rows.length === 0)('agrees exactly with every stated figure', () => {
		const wrong: string[] = [];
		let exact = 0;
		let checked = 0;
		for (const row of rows) {
			const stated = row['kv_cache_bf16'];
			if (!isJson(row['config']) || !isJson(stated)) continue;
			const wanted = wantedBytes(stated);
			if (wanted === null) continue;
			checked++;
			const id = String(row['id']);
			const cache = cacheOf(withDefaults(row['config']));
			const isExact = cache?.bytesPerToken === wanted.perToken && isFixed(cache.fixedBytes, stated, row['config']);
			if (isExact) exact++;
			else if (leftOut[id] === undefined)
				wrong.push(`${id}: ${JSON.stringify(cache)} against ${JSON.stringify(stated)}`);
			else process.stdout.write(`differs: ${id} ${cache?.bytesPerToken} against ${wanted.perToken}: ${leftOut[id]}\n`);
		}
		process.stdout.write(`cache figures: ${exact} of ${checked} rows exact\n`);
		expect(wrong).toEqual([]);
		expect(exact).toBeGreaterThanOrEqual(170);
	});
});

/** The stated bytes per token; null where the row states no number. */
function wantedBytes(stated: Json): { perToken: number } | null {
	if (stated['kind'] === 'encoder: none') return { perToken: 0 };
	if (stated['kind'] === 'mla') return { perToken: Number(stated['per_layer']) * Number(stated['layers']) };
	const perToken =
		stated['bytes_per_token_full_layers'] ?? stated['decoder_self_bytes_per_token'] ?? stated['bytes_per_token'];
	return typeof perToken === 'number' ? { perToken } : null;
}

/** Do windows and states come to what the row states? A 32-bit state is checked through its elements. */
function isFixed(fixed: number, stated: Json, config: Json): boolean {
	const elements = stated['state_elements_per_layer'];
	const windows = Number(stated['sliding_cap_bytes'] ?? 0);
	if (typeof elements !== 'number') return fixed === windows;
	const text = isJson(config['text_config']) ? config['text_config'] : config;
	const layers = Number(stated['linear_or_state_layers'] ?? stated['layers']);
	const isWide = text['mamba_ssm_dtype'] === 'float32' || text['mamba_ssm_cache_dtype'] === 'float32';
	if (!isWide) return fixed === elements * layers * 2 + windows;
	// The convolution window stays 16-bit: between 2 and 4 bytes per element, near 4 as the state is most of it.
	const perElement = (fixed - windows) / (elements * layers);
	return perElement > 3.8 && perElement < 4;
}
