// Reading facts out of a configuration: where the text model stands, what counts as a number, and a trail of evidence.
import { isJsonObject } from '#lib/core/config-text.ts';
import type { JsonObject, JsonValue } from '#lib/core/listing.ts';
import { bitOf, copyOf, groupsIn, keysOf, type GroupKey, type GroupSet } from '#lib/core/key-groups.ts';
import { write, type EvidenceField } from '#lib/core/evidence.ts';
import { rememberedPair } from '#lib/core/memo.ts';
import type { Conflict, Evidence } from '#lib/core/model.ts';
import { keyGroups } from '#lib/core/tables/config-keys.ts';

/** One place to look for keys: an object inside the file and its path (`''` for the root). */
export interface Scope {
	config: JsonObject;
	path: string;
	/** Groups of known keys that the object holds. */
	groups: GroupSet;
	/** Nested objects that are scopes of their own already, by key. */
	parts: Map<string, Scope> | null;
}

/** A value that was found, with the path of the key that held it. */
export interface Found<T> {
	value: T;
	path: string;
}

/** Largest believable value of a fact; anything above is refused with a warning. */
const limits: Partial<Record<CountedFact, number>> = { num_hidden_layers: 100_000, num_attention_heads: 1_000_000 };
const defaultLimit = 1e12;
const maxWarnings = 40;
/** Longest list of per-layer values that is looked at. */
const maxListLength = 4096;

/** An object of the file as a place to look for keys: a copy, so that defaults can be laid under it. */
export function scopeOf(object: JsonObject, path: string): Scope {
	return { config: copyOf(object), path, groups: groupsIn(object), parts: null };
}

const textBit = bitOf('text_part');
const wrappedBit = bitOf('wrapped_part');

/** Does the scope hold any key of the groups? (A cheap question, asked before any key of the groups is.) */
export function holds(scope: Scope, groups: GroupSet): boolean {
	return (scope.groups & groups) !== 0;
}

/** The nested object under a key as a scope; null when there is none. */
export function partOf(scope: Scope, key: string): Scope | null {
	const known = scope.parts?.get(key);
	if (known !== undefined) return known;
	const value = scope.config[key];
	if (!isJsonObject(value)) return null;
	const part = scopeOf(value, pathIn(scope, key));
	scope.parts ??= new Map();
	scope.parts.set(key, part);
	return part;
}

/** Keys under which the root holds text models; one of them is read. */
export function textParts(root: Scope): string[] {
	return holds(root, textBit) ? keyGroups.text_part.filter((key) => isJsonObject(root.config[key])) : [];
}

function textPartOf(scope: Scope): Scope | null {
	for (const key of keyGroups.text_part) {
		const part = partOf(scope, key);
		if (part !== null) return part;
	}
	return null;
}

/**
 * Where the text model of a configuration stands: `thinker_config.text_config`, `text_config`, `llm_config` and their
 * like, the decoder of a wrapper, else the root itself. (Order of transformers, vLLM, SGLang and llama.cpp.)
 */
