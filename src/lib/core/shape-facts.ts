// What shapes in a configuration give: parameter counts and the memory of the attention cache.
import type { JsonObject } from '#lib/core/listing.ts';
import { kvCache, type KvCache } from '#lib/core/memory.ts';
import { countParameters } from '#lib/core/parameters.ts';
import type { CountedParameters } from '#lib/core/total-parameters.ts';

/** Counts in parameters, cache figures in bytes with a 16-bit cache; null where the shapes do not suffice. */
export interface ShapeFacts {
	counted: CountedParameters | null;
	cache: KvCache | null;
}

interface Subject {
	modelType: string | null;
	textType: string | null;
	/** Root and text model, with absent keys filled in. */
	root: JsonObject;
	text: JsonObject;
}

/** Shape facts of a filled configuration. */
export function shapeFacts({ modelType, textType, root, text }: Subject): ShapeFacts {
	return { counted: countParameters(modelType, root), cache: kvCache(textType ?? modelType, text) };
}
