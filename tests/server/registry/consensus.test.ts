// `consensus`: what counts as the same answer, who has a vote, and that nothing is pretended where nobody agrees.
import { describe, expect, it } from 'vitest';
import { CallFailure } from '#lib/core/registry/call.ts';
import type { TierConfigInput } from '#lib/core/registry/config.ts';
import {
	clustersBySimilarity,
	criticalTokens,
	normalizedForm,
	usualQuorum,
	voteByField,
	type Ballot,
} from '#lib/core/registry/consensus.ts';
import type { Script, Step } from '../../support/fake-candidates.ts';
import { A, B, C, routeRig } from '../../support/route-rig.ts';

const says = (text: string, ms = 50): Step[] => [
	{ wait: ms },
	{ say: text },
	{ tokens: { input_uncached: 10, output_text: 5 } },
];
const down: Step[] = [{ fail: new CallFailure('not_found', 'Gone.') }];

function vote(scripts: Record<string, Script>, consensus: TierConfigInput['consensus'] = {}) {
	const t = { strategy: 'consensus' as const, providers: [A, B, C], consensus };
	return routeRig({ config: { tiers: { t } }, scripts });
}

describe('consensus', () => {
	it('serves what most say, and charges all', async () => {
		const { text, record } = await vote({ [A]: says('No.'), [B]: says('Yes.'), [C]: says('**yes**', 90) }).ask({});
		expect(text).toBe('Yes.');
		expect(record.consensus).toMatchObject({ agreement: 2 / 3, quorum: 2, started: 3, is_reached: true });
		expect(record.consensus?.votes.map(({ cluster }) => cluster)).toEqual([0, 1, 1]);
		expect(record.cost).toEqual({ winner: 20_000, losers: 40_000, total: 60_000 });
	});

	it('ends lanes that can change nothing any more', async () => {
		const rig = vote({ [A]: says('x', 10), [B]: says('x', 20), [C]: says('y', 5000) });
		const { record } = await rig.ask({});
		expect(record.ms).toBe(20);
		expect(record.attempts[2]).toMatchObject({ outcome: 'lost', reason: 'quorum-reached' });
		expect(rig.fake.open).toBe(0);
	});

	it('counts the quorum over started lanes, so that failures make nobody unanimous', async () => {
		const { failure, record } = await vote({ [A]: says('x'), [B]: down, [C]: down }).ask({});
		expect(failure).toMatchObject({ code: 'insufficient_responses', status: 502 });
		expect(record.consensus).toMatchObject({ agreement: null, is_reached: false });
		expect([3, 4, 5].map(usualQuorum)).toEqual([2, 3, 3]);
	});

	it('says so when they do not agree, with the answers', async () => {
		const { failure } = await vote({ [A]: says('x'), [B]: says('y'), [C]: says('z') }).ask({});
		expect(failure).toMatchObject({ code: 'no_consensus', status: 409 });
		expect(failure?.details.answers).toMatchObject([{ answer: 'x' }, { answer: 'y' }, { answer: 'z' }]);
		const served = await vote({ [A]: says('x'), [B]: says('y'), [C]: says('z') }, { onNoQuorum: 'order' }).ask({});
		expect(served.text).toBe('x');
		expect(served.record.notes.join(' ')).toContain('do not agree');
	});

	it('gives two routes to the same weights one vote', async () => {
		const providers = { a: { type: 'cloud', prices: {} }, b: { type: 'cloud' }, c: { type: 'cloud' } };
		const candidates = ['a/llama-3.3-70b-versatile', 'b/meta/Llama-3.3-70B-Instruct', 'c/other'] as const;
		const rig = routeRig({
			config: {
				providers,
				tiers: { t: { strategy: 'consensus', providers: [...candidates], consensus: { minResponses: 3 } } },
			},
			scripts: { [candidates[0]]: says('x'), [candidates[1]]: says('x'), [candidates[2]]: says('y') },
		});
		const { failure, record } = await rig.ask({});
		expect(failure?.code).toBe('no_consensus');
		expect(record.notes.join(' ')).toContain('its vote does not count');
	});

	it('votes on JSON field by field and serves an answer somebody gave', async () => {
		const scripts = {
			[A]: says('{"category":"bug","score":0.50}'),
			[B]: says('```json\n{"score":0.51,"category":"bug"}\n```'),
			[C]: says('{"category":"idea","score":0.9}'),
		};
		const fields = { category: 'exact' as const, score: { numeric: 0.05 } };
		const { text, record } = await vote(scripts, { compare: 'json', fields }).ask({});
		expect(text).toBe('{"category":"bug","score":0.50}');
		expect(record.consensus?.per_field).toEqual({ category: 2 / 3, score: 2 / 3 });
	});

	it('puts fields together only where that is asked for', async () => {
		const scripts = { [A]: says('{"a":1,"b":1}'), [B]: says('{"a":1,"b":2}'), [C]: says('{"a":2,"b":2}') };
		expect((await vote(scripts, { compare: 'json' }).ask({})).failure?.code).toBe('no_consensus');
		const composed = await vote(scripts, { compare: 'json', compose: 'fields', quorum: 1 }).ask({});
		expect(composed.text).toBe('{"a":1,"b":2}');
	});

	it('lets a judge choose, who does not know whose answer is whose', async () => {
		const judge: Script = (call) => {
			const text = JSON.stringify(call.body);
			expect(text).not.toContain('a/one');
			const best = /answer (\d) ---\\+nthe right one/.exec(text)?.[1];
			return says(JSON.stringify({ best: Number(best), agreed: [], disputed: ['all'], unique: [] }));
		};
		const providers = { a: { type: 'cloud' }, b: { type: 'cloud' }, c: { type: 'cloud' } };
		const consensus = { onNoQuorum: 'judge' as const, judge: C };
		const rig = routeRig({
			config: { providers, tiers: { t: { strategy: 'consensus', providers: [A, B], consensus } } },
			scripts: { [A]: says('a wrong one'), [B]: says('the right one'), [C]: judge },
		});
		const { text, record } = await rig.ask({});
		expect(text).toBe('the right one');
		expect(record.consensus?.judge?.disputed).toEqual(['all']);
		expect(record.attempts.map(({ cause }) => cause)).toEqual(['first', 'vote', 'judge']);
	});
});

