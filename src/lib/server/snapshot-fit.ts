// What the shipped lists tell of a model's memory: figures read from its configuration, else weights by count and bits.
import { mergeFit } from '#lib/core/fit-merge.ts';
import type { Evidence, FitFacts, ModelCharacteristics } from '#lib/core/model.ts';
import { estimateWeights } from '#lib/core/weights.ts';
import type { Facts, Known } from '#lib/server/snapshot-lines.ts';

type Stored = Pick<
	ModelCharacteristics,
	'parameters' | 'quantization_method' | 'quantization_bits' | 'quantization_group_size' | 'dtype'
>;

function told(facts: Facts): FitFacts {
	return {
		weights_bytes: facts.weights_bytes ?? null,
		weights_band: facts.weights_band ?? 0,
		vision_bytes: facts.vision_bytes ?? null,
		active_bytes: facts.active_bytes ?? null,
		kv_bytes_per_token: facts.kv_bytes_per_token ?? null,
		kv_window_bytes_per_token: facts.kv_window_bytes_per_token ?? null,
		kv_window_tokens: facts.kv_window_tokens ?? null,
		kv_state_bytes: facts.kv_state_bytes ?? null,
	};
}

/** A size in a repository's name, and a published one, is rounded. */
const roundedBand = 0.05;

/** Weights by the count of parameters and the bits of each; null where one of the two is not known. */
function counted(c: Stored): { facts: FitFacts; basis: string } | null {
	const estimate = estimateWeights({
		total: c.parameters.total,
		parts: null,
		resting: null,
		hidden: null,
		method: c.quantization_method,
		bits: c.quantization_bits,
		group: c.quantization_group_size,
		dtype: c.dtype,
		config: null,
		label: null,
	});
	if (estimate === null) return null;
	const isRounded = c.parameters.source === 'name' || c.parameters.source === null;
	const weights_band = estimate.band + (isRounded ? roundedBand : 0);
	return { facts: { ...told({}), weights_bytes: estimate.bytes, weights_band }, basis: estimate.basis };
}

/**
 * Types all of whose layers attend to everything, whatever else their configuration says: for them the listed sizes
 * make the cache. Source: the layers of each type in transformers.
 */
const plainTypes = new Set([
	...['ernie4_5', 'ernie4_5_moe', 'glm4', 'glm4_moe', 'granite', 'internlm2', 'internlm3', 'llama', 'minimax_m2'],
	...['mixtral', 'olmo', 'olmo2', 'qwen2', 'qwen2_moe', 'qwen3', 'qwen3_moe', 'seed_oss', 'smollm3', 'stablelm'],
]);

/** The cache by listed layers, heads and head size; null where one of them is not told. */
function listedCache(facts: Facts): Partial<FitFacts> | null {
	const { model_type: type, num_hidden_layers: layers, num_key_value_heads: kvHeads } = facts;
	const { hidden_size: hidden, num_attention_heads: heads } = facts;
	if (type === undefined || !plainTypes.has(type) || facts.sliding_window !== undefined) return null;
	const size = facts.head_dim ?? (hidden === undefined || heads === undefined ? undefined : hidden / heads);
	if (layers === undefined || kvHeads === undefined || size === undefined || !Number.isInteger(size)) return null;
	const kv_bytes_per_token = 2 * kvHeads * size * layers * 2;
	return { kv_bytes_per_token, kv_window_bytes_per_token: 0, kv_window_tokens: 0, kv_state_bytes: 0 };
}

/** The facts with where they are from; null where the lists tell neither weights nor cache. */
export function snapshotFit(
	{ facts, sourceOf, origin, asOf }: Known,
	c: Stored,
): { facts: FitFacts; evidence: Evidence } | null {
	const whole = told(facts);
	const read = whole.kv_bytes_per_token === null ? { ...whole, ...listedCache(facts) } : whole;
	const estimate = read.weights_bytes === null ? counted(c) : null;
	const joined = mergeFit(read, estimate?.facts ?? null) ?? read;
	if (joined.weights_bytes === null && joined.kv_bytes_per_token === null) return null;
	const path = read.weights_bytes !== null ? 'weights_bytes' : estimate !== null ? 'parameters' : 'kv_bytes_per_token';
	const rule = estimate?.basis ?? 'counted from a copy of the configuration, by parameters and bits of each part';
	return { facts: joined, evidence: { file: sourceOf.get(path) ?? `${origin}, ${asOf}`, path, rule } };
}
