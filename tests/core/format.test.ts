// Figures as people read them.
import { describe, expect, it } from 'vitest';
import {
	formatAge,
	formatBits,
	formatBytes,
	formatCompact,
	formatCount,
	formatDay,
	formatDecimalBytes,
	formatDuration,
	formatMethod,
	formatMonth,
	formatParameters,
} from '#lib/core/format.ts';

describe('counts', () => {
	it.each([
		[8_190_735_360, '8.2B'],
		[8_030_261_248, '8B'],
		[596_049_920, '596M'],
		[22_713_216, '22.7M'],
		[671_026_419_200, '671B'],
		[999_960_000, '1B'],
		[1_026_470_731_056, '1T'],
		[512, '512'],
		[0, '0'],
	])('%d parameters are %s', (count, text) => expect(formatParameters(count)).toBe(text));

	it('shortens what people did and separates thousands', () => {
		expect([312, 1_100, 11_100_000].map(formatCompact)).toEqual(['312', '1.1k', '11.1M']);
		expect(formatCount(1_048_576)).toBe('1,048,576');
	});

	it('writes bits with the fraction that mixed quantization has', () => {
		expect([4, 3.5].map(formatBits)).toEqual(['4-bit', '3.5-bit']);
		expect(['mlx', 'GPTQ', 'my-own'].map(formatMethod)).toEqual(['MLX', 'GPTQ', 'my-own']);
	});
});

describe('bytes', () => {
	it('has a binary and a decimal reading', () => {
		expect(formatBytes(6_340_000_000)).toBe('5.9 GiB');
		expect(formatDecimalBytes(6_340_000_000)).toBe('6.3 GB');
		expect(formatBytes(147_456)).toBe('144 KiB');
		expect(formatBytes(0)).toBe('0 B');
		expect(formatBytes(1_073_700_000)).toBe('1 GiB');
	});
});

describe('dates', () => {
	it('reads times, days and months in UTC, and says nothing about what is no date', () => {
		expect(formatMonth('2025-04-28T23:59:59Z')).toBe('Apr 2025');
		expect(formatDay('2025-04-28T23:59:59Z')).toBe('28 Apr 2025');
		expect(formatDay('2026-05')).toBe('May 2026');
		expect(formatMonth('yesterday')).toBeNull();
		expect(formatMonth('2025-13-01')).toBeNull();
	});

	it('tells ages in one unit', () => {
		const now = Date.parse('2026-11-21T12:00:00Z');
		const ages = [
			'2026-11-21T11:59:30Z',
			'2026-11-21T11:59:00Z',
			'2026-11-18T12:00:00Z',
			'2026-08-01',
			'2024-01-01',
			'x',
		];
		expect(ages.map((iso) => formatAge(iso, now))).toEqual([
			'just now',
			'1 minute ago',
			'3 days ago',
			'3 months ago',
			'2 years ago',
			null,
		]);
	});
});

describe('durations', () => {
	it.each([
		[0, '0 ms'],
		[120.4, '120 ms'],
		[999.6, '1 s'],
		[1240, '1.2 s'],
		[59_940, '59.9 s'],
		[59_960, '1 min'],
		[185_000, '3 min 5 s'],
		[3_599_600, '1 h'],
		[7_500_000, '2 h 5 min'],
	])('%d ms are %s', (ms, text) => expect(formatDuration(ms)).toBe(text));
});