const ballots = (...texts: string[]): Ballot[] => texts.map((text, order) => ({ text, order, weight: 1, cost: null }));

describe('comparators', () => {
	it.each([
		['Yes.', 'yes'],
		['**Paris**', 'paris'],
		['"Paris"', 'paris'],
		['1,000.0', '1000'],
		['```\nfoo  bar\n```', 'foo bar'],
		['ＡＢＣ', 'abc'],
	])('takes %s for %s', (text, form) => {
		expect(normalizedForm(text)).toBe(form);
	});

	it('does not make different things equal', () => {
		expect(normalizedForm('1,5')).not.toBe(normalizedForm('15'));
		expect(normalizedForm('not approved')).not.toBe(normalizedForm('approved'));
		expect(normalizedForm('-1')).not.toBe(normalizedForm('1'));
	});

	it('keeps numbers, units and negations out of similarity', () => {
		expect(criticalTokens('It is approved')).not.toBe(criticalTokens('It is not approved'));
		expect(criticalTokens('take 5 mg')).not.toBe(criticalTokens('take 5 g'));
		expect(criticalTokens('it doesn’t')).toBe(criticalTokens('it is not'));
	});

	it('does not join a chain of neighbours', () => {
		const at = (angle: number) => Float32Array.from([Math.cos(angle), Math.sin(angle)]);
		const clusters = clustersBySimilarity(ballots('a', 'b', 'c'), [at(0), at(0.3), at(0.6)], Math.cos(0.35));
		expect(clusters.map(({ members }) => members.length).sort()).toEqual([1, 2]);
	});

	it('compares lists as sets where told', () => {
		const { clusters } = voteByField(ballots('{"t":["a","b"]}', '{"t":["b","a"]}'), { t: 'set' }, 2);
		expect(clusters).toHaveLength(1);
	});
});
