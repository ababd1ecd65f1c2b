// Where characteristics come from, in which order, what is asked of the Hub for them, and what is kept.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { normalize } from '#lib/core/characteristics.ts';
import { recordFromListing } from '#lib/core/entry.ts';
import type { ModelCharacteristics } from '#lib/core/model.ts';
import { Catalog } from '#lib/server/catalog.ts';
import { Configs, type ConfigLine } from '#lib/server/configs.ts';
import { openInMemory } from '#lib/server/database.ts';
import { Headers } from '#lib/server/headers.ts';
import type { Hub } from '#lib/server/hub.ts';
import { Inventory } from '#lib/server/inventory.ts';
import { migrate } from '#lib/server/migrations.ts';
import { fetchState, readConfig } from '#lib/server/store/configs.ts';
import { saveListings } from '#lib/server/store/listings.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { temporaryFolder } from '../support/folder.ts';
import { cacheModel } from '../support/hub-cache.ts';
import { hubRig, idle } from '../support/hub-rig.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const llama = (layers: number) =>
	JSON.stringify({
		model_type: 'llama',
		architectures: ['LlamaForCausalLM'],
		hidden_size: 2048,
		num_hidden_layers: layers,
		num_attention_heads: 16,
		vocab_size: 32000,
		max_position_embeddings: 4096,
		torch_dtype: 'bfloat16',
	});
const curated = {
	config: { model_type: 'llama', architectures: ['LlamaForCausalLM'] },
	pipeline_tag: 'text-generation',
};
const sha = { old: '1'.repeat(40), new: '2'.repeat(40) };
const repos = () => [
	fakeRepo({
		id: 'meadow/Open',
		aliases: ['meadow/Old'],
		commits: [
			{ sha: sha.old, files: { 'config.json': llama(8) } },
			{ sha: sha.new, files: { 'config.json': llama(16) } },
		],
		refs: { main: sha.old, v2: sha.new },
	}),
	fakeRepo({ id: 'meadow/Gated', gated: 'manual', files: { 'config.json': llama(8) }, ...curated }),
	fakeRepo({ id: 'meadow/Silent', gated: 'auto', files: { 'config.json': llama(8) }, tags: [] }),
	fakeRepo({
		id: 'shelf/Weights-GGUF',
		files: { 'm-Q4_K_M.gguf': 'x', 'README.md': 'x' },
		config: {},
		tags: ['gguf', 'llama', 'conversational'],
		gguf: { total: 1_000_000_000, architecture: 'llama', context_length: 8192 },
	}),
	fakeRepo({ id: 'meadow/Broken', files: { 'config.json': '{"model_type": "llama", ' } }),
	fakeRepo({ id: 'meadow/Page', files: { 'config.json': '<html>no</html>' } }),
	...Array.from({ length: 30 }, (_, i) => fakeRepo({ id: `many/Model-${i}`, files: { 'config.json': llama(i + 1) } })),
];

const clock = new VirtualClock();
const { fake, hub, another } = await hubRig({
	repos: repos(),
	clock,
	now: clock.now,
	quotas: { api: 100_000, resolvers: 100_000 },
	users: [{ token: 'hf_in', name: 'ada', accepted: ['meadow/Gated'] }],
});
const database = openInMemory();
migrate(database);
const catalog = new Catalog(database);
const root = join(temporaryFolder(), 'hub');
const shipped = new Map<string, ModelCharacteristics>();
const made: Configs[] = [];
afterAll(() => {
	for (const configs of made) configs.close();
	database.close();
});

/** A reader with the shared store; another client of the Hub when told. */
function reader(client: Hub = hub): Configs {
	const inventory = new Inventory({ root });
	const snapshot = { characteristics: (id: string) => shipped.get(id) ?? null };
	const headers = new Headers({ hub: client, inventory, database, date: () => clock.date() });
	const configs = new Configs({ hub: client, headers, inventory, database, catalog, snapshot, clock });
	made.push(configs);
	return configs;
}

const inSnapshot = (id: string) =>
	normalize({
		id,
		source: 'snapshot',
		revision: null,
		fetchedAt: '2026-05-01',
		config: llama(4),
		configFile: 'a list',
	});

