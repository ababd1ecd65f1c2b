// Rows and what is known of their memory: databases of before, kept configurations, bases and their quantized copies.
import { afterEach, describe, expect, it } from 'vitest';
import { normalize } from '#lib/core/characteristics.ts';
import { recordFromListing } from '#lib/core/entry.ts';
import type { ModelRecord } from '#lib/core/model.ts';
import { emptyQuery } from '#lib/core/query.ts';
import { Catalog } from '#lib/server/catalog.ts';
import { machineClock } from '#lib/server/clock.ts';
import { Configs } from '#lib/server/configs.ts';
import { openInMemory, type Database } from '#lib/server/database.ts';
import { Headers } from '#lib/server/headers.ts';
import { Hub } from '#lib/server/hub.ts';
import { Inventory } from '#lib/server/inventory.ts';
import { migrate, migrations } from '#lib/server/migrations.ts';
import { saveConfig, saveFetchState } from '#lib/server/store/configs.ts';
import { readMeta, saveMeta } from '#lib/server/store/meta.ts';
import { blankRecord } from '../support/records.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

const config = JSON.stringify({
	model_type: 'llama',
	architectures: ['LlamaForCausalLM'],
	...{ hidden_size: 512, num_hidden_layers: 8, num_attention_heads: 8, num_key_value_heads: 2 },
	...{ intermediate_size: 1024, vocab_size: 32_000, max_position_embeddings: 4096, torch_dtype: 'bfloat16' },
});
const perToken = 4096;
const commit = 'c'.repeat(40);

function opened(): Database {
	const database = openInMemory();
	ends.push(() => database.close());
	return database;
}

function fresh(records: ModelRecord[] = []): Catalog {
	const database = opened();
	migrate(database);
	const catalog = new Catalog(database);
	catalog.upsert(records);
	return catalog;
}

/** A row as it was written before anything of memory was in it. */
function writeOldRow(database: Database, id: string): void {
	const { fit: _fit, ...record } = blankRecord(id);
	database.run(
		`INSERT INTO models (id, words, author, family, quantization, modality, kind, gated, is_read, is_learned, in_catalog,
			changed, record) VALUES (?, ?, 'org', 'Llama', 'fp16', 'text', 'gen', 0, 1, 1, 1, 1, ?)`,
		[id, id, JSON.stringify(record)],
	);
}

function keepConfig(database: Database, id: string): void {
	const fetchedAt = '2026-11-20T00:00:00.000Z';
	saveConfig(database, { id, commit, file: 'config.json', status: 'ok', text: config, etag: null, fetchedAt });
	saveFetchState(database, { id, status: 'ok', statusCode: 200, message: null, commit, fetchedAt });
}

/** Reads configurations without any Hub. */
function reader(database: Database, catalog: Catalog): Configs {
	const clock = { ...machineClock, date: () => new Date('2026-11-21T08:00:00Z') };
	const endpoint = 'http://127.0.0.1:9';
	const hub = new Hub({ endpoint, token: null, offline: true, proxy: null, version: '0', clock, random: () => 0.5 });
	const inventory = new Inventory({ root: '/nowhere' });
	const headers = new Headers({ hub, inventory, database, date: () => clock.date() });
	const snapshot = { characteristics: () => null };
	const configs = new Configs({ hub, headers, inventory, database, catalog, snapshot, clock });
	ends.push(
		() => hub.close(),
		() => configs.close(),
	);
	return configs;
}

const read = (id: string) => normalize({ id, source: 'hub', revision: commit, fetchedAt: '', config });
const fits = (catalog: Catalog) => {
	const { models, pending } = catalog.list({ ...emptyQuery, fits: '8GB' });
	return { ids: models.map(({ id }) => id), pending };
};
const copyOf = (id: string, base = 'org/base'): ModelRecord =>
	recordFromListing(
		{
			id,
			tags: ['gguf', `base_model:${base}`, `base_model:quantized:${base}`],
			siblings: ['m-Q4_K_M.gguf'],
			gguf: { total: 50_000_000 },
		},
		'hub',
		'2026-11-20T00:00:00Z',
	);

