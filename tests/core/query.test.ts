// The list request: what URLs mean, what is refused, and that equal queries have equal URLs.
import { describe, expect, it } from 'vitest';
import { Failure } from '#lib/core/failure.ts';
import { activeFilters, withoutFilters } from '#lib/core/active-filters.ts';
import { emptyQuery, unchecked } from '#lib/core/query.ts';
import { checkedParams, parseChecked, parseQuery, toSearchParams } from '#lib/core/query-url.ts';

const parse = (text: string) => parseQuery(new URLSearchParams(text), { strict: true });
const measured = (text: string) => parseChecked(new URLSearchParams(text));

function failure(text: string): Failure {
	try {
		parse(text);
	} catch (error) {
		if (error instanceof Failure) return error;
	}
	throw new Error(`${text} was accepted`);
}

describe('parseQuery', () => {
	it('means everything, most downloaded first, when nothing is asked', () => {
		expect(parse('')).toEqual(emptyQuery);
		expect(toSearchParams(emptyQuery).toString()).toBe('');
	});

	it('reads units: decimal parameters, binary context', () => {
		const query = parse('min_params=500M&max_params=7B&min_context=32k');
		expect(query).toMatchObject({ min_params: 500_000_000, max_params: 7_000_000_000, min_context: 32_768 });
	});

	it('takes what must fit as memory or as the id of a device, and names them again', () => {
		expect(parse('fits=16GB&context=32k')).toMatchObject({ fits: '16GB', context: 32_768 });
		expect(parse('fits=rtx-4090-24gb').fits).toBe('rtx-4090-24gb');
		const query = parse('fits=24+GiB&context=4096');
		expect(toSearchParams(query).toString()).toBe('fits=24+GiB&context=4096');
		expect(toSearchParams({ ...query, fits: null }).toString()).toBe('');
		const [filter] = activeFilters(query);
		expect(filter).toMatchObject({ name: 'fits', value: '24 GiB', without: { fits: null, context: null } });
		expect(withoutFilters(query).fits).toBeNull();
	});

	it('shows what nobody can class in a chat list that is told to show guesses, and nowhere else', () => {
		expect(parse('kind=gen&show_low_confidence=true').kind).toEqual(['gen', 'unknown']);
		expect(parse('kind=gen&show_low_confidence=false').kind).toEqual(['gen']);
		expect(parse('kind=encoder&show_low_confidence=true').kind).toEqual(['encoder']);
		expect(parse('show_low_confidence=true')).toEqual(emptyQuery);
	});

	it('keeps repeated choices once and in order', () => {
		expect(parse('family=Qwen&family=Llama&family=Qwen').family).toEqual(['Qwen', 'Llama']);
	});

	it('sorts names upwards and everything else downwards unless told', () => {
		expect(parse('sort=name').order).toBe('asc');
		expect(parse('sort=likes').order).toBe('desc');
		expect(parse('sort=likes&order=asc').order).toBe('asc');
	});

	it.each([
		['limit=0', 'limit'],
		['limit=201', 'limit'],
		['limit=ten', 'limit'],
		['quantization=7', 'quantization'],
		['size_class=tiny', 'size_class'],
		['weight_class=4gb', 'weight_class'],
		['kind=chat', 'kind'],
		['modality=smell', 'modality'],
		['gated=maybe', 'gated'],
		['min_params=big', 'min_params'],
		['min_context=-1', 'min_context'],
		['fits=Lots', 'fits'],
		['fits=../x', 'fits'],
		['context=wide', 'context'],
		['sort=beauty', 'sort'],
		['order=up', 'order'],
		['source=mars', 'source'],
		['show_incompatible=perhaps', 'show_incompatible'],
		['runtime=vlm', 'did you mean vllm?'],
	])('refuses %s and names the parameter', (text, name) => {
		expect(failure(text)).toMatchObject({ code: 'invalid_query', status: 400 });
		expect(failure(text).message).toContain(name);
	});

	it('refuses names no filter has, but lets pages ignore them', () => {
		expect(failure('colour=blue').code).toBe('unknown_field');
		expect(failure('a[__proto__][b]=1').code).toBe('unknown_field');
		expect(parseQuery(new URLSearchParams('utm_source=x'), { strict: false })).toEqual(emptyQuery);
	});

	it('never repeats a long or unprintable value in the message', () => {
		const { message } = failure(`sort=${'x'.repeat(500)}%1b[31m`);
		expect(message.length).toBeLessThan(300);
		expect(message).not.toContain('\u001b');
	});
});

describe('a runtime', () => {
	it('is known under any spelling, and shows the others only beside it', () => {
		expect(parse('runtime=VLLM&show_incompatible=1')).toMatchObject({ runtime: 'vllm', show_incompatible: true });
		expect(parse('show_incompatible=true')).toEqual(emptyQuery);
		const [chip] = activeFilters(parse('runtime=llama-cpp&show_incompatible=true'));
		expect(chip).toMatchObject({ name: 'runtime', value: 'llama.cpp', without: emptyQuery });
	});
});

describe('what rows are measured against', () => {
	it('is read and written, and is nothing unless told', () => {
		expect(measured('')).toEqual(unchecked);
		expect(measured('check=VLLM&cache_bits=8')).toEqual({ check: 'vllm', cacheBits: 8 });
		expect(checkedParams(measured('cache_bits=8&check=vllm')).toString()).toBe('check=vllm&cache_bits=8');
		expect(checkedParams(unchecked).toString()).toBe('');
		expect(() => measured('cache_bits=5')).toThrow('expected 16, 8, 4');
		expect(() => measured('check=vlm')).toThrow('did you mean vllm?');
	});
});

describe('toSearchParams', () => {
	it('round-trips every filter', () => {
		const text =
			'q=qwen&family=Qwen&family=Unknown&quantization=4&quantization=fp16&kind=gen&author=a&license=mit&size_class=small&weight_class=4-8gb' +
			'&modality=multimodal&gated=false&min_params=1000&max_params=2000&min_context=4096&runtime=vllm&show_incompatible=true&source=mine&sort=params&order=asc&limit=20';
		expect(toSearchParams(parse(text)).toString()).toBe(text);
	});
});

describe('activeFilters', () => {
	it('gives each choice and the query without it', () => {
		const query = parse('q=x&family=Qwen&family=Llama&gated=true&max_params=8B&cursor=abc');
		const chips = activeFilters(query);
		expect(chips.map((chip) => [chip.name, chip.value])).toEqual([
			['family', 'Qwen'],
			['family', 'Llama'],
			['max_params', '8000000000'],
			['gated', 'true'],
		]);
		expect(chips[0]?.without.family).toEqual(['Llama']);
		expect(chips[0]?.without.cursor).toBeNull();
		expect(withoutFilters(query)).toEqual({ ...emptyQuery, q: 'x' });
	});
});
