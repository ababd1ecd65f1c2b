// Discovery under the Hub's limits and troubles, in virtual time: everything read in the end, nothing asked for nothing.
import { describe, expect, it } from 'vitest';
import type { DiscoveryParams } from '#lib/core/discovery.ts';
import type { Backoff } from '#lib/server/discovery-watch.ts';
import { discoveryRig, silentModels, type Told } from '../support/discovery-rig.ts';
import type { FakeFault } from '../support/fake-hub-faults.ts';
import { hubRig, idle } from '../support/hub-rig.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

interface World {
	models: number;
	seed?: number;
	/** Requests for files per window; plenty when left out. */
	quota?: number;
	watch?: { backoff(event: Backoff): void };
}

/** A Hub and a discovery on one virtual clock. */
async function world({ models, seed = 1, quota = 1e6, watch }: World) {
	const clock = new VirtualClock();
	const quotas = { api: 1e6, resolvers: quota };
	const options = { repos: silentModels(models), clock, now: clock.now, quotas, seed, direct: true };
	const { fake, hub } = await hubRig(options);
	const rig = discoveryRig({ hub, clock, watch: watch ?? {} });
	const run = (params: DiscoveryParams = {}): Promise<Told> =>
		clock.during(rig.run({ maxCandidates: models, ...params }), idle(fake));
	const reads = () => fake.stats.requests.filter(({ path }) => path.includes('/resolve/'));
	return { clock, fake, rig, run, reads };
}

const unread = ({ done }: Told) => done.models.filter(({ fetchStatus }) => fetchStatus !== 'ok').length;

describe('a Hub that fails three times in ten', () => {
	it('gives every config in the end, and no request is wasted, whatever the chances', async () => {
		const chance = 0.0689; // five faults one after another: three in ten requests are hit
		const oneSeed = async (seed: number) => {
			const { fake, run, reads } = await world({ models: 60, seed });
			fake.fault({ match: '/resolve/', chance, fault: { kind: 'limited' } });
			for (const status of [500, 502, 503, 504]) {
				fake.fault({ match: '/resolve/', chance, fault: { kind: 'status', status } });
			}
			const result = await run();
			const good = reads().filter(({ status }) => status === 200);
			return { unread: unread(result), good: good.length, all: reads().length, meta: result.done.meta };
		};
		const seeds = await Promise.all(Array.from({ length: 6 }, (_, seed) => oneSeed(seed + 1)));
		for (const { unread: lost, good, meta, all } of seeds) {
			expect([lost, good]).toEqual([0, 60]);
			expect(meta.requests).toBe(all + 1);
			expect(meta.errors.filter(({ modelId }) => modelId !== '')).toEqual([]);
		}
		const asked = seeds.reduce((sum, { all }) => sum + all, 0);
		expect(asked / (6 * 60)).toBeLessThan(1.55);
	}, 120_000);
});