beforeEach(() => {
	fake.clearFaults();
	fake.world.set(repos());
	for (const table of ['configs', 'fetch_states', 'listings', 'headers']) database.run(`DELETE FROM ${table}`);
	shipped.clear();
	rmSync(root, { recursive: true, force: true });
	fake.resetStats();
});

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

describe('when the Hub gives nothing', () => {
	it.each([
		['is limited', { kind: 'limited', retryAfter: '600' } as const, { code: 'rate_limited', status: 503 }],
		['is in trouble', { kind: 'status', status: 503 } as const, { code: 'hub_unreachable', status: 502 }],
		['has a bug', { kind: 'status', status: 500 } as const, { code: 'hub_error', status: 502 }],
	])(
		'because it %s, an older copy, then the snapshot stands in, and only without both it fails',
		async (_, fault, wanted) => {
			const configs = reader(another());
			const run = <T>(work: Promise<T>) => clock.during(work, idle(fake));
			await run(configs.read('meadow/Open'));
			database.run('DELETE FROM fetch_states');
			fake.fault({ match: '/', fault });
			const older = await run(configs.read('meadow/Open'));
			expect(older).toMatchObject({ source: 'cache', num_hidden_layers: 8 });
			expect(older.warnings.join()).toMatch(/Not checked with the Hub/);
			shipped.set('many/Model-1', inSnapshot('many/Model-1'));
			expect(await run(configs.read('many/Model-1'))).toMatchObject({ source: 'snapshot', num_hidden_layers: 4 });
			await expect(run(configs.read('many/Model-2'))).rejects.toMatchObject(wanted);
		},
	);

	it('because of offline mode, everything at hand still works and nothing is sent', async () => {
		await reader().read('meadow/Open');
		shipped.set('many/Model-1', inSnapshot('many/Model-1'));
		fake.resetStats();
		const silent = reader(another({ offline: true }));
		expect(await silent.read('meadow/Open')).toMatchObject({ source: 'cache' });
		expect(await silent.read('meadow/Open', { refresh: true })).toMatchObject({ source: 'cache' });
		expect(await silent.read('many/Model-1')).toMatchObject({ source: 'snapshot' });
		await expect(silent.read('many/Model-2')).rejects.toMatchObject({ code: 'offline', status: 503 });
		expect(fake.stats.requests).toHaveLength(0);
	});

	it('because the model is gone, the failure says so and the catalog knows', async () => {
		catalog.upsert([recordFromListing({ id: 'meadow/Gone' }, 'hub', '2026-11-20')]);
		await expect(reader().read('meadow/Gone')).rejects.toMatchObject({ code: 'not_found', status: 404 });
		expect(catalog.entry('meadow/Gone')).toMatchObject({ fetchStatus: '401', fetchError: { statusCode: 401 } });
	});

	it('in time, a card is told so while the others are read', async () => {
		const patience = new VirtualClock();
		const client = another({ clock: patience });
		const snapshot = { characteristics: () => null };
		const inventory = new Inventory({ root });
		const configs = new Configs({
			hub: client,
			headers: new Headers({ hub: client, inventory, database, date: () => clock.date() }),
			inventory,
			database,
			catalog,
			snapshot,
			clock: patience,
		});
		made.push(configs);
		fake.fault({ match: 'Model-3/resolve', fault: { kind: 'stall', where: 'headers', ms: 60_000 } });
		const lines = collectLines(
			configs.readMany(['many/Model-3', 'many/Model-4'], { signal: new AbortController().signal }),
		);
		await expect.poll(() => fake.stats.open).toBe(1);
		await patience.leap(10_500);
		expect(await lines).toMatchObject([
			{ id: 'many/Model-4', characteristics: { num_hidden_layers: 5 } },
			{ id: 'many/Model-3', error: { code: 'hub_timeout' } },
		]);
	});
});

async function collectLines(lines: AsyncIterable<ConfigLine>): Promise<ConfigLine[]> {
	const all: ConfigLine[] = [];
	for await (const line of lines) all.push(line);
	return all;
}

