// The catalog's lists against a plain reference: filters, facets, orders, cursors, search, and what writes change.
import { describe, expect, it, vi } from 'vitest';
import { Failure } from '#lib/core/failure.ts';
import { cachePrecisions } from '#lib/core/fit.ts';
import type { ModelCharacteristics, ModelRecord } from '#lib/core/model.ts';
import {
	emptyQuery,
	listSources,
	modalities,
	parseQuery,
	sortKeys,
	unchecked,
	type Checked,
	type Facets,
	type ModelQuery,
} from '#lib/core/query.ts';
import { runtimeIds } from '#lib/core/runtime.ts';
import { Catalog } from '#lib/server/catalog.ts';
import { openDatabase, openInMemory, type Database } from '#lib/server/database.ts';
import { migrate } from '#lib/server/migrations.ts';
import { temporaryFolder } from '../support/folder.ts';
import { plainCard, plainList } from '../support/plain-list.ts';
import { blankRecord, pick, randomRecord, randomRecords } from '../support/records.ts';
import { seeded } from '../support/seeded.ts';

vi.setConfig({ testTimeout: 30_000 }); // the plain reference is slow, and the machine may be busy

const root = temporaryFolder();
const [first = 'vllm', ...others] = runtimeIds;

function open(name: string): Database {
	return openDatabase({ directory: `${root}/${name}`, now: () => new Date(0), prepare: migrate }).database;
}

function made(records: ModelRecord[]): Catalog {
	const database = openInMemory();
	migrate(database);
	const catalog = new Catalog(database);
	catalog.upsert(records);
	return catalog;
}

function counts(facets: Facets): Record<string, Record<string, number>> {
	return Object.fromEntries(
		Object.entries(facets).map(([name, values]) => [name, Object.fromEntries(values.map((v) => [v.value, v.count]))]),
	);
}

/** Every id of a list, page by page. */
function walk(
	catalog: Catalog,
	query: ModelQuery,
	{ between = () => {}, checked = unchecked }: { between?: () => void; checked?: Checked } = {},
): string[] {
	const ids: string[] = [];
	for (let cursor: string | null = null; ; between()) {
		const page = catalog.list({ ...query, cursor }, checked);
		ids.push(...page.models.map(({ id }) => id));
		cursor = page.next_cursor;
		if (cursor === null) return ids;
	}
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
		const ask = (text: string) => catalog.list(parseQuery(new URLSearchParams(text), { strict: true }));
		expect(ask('quantization=4')).toMatchObject({ total: 0, pending: 2 });
		expect(ask('quantization=4&license=mit')).toMatchObject({ total: 0, pending: 1 });
		expect(ask('quantization=4&quantization=unknown')).toMatchObject({ total: 3, pending: 0 });
		expect(ask('min_context=1k&min_params=1B&family=Qwen&modality=text')).toMatchObject({ total: 0, pending: 2 });
		expect(ask('kind=gen')).toMatchObject({ total: 0, pending: 0 });
		expect(ask('')).toMatchObject({ total: 3, pending: 0 });
	});
});

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

