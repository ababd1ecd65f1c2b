// Where models are to run as a person chose it: runtime, context and cache, kept in a cookie so that pages are drawn with it.
import { cachePrecisions, usualContext, type CacheBits } from '#lib/core/fit.ts';
import { runtimeIds, type RuntimeId } from '#lib/core/runtime.ts';

/** The choice beside the device, which the server keeps. `runtime` null: none was chosen, so nothing is checked. */
export interface PlaceChoice {
	runtime: RuntimeId | null;
	/** Tokens of context that have to fit; a model with less counts with its own. */
	context: number;
	/** Bits of a key or value in the cache. */
	cacheBits: CacheBits;
}

/** Name of the cookie. */
export const placeCookie = 'modeldex_place';

/** What holds until somebody chooses. */
export const usualPlace: PlaceChoice = { runtime: null, context: usualContext, cacheBits: 16 };

/** More tokens than any model takes; a number above it is a slip. */
const mostTokens = 100_000_000;

/** Reads a cookie's text. What is missing or makes no sense is as usual: nobody typed it. */
export function readPlace(text: string | undefined): PlaceChoice {
	const params = new URLSearchParams(text ?? '');
	const tokens = Number(params.get('context'));
	return {
		runtime: runtimeIds.find((id) => id === params.get('runtime')) ?? null,
		context: Number.isInteger(tokens) && tokens > 0 && tokens <= mostTokens ? tokens : usualPlace.context,
		cacheBits: cachePrecisions.find((bits) => String(bits) === params.get('cache')) ?? usualPlace.cacheBits,
	};
}

/** The text that `readPlace` reads. */
export function writePlace({ runtime, context, cacheBits }: PlaceChoice): string {
	const params = new URLSearchParams(runtime === null ? {} : { runtime });
	params.set('context', String(context));
	params.set('cache', String(cacheBits));
	return params.toString();
}

/** Contexts to choose from, in tokens. */
export const contextSteps: readonly number[] = [2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072, 262_144, 1_048_576];

/** Tokens in thousands of 1,024 where they are a whole number of them, as people say it: `8k`, `128k`, `1M`, `1,000`. */
export function formatContext(tokens: number): string {
	const million = 1024 * 1024;
	if (tokens >= million && tokens % million === 0) return `${tokens / million}M`;
	return tokens >= 1024 && tokens % 1024 === 0 ? `${tokens / 1024}k` : tokens.toLocaleString('en-US');
}