describe('the request window', () => {
	it('is used up to the reserve, waited for, and used again', async () => {
		const { clock, run, reads } = await world({ models: 250, quota: 100 });
		const started = clock.ticks();
		const result = await run();
		expect(unread(result)).toBe(0);
		expect(reads()).toHaveLength(250);
		const needed = Math.ceil(250 / 90) - 1; // a tenth is kept for clicks
		expect(clock.ticks() - started).toBeLessThanOrEqual(needed * 305_000);
		expect(result.done.meta.rate_limited).toBeUndefined();
	}, 60_000);

	it('ends the run at once when the caller does not want to wait, with what there is', async () => {
		const { clock, fake, run, reads } = await world({ models: 250, quota: 100 });
		const started = clock.ticks();
		const { done } = await run({ wait: false });
		expect(clock.ticks() - started).toBeLessThan(60_000);
		expect(done.meta.rate_limited).toBe(true);
		expect(done.models).toHaveLength(250);
		expect(done.models.filter(({ classification }) => classification === 'gen')).toHaveLength(reads().length);
		expect(reads().length).toBeGreaterThanOrEqual(80);
		expect(fake.stats.limited).toBe(0);
		expect(done.meta.errors).toEqual([expect.objectContaining({ modelId: '', code: 'rate_limited' })]);
	}, 60_000);

	it('ends the list too, and a run that could not even begin is a result', async () => {
		const { fake, run } = await world({ models: 10 });
		fake.fault({ match: 'GET /api/models?', fault: { kind: 'limited', seconds: 200 } });
		const { done } = await run({ wait: false });
		expect(done).toMatchObject({ models: [], meta: { rate_limited: true, fetched: 0 } });
	}, 60_000);

	it.each<[string, FakeFault, boolean]>([
		['seconds', { kind: 'limited', retryAfter: '120' }, false],
		['a date', { kind: 'limited', retryAfter: 'Sat, 21 Nov 2026 12:02:00 GMT' }, false],
		['nothing', { kind: 'limited' }, false],
		['a negative number', { kind: 'limited', retryAfter: '-5' }, false],
		['nonsense', { kind: 'limited', rateLimit: '"resolvers";r=x;t=?' }, false],
		['thirty years', { kind: 'limited', retryAfter: '1000000000' }, true],
	])(
		'closed with %s is waited for, or given up when it is too long',
		async (_, fault, isLimited) => {
			const { fake, run, reads } = await world({ models: 5 });
			fake.fault({ match: '/resolve/', times: 6, fault });
			const result = await run();
			expect(result.done.meta.rate_limited ?? false).toBe(isLimited);
			expect(unread(result)).toBe(isLimited ? 5 : 0);
			expect(reads().length).toBeLessThanOrEqual(11);
		},
		60_000,
	);
});

describe('a storm of refusals', () => {
	it('of a minute costs a probe every five seconds, and everything is read after it', async () => {
		const backoffs: Backoff[] = [];
		const { clock, fake, run, reads } = await world({
			models: 100,
			watch: { backoff: (event) => void backoffs.push(event) },
		});
		const end = fake.fault({ match: '/resolve/', fault: { kind: 'limited' } });
		clock.after(60_000, end);
		const result = await run();
		expect(unread(result)).toBe(0);
		const refused = reads().filter(({ status }) => status === 429);
		expect(refused.length).toBeLessThanOrEqual(8 + 14);
		expect(backoffs.filter(({ reason }) => reason === '429')).toHaveLength(refused.length);
		expect(Math.max(...backoffs.map(({ waitMs }) => waitMs))).toBeGreaterThan(4000);
		expect(result.done.meta.errors).toEqual([expect.objectContaining({ modelId: '', code: 'rate_limited' })]);
		const good = reads().filter(({ status }) => status === 200);
		expect((good.at(-1)?.at ?? 0) - (refused.at(-1)?.at ?? 0)).toBeLessThan(15_000);
	}, 60_000);

	it('that does not end is given up with what there is', async () => {
		const { clock, fake, run, reads } = await world({ models: 40 });
		fake.fault({ match: '/resolve/', fault: { kind: 'limited' } });
		const { done } = await run();
		expect(done.meta.rate_limited).toBe(true);
		expect(done.models).toHaveLength(40);
		expect(clock.ticks()).toBeLessThan(900_000);
		expect(reads().length).toBeLessThan(200);
	}, 60_000);
});

describe('a Hub that is gone', () => {
	it('ends the reads, not the run, and says how much is missing', async () => {
		const { fake, run } = await world({ models: 100 });
		let seen = 0;
		fake.fault({
			match: '/resolve/',
			fault: {
				kind: 'headers',
				change: (headers) => {
					seen += 1;
					if (seen === 20) void fake.close();
					return headers;
				},
			},
		});
		const { done } = await run();
		expect(done.models).toHaveLength(100);
		expect(done.models.filter(({ classification }) => classification === 'gen').length).toBeGreaterThanOrEqual(10);
		expect(done.meta.errors[0]).toMatchObject({ modelId: '', code: 'hub_unreachable' });
		expect(done.meta.errors[0]?.message).toMatch(/^\d+ models were not read/);
	}, 60_000);
});
