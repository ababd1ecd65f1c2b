// Questions to the listing facts: what the Hub's list said of a model besides its row, kept for when its config is read.
import { z } from 'zod';
import type { JsonObject, ListingFacts } from '#lib/core/listing.ts';
import { gatedSchema } from '#lib/core/model.ts';
import { text, type Database } from '#lib/server/database.ts';

/** Facts of one model as listed at a time (ISO). */
export interface StoredListing {
	facts: ListingFacts;
	asOf: string;
}

const object = z.custom<JsonObject>((value) => typeof value === 'object' && value !== null && !Array.isArray(value));

const listingSchema = z.object({
	id: z.string(),
	hub_id: z.string().optional(),
	sha: z.string().optional(),
	author: z.string().optional(),
	gated: gatedSchema.optional(),
	private: z.boolean().optional(),
	disabled: z.boolean().optional(),
	pipeline_tag: z.string().optional(),
	library_name: z.string().optional(),
	tags: z.array(z.string()).optional(),
	siblings: z.array(z.string()).optional(),
	license: z.string().optional(),
	config: object.optional(),
	safetensors: z.object({ parameters: z.record(z.string(), z.number()), total: z.number() }).optional(),
	gguf: z
		.object({
			total: z.number().optional(),
			architecture: z.string().optional(),
			context_length: z.number().optional(),
		})
		.optional(),
	base_models: z.object({ relation: z.string(), ids: z.array(z.string()) }).optional(),
});

/** The same with popularity and times, for lists that are kept whole. */
export const wholeFactsSchema = listingSchema.extend({
	created_at: z.string().optional(),
	updated_at: z.string().optional(),
	downloads: z.number().optional(),
	likes: z.number().optional(),
	trending: z.number().optional(),
});

/** Longest file list that is kept: enough to see formats and quantizations. */
const mostSiblings = 200;

/** What the list last said of a model; null when it was never listed. */
export function readListing(database: Database, id: string): StoredListing | null {
	const row = database.first('SELECT facts, as_of FROM listings WHERE id = ?', [id]);
	if (row === null) return null;
	return { facts: present(listingSchema.parse(JSON.parse(text(row[0]) ?? ''))), asOf: text(row[1]) ?? '' };
}

/** Takes the absent fields out, as zod leaves them undefined. */
function present(parsed: z.infer<typeof listingSchema>): ListingFacts {
	return { ...parsed };
}

/** Keeps what a list says of models, in place of what an earlier one said. Popularity and times stay in their rows. */
export function saveListings(database: Database, rows: readonly ListingFacts[], asOf: string): void {
	database.transaction(() => {
		for (const facts of rows) {
			const kept = listingSchema.safeParse({ ...facts, siblings: facts.siblings?.slice(0, mostSiblings) });
			if (!kept.success) continue; // nothing that could be read back
			database.run(
				`INSERT INTO listings (id, facts, as_of) VALUES (?, ?, ?)
				ON CONFLICT (id) DO UPDATE SET facts = excluded.facts, as_of = excluded.as_of`,
				[facts.id, JSON.stringify(kept.data), asOf],
			);
		}
	});
}
