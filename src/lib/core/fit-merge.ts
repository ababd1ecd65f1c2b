// Facts about memory from two places made one: the weights of whoever knows them better, the cache of whoever knows it.
import type { FitFacts } from '#lib/core/model.ts';

/** The part that is about weights. */
export type WeightFacts = Pick<FitFacts, 'weights_bytes' | 'weights_band' | 'vision_bytes' | 'active_bytes'>;
/** The part that is about the cache. */
export type CacheFacts = Omit<FitFacts, keyof WeightFacts>;

/** The weights alone. */
export function weightsOf(facts: FitFacts): WeightFacts {
	const { weights_bytes, weights_band, vision_bytes, active_bytes } = facts;
	return { weights_bytes, weights_band, vision_bytes, active_bytes };
}

/** The cache alone. */
export function cacheOf(facts: FitFacts): CacheFacts {
	const { kv_bytes_per_token, kv_window_bytes_per_token, kv_window_tokens, kv_state_bytes } = facts;
	return { kv_bytes_per_token, kv_window_bytes_per_token, kv_window_tokens, kv_state_bytes };
}

/**
 * The best of two readings of one model: weights with the smaller error (of equal ones the `better`'s), and the
 * `better`'s cache where it has one.
 */
export function mergeFit(better: FitFacts | null, other: FitFacts | null): FitFacts | null {
	if (better === null || other === null) return better ?? other;
	const isBetter =
		better.weights_bytes !== null && (other.weights_bytes === null || better.weights_band <= other.weights_band);
	const weights = isBetter ? weightsOf(better) : weightsOf(other);
	const active_bytes = weights.active_bytes ?? (isBetter ? other : better).active_bytes;
	const cache = better.kv_bytes_per_token === null ? cacheOf(other) : cacheOf(better);
	return { ...weights, active_bytes, ...cache };
}
