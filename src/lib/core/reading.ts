// Reading facts out of a configuration: where the text model stands, what counts as a number, and a trail of evidence.
import { isJsonObject } from '#lib/core/config-text.ts';
import type { JsonObject, JsonValue } from '#lib/core/listing.ts';
import type { Conflict, Evidence } from '#lib/core/model.ts';

/** One place to look for keys: an object inside the file and its path (`''` for the root). */
export interface Scope {
	config: JsonObject;
	path: string;
}

/** A value that was found, with the path of the key that held it. */
export interface Found<T> {
	value: T;
	path: string;
}

/** Largest believable value of a fact; anything above is refused with a warning. */
const limits: Record<string, number> = { num_hidden_layers: 100_000, num_attention_heads: 1_000_000 };
const defaultLimit = 1e12;
const maxWarnings = 40;
/** Longest list of per-layer values that is looked at. */
const maxListLength = 4096;

/** Keys under which the text part of a model stands, in the order in which runtimes look for it. */
export const nestedTextKeys = [
	'text_config',
	'llm_config',
	'language_config',
	'llm_cfg',
	'language_model_config',
	'text_model_config',
	'language',
];
/** Parts of wrapper configurations (encoder-decoder, retrieval) that hold the text model when nothing above does. */
const partKeys = ['decoder', 'generator', 'text_encoder'];

function nestedIn(config: JsonObject, prefix: string): Scope | null {
	for (const key of nestedTextKeys) {
		const value = config[key];
		if (isJsonObject(value)) return { config: value, path: `${prefix}${key}` };
	}
	return null;
}

/**
 * Where the text model of a configuration stands: `thinker_config.text_config`, `text_config`, `llm_config` and their
 * like, the decoder of a wrapper, else the root itself. (Order of transformers, vLLM, SGLang and llama.cpp.)
 */
export function textScope(root: JsonObject): Scope {
	const thinker = root['thinker_config'];
	if (isJsonObject(thinker)) {
		return nestedIn(thinker, 'thinker_config.') ?? { config: thinker, path: 'thinker_config' };
	}
	const nested = nestedIn(root, '');
	if (nested !== null) return nested;
	for (const key of partKeys) {
		const part = root[key];
		if (isJsonObject(part) && typeof part['model_type'] === 'string' && root['hidden_size'] === undefined) {
			return { config: part, path: key };
		}
	}
	return { config: root, path: '' };
}

/** A JSON value as a finite number; numbers written as text count. Null for anything else. */
export function asNumber(value: JsonValue | undefined): number | null {
	if (typeof value === 'number') return Number.isFinite(value) ? value : null;
	if (typeof value !== 'string' || value.length > 30 || !/^\s*[-+]?\d/.test(value)) return null;
	const number = Number(value);
	return Number.isFinite(number) ? number : null;
}

/** The one value of a per-layer list whose items are all equal; undefined when they differ or the list is empty. */
function sameForAll(list: JsonValue[]): JsonValue | undefined {
	const first = list[0];
	if (list.length > maxListLength) return undefined;
	return list.every((item) => item === first) ? first : undefined;
}

function shown(value: JsonValue | undefined): string {
	if (Array.isArray(value)) return `a list of ${value.length}`;
	if (isJsonObject(value)) return 'an object';
	return String(value).slice(0, 40);
}

interface CountOptions {
	/** Keys in the order in which they count; dots reach into nested objects (`attn_config.kv_n_heads`). */
	keys: string[];
	scopes: Scope[];
	/** Does 0 mean "none" (null without a warning)? */
	zeroIsNone?: boolean;
}

/** Collects facts from one file together with evidence, conflicts and warnings. */
export class Reading {
	readonly file: string;
	/** Paths that class defaults filled, and the model type they are of: evidence says so. */
	readonly #filled: Set<string>;
	readonly #filledFor: string;
	readonly evidence: Record<string, Evidence> = {};
	readonly conflicts: Conflict[] = [];
	readonly warnings: string[] = [];

