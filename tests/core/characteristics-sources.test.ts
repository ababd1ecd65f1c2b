// The normalizer on several sources: conflicts are told, and list fields are kept where there is no file.
import { describe, expect, it } from 'vitest';
import { normalize, type NormalizeInput } from '#lib/core/characteristics.ts';

function read(config: NormalizeInput['config'], more: Partial<NormalizeInput> = {}) {
	return normalize({ id: 'a/b', source: 'hub', revision: null, fetchedAt: '2026-01-01', config, ...more });
}

describe('two sources', () => {
	it('that disagree are listed, and the text model counts', () => {
		const text = { model_type: 'llama', hidden_size: 64, num_hidden_layers: 4, vocab_size: 32000 };
		const c = read({ model_type: 'llava', vocab_size: 32064, text_config: text });
		expect(c.vocab_size).toBe(32000);
		expect(c.conflicts).toEqual([
			{
				field: 'vocab_size',
				chosen: 32000,
				claims: [
					{ value: 32000, file: 'config.json', path: 'text_config.vocab_size' },
					{ value: 32064, file: 'config.json', path: 'vocab_size' },
				],
			},
		]);
	});

	it('name the type: the file counts before the listing', () => {
		const listing = { id: 'a/b', config: { model_type: 'mistral' } };
		const c = read({ model_type: 'llama', hidden_size: 64 }, { listing });
		expect(c.model_type).toBe('llama');
		expect(c.conflicts[0]).toMatchObject({ field: 'model_type', chosen: 'llama' });
	});

	it('count parameters: stored elements count, and a large difference is told', () => {
		const config = { model_type: 'llama', hidden_size: 4096, num_hidden_layers: 32 };
		const listing = (total: number) => ({ id: 'a/b', safetensors: { parameters: { BF16: total }, total } });
		const near = read(config, { listing: listing(6_738_415_616) });
		expect(near.parameters).toMatchObject({ total: 6_738_415_616, source: 'safetensors' });
		expect(near.conflicts).toEqual([]);
		const far = read(config, { listing: listing(1_000_000_000) });
		expect(far.parameters.total).toBe(1_000_000_000);
		expect(far.conflicts[0]).toMatchObject({ field: 'parameters' });
	});

	it('are both missing: a size in the name is the last resort and says so', () => {
		const c = read(null, { id: 'acme/Thing-7B-chat' });
		expect(c).toMatchObject({ config_status: 'missing', parameters: { total: 7e9, source: 'name' } });
		expect(c.evidence['parameters']?.rule).toMatch(/guess/);
		expect(read(null, { id: 'acme/Mixtral-8x7B' }).parameters.total).toBeNull();
		expect(read(null, { id: 'acme/Thing-2024' }).parameters.total).toBeNull();
	});
});

describe('a gated repository', () => {
	it('keeps what list fields tell', () => {
		const listing = { id: 'a/b', config: { model_type: 'llama', architectures: ['LlamaForCausalLM'] } };
		const c = read(null, { listing, configGated: true });
		expect(c).toMatchObject({ config_status: 'gated', classification: 'gen', confidence: 'high', model_type: 'llama' });
		expect(c.evidence['classification']).toMatchObject({ file: 'hub listing', path: 'config.architectures' });
		expect(read(null, { configGated: true })).toMatchObject({ classification: 'auth-protected', confidence: 'low' });
	});
});
