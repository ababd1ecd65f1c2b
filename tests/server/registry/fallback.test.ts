// `first` and `fallback` with scripted candidates: who is asked, in which order, how often, and what the caller is told.
import { describe, expect, it } from 'vitest';
import { CallFailure, type CallFailureClass } from '#lib/core/registry/call.ts';
import { routedHeaders } from '#lib/server/gateway-wire.ts';
import type { Script, Step } from '../../support/fake-candidates.ts';
import { A, B, C, routeRequest, routeRig } from '../../support/route-rig.ts';

const fail = (kind: CallFailureClass, words: { status?: number; retryAfterMs?: number } = {}): Step[] => [
	{ fail: new CallFailure(kind, 'As told.', words) },
];
const answer = (text: string): Step[] => [
	{ wait: 20 },
	{ role: true },
	{ say: text },
	{ tokens: { input_uncached: 10, output_text: 5 } },
];
const tiers = { t: { strategy: 'fallback' as const, providers: [A, B, C] } };
const fallback = (scripts: Record<string, Script>) =>
	routeRig({ config: { tiers }, scripts: { [B]: answer('b'), [C]: answer('c'), ...scripts } });

describe('fallback', () => {
	it('asks the next candidate when one fails, after one more try at the same', async () => {
		const rig = fallback({ [A]: fail('overloaded', { status: 503 }), [B]: answer('from b') });
		const { text, record, routed } = await rig.ask({});
		expect(text).toBe('from b');
		expect(routed?.served).toBe(B);
		expect(
			record.attempts.map(({ candidate, cause, outcome, class: kind }) => [candidate, cause, outcome, kind]),
		).toEqual([
			[A, 'first', 'failed', 'overloaded'],
			[A, 'retry', 'failed', 'overloaded'],
			[B, 'fallback', 'won', null],
		]);
		expect(record).toMatchObject({ outcome: 'ok', served: B, cost: { winner: 20_000, losers: 0, total: 20_000 } });
		expect(rig.bugs).toEqual([]);
	});

	it('tells while it answers how many were tried, and no time of theirs as ours', async () => {
		const rig = fallback({ [A]: fail('not_found'), [B]: [{ wait: 400 }, { say: 'b' }, { wait: 600 }, { say: 'c' }] });
		const startedMs = rig.clock.ticks();
		const routed = await rig.clock.during(rig.router.run(routeRequest({}), new AbortController().signal));
		const told = routedHeaders(routed, rig.clock.ticks() - startedMs + 3);
		expect(told).toMatchObject({ 'x-modeldex-attempts': '2', 'x-modeldex-fallbacks': '1' });
		expect(told['x-modeldex-overhead-ms']).toBe('3.0');
		expect(routed.attempts().at(-1)).toMatchObject({ candidate: B, outcome: 'won', ended_ms: null, cost_nano: null });
	});

	it('serves exactly one candidate’s text and throws away what a failed one began', async () => {
		const cut = new CallFailure('cut', 'It broke off.');
		const { text, events } = await fallback({
			[A]: [{ role: true }, { alive: true }, { fail: cut }],
			[B]: answer('b'),
		}).ask({});
		expect(text).toBe('b');
		expect(events.filter(({ type }) => type === 'chunk')).toHaveLength(2);
	});

	it('never changes the candidate once content went out, and says that it broke off', async () => {
		const cut = new CallFailure('network', 'Reset.');
		const rig = fallback({ [A]: [{ say: 'half ' }, { wait: 5 }, { fail: cut }], [B]: answer('b') });
		const { text, failure, record } = await rig.ask({});
		expect(text).toBe('half ');
		expect(failure).toMatchObject({ code: 'stream_cut', status: 502, details: { delivered_characters: 5 } });
		expect(record).toMatchObject({ outcome: 'failed', code: 'stream_cut', served: A });
		expect(rig.fake.count(B)).toBe(0);
	});

	it('lets another candidate answer whole where nothing of a broken one was seen', async () => {
		const cut = new CallFailure('network', 'Reset.');
		const rig = fallback({ [A]: [{ say: 'half ' }, { fail: cut }], [B]: answer('b') });
		const { text, record } = await rig.ask({ wantsStream: false });
		expect(text).toBe('b');
		expect(record.attempts.map(({ class: kind }) => kind)).toEqual(['cut', null]);
	});

	it('takes a silent candidate for dead after its time, whatever signs of life it sends', async () => {
		const alive: Step[] = Array.from(
			{ length: 20 },
			() => [{ wait: 1000 }, { alive: true }, { role: true }] as Step[],
		).flat();
		const rig = routeRig({
			config: { tiers: { t: { ...tiers.t, timeout: { ttft: 2000, total: 20_000 } } } },
			scripts: { [A]: alive, [B]: answer('b'), [C]: answer('c') },
		});
		const { text, record } = await rig.ask({});
		expect(text).toBe('b');
		expect(record.attempts[0]).toMatchObject({ class: 'timeout.ttft', ended_ms: 2000 });
		expect(rig.fake.open).toBe(0);
	});

	it('ends an answer that stops coming with an error', async () => {
		const rig = routeRig({
			config: { tiers: { t: { ...tiers.t, timeout: { idle: 3000, total: 20_000 } } } },
			scripts: { [A]: [{ say: 'one' }, { stall: true }], [B]: answer('b'), [C]: answer('c') },
		});
		const { text, failure, record } = await rig.ask({});
		expect(text).toBe('one');
		expect(failure?.code).toBe('upstream_timeout');
		expect(record.attempts).toMatchObject([{ class: 'timeout.idle', outcome: 'failed' }]);
		expect(record.ms).toBe(3000);
	});

	it('does not ask others for what is the request’s own fault', async () => {
		const rig = fallback({ [A]: fail('bad_request', { status: 422 }), [B]: answer('b') });
		const { failure } = await rig.ask({});
		expect(failure).toMatchObject({ code: 'upstream_refused', status: 422 });
		expect(rig.fake.calls.map(({ candidate }) => candidate)).toEqual([A]);
	});

	it.each<[string, CallFailureClass, string, number, number | null]>([
		['rate limits', 'rate_limit', 'upstream_rate_limited', 429, 7],
		['refused keys', 'auth', 'upstream_auth_failed', 502, null],
		['empty accounts', 'credit', 'upstream_credentials', 502, null],
		['errors', 'not_found', 'upstream_error', 502, null],
	])('tells %s from each other when all fail', async (_, kind, code, status, retryAfter) => {
		const words = kind === 'rate_limit' ? { retryAfterMs: 7000 } : {};
		const three = { [A]: fail(kind, words), [B]: fail(kind, words), [C]: fail(kind, words) };
		const rig = routeRig({ config: { tiers: { t: { ...tiers.t, timeout: 5000 } } }, scripts: three });
		const { failure, record } = await rig.ask({});
		expect(failure).toMatchObject({ code, status, retryAfter });
		expect(failure?.attempts.map(({ candidate }) => candidate)).toEqual([A, B, C]);
		expect(record.outcome).toBe('failed');
	});

	it('waits as long as a lone candidate asks for, within the time of the request', async () => {
		let asked = 0;
		const rig = routeRig({
			config: { tiers: { t: { strategy: 'fallback', providers: [A] } } },
			scripts: { [A]: () => ((asked += 1) === 1 ? fail('rate_limit', { retryAfterMs: 8000 }) : answer('later')) },
		});
		const { text, record } = await rig.ask({});
		expect(text).toBe('later');
		expect(record.attempts[1]?.started_ms).toBeGreaterThanOrEqual(8000);
	});

	it('comes back when a provider said it should, sooner than others would', async () => {
		let asked = 0;
		const rig = routeRig({
			config: { tiers: { t: { strategy: 'first', providers: [A] } } },
			scripts: { [A]: () => ((asked += 1) === 1 ? fail('rate_limit', { retryAfterMs: 300 }) : answer('soon')) },
		});
		const { text, record } = await rig.ask({});
		expect(text).toBe('soon');
		expect(record.attempts[1]?.started_ms).toBe(300);
		expect(rig.router.breakers.view(A)?.state).toBe('open');
	});

	it('waits for the first of several at their limit that takes requests again', async () => {
		const limits: Record<string, number> = { [A]: 20_000, [B]: 7000, [C]: 25_000 };
		const told = (name: string) => fail('rate_limit', { retryAfterMs: limits[name] ?? 0 });
		const rig = fallback({
			[A]: told(A),
			[B]: (_, number) => (number === 0 ? told(B) : answer('from b')),
			[C]: told(C),
		});
		const { text, record } = await rig.ask({});
		expect(text).toBe('from b');
		expect(record.attempts.map(({ candidate, cause }) => [candidate, cause])).toEqual([
			[A, 'first'],
			[B, 'fallback'],
			[C, 'fallback'],
			[B, 'retry'],
		]);
		expect(record.attempts[3]?.started_ms).toBeLessThan(9000);
	});

	it('makes no more tries than the request may have', async () => {
		const rig = routeRig({
			config: { tiers: { t: { ...tiers.t, retries: { perCandidate: 5, maxAttempts: 2 } } } },
			scripts: { [A]: fail('conflict'), [B]: answer('b'), [C]: answer('c') },
		});
		const { failure, record } = await rig.ask({});
		expect(failure?.code).toBe('upstream_error');
		expect(rig.fake.calls).toHaveLength(2);
		expect(record.attempts.filter(({ reason }) => reason === 'attempts_used_up')).toHaveLength(2);
	});

	it('keeps away from a candidate that failed three times, and comes back to it', async () => {
		let isDown = true;
		const rig = routeRig({
			config: { tiers: { t: { ...tiers.t, retries: { perCandidate: 0 } } } },
			scripts: { [A]: () => (isDown ? fail('overloaded') : answer('a')), [B]: answer('b'), [C]: answer('c') },
		});
		for (let at = 0; at < 3; at += 1) await rig.ask({});
		expect(rig.router.breakers.view(A)?.state).toBe('open');
		await rig.ask({});
		expect(rig.fake.count(A)).toBe(3);
		isDown = false;
		await rig.clock.pass(7000);
		expect((await rig.ask({})).text).toBe('a');
		expect((await rig.ask({})).text).toBe('a');
		expect(rig.router.breakers.view(A)?.state).toBe('closed');
	});

	it('stops at once when the caller leaves, also while it waits between tries', async () => {
		const leaving = new AbortController();
		const rig = routeRig({
			config: { tiers: { t: { strategy: 'fallback', providers: [A] } } },
			scripts: { [A]: fail('rate_limit', { retryAfterMs: 10_000 }) },
		});
		rig.clock.after(500, () => leaving.abort());
		const { failure, record } = await rig.ask({}, leaving.signal);
		expect(failure).toMatchObject({ code: 'client_closed', status: 499 });
		expect(record).toMatchObject({ outcome: 'cancelled', ms: 500 });
		expect(rig.fake.count(A)).toBe(1);
		expect(rig.clock.waiting).toBe(0);
	});

	it('ends the call of a caller who leaves in the middle, without blaming the candidate', async () => {
		const leaving = new AbortController();
		const rig = fallback({ [A]: [{ say: 'a' }, { wait: 1000 }, { say: 'b' }, { wait: 9000 }, { say: 'c' }] });
		rig.clock.after(1500, () => leaving.abort());
		const { record } = await rig.ask({}, leaving.signal);
		expect(record).toMatchObject({ outcome: 'cancelled', attempts: [{ class: 'client_abort', outcome: 'cancelled' }] });
		expect(rig.fake.open).toBe(0);
		expect(rig.router.breakers.view(A)).toMatchObject({ state: 'closed', failures: 0 });
	});
});

