// What each layer of a language model is: attention or state, mixture or dense, and whether it keeps a cache of its own.
import {
	type Config,
	type Dimensions,
	dimensions,
	dimensionsOf,
	expertCount,
	figure,
	figureOr,
	isConfig,
	layerCount,
	list,
	statedType,
	textConfig,
} from '#lib/core/shape.ts';
import { blockPart, isUnusual, listedLayers, mixerRule } from '#lib/core/layer-patterns.ts';
import { nestedTypes } from '#lib/core/tables/nested-types.ts';
import { type Attention, full, meanings, type Mixer, type MixerRule, type State } from '#lib/core/mixers.ts';

/** What a layer computes after mixing tokens: a dense block, routed experts, or nothing of its own. */
export type FeedForward = 'dense' | 'moe' | 'none';

/** Layers that are alike in everything a cache or a parameter count depends on. */
export interface LayerGroup {
	readonly count: number;
	readonly attention: Attention;
	readonly state: State;
	readonly feedForward: FeedForward;
	/** Tokens a sliding, chunked or compressed layer looks back; null for the others. */
	readonly window: number | null;
	/** Tokens behind one stored entry of a compressed layer (0: the window only); null for the others. */
	readonly ratio: number | null;
	/** False where the layer reads another layer's keys and values (Gemma 3n, Gemma 4). */
	readonly ownsCache: boolean;
}

/** All layers of a model, grouped in the order of first appearance. */
export interface LayerPlan {
	readonly layers: number;
	readonly groups: readonly LayerGroup[];
}

/**
 * The type of the language model in a config: what the nested part states, else what the whole model's type implies,
 * else the given type. Null when nothing is stated.
 */
export function textType(modelType: string | null, text: Config): string | null {
	const stated = statedType(text);
	if (stated !== null && stated !== modelType) return stated;
	if (modelType === null) return null;
	return nestedTypes.get(modelType) ?? modelType;
}

/** Types without any feed-forward block beside their state, and types whose blocks are feed-forward or mixer, not both. */
const stateOnly = new Set(['mamba', 'mamba2', 'falcon_mamba']);
const oneBlockPerLayer = new Set(['nemotron_h', 'nemotron-nas']);

type FeedForwardRule = FeedForward | ((layer: number) => FeedForward);

/** A word, or 0 and 1, for the kind of a feed-forward block. */
function feedForwardOf(word: unknown): FeedForward {
	return word === 'sparse' || word === 'moe' || word === 1 || word === true ? 'moe' : 'dense';
}

/** Keys that list the kind of every layer's feed-forward block, in words or in 0 and 1. */
function listedFeedForward(config: Config, layers: number): FeedForwardRule | null {
	const kinds = list(config, 'mlp_layer_types') ?? list(config, 'moe_layer_freq');
	if (kinds !== null && kinds.length >= layers) {
		const listed = meanings(kinds, layers, feedForwardOf) ?? [];
		return (layer) => listed[layer] ?? 'dense';
	}
	const sparse = list(config, 'moe_layers');
	if (sparse === null) return null;
	const indices = new Set(sparse);
	return (layer) => (indices.has(layer) ? 'moe' : 'dense');
}

/** Dense layers before the first mixture when the type's class sets them and the config is silent. */
const leadingDense = new Map([['glm4_moe_lite', 1]]);

/** Which layers route, by the keys of each family. Null when a key that decides is unusable. */
function routedLayers(type: string, config: Config): FeedForwardRule | null {
	const step = figureOr(config, 'interleave_moe_layer_step', 1);
	if (step > 1) return (layer) => ((layer + 1) % step === 0 ? 'moe' : 'dense');
	const period = figure(config, 'expert_layer_period');
	if (period > 0) {
		const offset = figureOr(config, 'expert_layer_offset', 0);
		return (layer) => (layer % period === offset ? 'moe' : 'dense');
	}
	const every = figureOr(config, 'decoder_sparse_step', 1);
	const dense = list(config, 'mlp_only_layers');
	if (dense !== null || every > 1) {
		const indices = new Set(dense ?? []);
		return (layer) => (!indices.has(layer) && (layer + 1) % every === 0 ? 'moe' : 'dense');
	}
	const leading = figure(config, 'first_k_dense_replace', 'num_dense_layers', 'moe_layer_start_index');
	const first = Number.isNaN(leading) ? leadingDense.get(type) : leading;
	const interval = figureOr(config, 'moe_layer_freq', figureOr(config, 'moe_layer_interval', 1));
	if (first === undefined) return interval === 1 ? 'moe' : null;
	const last = lastRouted(config);
	return (layer) => (layer >= first && layer <= last && layer % interval === 0 ? 'moe' : 'dense');
}