export function textScope(root: Scope): Scope {
	if (!holds(root, textBit | wrappedBit)) return root;
	const nested = textPartOf(root);
	if (nested !== null) return nested.path === 'thinker_config' ? (textPartOf(nested) ?? nested) : nested;
	if (root.config['hidden_size'] !== undefined) return root;
	for (const key of keyGroups.wrapped_part) {
		const part = partOf(root, key);
		if (part !== null && typeof part.config['model_type'] === 'string') return part;
	}
	return root;
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

/** A value in few words, for a sentence about it. */
export function shown(value: JsonValue | undefined): string {
	if (Array.isArray(value)) return `a list of ${value.length}`;
	if (isJsonObject(value)) return 'an object';
	return String(value).slice(0, 40);
}

/** The plain sizes of the text model. */
export type SizeFact =
	| 'num_hidden_layers'
	| 'hidden_size'
	| 'intermediate_size'
	| 'vocab_size'
	| 'num_attention_heads'
	| 'num_key_value_heads'
	| 'head_dim'
	| 'num_experts'
	| 'num_experts_per_token';

/** Facts that are read as counts, each under the keys of the group of its name. */
export type CountedFact = SizeFact | 'max_position_embeddings' | 'sliding_window';

/** How one count is read. */
export interface CountRow {
	field: CountedFact;
	bit: GroupSet;
	keys: GroupKey[];
	/** Largest believable value. */
	limit: number;
	/** Does 0 mean "none" (null without a warning)? */
	zeroIsNone: boolean;
}

/** The row of a fact, to be made once. */
export function countRow(field: CountedFact, { zeroIsNone = false } = {}): CountRow {
	return { field, bit: bitOf(field), keys: keysOf(field), limit: limits[field] ?? defaultLimit, zeroIsNone };
}

/** Collects facts from one file together with evidence, conflicts and warnings. */
export class Reading {
	readonly file: string;
	/** Paths that class defaults filled, and the model type they are of: evidence says so. */
	readonly #filled: Set<string>;
	readonly #filledFor: string;
	#filledRule: string | null = null;
	readonly evidence: Record<string, Evidence> = {};
	readonly conflicts: Conflict[] = [];
	readonly warnings: string[] = [];

	constructor(file: string, filled: Set<string>, filledFor: string) {
		this.file = file;
		this.#filled = filled;
		this.#filledFor = filledFor;
	}

	/** Notes where a fact came from. */
	note(field: EvidenceField, path: string, rule: string, file = this.file): void {
		write(this.evidence, field, { file, path, rule });
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
		if (!this.#filled.has(path)) return rule;
		this.#filledRule ??= `class default of ${this.#filledFor} (the key is absent)`;
		return this.#filledRule;
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
	count(row: CountRow, scopes: Scope[]): number | null {
		for (const scope of scopes) {
			if (!holds(scope, row.bit)) continue;
			const found = this.#countIn(scope, row);
			if (found === null || (found.value === 0 && row.zeroIsNone)) continue;
			if (found.value === 0) {
				this.warn(`${found.path} is 0, so ${row.field} stays unknown.`);
				continue;
			}
			this.note(row.field, found.path, this.ruleAt(found.path, 'as written'));
			if (scopes.length > 1 && scope === scopes[0]) this.#compare(row, found, scopes);
			return found.value;
		}
		return null;
	}

	#countIn(scope: Scope, row: CountRow): Found<number> | null {
		for (const key of row.keys) {
			const raw = at(scope.config, key);
			if (raw === undefined || raw === null) continue;
			const path = pathIn(scope, key.path);
			const value = this.#believable(row, raw, path);
			if (value !== null) return { value, path };
		}
		return null;
	}

	#believable({ field, limit }: CountRow, raw: JsonValue, path: string): number | null {
		const single = Array.isArray(raw) ? sameForAll(raw) : raw;
		if (single === undefined) {
			this.warn(`${path} differs from layer to layer, so there is no single ${field}.`);
			return null;
		}
		const value = asNumber(single);
		if (value === null || value < 0 || !Number.isInteger(value) || value > limit) {
			this.warn(`${path} is ${shown(raw)}, which cannot be ${field}.`);
			return null;
		}
		return value;
	}

	/** Does a later place, as written in the file, say something else about the same field? */
	#compare(row: CountRow, chosen: Found<number>, scopes: Scope[]): void {
		for (const scope of scopes.slice(1)) {
			if (!holds(scope, row.bit)) continue;
			const key = row.keys.find((name) => typeof at(scope.config, name) === 'number');
			const other = key === undefined ? undefined : at(scope.config, key);
			if (key === undefined || typeof other !== 'number' || other === chosen.value) continue;
			const otherPath = pathIn(scope, key.path);
			if (this.isFilled(otherPath) || this.isFilled(chosen.path)) continue;
			this.conflict(row.field, chosen.value, [
				{ value: chosen.value, path: chosen.path },
				{ value: other, path: otherPath },
			]);
		}
	}
}

/** Joined once: an evidence path that is the same text again is found faster in the set of filled paths. */
const joined = rememberedPair((prefix, key) => `${prefix ?? ''}.${key ?? ''}`);

/** Path of a known key of a scope in the file. */
export function pathIn(scope: Scope, key: string): string {
	return scope.path === '' ? key : joined(scope.path, key);
}

function at(config: JsonObject, { key, inner }: GroupKey): JsonValue | undefined {
	const value = config[key];
	if (inner === null) return value;
	return isJsonObject(value) ? value[inner] : undefined;
}
