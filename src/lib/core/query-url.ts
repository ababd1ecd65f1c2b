// The question of a list in the words of a URL, and back again; every value that cannot be read has its sentence.
import { parseMemory } from '#lib/core/amount.ts';
import { classifications, quantizationChoices } from '#lib/core/choice.ts';
import { Failure } from '#lib/core/failure.ts';
import type { Classification } from '#lib/core/model.ts';
import { cachePrecisions } from '#lib/core/fit.ts';
import { badChoice, badValue, refuseOthers } from '#lib/core/parameter.ts';
import {
	type Checked,
	emptyQuery,
	listSources,
	modalities,
	type ModelQuery,
	sortKeys,
	unchecked,
} from '#lib/core/query.ts';
import { parseRuntime } from '#lib/core/runtime.ts';
import { sizeClasses, weightClasses } from '#lib/core/size-class.ts';

/** Names of a list's parameters: those whose filters take several values may repeat. */
const names = Object.entries(emptyQuery).map(([name, empty]) => ({ name, repeats: Array.isArray(empty) }));
const once = names.filter(({ repeats }) => !repeats).map(({ name }) => name);
const many = names.filter(({ repeats }) => repeats).map(({ name }) => name);
const known = { once: [...once, 'check', 'cache_bits', 'show_low_confidence'], many };

function single(params: URLSearchParams, name: string): string | null {
	const value = params.get(name);
	return value === null || value === '' ? null : value;
}

function several(params: URLSearchParams, name: string): string[] {
	return [...new Set(params.getAll(name).filter((value) => value !== ''))].slice(0, 200);
}

function oneOf<T extends string>(params: URLSearchParams, name: string, choices: readonly T[], fallback: T): T {
	const value = single(params, name);
	if (value === null) return fallback;
	const found = choices.find((choice) => choice === value);
	if (found === undefined) throw badChoice(name, value, choices);
	return found;
}

function someOf<T extends string>(params: URLSearchParams, name: string, choices: readonly T[]): T[] {
	return several(params, name).map((value) => {
		const found = choices.find((choice) => choice === value);
		if (found === undefined) throw badChoice(name, value, choices);
		return found;
	});
}

function truth(params: URLSearchParams, name: string): boolean | null {
	const value = single(params, name);
	if (value === null) return null;
	if (value === 'true' || value === '1') return true;
	if (value === 'false' || value === '0') return false;
	throw badValue(name, value, 'true or false');
}

const parameterUnits: Record<string, number> = { '': 1, k: 1e3, m: 1e6, b: 1e9, t: 1e12 };
const contextUnits: Record<string, number> = { '': 1, k: 1024, m: 1024 * 1024 };

function amount(text: string, units: Record<string, number>): number | null {
	const match = /^(\d{1,15}(?:\.\d{1,6})?)\s*([a-zA-Z]?)$/.exec(text.trim());
	const unit = units[(match?.[2] ?? '').toLowerCase()];
	if (match === null || unit === undefined) return null;
	return Math.round(Number(match[1]) * unit);
}

/** `7B`, `500M` or a plain number as a parameter count (decimal units); null when it is none. */
export function parseParameterCount(text: string): number | null {
	return amount(text, parameterUnits);
}

/** `32k` or a plain number as tokens (`k` is 1,024); null when it is none. */
export function parseContext(text: string): number | null {
	return amount(text, contextUnits);
}

function measured(params: URLSearchParams, name: string, parse: (text: string) => number | null, wanted: string) {
	const value = single(params, name);
	if (value === null) return null;
	const parsed = parse(value);
	if (parsed === null) throw badValue(name, value, wanted);
	return parsed;
}

function parseLimit(params: URLSearchParams): number {
	const value = single(params, 'limit');
	if (value === null) return emptyQuery.limit;
	const limit = Number(value);
	if (!Number.isInteger(limit) || limit < 1 || limit > 200)
		throw badValue('limit', value, 'a whole number from 1 to 200');
	return limit;
}

/** The id of a device: what `PUT /api/hardware` takes and presets have. */
const deviceId = /^[a-z0-9][a-z0-9-]{0,63}$/;

function parseFits(params: URLSearchParams): string | null {
	const value = single(params, 'fits')?.trim() ?? null;
	if (value === null || parseMemory(value) !== null || deviceId.test(value)) return value;
	throw badValue('fits', value, 'memory such as 16GB or 16GiB, or the id of a device');
}

/** A chat list (`kind=gen`) shows what nobody can class when it is told to show guesses, too. */
function kindsOf(params: URLSearchParams): Classification[] {
	const kinds = someOf(params, 'kind', classifications);
	const isChatList = kinds.length === 1 && kinds[0] === 'gen';
	return truth(params, 'show_low_confidence') === true && isChatList ? ['gen', 'unknown'] : kinds;
}

interface ParseOptions {
	/** Refuse names that no filter has and second values where there is room for one (the API); pages ignore them. */
	strict: boolean;
}

