// The common decoder layer: what it weighs with the switches that tell one family from another, and what surrounds it.
import { attention, isOn, qkvBias, type Switch, widths } from '#lib/core/blocks.ts';
import { remembered } from '#lib/core/memo.ts';
import { type Config, type Dimensions, figureOr, flag, isConfig, list, statedType } from '#lib/core/shape.ts';

/** Parameters of a language model by what they are for. `activeExperts`: the routed ones that work on one token. */
export interface Parts {
	readonly embed: number;
	readonly head: number;
	readonly other: number;
	readonly experts: number;
	readonly activeExperts: number;
}

/** Parts whose every figure is unknown; a count ends here when the layers cannot be told apart. */
export const unknownParts: Parts = { embed: NaN, head: NaN, other: NaN, experts: NaN, activeExperts: NaN };

/** How a family is counted, with a sentence for people. */
export interface ParameterRow {
	readonly rule: string;
	readonly count: (d: Dimensions, root: Config) => Parts;
}

/** The parts of a model without routed experts. */
export function denseParts(embed: number, head: number, other: number): Parts {
	return { embed, head, other, experts: 0, activeExperts: 0 };
}

/**
 * Composite types whose own class default and whose language model's class default disagree on tying: there, a
 * difference between the two keys can be two defaults meeting, and a tied model would have said so in both. Source:
 * class defaults of transformers 5.
 */
const doubtful = new Set([
	...['cohere_compass', 'deepseek_vl', 'deepseek_vl_hybrid', 'glmasr', 'granite_speech', 'granite_speech_plus'],
	...['hyperclovax_vision_v2', 'internvl', 'janus', 'kimi_k25', 'lighton_ocr', 'mistral3', 'modernvbert', 'ovis2'],
	...['qwen2_5_omni', 'qwen2_5_omni_thinker', 'qwen3_vl_moe'],
]);

/**
 * Is the output matrix the embedding again? The keys of the language model and of the whole model decide; where they
 * differ, the one that is not its class's default was written on purpose. Neither present: the class default given.
 */
export function isTied(d: Dimensions, root: Config, fallback: boolean): boolean {
	const inner = flag(d.config, 'tie_word_embeddings', flag(root, 'tie_word_embeddings', fallback));
	const outer = flag(root, 'tie_word_embeddings', inner);
	return inner === outer ? inner : !doubtful.has(statedType(root) ?? '');
}

/** Classes a classification head tells apart: transformers' own default is two. */
export function labels(root: Config): number {
	const names = root['id2label'];
	return isConfig(names) ? Object.keys(names).length : figureOr(root, 'num_labels', 2);
}

/**
 * The output matrix. A classifier on top of a decoder has one row per class instead, and a base model none; otherwise
 * it is the embedding again (nothing more to count) or a second matrix of the same size.
 */
export function outputHead(d: Dimensions, root: Config, tied: boolean): number {
	const name = list(d.config, 'architectures')?.[0];
	const end = typeof name === 'string' ? endOf(name) : 'words';
	if (end === 'labels') return labels(d.config) * d.hidden;
	if (end === 'nothing') return 0;
	return isTied(d, root, tied) ? 0 : d.vocab * d.hidden;
}

/** What a class ends in, by its name. */
const endOf = remembered((name): 'labels' | 'nothing' | 'words' => {
	if (/For(?:Sequence|Token)Classification$/.test(name)) return 'labels';
	return /^[A-Za-z0-9]+Model$/.test(name) && !/(?:LMHead|Chat|VL|V)Model$/.test(name) ? 'nothing' : 'words';
});

/** Switches over the common decoder layer. Absent means no. */
export interface DecoderOptions {
	readonly qkvBias?: Switch;
	readonly outBias?: Switch;
	/** Matrices of the feed-forward block: 3 with a gate, 2 without. */
	readonly mlp?: 2 | 3;
	readonly mlpBias?: Switch;
	/** Vectors of the hidden size that norms hold per layer (two per norm with a bias). Default 2. */
	readonly norms?: number;
	/** Norm over queries and keys: one vector pair per head size, or over the whole projection. */
	readonly qkNorm?: 'head' | 'full';
	readonly qkNormIf?: Switch;
	/** Vectors of the final norm. Default 1. */
	readonly final?: number;
	/** Tied embeddings when no key says so. */
	readonly tied?: boolean;
	readonly headBias?: Switch;
	/** Anything else in every layer. */
	readonly perLayer?: (d: Dimensions) => number;
	/** Anything else outside the layers, such as learned positions. */
	readonly outside?: (d: Dimensions) => number;
}

const nothingMore = (): number => 0;

/** Switches with every default filled in: objects of one shape, which formulas read faster than objects of many. */
export function decoderPlan(o: DecoderOptions) {
	return {
		qkvBias: o.qkvBias ?? false,
		outBias: o.outBias ?? false,
		mlp: o.mlp ?? 3,
		mlpBias: o.mlpBias ?? false,
		norms: o.norms ?? 2,
		qkNorm: o.qkNorm ?? null,
		qkNormIf: o.qkNormIf ?? true,
		final: o.final ?? 1,
		tied: o.tied ?? false,
		headBias: o.headBias ?? false,
		perLayer: o.perLayer ?? nothingMore,
		outside: o.outside ?? nothingMore,
	};
}

/** All switches of one family; made once by `decoderPlan`. */
export type DecoderPlan = ReturnType<typeof decoderPlan>;

/** Everything in a layer but its feed-forward block: projections, biases, norms. */
export function mixerAndNorms(d: Dimensions, plan: DecoderPlan): number {
	const { query, keys } = widths(d);
	let sum = attention(d) + plan.norms * d.hidden;
	if (isOn(d.config, plan.qkvBias)) sum += qkvBias(d);
	if (isOn(d.config, plan.outBias)) sum += d.hidden;
	if (plan.qkNorm !== null && isOn(d.config, plan.qkNormIf)) {
		sum += plan.qkNorm === 'head' ? 2 * d.headDim : query + keys;
	}
	return sum + plan.perLayer(d);
}

/** The dense feed-forward block of a layer. */
export function feedForward(d: Dimensions, { mlp, mlpBias }: DecoderPlan): number {
	const bias = isOn(d.config, mlpBias) ? (mlp - 1) * d.inner + d.hidden : 0;
	return mlp * d.hidden * d.inner + bias;
}

/** What stands around the layers: embedding, head, final norm, and extras of the type. */
export function around(d: Dimensions, root: Config, plan: DecoderPlan): { embed: number; head: number; rest: number } {
	const embed = d.vocab * d.hidden;
	const bias = isOn(d.config, plan.headBias) ? d.vocab : 0;
	return { embed, head: outputHead(d, root, plan.tied) + bias, rest: plan.final * d.hidden + plan.outside(d) };
}

/** A row for a dense decoder. */
export function decoder(rule: string, options: DecoderOptions): ParameterRow {
	const plan = decoderPlan(options);
	return {
		rule,
		count(d, root) {
			const { embed, head, rest } = around(d, root, plan);
			return denseParts(embed, head, d.layers * (mixerAndNorms(d, plan) + feedForward(d, plan)) + rest);
		},
	};
}
