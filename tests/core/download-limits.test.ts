// The limits of downloads in words: what people write, what is refused, and that words give back what they came from.
import { describe, expect, it } from 'vitest';
import { limitSentence, limitWords, parseLimits } from '#lib/core/download-limits.ts';
import { limitsSchema } from '#lib/core/download-order.ts';

describe('limits', () => {
	it.each([
		['2', '', { parallel: 2, bytes_per_second: null }],
		[' 1 ', 'none', { parallel: 1, bytes_per_second: null }],
		['8', '5', { parallel: 8, bytes_per_second: 5_000_000 }],
		['3', '0.5', { parallel: 3, bytes_per_second: 500_000 }],
		['3', '10 MB/s', { parallel: 3, bytes_per_second: 10_000_000 }],
		['3', '16KiB', { parallel: 3, bytes_per_second: 16_384 }],
	])('at once %j and speed %j are read, and written back', (parallel, rate, limits) => {
		expect(parseLimits({ parallel, rate })).toEqual(limits);
		expect(parseLimits(limitWords(limits))).toEqual(limits);
		expect(limitsSchema.parse(limits)).toEqual(limits);
	});

	it.each([
		['0', '', 'Downloads at once are a number from 1 to 8.'],
		['9', '', 'Downloads at once are a number from 1 to 8.'],
		['two', '', 'Downloads at once are a number from 1 to 8.'],
		['2', '0.001', /^The speed cap is an amount per second of at least 16 KiB/],
		['2', '-5', /^The speed cap/],
		['2', 'fast', /^The speed cap/],
		['2', '5000TB', /^The speed cap/],
	])('at once %j and speed %j are refused in a sentence', (parallel, rate, sentence) => {
		expect(() => parseLimits({ parallel, rate })).toThrow(sentence);
	});

	it('are told in a sentence', () => {
		expect(limitSentence({ parallel: 1, bytes_per_second: null })).toBe(
			'One download at a time, as fast as they come.',
		);
		expect(limitSentence({ parallel: 4, bytes_per_second: 5e6 })).toBe(
			'Up to 4 downloads at once, at most 5 MB/s together.',
		);
	});
});
