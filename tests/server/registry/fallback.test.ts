// `first` and `fallback` with scripted candidates: who is asked, in which order, how often, and what the caller is told.
import { describe, expect, it } from 'vitest';
import { CallFailure } from '#lib/core/registry/call.ts';
import { A, B, C, routeRig } from '../../support/route-rig.ts';

const down = new CallFailure('overloaded', 'Busy.', { status: 503 });
const answer = (text: string) => [
	{ wait: 20 },
	{ role: true as const },
	{ say: text },
	{ tokens: { input_uncached: 10, output_text: 5 } },
];
const three = [A, B, C];

describe('fallback', () => {
	const tiers = { t: { strategy: 'fallback' as const, providers: three } };

	it('asks the next candidate when one fails, after one more try at the same', async () => {
		const rig = routeRig({
			config: { tiers },
			scripts: { [A]: [{ fail: down }], [B]: answer('from b'), [C]: answer('c') },
		});
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

	it('serves exactly one candidate’s text and throws away what a failed one began', async () => {
		const cut = new CallFailure('cut', 'It broke off.');
		const scripts = { [A]: [{ role: true as const }, { alive: true as const }, { fail: cut }], [B]: answer('whole') };
		const { text, events } = await routeRig({ config: { tiers }, scripts }).ask({});
		expect(text).toBe('whole');
		expect(events.filter(({ type }) => type === 'chunk')).toHaveLength(2);
	});
});
