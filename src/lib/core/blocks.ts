// What the building blocks of a model weigh, in parameters: attention, latent attention, states, feed-forward, experts.
import { type Config, type Dimensions, expertCount, expertsPerToken, figure, figureOr, flag } from '#lib/core/shape.ts';

/** A block that is always there, never there, or there when the config's key says so (with the class default). */
export type Switch = boolean | readonly [key: string, fallback: boolean];

/** Is the switch on for this config? */
export function isOn(config: Config, given: Switch): boolean {
	if (typeof given === 'boolean') return given;
	return flag(config, given[0], given[1]);
}

/** Widths of the query, and of the keys and values, over all heads. */
export function widths({ heads, kvHeads, headDim }: Dimensions): { query: number; keys: number } {
	return { query: heads * headDim, keys: kvHeads * headDim };
}

/** Query, key, value and output projections without biases. */
export function attention(d: Dimensions): number {
	const { query, keys } = widths(d);
	return 2 * d.hidden * (query + keys);
}

/** Biases of the query, key and value projections. */
export function qkvBias(d: Dimensions): number {
	const { query, keys } = widths(d);
	return query + 2 * keys;
}

/** A feed-forward block with gate, up and down projections and no bias. */
export function gated(hidden: number, inner: number): number {
	return 3 * hidden * inner;
}

/** Multi-head latent attention: low-rank query (plain when the rank is null), compressed keys and values, output. */
export function latentAttention(d: Dimensions): number {
	const { config: c, hidden, heads } = d;
	const rope = figure(c, 'qk_rope_head_dim');
	const nope = figure(c, 'qk_nope_head_dim');
	const value = figure(c, 'v_head_dim');
	const rank = figure(c, 'kv_lora_rank');
	const queryRank = figureOr(c, 'q_lora_rank', 0);
	const queryWidth = heads * (nope + rope);
	const query = queryRank === 0 ? hidden * queryWidth : hidden * queryRank + queryRank + queryRank * queryWidth;
	const keys = hidden * (rank + rope) + rank + rank * heads * (nope + value);
	const biases = flag(c, 'attention_bias', false) ? queryRank + rank + rope + hidden : 0;
	return query + keys + heads * value * hidden + biases;
}

/** The sparse-attention indexer of DeepSeek V3.2 and GLM-5, per layer that has one of its own. */
export function indexer(d: Dimensions): number {
	const heads = figure(d.config, 'index_n_heads');
	const dim = figure(d.config, 'index_head_dim');
	return figure(d.config, 'q_lora_rank') * heads * dim + d.hidden * dim + 2 * dim + d.hidden * heads;
}

/** Numbers of a Mamba-1 block under the keys of Mamba's own and of Jamba's config. */
export function mamba1Sizes(d: Dimensions): { inner: number; state: number; rank: number; kernel: number } {
	const c = d.config;
	const rank = c['time_step_rank'] ?? c['mamba_dt_rank'] ?? 'auto';
	return {
		inner: figure(c, 'expand', 'mamba_expand') * d.hidden,
		state: figure(c, 'state_size', 'mamba_d_state'),
		rank: rank === 'auto' ? Math.ceil(d.hidden / 16) : figure(c, 'time_step_rank', 'mamba_dt_rank'),
		kernel: figure(c, 'conv_kernel', 'mamba_d_conv'),
	};
}

/** A Mamba-1 block without its norm. */
export function mamba1(d: Dimensions): number {
	const { inner, state, rank, kernel } = mamba1Sizes(d);
	const convolution = inner * kernel + inner;
	const selection = inner * (rank + 2 * state) + rank * inner + inner;
	return 2 * d.hidden * inner + convolution + selection + inner * state + inner + inner * d.hidden;
}

/** Numbers of a Mamba-2 block under every spelling: Mamba-2's own, Nemotron-H's and the `mamba_*` family. */
export function mamba2Sizes(d: Dimensions): {
	inner: number;
	heads: number;
	headDim: number;
	state: number;
	groups: number;
	kernel: number;
} {
	const c = d.config;
	const own = d.type === 'mamba2';
	const heads = own ? figure(c, 'num_heads') : figure(c, 'mamba_num_heads', 'mamba_n_heads');
	const expanded = figure(c, 'mamba_d_ssm', 'expand', 'mamba_expand');
	const total = c['mamba_d_ssm'] === undefined || c['mamba_d_ssm'] === null ? expanded * d.hidden : expanded;
	const stated = own ? c['head_dim'] : (c['mamba_head_dim'] ?? c['mamba_d_head'] ?? 'auto');
	const headDim = stated === 'auto' ? total / heads : toDim(own, c);
	return {
		inner: heads * headDim,
		heads,
		headDim,
		state: figure(c, 'state_size', 'ssm_state_size', 'mamba_d_state'),
		groups: figure(c, 'n_groups', 'mamba_n_groups'),
		kernel: figure(c, 'conv_kernel', 'mamba_d_conv'),
	};
}

