// Money and slots: nothing is sent that may not be paid for, however many ask at once, and everything is given back.
import { describe, expect, it } from 'vitest';
import { CallFailure } from '#lib/core/registry/call.ts';
import { costOf, worstCost, type Price } from '#lib/core/registry/price.ts';
import { windowAt } from '#lib/core/registry/budget.ts';
import { estimateTokens, noUsage } from '#lib/core/registry/usage.ts';
import { number } from '#lib/server/database.ts';
import type { Step } from '../../support/fake-candidates.ts';
import { A, B, routeRig, threeProviders } from '../../support/route-rig.ts';

const answer: Step[] = [{ wait: 50 }, { say: 'hello' }, { tokens: { input_uncached: 100, output_text: 100 } }];
const tier = { strategy: 'first' as const, providers: [A] };
const asks = (count: number) => Array.from({ length: count }, (_, at) => ({ user: `u${at % 7}` }));

describe('limits', () => {
	it('lets exactly as many of a thousand through as the money is enough for', async () => {
		const rig = routeRig({ config: { tiers: { t: tier } }, scripts: { [A]: answer } });
		// Worst case of one: 11 tokens in (+5 %) at 1, 100 out at 2 dollars per million.
		const worst = worstCost({ rates: { input: 1, output: 2 }, tiers: [], source: 'file' }, 12, 100);
		const limits = [{ scope: 'key:k', unit: 'nano_usd', amount: worst * 10, window: 'month', mode: 'hard' }] as const;
		const answers = await rig.askAll(asks(1000).map((one) => ({ ...one, limits })));
		expect(answers.filter(({ failure }) => failure === null)).toHaveLength(10);
		expect(rig.fake.calls).toHaveLength(10);
		expect(answers.find(({ failure }) => failure !== null)?.failure).toMatchObject({
			code: 'budget_exceeded',
			status: 429,
		});
	});

	it('lets exactly ten of a thousand through a limit of ten requests', async () => {
		const rig = routeRig({ config: { tiers: { t: tier } }, scripts: { [A]: answer } });
		const limits = [{ scope: 'key:k', unit: 'requests', amount: 10, window: 'minute', mode: 'hard' }] as const;
		const answers = await rig.askAll(asks(1000).map((one) => ({ ...one, limits })));
		expect(answers.filter(({ failure }) => failure === null)).toHaveLength(10);
		expect(rig.fake.calls).toHaveLength(10);
		const { failure } = answers.find((one) => one.failure !== null) ?? {};
		expect(failure?.retryAfter).toBeLessThanOrEqual(60);
	});

	it('settles to what was spent, gives back the rest and tells shares that were passed', async () => {
		const config = { tiers: { t: { ...tier, costLimit: { usd: 0.001, window: 'day' as const } } } };
		const rig = routeRig({ config, scripts: { [A]: answer } });
		for (let at = 0; at < 3; at += 1) await rig.ask({});
		const [limit] = rig.registry.plan('tier:t', { user: null }).limits;
		if (limit === undefined) throw new Error('no limit');
		expect(rig.ledger.state(limit)).toMatchObject({ spent: 900_000, reserved: 0 });
		expect(rig.alerts.map(({ share }) => share)).toEqual([50, 80]);
		expect((await rig.ask({})).failure?.code).toBe('budget_exceeded');
	});

	it('never lets a request cost more than it may, all tries together', async () => {
		const fail: Step[] = [{ say: 'a'.repeat(400) }, { fail: new CallFailure('cut', 'x') }];
		const rig = routeRig({
			config: { tiers: { t: { strategy: 'fallback', providers: [A, B], maxCost: 0.0003 } } },
			scripts: { [A]: fail, [B]: answer },
		});
		const { record, failure } = await rig.ask({ wantsStream: false, body: { messages: [], max_tokens: 140 } });
		expect(failure).not.toBe(null);
		expect(record.attempts.map(({ reason, outcome }) => [outcome, reason])).toContainEqual([
			'skipped',
			'too_expensive',
		]);
	});

	it('refuses what may cost more than the caller gives, before anything is sent', async () => {
		const rig = routeRig({ config: { tiers: { t: tier } }, scripts: { [A]: answer } });
		const { failure } = await rig.ask({ options: { maxCost: 0.0001 } });
		expect(failure).toMatchObject({ code: 'max_cost', status: 402 });
		expect(failure?.message).toContain('$0.000212');
		expect(rig.fake.calls).toHaveLength(0);
	});

	it('lowers max_tokens instead where that is wanted, and says so', async () => {
		const rig = routeRig({ config: { tiers: { t: { ...tier, clampMaxTokens: true } } }, scripts: { [A]: answer } });
		const { record } = await rig.ask({ options: { maxCost: 0.0001 } });
		expect(rig.fake.calls[0]?.body.max_tokens).toBe(44);
		expect(record.notes.join(' ')).toContain('lowered to 44');
	});

	it('takes an unknown price for not allowed where money is limited, and never for zero', async () => {
		const providers = { ...threeProviders, a: { type: 'cloud' } };
		const scripts = { [A]: answer };
		const limited = routeRig({ config: { providers, tiers: { t: { ...tier, maxCost: 1 } } }, scripts });
		expect((await limited.ask({})).record.attempts[0]?.reason).toBe('price_unknown');
		const free = routeRig({ config: { providers, tiers: { t: tier } }, scripts });
		expect((await free.ask({})).record.cost.total).toBe(null);
		const allowed = routeRig({
			config: { providers, tiers: { t: { ...tier, maxCost: 1, onUnknownPrice: 'allow' } } },
			scripts,
		});
		expect((await allowed.ask({})).failure).toBe(null);
	});

	it('gives back what a crashed process kept', async () => {
		const rig = routeRig({ config: { tiers: { t: tier } }, scripts: {} });
		const limit = { scope: 'global', unit: 'nano_usd', amount: 1000, window: 'month', mode: 'hard' } as const;
		const need = { limits: [limit], worst: 900, expected: null, withinMs: 1000 };
		expect(rig.ledger.reserve({ ...need, id: 'crashed' })).toBe(null);
		expect(rig.ledger.reserve({ ...need, id: 'next' })?.limit.scope).toBe('global');
		await rig.clock.pass(100_000);
		expect(rig.ledger.reserve({ ...need, id: 'later' })).toBe(null);
		expect(number(rig.database.first('SELECT count(*) FROM budget_reservations')?.[0])).toBe(1);
	});
});

