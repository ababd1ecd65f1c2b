// A list of models that a caller hands in, read as if the Hub had sent it.
import type { HandedModel } from '#lib/core/discovery.ts';
import type { ListingFacts } from '#lib/core/listing.ts';
import { quoted } from '#lib/core/repository.ts';
import { readRow } from '#lib/server/hub-rows.ts';

/** The list as facts, and the names in it that no repository can have. */
export interface HandedList {
	facts: ListingFacts[];
	refused: string[];
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One row in the Hub's own shape: file names as objects, type and class where the Hub puts them. */
function hubRow(model: HandedModel): Record<string, unknown> {
	const { model_type, architectures, siblings, ...rest } = model;
	const config = {
		...(model_type == null ? {} : { model_type }),
		...(architectures == null ? {} : { architectures }),
		...(isRecord(rest['config']) ? rest['config'] : {}),
	};
	const files = siblings?.map((file) => (typeof file === 'string' ? { rfilename: file } : file));
	return { ...rest, ...(files === undefined ? {} : { siblings: files }), config };
}

/** Rows that are read before others get their turn. */
const SLICE = 100;

/** Reads rows, a slice at a time. */
export async function readHanded(models: readonly HandedModel[], signal: AbortSignal | undefined): Promise<HandedList> {
	const list: HandedList = { facts: [], refused: [] };
	for (const [at, model] of models.entries()) {
		const facts = readRow(hubRow(model));
		if (facts === null) list.refused.push(quoted(model.id));
		else list.facts.push(facts);
		if (at % SLICE !== SLICE - 1) continue;
		await new Promise((resolve) => setImmediate(resolve));
		signal?.throwIfAborted();
	}
	return list;
}
