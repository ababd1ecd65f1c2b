// Packings in words: how a row's weights are packed, how many packings there are, and the one to take where it should run.
import type { Measure } from '#lib/client/place.svelte.ts';
import { formatBits, formatCount, formatMethod } from '#lib/core/format.ts';
import type { ModelEntry, Packing, Packings } from '#lib/core/model.ts';
import { runtimeName } from '#lib/core/runtime.ts';
import { packingsOf, recommend, sortedVariants, type Recommended } from '#lib/core/variants.ts';

/** How the weights are packed: `4-bit · MLX`, `16-bit`; `Unknown` when nothing says it. */
export function packingWord({ quantization_bits: bits, quantization_method: method, quantization }: Packing): string {
	if (method === null && bits === null) return quantization === 'fp16' ? '16-bit' : 'Unknown';
	return [bits === null ? null : formatBits(bits), method === null ? null : formatMethod(method)]
		.filter((part) => part !== null)
		.join(' · ');
}

/** How many: `1 packing`, `12 packings`. */
export function packingCount({ total }: Packings): string {
	return total === 1 ? '1 packing' : `${formatCount(total)} packings`;
}

/** What a row of a grouped list stands for where it is not simply itself; null where it is. */
export function standsFor({ matches, base }: Packings): string | null {
	if (base !== null) return `Packings of ${base}, which no list here has.`;
	return matches ? null : 'The model itself does not match; packings of it do.';
}

/** The packing of a row to take there, and why; null when none is known to fit and run. */
export function recommendedOf(entry: ModelEntry, measure: Measure): Recommended | null {
	const variants = sortedVariants(packingsOf(entry), (one) => measure.fit(one));
	return recommend(variants, measure.runtime === null ? null : runtimeName(measure.runtime, measure.runtimes));
}
