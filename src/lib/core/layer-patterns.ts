// Which layers of a model attend to everything, slide, or keep a recurrent state, by the keys and habits of each type.
import {
	chunked,
	fromWords,
	full,
	mixer,
	nothing,
	sliding,
	states,
	type Mixer,
	type MixerRule,
} from '#lib/core/mixers.ts';
import { type Config, figure, figureOr, flag, isConfig, list, part } from '#lib/core/shape.ts';

/** Full attention in every n-th layer (the n-th, 2n-th …), sliding in the others; full everywhere without a window. */
function everyNth(config: Config, interval: number, other: Mixer = sliding): MixerRule {
	if (!Number.isInteger(interval) || interval < 1) return null;
	if (other === sliding && !hasWindow(config)) return full;
	return (layer) => ((layer + 1) % interval === 0 ? full : other);
}

function hasWindow(config: Config): boolean {
	return figureOr(config, 'sliding_window', 0) > 0;
}

type Pattern = (config: Config, layers: number, type: string) => MixerRule;

/** All layers slide when a window is set (Mistral 7B v0.1, StarCoder2, Phi-3): the window is not per layer there. */
const slidingEverywhere: Pattern = (config) => (hasWindow(config) ? sliding : full);

/** Qwen 2 and 3: a window counts only when switched on, and only from `max_window_layers` on. */
const slidingAbove: Pattern = (config) => {
	if (!flag(config, 'use_sliding_window', false) || !hasWindow(config)) return full;
	const from = figureOr(config, 'max_window_layers', NaN);
	return Number.isNaN(from) ? null : (layer) => (layer >= from ? sliding : full);
};

const alternating: Pattern = (config) => (hasWindow(config) ? (layer) => (layer % 2 === 0 ? sliding : full) : full);

const byInterval =
	(key: string, fallback: number): Pattern =>
	(config) =>
		everyNth(config, figureOr(config, key, fallback));

/** EXAONE spells its pattern as a number or as letters, `LLLG`: the length is what counts, as G always comes last. */
const byLetters: Pattern = (config) => {
	const pattern = config['sliding_window_pattern'];
	return everyNth(config, typeof pattern === 'string' ? pattern.length : figureOr(config, 'sliding_window_pattern', 4));
};

/** Gemma 4: as Gemma 3, and the last layer always attends to everything. */
const lastIsFull: Pattern = (config, layers) => {
	const rule = everyNth(config, 6);
	return typeof rule === 'function' ? (layer) => (layer === layers - 1 ? full : rule(layer)) : rule;
};

/** Llama 4: layers with rotary positions see chunks, the others everything. */
const withoutPositions: Pattern = (config, layers) => {
	if (!(figureOr(config, 'attention_chunk_size', 8192) > 0)) return full;
	const rotary = list(config, 'no_rope_layers');
	if (rotary === null) return everyNth(config, figureOr(config, 'no_rope_layer_interval', 4), chunked);
	return rotary.length < layers ? null : (layer) => (rotary[layer] === 0 ? full : chunked);
};

/** A list of 0 and 1, one per layer: 1 slides (MiMo V2). */
const byBits =
	(key: string): Pattern =>
	(config, layers) => {
		const bits = list(config, key);
		if (bits === null || bits.length < layers) return null;
		return (layer) => (bits[layer] === 1 ? sliding : full);
	};

/** Attention in the layers where `index mod period = offset`, a state elsewhere (Jamba). */
const byPeriod: Pattern = (config, _layers, type) => {
	const period = figure(config, 'attn_layer_period');
	const offset = figure(config, 'attn_layer_offset');
	const state = states[type];
	if (!(period > 0) || Number.isNaN(offset) || state === undefined) return null;
	return (layer) => (layer % period === offset ? full : state);
};

/** Attention in every `full_attention_interval`-th layer, a delta net elsewhere (Qwen3-Next, Qwen 3.5). */
const byFullInterval: Pattern = (config, _layers, type) =>
	everyNth(config, figureOr(config, 'full_attention_interval', 4), states[type] ?? nothing);

/** Attention in the layers whose index is listed, a state in the others. */
const byIndices =
	(key: string): Pattern =>
	(config, _layers, type) => {
		const state = states[type];
		const indices = list(config, key);
		if (state === undefined || indices === null) return null;
		const attending = new Set(indices);
		return (layer) => (attending.has(layer) ? full : state);
	};