/** ERNIE states the last routed layer; -1 and absence mean the last of all. */
function lastRouted(config: Config): number {
	const last = config['moe_layer_end_index'];
	return typeof last === 'number' && last >= 0 ? last : Infinity;
}

/** Blocks named in a layer list are themselves the feed-forward part in Nemotron's types. */
function blockFeedForward(type: string, config: Config): FeedForwardRule | null {
	if (type === 'nemotron-nas') {
		const blocks = list(config, 'block_configs');
		if (blocks === null) return null;
		return (layer) => (blockPart(blocks[layer], 'ffn') === null ? 'none' : 'dense');
	}
	const letters = config['hybrid_override_pattern'];
	const names = typeof letters === 'string' ? [...letters.slice(0, maxLetters)] : list(config, 'layers_block_type');
	if (names === null) return null;
	const kinds: Readonly<Record<string, FeedForward>> = { moe: 'moe', E: 'moe', mlp: 'dense', '-': 'dense' };
	return (layer) => kinds[String(names[layer])] ?? 'none';
}

const maxLetters = 100_000;

function ruleOf({ type, config }: Dimensions, layers: number): FeedForwardRule | null {
	if (stateOnly.has(type)) return 'none';
	if (oneBlockPerLayer.has(type)) return blockFeedForward(type, config);
	if (!(expertCount(config) > 0)) return 'dense';
	return listedFeedForward(config, layers) ?? routedLayers(type, config);
}

let latestRule: { d: Dimensions; layers: number; rule: FeedForwardRule | null } | null = null;

/** The latest rule is kept: a mixture's parameters and its cache are asked for one after the other. */
function feedForwardRule(d: Dimensions, layers: number): FeedForwardRule | null {
	if (latestRule?.d === d && latestRule.layers === layers) return latestRule.rule;
	const rule = ruleOf(d, layers);
	latestRule = { d, layers, rule };
	return rule;
}

/**
 * How many layers route to experts and how many are dense, without asking how they attend. Null when a deciding key is
 * unusable.
 */
export function feedForwardCounts(d: Dimensions, layers: number): { moe: number; dense: number } | null {
	const rule = feedForwardRule(d, layers);
	if (rule === null) return null;
	if (typeof rule === 'string') return { moe: rule === 'moe' ? layers : 0, dense: rule === 'dense' ? layers : 0 };
	let moe = 0;
	let dense = 0;
	for (let layer = 0; layer < layers; layer++) {
		const kind = rule(layer);
		if (kind === 'moe') moe++;
		else if (kind === 'dense') dense++;
	}
	return { moe, dense };
}

/** Tokens that a layer of this attention looks back; null where it is unlimited, NaN where it is not stated. */
function windowOf(attention: Attention, type: string, config: Config): number | null {
	if (attention === 'chunked') return figureOr(config, 'attention_chunk_size', 8192);
	if (attention === 'compressed') return figure(config, 'sliding_window');
	if (attention !== 'sliding') return null;
	if (type === 'recurrent_gemma') return figure(config, 'attention_window_size', 'sliding_window');
	if (type === 'modernbert') return figure(config, 'local_attention', 'sliding_window');
	return figure(config, 'sliding_window', 'sliding_window_size');
}

/** Does the config describe a decoder of the plain kind, so that all its layers may be taken to attend fully? */
export function isPlainDecoder(config: Config): boolean {
	if (isUnusual(config) || config['type_vocab_size'] !== undefined || config['is_encoder_decoder'] === true)
		return false;
	if (figureOr(config, 'sliding_window', 0) > 0 || isConfig(config['attn_config'])) return false;
	const names = list(config, 'architectures') ?? [];
	const generates = names.some((name) => typeof name === 'string' && /ForCausalLM$|LMHeadModel$/.test(name));
	return generates || (names.length === 0 && figure(config, 'rms_norm_eps') > 0);
}

/** Plain decoders of known types: every layer attends to everything before it. */
const plain = new Set([
	...['apertus', 'arcee', 'baichuan', 'bitnet', 'bloom', 'codegen', 'cohere', 'dbrx', 'deepseek_v2', 'deepseek_v3'],
	...['deepseek_v32', 'ernie4_5', 'ernie4_5_moe', 'exaone', 'falcon', 'gemma', 'glm', 'glm4', 'glm4_moe'],
	...['glm4_moe_lite', 'glm_moe_dsa', 'gpt2', 'gpt_bigcode', 'gpt_neox', 'gptj', 'granite', 'granitemoe'],
	...['granitemoeshared', 'helium', 'hunyuan_v1_dense', 'hunyuan_v1_moe', 'internlm', 'internlm2', 'internlm3'],
	...['kimi_k2', 'llama', 'minicpm', 'minicpm3', 'minimax_m2', 'minimax_m3', 'minimax_m3_vl_text', 'ministral3'],
	...['mistral4', 'mpt', 'nemotron', 'olmo', 'olmo2', 'olmoe', 'opt', 'phi', 'qwen', 'RefinedWeb', 'RefinedWebModel'],
	...['seed_oss', 'solar_open', 'stablelm'],
]);

