// The plain sizes of a model (layers, widths, heads, experts), read under all the names that configurations use for them.
import { bitOf } from '#lib/core/key-groups.ts';
import { asNumber, countRow, holds, pathIn, type Reading, type Scope, type SizeFact } from '#lib/core/reading.ts';
import type { ModelCharacteristics } from '#lib/core/model.ts';

/** Sizes of the text model; counts, null when the configuration does not say. */
export type Dimensions = Pick<ModelCharacteristics, SizeFact>;

/** Types whose feed-forward width is four times the hidden size when the configuration gives none. */
const fourfold = new Set([
	'gpt2',
	'gptj',
	'gpt_neo',
	'gpt_bigcode',
	'codegen',
	'bloom',
	'falcon',
	'RefinedWeb',
	'RefinedWebModel',
]);
/** Types that may share one key/value head among all queries (`multi_query`), with what an absent key means. */
const multiQuery = new Map([
	['falcon', true],
	['RefinedWebModel', true],
	['RefinedWeb', false],
	['gpt_bigcode', true],
]);

/** Longest layer pattern that is believed. */
const maxLayers = 4096;

const counts = {
	layers: countRow('num_hidden_layers'),
	hidden: countRow('hidden_size'),
	inner: countRow('intermediate_size'),
	vocabulary: countRow('vocab_size'),
	heads: countRow('num_attention_heads'),
	kvHeads: countRow('num_key_value_heads'),
	headDim: countRow('head_dim'),
	experts: countRow('num_experts', { zeroIsNone: true }),
	perToken: countRow('num_experts_per_token', { zeroIsNone: true }),
};
const sharedHeadsBit = bitOf('shared_heads');
const latentBit = bitOf('latent');
const patternBit = bitOf('layer_pattern');

interface Place {
	reading: Reading;
	/** Text model first, then the root when that is another object. */
	scopes: Scope[];
	textType: string | null;
}

function derive(
	reading: Reading,
	field: SizeFact,
	value: number | null,
	[path, rule]: [string, string],
): number | null {
	if (value === null) return null;
	reading.note(field, path, rule);
	return value;
}

/** Falcon and StarCoder lines: one shared head when `multi_query` is set, unless the newer decoder counts its own. */
function sharedHeads({ reading, scopes, textType }: Place): number | null {
	const scope = scopes[0];
	const fallback = multiQuery.get(textType ?? '');
	if (scope === undefined || fallback === undefined || scope.config['new_decoder_architecture'] === true) return null;
	const flag = scope.config['multi_query'];
	if (flag === false || (flag !== true && !fallback)) return null;
	if (textType === 'RefinedWeb' && scope.config['n_head_kv'] !== undefined) return null;
	const rule = 'multi_query: one key/value head for all queries';
	return derive(reading, 'num_key_value_heads', 1, [pathIn(scope, 'multi_query'), rule]);
}

function keyValueHeads(place: Place, heads: number | null): number | null {
	const { reading, scopes } = place;
	const shared = sharedHeads(place);
	if (shared !== null) return shared;
	const [text] = scopes;
	if (text !== undefined && holds(text, sharedHeadsBit) && text.config['multi_query_attention'] === true) {
		const groups = asNumber(text.config['multi_query_group_num']);
		if (groups !== null && groups > 0 && Number.isInteger(groups)) {
			return derive(reading, 'num_key_value_heads', groups, [pathIn(text, 'multi_query_group_num'), 'as written']);
		}
	}
	const written = reading.count(counts.kvHeads, scopes);
	if (written !== null || heads === null) return written;
	const source = reading.evidence['num_attention_heads']?.path ?? '';
	return derive(reading, 'num_key_value_heads', heads, [source, 'no key of its own: as many as attention heads']);
}

/** Width of one head for queries and keys; with latent attention the part without position plus the part with it. */
function headWidth({ reading, scopes }: Place, hidden: number | null, heads: number | null): number | null {
	const config = scopes[0]?.config ?? {};
	const written = reading.count(counts.headDim, scopes.slice(0, 1));
	if (written !== null) return written;
	const latent = scopes[0] !== undefined && holds(scopes[0], latentBit);
	const nope = latent ? asNumber(config['qk_nope_head_dim']) : null;
	const rope = latent ? asNumber(config['qk_rope_head_dim']) : null;
	if (nope !== null && rope !== null && nope + rope > 0 && nope + rope < 1e6) {
		const rule = 'qk_nope_head_dim + qk_rope_head_dim (latent attention)';
		return derive(reading, 'head_dim', nope + rope, [reading.evidence['num_attention_heads']?.path ?? '', rule]);
	}
	if (hidden === null || heads === null || hidden % heads !== 0) return null;
	const source = reading.evidence['hidden_size']?.path ?? '';
	return derive(reading, 'head_dim', hidden / heads, [source, 'hidden_size / num_attention_heads']);
}

function feedForward({ reading, scopes, textType }: Place, hidden: number | null): number | null {
	const written = reading.count(counts.inner, scopes);
	if (written !== null) return written;
	const config = scopes[0]?.config ?? {};
	const ratio = asNumber(config['expansion_ratio']) ?? (fourfold.has(textType ?? '') ? 4 : null);
	if (hidden === null || ratio === null || ratio <= 0 || ratio > 64) return null;
	const rule = `${ratio} × hidden_size (the type's rule when no width is given)`;
	return derive(reading, 'intermediate_size', Math.round(hidden * ratio), [
		reading.evidence['hidden_size']?.path ?? '',
		rule,
	]);
}

/** Hybrid models may give a kind per layer instead of a number of layers: a list, or one letter each. */
function layersOfPattern({ reading, scopes }: Place): number | null {
	const scope = scopes[0];
	if (scope === undefined || !holds(scope, patternBit)) return null;
	for (const key of ['layers_block_type', 'hybrid_override_pattern', 'layer_types']) {
		const pattern = scope.config[key];
		if (typeof pattern !== 'string' && !Array.isArray(pattern)) continue;
		if (pattern.length === 0 || pattern.length > maxLayers) continue;
		return derive(reading, 'num_hidden_layers', pattern.length, [pathIn(scope, key), 'one entry per layer']);
	}
	return null;
}

/** Reads the sizes of the text model, each with evidence; what the configuration does not tell stays null. */
export function readDimensions(place: Place): Dimensions {
	const { reading, scopes } = place;
	const hidden = reading.count(counts.hidden, scopes);
	const heads = reading.count(counts.heads, scopes);
	const experts = reading.count(counts.experts, scopes);
	return {
		num_hidden_layers: reading.count(counts.layers, scopes) ?? layersOfPattern(place),
		hidden_size: hidden,
		intermediate_size: feedForward(place, hidden),
		vocab_size: reading.count(counts.vocabulary, scopes),
		num_attention_heads: heads,
		num_key_value_heads: keyValueHeads(place, heads),
		head_dim: headWidth(place, hidden, heads),
		num_experts: experts,
		num_experts_per_token: experts === null ? null : reading.count(counts.perToken, scopes),
	};
}
