// What writes change in the catalog's lists: what is learned, listed, found here, and written by another process.
import { describe, expect, it } from 'vitest';
import { withoutOwn } from '#lib/core/runtime-profiles.ts';
import type { ModelCharacteristics } from '#lib/core/model.ts';
import { emptyQuery } from '#lib/core/query.ts';
import { parseQuery } from '#lib/core/query-url.ts';
import { Catalog } from '#lib/server/catalog.ts';
import { openDatabase, type Database } from '#lib/server/database.ts';
import { migrate } from '#lib/server/migrations.ts';
import { made, walk } from '../support/catalog-rig.ts';
import { temporaryFolder } from '../support/folder.ts';
import { blankRecord, randomRecords } from '../support/records.ts';

const root = temporaryFolder();

function open(name: string): Database {
	return openDatabase({ directory: `${root}/${name}`, now: () => new Date(0), prepare: migrate }).database;
}

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
			runtimes: withoutOwn,
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
