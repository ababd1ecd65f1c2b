// The gate before the Hub: who may go when, by the Hub's own headers and on a clock that the test moves.
import { describe, expect, it } from 'vitest';
import { RateGate, type EnterOptions, type Outcome, type Pass } from '#lib/server/rate-gate.ts';
import { readLimit, readRetryAfter } from '#lib/server/rate-window.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

function setUp() {
	const clock = new VirtualClock();
	const gate = new RateGate({ clock, random: () => 0.5 });
	const entered: Pass[] = [];
	const enter = (options?: EnterOptions) => {
		const entry = gate.enter('api', options);
		entry.then((pass) => entered.push(pass)).catch(() => {}); // the test looks at the promise itself
		return entry;
	};
	return { clock, gate, entered, enter };
}

const told = (r: number, t: number, q = 100, status = 200): Outcome => ({
	status,
	headers: { ratelimit: `"api";r=${r};t=${t}`, 'ratelimit-policy': `"fixed window";"api";q=${q};w=300` },
});
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('readLimit', () => {
	it('reads the two headers of the draft, and the tightest of several limits', () => {
		const headers = { ratelimit: '"api";r=499;t=295', 'ratelimit-policy': '"fixed window";"api";q=500;w=300' };
		expect(readLimit(headers)).toEqual({ bucket: 'api', remaining: 499, resetMs: 295_000, quota: 500 });
		const two = readLimit({ ratelimit: '"day";r=40;t=80000, "api";r=3;t=20' });
		expect(two).toMatchObject({ bucket: 'api', remaining: 3, quota: null });
	});

	it.each(['', 'limit', '"api"', '"api";r=-1;t=2', '"api";r=x;t=2', '"api";r=1', 'r=1;t=2', '"'.repeat(50)])(
		'ignores what is not understood: %s',
		(ratelimit) => {
			expect(readLimit({ ratelimit })).toBeNull();
		},
	);

	it('believes no reset beyond 15 minutes', () => {
		expect(readLimit({ ratelimit: '"api";r=0;t=999999999' })?.resetMs).toBe(900_000);
	});
});

describe('readRetryAfter', () => {
	const today = new Date('2026-11-21T12:00:00Z');
	it.each([
		['7', 7000],
		['Sat, 21 Nov 2026 12:00:30 GMT', 30_000],
		['Sat, 21 Nov 2026 11:00:00 GMT', 0],
		['-5', null],
		['soon', null],
		['1e9', null],
		[undefined, null],
	])('reads %s', (value, wanted) => {
		expect(readRetryAfter(value === undefined ? {} : { 'retry-after': value }, today)).toBe(wanted);
	});
});

