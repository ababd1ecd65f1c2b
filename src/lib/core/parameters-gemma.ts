// Parameter counts of Gemma 3n and Gemma 4, whose layers differ in shape and carry a second table of embeddings.
import { attention, gated } from '#lib/core/blocks.ts';
import { outputHead, type ParameterRow, denseParts, unknownParts } from '#lib/core/decoder.ts';
import { type Dimensions, expertCount, figure, figureOr, flag, list } from '#lib/core/shape.ts';
import { layersOf } from '#lib/core/layers.ts';

/** Shapes of a Gemma 4 layer: full layers have their own head size and, with shared keys and values, their own heads. */
export function gemma4Shape(d: Dimensions, isFull: boolean): { headDim: number; kvHeads: number; projections: number } {
	const c = d.config;
	if (!isFull) return { headDim: d.headDim, kvHeads: d.kvHeads, projections: 2 };
	const headDim = figureOr(c, 'global_head_dim', d.headDim);
	if (!flag(c, 'attention_k_eq_v', false)) return { headDim, kvHeads: d.kvHeads, projections: 2 };
	return { headDim, kvHeads: figureOr(c, 'num_global_key_value_heads', d.kvHeads), projections: 1 };
}

/** Gemma 4: two head sizes, layers that borrow keys and values, per-layer embeddings, experts beside a dense block. */
const gemma4: ParameterRow = {
	rule: 'Gemma 4: two head sizes, shared key and value layers, per-layer embeddings',
	count(d, root) {
		const { config: c, hidden } = d;
		const plan = layersOf(d);
		if (plan === null) return unknownParts;
		const wide = flag(c, 'use_double_wide_mlp', false);
		let other = hidden;
		for (const { attention: kind, ownsCache, count } of plan.groups) {
			const { headDim, kvHeads, projections } = gemma4Shape(d, kind === 'full');
			const query = 2 * hidden * d.heads * headDim + headDim;
			const keys = ownsCache ? hidden * kvHeads * headDim * projections + headDim : 0;
			const dense = gated(hidden, d.inner) * (wide && !ownsCache ? 2 : 1);
			other += count * (query + keys + dense + 4 * hidden);
		}
		const routed = flag(c, 'enable_moe_block', false);
		const one = gated(hidden, routed ? figure(c, 'moe_intermediate_size') : 0);
		const experts = routed ? expertCount(c) : 0;
		const router = routed ? experts * hidden + hidden + experts + 3 * hidden : 0;
		const perToken = figure(c, 'top_k_experts', 'num_experts_per_tok');
		const tables = perLayerInputs(d);
		const embed = d.vocab * hidden;
		return {
			embed: embed + tables.embed,
			head: outputHead(d, root, true),
			other: other + d.layers * router + tables.other,
			experts: d.layers * experts * one,
			activeExperts: routed ? d.layers * perToken * one : 0,
		};
	},
};

/** The per-layer embeddings of Gemma's E models: a second table, one slice per layer, and what projects it. */
function perLayerInputs({ config: c, hidden, layers }: Dimensions): { embed: number; other: number } {
	const width = figureOr(c, 'hidden_size_per_layer_input', 0);
	if (width === 0) return { embed: 0, other: 0 };
	return {
		embed: figure(c, 'vocab_size_per_layer_input', 'vocab_size') * layers * width,
		other: layers * (2 * width * hidden + hidden) + layers * width * hidden + width,
	};
}

/** Streams that Gemma 3n runs side by side, and the width of its low-rank residual, when the config is silent. */
const defaultStreams = 4;
const defaultLaurel = 64;

/**
 * Gemma 3n: every layer predicts and corrects several streams (AltUp), adds a low-rank residual (Laurel) and takes a
 * slice of per-layer embeddings. Shared layers keep key and value weights of their own.
 */
const gemma3n: ParameterRow = {
	rule: 'Gemma 3n: parallel streams, low-rank residuals, per-layer embeddings',
	count(d, root) {
		const { config: c, hidden, layers } = d;
		const streams = figureOr(c, 'altup_num_inputs', defaultStreams);
		const width = figure(c, 'hidden_size_per_layer_input');
		const norms = 4 * hidden + 2 * d.headDim;
		const altup = 2 * hidden + streams ** 2 + streams ** 3 + streams * hidden;
		const laurel = 2 * hidden * figureOr(c, 'laurel_rank', defaultLaurel) + hidden;
		const slice = 2 * width * hidden + hidden;
		const layer = attention(d) + norms + altup + laurel + slice;
		const table = figure(c, 'vocab_size_per_layer_input') * layers * width;
		const outside = hidden * layers * width + width + 2 * (streams - 1) * hidden ** 2 + hidden;
		const embed = d.vocab * hidden;
		const head = outputHead(d, root, true);
		return denseParts(embed + table, head, layers * layer + gated(hidden, innerSum(d)) + outside);
	},
};

/** Gemma 3n may state one inner width per layer; the sum over all layers. */
function innerSum(d: Dimensions): number {
	const widths = list(d.config, 'intermediate_size');
	if (widths === null) return d.inner * d.layers;
	if (widths.length !== d.layers) return NaN;
	return widths.reduce<number>((sum, width) => sum + (typeof width === 'number' ? width : NaN), 0);
}

/** Model type → how it is counted. Source: the published module of each type. */
export const gemmaRows: Readonly<Record<string, ParameterRow>> = {
	gemma3n,
	gemma3n_text: gemma3n,
	gemma4,
	gemma4_text: gemma4,
};
