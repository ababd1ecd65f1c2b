// Parameter counts of decoders with routed experts: total, and the experts that work on one token.
import {
	type ExpertOptions,
	expertPlan,
	type ExpertPlan,
	gated,
	indexer,
	latentAttention,
	mixture,
} from '#lib/core/blocks.ts';
import { type Dimensions, figure, figureOr, flag, layerCount, list, part } from '#lib/core/shape.ts';
import { feedForwardCounts, layersOf } from '#lib/core/layers.ts';
import {
	around,
	type DecoderOptions,
	decoderPlan,
	feedForward,
	mixerAndNorms,
	outputHead,
	type ParameterRow,
	type Parts,
	unknownParts,
} from '#lib/core/decoder.ts';

/** What a stack of layers costs apart from its mixers: dense blocks, experts, routers. */
export interface FeedForwardCost {
	readonly other: number;
	readonly experts: number;
	readonly activeExperts: number;
}

/** Feed-forward cost of all layers, dense ones and mixtures. */
export function feedForwards(d: Dimensions, dense: number, experts: ExpertPlan, stated = d.layers): FeedForwardCost {
	const layers = layerCount(stated);
	const counts = layers === null ? null : feedForwardCounts(d, layers);
	if (counts === null) return { other: NaN, experts: NaN, activeExperts: NaN };
	if (counts.moe === 0) return { other: counts.dense * dense, experts: 0, activeExperts: 0 };
	const { routed, active, always } = mixture(d, experts);
	return {
		other: counts.moe * always + (counts.dense === 0 ? 0 : counts.dense * dense),
		experts: counts.moe * routed,
		activeExperts: counts.moe * active,
	};
}

/** The parts of a model from what stands around its layers, its mixers and its feed-forward blocks. */
export function withBlocks(embed: number, head: number, rest: number, blocks: FeedForwardCost): Parts {
	const { other, experts, activeExperts } = blocks;
	return { embed, head, other: rest + other, experts, activeExperts };
}

interface MixtureOptions extends DecoderOptions {
	readonly experts: ExpertOptions;
	/** Replaces plain attention, norms included, per layer. */
	readonly mixer?: (d: Dimensions) => number;
	/** Width of the dense layers when it is not the usual key. */
	readonly denseWidth?: (d: Dimensions) => number;
}

/** A row for a decoder with routed experts. */
function sparse(rule: string, options: MixtureOptions): ParameterRow {
	const plan = decoderPlan(options);
	const experts = expertPlan(options.experts);
	const { mixer, denseWidth } = options;
	return {
		rule,
		count(d, root) {
			const { embed, head, rest } = around(d, root, plan);
			const dense = denseWidth === undefined ? feedForward(d, plan) : gated(d.hidden, denseWidth(d));
			const blocks = feedForwards(d, dense, experts);
			const mixers = d.layers * (mixer === undefined ? mixerAndNorms(d, plan) : mixer(d));
			return withBlocks(embed, head, mixers + rest, blocks);
		},
	};
}

const attentionBias = ['attention_bias', false] as const;
const biases = { qkvBias: attentionBias, outBias: attentionBias } as const;
const sharedByCount = {
	count: ['n_shared_experts', 'num_shared_experts', 'moe_num_shared_experts', 'num_shared_expert'],
};
const moeWidth = { width: 'moe_intermediate_size' } as const;
const routedAndShared = expertPlan({ ...moeWidth, shared: sharedByCount });
const plainDecoder = decoderPlan({});

const deepseek = sparse('DeepSeek decoder: latent attention, leading dense layers, routed and shared experts', {
	experts: { ...moeWidth, shared: sharedByCount },
	mixer: (d) => latentAttention(d) + 2 * d.hidden,
});

const glm4Moe = sparse('GLM-4.5 decoder: leading dense layers, routed and shared experts', {
	qkvBias: attentionBias,
	qkNorm: 'head',
	qkNormIf: ['use_qk_norm', false],
	experts: { ...moeWidth, shared: sharedByCount },
});

const qwen3Moe = sparse('Qwen3 mixture: norms on query and key heads, routed experts', {
	...biases,
	qkNorm: 'head',
	experts: moeWidth,
});

const mixtral = sparse('Mixtral: as Mistral, with routed experts', { experts: { width: 'inner' } });

/** GLM-5 gives only some layers an indexer of their own; without a list every layer has one. */
function indexedLayers(d: Dimensions): number {
	const kinds = list(d.config, 'indexer_types');
	return kinds === null ? d.layers : kinds.slice(0, d.layers).filter((kind) => kind === 'full').length;
}

const deepseekSparse: ParameterRow = {
	rule: 'DeepSeek V3.2 decoder: latent attention with an indexer, routed and shared experts',
	count(d, root) {
		const parts = deepseek.count(d, root);
		const { embed, head, other, experts, activeExperts } = parts;
		return { embed, head, other: other + indexedLayers(d) * indexer(d), experts, activeExperts };
	},
};

