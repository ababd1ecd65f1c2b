// Headers of weight files by range and from disk: what stands in for a missing config, how much is asked, what is kept.
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { recordFromListing } from '#lib/core/entry.ts';
import { Failure } from '#lib/core/failure.ts';
import type { ModelCharacteristics } from '#lib/core/model.ts';
import { Catalog } from '#lib/server/catalog.ts';
import { machineClock } from '#lib/server/clock.ts';
import { Configs } from '#lib/server/configs.ts';
import { openInMemory } from '#lib/server/database.ts';
import { describeLocalFile, Headers } from '#lib/server/headers.ts';
import type { Hub } from '#lib/server/hub.ts';
import { Inventory } from '#lib/server/inventory.ts';
import { migrate } from '#lib/server/migrations.ts';
import { forgetConfigs } from '#lib/server/store/configs.ts';
import { fakeRepo, type FakeContent } from '../support/fake-hub-repo.ts';
import { cacheModel } from '../support/hub-cache.ts';
import { hubRig } from '../support/hub-rig.ts';
import { temporaryFolder } from '../support/folder.ts';
import { mixture, tinyModel, tinyParameters } from '../support/gguf-models.ts';
import { ggufSize, writeGguf, type GgufFile } from '../support/gguf-writer.ts';
import { writeSafetensors } from '../support/safetensors-writer.ts';

const tiny = writeGguf(tinyModel());
const split = (number: number): GgufFile => ({
	keys: {
		...(number === 0 ? tinyModel().keys : {}),
		'split.no': { type: 'u16', value: number },
		'split.count': { type: 'u16', value: 3 },
	},
	tensors: [{ name: `blk.${number}.ffn_up.weight`, dims: [64, 10], type: 'Q4_0' }],
});
const parts = Object.fromEntries(
	[0, 1, 2].map((number): [string, FakeContent] => [
		`Q4_0/tiny-Q4_0-0000${number + 1}-of-00003.gguf`,
		writeGguf(split(number)),
	]),
);
/** A file of 18 GB: a true header, and zeros that nobody ever asks for. */
const large: FakeContent = { seed: 1, size: ggufSize(mixture), head: writeGguf({ ...mixture, bare: true }) };
const gguf = { tags: ['gguf'], gguf: { total: 5, architecture: 'llama', context_length: 4096 } };
const repos = [
	fakeRepo({
		id: 'shelf/Tiny-GGUF',
		...gguf,
		files: { 'tiny-Q8_0.gguf': writeGguf(tinyModel({}, 'Q8_0')), 'tiny-Q4_K_M.gguf': tiny, 'mmproj-tiny.gguf': 'x' },
	}),
	fakeRepo({ id: 'shelf/Large-GGUF', ...gguf, files: { 'large-Q4_K_M.gguf': large } }),
	fakeRepo({ id: 'shelf/Split-GGUF', ...gguf, files: parts }),
	fakeRepo({ id: 'shelf/Broken-GGUF', ...gguf, files: { 'broken-Q4_0.gguf': Buffer.alloc(5000, 7) } }),
	fakeRepo({ id: 'shelf/Gated-GGUF', ...gguf, gated: 'manual', files: { 'tiny-Q4_0.gguf': tiny } }),
	fakeRepo({
		id: 'shelf/Plain',
		files: {
			'config.json': JSON.stringify({ model_type: 'llama', hidden_size: 64, num_hidden_layers: 2 }),
			'model.safetensors': writeSafetensors({ 'lm_head.weight': { type: 'BF16', shape: [96, 64] } }),
			'tiny-Q4_0.gguf': tiny,
			'notes.txt': 'hello',
		},
	}),
];
const users = [{ token: 'hf_in', name: 'ada', accepted: ['shelf/Gated-GGUF'] }];
const { fake, hub, another } = await hubRig({ repos, users });
const database = openInMemory();
migrate(database);
const catalog = new Catalog(database);
const root = join(temporaryFolder(), 'hub');
const made: { close(): void }[] = [];
const date = () => new Date('2026-11-21T08:00:00Z');
const clock = { ...machineClock, date };
afterAll(() => {
	for (const one of made) one.close();
	database.close();
});
beforeEach(() => {
	fake.clearFaults();
	for (const table of ['configs', 'fetch_states', 'listings', 'headers']) database.run(`DELETE FROM ${table}`);
	rmSync(root, { recursive: true, force: true });
	fake.resetStats();
});

