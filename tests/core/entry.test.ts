// List rows: what the Hub's list fields tell by themselves, and what a configuration adds without losing anything.
import { describe, expect, it } from 'vitest';
import { normalize } from '#lib/core/characteristics.ts';
import { recordFromListing, withCharacteristics } from '#lib/core/entry.ts';
import type { JsonObject, ListingFacts } from '#lib/core/listing.ts';

const asOf = '2026-11-01';

const listed: ListingFacts = {
	id: 'meta-llama/Llama-3.1-8B-Instruct',
	sha: '0'.repeat(40),
	downloads: 5_795_728,
	likes: 3763,
	trending: 12,
	gated: 'manual',
	pipeline_tag: 'text-generation',
	library_name: 'transformers',
	tags: ['transformers', 'safetensors', 'llama', 'license:llama3.1'],
	updated_at: '2024-09-25T17:00:57.000Z',
	created_at: '2024-07-18T08:56:00.000Z',
	config: { architectures: ['LlamaForCausalLM'], model_type: 'llama' },
	safetensors: { parameters: { BF16: 8_030_261_248 }, total: 8_030_261_248 },
};

function characteristics(config: string | JsonObject | null, id = listed.id, gated = false) {
	return normalize({ id, source: 'hub', revision: 'f'.repeat(40), fetchedAt: asOf, config, configGated: gated });
}

describe('recordFromListing', () => {
	it('needs no request for a model whose list fields say it all', () => {
		expect(recordFromListing(listed, 'hub', asOf)).toMatchObject({
			id: listed.id,
			author: 'meta-llama',
			model_type: 'llama',
			classification: 'gen',
			confidence: 'high',
			fetchStatus: 'ok',
			architecture_family: 'Llama',
			quantization: 'fp16',
			quantization_bits: null,
			context_window: null,
			parameters_total: 8_030_261_248,
			is_multimodal: false,
			downloads: 5_795_728,
			license: 'llama3.1',
			gated: 'manual',
			dtype: 'bfloat16',
			revision: listed.sha,
			origin: 'hub',
			as_of: asOf,
			local: false,
		});
	});

	it('leaves open what the list does not tell', () => {
		expect(recordFromListing({ id: 'gpt-nobody' }, 'a list', asOf)).toMatchObject({
			author: null,
			classification: 'unknown',
			fetchStatus: 'none',
			architecture_family: 'Unknown',
			quantization: 'unknown',
			parameters_total: null,
			is_multimodal: null,
			downloads: null,
			license: null,
			gated: false,
		});
	});

	it('is locked when it is gated and nothing else is known', () => {
		const row = recordFromListing({ id: 'a/locked', gated: 'auto' }, 'hub', asOf);
		expect(row).toMatchObject({ classification: 'auth-protected', gated: 'auto' });
	});

	it('reads a GGUF repository by its header and file names', () => {
		const facts: ListingFacts = {
			id: 'ggml-org/gemma-3-1b-it-GGUF',
			tags: ['gguf'],
			siblings: ['README.md', 'gemma-3-1b-it-Q4_K_M.gguf'],
			gguf: { total: 999_885_952, architecture: 'gemma3', context_length: 32768 },
		};
		expect(recordFromListing(facts, 'hub', asOf)).toMatchObject({
			architecture_family: 'Gemma',
			quantization: '4',
			quantization_method: 'gguf',
			context_window: 32768,
			parameters_total: 999_885_952,
		});
	});

	it('does not take packed elements for parameters', () => {
		const packed = { parameters: { F16: 1_090_199_040, I32: 815_661_056 }, total: 1_905_860_096 };
		const config = { model_type: 'qwen2', quantization_config: { bits: 4, quant_method: 'awq' } };
		const row = (id: string) => recordFromListing({ id, config, safetensors: packed }, 'hub', asOf).parameters_total;
		expect(row('acme/Chat-AWQ')).toBeNull();
		expect(row('acme/Chat-7B-AWQ')).toBe(7_000_000_000);
		expect(row('acme/Chat-2B-AWQ')).toBe(1_905_860_096);
	});
});

describe('withCharacteristics', () => {
	const row = recordFromListing(listed, 'hub', asOf);

	it('adds what only the configuration knows', () => {
		const config = { model_type: 'llama', hidden_size: 4096, max_position_embeddings: 131072, torch_dtype: 'bfloat16' };
		expect(withCharacteristics(row, characteristics(config))).toMatchObject({
			context_window: 131072,
			fetchStatus: 'ok',
			quantization: 'fp16',
			parameters_total: 8_030_261_248,
			downloads: 5_795_728,
			revision: 'f'.repeat(40),
		});
	});

	it.each([
		['missing', characteristics(null), '404'],
		['locked', characteristics(null, listed.id, true), '403'],
		['broken', characteristics('{"a":'), 'error'],
	])('loses nothing when the configuration is %s', (_name, c, status) => {
		const after = withCharacteristics(row, c);
		expect(after).toEqual({ ...row, fetchStatus: status, revision: 'f'.repeat(40), fetchError: after.fetchError });
		expect(after.fetchError?.message ?? 'none').toMatch(status === 'error' ? /breaks off/ : /none/);
	});

	it('drops an earlier error when the file could be read', () => {
		const broken = withCharacteristics(row, characteristics('<html>'));
		expect(withCharacteristics(broken, characteristics({ model_type: 'llama' })).fetchError).toBeUndefined();
	});

	it('prefers a stored count to a guess from the name', () => {
		const bare = { ...row, parameters_total: 8_030_261_248 };
		expect(withCharacteristics(bare, characteristics(null)).parameters_total).toBe(8_030_261_248);
	});
});
