// Search in the catalog, and cursors: everything once while rows come and change.
import { describe, expect, it } from 'vitest';
import { Failure } from '#lib/core/failure.ts';
import { emptyQuery, sortKeys, type ModelQuery } from '#lib/core/query.ts';
import { made, walk } from '../support/catalog-rig.ts';
import { blankRecord, randomRecord, randomRecords } from '../support/records.ts';
import { seeded } from '../support/seeded.ts';

describe('search', () => {
	const ids = [
		'Qwen/Qwen2.5-7B-Instruct',
		'Qwen/Qwen2.5-7B',
		'meta-llama/Llama-3.1-8B',
		'mlx-community/Meta-Llama-3.1-8B-Instruct-4bit',
		'openai-community/gpt2',
		'gpt2',
		'a/CodeLlama_7b',
	];
	const catalog = made(ids.map((id, index) => ({ ...blankRecord(id), downloads: index })));
	const find = (q: string) => catalog.list({ ...emptyQuery, q }).models.map(({ id }) => id);

	it.each([
		['qwen', ['Qwen/Qwen2.5-7B', 'Qwen/Qwen2.5-7B-Instruct']],
		['QWEN inst', ['Qwen/Qwen2.5-7B-Instruct']],
		['7b', ['a/CodeLlama_7b', 'Qwen/Qwen2.5-7B', 'Qwen/Qwen2.5-7B-Instruct']],
		['lama 8', ['mlx-community/Meta-Llama-3.1-8B-Instruct-4bit', 'meta-llama/Llama-3.1-8B']],
		['llama-3.1', ['mlx-community/Meta-Llama-3.1-8B-Instruct-4bit', 'meta-llama/Llama-3.1-8B']],
		['code llama', ['a/CodeLlama_7b']],
		['nothing', []],
		['"', []],
		['llama" OR "gpt2', []],
		['* NOT x', []],
	])('finds %s', (search, found) => {
		expect(find(search)).toEqual(found);
	});

	it('puts the id itself first, on every page once, in any spelling and order', () => {
		expect(find('gpt2')).toEqual(['gpt2', 'openai-community/gpt2']);
		expect(find('qwen/qwen2.5-7b')[0]).toBe('Qwen/Qwen2.5-7B');
		for (const limit of [1, 2, 3]) {
			const query = { ...emptyQuery, q: 'qwen/qwen2.5-7b', order: 'asc' as const, limit };
			expect(walk(catalog, query)).toEqual(['Qwen/Qwen2.5-7B', 'Qwen/Qwen2.5-7B-Instruct']);
		}
		const filtered = catalog.list({ ...emptyQuery, q: 'gpt2', author: ['openai-community'] });
		expect(filtered.models.map(({ id }) => id)).toEqual(['openai-community/gpt2']);
	});

	it('takes any text without failing', () => {
		const random = seeded(11);
		const parts = [
			'"',
			"'",
			'*',
			'(',
			')',
			'%',
			'_',
			'é',
			'e\u0301',
			'模型',
			'🤖',
			'\0',
			'\ud800',
			' ',
			'a',
			'NEAR',
			'^',
			':',
			'-',
		];
		for (let round = 0; round < 500; round += 1) {
			const q = Array.from({ length: 1 + Math.floor(random() * 12) }, () => parts[Math.floor(random() * parts.length)]);
			expect(catalog.list({ ...emptyQuery, q: q.join('') }).total).toBeGreaterThanOrEqual(0);
		}
	});

	it('finds new models and display names at once', () => {
		const growing = made([blankRecord('a/first')]);
		growing.upsert([{ ...blankRecord('b/second'), name: 'Grünes Modell' }]);
		const found = (q: string) => growing.list({ ...emptyQuery, q }).models.map(({ id }) => id);
		expect(found('secon')).toEqual(['b/second']);
		expect(found('grünes')).toEqual(['b/second']);
		growing.upsert([{ ...blankRecord('b/second'), name: 'Rotes Modell' }]);
		expect(found('grünes')).toEqual([]);
		expect(found('rotes')).toEqual(['b/second']);
	});
});

describe('a cursor', () => {
	const query = { ...emptyQuery, limit: 7 };

	it.each(sortKeys)('sorted by %s shows everything once while rows come and change', (sort) => {
		const records = randomRecords(200, 21);
		const catalog = made(records);
		const random = seeded(5);
		let next = 1000;
		const before = new Set(records.map(({ id }) => id));
		const between = () => {
			catalog.upsert([randomRecord(random, next++), randomRecord(random, next++)]);
		};
		const ids = walk(catalog, { ...query, sort, order: 'desc' }, { between });
		expect(new Set(ids).size).toBe(ids.length);
		expect(ids.filter((id) => before.has(id))).toHaveLength(200);
		const after = catalog.list({ ...query, sort, limit: 200 });
		expect(after.total).toBeGreaterThan(220);
	});

	it('goes on when the row it stands on has moved or the list has shrunk to nothing behind it', () => {
		const catalog = made(
			['a', 'b', 'c', 'd'].map((name, index) => ({ ...blankRecord(`x/${name}`), downloads: 40 - index })),
		);
		const page = catalog.list({ ...emptyQuery, limit: 2 });
		catalog.upsert([{ ...blankRecord('x/b'), downloads: 1 }]);
		const rest = catalog.list({ ...emptyQuery, limit: 2, cursor: page.next_cursor });
		expect(rest.models.map(({ id }) => id)).toEqual(['x/c', 'x/d']);
	});

	it('is refused when it is broken or belongs to another list', () => {
		const catalog = made(randomRecords(50, 3));
		const cursor = catalog.list(query).next_cursor ?? '';
		const refused = (changed: Partial<ModelQuery>) => {
			try {
				catalog.list({ ...query, cursor, ...changed });
			} catch (error) {
				return error instanceof Failure ? error.code : error;
			}
		};
		expect(cursor).toMatch(/^[\w-]+$/);
		expect(refused({})).toBeUndefined();
		expect(refused({ limit: 3, source: 'all' })).toBeUndefined();
		for (const changed of [
			{ sort: 'likes' as const },
			{ order: 'asc' as const },
			{ q: 'x' },
			{ family: ['Qwen'] },
			{ cursor: '' },
			{ cursor: 'null' },
			{ cursor: cursor.slice(0, -4) },
			{ cursor: 'x'.repeat(100_000) },
			{ cursor: Buffer.from('["a",[{},1,"b"],null]').toString('base64url') },
			{ cursor: Buffer.from('{"__proto__":1}').toString('base64url') },
		]) {
			expect(refused(changed)).toBe('invalid_query');
		}
	});
});