function readers(client: Hub = hub) {
	const inventory = new Inventory({ root });
	const headers = new Headers({ hub: client, inventory, database, date });
	const snapshot = { characteristics: () => null };
	const configs = new Configs({ hub: client, headers, inventory, database, catalog, snapshot, clock });
	made.push(configs, headers);
	return { headers, configs };
}

async function failure(work: Promise<unknown>): Promise<Failure> {
	const error = await work.then(
		() => null,
		(thrown: unknown) => thrown,
	);
	if (error instanceof Failure) return error;
	throw new Error('It did not fail, or not with a Failure', { cause: error });
}

const shaOf = (id: string) => repos.find((repo) => repo.id === id)?.refs['main'] ?? '';

describe('a GGUF repository without a config', () => {
	it('is described by the header of the file that llama.cpp takes by default', async () => {
		const c = await readers().configs.read('shelf/Tiny-GGUF');
		const file = 'tiny-Q4_K_M.gguf';
		expect(c).toMatchObject({
			config_status: 'missing',
			source: 'hub',
			revision: shaOf('shelf/Tiny-GGUF'),
			model_type: 'llama',
			num_hidden_layers: 2,
			hidden_size: 64,
			vocab_size: 96,
			context_window: 2048,
			quantization_method: 'gguf',
			quantization_bits: 4,
			parameters: { total: tinyParameters, active: null, source: 'gguf' },
			kv_cache_bytes_per_token: 2 * 2 * 32 * 2,
			classification: 'gen',
		});
		expect(c.evidence['hidden_size']).toEqual({ file, path: 'llama.embedding_length', rule: 'as written' });
		expect(fake.stats.requests.map(({ origin, status }) => `${origin} ${status}`)).toEqual([
			'hub 404', // config.json
			'hub 200', // list fields
			'hub 302',
			'cdn 206',
		]);
	});

	it('costs nothing the second time, and cards get the same for nothing', async () => {
		const { configs } = readers();
		const first = await configs.read('shelf/Tiny-GGUF');
		fake.resetStats();
		expect(await configs.read('shelf/Tiny-GGUF')).toEqual({ ...first, source: 'cache' });
		const lines = [];
		for await (const line of configs.readMany(['shelf/Tiny-GGUF'], { signal: new AbortController().signal }))
			lines.push(line);
		expect(lines).toMatchObject([{ characteristics: { hidden_size: 64, source: 'cache' } }]);
		expect(fake.stats.requests).toHaveLength(0);
	});

	it('is told to the catalog', async () => {
		catalog.upsert([recordFromListing({ id: 'shelf/Tiny-GGUF' }, 'hub', '2026-11-20')]);
		await readers().configs.read('shelf/Tiny-GGUF');
		expect(catalog.entry('shelf/Tiny-GGUF')).toMatchObject({
			context_window: 2048,
			parameters_total: tinyParameters,
			quantization: '4',
		});
	});

	it('is never read for a card', async () => {
		const { configs } = readers();
		for await (const _line of configs.readMany(['shelf/Large-GGUF'], { signal: new AbortController().signal }))
			continue;
		expect(fake.count('large')).toBe(0);
	});

	it('of 18 GB costs a quarter of a megabyte', async () => {
		const c = await readers().configs.read('shelf/Large-GGUF');
		expect(c).toMatchObject({
			model_type: 'qwen3moe',
			parameters: { total: 30_532_122_624, source: 'gguf' },
			num_experts: 128,
		});
		const parts = fake.stats.requests.filter(({ origin }) => origin === 'cdn');
		expect(parts.map(({ headers }) => headers['range'])).toEqual(['bytes=0-262143']);
		expect(fake.stats.tokensAtCdn).toBe(0);
	});

	it('that is split is counted over all its parts', async () => {
		const c = await readers().configs.read('shelf/Split-GGUF');
		expect(c.parameters.total).toBe(3 * 640);
		expect(c.evidence['hidden_size']?.file).toBe('Q4_0/tiny-Q4_0-00001-of-00003.gguf');
		expect(fake.stats.requests.filter(({ origin }) => origin === 'cdn')).toHaveLength(3);
	});

	it('whose file is broken gets what its list fields tell, with why, and the file is not asked for again', async () => {
		const { configs } = readers();
		const read = await configs.read('shelf/Broken-GGUF');
		expect(read).toMatchObject({ model_type: 'llama', context_window: 4096, hidden_size: null });
		expect(read.warnings).toContain(
			'The header of its GGUF file was not read: This is no usable GGUF file: it does not start with the letters GGUF.',
		);
		fake.resetStats();
		expect((await configs.read('shelf/Broken-GGUF')).warnings).toEqual(read.warnings);
		expect(fake.stats.requests).toHaveLength(0);
	});

	it('whose file cannot be had now is asked for again the next time', async () => {
		const { configs } = readers();
		fake.fault({ match: 'tiny-Q4_K_M', fault: { kind: 'status', status: 500 } });
		const read = await configs.read('shelf/Tiny-GGUF');
		expect(read.hidden_size).toBeNull();
		expect(read.warnings.join()).toMatch(/The header of its GGUF file was not read: The Hub is in trouble/);
		fake.clearFaults();
		expect((await configs.read('shelf/Tiny-GGUF')).hidden_size).toBe(64);
	});

	it('behind a gate stays behind it', async () => {
		const c = await readers().configs.read('shelf/Gated-GGUF');
		expect(c).toMatchObject({ config_status: 'gated', hidden_size: null });
		expect(fake.count('tiny-Q4_0')).toBe(0);
	});

	it('with a config is described by the config', async () => {
		const c = await readers().configs.read('shelf/Plain');
		expect(c).toMatchObject({ config_status: 'ok', evidence: { hidden_size: { file: 'config.json' } } });
		expect(fake.count('.gguf')).toBe(0);
	});
});

