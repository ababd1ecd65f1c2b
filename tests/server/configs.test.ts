// Where characteristics come from, in which order, what is asked of the Hub for them, and what is kept.
import { describe, expect, it } from 'vitest';
import { recordFromListing } from '#lib/core/entry.ts';
import { fetchState } from '#lib/server/store/configs.ts';
import { saveListings } from '#lib/server/store/listings.ts';
import {
	another,
	catalog,
	clock,
	collectLines,
	database,
	fake,
	hub,
	inSnapshot,
	llama,
	reader,
	root,
	sha,
	shipped,
} from '../support/configs-rig.ts';
import { cacheModel } from '../support/hub-cache.ts';

describe('one config', () => {
	it('comes from the Hub once, then from our cache', async () => {
		const configs = reader();
		const first = await configs.read('meadow/Open');
		expect(first).toMatchObject({ source: 'hub', revision: sha.old, config_status: 'ok', num_hidden_layers: 8 });
		expect(fake.stats.requests).toHaveLength(2);
		const second = await reader().read('meadow/Open');
		expect(second).toMatchObject({
			source: 'cache',
			revision: sha.old,
			num_hidden_layers: 8,
			fetched_at: first.fetched_at,
		});
		expect(fake.stats.requests).toHaveLength(2);
		expect(fetchState(database, 'meadow/Open')).toMatchObject({ status: 'ok', commit: sha.old });
	});

	it('is asked for once when many want it at the same time', async () => {
		const configs = reader();
		const all = await Promise.all(Array.from({ length: 20 }, () => configs.read('meadow/Open')));
		expect(new Set(all.map(({ num_hidden_layers }) => num_hidden_layers))).toEqual(new Set([8]));
		expect(fake.stats.requests).toHaveLength(2);
	});

	it('on this machine comes first and asks nothing', async () => {
		cacheModel(root, { id: 'local/Only', commit: sha.new, files: { 'config.json': llama(3) } });
		expect(await reader().read('local/Only')).toMatchObject({
			source: 'local',
			revision: sha.new,
			num_hidden_layers: 3,
		});
		expect(fake.stats.requests).toHaveLength(0);
	});

	it('is looked at anew by a refresh, which costs no content when nothing changed', async () => {
		const configs = reader();
		await configs.read('meadow/Open');
		expect((await configs.read('meadow/Open', { refresh: true })).source).toBe('hub');
		expect(fake.stats.requests.at(-1)?.status).toBe(304);
		const open = fake.world.find('meadow/Open');
		if (open) open.refs.main = sha.new;
		expect(await configs.read('meadow/Open')).toMatchObject({ source: 'cache', num_hidden_layers: 8 });
		expect(await configs.read('meadow/Open', { refresh: true })).toMatchObject({
			revision: sha.new,
			num_hidden_layers: 16,
		});
		expect(await configs.read('meadow/Open')).toMatchObject({ source: 'cache', num_hidden_layers: 16 });
	});

	it('of the default branch is looked at anew in the background when it is some hours old', async () => {
		const configs = reader();
		await configs.read('meadow/Open');
		const open = fake.world.find('meadow/Open');
		if (open) open.refs.main = sha.new;
		await clock.leap(7 * 3600 * 1000);
		expect(await configs.read('meadow/Open')).toMatchObject({ source: 'cache', num_hidden_layers: 8 });
		await expect.poll(() => fetchState(database, 'meadow/Open')?.commit).toBe(sha.new);
		expect(await configs.read('meadow/Open')).toMatchObject({ source: 'cache', num_hidden_layers: 16 });
	});

	it('can be asked for at a tag or a commit, which is kept for ever', async () => {
		const configs = reader();
		expect(await configs.read('meadow/Open', { revision: 'v2' })).toMatchObject({
			revision: sha.new,
			num_hidden_layers: 16,
		});
		fake.resetStats();
		expect(await configs.read('meadow/Open', { revision: sha.new })).toMatchObject({
			source: 'cache',
			num_hidden_layers: 16,
		});
		expect(fake.stats.requests).toHaveLength(0);
		expect(fetchState(database, 'meadow/Open')).toBeNull();
		await expect(configs.read('meadow/Open', { revision: 'v3' })).rejects.toMatchObject({ code: 'not_found' });
		await expect(configs.read('meadow/Open', { revision: '../x' })).rejects.toMatchObject({ code: 'invalid_revision' });
	});

	it('says when the Hub has another name for the model', async () => {
		const read = await reader().read('meadow/Old');
		expect(read).toMatchObject({ id: 'meadow/Old', num_hidden_layers: 8 });
		expect(read.warnings.join()).toContain('meadow/Open');
	});

	it('that cannot be read is an answer, and asked for once', async () => {
		const configs = reader();
		for (const id of ['meadow/Broken', 'meadow/Page']) {
			const read = await configs.read(id);
			expect(read).toMatchObject({ config_status: 'invalid', hidden_size: null });
			expect(read.warnings[0]).toBeTruthy();
			expect(await configs.read(id)).toMatchObject({ config_status: 'invalid', source: 'cache' });
		}
		expect(fake.stats.requests).toHaveLength(4);
	});

	it('that is far too large is an answer too, read no further than the limit', async () => {
		fake.fault({ match: 'resolve-cache', fault: { kind: 'body', body: Buffer.alloc(50_000_000, 32) } });
		const read = await reader().read('meadow/Open');
		expect(read).toMatchObject({ config_status: 'invalid', hidden_size: null });
		expect(read.warnings[0]).toMatch(/MB|large|long/i);
	});

	it('refuses what is no id without asking', async () => {
		await expect(reader().read('../../etc/passwd')).rejects.toMatchObject({ code: 'invalid_model_id' });
		expect(fake.stats.requests).toHaveLength(0);
	});

	it('teaches the catalog', async () => {
		catalog.upsert([recordFromListing({ id: 'meadow/Open' }, 'hub', '2026-11-20')]);
		expect(catalog.entry('meadow/Open')?.context_window).toBeNull();
		await reader().read('meadow/Open');
		expect(catalog.entry('meadow/Open')).toMatchObject({
			context_window: 4096,
			model_type: 'llama',
			fetchStatus: 'ok',
		});
	});
});