describe('RateGate', () => {
	it('lets nobody through a spent window before its end, and then one to try', async () => {
		const { clock, entered, enter } = setUp();
		(await enter()).done(told(0, 10, 100, 429));
		for (let i = 0; i < 5; i += 1) void enter();
		await clock.leap(10_000);
		expect(entered).toHaveLength(1);
		await clock.leap(2100);
		expect(entered).toHaveLength(2);
		entered[1]?.done(told(99, 300));
		await settled();
		expect(entered).toHaveLength(6);
	});

	it('believes a 429 also when it names another end of the window than was told before', async () => {
		const { clock, entered, enter } = setUp();
		(await enter()).done(told(99, 300));
		(await enter()).done(told(0, 100, 100, 429));
		void enter();
		await clock.leap(99_000);
		expect(entered).toHaveLength(2);
		await clock.leap(4000);
		expect(entered).toHaveLength(3);
	});

	it('holds up only the bucket that is spent', async () => {
		const { gate, enter } = setUp();
		(await enter()).done(told(0, 300, 100, 429));
		await expect(gate.enter('resolvers')).resolves.toBeDefined();
	});

	it('keeps a tenth of the window for clicks', async () => {
		const { clock, entered, enter } = setUp();
		(await enter()).done(told(5, 300, 50));
		void enter();
		await settled();
		expect(entered).toHaveLength(1);
		for (let i = 0; i < 6; i += 1) void enter({ priority: 'click' });
		await settled();
		expect(entered).toHaveLength(6);
		for (const pass of entered.slice(1)) pass.done(told(0, 299, 50));
		await clock.leap(303_000);
		expect(entered).toHaveLength(7);
	});

	it('never promises more than the lowest count seen, in whatever order replies come', async () => {
		const { entered, enter } = setUp();
		const first = await Promise.all([enter(), enter(), enter()]);
		first[0]?.done(told(11, 300));
		first[1]?.done(told(13, 300));
		first[2]?.done(told(12, 300));
		void enter();
		void enter();
		await settled();
		expect(entered).toHaveLength(4);
	});

	it('refuses at once when the wait would be too long, and says how long', async () => {
		const { enter } = setUp();
		(await enter()).done(told(0, 120, 100, 429));
		const refusal = enter({ priority: 'click', maxWaitMs: 3000 });
		await expect(refusal).rejects.toMatchObject({ code: 'rate_limited', status: 503 });
		await expect(refusal).rejects.toSatisfy(
			({ retryAfterSeconds }) => retryAfterSeconds >= 120 && retryAfterSeconds < 123,
		);
	});

	it('stops waiting when the caller leaves', async () => {
		const { clock, gate, enter } = setUp();
		(await enter()).done(told(0, 120, 100, 429));
		const controller = new AbortController();
		const waiting = enter({ signal: controller.signal });
		controller.abort();
		await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
		expect(clock.waiting).toBe(0);
		expect(gate.underWay).toBe(0);
	});

	it('waits as long as Retry-After says, in seconds or as a date', async () => {
		const { clock, entered, enter } = setUp();
		(await enter()).done({ status: 429, headers: { 'retry-after': '20' } });
		void enter();
		await clock.leap(19_000);
		expect(entered).toHaveLength(1);
		await clock.leap(4000);
		expect(entered).toHaveLength(2);
	});

	it('gives up on an absurd Retry-After, with 15 minutes as the longest wait it names', async () => {
		const { enter } = setUp();
		(await enter()).done({ status: 429, headers: { 'retry-after': '1000000000' } });
		await expect(enter()).rejects.toMatchObject({ code: 'rate_limited', retryAfterSeconds: 900 });
	});

	it('in a storm of bare 429 sends one probe about every five seconds, and recovers within ten', async () => {
		const { clock, entered, enter } = setUp();
		for (let i = 0; i < 200; i += 1) void enter();
		await settled();
		const burst = entered.length;
		expect(burst).toBeLessThanOrEqual(8);
		const refuse = () => entered.splice(0).forEach((pass) => pass.done({ status: 429, headers: {} }));
		refuse();
		let probes = 0;
		for (let second = 0; second < 60; second += 1) {
			await clock.leap(1000);
			expect(entered.length).toBeLessThanOrEqual(1);
			probes += entered.length;
			refuse();
		}
		expect(probes).toBeGreaterThan(5);
		expect(probes).toBeLessThanOrEqual(14);
		let most = 0;
		for (let tenth = 0; tenth < 100; tenth += 1) {
			await clock.leap(100);
			most = Math.max(most, entered.length);
			entered.splice(0).forEach((pass) => pass.done({ status: 200, headers: {} }));
			await settled();
		}
		expect(most).toBeGreaterThanOrEqual(burst);
	});

	it('sends fewer at once after trouble and more after quick answers', async () => {
		const { gate } = setUp();
		const open = async (count: number) => {
			const passes: Pass[] = [];
			for (let i = 0; i < count; i += 1) void gate.enter('resolvers').then((pass) => passes.push(pass));
			await settled();
			return passes;
		};
		const many = await open(100);
		expect(many).toHaveLength(8);
		for (let i = 0; i < 500 && many.length > i; i += 1) {
			many[i]?.done({ status: 200, headers: {} });
			await settled();
		}
		expect(gate.underWay).toBe(0);
		const grown = await open(200);
		expect(grown.length).toBeGreaterThan(8);
		expect(grown.length).toBeLessThanOrEqual(64);
	});

	it('tells what is left', async () => {
		const { gate, enter } = setUp();
		expect(gate.budget()).toEqual({});
		(await enter()).done(told(42, 60));
		expect(gate.budget()).toEqual({ api: { remaining: 42, quota: 100, resets_in_seconds: 60 } });
	});
});
