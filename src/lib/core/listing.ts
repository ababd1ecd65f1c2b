// What a Hub listing row says about a model, in our words: the input for records that need no config of their own.
import type { Gated } from '#lib/core/model.ts';

/** A JSON value as parsed. Objects are read by known keys only, so that foreign keys such as `constructor` mean nothing. */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;
export interface JsonObject {
	[key: string]: JsonValue | undefined;
}

/**
 * Fields of one listing row (`GET /api/models?expand=…`), translated from the Hub's names only where they differ.
 * A missing field was not sent. `config` is the Hub's curated subset of config.json, never the whole file.
 * `safetensors.total` counts stored elements (packed formats hold several weights in one), `gguf.total` parameters.
 */
export interface ListingFacts {
	id: string;
	/** The Hub's own identity of the repository (24 hex digits); survives renames. */
	hub_id?: string;
	sha?: string;
	author?: string;
	created_at?: string;
	updated_at?: string;
	downloads?: number;
	likes?: number;
	trending?: number;
	gated?: Gated;
	private?: boolean;
	disabled?: boolean;
	pipeline_tag?: string;
	library_name?: string;
	tags?: string[];
	siblings?: string[];
	license?: string;
	config?: JsonObject;
	safetensors?: { parameters: Record<string, number>; total: number };
	gguf?: { total?: number; architecture?: string; context_length?: number };
	base_models?: { relation: string; ids: string[] };
}

/** Name under which facts from the Hub's list fields stand in the evidence. */
export const listingFile = 'hub listing';