/** Kimi Linear counts its layers from one. */
const byLinearConfig: Pattern = (config) => {
	const nested = part(config, 'linear_attn_config');
	const attending = nested === null ? null : list(nested, 'full_attn_layers');
	const linear = states['kimi_linear'];
	if (attending === null || linear === undefined) return null;
	const indices = new Set(attending);
	return (layer) => (indices.has(layer + 1) ? full : linear);
};

/** Nemotron-H: one letter per layer, M state, * attention, - feed-forward, E experts. */
const byLetterString: Pattern = (config, layers, type) => {
	const pattern = config['hybrid_override_pattern'];
	return typeof pattern === 'string' ? fromWords(type, [...pattern.slice(0, layers)], layers) : null;
};

/** DeepSeek V4: 0 only slides, 4 and 128 add one compressed entry per so many tokens. */
const byCompression: Pattern = (config, layers) => {
	const ratios = list(config, 'compress_ratios');
	if (ratios === null || ratios.length < layers) return null;
	const known = new Map<number, Mixer>();
	for (const ratio of ratios) {
		if (typeof ratio !== 'number' || !Number.isInteger(ratio) || ratio < 0) return null;
		if (!known.has(ratio)) known.set(ratio, mixer('compressed', 'none', ratio));
	}
	// Real models have three ratios; a list of thousands would only be made to cost time.
	if (known.size > 16) return null;
	return (layer) => known.get(Number(ratios[layer])) ?? nothing;
};

/** Nemotron-NAS: each block says whether it attends at all. */
const byBlocks: Pattern = (config, layers) => {
	const blocks = list(config, 'block_configs');
	if (blocks === null || blocks.length < layers) return null;
	const attends = blocks.map((block) => blockPart(block, 'attention') !== null);
	return (layer) => (attends[layer] === true ? full : nothing);
};

/** One half of a Nemotron-NAS block (`attention` or `ffn`); null when the search removed it or made it linear. */
export function blockPart(block: unknown, half: 'attention' | 'ffn'): Config | null {
	const found = isConfig(block) ? part(block, half) : null;
	if (found === null || flag(found, 'no_op', false) || flag(found, 'replace_with_linear', false)) return null;
	return found;
}

/** Griffin: two recurrent blocks, then one with a window, unless the config lists another cycle. */
const byCycle: Pattern = (config, _layers, type) => {
	const cycle = list(config, 'block_types') ?? list(config, '_block_types') ?? ['recurrent', 'recurrent', 'attention'];
	const recurrent = states[type] ?? nothing;
	return (layer) => (cycle[layer % cycle.length] === 'attention' ? sliding : recurrent);
};

/** Layers of Llama 3.2 Vision that look at the picture instead of the text. Null when the config does not tell. */
export function crossLayers(config: Config, layers: number): readonly unknown[] | null {
	// The list of the 40-layer model is the class default, which the stored config of that model leaves out.
	return list(config, 'cross_attention_layers') ?? (layers === 40 ? [3, 8, 13, 18, 23, 28, 33, 38] : null);
}

/** A picture's keys and values are stored once, so those layers add nothing per token. */
const besidesPictures: Pattern = (config, layers) => {
	const cross = crossLayers(config, layers);
	if (cross === null) return null;
	const indices = new Set(cross);
	return (layer) => (indices.has(layer) ? nothing : full);
};

const always =
	(rule: MixerRule): Pattern =>
	() =>
		rule;

const ownState: Pattern = (_config, _layers, type) => states[type] ?? null;

/**
 * How a type arranges its layers when the config lists none. Source: the models' config classes in transformers 5 and
 * the remote code of the types it does not have.
 */
