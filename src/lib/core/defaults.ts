// Keys that config.json leaves out because they equal the model type's own default: filled in, and told apart.
import { isJsonObject } from '#lib/core/config-text.ts';
import type { JsonObject, JsonValue } from '#lib/core/listing.ts';
import { nestedTextKeys } from '#lib/core/reading.ts';
import { classDefaultLines } from '#lib/core/tables/class-defaults.ts';

/** A configuration with absent keys filled in; `from` names what was filled, as `key` or `text_config.key`. */
export interface FilledConfig {
	filled: JsonObject;
	from: Set<string>;
}

/** Keys that mean one thing under several names: when one of them stands in the file, none of the others is filled. */
const sameMeaning = [
	['hidden_size', 'n_embd', 'n_embed', 'd_model', 'dim', 'model_dim'],
	['num_hidden_layers', 'n_layer', 'n_layers', 'num_layers', 'encoder_layers'],
	['num_attention_heads', 'n_head', 'n_heads', 'num_heads', 'encoder_attention_heads'],
	[
		'num_key_value_heads',
		'num_kv_heads',
		'n_head_kv',
		'n_kv_heads',
		'kv_n_heads',
		'multi_query_group_num',
		'multi_query',
	],
	['intermediate_size', 'n_inner', 'ffn_dim', 'd_ff', 'ffn_hidden_size', 'encoder_ffn_dim'],
	['head_dim', 'kv_channels', 'd_kv', 'attention_head_dim'],
	['max_position_embeddings', 'n_positions', 'max_seq_len', 'seq_length', 'n_ctx', 'max_sequence_length'],
	['num_experts', 'num_local_experts', 'n_routed_experts', 'moe_num_experts'],
	['num_experts_per_tok', 'num_experts_per_token', 'top_k_experts', 'moe_k', 'moe_topk', 'moe_top_k'],
	['rope_parameters', 'rope_scaling', 'rope_theta'],
	['layer_types', 'layers_block_type', 'sliding_window_pattern', 'full_attention_interval', 'layer_pattern'],
];
const synonyms = new Map(sameMeaning.flatMap((group) => group.map((key): [string, string[]] => [key, group])));

/** Keys of which a real configuration always holds at least one; a file without any is a stub that says only its type. */
const sizeKeys = [...sameMeaning.slice(0, 3).flat(), 'decoder_layers', 'embed_dim', 'depths'];

/** Parts whose presence shows that the file is more than a stub. */
const nestedKeys = [...nestedTextKeys, 'thinker_config', 'vision_config', 'decoder', 'encoder'];

const textKeys = ['text_config', 'thinker_config'];
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

function has(config: JsonObject, key: string): boolean {
	return config[key] !== undefined && Object.hasOwn(config, key);
}

function isGiven(config: JsonObject, key: string): boolean {
	if (has(config, key)) return true;
	return synonyms.get(key)?.some((other) => has(config, other)) ?? false;
}

/** `{every, layers}` of the table as a list over all layers, or undefined when the file has another number of layers. */
function layerList(pattern: JsonObject, config: JsonObject): JsonValue | undefined {
	const { every, layers } = pattern;
	if (!Array.isArray(every) || typeof layers !== 'number') return undefined;
	const given = synonyms.get('num_hidden_layers')?.find((key) => has(config, key));
	if (given !== undefined && config[given] !== layers) return undefined;
	return Array.from({ length: layers }, (_, layer) => every[layer % every.length] ?? null);
}

function valueFor(key: string, value: JsonValue, config: JsonObject): JsonValue | undefined {
	if (!isJsonObject(value)) return value;
	if (key === 'layer_types' || key === 'layers_block_type') return layerList(value, config);
	return key === 'rope_parameters' ? value : undefined;
}

/** The config with the defaults of its class laid under it; the config itself when nothing was missing. */
function lay(config: JsonObject, defaults: JsonObject, prefix: string, from: Set<string>): JsonObject {
	let filled: JsonObject | null = null;
	for (const key in defaults) {
		const fallback = defaults[key];
		if (fallback === undefined || isGiven(config, key)) continue;
		const value = valueFor(key, fallback, config);
		if (value === undefined) continue;
		filled ??= { ...config };
		filled[key] = value;
		from.add(prefix + key);
	}
	return filled ?? config;
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

interface Level {
	config: JsonObject;
	defaults: JsonObject | null;
	prefix: string;
}

/** Fills the nested text configurations of one level, then the level itself. */
function fillLevel({ config, defaults, prefix }: Level, from: Set<string>): JsonObject {
	let filled = config;
	for (const key of textKeys) {
		const nested = config[key];
		if (!isJsonObject(nested)) continue;
		const level = { config: nested, defaults: nestedDefaults(nested, defaults, key), prefix: `${prefix}${key}.` };
		const inner = prefix.length > 40 ? nested : fillLevel(level, from);
		if (inner !== nested) filled = { ...filled, [key]: inner };
	}
	return defaults === null ? filled : lay(filled, defaults, prefix, from);
}

function hasSize(config: JsonObject): boolean {
	return sizeKeys.some((key) => has(config, key));
}

/** Is there no size in the configuration at all, so that only its type can be known? (GGUF repositories ship such stubs.) */
export function isStub(config: JsonObject): boolean {
	return !hasSize(config) && !nestedKeys.some((key) => isJsonObject(config[key]));
}

/**
 * Fills absent keys with the defaults of the type's configuration class, as transformers does when it loads the file
 * (nested text configurations by their own type, else by the parent's). A key that is present, even as null, stays; a
 * file without any size stays as it is: `{"model_type":"llama"}` does not mean the smallest Llama.
 */
export function fillDefaults(modelType: string | null, config: JsonObject): FilledConfig {
	const from = new Set<string>();
	if (isStub(config)) return { filled: config, from };
	const own = modelType === null ? null : classDefaults(modelType);
	const ofText = own?.['text_config'];
	const flat = isJsonObject(ofText) && !isJsonObject(config['text_config']) && hasSize(config);
	const defaults = flat ? { ...own, ...ofText } : own;
	return { filled: fillLevel({ config, defaults, prefix: '' }, from), from };
}