describe('a model on this machine', () => {
	const commit = 'a'.repeat(40);
	const offline = () => readers(another({ offline: true }));

	it('is described by the header of its GGUF file, without a question', async () => {
		cacheModel(root, { id: 'local/Tiny-GGUF', commit, files: { 'tiny-Q4_0.gguf': tiny } });
		const c = await offline().configs.read('local/Tiny-GGUF');
		expect(c).toMatchObject({ source: 'local', revision: commit, hidden_size: 64, config_status: 'missing' });
		expect(fake.stats.requests).toHaveLength(0);
	});

	it('is known to the catalog after the look at the folder', async () => {
		cacheModel(root, { id: 'local/Tiny-GGUF', commit, files: { 'tiny-Q4_0.gguf': tiny } });
		const c: ModelCharacteristics | null = await offline().configs.readLocal('local/Tiny-GGUF');
		expect(c?.parameters.total).toBe(tinyParameters);
	});

	it('is asked of the Hub when the file here is broken', async () => {
		cacheModel(root, { id: 'shelf/Tiny-GGUF', commit, files: { 'tiny-Q4_0.gguf': 'broken' } });
		expect(await readers().configs.read('shelf/Tiny-GGUF')).toMatchObject({ source: 'hub', hidden_size: 64 });
	});

	it('never leads out of its folder', async () => {
		const folder = cacheModel(root, { id: 'local/Trap', commit, files: { 'README.md': 'x' }, layout: 'files' });
		const outside = join(temporaryFolder(), 'outside.gguf');
		writeFileSync(outside, tiny);
		symlinkSync(outside, join(folder, 'snapshots', commit, 'tiny-Q4_0.gguf'));
		const { headers } = offline();
		expect(await headers.read('local/Trap', 'tiny-Q4_0.gguf', { ask: false })).toBeNull();
		expect(await headers.read('local/Trap', 'folder.gguf', { ask: false })).toBeNull();
		expect(await failure(headers.read('local/Trap', '../../x.gguf'))).toMatchObject({ code: 'invalid_query' });
	});
});

