// Which count of parameters wins, and what is said about the other one.
import { describe, expect, it } from 'vitest';
import { normalize } from '#lib/core/characteristics.ts';
import type { JsonObject, ListingFacts } from '#lib/core/listing.ts';

const qwen = {
	model_type: 'qwen3',
	architectures: ['Qwen3ForCausalLM'],
	vocab_size: 151_936,
	hidden_size: 1024,
	num_hidden_layers: 28,
	num_attention_heads: 16,
	num_key_value_heads: 8,
	head_dim: 128,
	intermediate_size: 3072,
	tie_word_embeddings: true,
	torch_dtype: 'bfloat16',
};

function read(config: JsonObject | null, listing: Partial<ListingFacts>, id = 'acme/model') {
	return normalize({ id, source: 'hub', revision: null, fetchedAt: '', config, listing: { id, ...listing } });
}

const stored = (total: number, dtype = 'BF16') => ({ safetensors: { parameters: { [dtype]: total }, total } });

describe('total parameters', () => {
	it('are the stored elements when the shapes agree', () => {
		const { parameters, conflicts } = read(qwen, stored(596_049_920));
		expect(parameters).toEqual({ total: 596_049_920, active: null, source: 'safetensors' });
		expect(conflicts).toEqual([]);
	});

	it('leave out an output matrix that the files hold a second time, and tell both counts', () => {
		const { parameters, conflicts, evidence } = read(qwen, stored(751_632_384));
		expect(parameters).toMatchObject({ total: 596_049_920, source: 'config' });
		expect(evidence.parameters?.rule).toContain('a copy of the input embedding');
		expect(conflicts).toMatchObject([{ field: 'parameters', chosen: 596_049_920 }]);
		expect(conflicts[0]?.claims.map(({ value }) => value)).toEqual([596_049_920, 751_632_384]);
	});

	it('leave out causal masks', () => {
		const gpt2 = { model_type: 'gpt2', n_layer: 12, n_embd: 768, n_head: 12, n_positions: 1024, vocab_size: 50_257 };
		expect(read(gpt2, stored(137_022_720, 'F32')).parameters.total).toBe(124_439_808);
	});

	it('keep the stored elements, and tell the shapes, when nothing explains the difference', () => {
		const { parameters, conflicts } = read(qwen, stored(900_000_000));
		expect(parameters).toMatchObject({ total: 900_000_000, source: 'safetensors' });
		expect(conflicts).toMatchObject([{ field: 'parameters', chosen: 900_000_000 }]);
	});

	it('come from the shapes when four-bit weights are packed', () => {
		const packed = { ...qwen, quantization: { bits: 4, group_size: 64 } };
		const { parameters } = read(packed, stored(160_000_000, 'U32'), 'mlx-community/model-4bit');
		expect(parameters).toEqual({ total: 596_049_920, active: null, source: 'config' });
	});

	it('come from the name only as a last resort, marked as a guess', () => {
		const { parameters, evidence } = read(null, {}, 'acme/Chat-7B');
		expect(parameters).toEqual({ total: 7e9, active: null, source: 'name' });
		expect(evidence.parameters?.rule).toContain('guess');
		expect(read(null, {}, 'acme/chat').parameters).toEqual({ total: null, active: null, source: null });
	});
});
