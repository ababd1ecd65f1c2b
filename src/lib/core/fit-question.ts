// What a person asks about fit: device, context, runtime, cache and slots, from the parameters of a URL or of a command.
import { cachePrecisions, type CacheBits } from '#lib/core/fit.ts';
import { badValue, refuseOthers } from '#lib/core/parameter.ts';
import { parseContext } from '#lib/core/query-url.ts';
import { parseRuntime, type RuntimeId } from '#lib/core/runtime.ts';

/** A question about one model. Null: the current device, the usual context, no runtime, the usual GGUF file. */
export interface FitQuestion {
	/** Id of a device, or an amount of memory such as `16GB`. */
	device: string | null;
	/** Tokens. */
	context: number | null;
	runtime: RuntimeId | null;
	cacheBits: CacheBits;
	slots: number;
	/** Label of a GGUF file, such as `Q5_K_M`. */
	quant: string | null;
}

/** The question of somebody who says nothing but the model. */
export const usualQuestion: FitQuestion = {
	device: null,
	context: null,
	runtime: null,
	cacheBits: 16,
	slots: 1,
	quant: null,
};

const names = ['device', 'context', 'runtime', 'cache_bits', 'slots', 'quant'] as const;
const mostSlots = 1024;

function word(params: URLSearchParams, name: string): string | null {
	const value = params.get(name)?.trim() ?? '';
	if (value.length > 100) throw badValue(name, value.slice(0, 40), 'at most 100 characters');
	return value === '' ? null : value;
}

function contextOf(params: URLSearchParams): number | null {
	const value = word(params, 'context');
	if (value === null) return null;
	const tokens = parseContext(value);
	if (tokens === null || tokens < 1) throw badValue('context', value, 'tokens such as 32k or 32768');
	return tokens;
}

function cacheBitsOf(params: URLSearchParams): CacheBits {
	const value = word(params, 'cache_bits');
	const found = cachePrecisions.find((bits) => String(bits) === (value ?? '16'));
	if (found === undefined) throw badValue('cache_bits', value ?? '', cachePrecisions.join(', '));
	return found;
}

function slotsOf(params: URLSearchParams): number {
	const value = word(params, 'slots') ?? '1';
	const slots = /^\d{1,5}$/.test(value) ? Number(value) : 0;
	if (slots < 1 || slots > mostSlots) throw badValue('slots', value, `a whole number from 1 to ${mostSlots}`);
	return slots;
}

/**
 * Reads a question; a runtime may be spelled in any way. Throws `invalid_query` naming the parameter and the value,
 * `unknown_field` for other names.
 */
export function parseFitQuestion(params: URLSearchParams): FitQuestion {
	refuseOthers(params, { once: names });
	const runtime = word(params, 'runtime');
	return {
		device: word(params, 'device'),
		context: contextOf(params),
		runtime: runtime === null ? null : parseRuntime(runtime),
		cacheBits: cacheBitsOf(params),
		slots: slotsOf(params),
		quant: word(params, 'quant'),
	};
}
