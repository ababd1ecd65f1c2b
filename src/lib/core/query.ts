// What a person asks of the model list: filters, sort and page, without any SQL, and what comes back.
import type { CacheBits } from '#lib/core/fit.ts';
import type { Classification, ModelEntry, QuantizationChoice } from '#lib/core/model.ts';
import type { RuntimeId } from '#lib/core/runtime.ts';
import type { SizeClass, WeightClass } from '#lib/core/size-class.ts';

export const modalities = ['any', 'text', 'multimodal'] as const;
export type ModalityChoice = (typeof modalities)[number];

/** `all`: everything known; `hub`: the catalog; `mine`: models on this machine. */
export const listSources = ['all', 'hub', 'mine'] as const;
export type ListSource = (typeof listSources)[number];

export const sortKeys = [
	'trending',
	'downloads',
	'likes',
	'updated',
	'created',
	'params',
	'context',
	'size',
	'name',
] as const;
export type SortKey = (typeof sortKeys)[number];
export type SortOrder = 'asc' | 'desc';

/** A parsed list request. Empty lists and nulls mean "no filter"; parameters are counts, context is tokens. */
export interface ModelQuery {
	q: string;
	family: string[];
	modality: ModalityChoice;
	quantization: QuantizationChoice[];
	kind: Classification[];
	author: string[];
	license: string[];
	gated: boolean | null;
	/** By parameters. */
	size_class: SizeClass[];
	/** By the bytes of the weights. */
	weight_class: WeightClass[];
	min_params: number | null;
	max_params: number | null;
	min_context: number | null;
	/** Only what this runtime loads; with `show_incompatible` the others too, each with the reason why not. */
	runtime: RuntimeId | null;
	show_incompatible: boolean;
	/** What must fit: an amount of memory (`16GB`) or the id of a device. */
	fits: string | null;
	/** Tokens at which it must fit; 8,192 unless told, the model's own where that is smaller. */
	context: number | null;
	/** Null: the default of whoever asks (`all` for the API; the page prefers models on this machine). */
	source: ListSource | null;
	/** One row per base model with its packings inside, instead of one per repository. */
	group: 'base' | null;
	sort: SortKey;
	order: SortOrder;
	limit: number;
	cursor: string | null;
}

/** One choice of a facet with the number of models it would show. */
export interface FacetValue {
	value: string;
	count: number;
}

export const facetNames = [
	'family',
	'quantization',
	'modality',
	'kind',
	'license',
	'gated',
	'size_class',
	'weight_class',
	'runtime',
] as const;
export type FacetName = (typeof facetNames)[number];

/**
 * Counts per choice; each facet ignores its own filter and obeys all others. `unknown`/`Unknown` is a choice too. A model
 * counts for every runtime that loads it.
 */
export type Facets = Record<FacetName, FacetValue[]>;

/**
 * One page of a list. `total` counts its rows, `matching` the models that match the filters: the same, unless rows are
 * grouped. Facets count models. `pending` counts models that pass every other filter but whose filtered characteristic
 * has not been read yet. `next_cursor` is null at the end.
 */
export interface ListPage {
	models: ModelEntry[];
	total: number;
	matching: number;
	pending: number;
	facets: Facets;
	next_cursor: string | null;
}

/** The query without any filter: everything, most downloaded first, 50 a page. */
export const emptyQuery: ModelQuery = {
	q: '',
	family: [],
	modality: 'any',
	quantization: [],
	kind: [],
	author: [],
	license: [],
	gated: null,
	size_class: [],
	weight_class: [],
	min_params: null,
	max_params: null,
	min_context: null,
	runtime: null,
	show_incompatible: false,
	fits: null,
	context: null,
	source: null,
	group: null,
	sort: 'downloads',
	order: 'desc',
	limit: 50,
	cursor: null,
};

/** What rows are measured against beside the filters: a runtime (null: none) and the bits of its cache. */
export interface Checked {
	check: RuntimeId | null;
	cacheBits: CacheBits;
}

/** No runtime and a cache of 16 bits. */
export const unchecked: Checked = { check: null, cacheBits: 16 };