/** MiniMax M3: sparse layers carry an indexer of a few heads over single keys, with one norm each. */
function minimaxIndexer(d: Dimensions): number {
	const nested = part(d.config, 'sparse_attention_config');
	const layers = nested === null ? null : list(nested, 'sparse_attention_freq');
	if (nested === null || layers === null) return NaN;
	const dim = figure(nested, 'sparse_index_dim');
	const one = d.hidden * dim * (figure(nested, 'sparse_num_index_heads') + 1) + 2 * dim;
	return layers.slice(0, d.layers).filter((on) => on === 1).length * one;
}

const minimaxM3: ParameterRow = sparse(
	'MiniMax M3: norms on query and key heads, indexers, routed and shared experts',
	{
		qkNorm: 'head',
		qkNormIf: ['use_qk_norm', true],
		denseWidth: (d) => figure(d.config, 'dense_intermediate_size'),
		experts: { width: 'inner', shared: { width: 'shared_intermediate_size' } },
		outside: minimaxIndexer,
	},
);

/** DBRX keeps its expert width and counts in nested configs. */
const dbrx: ParameterRow = {
	rule: 'DBRX: one norm without bias before attention and experts, routed experts',
	count(d, root) {
		const nested = part(d.config, 'ffn_config');
		const inner = nested === null ? NaN : figure(nested, 'ffn_hidden_size');
		return dbrxCore.count({ ...d, inner }, root);
	},
};
const dbrxCore = sparse('', { experts: { width: 'inner' } });

/** MiMo V2: keys and values of different sizes, other head numbers and sinks where the window slides. */
const mimoV2: ParameterRow = {
	rule: 'MiMo V2: full and sliding layers of their own shapes, routed experts',
	count(d, root) {
		const { hidden } = d;
		const plan = layersOf(d);
		if (plan === null) return unknownParts;
		const { embed, head, rest } = around(d, root, plainDecoder);
		let mixers = 0;
		for (const { attention: kind, count } of plan.groups) {
			const shape = mimoShape(d, kind === 'sliding');
			const { heads, kvHeads, headDim, valueDim, sinks } = shape;
			const weights = heads * headDim + kvHeads * (headDim + valueDim) + heads * valueDim;
			mixers += count * (hidden * weights + 2 * hidden + (sinks ? heads : 0));
		}
		const blocks = feedForwards(d, feedForward(d, plainDecoder), routedAndShared);
		return withBlocks(embed, head, mixers + rest, blocks);
	},
};

/** Heads and sizes of a MiMo V2 layer. `sinks`: whether each head has a learned attention sink. */
export function mimoShape(
	d: Dimensions,
	slides: boolean,
): { heads: number; kvHeads: number; headDim: number; valueDim: number; sinks: boolean } {
	const c = d.config;
	const valueDim = figureOr(c, 'v_head_dim', d.headDim);
	if (!slides) {
		const sinks = flag(c, 'add_full_attention_sink_bias', false);
		return { heads: d.heads, kvHeads: d.kvHeads, headDim: d.headDim, valueDim, sinks };
	}
	return {
		heads: figureOr(c, 'swa_num_attention_heads', d.heads),
		kvHeads: figureOr(c, 'swa_num_key_value_heads', d.kvHeads),
		headDim: figureOr(c, 'swa_head_dim', d.headDim),
		valueDim: figureOr(c, 'swa_v_head_dim', valueDim),
		sinks: flag(c, 'add_swa_attention_sink_bias', true),
	};
}

/** DeepSeek V4: grouped low-rank output, hyper-connections, and compressors where the layer keeps compressed entries. */
const deepseekV4: ParameterRow = {
	rule: 'DeepSeek V4: compressed attention, hyper-connections, routed and shared experts',
	count(d, root) {
		const { hidden } = d;
		const hc = figure(d.config, 'hc_mult');
		const plan = layersOf(d);
		if (plan === null) return unknownParts;
		const connections = 2 * ((2 + hc) * hc * hc * hidden + (2 + hc) * hc + 3);
		let mixers = d.layers * (v4Attention(d) + 2 * hidden + connections);
		for (const { count, ratio } of plan.groups) mixers += count * v4Compressor(d, ratio ?? 0);
		const blocks = feedForwards(d, NaN, routedAndShared);
		const embed = d.vocab * hidden;
		const head = outputHead(d, root, false);
		return withBlocks(embed, head, mixers + hidden + hc * hc * hidden + hc + 1, blocks);
	},
};

function v4Attention({ config: c, hidden, heads, headDim }: Dimensions): number {
	const rank = figure(c, 'q_lora_rank');
	const groups = figure(c, 'o_groups');
	const outRank = figure(c, 'o_lora_rank');
	const query = hidden * rank + rank + rank * heads * headDim;
	return heads + query + hidden * headDim + headDim + outRank * heads * headDim + hidden * groups * outRank;
}