describe('the header of one file', () => {
	it('says what its weights are', async () => {
		const set = await readers().headers.readAll('shelf/Plain', 'model.safetensors');
		expect(set?.summary).toMatchObject({
			format: 'safetensors',
			parameters: 6144,
			weight_bytes: 12_288,
			bits_per_weight: 16,
			types: [{ type: 'BF16', tensors: 1 }],
		});
		expect(fake.stats.requests).toHaveLength(2);
	});

	it('is asked for once by many at the same time', async () => {
		const { headers } = readers();
		await Promise.all(Array.from({ length: 5 }, () => headers.read('shelf/Plain', 'tiny-Q4_0.gguf')));
		expect(fake.stats.requests).toHaveLength(2);
	});

	it('is kept by commit, and forgotten with the model', async () => {
		const { headers } = readers();
		const revision = shaOf('shelf/Plain');
		await headers.read('shelf/Plain', 'tiny-Q4_0.gguf', { revision });
		expect(await headers.read('shelf/Plain', 'tiny-Q4_0.gguf', { revision, ask: false })).toMatchObject({
			source: 'cache',
			revision,
			size: tiny.length,
		});
		forgetConfigs(database, 'shelf/Plain');
		expect(await headers.read('shelf/Plain', 'tiny-Q4_0.gguf', { revision, ask: false })).toBeNull();
	});

	it('written by another version is read anew', async () => {
		const { headers } = readers();
		const revision = shaOf('shelf/Plain');
		await headers.read('shelf/Plain', 'tiny-Q4_0.gguf', { revision });
		database.run(`UPDATE headers SET header = '{"format":"gguf"}'`);
		expect(await headers.read('shelf/Plain', 'tiny-Q4_0.gguf', { revision })).toMatchObject({ source: 'hub' });
	});

	it.each([
		['notes.txt', 'invalid_query', '"notes.txt" is neither a GGUF nor a safetensors file.'],
		['a\u0000b.gguf', 'invalid_query', '"a\ufffdb.gguf" is no file name: control or direction characters.'],
		['other.gguf', 'not_found', 'shelf/Plain has no file "other.gguf".'],
	])('%s is refused', async (path, code, message) => {
		expect(await failure(readers().headers.read('shelf/Plain', path))).toMatchObject({ code, message });
	});

	it('behind a gate says what to do, and opens with a token', async () => {
		expect(await failure(readers().headers.read('shelf/Gated-GGUF', 'tiny-Q4_0.gguf'))).toMatchObject({
			code: 'gated',
		});
		const { headers } = readers(another({ token: 'hf_in' }));
		expect(await headers.read('shelf/Gated-GGUF', 'tiny-Q4_0.gguf')).toMatchObject({ source: 'hub' });
	});

	it('ends with the one who asked', async () => {
		fake.fault({ match: 'tiny-Q4_0', fault: { kind: 'stall', where: 'headers', ms: 60_000 } });
		const leaving = new AbortController();
		const reading = readers().headers.read('shelf/Plain', 'tiny-Q4_0.gguf', { signal: leaving.signal });
		leaving.abort();
		await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
	});
});

describe('a file anywhere on this machine', () => {
	const folder = temporaryFolder();
	const put = (name: string, bytes: Uint8Array) => {
		writeFileSync(join(folder, name), bytes);
		return join(folder, name);
	};

	it('is known by its first bytes, not by its name', async () => {
		expect(await describeLocalFile(put('blob', tiny))).toMatchObject({ size: tiny.length, header: { format: 'gguf' } });
		const tensors = writeSafetensors({ a: { type: 'F16', shape: [4] } });
		expect((await describeLocalFile(put('other.gguf', tensors))).header.format).toBe('safetensors');
	});

	it('is refused when it is broken, a folder, a link or not there', async () => {
		expect(await failure(describeLocalFile(put('broken', tiny.subarray(0, 700))))).toMatchObject({
			code: 'invalid_gguf',
		});
		mkdirSync(join(folder, 'inner'));
		symlinkSync(join(folder, 'blob'), join(folder, 'link'));
		for (const name of ['inner', 'link', 'missing'])
			expect(await failure(describeLocalFile(join(folder, name)))).toMatchObject({ code: 'unsafe_local_path' });
	});
});
