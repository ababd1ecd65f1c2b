// What the models page does with its address, and the ways out of an empty list.
import { describe, expect, it } from 'vitest';
import { withoutOwn } from '#lib/core/runtime-profiles.ts';
import { waysOut } from '#lib/core/active-filters.ts';
import { emptyQuery, type ModelQuery } from '#lib/core/query.ts';
import { parseQuery, readPageQuery } from '#lib/core/query-url.ts';

const read = (text: string) => readPageQuery(new URLSearchParams(text), withoutOwn);

describe('readPageQuery', () => {
	it('drops what cannot be read, says so, and keeps the rest', () => {
		const { query, problems } = read('q=qwen&min_params=zz&family=Qwen&sort=beauty&max_params=8B');
		expect(query).toEqual({ ...emptyQuery, q: 'qwen', family: ['Qwen'], max_params: 8e9 });
		expect(problems).toHaveLength(2);
		expect(problems[0]).toContain('min_params');
		expect(problems[1]).toContain('sort');
	});

	it('ignores names that no filter has, and what only the page knows', () => {
		expect(read('view=table&utm_source=x&__proto__=1')).toEqual({ query: emptyQuery, problems: [] });
	});

	it('keeps the direction that a name has by itself', () => {
		expect(read('sort=name').query.order).toBe('asc');
	});
});

describe('waysOut', () => {
	const query = parseQuery(new URLSearchParams('q=chat&family=Qwen&quantization=2&source=mine'), {
		strict: true,
		runtimes: withoutOwn,
	});

	it('tries to drop each thing alone, and orders what helps by how much', () => {
		const asked: ModelQuery[] = [];
		const ways = waysOut(query, (other) => {
			asked.push(other);
			if (other.source === 'hub') return 900;
			return other.quantization.length === 0 ? 12 : 0;
		});
		expect(asked.every(({ limit, cursor }) => limit === 1 && cursor === null)).toBe(true);
		expect(asked).toHaveLength(4);
		expect(ways.map(({ name, value, total }) => [name, value, total])).toEqual([
			['source', 'mine', 900],
			['quantization', '2', 12],
		]);
		expect(ways[1]?.query).toMatchObject({ q: 'chat', family: ['Qwen'], quantization: [], source: 'mine', limit: 50 });
	});
});