describe('a database of before', () => {
	it('keeps its rows, learns their memory from kept configurations, and asks for the list again', async () => {
		const database = opened();
		migrate(
			database,
			migrations.findIndex(({ name }) => name.startsWith('memory of models')),
		);
		for (const id of ['org/kept', 'org/bare']) writeOldRow(database, id);
		keepConfig(database, 'org/kept');
		saveMeta(database, 'refresh_done', '2026-11-20T00:00:00Z');
		migrate(database);
		expect(readMeta(database, 'refresh_done')).toBeNull();
		const catalog = new Catalog(database);
		expect(catalog.list(emptyQuery).models.map(({ fit }) => fit)).toEqual([null, null]);
		expect(fits(catalog).ids).toEqual([]);
		const configs = reader(database, catalog);
		await configs.relearn();
		expect(fits(catalog).ids).toEqual(['org/kept']);
		expect(catalog.entry('org/kept')?.fit?.kv_bytes_per_token).toBe(perToken);
		expect(catalog.entry('org/bare')?.fit).toBeNull();
		const { version } = catalog;
		await configs.relearn();
		expect(catalog.version).toBe(version);
	});

	it('goes on learning at the next start when it was closed in between', async () => {
		const database = opened();
		migrate(database);
		const catalog = new Catalog(database);
		catalog.upsert([blankRecord('org/one')]);
		keepConfig(database, 'org/one');
		const first = reader(database, catalog);
		const learning = first.relearn();
		first.close();
		await learning;
		expect(catalog.entry('org/one')?.fit).toBeNull();
		await reader(database, catalog).relearn();
		expect(catalog.entry('org/one')?.fit?.kv_bytes_per_token).toBe(perToken);
	});
});

describe('quantized copies', () => {
	it('learn the layers with their base, whichever is known first', () => {
		const after = fresh([blankRecord('org/base'), copyOf('org/copy')]);
		expect(after.entry('org/copy')?.fit).toMatchObject({ kv_bytes_per_token: null });
		expect(fits(after)).toEqual({ ids: [], pending: 2 });
		after.learn('org/base', read('org/base'));
		const before = fresh([blankRecord('org/base')]);
		before.learn('org/base', read('org/base'));
		before.upsert([copyOf('org/copy')]);
		for (const catalog of [after, before]) {
			expect(catalog.entry('org/copy')).toMatchObject({ context_window: 4096, fit: { kv_bytes_per_token: perToken } });
			expect(fits(catalog).ids.sort()).toEqual(['org/base', 'org/copy']);
		}
	});

	it('keep what they borrowed when the list is read again', () => {
		const catalog = fresh([blankRecord('org/base'), copyOf('org/copy')]);
		catalog.learn('org/base', read('org/base'));
		catalog.upsert([{ ...copyOf('org/copy'), as_of: '2026-11-21T00:00:00Z', downloads: 7 }]);
		expect(catalog.entry('org/copy')).toMatchObject({ downloads: 7, fit: { kv_bytes_per_token: perToken } });
	});

	it('are not what fine-tunes and adapters are', () => {
		const tuned = { ...copyOf('org/tuned'), tags: ['base_model:org/base', 'base_model:adapter:org/base'] };
		const catalog = fresh([blankRecord('org/base'), tuned]);
		catalog.learn('org/base', read('org/base'));
		expect(catalog.entry('org/tuned')?.fit?.kv_bytes_per_token).toBeNull();
	});
});

describe('sorting by size', () => {
	it('goes by the weights, the unknown last', () => {
		const sized = (id: string, bytes: number | null): ModelRecord => ({
			...blankRecord(id),
			fit: bytes === null ? null : { ...(read(id).fit ?? never()), weights_bytes: bytes },
		});
		const catalog = fresh([sized('a/small', 5), sized('a/none', null), sized('a/large', 9)]);
		const ids = (order: 'asc' | 'desc') =>
			catalog.list({ ...emptyQuery, sort: 'size', order }).models.map(({ id }) => id);
		expect(ids('desc')).toEqual(['a/large', 'a/small', 'a/none']);
		expect(ids('asc')).toEqual(['a/small', 'a/large', 'a/none']);
	});
});

function never(): never {
	throw new Error('the configuration says nothing of memory');
}