describe('first', () => {
	it('asks the first that can be asked and nobody else', async () => {
		const rig = routeRig({
			config: {
				providers: {
					a: { type: 'cloud', enabled: false },
					b: { type: 'cloud' },
					c: { type: 'cloud', api_key_env: 'NONE' },
				},
				tiers: { t: { strategy: 'first', providers: [A, C, B] } },
			},
			scripts: { [A]: answer('a'), [B]: fail('overloaded'), [C]: answer('c') },
		});
		const { failure, record } = await rig.ask({});
		expect(failure?.code).toBe('upstream_error');
		expect(record.attempts.map(({ candidate, reason, outcome }) => [candidate, reason, outcome])).toEqual([
			[A, 'disabled', 'skipped'],
			[C, 'no_key', 'skipped'],
			[B, null, 'failed'],
			[B, null, 'failed'],
		]);
	});

	it('lists every reason when nobody can be asked', async () => {
		const providers = { a: { type: 'cloud', enabled: false } };
		const rig = routeRig({ config: { providers, tiers: { t: { strategy: 'first', providers: [A] } } }, scripts: {} });
		const { failure } = await rig.ask({});
		expect(failure).toMatchObject({ code: 'no_candidate', status: 503 });
		expect(failure?.message).toContain('a/one (disabled)');
	});
});