describe('writes', () => {
	const known: ModelCharacteristics = {
		id: 'a/model',
		source: 'hub',
		revision: null,
		fetched_at: '2026-11-21T00:00:00.000Z',
		config_status: 'ok',
		model_type: 'qwen3',
		architectures: ['Qwen3ForCausalLM'],
		architecture_family: 'Qwen',
		max_position_embeddings: 40960,
		context_window: 40960,
		sliding_window: null,
		num_hidden_layers: 36,
		hidden_size: 4096,
		intermediate_size: 12288,
		vocab_size: 151936,
		num_attention_heads: 32,
		num_key_value_heads: 8,
		head_dim: 128,
		num_experts: null,
		num_experts_per_token: null,
		quantization_method: 'mlx',
		quantization_bits: 4,
		quantization_group_size: 64,
		dtype: 'bfloat16',
		is_multimodal: false,
		multimodal_type: null,
		use_cache: true,
		parameters: { total: 8_190_735_360, active: 8_190_735_360, source: 'config' },
		kv_cache_bytes_per_token: 147456,
		kv_cache_fixed_bytes: 0,
		fit: null,
		classification: 'gen',
		confidence: 'high',
		evidence: {},
		conflicts: [],
		warnings: [],
	};

	it('learning moves a row into its filters, facets and orders', () => {
		const catalog = made(randomRecords(300, 9));
		catalog.upsert([blankRecord('a/model')]);
		catalog.list({ ...emptyQuery, sort: 'context' });
		const before = catalog.version;
		expect(catalog.learn('a/model', known)).toBe(true);
		expect(catalog.version).not.toBe(before);
		const query = parseQuery(new URLSearchParams('family=Qwen&quantization=4&min_context=40k&q=a/model'), {
			strict: true,
		});
		expect(catalog.list(query)).toMatchObject({ total: 1, models: [{ id: 'a/model', context_window: 40960 }] });
		const order = walk(catalog, { ...emptyQuery, sort: 'context' });
		const rows = order.map((id) => catalog.entry(id)?.context_window ?? -1);
		expect(rows).toEqual(rows.toSorted((a, b) => b - a));
		expect(catalog.learn('nobody/nothing', known)).toBe(false);
	});

	it('a listing refreshes popularity but never undoes what the config told', () => {
		const catalog = made([blankRecord('a/model')]);
		catalog.learn('a/model', known);
		catalog.upsert([
			{
				...blankRecord('a/model'),
				downloads: 99,
				likes: 5,
				license: 'mit',
				as_of: '2026-11-22',
				architecture_family: 'Llama',
			},
		]);
		expect(catalog.entry('a/model')).toMatchObject({
			downloads: 99,
			license: 'mit',
			architecture_family: 'Qwen',
			context_window: 40960,
			quantization: '4',
			fetchStatus: 'ok',
		});
		catalog.upsert([{ ...blankRecord('a/model'), downloads: 1, as_of: '2023-10', origin: 'an old list' }]);
		expect(catalog.entry('a/model')).toMatchObject({ downloads: 99, likes: 5, origin: 'hub', as_of: '2026-11-22' });
		catalog.learn('a/model', { ...known, source: 'snapshot', context_window: 1 });
		expect(catalog.entry('a/model')?.context_window).toBe(40960);
	});

	it('a copy on this machine adds a model without taking another one out of the catalog', () => {
		const catalog = made([blankRecord('a/model')]);
		catalog.setLocal(new Set(['a/model', 'me/mine']));
		expect(catalog.counts()).toEqual({ mine: 1, catalog: 1 });
		catalog.upsert([
			{ ...blankRecord('a/model'), origin: 'local' },
			{ ...blankRecord('me/mine'), origin: 'local' },
		]);
		expect(catalog.counts()).toEqual({ mine: 2, catalog: 1 });
		const ids = (source: 'mine' | 'hub' | 'all') => catalog.list({ ...emptyQuery, source }).models.map(({ id }) => id);
		expect(ids('mine')).toEqual(['a/model', 'me/mine']);
		expect(ids('hub')).toEqual(['a/model']);
		expect(ids('all')).toEqual(['a/model', 'me/mine']);
		expect(catalog.entry('me/mine')?.local).toBe(true);
	});

	it('one row with impossible values harms neither the others nor itself', () => {
		const odd = {
			...blankRecord('a/odd'),
			author: 'a\0',
			license: 'x\0y',
			name: 'n\0',
			downloads: Infinity,
			likes: NaN,
		};
		const catalog = made([blankRecord('a/fine'), odd, blankRecord('a/\0')]);
		expect(catalog.list({ ...emptyQuery, sort: 'likes' })).toMatchObject({ total: 2 });
		expect(catalog.entry('a/odd')).toMatchObject({ downloads: null, likes: null });
		expect(catalog.entry('a/\0')).toBeNull();
	});

	it('a failed look is told on the row and ends the waiting', () => {
		const catalog = made([blankRecord('a/model')]);
		expect(catalog.learnFailure('a/model', { status: '403', statusCode: 403, message: 'Gated.' })).toBe(true);
		expect(catalog.entry('a/model')).toMatchObject({
			fetchStatus: '403',
			fetchError: { statusCode: 403, message: 'Gated.' },
		});
		expect(catalog.list({ ...emptyQuery, quantization: ['4'] }).pending).toBe(0);
		catalog.upsert([blankRecord('a/busy')]);
		catalog.learnFailure('a/busy', { status: '429' });
		expect(catalog.list({ ...emptyQuery, quantization: ['4'] }).pending).toBe(1);
	});

	it('the day of the last refresh is the newest listing row, and survives a restart', () => {
		const database = open('refresh');
		const catalog = new Catalog(database);
		expect(catalog.updatedAt).toBeNull();
		catalog.upsert([{ ...blankRecord('a/old'), origin: 'a list', as_of: '2026-12' }]);
		expect(catalog.updatedAt).toBeNull();
		catalog.upsert([{ ...blankRecord('a/new'), as_of: '2026-11-21T08:00:00.000Z' }]);
		const again = new Catalog(database);
		expect(again.updatedAt).toBe('2026-11-21T08:00:00.000Z');
		expect(again.version).toBe(catalog.version);
		database.close();
	});

	it('another process’s writes show at the next question', () => {
		const mine = open('two');
		const theirs = open('two');
		const catalog = new Catalog(mine);
		const other = new Catalog(theirs);
		const before = catalog.version;
		other.upsert([{ ...blankRecord('b/theirs'), downloads: 2 }]);
		expect(catalog.list(emptyQuery).models.map(({ id }) => id)).toEqual(['b/theirs']);
		expect(catalog.version).not.toBe(before);
		catalog.upsert([{ ...blankRecord('a/mine'), downloads: 3 }]);
		other.learn('a/mine', known);
		expect(other.list(emptyQuery).models.map(({ id }) => id)).toEqual(['a/mine', 'b/theirs']);
		expect(catalog.list({ ...emptyQuery, family: ['Qwen'] }).total).toBe(1);
		mine.close();
		theirs.close();
	});
});