describe('many configs', () => {
	const ids = Array.from({ length: 30 }, (_, i) => `many/Model-${i}`);
	const { signal } = new AbortController();

	it('are each given once, whatever else is asked for with them', async () => {
		const asked = [...ids, ids[0] ?? '', 'meadow/Nothing', '../x', 'meadow/Silent'];
		const lines = await collectLines(reader().readMany(asked, { signal }));
		expect(lines).toHaveLength(33);
		const failed = lines.flatMap((line) => ('error' in line ? [[line.id, line.error.code]] : []));
		expect(failed.sort()).toEqual([
			['../x', 'invalid_model_id'],
			['meadow/Nothing', 'not_found'],
			['meadow/Silent', 'gated'],
		]);
		expect(fake.stats.mostOpen).toBeLessThanOrEqual(12);
	});

	it('arrive as each is ready', async () => {
		fake.fault({ match: 'Model-0/resolve', times: 1, fault: { kind: 'stall', where: 'headers', ms: 60_000 } });
		const controller = new AbortController();
		const lines = reader().readMany(ids, { signal: controller.signal });
		for (let i = 0; i < 29; i += 1) expect((await lines.next()).done).toBe(false);
		controller.abort();
		await expect(lines.next()).rejects.toMatchObject({ name: 'AbortError' });
	});

	it.each([0, 1, 15, 28])('stop everything upstream when the reader leaves after %i', async (count) => {
		fake.fault({ match: '/resolve/', fault: { kind: 'stall', where: 'headers', ms: 60_000 } });
		for (let i = 0; i < count; i += 1) await cacheModelOnce(ids[i] ?? '');
		const controller = new AbortController();
		const lines = reader().readMany(ids, { signal: controller.signal });
		for (let i = 0; i < count; i += 1) await lines.next();
		const next = lines.next();
		await expect.poll(() => fake.stats.open).toBeGreaterThan(0);
		controller.abort();
		await expect(next).rejects.toMatchObject({ name: 'AbortError' });
		await expect.poll(() => fake.stats.open, { timeout: 250, interval: 5 }).toBe(0);
	});

	it('go on for another reader of the same model when one leaves', async () => {
		const configs = reader();
		fake.fault({ match: 'Open/resolve', times: 1, fault: { kind: 'drip', bytes: 5, everyMs: 1 } });
		const controller = new AbortController();
		const leaver = configs.read('meadow/Open', { signal: controller.signal });
		const stayer = configs.read('meadow/Open');
		controller.abort();
		await expect(leaver).rejects.toMatchObject({ name: 'AbortError' });
		expect((await stayer).num_hidden_layers).toBe(8);
		expect(fake.stats.requests.filter(({ path }) => path.includes('/resolve/'))).toHaveLength(1);
	});

	it('are all read in the end by someone patient, from a Hub that fails three times in ten', async () => {
		fake.fault({ match: '/resolve/', chance: 0.3, fault: { kind: 'status', status: 503 } });
		const configs = reader(another());
		const lines = await clock.during(collectLines(configs.readMany(ids, { signal, patient: true })), idle(fake));
		expect(lines.filter((line) => 'characteristics' in line)).toHaveLength(30);
	});

	it('end when the process does, and none is begun after it', async () => {
		fake.fault({ match: '/resolve/', fault: { kind: 'stall', where: 'headers', ms: 60_000 } });
		const configs = reader();
		const lines = collectLines(configs.readMany(ids, { signal }));
		await expect.poll(() => fake.stats.open).toBeGreaterThan(0);
		configs.close();
		await expect(lines).rejects.toMatchObject({ name: 'AbortError' });
		await expect.poll(() => fake.stats.open, { timeout: 250, interval: 5 }).toBe(0);
		await expect(configs.read('meadow/Open')).rejects.toMatchObject({ name: 'AbortError' });
	});

	it('leave nothing half kept: every stored file is whole', async () => {
		await collectLines(reader().readMany(ids, { signal }));
		for (const [i, id] of ids.entries()) {
			const commit = fetchState(database, id)?.commit ?? '';
			expect(readConfig(database, id, commit, 'config.json')?.text).toBe(llama(i + 1));
		}
	});
});

async function cacheModelOnce(id: string): Promise<void> {
	mkdirSync(root, { recursive: true });
	if ((await new Inventory({ root }).text(id, 'config.json', 10)) !== null) return;
	cacheModel(root, { id, commit: sha.new, files: { 'config.json': llama(2) } });
}
