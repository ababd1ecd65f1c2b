// Keys that config.json leaves out because they equal the model type's own default: filled in, and told apart.
import { isJsonObject } from '#lib/core/config-text.ts';
import type { JsonObject, JsonValue } from '#lib/core/listing.ts';
import { bitOf, groupsOfKey, type GroupSet } from '#lib/core/key-groups.ts';
import { partOf, pathIn, scopeOf, type Scope } from '#lib/core/reading.ts';
import { classDefaultLines } from '#lib/core/tables/class-defaults.ts';
import { keyGroups } from '#lib/core/tables/config-keys.ts';

/** A configuration with absent keys filled in; `from` names what was filled, as `key` or `text_config.key`. */
export interface FilledConfig {
	filled: JsonObject;
	from: Set<string>;
}

/** Groups whose keys mean one thing: when one of them stands in the file, none of the others is filled. */
const oneMeaning =
	bitOf('hidden_size') |
	bitOf('num_hidden_layers') |
	bitOf('num_attention_heads') |
	bitOf('num_key_value_heads') |
	bitOf('intermediate_size') |
	bitOf('vocab_size') |
	bitOf('head_dim') |
	bitOf('max_position_embeddings') |
	bitOf('num_experts') |
	bitOf('num_experts_per_token') |
	bitOf('rope') |
	bitOf('layer_pattern') |
	bitOf('sliding_window');

/** Groups of which a real configuration always holds a key; a file without any is a stub that says only its type. */
const sizes = bitOf('hidden_size') | bitOf('num_hidden_layers') | bitOf('num_attention_heads') | bitOf('other_size');
/** Parts whose presence shows that the file is more than a stub. */
const parts = bitOf('text_part') | bitOf('wrapped_part') | bitOf('vision_part');

const textBit = bitOf('text_part');
/** Parts whose defaults are known. */
const filledParts = ['text_config', 'thinker_config'];
let lines: Map<string, string> | null = null;
const parsed = new Map<string, JsonObject>();

function classLines(): Map<string, string> {
	lines ??= new Map(
		classDefaultLines
			.trim()
			.split('\n')
			.map((line): [string, string] => {
				const cut = line.indexOf(' ');
				return [line.slice(0, cut), line.slice(cut + 1)];
			}),
	);
	return lines;
}

/** What the configuration class of a model type sets by itself. Null when the type is not in the table. */
export function classDefaults(modelType: string): JsonObject | null {
	const known = parsed.get(modelType);
	if (known !== undefined) return known;
	const line = classLines().get(modelType);
	if (line === undefined) return null;
	const value: JsonValue = JSON.parse(line);
	if (!isJsonObject(value)) return null;
	parsed.set(modelType, value);
	return value;
}

/** One default, ready to be laid under a configuration. */
interface Default {
	key: string;
	/** The groups that stand for its meaning; 0 when only its key does. */
	meaning: GroupSet;
	groups: GroupSet;
	value: JsonValue;
	/** Number of layers that a list with one value per layer is for; null for everything else. */
	layers: number | null;
}

const prepared = new WeakMap<JsonObject, Default[]>();

function prepare(defaults: JsonObject): Default[] {
	const known = prepared.get(defaults);
	if (known !== undefined) return known;
	const list = Object.entries(defaults).flatMap(([key, value]) => defaultOf(key, value) ?? []);
	prepared.set(defaults, list);
	return list;
}

/** Null for a nested object, whose defaults are laid under the nested part itself. */
function defaultOf(key: string, value: JsonValue | undefined): Default | null {
	if (value === undefined) return null;
	const groups = groupsOfKey(key);
	const row = { key, meaning: groups & oneMeaning, groups, value, layers: null };
	if (!isJsonObject(value) || key === 'rope_parameters') return row;
	const { every, layers } = value;
	if (!Array.isArray(every) || typeof layers !== 'number') return null;
	return { ...row, value: Array.from({ length: layers }, (_, layer) => every[layer % every.length] ?? null), layers };
}

/** Has the configuration as many layers, or none stated? */
function hasLayers(config: JsonObject, layers: number): boolean {
	const given = keyGroups.num_hidden_layers.find((key) => config[key] !== undefined);
	return given === undefined || config[given] === layers;
}

/** Lays the defaults of a class under a scope, whose object is a copy of ours. */
function lay(scope: Scope, defaults: JsonObject, from: Set<string>): void {
	const { config } = scope;
	const written = scope.groups;
	for (const { key, meaning, groups, value, layers } of prepare(defaults)) {
		const given = meaning === 0 ? config[key] !== undefined : (written & meaning) !== 0;
		if (given || (layers !== null && !hasLayers(config, layers))) continue;
		config[key] = value;
		scope.groups |= groups;
		from.add(pathIn(scope, key));
	}
}

function typeOf(config: JsonObject): string | null {
	return typeof config['model_type'] === 'string' ? config['model_type'] : null;
}

function nestedDefaults(nested: JsonObject, parent: JsonObject | null, key: string): JsonObject | null {
	const own = typeOf(nested);
	const ofOwn = own === null ? null : classDefaults(own);
	if (ofOwn !== null) return ofOwn;
	const ofParent = parent?.[key];
	return isJsonObject(ofParent) ? ofParent : null;
}

/** Fills the nested text configurations of one level, then the level itself. */
function fillLevel(level: Scope, defaults: JsonObject | null, from: Set<string>): void {
	for (const key of (level.groups & textBit) === 0 ? [] : filledParts) {
		const part = level.path.length > 40 ? null : partOf(level, key);
		if (part === null) continue;
		fillLevel(part, nestedDefaults(part.config, defaults, key), from);
		level.config[key] = part.config;
	}
	if (defaults !== null) lay(level, defaults, from);
}

/** Is there no size in the configuration at all, so that only its type can be known? (GGUF repositories ship such stubs.) */
export function isStub({ config, groups }: Scope): boolean {
	if ((groups & sizes) !== 0) return false;
	if ((groups & parts) === 0) return true;
	return ![...keyGroups.text_part, ...keyGroups.wrapped_part, 'vision_config'].some((key) => isJsonObject(config[key]));
}

const flat = new Map<JsonObject | null, JsonObject>();

/** Defaults of a composite type for a file that writes its text model at the root. One per type of the table. */
function flattened(own: JsonObject | null, ofText: JsonObject): JsonObject {
	const known = flat.get(own);
	if (known !== undefined) return known;
	const made = { ...own, ...ofText };
	flat.set(own, made);
	return made;
}

/** As `fillDefaults`, inside of a scope. Returns what was filled, as `key` or `text_config.key`. */
export function fillScope(modelType: string | null, root: Scope): Set<string> {
	const from = new Set<string>();
	if (isStub(root)) return from;
	const own = modelType === null ? null : classDefaults(modelType);
	const ofText = own?.['text_config'];
	const isFlat = isJsonObject(ofText) && !isJsonObject(root.config['text_config']) && (root.groups & sizes) !== 0;
	fillLevel(root, isFlat ? flattened(own, ofText) : own, from);
	return from;
}

/**
 * Fills absent keys with the defaults of the type's configuration class, as transformers does when it loads the file
 * (nested text configurations by their own type, else by the parent's). A key that is present, even as null, stays; a
 * file without any size stays as it is: `{"model_type":"llama"}` does not mean the smallest Llama. The answer is a
 * copy without prototypes.
 */
export function fillDefaults(modelType: string | null, config: JsonObject): FilledConfig {
	const root = scopeOf(config, '');
	const from = fillScope(modelType, root);
	return { filled: root.config, from };
}
