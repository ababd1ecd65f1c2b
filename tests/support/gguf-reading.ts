// The record that a header of a GGUF file makes, as tests ask for it.
import { characteristicsFromGguf } from '#lib/core/gguf-characteristics.ts';
import type { GgufHeader } from '#lib/core/gguf-header.ts';
import type { ListingFacts } from '#lib/core/listing.ts';
import type { ModelCharacteristics } from '#lib/core/model.ts';

interface Order {
	file?: string;
	listing?: ListingFacts;
	others?: GgufHeader[];
}

export function read(
	header: GgufHeader,
	{ file = 'model-Q4_K_M.gguf', listing, others = [] }: Order = {},
): ModelCharacteristics {
	const common = { id: 'org/model-GGUF', source: 'hub', revision: null, fetchedAt: '2026-11-21T00:00:00Z' } as const;
	return characteristicsFromGguf({ ...common, file, headers: [header, ...others], listing: listing ?? null });
}
