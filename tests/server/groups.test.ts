// The grouped list: one row per base model with its packings inside, against a plain reference, page by page.
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { fitPlace, fitRow } from '#lib/core/fit.ts';
import { namedMemory } from '#lib/core/hardware.ts';
import type { ModelRecord } from '#lib/core/model.ts';
import { emptyQuery, sortKeys, unchecked, type ListPage, type ModelQuery } from '#lib/core/query.ts';
import { Catalog } from '#lib/server/catalog.ts';
import { openInMemory, type Database } from '#lib/server/database.ts';
import { withRecommended } from '#lib/server/grouped.ts';
import { migrate } from '#lib/server/migrations.ts';
import { plainList } from '../support/plain-list.ts';
import { blankRecord, pick, randomRecords } from '../support/records.ts';
import { seeded } from '../support/seeded.ts';

vi.setConfig({ testTimeout: 30_000 }); // the plain reference is slow, and the machine may be busy

const grouped: ModelQuery = { ...emptyQuery, group: 'base' };

function database(): Database {
	const opened = openInMemory();
	migrate(opened);
	return opened;
}

function made(records: ModelRecord[]): Catalog {
	const catalog = new Catalog(database());
	catalog.upsert(records);
	return catalog;
}

function walk(catalog: Catalog, query: ModelQuery): ListPage[] {
	const pages: ListPage[] = [];
	for (let cursor: string | null = null; ;) {
		const page = catalog.list({ ...query, cursor });
		pages.push(page);
		cursor = page.next_cursor;
		if (cursor === null) return pages;
	}
}

/** A row that says it packs these. */
const packing = (id: string, base: string | null, part: Partial<ModelRecord> = {}): ModelRecord => ({
	...blankRecord(id),
	...(base === null ? {} : { tags: ['gguf', `base_model:${base}`, `base_model:quantized:${base}`] }),
	...part,
});

/** The rows of a page as `id: packing, packing`, `(id)` where the row itself does not match. */
function told({ models }: ListPage): string[] {
	return models.map(({ id, packings }) => {
		const ids = packings?.variants.map((one) => (one.guessed ? `~${one.id}` : one.id)) ?? [];
		const name = packings?.matches === false ? `(${id})` : id;
		return ids.length === 0 ? name : `${name}: ${ids.join(', ')}`;
	});
}

describe('groups', () => {
	it('hold what tags name, packings of packings too, and what only names tell, marked as a guess', () => {
		const catalog = made([
			packing('org/Base-8B', null, { downloads: 90, architecture_family: 'Qwen' }),
			packing('x/a', 'org/Base-8B', { downloads: 50 }),
			packing('x/b', 'x/a', { downloads: 60 }),
			packing('y/Base-8B-AWQ', null, { downloads: 10, architecture_family: 'Qwen' }),
			packing('z/base-8b-4bit', null, { downloads: 5 }),
			packing('z/Base-8B-GPTQ', null, { downloads: 4, architecture_family: 'BERT' }),
			packing('org/Other', null, { downloads: 70 }),
		]);
		expect(told(catalog.list(grouped))).toEqual([
			'org/Base-8B: x/b, x/a, ~y/Base-8B-AWQ, ~z/base-8b-4bit',
			'org/Other',
			'z/Base-8B-GPTQ',
		]);
		expect(catalog.list(grouped)).toMatchObject({ total: 3, matching: 7, next_cursor: null });
	});

	it('stand under their most downloaded packing where no list has the base', () => {
		const catalog = made([
			packing('x/one', 'gone/Base', { downloads: 5 }),
			packing('x/two', 'gone/Base', { downloads: 9 }),
			packing('x/Lost-7B-GGUF', null, { downloads: 1 }),
			packing('y/Lost-7B-AWQ', null, { downloads: 2 }),
			packing('y/Alone-7B-AWQ', null, { downloads: 0 }),
		]);
		const page = catalog.list(grouped);
		expect(told(page)).toEqual(['x/two: x/one', 'y/Lost-7B-AWQ: ~x/Lost-7B-GGUF', 'y/Alone-7B-AWQ']);
		expect(page.models.map(({ packings }) => packings?.base)).toEqual(['gone/Base', null, undefined]);
		catalog.upsert([packing('gone/Base', null, { downloads: 3, as_of: '2027-01-01' })]);
		expect(told(catalog.list(grouped))[0]).toBe('gone/Base: x/two, x/one');
	});

	it('end where packings name each other or themselves', () => {
		const catalog = made([
			packing('x/a', 'x/b', { downloads: 3 }),
			packing('x/b', 'x/c', { downloads: 2 }),
			packing('x/c', 'x/a', { downloads: 1 }),
			packing('x/self', 'x/self'),
		]);
		expect(told(catalog.list(grouped))).toEqual(['x/a: x/b, x/c', 'x/self']);
	});

	it('show the base also where only packings of it pass, and count what passes', () => {
		const catalog = made([
			packing('org/Base-8B', null, { downloads: 90, quantization: 'fp16' }),
			packing('x/four', 'org/Base-8B', { downloads: 50, quantization: '4' }),
			packing('x/eight', 'org/Base-8B', { downloads: 40, quantization: '8' }),
		]);
		const page = catalog.list({ ...grouped, quantization: ['4'] });
		expect(told(page)).toEqual(['(org/Base-8B): x/four']);
		expect(page).toMatchObject({ total: 1, matching: 1 });
		expect(page.models[0]?.packings).toMatchObject({ total: 1, matches: false });
		expect(told(catalog.list({ ...grouped, q: 'x/eight' }))).toEqual(['(org/Base-8B): x/eight']);
	});

	it('tell at most the sixteen most downloaded packings, and count all', () => {
		const many = Array.from({ length: 30 }, (_, at) => packing(`x/p${at}`, 'org/Base', { downloads: at }));
		const [row] = made([packing('org/Base', null, { downloads: 99 }), ...many]).list(grouped).models;
		expect(row?.packings?.total).toBe(30);
		expect(row?.packings?.variants.map(({ id }) => id)).toEqual(Array.from({ length: 16 }, (_, at) => `x/p${29 - at}`));
	});

	it('are known of rows that an older Modeldex wrote', () => {
		const old = openInMemory();
		migrate(old);
		new Catalog(old).upsert([packing('org/Base', null), packing('x/a', 'org/Base'), packing('x/Base-7B-GGUF', null)]);
		old.run('UPDATE models SET packs = NULL');
		old.run("DELETE FROM meta WHERE key = 'packs_version'");
		expect(told(new Catalog(old).list({ ...grouped, sort: 'name', order: 'asc' }))).toEqual([
			'org/Base: x/a',
			'x/Base-7B-GGUF',
		]);
	});
});

