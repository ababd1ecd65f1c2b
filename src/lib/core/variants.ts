// Packings of the same weights in the order of their size, and the one to take on a place.
import type { RowFit } from '#lib/core/fit.ts';
import type { ModelEntry, Packing } from '#lib/core/model.ts';

/** One packing with its verdict on the place. */
export interface Variant {
	entry: Packing;
	fit: RowFit | null;
}

/** The packing to take, and why in a sentence. */
export interface Recommended {
	id: string;
	reason: string;
}

/** Packings, largest weights first; those of unknown size come last. */
export function sortedVariants(entries: readonly Packing[], fit: (entry: Packing) => RowFit | null): Variant[] {
	const size = ({ fit: facts }: Packing) => facts?.weights_bytes ?? -1;
	return [...entries].sort((a, b) => size(b) - size(a)).map((entry) => ({ entry, fit: fit(entry) }));
}

/** Everything that can be taken of a row: the row itself where it passes the filters, and its packings. */
export function packingsOf(entry: ModelEntry): readonly Packing[] {
	const { packings } = entry;
	if (packings === undefined) return [entry];
	return packings.matches ? [entry, ...packings.variants] : packings.variants;
}

/** Below so many bits the answers of most models suffer: such a packing is only taken when nothing else fits. */
const goodBits = 4;

function isGood({ entry }: Variant): boolean {
	return entry.quantization_bits === null || entry.quantization_bits >= goodBits;
}

/**
 * The packing with the most bits that fits with room to spare and, where a runtime was checked, runs there; of equally
 * large ones the most downloaded. Null when none is known to.
 */
export function recommend(variants: readonly Variant[], runtime: string | null): Recommended | null {
	const runs = variants.filter(({ entry }) => runtime === null || entry.compatibility?.compatible === true);
	const where = runtime === null ? '' : ` and runs on ${runtime}`;
	for (const verdict of ['fits', 'tight'] as const) {
		const fitting = runs.filter(({ fit }) => fit?.verdict === verdict);
		const good = fitting.filter(isGood);
		const [best] = [...(good.length > 0 ? good : fitting)].sort((a, b) => {
			const bytes = (b.entry.fit?.weights_bytes ?? 0) - (a.entry.fit?.weights_bytes ?? 0);
			const isSame = Math.abs(bytes) < (a.entry.fit?.weights_bytes ?? 0) * 0.02;
			return isSame ? (b.entry.downloads ?? 0) - (a.entry.downloads ?? 0) : bytes;
		});
		if (best === undefined) continue;
		const how = verdict === 'fits' ? 'that fits with room to spare' : 'that fits, with little to spare';
		return { id: best.entry.id, reason: `The largest packing ${how}${where}.` };
	}
	return null;
}
