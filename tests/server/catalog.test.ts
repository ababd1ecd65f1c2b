// The catalog's lists against a plain reference: filters, facets, orders, what is pending, and runtimes.
import { describe, expect, it } from 'vitest';
import { withoutOwn } from '#lib/core/runtime-profiles.ts';
import { cachePrecisions } from '#lib/core/fit.ts';
import {
	emptyQuery,
	listSources,
	modalities,
	sortKeys,
	type Checked,
	type Facets,
	type ModelQuery,
} from '#lib/core/query.ts';
import { parseQuery } from '#lib/core/query-url.ts';
import { builtInRuntimes } from '#lib/core/runtime.ts';
import { Catalog } from '#lib/server/catalog.ts';
import { openDatabase, openInMemory, type Database } from '#lib/server/database.ts';
import { migrate } from '#lib/server/migrations.ts';
import { made, walk } from '../support/catalog-rig.ts';
import { temporaryFolder } from '../support/folder.ts';
import { plainCard, plainList } from '../support/plain-list.ts';
import { blankRecord, pick, randomRecords } from '../support/records.ts';
import { seeded } from '../support/seeded.ts';

const root = temporaryFolder();
const [first = 'vllm', ...others] = builtInRuntimes;

function open(name: string): Database {
	return openDatabase({ directory: `${root}/${name}`, now: () => new Date(0), prepare: migrate }).database;
}

function counts(facets: Facets): Record<string, Record<string, number>> {
	return Object.fromEntries(
		Object.entries(facets).map(([name, values]) => [name, Object.fromEntries(values.map((v) => [v.value, v.count]))]),
	);
}

function randomQuery(random: () => number): ModelQuery {
	const some = <T>(share: number, choices: readonly [T, ...T[]]): T[] =>
		random() < share ? [...new Set([pick(random, choices), pick(random, choices)])] : [];
	const maybe = <T>(share: number, value: () => T): T | null => (random() < share ? value() : null);
	return {
		...emptyQuery,
		q: pick(random, ['', '', '', 'lama', 'qwen 7b', 'q', 'bloke/llama', 'instruct-4', 'chat_base', '!!', 'user1 8']),
		family: some(0.3, ['Llama', 'Qwen', 'Unknown', 'Gemma', 'Nobody']),
		quantization: some(0.3, ['4', 'fp16', 'unknown', '8', 'other']),
		modality: random() < 0.25 ? pick(random, modalities) : 'any',
		kind: some(0.2, ['gen', 'unknown', 'encoder']),
		author: some(0.15, ['Qwen', 'TheBloke', 'nobody']),
		license: some(0.2, ['mit', 'unknown', 'apache-2.0']),
		gated: maybe(0.2, () => random() < 0.5),
		size_class: some(0.15, ['small', 'medium', 'unknown', 'large']),
		weight_class: some(0.15, ['8-16gb', 'to-4gb', 'unknown', '32-80gb']),
		min_params: maybe(0.2, () => Math.floor(random() * 20) * 5e8),
		max_params: maybe(0.2, () => Math.floor(random() * 20) * 5e8),
		min_context: maybe(0.2, () => 2 ** (9 + Math.floor(random() * 9))),
		runtime: maybe(0.3, () => pick(random, [first, ...others])),
		show_incompatible: random() < 0.1,
		fits: maybe(0.3, () => (random() < 0.3 ? plainCard.id : String(Math.floor(random() ** 2 * 6e10) + 1))),
		context: maybe(0.5, () => 2 ** (9 + Math.floor(random() * 9))),
		source: pick(random, [null, ...listSources]),
		sort: pick(random, sortKeys),
		order: pick(random, ['desc', 'asc']),
		limit: 1 + Math.floor(random() * 60),
	};
}

describe('runtimes in the catalog', () => {
	const llama = { model_type: 'llama', architectures: ['LlamaForCausalLM'], tags: ['safetensors'] };
	const ask = (catalog: Catalog) => catalog.list({ ...emptyQuery, runtime: 'vllm' }).models.map(({ id }) => id);

	it('are known of rows that an older Modeldex wrote', () => {
		const database = openInMemory();
		migrate(database);
		new Catalog(database).upsert([{ ...blankRecord('org/old'), ...llama }, blankRecord('org/unknown')]);
		database.run('UPDATE models SET runs = 0');
		database.run('DELETE FROM run_facts');
		database.run("DELETE FROM meta WHERE key LIKE 'run_%'");
		expect(ask(new Catalog(database))).toEqual(['org/old']);
	});

	it('are asked again when their lists or the rules have changed', () => {
		const database = openInMemory();
		migrate(database);
		new Catalog(database).upsert([{ ...blankRecord('org/model'), ...llama }]);
		database.run('UPDATE run_facts SET loads = 0');
		expect(ask(new Catalog(database))).toEqual([]);
		database.run("UPDATE meta SET value = 'older lists' WHERE key = 'run_masks_version'");
		expect(ask(new Catalog(database))).toEqual(['org/model']);
	});

	it('follow what is learned and what another process writes', () => {
		const database = open('runtimes');
		const catalog = new Catalog(database);
		catalog.upsert([{ ...blankRecord('org/model'), tags: ['safetensors'] }]);
		expect(catalog.list({ ...emptyQuery, runtime: 'vllm' })).toMatchObject({ total: 0, pending: 1 });
		const other = new Catalog(open('runtimes'));
		other.upsert([{ ...blankRecord('org/model'), ...llama, as_of: '2027-01-01' }]);
		expect(ask(catalog)).toEqual(['org/model']);
	});
});