describe('a grouped list', () => {
	const random = seeded(3);
	const plain = randomRecords(400, 31);
	const bases = plain.slice(0, 60).map(({ id }) => id);
	const records = plain.map((record, at) => {
		if (at < 60 || random() < 0.4) return record;
		const base = random() < 0.15 ? `gone/${Math.floor(random() * 5)}` : pick(random, [bases[0] ?? '', ...bases]);
		return { ...record, tags: [...(record.tags ?? []), `base_model:quantized:${base}`] };
	});
	const byId = new Map(records.map((record) => [record.id, record]));
	let catalog: Catalog;
	beforeAll(() => {
		catalog = made(records);
	});

	/** The base that a row's tags name; a row without one, and one whose base is not known, by itself. */
	function keyOf(id: string): string {
		const tag = byId.get(id)?.tags?.find((one) => one.startsWith('base_model:quantized:'));
		return tag?.slice('base_model:quantized:'.length) ?? id;
	}

	it.each(sortKeys)(
		'sorted by %s has every group once, where its first model stands, on pages of any length',
		(sort) => {
			for (const part of [
				{},
				{ quantization: ['4', '8'] },
				{ kind: ['gen'], min_params: 1e9 },
			] as Partial<ModelQuery>[]) {
				for (const order of ['asc', 'desc'] as const) {
					const query = { ...emptyQuery, ...part, sort, order };
					const stored = records.map(({ id }) => catalog.entry(id)).filter((one) => one !== null);
					const { ids, facets } = plainList(stored, query, { local: new Set(), read: new Set() });
					const groups = new Map<string, string[]>();
					for (const id of ids) groups.set(keyOf(id), [...(groups.get(keyOf(id)) ?? []), id]);
					const wanted = [...groups].map(([key, members]) => ({ key, members: members.toSorted() }));
					for (const limit of [7, 200]) {
						const pages = walk(catalog, { ...query, group: 'base', limit });
						const found = pages.flatMap(({ models }) =>
							models.map(({ id, packings }) => {
								const own = packings?.matches === false ? [] : [id];
								return { key: keyOf(id), count: own.length + (packings?.total ?? 0) };
							}),
						);
						expect(found).toEqual(wanted.map(({ key, members }) => ({ key, count: members.length })));
						for (const page of pages) expect(page).toMatchObject({ total: groups.size, matching: ids.length });
						expect(pages[0]?.facets.family.length).toBe(Object.keys(facets.family ?? {}).length);
					}
				}
			}
		},
	);

	it('is not another list’s: its cursor is refused there', () => {
		const { next_cursor } = catalog.list({ ...grouped, limit: 3 });
		expect(() => catalog.list({ ...emptyQuery, limit: 3, cursor: next_cursor })).toThrow('belongs to a list');
	});

	it('recommends what fits and runs, by the rule that cards show', () => {
		const device = namedMemory(16e9);
		const query: ModelQuery = { ...grouped, context: 32_768, limit: 200 };
		const checked = { check: 'llama.cpp', cacheBits: 8 } as const;
		const page = withRecommended(catalog.list(query, checked), { query, checked, device, runtimes: catalog.runtimes });
		const place = fitPlace({ device, runtime: 'llama.cpp', cacheBits: 8 });
		const taken = page.models.flatMap(({ packings }) => packings?.recommended ?? []);
		expect(taken.length).toBeGreaterThan(3);
		for (const { id, reason } of taken) {
			const record = catalog.entry(id);
			if (record === null) throw new Error(`There is no ${id}.`);
			expect(['fits', 'tight']).toContain(fitRow(record, place, 32_768).verdict);
			expect(reason).toContain('and runs on llama.cpp');
		}
		const alone = withRecommended(catalog.list(query), {
			query,
			checked: unchecked,
			device,
			runtimes: catalog.runtimes,
		});
		expect(alone.models.flatMap(({ packings }) => packings?.recommended ?? []).length).toBeGreaterThan(taken.length);
	});
});
