// One pass over the columns: which rows pass a query, how many each choice would show, and how many wait to be read.
import { facetNames, type Facets, type ListSource, type ModelQuery } from '#lib/core/query.ts';
import type { Columns } from '#lib/server/columns.ts';
import { countersOf, countPassing, facetBits, toFacets, type Counter } from '#lib/server/facet-counts.ts';
import { refuseTooBig, type Fitting } from '#lib/server/fitting.ts';

/** What a pass found. `passed` holds 1 for each slot that matches; it is overwritten by the next pass. */
export interface Matches {
	passed: Uint8Array;
	total: number;
	pending: number;
	facets: Facets;
}

/** A range that refuses a row because its figure is not known, or because it lies outside. */
const rangeUnknown = 128;
const rangeOutside = 256;

/** Facets whose value comes from the model's config; the others are known from the listing. */
const fromConfig =
	facetBits.family |
	facetBits.quantization |
	facetBits.modality |
	facetBits.size_class |
	facetBits.weight_class |
	facetBits.runtime;

interface Range {
	values: Float64Array;
	from: number;
	to: number;
}

function ranges(columns: Columns, query: ModelQuery): Range[] {
	const found: Range[] = [];
	const { params, context } = columns.values;
	if (query.min_params !== null || query.max_params !== null) {
		found.push({ values: params, from: query.min_params ?? 0, to: query.max_params ?? Number.POSITIVE_INFINITY });
	}
	if (query.min_context !== null) {
		found.push({ values: context, from: query.min_context, to: Number.POSITIVE_INFINITY });
	}
	return found;
}

function refuseOutside({ values, from, to }: Range, slots: Uint32Array, masks: Uint16Array): void {
	for (let index = 0; index < slots.length; index += 1) {
		const value = values[slots[index] ?? 0] ?? Number.NaN;
		if (value >= from && value <= to) continue;
		masks[index] = (masks[index] ?? 0) | (Number.isNaN(value) ? rangeUnknown : rangeOutside);
	}
}

/** Per slot 1 where a list source holds it; null holds all. */
function sourceFlags(columns: Columns, source: ListSource | null): Uint8Array | null {
	if (source === 'mine') return columns.isLocal;
	return source === 'hub' ? columns.inCatalog : null;
}

/** Per author code 1 where the query accepts it; null accepts all. */
function authorFlags(columns: Columns, query: ModelQuery): Uint8Array | null {
	if (query.author.length === 0) return null;
	const accepted = new Set(query.author.map((author) => author.toLowerCase()));
	return Uint8Array.from(columns.dictionaries.author.values, (value) => Number(accepted.has(value)));
}

/** Are all these refusals of values that are not known, in facets that come from the config? */
function isWaiting(active: Counter[], slot: number, mask: number): boolean {
	let unknown = rangeUnknown;
	for (const facet of active) unknown |= facet.unknown[facet.codes[slot] ?? 0] ?? 0;
	return (mask & ~(unknown & (fromConfig | rangeUnknown))) === 0;
}

/** Answers queries over one set of columns, column by column: short loops over one array each are what runs fast. */
export class Filter {
	#columns: Columns;
	#passed = new Uint8Array(0);
	/** Per position in the slots of this pass the bits of the filters that refuse it. */
	#masks = new Uint16Array(0);
	/** Every slot, in order. */
	#all = new Uint32Array(0);

	constructor(columns: Columns) {
		this.#columns = columns;
	}

	/**
	 * Runs the query's filters over all slots, or over `candidates` only; `fitting` is where `fits` asks rows to fit. Each
	 * facet counts what passes all filters but its own. A row is pending when everything it fails is a characteristic that
	 * is not known and was never looked for.
	 */
	run(query: ModelQuery, candidates: Uint32Array | null, fitting: Fitting | null = null): Matches {
		this.#fitBuffers();
		const { counters, active } = countersOf(this.#columns, query);
		const slots = this.#allowed(query, candidates ?? this.#all.subarray(0, this.#columns.size));
		const masks = this.#masks.fill(0, 0, slots.length);
		for (const { refused, codes } of active) {
			for (let index = 0; index < slots.length; index += 1) {
				masks[index] = (masks[index] ?? 0) | (refused[codes[slots[index] ?? 0] ?? 0] ?? 0);
			}
		}
		for (const range of ranges(this.#columns, query)) refuseOutside(range, slots, masks);
		const refusals = { masks, outside: rangeOutside, unknown: rangeUnknown };
		if (fitting !== null) refuseTooBig(this.#columns, fitting, slots, refusals);
		for (const name of facetNames) countPassing(counters[name], slots, masks);
		return { ...this.#sum(active, slots), facets: toFacets(counters, this.#columns) };
	}

	#sum(active: Counter[], slots: Uint32Array): Omit<Matches, 'facets'> {
		const { isRead } = this.#columns;
		const masks = this.#masks;
		const passed = this.#passed.fill(0);
		let total = 0;
		let pending = 0;
		for (let index = 0; index < slots.length; index += 1) {
			const slot = slots[index] ?? 0;
			const mask = masks[index] ?? 0;
			if (mask === 0) {
				passed[slot] = 1;
				total += 1;
			} else if (isRead[slot] === 0 && isWaiting(active, slot, mask)) {
				pending += 1;
			}
		}
		return { passed, total, pending };
	}

	/** The slots that source and authors allow. */
	#allowed(query: ModelQuery, slots: Uint32Array): Uint32Array {
		const held = sourceFlags(this.#columns, query.source);
		const authors = authorFlags(this.#columns, query);
		const codes = this.#columns.codes.author;
		if (held === null && authors === null) return slots;
		return slots.filter(
			(slot) => (held === null || held[slot] === 1) && (authors === null || authors[codes[slot] ?? 0] === 1),
		);
	}

	#fitBuffers(): void {
		const capacity = this.#columns.numbers.length;
		if (this.#passed.length === capacity) return;
		this.#passed = new Uint8Array(capacity);
		this.#masks = new Uint16Array(capacity);
		this.#all = Uint32Array.from({ length: capacity }, (_, slot) => slot);
	}
}
