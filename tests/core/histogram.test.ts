// Durations in slots: figures close to the exact ones, parts that add up, bars without gaps.
import { describe, expect, it } from 'vitest';
import { bars, countOf, isSlot, quantile, slotOf } from '#lib/core/histogram.ts';
import { seeded } from '../support/seeded.ts';

function slotsOf(durations: number[]): Map<number, number> {
	const slots = new Map<number, number>();
	for (const ms of durations) slots.set(slotOf(ms), (slots.get(slotOf(ms)) ?? 0) + 1);
	return slots;
}

describe('slots', () => {
	it('come within a tenth of the exact quantiles', () => {
		const random = seeded(7);
		const durations = Array.from({ length: 5000 }, () => 2 + 2 ** (random() * 14));
		const sorted = [...durations].sort((a, b) => a - b);
		for (const share of [0.01, 0.5, 0.9, 0.95, 0.99, 1]) {
			const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
			const ratio = (quantile(slotsOf(durations), share) ?? 0) / exact;
			expect([share, ratio > 0.85 && ratio < 1.15]).toEqual([share, true]);
		}
	});

	it('take what clocks and sleeping machines come up with', () => {
		for (const ms of [-5, 0, 0.3, 1, NaN]) expect(slotOf(ms)).toBe(0);
		for (const ms of [1e9, 1e300, Infinity]) expect([slotOf(ms), isSlot(slotOf(ms))]).toEqual([99, true]);
		expect([1.5, -1, 100, NaN].some(isSlot)).toBe(false);
	});

	it('know nothing of nothing', () => {
		expect(quantile(new Map(), 0.5)).toBeNull();
		expect(bars(new Map())).toEqual([]);
		expect(countOf(new Map())).toBe(0);
	});
});

describe('bars', () => {
	it('double in width, without gaps, and hold every duration', () => {
		const found = bars(slotsOf([0.5, 1.2, 1.9, 9, 15.9, 16]));
		expect(found).toEqual([
			{ from_ms: 0, to_ms: 2, count: 3 },
			{ from_ms: 2, to_ms: 4, count: 0 },
			{ from_ms: 4, to_ms: 8, count: 0 },
			{ from_ms: 8, to_ms: 16, count: 2 },
			{ from_ms: 16, to_ms: 32, count: 1 },
		]);
	});
});