describe('a model without a config', () => {
	it('gets what its list fields tell when its weights have no readable header, at the cost of four requests once', async () => {
		const configs = reader();
		const read = await configs.read('shelf/Weights-GGUF');
		expect(read).toMatchObject({
			config_status: 'missing',
			model_type: 'llama',
			hidden_size: null,
			context_window: 8192,
		});
		expect(read.parameters.total).toBe(1_000_000_000);
		expect(read.warnings.join()).toMatch(/The header of its GGUF file was not read: This is no usable GGUF file/);
		expect(fake.stats.requests).toHaveLength(4);
		expect(await configs.read('shelf/Weights-GGUF')).toMatchObject({ config_status: 'missing', model_type: 'llama' });
		expect(fake.stats.requests).toHaveLength(4);
	});

	it('costs one request as a card when it was listed before', async () => {
		const { facts } = await hub.info('shelf/Weights-GGUF');
		saveListings(database, [facts], '2026-11-20T00:00:00.000Z');
		fake.resetStats();
		const lines = await collectLines(
			reader().readMany(['shelf/Weights-GGUF'], { signal: new AbortController().signal }),
		);
		expect(lines).toMatchObject([{ characteristics: { config_status: 'missing', context_window: 8192 } }]);
		expect(fake.stats.requests).toHaveLength(1);
	});
});

describe('a gated model', () => {
	it('gets what its list fields tell, with what to do', async () => {
		const read = await reader().read('meadow/Gated');
		expect(read).toMatchObject({
			config_status: 'gated',
			model_type: 'llama',
			hidden_size: null,
			classification: 'gen',
		});
		expect(read.warnings.join()).toMatch(/accept its conditions/);
		expect(fetchState(database, 'meadow/Gated')).toMatchObject({ status: '401', statusCode: 401 });
	});

	it('is not tried again for every card, but by a refresh with a better token', async () => {
		const configs = reader();
		await configs.read('meadow/Gated');
		fake.resetStats();
		expect(await configs.read('meadow/Gated')).toMatchObject({ config_status: 'gated', model_type: 'llama' });
		expect(fake.stats.requests).toHaveLength(0);
		const admitted = reader(another({ token: 'hf_in' }));
		expect(await admitted.read('meadow/Gated', { refresh: true })).toMatchObject({
			config_status: 'ok',
			num_hidden_layers: 8,
		});
		expect(await configs.read('meadow/Gated')).toMatchObject({ source: 'cache', config_status: 'ok' });
	});

	it('fails with what to do when its list fields say too little', async () => {
		await expect(reader().read('meadow/Silent')).rejects.toMatchObject({ code: 'gated', status: 403 });
		expect(fetchState(database, 'meadow/Silent')).toMatchObject({ status: '401' });
	});

	it('gets the facts of the snapshot where those are richer', async () => {
		shipped.set('meadow/Gated', inSnapshot('meadow/Gated'));
		expect(await reader().read('meadow/Gated')).toMatchObject({
			source: 'snapshot',
			config_status: 'gated',
			num_hidden_layers: 4,
		});
	});
});