/**
 * A list request from URL parameters. Throws `invalid_query` naming the parameter and the value, `unknown_field` for a
 * name no filter has when strict; both name the nearest there is.
 */
export function parseQuery(params: URLSearchParams, { strict }: ParseOptions): ModelQuery {
	if (strict) refuseOthers(params, known);
	const showIncompatible = truth(params, 'show_incompatible');
	const runtime = single(params, 'runtime');
	const sort = oneOf(params, 'sort', sortKeys, emptyQuery.sort);
	const source = single(params, 'source');
	return {
		q: (single(params, 'q') ?? '').trim().slice(0, 200),
		family: several(params, 'family'),
		modality: oneOf(params, 'modality', modalities, 'any'),
		quantization: someOf(params, 'quantization', quantizationChoices),
		kind: kindsOf(params),
		author: several(params, 'author'),
		license: several(params, 'license'),
		gated: truth(params, 'gated'),
		size_class: someOf(params, 'size_class', sizeClasses),
		weight_class: someOf(params, 'weight_class', weightClasses),
		min_params: measured(params, 'min_params', parseParameterCount, 'a count such as 7B, 500M or 7000000000'),
		max_params: measured(params, 'max_params', parseParameterCount, 'a count such as 7B, 500M or 7000000000'),
		min_context: measured(params, 'min_context', parseContext, 'tokens such as 32k or 32768'),
		runtime: runtime === null ? null : parseRuntime(runtime),
		show_incompatible: runtime !== null && showIncompatible === true,
		fits: parseFits(params),
		context: measured(params, 'context', parseContext, 'tokens such as 32k or 32768'),
		source: source === null ? null : oneOf(params, 'source', listSources, 'all'),
		group: single(params, 'group') === null ? null : oneOf(params, 'group', ['base'] as const, 'base'),
		sort,
		order: oneOf(params, 'order', ['asc', 'desc'] as const, sort === 'name' ? 'asc' : 'desc'),
		limit: parseLimit(params),
		cursor: single(params, 'cursor'),
	};
}

/**
 * The runtime whose verdict each row is to carry (`check`), which filters nothing, and the bits of a key or value in its
 * cache (`cache_bits`). Throws `invalid_query` for a name that no runtime has and for other numbers of bits.
 */
export function parseChecked(params: URLSearchParams): Checked {
	const name = single(params, 'check');
	const bits = oneOf(params, 'cache_bits', cachePrecisions.map(String), String(unchecked.cacheBits));
	const cacheBits = cachePrecisions.find((one) => String(one) === bits) ?? unchecked.cacheBits;
	return { check: name === null ? null : parseRuntime(name), cacheBits };
}

/** The parameters that `parseChecked` reads; what is usual is left out. */
export function checkedParams({ check, cacheBits }: Checked): URLSearchParams {
	return new URLSearchParams({
		...(check === null ? {} : { check }),
		...(cacheBits === unchecked.cacheBits ? {} : { cache_bits: String(cacheBits) }),
	});
}

/** The shortest URL parameters that mean this query; defaults are left out, so equal queries have equal URLs. */
export function toSearchParams(query: ModelQuery): URLSearchParams {
	const params = new URLSearchParams();
	const put = (name: string, value: string | number | boolean | null, fallback: unknown = null) => {
		if (value !== null && value !== '' && value !== fallback) params.append(name, String(value));
	};
	put('q', query.q);
	for (const name of ['family', 'quantization', 'kind', 'author', 'license', 'size_class', 'weight_class'] as const) {
		for (const value of query[name]) put(name, value);
	}
	put('modality', query.modality, 'any');
	put('gated', query.gated);
	put('min_params', query.min_params);
	put('max_params', query.max_params);
	put('min_context', query.min_context);
	put('runtime', query.runtime);
	put('show_incompatible', query.show_incompatible, false);
	put('fits', query.fits);
	put('context', query.fits === null ? null : query.context);
	put('source', query.source);
	put('group', query.group);
	put('sort', query.sort, emptyQuery.sort);
	put('order', query.order, query.sort === 'name' ? 'asc' : 'desc');
	put('limit', query.limit, emptyQuery.limit);
	put('cursor', query.cursor);
	return params;
}

/** A page's request: the parameters that could be read, and one sentence for each that could not and was dropped. */
export function readPageQuery(params: URLSearchParams): { query: ModelQuery; problems: string[] } {
	const good = new URLSearchParams(params);
	const problems: string[] = [];
	for (const name of new Set(params.keys())) {
		const alone = new URLSearchParams(params.getAll(name).map((value) => [name, value]));
		try {
			parseQuery(alone, { strict: false });
		} catch (error) {
			if (!(error instanceof Failure)) throw error;
			problems.push(error.message);
			good.delete(name);
		}
	}
	return { query: parseQuery(good, { strict: false }), problems };
}
