// `race`: the first content wins, losers are ended and paid for, and a failing lane loses nothing.
import { describe, expect, it } from 'vitest';
import { CallFailure } from '#lib/core/registry/call.ts';
import type { TierConfigInput } from '#lib/core/registry/config.ts';
import type { Script, Step } from '../../support/fake-candidates.ts';
import { A, B, C, routeRig, threeProviders } from '../../support/route-rig.ts';

const after = (ms: number, text: string): Step[] => [
	{ wait: ms },
	{ say: text },
	{ wait: 100 },
	{ say: '!' },
	{ tokens: { input_uncached: 10, output_text: 5 } },
];
const down: Step[] = [{ wait: 30 }, { fail: new CallFailure('not_found', 'Gone.') }];

function race(scripts: Record<string, Script>, tier: Partial<TierConfigInput> = {}, providers = threeProviders) {
	const t = { strategy: 'race' as const, providers: [A, B, C], ...tier };
	return routeRig({ config: { providers, tiers: { t } }, scripts });
}

describe('race', () => {
	it('is won by the first content, not by the first headers or signs of life', async () => {
		const early: Step[] = [{ role: true }, { alive: true }, { wait: 500 }, { say: 'slow' }];
		const rig = race({ [A]: early, [B]: after(200, 'quick'), [C]: after(300, 'third') });
		const { text, routed, record } = await rig.ask({});
		expect(text).toBe('quick!');
		expect(routed?.served).toBe(B);
		expect(rig.fake.calls.map(({ at }) => at)).toEqual([0, 0, 0]);
		expect(record.attempts.map(({ candidate, outcome, reason }) => [candidate, outcome, reason])).toEqual([
			[A, 'lost', 'lost-race'],
			[B, 'won', null],
			[C, 'lost', 'lost-race'],
		]);
		expect(rig.fake.open).toBe(0);
		expect(record.attempts[0]?.ended_ms).toBe(200);
	});

	it('goes to the one named first when two are ready at once', async () => {
		const rig = race({ [A]: after(100, 'a'), [B]: after(100, 'b'), [C]: after(100, 'c') });
		expect((await rig.ask({})).routed?.served).toBe(A);
	});

	it('goes on while one lane is left, and starts a waiting one for a failed one', async () => {
		const rig = race({ [A]: down, [B]: down, [C]: after(50, 'c') }, { race: { maxLanes: 2 } });
		const { text, record, failure } = await rig.ask({});
		expect(failure).toBe(null);
		expect(text).toBe('c!');
		expect(record.attempts.map(({ cause, outcome }) => [cause, outcome])).toEqual([
			['first', 'failed'],
			['lane', 'failed'],
			['replacement', 'won'],
		]);
		expect(rig.fake.mostOpen).toBe(2);
	});

	it('fails when every lane failed, and tells all of them', async () => {
		const { failure } = await race({ [A]: down, [B]: down, [C]: down }).ask({});
		expect(failure).toMatchObject({ code: 'upstream_error', status: 502 });
		expect(failure?.attempts).toHaveLength(3);
	});

	it('starts the next lane only after its time', async () => {
		const rig = race(
			{ [A]: after(700, 'a'), [B]: after(900, 'b'), [C]: after(1, 'c') },
			{ race: { stagger: 400, maxLanes: 2 } },
		);
		const { routed, record } = await rig.ask({});
		expect(routed?.served).toBe(A);
		expect(rig.fake.calls.map(({ candidate, at }) => [candidate, at])).toEqual([
			[A, 0],
			[B, 400],
		]);
		expect(record.attempts[1]?.cause).toBe('hedge');
	});

	it('charges losers: nothing where cancelling ends the bill before content, the usual length elsewhere', async () => {
		const providers = { ...threeProviders, b: { ...threeProviders?.b, type: 'stubborn' } };
		const rig = race({ [A]: after(100, 'a'), [B]: after(5000, 'b'), [C]: after(5000, 'c') }, {}, providers);
		const { record } = await rig.ask({});
		const [won, stubborn, stopped] = record.attempts;
		expect(won).toMatchObject({ candidate: A, cost_nano: 20_000, is_estimated: false });
		// max_tokens 100 at 2 dollars per million, and the input.
		expect(stubborn?.cost_nano).toBeGreaterThanOrEqual(200_000);
		expect(stubborn).toMatchObject({ candidate: B, is_estimated: true });
		expect(stopped).toMatchObject({ candidate: C, cost_nano: 0 });
		expect(record.cost.total).toBe((record.cost.winner ?? 0) + (record.cost.losers ?? 0));
	});

	it('starts no more lanes than the money of the request is enough for', async () => {
		const rig = race({ [A]: after(100, 'a'), [B]: after(50, 'b'), [C]: after(10, 'c') }, { maxCost: 0.00045 });
		const { record } = await rig.ask({});
		expect(rig.fake.calls.map(({ candidate }) => candidate)).toEqual([A, B]);
		expect(record.attempts.find(({ candidate }) => candidate === C)).toMatchObject({
			outcome: 'skipped',
			reason: 'too_expensive',
		});
	});

	it('does not race what must not be done twice', async () => {
		const rig = race({ [A]: after(900, 'a'), [B]: after(1, 'b'), [C]: after(1, 'c') }, { sideEffects: true });
		const { text, record } = await rig.ask({});
		expect(text).toBe('a!');
		expect(rig.fake.calls).toHaveLength(1);
		expect(record.notes.join(' ')).toContain('Not raced');
	});

	it('waits for the first whole valid answer where that is asked for', async () => {
		const body = { messages: [{ role: 'user', content: 'JSON' }], response_format: { type: 'json_object' } };
		const rig = race(
			{ [A]: after(10, 'not json'), [B]: [{ wait: 300 }, { say: '{"ok":true}' }], [C]: [{ wait: 400 }, { say: '{}' }] },
			{ race: { winner: 'first-complete' } },
		);
		const { text, record } = await rig.ask({ body, wantsStream: false });
		expect(text).toBe('{"ok":true}');
		expect(record.attempts[0]).toMatchObject({ outcome: 'failed', class: 'malformed' });
	});

	it('leaves nothing running when the caller leaves before anybody has spoken', async () => {
		const leaving = new AbortController();
		const rig = race({ [A]: [{ stall: true }], [B]: [{ stall: true }], [C]: [{ stall: true }] });
		rig.clock.after(100, () => leaving.abort());
		const { failure } = await rig.ask({}, leaving.signal);
		expect(failure?.code).toBe('client_closed');
		expect([rig.fake.open, rig.clock.waiting]).toEqual([0, 0]);
		expect(rig.fake.aborted).toHaveLength(3);
	});
});
