// The catalog that refreshes itself: how much it asks, what it keeps, when it comes again, and how it ends.
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { emptyQuery } from '#lib/core/query.ts';
import { Catalog } from '#lib/server/catalog.ts';
import { openInMemory } from '#lib/server/database.ts';
import { migrate } from '#lib/server/migrations.ts';
import { CatalogRefresh } from '#lib/server/refresh.ts';
import { readListing } from '#lib/server/store/listings.ts';
import { fakeModels } from '../support/fake-hub-models.ts';
import { hubRig, idle } from '../support/hub-rig.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const clock = new VirtualClock();
const models = fakeModels(6000);
const { fake, hub, another } = await hubRig({ repos: models, clock, now: clock.now });
const open: (() => void)[] = [];
afterAll(() => open.forEach((close) => close()));
beforeEach(() => {
	fake.clearFaults();
	fake.resetStats();
});

function setUp(wanted?: number, client = hub) {
	const database = openInMemory();
	migrate(database);
	const catalog = new Catalog(database);
	const base = { hub: client, catalog, database, clock, onBug: (error: unknown) => expect.fail(String(error)) };
	const make = () => new CatalogRefresh(wanted === undefined ? base : { ...base, wanted });
	open.push(() => database.close());
	return { database, catalog, make };
}

const count = (catalog: Catalog) => catalog.list(emptyQuery).total;

describe('CatalogRefresh', () => {
	it('takes in the 5,000 most downloaded by a handful of requests, without holding up the process', async () => {
		const { database, catalog, make } = setUp();
		const refresh = make();
		let most = 0;
		let seen = 0;
		const turn = () => {
			most = Math.max(most, refresh.progress.done - seen);
			seen = refresh.progress.done;
			if (refresh.progress.running) setImmediate(turn);
		};
		const work = refresh.run();
		setImmediate(turn);
		await work;
		expect(fake.stats.requests.length).toBeLessThanOrEqual(10);
		expect(refresh.progress).toEqual({ running: false, done: 5000, wanted: 5000, error: null });
		expect(count(catalog)).toBe(5000);
		expect(most, 'models taken in before others got their turn').toBeLessThanOrEqual(100);
		const first = catalog.list(emptyQuery).models[0];
		expect(first).toMatchObject({ id: models[0]?.id, downloads: models[0]?.downloads });
		expect(first?.classification).not.toBe('unknown');
		expect(readListing(database, models[0]?.id ?? '')?.facts.safetensors?.total).toBe(models[0]?.safetensors?.total);
		expect(catalog.updatedAt).toMatch(/^2026-11-21T/);
	}, 30_000);

	it('starts by itself soon, comes again after some hours, and not sooner after a restart', async () => {
		const { make } = setUp(50);
		const refresh = make();
		refresh.start();
		expect(fake.stats.requests).toHaveLength(0);
		await clock.leap(2000);
		await expect.poll(() => refresh.progress.done).toBe(50);
		await expect.poll(() => refresh.progress.running).toBe(false);
		expect(fake.stats.requests).toHaveLength(1);
		await clock.leap(3600_000);
		expect(fake.stats.requests).toHaveLength(1);
		await refresh.close();

		const restarted = make();
		restarted.start();
		await clock.leap(3600_000);
		expect(fake.stats.requests).toHaveLength(1);
		await clock.leap(4 * 3600_000);
		await expect.poll(() => fake.stats.requests.length).toBe(2);
		await expect.poll(() => restarted.progress.running).toBe(false);
		await restarted.close();
	});

	it('keeps what it has when the Hub fails in the midst, and goes on from there', async () => {
		const { catalog, make } = setUp(3000);
		fake.fault({ match: 'cursor=', fault: { kind: 'status', status: 403 } });
		const refresh = make();
		await refresh.run();
		expect(refresh.progress).toMatchObject({ running: false, done: 1000, error: { code: 'forbidden' } });
		expect(count(catalog)).toBe(1000);
		fake.clearFaults();
		fake.resetStats();
		const next = make();
		await next.run();
		expect(next.progress).toMatchObject({ done: 3000, error: null });
		expect(count(catalog)).toBe(3000);
		expect(fake.stats.requests).toHaveLength(2);
	});

	it('tries again later when the Hub cannot be reached', async () => {
		const { make } = setUp(20);
		fake.fault({ match: '/api/models', times: 1, fault: { kind: 'status', status: 403 } });
		const refresh = make();
		refresh.start();
		await clock.leap(2000);
		await expect.poll(() => refresh.progress.error?.code).toBe('forbidden');
		await expect.poll(() => clock.waiting).toBeGreaterThan(0);
		await clock.leap(61_000);
		await expect.poll(() => refresh.progress).toMatchObject({ done: 20, error: null, running: false });
		await refresh.close();
	});

	it('waits out the request limit', async () => {
		const { make } = setUp(3000);
		fake.fault({ match: 'cursor=', times: 1, fault: { kind: 'limited', seconds: 100 } });
		const refresh = make();
		await clock.during(refresh.run(), idle(fake));
		expect(refresh.progress).toMatchObject({ done: 3000, error: null });
	});

	it('ends at once when the process does', async () => {
		const { make } = setUp(3000);
		fake.fault({ match: '/api/models', fault: { kind: 'stall', where: 'headers', ms: 60_000 } });
		const refresh = make();
		const work = refresh.run();
		await expect.poll(() => fake.stats.open).toBe(1);
		expect(refresh.progress.running).toBe(true);
		await refresh.close();
		await work;
		await expect.poll(() => fake.stats.open, { interval: 5 }).toBe(0);
		refresh.start();
		await clock.leap(10_000);
		expect(fake.stats.requests).toHaveLength(1);
	});

	it('does nothing in offline mode', async () => {
		const { make } = setUp(20, another({ offline: true }));
		make().start();
		await clock.leap(10_000);
		expect(fake.stats.requests).toHaveLength(0);
	});
});
