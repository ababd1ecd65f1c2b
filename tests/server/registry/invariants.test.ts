// What holds whatever candidates do: random scripts over every strategy, with the same chances in every run.
import { expect, it, vi } from 'vitest';
import { CallFailure, type CallFailureClass } from '#lib/core/registry/call.ts';
import type { TierConfigInput } from '#lib/core/registry/config.ts';
import { Breaker } from '#lib/core/registry/breaker.ts';
import { strategies } from '#lib/core/registry/strategy.ts';
import { number } from '#lib/server/database.ts';
import type { Step } from '../../support/fake-candidates.ts';
import { A, B, C, routeRig, type Rig } from '../../support/route-rig.ts';
import { seeded } from '../../support/seeded.ts';

vi.setConfig({ testTimeout: 120_000 });

const kinds: CallFailureClass[] = [
	'network',
	'overloaded',
	'rate_limit',
	'conflict',
	'auth',
	'not_found',
	'malformed',
	'bad_request',
	'context_length',
	'content_filter',
	'cut',
];

function randomScript(random: () => number, mark: string): Step[] {
	const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
	const steps: Step[] = [];
	for (let at = 0; at < 1 + random() * 6; at += 1) {
		const chance = random();
		if (chance < 0.3) steps.push({ wait: Math.floor(random() * 3000) });
		else if (chance < 0.6) steps.push({ say: `${mark}${at} ` });
		else if (chance < 0.7) steps.push({ role: true });
		else if (chance < 0.8) steps.push({ alive: true });
		else if (chance < 0.85) steps.push({ stall: true });
		else if (chance < 0.95) {
			const words = random() < 0.5 ? { retryAfterMs: Math.floor(random() * 9000) } : {};
			steps.push({ fail: new CallFailure(pick(kinds), 'Key sk-CANARY0000000000 was refused.', words) });
		}
	}
	if (random() < 0.5) steps.push({ tokens: { input_uncached: 20, output_text: 7 } });
	return steps;
}

const totalMs = 9000;

function randomRig(seed: number): { rig: Rig; random: () => number; tier: TierConfigInput } {
	const random = seeded(seed);
	const strategy = strategies[seed % strategies.length] ?? 'first';
	const tier: TierConfigInput = {
		strategy,
		providers: [A, B, C],
		timeout: { total: totalMs, ttft: 4000, idle: 2500 },
		retries: { perCandidate: Math.floor(random() * 3), maxAttempts: 4 },
		race: { maxLanes: 2, stagger: Math.floor(random() * 600) },
		costLimit: { usd: 1, window: 'month', mode: random() < 0.5 ? 'hard' : 'expected' },
		maxConcurrent: 3,
	};
	const script = (mark: string) => () => randomScript(random, mark);
	const scripts = { [A]: script('A'), [B]: script('B'), [C]: script('C') };
	return { rig: routeRig({ config: { tiers: { t: tier } }, scripts, seed }), random, tier };
}

function check(rig: Rig, answers: Awaited<ReturnType<Rig['askAll']>>): void {
	for (const { text, failure, record, events } of answers) {
		expect(new Set(text.replace(/[\d ]/g, '')).size).toBeLessThanOrEqual(1);
		if (text !== '' && failure === null) expect(record.served?.toUpperCase().startsWith(text[0] ?? '')).toBe(true);
		expect(record.outcome === 'ok').toBe(failure === null);
		expect(failure !== null || events.some(({ type }) => type !== 'alive')).toBe(true);
		const sent = record.attempts.filter(({ outcome }) => outcome !== 'skipped');
		expect(sent.length).toBeLessThanOrEqual(4);
		expect(record.ms).toBeLessThanOrEqual(totalMs + 50);
		const costs = sent.map(({ cost_nano }) => cost_nano ?? 0);
		expect(record.cost.total).toBe(costs.reduce((sum, cost) => sum + cost, 0));
		expect(new Set(record.attempts.map(({ number: at }) => at)).size).toBe(record.attempts.length);
		expect(JSON.stringify([record, failure, failure?.message])).not.toContain('CANARY');
	}
	expect([rig.fake.open, rig.clock.waiting, rig.router.slots.taken('tier:t')]).toEqual([0, 0, 0]);
	expect(['a', 'b', 'c'].map((name) => rig.router.slots.taken(`provider ${name}`))).toEqual([0, 0, 0]);
	const [spent, reserved] = rig.database.first('SELECT sum(spent), sum(reserved) FROM budgets') ?? [];
	const total = rig.records.reduce((sum, { cost }) => sum + (cost.total ?? 0), 0);
	expect([number(spent ?? null) ?? 0, number(reserved ?? null) ?? 0]).toEqual([total, 0]);
	expect(rig.bugs).toEqual([]);
}

it('serves one candidate’s words, pays for every call, and gives everything back', async () => {
	for (let seed = 0; seed < 100; seed += 1) {
		const { rig, random } = randomRig(seed);
		const answers = await rig.askAll(Array.from({ length: 4 }, () => ({ wantsStream: random() < 0.7 })));
		check(rig, answers);
	}
});

it('starts nothing after the caller has left', async () => {
	for (let seed = 0; seed < 40; seed += 1) {
		const { rig, random } = randomRig(seed);
		const leaving = new AbortController();
		const leftAt = Math.floor(random() * 6000);
		rig.clock.after(leftAt, () => leaving.abort());
		const answer = await rig.ask({}, leaving.signal);
		for (const { at } of rig.fake.calls) expect(at).toBeLessThanOrEqual(leftAt);
		expect(answer.record.ms).toBeLessThanOrEqual(Math.max(leftAt, 0) + 1);
		expect(rig.fake.open).toBe(0);
		await rig.clock.pass(10_000);
		check(rig, [answer]);
	}
});

it('never moves the end of an open breaker closer', () => {
	for (let seed = 0; seed < 150; seed += 1) {
		const random = seeded(seed);
		const breaker = new Breaker(random);
		let now = 0;
		let end = 0;
		for (let step = 0; step < 60; step += 1) {
			now += Math.floor(random() * 2000);
			const kind = kinds[Math.floor(random() * kinds.length)] ?? 'network';
			const wait = random() < 0.3 ? Math.floor(random() * 90_000) : null;
			breaker.failed(new CallFailure(kind, 'x', { retryAfterMs: wait }), now);
			const { until } = breaker.view(now);
			expect(until ?? 0).toBeGreaterThanOrEqual(end);
			end = until ?? 0;
		}
	}
});

it('keeps money within hard limits when two hundred ask at once', async () => {
	for (let seed = 0; seed < 4; seed += 1) {
		const random = seeded(seed);
		const script = () => [
			{ wait: Math.floor(random() * 900) },
			{ say: 'x' },
			{ tokens: { input_uncached: 11, output_text: Math.floor(random() * 100) } },
		];
		const costLimit = { usd: 0.002, window: 'month' as const, mode: 'hard' as const };
		const tier = { strategy: strategies[seed % 4] ?? ('first' as const), providers: [A, B, C], costLimit };
		const rig = routeRig({ config: { tiers: { t: tier } }, scripts: { [A]: script, [B]: script, [C]: script }, seed });
		await rig.askAll(Array.from({ length: 200 }, () => ({})));
		const [spent, reserved] = rig.database.first('SELECT sum(spent), sum(reserved) FROM budgets') ?? [];
		expect(number(spent ?? null)).toBeLessThanOrEqual(2_000_000);
		expect(number(spent ?? null)).toBeGreaterThan(0);
		expect(number(reserved ?? null)).toBe(0);
	}
});