function ruleFor(type: string, config: Config, layers: number): MixerRule {
	const known = mixerRule(type, config, layers);
	if (known !== undefined) return known;
	return plain.has(type) || isPlainDecoder(config) ? full : null;
}

/**
 * The layers of a language model. `text` is its config with class defaults filled in; a whole config is read where its
 * language model stands. Null when the arrangement cannot be known (an unknown type with unusual keys, a list that is
 * too short, more than 100,000 layers) and for encoder-decoders, which have two stacks.
 */
export function layerPlan(modelType: string | null, text: Config): LayerPlan | null {
	const config = textConfig(text);
	return planOf(dimensions(textType(modelType, config) ?? '', config));
}

/** As `layerPlan`, for the figures a formula works with. */
export function layersOf(d: Dimensions): LayerPlan | null {
	const config = textConfig(d.config);
	const type = textType(d.type, config) ?? '';
	return planOf(dimensionsOf(type, config, d));
}

let latest: { d: Dimensions; plan: LayerPlan | null } | null = null;

/**
 * As `layerPlan`, for figures that were read from the language model's own config for its own type. The latest plan is
 * kept: the cache of a hybrid is asked for right after its parameters, which need the same plan.
 */
export function planOf(d: Dimensions): LayerPlan | null {
	if (latest?.d === d) return latest.plan;
	const plan = arranged(d);
	latest = { d, plan };
	return plan;
}

function arranged(d: Dimensions): LayerPlan | null {
	const { type, config, layers: stated } = d;
	const layers = layerCount(Number.isNaN(stated) ? listedLayers(config) : stated);
	if (layers === null || config['is_encoder_decoder'] === true) return null;
	const mix = ruleFor(type, config, layers);
	const feed = feedForwardRule(d, layers);
	if (mix === null || feed === null) return null;
	const groups = groupLayers({ type, config, layers, mix, feed });
	return groups === null ? null : { layers, groups };
}

interface Rules {
	type: string;
	config: Config;
	layers: number;
	mix: Mixer | ((layer: number) => Mixer);
	feed: FeedForwardRule;
}

interface Tally {
	mixer: Mixer;
	feedForward: FeedForward;
	ownsCache: boolean;
	count: number;
}

/** Walks the layers once and counts the like ones. */
function groupLayers({ type, config, layers, mix, feed }: Rules): LayerGroup[] | null {
	const owners = layers - figureOr(config, 'num_kv_shared_layers', 0);
	if (Number.isNaN(owners)) return null;
	const tallies: Tally[] = [];
	if (typeof mix !== 'function' && typeof feed === 'string' && owners === layers) {
		tallies.push({ mixer: mix, feedForward: feed, ownsCache: true, count: layers });
	} else {
		for (let layer = 0; layer < layers; layer++) {
			const mixer = typeof mix === 'function' ? mix(layer) : mix;
			const feedForward = typeof feed === 'function' ? feed(layer) : feed;
			tallyOf(tallies, mixer, feedForward, layer < owners).count++;
		}
	}
	const groups = tallies.map((tally) => describe(tally, type, config));
	return groups.some(({ window }) => Number.isNaN(window)) ? null : groups;
}

/** The tally of layers like this one, made when it is the first. There are never more than a handful. */
function tallyOf(tallies: Tally[], mixer: Mixer, feedForward: FeedForward, ownsCache: boolean): Tally {
	for (const tally of tallies) {
		if (tally.mixer === mixer && tally.feedForward === feedForward && tally.ownsCache === ownsCache) return tally;
	}
	const first = { mixer, feedForward, ownsCache, count: 0 };
	tallies.push(first);
	return first;
}

function describe({ mixer, feedForward, ownsCache, count }: Tally, type: string, config: Config): LayerGroup {
	const isLatent = mixer.attention === 'full' && figureOr(config, 'kv_lora_rank', 0) > 0;
	return {
		count,
		attention: isLatent ? 'latent' : mixer.attention,
		state: mixer.state,
		feedForward,
		window: windowOf(mixer.attention, type, config),
		ratio: mixer.ratio,
		ownsCache,
	};
}
