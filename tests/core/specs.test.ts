// The specs table: which rows a model has, in which words, with which evidence.
import { describe, expect, it } from 'vitest';
import { specGroups } from '#lib/core/specs.ts';
import { characteristics, qwen } from '../support/models.ts';

function find(label: string) {
	for (const group of specGroups(qwen.characteristics)) {
		const spec = group.specs.find((one) => one.label === label);
		if (spec !== undefined) return spec;
	}
	throw new Error(`no row ${label}`);
}

describe('specGroups', () => {
	it('has five groups in order', () => {
		expect(specGroups(qwen.characteristics).map(({ title }) => title)).toEqual([
			'Architecture',
			'Context',
			'Attention',
			'Quantization',
			'Parameters & memory',
		]);
	});

	it('has a row only for what is known, and no group without rows', () => {
		const groups = specGroups(characteristics({ id: 'a/b' }));
		expect(groups.map(({ title }) => title)).toEqual(['Architecture', 'Attention']);
		expect(groups.flatMap(({ specs }) => specs.map(({ label }) => label))).toEqual([
			'Family',
			'Kind',
			'Takes in',
			'KV cache',
		]);
	});

	it('shows units and separators, and keeps the raw value', () => {
		expect(find('Context window')).toMatchObject({ value: '40,960 tokens', raw: '40960' });
		expect(find('Parameters')).toMatchObject({ value: '8.2B', raw: '8190735360', note: '8,190,735,360' });
		expect(find('Cache per token')).toMatchObject({ value: '144 KiB', note: '147 kB', raw: '147456' });
		expect(find('Bits').value).toBe('4-bit');
		expect(find('Method').value).toBe('MLX');
	});

	it('never calls zero unknown: a cache that costs nothing per token is shown', () => {
		const groups = specGroups(characteristics({ id: 'a/b', kv_cache_bytes_per_token: 0 }));
		expect(groups.at(-1)?.specs.map(({ value }) => value)).toEqual(['0 B']);
	});

	it('brings evidence and conflicts to the row they speak of', () => {
		expect(find('Context window').evidence?.path).toBe('max_position_embeddings');
		expect(find('Context window').conflicts).toHaveLength(1);
		expect(find('Hidden size').conflicts).toEqual([]);
		expect(find('Layers').evidence).toBeNull();
	});

	it('marks a count that was guessed from the name', () => {
		const guess = characteristics({ id: 'a/b-7b', parameters: { total: 7e9, active: null, source: 'name' } });
		expect(specGroups(guess).at(-1)?.specs[0]?.value).toBe('7B (guessed from the name)');
	});
});
