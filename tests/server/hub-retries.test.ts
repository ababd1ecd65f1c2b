// What is asked again of the Hub, how often, and how its limits are kept.
import { describe, expect, it } from 'vitest';
import { asReady } from '#lib/server/pool.ts';
import { failure } from '../support/failure.ts';
import { fakeModels } from '../support/fake-hub-models.ts';
import { hubRig, idle } from '../support/hub-rig.ts';
import { another, config, fake, read, repos } from '../support/transport-rig.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

describe('retries and limits', () => {
	it.each([408, 425, 500, 502, 503, 504])('asks again after %i', async (status) => {
		fake.fault({ match: '/resolve/', times: 2, fault: { kind: 'status', status } });
		expect((await read())?.text).toBe(config);
		expect(fake.stats.requests).toHaveLength(4);
	});

	it('asks six times at most', async () => {
		fake.fault({ match: '/resolve/', fault: { kind: 'status', status: 503 } });
		expect(await failure(read())).toMatchObject({ code: 'hub_unreachable', status: 502, statusCode: 503 });
		expect(fake.stats.requests).toHaveLength(6);
	});

	it('does not answer an outage with a storm', async () => {
		const hub = another();
		fake.fault({ match: '/resolve/', fault: { kind: 'status', status: 503 } });
		const work = Array.from({ length: 40 }, () => failure(hub.file('meadow/Open', 'config.json')));
		const codes = (await Promise.all(work)).map(({ code }) => code);
		expect(new Set(codes)).toEqual(new Set(['hub_unreachable']));
		expect(fake.stats.requests.length, 'somebody has asked').toBeGreaterThan(0);
		expect(fake.stats.requests.length).toBeLessThanOrEqual(50);
	});

	it('waits for a new window after a 429, holds up only that bucket, and tells a click at once', async () => {
		const clock = new VirtualClock();
		const rig = await hubRig({ repos, clock, now: clock.now, quotas: { api: 20, resolvers: 3 }, windowSeconds: 60 });
		await rig.hub.file('meadow/Open', 'config.json');
		const click = rig.hub.file('meadow/Open', 'config.json', { priority: 'click' });
		expect(await failure(click)).toMatchObject({ code: 'rate_limited', status: 503 });
		expect((await rig.hub.info('meadow/Open')).facts.id).toBe('meadow/Open');
		const started = clock.ticks();
		const patient = rig.hub.file('meadow/Open', 'config.json');
		const file = await clock.during(patient, idle(rig.fake));
		expect(file?.text).toBe(config);
		expect(clock.ticks() - started).toBeGreaterThan(50_000);
		expect(rig.fake.stats.limited).toBe(0);
	});

	it.each([
		['a window', { seconds: 30 }, 30],
		['seconds', { retryAfter: '40' }, 40],
		['a date', { retryAfter: new Date(Date.UTC(2026, 10, 21, 12, 0, 50)).toUTCString() }, 45],
		['nothing', {}, 1],
		['a negative number', { retryAfter: '-7' }, 1],
		['nonsense', { rateLimit: '"api";r=;t=soon' }, 1],
	])('after a 429 with %s waits as long as that means', async (_, hints, seconds) => {
		const clock = new VirtualClock();
		const rig = await hubRig({ repos, clock, now: clock.now });
		rig.fake.fault({ match: '/api/models/', times: 1, fault: { kind: 'limited', ...hints } });
		const started = clock.ticks();
		await clock.during(rig.hub.info('meadow/Open'), idle(rig.fake));
		const waited = (clock.ticks() - started) / 1000;
		expect(waited).toBeGreaterThanOrEqual(seconds);
		expect(waited).toBeLessThanOrEqual(seconds + 8);
		expect(rig.fake.stats.requests).toHaveLength(2);
	});

	it('gives up when a 429 asks for an absurd wait', async () => {
		fake.fault({ match: '/api/models/', fault: { kind: 'limited', retryAfter: '1000000000' } });
		expect(await failure(another().info('meadow/Open'))).toMatchObject({
			code: 'rate_limited',
			retryAfterSeconds: 900,
		});
	});
});

describe('many at once', () => {
	it('reads every config of a Hub that fails three times in ten, at little more than the least cost', async () => {
		const models = fakeModels(400).filter(({ commits }) => 'config.json' in (commits[0]?.files ?? {}));
		const open = models.map((repo) => ({ ...repo, gated: false as const }));
		const clock = new VirtualClock();
		const rig = await hubRig({ repos: open, clock, now: clock.now, seed: 11, quotas: { resolvers: 100_000 } });
		const chance = 0.0689; // five faults one after another: three in ten requests are hit
		rig.fake.fault({ match: '/resolve/', chance, fault: { kind: 'limited' } });
		for (const status of [500, 502, 503, 504]) {
			rig.fake.fault({ match: '/resolve/', chance, fault: { kind: 'status', status } });
		}
		const readOne = async (id: string): Promise<boolean> => {
			for (let round = 0; round < 3; round += 1) {
				const file = await rig.hub.file(id, 'config.json').catch((error: unknown) => error);
				if (file instanceof Error) continue;
				return true;
			}
			return false;
		};
		const all = Promise.all(open.map(({ id }) => readOne(id)));
		const results = await clock.during(all, idle(rig.fake));
		expect(results.filter((good) => good)).toHaveLength(open.length);
		const resolves = rig.fake.stats.requests.filter(({ path }) => path.includes('/resolve/')).length;
		expect(resolves).toBeLessThanOrEqual(open.length * 1.55);
	}, 60_000);

	it('obeys a small window to the end: everything read, hardly a refusal, no longer than the windows need', async () => {
		const open = fakeModels(240).filter(({ commits }) => 'config.json' in (commits[0]?.files ?? {}));
		const models = open.map((repo) => ({ ...repo, gated: false as const }));
		const clock = new VirtualClock();
		const quota = 100;
		const rig = await hubRig({
			repos: models,
			clock,
			now: clock.now,
			quotas: { resolvers: quota },
			windowSeconds: 300,
		});
		const started = clock.ticks();
		const { signal } = new AbortController();
		const work = async () => {
			let good = 0;
			const files = asReady(models, { concurrency: 12, signal }, ({ id }) => rig.hub.file(id, 'config.json'));
			for await (const file of files) good += file?.text == null ? 0 : 1;
			return good;
		};
		const good = await clock.during(work(), idle(rig.fake));
		const seconds = (clock.ticks() - started) / 1000;
		expect(good).toBe(models.length);
		const needed = Math.ceil((models.length * 2) / (quota * 0.9)) - 1;
		expect(seconds).toBeLessThanOrEqual(needed * 300 + 5 + needed * 2);
		expect(rig.fake.stats.limited).toBeLessThanOrEqual(3);
	}, 60_000);
});
