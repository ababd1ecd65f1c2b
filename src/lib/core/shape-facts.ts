// What shapes in a configuration give: parameter counts and the memory of the attention cache.
import type { JsonObject } from '#lib/core/listing.ts';
import { textType } from '#lib/core/layers.ts';
import { textCache, type KvCache } from '#lib/core/memory.ts';
import { countSides, noSides } from '#lib/core/parameters-vision.ts';
import { countText, type ParameterCount } from '#lib/core/parameters.ts';
import { dimensions, textConfig } from '#lib/core/shape.ts';
import type { CountedParameters, StoredExtra } from '#lib/core/total-parameters.ts';

/** Counts in parameters, cache figures in bytes with a 16-bit cache; null where the shapes do not suffice. */
export interface ShapeFacts {
	counted: CountedParameters | null;
	/** The same count part by part. */
	parts: ParameterCount | null;
	cache: KvCache | null;
}

interface Subject {
	modelType: string | null;
	textType: string | null;
	/** Root and text model, with absent keys filled in. */
	root: JsonObject;
	text: JsonObject;
	/** May anything stand beside the language model, by the keys of the root? */
	hasSides: boolean;
	/** Is there a stored total that extras could explain? */
	hasStored: boolean;
}

/** Types whose checkpoints hold a causal mask of context × context per layer. Source: their module classes. */
const masked = new Set(['gpt2', 'gpt_neo', 'gptj', 'codegen', 'gpt_bigcode', 'gpt-sw3']);

/**
 * What checkpoints are known to store beyond a model's parameters. Source: differences between published counts and
 * stored totals, checked to the unit for the first two; prediction layers are told by the configuration, not their size.
 */
function extrasOf({ modelType, root, text }: Subject, { groups }: ParameterCount): StoredExtra[] {
	const extras: StoredExtra[] = [];
	if (groups.head === 0) {
		extras.push({ elements: groups.embed, sentence: 'the output matrix, a copy of the input embedding' });
	}
	const layers = firstCount(text, ['n_layer', 'num_layers', 'num_hidden_layers']);
	const context = firstCount(text, ['n_positions', 'n_ctx', 'max_position_embeddings']);
	if (modelType !== null && masked.has(modelType) && layers !== null && context !== null) {
		extras.push({ elements: layers * context * context, sentence: 'causal masks' });
	}
	const predicting = firstCount(text, predictionKeys) ?? firstCount(root, predictionKeys);
	if (predicting !== null) extras.push({ elements: null, sentence: 'next-token-prediction layers' });
	return extras;
}

const predictionKeys = [
	'num_nextn_predict_layers',
	'num_mtp_modules',
	'mtp_num_hidden_layers',
	'mtp_transformer_layers',
];

function firstCount(config: JsonObject, keys: string[]): number | null {
	for (const key of keys) {
		const value = config[key];
		if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value;
	}
	return null;
}

/** The count with its extras, which are looked for only when a stored total is there to be explained. */
function withExtras(subject: Subject, count: ParameterCount): CountedParameters {
	const { total, active, rule } = count;
	return { total, active, rule, extras: subject.hasStored ? extrasOf(subject, count) : [] };
}

/** Shape facts of a filled configuration. */
export function shapeFacts(subject: Subject): ShapeFacts {
	const { modelType, root, text, hasSides } = subject;
	// A text model that is the root has no nested one: there is nothing to look for.
	const counting = root === text ? root : textConfig(root);
	const figures = dimensions(textType(modelType, counting) ?? '', counting);
	const counted = countText(root, figures, hasSides ? countSides(modelType, root, figures) : noSides);
	return {
		counted: counted === null ? null : withExtras(subject, counted),
		parts: counted,
		cache: textCache(textType(subject.textType ?? modelType, text), text, figures),
	};
}