const patterns = new Map<string, Pattern>(
	Object.entries({
		afmoe: byInterval('global_attn_every_n_layers', 4),
		bamba: byIndices('attn_layer_indices'),
		cohere2: byInterval('sliding_window_pattern', 4),
		deepseek_v4: byCompression,
		exaone4: byLetters,
		exaone_moe: byLetters,
		falcon_h1: always(mixer('full', 'mamba2')),
		falcon_mamba: ownState,
		gemma2: alternating,
		gemma3: byInterval('sliding_window_pattern', 6),
		gemma3_text: byInterval('sliding_window_pattern', 6),
		gemma3n: byInterval('sliding_window_pattern', 5),
		gemma3n_text: byInterval('sliding_window_pattern', 5),
		gemma4: lastIsFull,
		gemma4_text: lastIsFull,
		gpt_oss: alternating,
		jamba: byPeriod,
		kimi_linear: byLinearConfig,
		lfm2: byIndices('full_attn_idxs'),
		lfm2_moe: byIndices('full_attn_idxs'),
		llama4: withoutPositions,
		llama4_text: withoutPositions,
		mamba: ownState,
		mamba2: ownState,
		mimo_v2_flash: byBits('hybrid_layer_pattern'),
		ministral: slidingEverywhere,
		mistral: slidingEverywhere,
		mixtral: slidingEverywhere,
		mllama_text_model: besidesPictures,
		modernbert: (config) => {
			const interval = figureOr(config, 'global_attn_every_n_layers', 3);
			return interval > 0 ? (layer) => (layer % interval === 0 ? full : sliding) : null;
		},
		nemotron_h: byLetterString,
		'nemotron-nas': byBlocks,
		olmo3: byInterval('sliding_window_pattern', 4),
		olmo_hybrid: byFullInterval,
		phi3: slidingEverywhere,
		phi3_v: slidingEverywhere,
		phi4: slidingEverywhere,
		phimoe: slidingEverywhere,
		qwen3_5_moe_text: byFullInterval,
		qwen3_5_text: byFullInterval,
		qwen3_next: byFullInterval,
		recurrent_gemma: byCycle,
		rwkv: ownState,
		starcoder2: slidingEverywhere,
		vaultgemma: alternating,
	}),
);

/** Types that follow Qwen's switch also when it is absent; every other type with the key follows it as well. */
const switched = /^(?:qwen[23]|mimo$|dots1$|smollm3$|minicpmv|internvl)/;

/**
 * Keys that say a model is more than plain attention, or that it spells its key and value heads in its own way; an
 * unknown type that has one is not guessed.
 */
const unusual = [
	...['attention_hidden_size', 'attn_layer_period', 'attn_type_list', 'attention_window_size', 'block_configs'],
	...['blocksparse_block_size', 'compress_ratios', 'conv_L_cache', 'cross_attention_layers', 'full_attention_interval'],
	...['head_size', 'hybrid_layer_pattern', 'hybrid_override_pattern', 'layers_block_type', 'linear_attn_config'],
	...['linear_num_key_heads', 'lru_width', 'mamba_d_state', 'sparse_attention_config', 'ssm_cfg', 'ssm_state_size'],
	...['state_size', 'num_kv_heads', 'num_multi_query_heads', 'multi_query_group_num', 'multi_query', 'n_head_kv'],
	...['kv_n_heads', 'num_query_groups', 'num_key_value_heads_per_layer', 'num_kv_heads_per_layer'],
] as const;

/** Has the config a key that plain attention layers never have? */
export function isUnusual(config: Config): boolean {
	return unusual.some((key) => config[key] !== undefined && config[key] !== null);
}

/** The list of words a config gives its layers; Nemotron-H's letters win over its list, which may be a default. */
function wordsOf(config: Config): readonly unknown[] | null {
	if (typeof config['hybrid_override_pattern'] === 'string') return null;
	return list(config, 'layer_types') ?? list(config, 'layers_block_type');
}

/** Layers of a config that only lists them (newer Nemotron-H files). NaN when it does not. */
export function listedLayers(config: Config): number {
	const letters = config['hybrid_override_pattern'];
	if (typeof letters === 'string') return letters.length;
	return wordsOf(config)?.length ?? NaN;
}

/**
 * Which mixer each layer has. Lists in the config win over the habits of its type. Null when what they say is not
 * understood; undefined when the config lists nothing and the type has no habits known here.
 */
export function mixerRule(type: string, config: Config, layers: number): MixerRule | undefined {
	const listed = wordsOf(config);
	if (listed !== null && listed.length >= layers) return fromWords(type, listed, layers);
	const pattern = patterns.get(type);
	if (pattern !== undefined) return pattern(config, layers, type);
	if (listed !== null) return null;
	if (switched.test(type) || config['use_sliding_window'] !== undefined) return slidingAbove(config, layers, type);
	return undefined;
}
