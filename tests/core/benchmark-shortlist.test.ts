// Which model to take for some labels: not the luckiest one, but the fastest of those that are not shown to be worse.
import { describe, expect, it } from 'vitest';
import { shortlistMarkdown, shortlistOf } from '#lib/core/benchmark-shortlist.ts';

const truths = Array.from({ length: 100 }, (_, at) => (at % 2 === 0 ? 'a' : 'b'));

/** A contestant that is wrong about these texts. */
function run(name: string, wrong: (at: number) => boolean, ms: number | null = null) {
	const predictions = truths.map((truth, at) => (wrong(at) ? 'other' : truth));
	const accuracy = predictions.filter((said, at) => said === truths[at]).length / truths.length;
	return { name, metrics: { accuracy }, speed: ms === null ? null : { p50_ms: ms }, peak_bytes: null, predictions };
}

const large = run('large', (at) => at < 4, 90);
const small = run('small', (at) => at < 6, 8);
const poor = run('poor', (at) => at < 40, 2);
const random = run('random', (at) => at % 2 === 1);

describe('the shortlist', () => {
	it('leaves out who is worse, and takes the fastest of the others', () => {
		const list = shortlistOf([large, random, poor, small], truths);
		expect(list).toMatchObject({ best: 'large', choice: 'small' });
		expect(list.contenders.map(({ name }) => name)).toEqual(['small', 'large']);
		expect(list.contenders[0]?.p).toBeGreaterThan(0.05);
		expect(shortlistMarkdown(list).join('\n')).toMatch(
			/Take small: it is the fastest .* than large\.[\s\S]*- large: 96\.0 %, right most often/,
		);
	});

	it('takes the best where nothing faster is as good, a baseline too', () => {
		expect(shortlistOf([large, random, poor], truths).choice).toBe('large');
		expect(shortlistOf([run('rules', (at) => at < 5), large, poor], truths).choice).toBe('rules');
	});

	it('says so when the texts are too few to choose by, and nothing of none', () => {
		const few = truths.slice(0, 4);
		const list = shortlistOf(
			[large, random].map((one) => ({ ...one, predictions: one.predictions.slice(0, 4) })),
			few,
		);
		expect(list.choice).toBeNull();
		expect(shortlistMarkdown(list).join()).toContain('too few to choose by');
		const absent = { ...large, metrics: null, predictions: [] };
		expect(shortlistOf([absent], truths)).toEqual({ best: null, contenders: [], choice: null });
		expect(shortlistMarkdown(shortlistOf([absent], truths))).toEqual([]);
	});

	it('does not depend on the order of the contestants', () => {
		expect(shortlistOf([small, poor, large, random], truths)).toEqual(
			shortlistOf([random, large, poor, small], truths),
		);
	});
});
