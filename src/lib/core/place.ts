// Where models are to run as a person chose it: runtime, context and cache, kept in a cookie so that pages are drawn with it.
import { cachePrecisions, usualContext, type CacheBits } from '#lib/core/fit.ts';
import type { RuntimeId, Runtimes } from '#lib/core/runtime.ts';

/** The choice beside the device, which the server keeps. `runtime` null: none was chosen, so nothing is checked. */
export interface PlaceChoice {
	runtime: RuntimeId | null;
	/** The runtime that was chosen while there was one of that name; nothing is checked in its place. */
	gone?: RuntimeId;
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

/** What may be the id of a runtime: those of a registry file are written so, too. */
const runtimeId = /^[a-z0-9][a-z0-9._-]{0,39}$/;

/** The choice where these runtimes are known: one that is not there any more is gone until it comes back. */
export function settledPlace({ runtime, gone, ...rest }: PlaceChoice, { ids }: Runtimes): PlaceChoice {
	const wanted = runtime ?? gone ?? null;
	if (wanted === null || ids.includes(wanted)) return { runtime: wanted, ...rest };
	return { runtime: null, gone: wanted, ...rest };
}

/** What a person is told whose runtime is gone, and what holds instead; null where it is there. */
export function goneSentence({ gone }: PlaceChoice): string | null {
	if (gone === undefined) return null;
	return `The runtime "${gone}" is not in the registry file any more, so no runtime is checked: choose another one in the settings.`;
}

/** Reads a cookie's text. What is missing or makes no sense is as usual: nobody typed it. */
export function readPlace(text: string | undefined, runtimes: Runtimes): PlaceChoice {
	const params = new URLSearchParams(text ?? '');
	const tokens = Number(params.get('context'));
	const runtime = params.get('runtime') ?? '';
	const choice = {
		runtime: runtimeId.test(runtime) ? runtime : null,
		context: Number.isInteger(tokens) && tokens > 0 && tokens <= mostTokens ? tokens : usualPlace.context,
		cacheBits: cachePrecisions.find((bits) => String(bits) === params.get('cache')) ?? usualPlace.cacheBits,
	};
	return settledPlace(choice, runtimes);
}

/** The text that `readPlace` reads. */
export function writePlace({ runtime, gone, context, cacheBits }: PlaceChoice): string {
	const named = runtime ?? gone;
	const params = new URLSearchParams(named === undefined ? {} : { runtime: named });
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
