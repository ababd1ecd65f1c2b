// What shapes in a configuration give: parameter counts and the memory of the attention cache.
import type { JsonObject } from '#lib/core/listing.ts';
import type { CountedParameters } from '#lib/core/total-parameters.ts';

/** Counts in parameters, cache figures in bytes with a 16-bit cache; null where the shapes do not suffice. */
export interface ShapeFacts {
	counted: CountedParameters | null;
	cache: { bytesPerToken: number | null; fixedBytes: number | null; rule: string } | null;
}

interface Subject {
	modelType: string | null;
	textType: string | null;
	/** Root and text model, with absent keys filled in. */
	root: JsonObject;
	text: JsonObject;
}

/** Shape facts of a filled configuration. */
export function shapeFacts(_subject: Subject): ShapeFacts {
	return { counted: null, cache: null };
}
