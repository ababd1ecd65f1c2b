// Fit and runtimes in words, the packing to take, and what differs between models.
import { describe, expect, it } from 'vitest';
import { withoutOwn } from '#lib/core/runtime-profiles.ts';
import { compareGroups } from '#lib/components/compare-rows.ts';
import { fitLine, fitSentence, runtimeLook, runtimeWord } from '#lib/components/fit-words.ts';
import { recommend, sortedVariants } from '#lib/core/variants.ts';
import type { RowFit, Verdict } from '#lib/core/fit.ts';
import type { FitFacts } from '#lib/core/model.ts';
import { formatContext, readPlace, usualPlace, writePlace } from '#lib/core/place.ts';
import { entry } from '../support/models.ts';

const gib = 1024 ** 3;
const answer = (verdict: Verdict, need: number | null, band = 0): RowFit => ({
	verdict,
	need_bytes: need,
	error_band: need === null ? null : band,
});

describe('fit in words', () => {
	it.each([
		[answer('fits', 5.9 * gib), 'Fits · 5.9 of 16 GiB at 8k', 'Fits with 10.1 GiB to spare.'],
		[answer('tight', 15.5 * gib, 0.04), 'Tight · 15.5 of 16 GiB at 8k', 'Tight: 512 MiB to spare, within 4 %.'],
		[answer('too_big', 20 * gib), 'Too big · 20 of 16 GiB at 8k', 'Too big by 4 GiB: needs 20 GiB.'],
		[answer('too_big', null), 'Too big · the weights alone exceed 16 GiB', 'Too big: its weights alone are larger'],
		[answer('unknown', null), 'Fit unknown', 'Unknown: its weights or its layers are not known.'],
		[answer('fits', 0.5 * gib), 'Fits · 512 MiB of 16 GiB at 8k', 'Fits with 15.5 GiB to spare.'],
	])('%o', (fit, line, sentence) => {
		expect(fitLine(fit, 16 * gib, 8192)).toBe(line);
		expect(fitSentence(fit, 16 * gib)).toContain(sentence);
	});

	it('never colours a doubtful yes like a sure one', () => {
		const look = (compatible: boolean, confidence: 'high' | 'medium' | 'low' | 'none') =>
			`${runtimeLook({ compatible, confidence }).tone} ${runtimeWord({ compatible, confidence })}`;
		expect(look(true, 'high')).toBe('fits Runs');
		expect(look(true, 'medium')).toBe('fits Likely runs');
		expect(look(true, 'low')).toBe('tight May run');
		expect(look(false, 'low')).toBe('unknown Not known');
		expect(look(false, 'none')).toBe('large Does not run');
	});

	it('writes contexts as people say them', () => {
		expect([1024, 8192, 131_072, 1_048_576, 1000].map(formatContext)).toEqual(['1k', '8k', '128k', '1M', '1,000']);
	});
});

describe('the place in a cookie', () => {
	it('reads back what was written, and nonsense as usual', () => {
		const choice = { runtime: 'vllm', context: 32_768, cacheBits: 8 } as const;
		expect(readPlace(writePlace(choice), withoutOwn)).toEqual(choice);
		for (const text of [undefined, '', 'runtime=No%20such&context=-1&cache=7', '%%%', 'context=1e99']) {
			expect(readPlace(text, withoutOwn)).toEqual(usualPlace);
		}
	});
});

const facts = (bytes: number): FitFacts => ({
	weights_bytes: bytes,
	weights_band: 0,
	vision_bytes: 0,
	active_bytes: bytes,
	kv_bytes_per_token: 0,
	kv_window_bytes_per_token: 0,
	kv_window_tokens: 0,
	kv_state_bytes: 0,
});

describe('the packing to take', () => {
	const packing = (name: string, bits: number | null, size: number, part = {}) =>
		entry({ id: `a/${name}`, quantization_bits: bits, fit: facts(size * gib), ...part });
	const verdictBelow = (limit: number) => (row: { fit: FitFacts | null }) => {
		const need = row.fit?.weights_bytes ?? null;
		return answer(need === null ? 'unknown' : need > limit * gib ? 'too_big' : 'fits', need);
	};
	const all = [packing('full', null, 16), packing('q8', 8, 8), packing('q4', 4, 5), packing('q2', 2, 3)];

	it('is the largest that fits', () => {
		const variants = sortedVariants(all, verdictBelow(10));
		expect(variants.map(({ entry: { id } }) => id)).toEqual(['a/full', 'a/q8', 'a/q4', 'a/q2']);
		expect(recommend(variants, null)).toEqual({
			id: 'a/q8',
			reason: 'The largest packing that fits with room to spare.',
		});
	});

	it('has fewer than four bits only when nothing better fits', () => {
		const odd = [...all, packing('q3-large', 3, 6)];
		expect(recommend(sortedVariants(odd, verdictBelow(6)), null)?.id).toBe('a/q4');
		expect(recommend(sortedVariants(odd, verdictBelow(4)), null)?.id).toBe('a/q2');
		expect(recommend(sortedVariants(odd, verdictBelow(1)), null)).toBeNull();
	});

	it('runs on the chosen runtime', () => {
		const runs = { compatibility: { runtime: 'vllm', compatible: true, confidence: 'high', reason: '', warnings: [] } };
		const some = [...all.slice(0, 2), packing('q4', 4, 5, runs)];
		const found = recommend(sortedVariants(some, verdictBelow(10)), 'vLLM');
		expect(found).toEqual({ id: 'a/q4', reason: expect.stringContaining('and runs on vLLM') });
	});
});

describe('a comparison', () => {
	it('marks what differs and says what is not known', () => {
		const one = {
			entry: entry({ id: 'a/one', parameters_total: 8e9 }),
			characteristics: null,
			fit: null,
			runtimes: [],
		};
		const two = { ...one, entry: entry({ id: 'a/two', parameters_total: 7e9 }) };
		const [overview] = compareGroups([one, two], withoutOwn);
		const row = (label: string) => overview?.rows.find((found) => found.label === label);
		expect(row('Parameters')).toEqual({ label: 'Parameters', values: ['8B', '7B'], differs: true });
		expect(row('Context')).toEqual({ label: 'Context', values: [null, null], differs: false });
		const sees = { ...one, entry: entry({ id: 'a/sees', is_multimodal: true, multimodal_type: 'vision' }) };
		const [seen] = compareGroups([one, sees], withoutOwn);
		expect(seen?.rows.find(({ label }) => label === 'Takes in')?.values).toEqual([null, 'Text and vision']);
	});
});
