// Many characteristics at once, and what is told when the Hub gives nothing.
import { mkdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { recordFromListing } from '#lib/core/entry.ts';
import { Configs } from '#lib/server/configs.ts';
import { Headers } from '#lib/server/headers.ts';
import { Inventory } from '#lib/server/inventory.ts';
import { fetchState, readConfig } from '#lib/server/store/configs.ts';
import {
	another,
	catalog,
	clock,
	collectLines,
	database,
	fake,
	inSnapshot,
	llama,
	made,
	reader,
	root,
	sha,
	shipped,
} from '../support/configs-rig.ts';
import { cacheModel } from '../support/hub-cache.ts';
import { idle } from '../support/hub-rig.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

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
		const { signal } = new AbortController();
		const lines = configs.readMany(['many/Model-3', 'many/Model-4'], { signal });
		const first = await lines.next();
		expect(first.value).toMatchObject({ id: 'many/Model-4', characteristics: { num_hidden_layers: 5 } });
		const rest = collectLines(lines);
		await expect.poll(() => fake.stats.open).toBe(1);
		await patience.leap(10_500);
		expect(await rest).toMatchObject([{ id: 'many/Model-3', error: { code: 'hub_timeout' } }]);
	});
});

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
	});

	it('are read twelve at a time', async () => {
		fake.fault({ match: 'GET /many/', fault: { kind: 'stall', where: 'headers', ms: 60_000 } });
		const leaving = new AbortController();
		const lines = collectLines(reader().readMany(ids, { signal: leaving.signal })).catch((error: unknown) => error);
		await expect.poll(() => fake.stats.open).toBe(12);
		expect(fake.count('GET /many/')).toBe(12);
		leaving.abort();
		await lines;
		await expect.poll(() => fake.stats.open).toBe(0);
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
		await expect.poll(() => fake.stats.open, { interval: 5 }).toBe(0);
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
		await expect.poll(() => fake.stats.open, { interval: 5 }).toBe(0);
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
