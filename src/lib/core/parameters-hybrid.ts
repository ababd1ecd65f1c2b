// Parameter counts of models with recurrent state: Mamba alone, and hybrids that mix state layers with attention.
import {
	attention,
	deltaNet,
	type ExpertOptions,
	expertPlan,
	gated,
	latentAttention,
	mamba1,
	mamba1Sizes,
	mamba2,
	mixture,
	qkvBias,
} from '#lib/core/blocks.ts';
import { type Config, type Dimensions, expertCount, figure, figureOr, flag, part } from '#lib/core/shape.ts';
import { type LayerGroup, layersOf } from '#lib/core/layers.ts';
import { denseParts, outputHead, type ParameterRow, type Parts, unknownParts } from '#lib/core/decoder.ts';
import { feedForwards, withBlocks } from '#lib/core/parameters-moe.ts';

/** How a hybrid differs: its mixers, its dense block and its experts, norms inside the mixers included. */
interface HybridOptions {
	readonly mixer: (d: Dimensions, group: LayerGroup) => number;
	readonly dense: (d: Dimensions) => number;
	readonly experts: ExpertOptions;
	readonly tied: boolean;
}

/** A row for a hybrid whose layers are a mixer, a feed-forward block and two norms. */
function hybrid(rule: string, o: HybridOptions): ParameterRow {
	const experts = expertPlan(o.experts);
	return {
		rule,
		count(d, root) {
			const plan = layersOf(d);
			if (plan === null) return unknownParts;
			let mixers = 0;
			for (const group of plan.groups) mixers += group.count * (o.mixer(d, group) + 2 * d.hidden);
			const blocks = feedForwards(d, o.dense(d), experts, plan.layers);
			const embed = d.vocab * d.hidden;
			const head = outputHead(d, root, o.tied);
			return withBlocks(embed, head, mixers + d.hidden, blocks);
		},
	};
}

const gatedInner = (d: Dimensions): number => gated(d.hidden, d.inner);

/** Mamba alone: one block and one norm per layer. */
function mambaOnly(rule: string, block: (d: Dimensions) => number, tied: boolean): ParameterRow {
	return {
		rule,
		count(d, root) {
			const embed = d.vocab * d.hidden;
			const layers = d.layers * (block(d) + d.hidden) + d.hidden;
			return denseParts(embed, outputHead(d, root, tied), layers);
		},
	};
}

/** Jamba norms the step, input and output vectors inside its Mamba blocks. */
function jambaMamba(d: Dimensions): number {
	const { rank, state } = mamba1Sizes(d);
	return mamba1(d) + rank + 2 * state;
}

/** Qwen3-Next doubles the query for an output gate; Qwen 3.5 may switch that off. */
function gatedAttention(d: Dimensions): number {
	const query = d.heads * d.headDim;
	const gate = flag(d.config, 'attn_output_gate', true) ? d.hidden * query : 0;
	return attention(d) + gate + 2 * d.headDim;
}

const qwenNext = (rule: string): ParameterRow =>
	hybrid(rule, {
		mixer: (d, { state }) => (state === 'delta' ? deltaNet(d) : gatedAttention(d)),
		dense: gatedInner,
		experts: {
			width: 'moe_intermediate_size',
			shared: { width: 'shared_expert_intermediate_size' },
			gate: true,
		},
		tied: false,
	});

const qwen35 = qwenNext('Qwen 3.5: gated delta nets with full attention between');

/** Nemotron-H: every layer is one block with one norm. */
const nemotronH: ParameterRow = {
	rule: 'Nemotron-H: layers are Mamba-2, attention, feed-forward or routed experts, one each',
	count(d, root) {
		const plan = layersOf(d);
		if (plan === null) return unknownParts;
		const { hidden } = d;
		let other = hidden;
		let experts = 0;
		let activeExperts = 0;
		for (const group of plan.groups) {
			const block = nemotronBlock(d, group);
			other += group.count * (block.other + hidden);
			experts += group.count * block.experts;
			activeExperts += group.count * block.activeExperts;
		}
		const embed = d.vocab * hidden;
		return { embed, head: outputHead(d, root, false), other, experts, activeExperts };
	},
};

type Block = Pick<Parts, 'other' | 'experts' | 'activeExperts'>;

const alone = (other: number): Block => ({ other, experts: 0, activeExperts: 0 });

function nemotronBlock(d: Dimensions, group: LayerGroup): Block {
	const bias = flag(d.config, 'attention_bias', false) ? qkvBias(d) + d.hidden : 0;
	if (group.state === 'mamba2') return alone(mamba2(d));
	if (group.attention !== 'none') return alone(attention(d) + bias);
	if (group.feedForward === 'dense') return alone(2 * d.hidden * d.inner);
	const c = d.config;
	const experts = expertCount(c);
	const width = figure(c, 'moe_intermediate_size');
	const latent = figureOr(c, 'moe_latent_size', 0);
	const one = 2 * (latent === 0 ? d.hidden : latent) * width;
	const shared =
		2 * d.hidden * figureOr(c, 'moe_shared_expert_intermediate_size', 0) * figureOr(c, 'n_shared_experts', 1);
	return {
		other: experts * d.hidden + shared + 2 * d.hidden * latent,
		experts: experts * one,
		activeExperts: figure(c, 'num_experts_per_tok') * one,
	};
}

/** LFM2 states an inner width that its own code may shrink by a third and round up. */
function lfm2Inner({ config: c, inner }: Dimensions): number {
	const stated = figureOr(c, 'block_ff_dim', inner);
	if (!flag(c, 'block_auto_adjust_ff_dim', true)) return stated;
	const multiple = figureOr(c, 'block_multiple_of', 256);
	const scaled = Math.floor(figureOr(c, 'block_ffn_dim_multiplier', 1) * Math.floor((2 * stated) / 3));
	return Math.ceil(scaled / multiple) * multiple;
}