function toDim(own: boolean, c: Config): number {
	return own ? figure(c, 'head_dim') : figure(c, 'mamba_head_dim', 'mamba_d_head');
}

/** A Mamba-2 block without the norm before it; `norm` false where the gated norm inside is left out (Falcon-H1). */
export function mamba2(d: Dimensions, norm = true): number {
	const { inner, heads, state, groups, kernel } = mamba2Sizes(d);
	const mixed = inner + 2 * groups * state;
	const convolution = mixed * (kernel + 1);
	return d.hidden * (mixed + inner + heads) + convolution + 3 * heads + (norm ? inner : 0) + inner * d.hidden;
}

/** Widths of a gated delta net: all keys, all values, heads and kernel. */
export function deltaSizes(c: Config): { keys: number; values: number; heads: number; kernel: number; state: number } {
	const keyDim = figure(c, 'linear_key_head_dim');
	const valueDim = figure(c, 'linear_value_head_dim');
	const heads = figure(c, 'linear_num_value_heads');
	return {
		keys: figure(c, 'linear_num_key_heads') * keyDim,
		values: heads * valueDim,
		heads,
		kernel: figure(c, 'linear_conv_kernel_dim'),
		state: heads * keyDim * valueDim,
	};
}

/** A gated delta net (Qwen3-Next, Qwen 3.5). */
export function deltaNet(d: Dimensions): number {
	const { keys, values, heads, kernel } = deltaSizes(d.config);
	const mixed = 2 * keys + values;
	const valueDim = figure(d.config, 'linear_value_head_dim');
	return d.hidden * (mixed + values + 2 * heads) + mixed * kernel + 2 * heads + valueDim + values * d.hidden;
}

/** How a family builds its routed experts. Widths are read from the named key; shared experts are counted or measured. */
export interface ExpertOptions {
	/** Key of one expert's inner width; `inner` stands for the dense block's own width. */
	readonly width: 'inner' | 'moe_intermediate_size';
	/** Shared experts: a number of experts of the same width, or one block of a stated width. */
	readonly shared?: { readonly count: readonly string[] } | { readonly width: string };
	/** One gate vector over the shared block (Qwen 2 MoE and later). */
	readonly gate?: boolean;
	/** A router bias per expert that belongs to the model, not to a buffer. */
	readonly routerBias?: boolean;
	/** Biases inside the experts (gpt-oss). */
	readonly bias?: boolean;
}

/** The same with every default filled in: objects of one shape, which formulas read faster than objects of many. */
export function expertPlan({ width, shared, gate, routerBias, bias }: ExpertOptions) {
	return { width, shared, gate: gate === true, routerBias: routerBias === true, bias: bias === true };
}

/** How a family builds its routed experts; made once by `expertPlan`. */
export type ExpertPlan = ReturnType<typeof expertPlan>;

/** Parameters of one mixture layer, apart by what always works and what is routed. */
export interface Mixture {
	/** All routed experts. */
	readonly routed: number;
	/** Those that work on one token; NaN when the config does not say how many. */
	readonly active: number;
	/** Router and shared experts. */
	readonly always: number;
}

/** The mixture block of one layer. */
export function mixture(d: Dimensions, plan: ExpertPlan): Mixture {
	const { config: c, hidden } = d;
	const experts = expertCount(c);
	const width = plan.width === 'inner' ? d.inner : figure(c, plan.width);
	const one = gated(hidden, width) + (plan.bias ? 2 * width + hidden : 0);
	const router = experts * hidden + (plan.routerBias ? experts : 0);
	const shared = sharedWidth(c, width, plan.shared);
	const gate = plan.gate && shared > 0 ? hidden : 0;
	return {
		routed: experts * one,
		active: expertsPerToken(c) * one,
		always: router + gated(hidden, shared) + gate,
	};
}

function sharedWidth(c: Config, width: number, shared: ExpertOptions['shared']): number {
	if (shared === undefined) return 0;
	if ('width' in shared) return figureOr(c, shared.width, 0);
	const count = figure(c, ...shared.count);
	const silent = shared.count.every((key) => c[key] === undefined || c[key] === null);
	return silent ? 0 : count * width;
}