describe('slots', () => {
	it('runs no more at once than a provider takes, in turns between users', async () => {
		const providers = { ...threeProviders, a: { ...threeProviders?.a, type: 'cloud', maxConcurrent: 2 } };
		const rig = routeRig({ config: { providers, tiers: { t: tier } }, scripts: { [A]: answer } });
		const users = ['ann', 'ann', 'ann', 'ann', 'bob'];
		const answers = await rig.askAll(users.map((user) => ({ user })));
		expect(rig.fake.mostOpen).toBe(2);
		const ends = answers.map(({ record }) => record.attempts[0]?.started_ms ?? 0);
		expect(ends[4]).toBeLessThan(ends[3] ?? 0);
		expect(rig.router.slots.taken('provider a')).toBe(0);
	});

	it('refuses what does not fit the queue', async () => {
		const config = { tiers: { t: { ...tier, maxConcurrent: 1, queue: { max: 1, timeout: 30 } } } };
		const rig = routeRig({ config, scripts: { [A]: answer } });
		const answers = await rig.askAll(asks(3));
		expect(answers.map(({ failure }) => failure?.code ?? 'ok')).toEqual(['ok', 'queue_full', 'queue_full']);
		expect(answers[1]?.failure).toMatchObject({ status: 429, retryAfter: 1 });
		expect(rig.router.slots.taken('tier:t')).toBe(0);
	});
});

describe('prices', () => {
	const price: Price = {
		rates: { input: 1, output: 2, cache_read: 0.1 },
		tiers: [{ above: 1000, input: 2, output: 4 }],
		source: 'file',
	};

	it('bills every part once, cached ones cheaper', () => {
		expect(
			costOf({ ...noUsage, input_uncached: 100, cache_read: 100, output_text: 10, output_reasoning: 10 }, price),
		).toBe(100_000 + 10_000 + 40_000);
		expect(costOf({ ...noUsage, cache_write_5m: 10 }, price)).toBe(10_000);
	});

	it('takes the dearer rate for the whole request beyond a bound', () => {
		expect(costOf({ ...noUsage, input_uncached: 1000 }, price)).toBe(1_000_000);
		expect(costOf({ ...noUsage, input_uncached: 1001 }, price)).toBe(2_002_000);
	});

	it('knows the calendar', () => {
		const at = Date.UTC(2026, 10, 22, 13, 14, 15); // a Sunday
		const starts = (['minute', 'hour', 'day', 'week', 'month'] as const).map((window) =>
			new Date(windowAt(window, at).start).toISOString().slice(0, 16),
		);
		expect(starts).toEqual([
			'2026-11-22T13:14',
			'2026-11-22T13:00',
			'2026-11-22T00:00',
			'2026-11-16T00:00',
			'2026-11-01T00:00',
		]);
	});

	it('counts dense scripts as more tokens', () => {
		expect([estimateTokens('abcdefgh'), estimateTokens('漢字漢字漢字')]).toEqual([2, 4]);
	});
});