/** A short convolution of LFM2: three inputs, one output, one kernel per channel. */
function shortConvolution({ config: c, hidden }: Dimensions): number {
	const bias = flag(c, 'conv_bias', false) ? 5 * hidden : 0;
	return 4 * hidden ** 2 + hidden * figure(c, 'conv_L_cache') + bias;
}

const lfm2 = (rule: string, dense: (d: Dimensions) => number, routerBias: boolean): ParameterRow =>
	hybrid(rule, {
		mixer: (d, { state }) => (state === 'conv' ? shortConvolution(d) : attention(d) + 2 * d.headDim),
		dense,
		experts: { width: 'moe_intermediate_size', routerBias },
		tied: true,
	});

/** Kimi Linear: delta attention with a forget gate per channel, latent attention in every fourth layer. */
const kimiLinear = hybrid('Kimi Linear: delta attention with latent attention between, routed and shared experts', {
	mixer: (d, { state }) => (state === 'kda' ? deltaAttention(d) : latentAttention(d)),
	dense: gatedInner,
	experts: { width: 'moe_intermediate_size', shared: { count: ['num_shared_experts', 'n_shared_experts'] } },
	tied: false,
});

function deltaAttention({ config: c, hidden }: Dimensions): number {
	const nested = part(c, 'linear_attn_config') ?? {};
	const heads = figure(nested, 'num_heads');
	const dim = figure(nested, 'head_dim');
	const width = heads * dim;
	const gates = 2 * (hidden * dim + dim * width) + hidden * heads;
	const convolutions = 3 * width * figure(nested, 'short_conv_kernel_size');
	return 4 * hidden * width + convolutions + gates + heads + width + dim;
}

/** Later Kimi models change the gates, the output and the experts of this design; their shapes are not known here. */
function isLaterKimi(c: Config): boolean {
	const nested = part(c, 'linear_attn_config');
	const fullGate = nested !== null && flag(nested, 'use_full_rank_gate', false);
	return fullGate || flag(c, 'mla_use_output_gate', false) || flag(c, 'latent_moe_use_norm', false);
}

/** Falcon-H1 runs attention and Mamba-2 side by side in every layer. */
const falconH1 = hybrid('Falcon-H1: attention and Mamba-2 side by side, gated feed-forward', {
	mixer: (d) => {
		const bias = flag(d.config, 'attention_bias', false) ? qkvBias(d) + d.hidden : 0;
		return attention(d) + bias + mamba2(d, flag(d.config, 'mamba_rms_norm', false));
	},
	dense: gatedInner,
	experts: { width: 'inner' },
	tied: false,
});

const stateOrAttention = (d: Dimensions, { state }: LayerGroup): number => {
	if (state === 'mamba2') return mamba2(d);
	return attention(d) + (flag(d.config, 'attention_bias', false) ? qkvBias(d) + d.hidden : 0);
};

const denseWidth = expertPlan({ width: 'inner' });

/** Granite 4: a shared block in every layer, and routed experts beside it when there are any. */
const granite4: ParameterRow = {
	rule: 'Granite 4: Mamba-2 with attention between, a shared block and routed experts in every layer',
	count(d, root) {
		const plan = layersOf(d);
		if (plan === null) return unknownParts;
		const { config: c, hidden } = d;
		const shared = gated(hidden, figure(c, 'shared_intermediate_size'));
		const routes = expertCount(c) > 0;
		const blocks = routes ? mixture(d, denseWidth) : { routed: 0, active: 0, always: 0 };
		let other = hidden;
		for (const group of plan.groups) {
			other += group.count * (stateOrAttention(d, group) + shared + blocks.always + 2 * hidden);
		}
		const embed = d.vocab * hidden;
		return {
			embed,
			head: outputHead(d, root, true),
			other,
			experts: plan.layers * blocks.routed,
			activeExperts: plan.layers * blocks.active,
		};
	},
};

/** Model type → how a model with state layers is counted. Sources: the published module of each type. */
export const hybridRows: Readonly<Record<string, ParameterRow>> = {
	bamba: hybrid('Bamba: Mamba-2 with attention between, gated feed-forward', {
		mixer: stateOrAttention,
		dense: gatedInner,
		experts: { width: 'inner' },
		tied: false,
	}),
	falcon_h1: falconH1,
	falcon_mamba: mambaOnly('Falcon Mamba: Mamba-1 blocks, untied embeddings', mamba1, false),
	granitemoehybrid: granite4,
	jamba: hybrid('Jamba: Mamba-1 with attention between, routed experts in every other layer', {
		mixer: (d, { state }) => (state === 'mamba1' ? jambaMamba(d) : attention(d)),
		dense: gatedInner,
		experts: { width: 'inner' },
		tied: false,
	}),
	kimi_linear: {
		...kimiLinear,
		count: (d, root) => (isLaterKimi(d.config) ? unknownParts : kimiLinear.count(d, root)),
	},
	lfm2: lfm2('LFM2: short convolutions with attention between', (d) => gated(d.hidden, lfm2Inner(d)), false),
	lfm2_moe: lfm2('LFM2 mixture: short convolutions with attention between, routed experts', gatedInner, false),
	mamba: mambaOnly('Mamba: one selective-state block and one norm per layer', mamba1, true),
	mamba2: mambaOnly('Mamba-2: one state-space block and one norm per layer', mamba2, false),
	nemotron_h: nemotronH,
	qwen3_5_moe_text: qwen35,
	qwen3_5_text: qwen35,
	qwen3_next: qwenNext('Qwen3-Next: gated delta nets with full attention between'),
};
