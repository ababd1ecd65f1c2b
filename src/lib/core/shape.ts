// The numbers of a config that formulas use, read safely under every key that spells them.

/** A parsed config.json, or one of its nested parts. */
export type Config = Readonly<Record<string, unknown>>;

/** More layers than this is a broken or hostile config; the deepest real models stay below 200. */
export const maxLayers = 100_000;

/** Is this a JSON object (not an array, not null)? */
export function isConfig(value: unknown): value is Config {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const digits = /^\s*\d{1,16}(?:\.\d{1,16})?\s*$/;

/** A usable figure (finite, not negative), also when written as a string or as a list of one repeated figure; else NaN. */
function toNumber(value: unknown): number {
	if (typeof value === 'number') return value >= 0 && value <= Number.MAX_SAFE_INTEGER ? value : NaN;
	if (typeof value === 'string') return digits.test(value) ? toNumber(Number(value)) : NaN;
	if (!Array.isArray(value) || value.length === 0 || value.length > maxLayers) return NaN;
	const first: unknown = value[0];
	return typeof first === 'number' && value.every((item) => item === first) ? toNumber(first) : NaN;
}

/**
 * The first key that is present (null counts as absent), as a number. NaN when all are absent or the first present one
 * is unusable: NaN runs through every sum, so that a formula that lacks a number ends in "not known", not in a guess.
 */
export function figure(config: Config, ...keys: readonly string[]): number {
	return firstFigure(config, keys);
}

function firstFigure(config: Config, keys: readonly string[]): number {
	for (const key of keys) {
		const value = config[key];
		if (value !== undefined && value !== null) return toNumber(value);
	}
	return NaN;
}

/** As `figure` for one key, with a value for when it is absent. A present but unusable value is still NaN. */
export function figureOr(config: Config, key: string, fallback: number): number {
	const value = config[key];
	return value === undefined || value === null ? fallback : toNumber(value);
}

/** A yes or no; `fallback` when the key is absent or holds neither. */
export function flag(config: Config, key: string, fallback: boolean): boolean {
	const value = config[key];
	if (typeof value === 'boolean') return value;
	return value === 0 || value === 1 ? value === 1 : fallback;
}

/** A list of at most `maxLayers` items; null when absent, empty, longer or something else. */
export function list(config: Config, key: string): readonly unknown[] | null {
	const value = config[key];
	return Array.isArray(value) && value.length > 0 && value.length <= maxLayers ? value : null;
}

/** A nested object, or null. */
export function part(config: Config, key: string): Config | null {
	const value = config[key];
	return isConfig(value) ? value : null;
}

const textKeys = ['text_config', 'llm_config', 'language_config'] as const;

/**
 * Where the language model's numbers stand: the nested text config, or the config itself. Order as runtimes read it
 * (transformers `get_text_config`, vLLM and SGLang for the other spellings).
 */
export function textConfig(root: Config): Config {
	const outer = part(root, 'thinker_config') ?? root;
	for (const key of textKeys) {
		const nested = part(outer, key);
		if (nested !== null) return nested;
	}
	return outer;
}

/** The `model_type` a config states, or null. */
export function statedType(config: Config): string | null {
	const type = config['model_type'];
	return typeof type === 'string' && type !== '' ? type : null;
}

const hiddenKeys = ['hidden_size', 'n_embd', 'n_embed', 'd_model', 'dim'] as const;
const layerKeys = ['num_hidden_layers', 'n_layer', 'n_layers', 'num_layers'] as const;
const headKeys = ['num_attention_heads', 'n_head', 'n_heads', 'num_heads'] as const;
const innerKeys = ['intermediate_size', 'n_inner', 'ffn_dim', 'd_ff', 'ffn_hidden_size', 'hidden_dim'] as const;
const expertKeys = ['num_experts', 'n_routed_experts', 'num_local_experts', 'moe_num_experts'] as const;
const perTokenKeys = [
	...['num_experts_per_tok', 'num_experts_per_token', 'top_k_experts'],
	...['moe_topk', 'moe_k', 'moe_top_k'],
] as const;

/** The figures most formulas share. NaN where the config does not tell. `headDim` is never assumed when it is stated. */
export interface Dimensions {
	readonly type: string;
	readonly config: Config;
	readonly vocab: number;
	readonly hidden: number;
	readonly layers: number;
	readonly heads: number;
	readonly kvHeads: number;
	readonly headDim: number;
	/** Width of the dense feed-forward block. */
	readonly inner: number;
}

type KvHeads = (config: Config, heads: number) => number;

/** Types that do not spell their key/value heads as `num_key_value_heads`. Source: the models' own config classes. */
const kvHeadRules = new Map<string, KvHeads>(
	Object.entries({
		falcon: (c, heads) => {
			if (flag(c, 'new_decoder_architecture', false)) return figureOr(c, 'num_kv_heads', heads);
			return flag(c, 'multi_query', true) ? 1 : heads;
		},
		RefinedWeb: (c, heads) => figureOr(c, 'n_head_kv', heads),
		RefinedWebModel: (c, heads) => (flag(c, 'multi_query', false) ? 1 : heads),
		gpt_bigcode: (c, heads) => (flag(c, 'multi_query', true) ? 1 : heads),
		dbrx: (c) => {
			const attention = part(c, 'attn_config');
			return attention === null ? figure(c, 'num_key_value_heads') : figureOr(attention, 'kv_n_heads', 1);
		},
		mpt: (c, heads) => {
			const attention = part(c, 'attn_config');
			return attention === null ? heads : figureOr(attention, 'kv_n_heads', heads);
		},
	}),
);

/** Types whose absent inner width means four times the hidden size. */
const fourfold = new Set([
	'gpt2',
	'gptj',
	'gpt_bigcode',
	'gpt_neo',
	'codegen',
	'bloom',
	'falcon',
	'RefinedWeb',
	'RefinedWebModel',
]);

/** Reads the shared figures of a language model's config. */
export function dimensions(type: string, config: Config): Dimensions {
	const hidden = firstFigure(config, hiddenKeys);
	const heads = firstFigure(config, headKeys);
	const rule = kvHeadRules.get(type);
	const fourTimes = fourfold.has(type) && innerKeys.every((key) => config[key] === undefined || config[key] === null);
	return {
		type,
		config,
		vocab: figure(config, 'vocab_size'),
		hidden,
		layers: firstFigure(config, layerKeys),
		heads,
		kvHeads: rule === undefined ? figureOr(config, 'num_key_value_heads', heads) : rule(config, heads),
		headDim: figureOr(config, 'head_dim', hidden / heads),
		inner: fourTimes ? 4 * hidden : firstFigure(config, innerKeys),
	};
}

/** As `dimensions`; `known` is taken when it was read from the same config for the same type. */
export function dimensionsOf(type: string, config: Config, known: Dimensions | null): Dimensions {
	return known !== null && known.config === config && known.type === type ? known : dimensions(type, config);
}

/** The number of layers when it is a whole number that can be walked; else null. */
export function layerCount(layers: number): number | null {
	return Number.isInteger(layers) && layers > 0 && layers <= maxLayers ? layers : null;
}

/** Routed experts of a mixture, under any of its spellings. NaN when there are none stated. */
export function expertCount(config: Config): number {
	const stated = firstFigure(config, expertKeys);
	if (!Number.isNaN(stated)) return stated;
	const nested = part(config, 'ffn_config');
	return nested === null ? NaN : figure(nested, 'moe_num_experts');
}

/** Experts that work on one token. NaN when not stated. */
export function expertsPerToken(config: Config): number {
	const stated = firstFigure(config, perTokenKeys);
	if (!Number.isNaN(stated)) return stated;
	const nested = part(config, 'ffn_config');
	return nested === null ? NaN : figure(nested, 'moe_top_k');
}
