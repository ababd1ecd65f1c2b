// How much downloads may do at once, as people write it in a form or on a command line, and as they read it.
import { parseMemory } from '#lib/core/amount.ts';
import type { DownloadLimits } from '#lib/core/download-order.ts';
import { Failure } from '#lib/core/failure.ts';
import { formatDecimalBytes } from '#lib/core/format.ts';

/** Most downloads at once. */
export const mostParallel = 8;
/** Bounds of a cap, in bytes per second: below the first hardly a file would ever come. */
const [leastRate, mostRate] = [16_384, 1e12];

/** Words for a limit. A rate without a unit counts megabytes per second; empty or `none` is no cap. */
export interface LimitWords {
	parallel: string;
	rate: string;
}

function parallelOf(text: string): number {
	const parallel = /^\d{1,2}$/.test(text.trim()) ? Number(text) : 0;
	if (parallel >= 1 && parallel <= mostParallel) return parallel;
	throw new Failure('usage', `Downloads at once are a number from 1 to ${mostParallel}.`);
}

function rateOf(text: string): number | null {
	const word = text.trim().replace(/\/s$/i, '').trim();
	if (word === '' || word.toLowerCase() === 'none') return null;
	const bytes = parseMemory(/^[\d.]+$/.test(word) ? `${word}MB` : word);
	if (bytes !== null && bytes >= leastRate && bytes <= mostRate) return bytes;
	throw new Failure(
		'usage',
		'The speed cap is an amount per second of at least 16 KiB, such as 5MB, or "none"; a bare number counts MB.',
	);
}

/** The limits that words mean. Throws `usage` with what was expected. */
export function parseLimits({ parallel, rate }: LimitWords): DownloadLimits {
	return { parallel: parallelOf(parallel), bytes_per_second: rateOf(rate) };
}

/** Limits as the words that give them again. */
export function limitWords({ parallel, bytes_per_second: rate }: DownloadLimits): LimitWords {
	return { parallel: String(parallel), rate: rate === null ? '' : String(rate / 1e6) };
}

/** Limits in a sentence. */
export function limitSentence({ parallel, bytes_per_second: rate }: DownloadLimits): string {
	const count = parallel === 1 ? 'One download at a time' : `Up to ${parallel} downloads at once`;
	return `${count}, ${rate === null ? 'as fast as they come' : `at most ${formatDecimalBytes(rate)}/s together`}.`;
}
