// What a person asks about fit: device, context, runtime, cache and slots, from the parameters of a URL or of a command.
import { Failure } from '#lib/core/failure.ts';
import { cachePrecisions, type CacheBits } from '#lib/core/fit.ts';
import { parseContext } from '#lib/core/query-url.ts';
import { quoted } from '#lib/core/repository.ts';

/** A question about one model. Null: the current device, the usual context, no runtime, the usual GGUF file. */
export interface FitQuestion {
	/** Id of a device, or an amount of memory such as `16GB`. */
	device: string | null;
	/** Tokens. */
	context: number | null;
	runtime: string | null;
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

const names = new Set(['device', 'context', 'runtime', 'cache_bits', 'slots', 'quant']);
const mostSlots = 1024;

function bad(name: string, value: string, wanted: string): Failure {
	return new Failure('invalid_query', `"${quoted(value)}" is not a value for ${name}: expected ${wanted}.`);
}

function word(params: URLSearchParams, name: string): string | null {
	const value = params.get(name)?.trim() ?? '';
	if (value.length > 100) throw bad(name, value.slice(0, 40), 'at most 100 characters');
	return value === '' ? null : value;
}

function contextOf(params: URLSearchParams): number | null {
	const value = word(params, 'context');
	if (value === null) return null;
	const tokens = parseContext(value);
	if (tokens === null || tokens < 1) throw bad('context', value, 'tokens such as 32k or 32768');
	return tokens;
}

function cacheBitsOf(params: URLSearchParams): CacheBits {
	const value = word(params, 'cache_bits');
	const found = cachePrecisions.find((bits) => String(bits) === (value ?? '16'));
	if (found === undefined) throw bad('cache_bits', value ?? '', cachePrecisions.join(', '));
	return found;
}

function slotsOf(params: URLSearchParams): number {
	const value = word(params, 'slots') ?? '1';
	const slots = /^\d{1,5}$/.test(value) ? Number(value) : 0;
	if (slots < 1 || slots > mostSlots) throw bad('slots', value, `a whole number from 1 to ${mostSlots}`);
	return slots;
}

/** Reads a question. Throws `invalid_query` naming the parameter and the value, `unknown_field` for other names. */
export function parseFitQuestion(params: URLSearchParams): FitQuestion {
	for (const name of params.keys()) {
		if (!names.has(name)) throw new Failure('unknown_field', `There is no query parameter "${quoted(name)}" here.`);
	}
	return {
		device: word(params, 'device'),
		context: contextOf(params),
		runtime: word(params, 'runtime'),
		cacheBits: cacheBitsOf(params),
		slots: slotsOf(params),
		quant: word(params, 'quant'),
	};
}