describe('a list', () => {
	const records = randomRecords(600, 7);
	const local = new Set(records.filter((_, index) => index % 9 === 0).map(({ id }) => id));
	const catalog = made(records);
	catalog.setLocal(local);
	catalog.setDevices([plainCard]);
	const gone = records.filter((_, index) => index % 5 === 0);
	const read = new Set(gone.map(({ id }) => id));
	for (const id of read) catalog.learnFailure(id, { status: '404' });

	it.each([1, 2, 3, 4])('means what the plain reference says, 100 queries of seed %i', (seed) => {
		const random = seeded(seed);
		let found = 0;
		for (let round = 0; round < 100; round += 1) {
			const query = randomQuery(random);
			const check = random() < 0.4 ? pick(random, [first, ...others]) : null;
			const checked: Checked = { check, cacheBits: pick(random, cachePrecisions) };
			const plain = plainList(records, query, { local, read, checked });
			const page = catalog.list(query, checked);
			expect({ query, total: page.total, pending: page.pending, facets: counts(page.facets) }).toEqual({
				query,
				total: plain.ids.length,
				pending: plain.pending,
				facets: plain.facets,
			});
			expect({ query, ids: walk(catalog, query, { checked }) }).toEqual({ query, ids: plain.ids });
			found += plain.ids.length;
		}
		expect(found).toBeGreaterThan(1000);
	});

	it('orders facets by count, quantization naturally, and leaves empty choices out', () => {
		const { facets } = catalog.list(emptyQuery);
		const family = facets.family.map(({ count }) => count);
		expect(family).toEqual(family.toSorted((a, b) => b - a));
		expect(facets.quantization.map(({ value }) => value)).toEqual([
			'2',
			'3',
			'4',
			'5',
			'6',
			'8',
			'fp16',
			'other',
			'unknown',
		]);
		const narrow = catalog.list({ ...emptyQuery, q: records.at(-1)?.id ?? '' });
		expect(narrow.facets.family).toHaveLength(1);
	});

	it('says of each row whether it is on this machine, and keeps file names for the single entry', () => {
		const page = catalog.list({ ...emptyQuery, limit: 200 });
		for (const model of page.models) expect(model.local).toBe(local.has(model.id));
		expect(catalog.counts()).toEqual({ mine: local.size, catalog: 600 });
		const withFiles = made([{ ...blankRecord('a/b'), siblings: ['config.json'] }]);
		expect(withFiles.list(emptyQuery).models[0]).not.toHaveProperty('siblings');
		expect(withFiles.list(emptyQuery).models[0]).not.toHaveProperty('origin');
		expect(withFiles.entry('a/b')?.siblings).toEqual(['config.json']);
		expect(withFiles.entry('a/B')).toBeNull();
	});

	it('is empty and whole when nothing is known', () => {
		const { facets, ...page } = made([]).list({ ...emptyQuery, q: 'x', family: ['Qwen'] });
		expect(page).toEqual({ models: [], total: 0, matching: 0, pending: 0, next_cursor: null });
		expect(Object.values(facets).flat()).toEqual([]);
	});
});

describe('pending', () => {
	it('counts what was never looked at, not what was looked for and stays unknown', () => {
		const unread = { ...blankRecord('a/unread'), license: 'mit' };
		const listed = { ...blankRecord('a/listed'), fetchStatus: 'ok', license: 'other' } as const;
		const catalog = made([unread, blankRecord('a/gone'), listed]);
		catalog.learnFailure('a/gone', { status: '404' });
		const ask = (text: string) =>
			catalog.list(parseQuery(new URLSearchParams(text), { strict: true, runtimes: withoutOwn }));
		expect(ask('quantization=4')).toMatchObject({ total: 0, pending: 2 });
		expect(ask('quantization=4&license=mit')).toMatchObject({ total: 0, pending: 1 });
		expect(ask('quantization=4&quantization=unknown')).toMatchObject({ total: 3, pending: 0 });
		expect(ask('min_context=1k&min_params=1B&family=Qwen&modality=text')).toMatchObject({ total: 0, pending: 2 });
		expect(ask('kind=gen')).toMatchObject({ total: 0, pending: 0 });
		expect(ask('')).toMatchObject({ total: 3, pending: 0 });
	});
});
