// Headers that stand in for a missing config, by range and from disk: how much is asked, and what is kept.
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recordFromListing } from '#lib/core/entry.ts';
import type { ModelCharacteristics } from '#lib/core/model.ts';
import { failure } from '../support/failure.ts';
import { temporaryFolder } from '../support/folder.ts';
import { tinyParameters } from '../support/gguf-models.ts';
import { another, catalog, fake, readers, root, shaOf, tiny } from '../support/headers-rig.ts';
import { cacheModel } from '../support/hub-cache.ts';

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