function v4Compressor({ config: c, hidden, headDim }: Dimensions, ratio: number): number {
	if (ratio === 0) return 0;
	if (ratio !== 4) return ratio * headDim + 2 * headDim * hidden + headDim;
	const dim = figure(c, 'index_head_dim');
	const heads = figure(c, 'index_n_heads');
	const indexed = 8 * dim + 4 * dim * hidden + dim + heads * dim * figure(c, 'q_lora_rank') + heads * hidden;
	return 8 * headDim + 4 * headDim * hidden + headDim + indexed;
}

/** Phi's mixture: norms and projections with biases, one of them on the head. */
const phimoe = sparse('Phi mixture: norms with biases, routed experts, head with a bias', {
	...biases,
	norms: 4,
	final: 2,
	headBias: ['lm_head_bias', false],
	experts: { width: 'inner' },
});

/** Hunyuan lists one width per layer; when it lists none, the dense width is the experts' too. */
const hunyuan = (width: ExpertOptions['width']): ParameterRow =>
	sparse('Hunyuan mixture: norms on query and key heads, routed and shared experts', {
		...biases,
		qkNorm: 'head',
		tied: true,
		experts: { width, shared: sharedByCount },
	});

const hunyuanDense = hunyuan('inner');
const hunyuanOwn = hunyuan('moe_intermediate_size');

/** Model type → how its mixture is counted. Sources: the published module of each type. */
export const mixtureRows: Readonly<Record<string, ParameterRow>> = {
	dbrx,
	deepseek_v2: deepseek,
	deepseek_v3: deepseek,
	deepseek_v32: deepseekSparse,
	deepseek_v4: deepseekV4,
	dots1: sparse('dots.llm1: norms on query and key heads, leading dense layers, routed and shared experts', {
		...biases,
		qkNorm: 'head',
		experts: { ...moeWidth, shared: sharedByCount },
	}),
	ernie4_5_moe: sparse('ERNIE 4.5 mixture: leading dense layers, routed and shared experts with a router bias', {
		qkvBias: ['use_bias', false],
		outBias: ['use_bias', false],
		tied: true,
		experts: { ...moeWidth, shared: sharedByCount, routerBias: true },
	}),
	exaone_moe: sparse('EXAONE mixture: norms on query and key heads, leading dense layers, routed and shared experts', {
		qkNorm: 'head',
		experts: { ...moeWidth, shared: sharedByCount },
	}),
	glm4_moe: glm4Moe,
	glm4_moe_lite: deepseek,
	glm_moe_dsa: deepseekSparse,
	gpt_oss: sparse('gpt-oss: biases and attention sinks, routed experts with biases', {
		qkvBias: ['attention_bias', true],
		outBias: ['attention_bias', true],
		perLayer: (d) => d.heads,
		experts: { width: 'inner', bias: true, routerBias: true },
	}),
	granitemoe: sparse('Granite mixture: routed experts', { ...biases, tied: true, experts: { width: 'inner' } }),
	granitemoeshared: sparse('Granite mixture: routed experts and a shared block', {
		...biases,
		tied: true,
		experts: { width: 'inner', shared: { width: 'shared_intermediate_size' } },
	}),
	hunyuan_v1_moe: {
		...hunyuanDense,
		count: (d, root) => (d.config['moe_intermediate_size'] == null ? hunyuanDense : hunyuanOwn).count(d, root),
	},
	kimi_k2: deepseek,
	llama4: llama4('Llama 4 text'),
	llama4_text: llama4('Llama 4 text'),
	mimo_v2_flash: mimoV2,
	minimax_m2: sparse('MiniMax M2: norms over the whole query and key, routed experts', {
		qkNorm: 'full',
		qkNormIf: ['use_qk_norm', true],
		experts: { width: 'inner' },
	}),
	minimax_m3: minimaxM3,
	mistral4: deepseek,
	mixtral,
	olmoe: sparse('OLMoE: norms over the whole query and key, routed experts', {
		...biases,
		qkNorm: 'full',
		experts: { width: 'inner' },
	}),
	phimoe,
	qwen2_moe: sparse('Qwen2 mixture: biases on query, key and value, routed experts and a gated shared block', {
		qkvBias: ['qkv_bias', true],
		experts: { ...moeWidth, shared: { width: 'shared_expert_intermediate_size' }, gate: true },
	}),
	qwen3_moe: qwen3Moe,
	qwen3_omni_moe_text: qwen3Moe,
	qwen3_vl_moe_text: qwen3Moe,
	solar_open: glm4Moe,
};

/** Llama 4: routed layers with one shared expert of the same width; dense layers have a width of their own. */
function llama4(name: string): ParameterRow {
	return sparse(`${name}: routed experts with one shared expert, dense layers of their own width`, {
		...biases,
		denseWidth: (d) => figure(d.config, 'intermediate_size_mlp', 'intermediate_size'),
		experts: { width: 'inner', shared: { width: 'intermediate_size' } },
	});
}
