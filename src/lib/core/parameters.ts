// How many parameters a model has, all of them and those that work on one token, from the shapes in its config.
import { qkvBias } from '#lib/core/blocks.ts';
import { type Config, type Dimensions, dimensions, figure, flag, textConfig } from '#lib/core/shape.ts';
import { isPlainDecoder, textType } from '#lib/core/layers.ts';
import { decoder, type ParameterRow } from '#lib/core/decoder.ts';
import { denseRows } from '#lib/core/parameters-dense.ts';
import { encoderRows } from '#lib/core/parameters-encoder.ts';
import { gemmaRows } from '#lib/core/parameters-gemma.ts';
import { hybridRows } from '#lib/core/parameters-hybrid.ts';
import { mixtureRows } from '#lib/core/parameters-moe.ts';
import { countSides, type Sides } from '#lib/core/parameters-vision.ts';

/**
 * A count from shapes. `active` is null when there are no routed experts or the config does not say how many work on a
 * token. `rule` names the formula in a sentence, and what it leaves out. Next-token-prediction modules, buffers and
 * router correction biases that live in buffers are never counted, so a repository's own total may be larger.
 */
export interface ParameterCount {
	readonly total: number;
	readonly active: number | null;
	readonly rule: string;
	/** False where a tower is there that could not be counted. */
	readonly isWhole: boolean;
	readonly groups: {
		readonly embed: number;
		readonly head: number;
		readonly experts: number;
		readonly other: number;
		readonly vision: number;
	};
}

const rows = new Map<string, ParameterRow>(
	[denseRows, mixtureRows, gemmaRows, hybridRows, encoderRows].flatMap((table) => Object.entries(table)),
);

const generic = decoder(
	'Generic decoder (this type has no formula of its own): attention, gated feed-forward, two norms',
	{
		qkvBias: ['attention_bias', false],
		outBias: ['attention_bias', false],
		mlpBias: ['mlp_bias', false],
		perLayer: (d) => (biasKeys.some((key) => flag(d.config, key, false)) ? qkvBias(d) : 0),
		// transformers 4 tied the embeddings of classes that do not say otherwise, and unknown types were written for it.
		tied: true,
	},
);

/** Other spellings, in remote code, of biases on query, key and value only. */
const biasKeys = ['qkv_bias', 'use_qkv_bias'] as const;

/** Keys of designs that the generic formula does not cover. */
const specialKeys = [
	...['kv_lora_rank', 'num_local_experts', 'num_experts', 'n_routed_experts', 'moe_num_experts', 'ffn_config'],
	...['moe_intermediate_size', 'hidden_size_per_layer_input', 'num_attention_heads_per_layer', 'gating'],
] as const;

/**
 * Does a config of an unknown type state everything the generic formula uses, in Llama's own manner (root mean square
 * norms, a gated activation), and nothing it does not know?
 */
function isLlamaLike(d: Dimensions, missing: readonly string[]): boolean {
	const c = d.config;
	if (missing.length > 0 || specialKeys.some((key) => c[key] !== undefined && c[key] !== null)) return false;
	const activation = c['hidden_act'];
	const isGated = activation === 'silu' || activation === 'swish' || activation === 'swiglu';
	return isGated && figure(c, 'rms_norm_eps') > 0 && isPlainDecoder(c);
}

/** The row for a type, or the generic one for an unknown type that looks like Llama; else null. */
function rowFor(d: Dimensions, missing: readonly string[]): ParameterRow | null {
	return rows.get(d.type) ?? (isLlamaLike(d, missing) ? generic : null);
}

/** Numbers beyond this are not exact any more, and no model is near it. */
function isCount(value: number): boolean {
	return Number.isSafeInteger(value) && value > 0;
}

/**
 * Counts the parameters of a model from its whole config (class defaults filled in). Text models of multimodal configs
 * are counted where they stand, with the towers whose shapes are known; others are named in the rule as left out. Null
 * when the type has no formula, or a number the formula needs is missing or absurd.
 *
 * Active parameters: total minus the routed experts that rest, minus the input embedding when the output has its own
 * matrix (a look-up reads one row of it); vendors differ in that choice.
 */
export function countParameters(modelType: string | null, root: Config): ParameterCount | null {
	const text = textConfig(root);
	const d = dimensions(textType(modelType, text) ?? '', text);
	return countText(root, d, countSides(modelType, root, d));
}

/** As `countParameters`, for the figures of its language model and what stands beside it. */
export function countText(root: Config, d: Dimensions, sides: Sides): ParameterCount | null {
	const row = rowFor(d, sides.missing);
	if (row === null) return null;
	const { embed, head, other, experts, activeExperts } = row.count(d, root);
	const total = embed + head + other + experts + sides.parameters;
	if (!isCount(total)) return null;
	const resting = experts - activeExperts;
	const active = total - resting - (head > 0 ? embed : 0);
	return {
		total,
		active: experts > 0 && isCount(active) && resting >= 0 ? active : null,
		rule: row.rule + describeSides(sides.counted, sides.missing),
		isWhole: sides.missing.length === 0,
		groups: { embed, head, experts, other, vision: sides.parameters },
	};
}

function describeSides(counted: readonly string[], missing: readonly string[]): string {
	const plus = counted.length === 0 ? '' : `, plus ${counted.join(' and ')} with projector`;
	return missing.length === 0 ? `${plus}.` : `${plus}; not counted: ${missing.join(', ')}.`;
}