	constructor(file: string, filled: Set<string>, filledFor: string) {
		this.file = file;
		this.#filled = filled;
		this.#filledFor = filledFor;
	}

	/** Notes where a fact came from. */
	note(field: string, path: string, rule: string, file = this.file): void {
		this.evidence[field] = { file, path, rule };
	}

	/** Adds a sentence for the reader of the facts; repeated and overly many ones are dropped. */
	warn(sentence: string): void {
		if (this.warnings.length < maxWarnings && !this.warnings.includes(sentence)) this.warnings.push(sentence);
	}

	/** Was the value at this path filled in from the class defaults? */
	isFilled(path: string): boolean {
		return this.#filled.has(path);
	}

	/** The rule of a value read at a path: as written, or the class default it was filled with. */
	ruleAt(path: string, rule: string): string {
		return this.#filled.has(path) ? `class default of ${this.#filledFor} (the key is absent)` : rule;
	}

	/** Records that two places disagree about a field. */
	conflict(field: string, chosen: JsonValue, claims: { value: JsonValue; file?: string; path: string }[]): void {
		const full = claims.map(({ value, file, path }) => ({ value, file: file ?? this.file, path }));
		this.conflicts.push({ field, claims: full, chosen });
	}

	/**
	 * A whole, positive count under the first of several keys, with evidence. Null when no key holds one; nonsense
	 * (negative, fractional, absurdly large, objects, lists of different values) adds a warning.
	 */
	count(field: string, { keys, scopes, zeroIsNone = false }: CountOptions): number | null {
		const found = this.#firstCount(field, { keys, scopes, zeroIsNone });
		if (found === null) return null;
		this.note(field, found.path, this.ruleAt(found.path, 'as written'));
		this.#compare(field, found, { keys, scopes });
		return found.value;
	}

	#firstCount(field: string, { keys, scopes, zeroIsNone }: CountOptions): Found<number> | null {
		for (const { config, path } of scopes) {
			const prefix = path === '' ? '' : `${path}.`;
			for (const key of keys) {
				const raw = at(config, key);
				if (raw === undefined || raw === null) continue;
				const value = this.#believable(field, raw, prefix + key);
				if (value === 0 && zeroIsNone === true) return null;
				if (value !== null && value > 0) return { value, path: prefix + key };
				if (value === 0) this.warn(`${prefix}${key} is 0, so ${field} stays unknown.`);
			}
		}
		return null;
	}

	#believable(field: string, raw: JsonValue, path: string): number | null {
		const single = Array.isArray(raw) ? sameForAll(raw) : raw;
		if (single === undefined) {
			this.warn(`${path} differs from layer to layer, so there is no single ${field}.`);
			return null;
		}
		const value = asNumber(single);
		if (value === null || value < 0 || !Number.isInteger(value) || value > (limits[field] ?? defaultLimit)) {
			this.warn(`${path} is ${shown(raw)}, which cannot be ${field}.`);
			return null;
		}
		return value;
	}

	/** Does a later place, as written in the file, say something else about the same field? */
	#compare(field: string, chosen: Found<number>, { keys, scopes }: CountOptions): void {
		for (const { config, path } of scopes.slice(1)) {
			const key = keys.find((name) => typeof at(config, name) === 'number');
			const other = key === undefined ? undefined : at(config, key);
			if (key === undefined || typeof other !== 'number' || other === chosen.value) continue;
			const otherPath = path === '' ? key : `${path}.${key}`;
			if (otherPath === chosen.path || this.isFilled(otherPath) || this.isFilled(chosen.path)) continue;
			this.conflict(field, chosen.value, [
				{ value: chosen.value, path: chosen.path },
				{ value: other, path: otherPath },
			]);
		}
	}
}

/** The value at a key, or at a dotted path of at most two keys. */
export function at(config: JsonObject, path: string): JsonValue | undefined {
	const dot = path.indexOf('.');
	if (dot < 0) return config[path];
	const inner = config[path.slice(0, dot)];
	return isJsonObject(inner) ? inner[path.slice(dot + 1)] : undefined;
}
