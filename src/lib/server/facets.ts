// One pass over the columns: which rows pass a query, how many each choice would show, and how many wait to be read.
import { neededByRow, usualContext } from '#lib/core/fit.ts';
import {
	facetNames,
	type FacetName,
	type Facets,
	type FacetValue,
	type ListSource,
	type ModelQuery,
} from '#lib/core/query.ts';
import { quantizationChoiceSchema } from '#lib/core/model.ts';
import { runtimeBit } from '#lib/core/runtime-masks.ts';
import { runtimeIds } from '#lib/core/runtime.ts';
import { unknownChoice, unknownFamily, type Columns } from '#lib/server/columns.ts';

/** What a pass found. `passed` holds 1 for each slot that matches; it is overwritten by the next pass. */
export interface Matches {
	passed: Uint8Array;
	total: number;
	pending: number;
	facets: Facets;
}

/** One bit per facet: set where a row fails that facet's own filter. */
const bits: Record<FacetName, number> = {
	family: 1,
	quantization: 2,
	modality: 4,
	kind: 8,
	license: 16,
	gated: 32,
	runtime: 64,
};

/** A range that refuses a row because its figure is not known, or because it lies outside. */
const rangeUnknown = 128;
const rangeOutside = 256;

/** Facets whose value comes from the model's config; the others are known from the listing. */
const fromConfig = bits.family | bits.quantization | bits.modality | bits.runtime;

/** Facets of one value per row; a model counts for every runtime that loads it. */
type ColumnFacet = Exclude<FacetName, 'runtime'>;

/** Which values of each facet the query accepts; null accepts all. */
function wanted(query: ModelQuery): Record<FacetName, string[] | null> {
	const some = (values: string[]) => (values.length === 0 ? null : values);
	return {
		family: some(query.family),
		quantization: some(query.quantization),
		modality: query.modality === 'any' ? null : [query.modality],
		kind: some(query.kind),
		license: some(query.license.map((license) => license.toLowerCase())),
		gated: query.gated === null ? null : [String(query.gated)],
		runtime: query.runtime === null || query.show_incompatible ? null : [query.runtime],
	};
}

/** One facet in a pass. The tables give per code the facet's bit where it applies, else 0. */
interface Counter {
	name: FacetName;
	bit: number;
	codes: Uint32Array;
	/** The query refuses this value. */
	refused: Uint16Array;
	/** This value means "not known". */
	unknown: Uint16Array;
	counts: Uint32Array;
}

function counter(columns: Columns, name: ColumnFacet, accepted: string[] | null): Counter {
	const { values } = columns.dictionaries[name];
	const unknown = name === 'family' ? unknownFamily : unknownChoice;
	const mark = (is: (value: string) => boolean) => Uint16Array.from(values, (value) => (is(value) ? bits[name] : 0));
	return {
		name,
		bit: bits[name],
		codes: columns.codes[name],
		refused: mark((value) => accepted !== null && !accepted.includes(value)),
		unknown: mark((value) => value === unknown),
		counts: new Uint32Array(values.length),
	};
}

/** The counter of runtimes: its codes are numbers of run facts, and one number stands for several runtimes. */
function runtimeCounter({ runs, runTable }: Columns, query: ModelQuery): Counter {
	const { loads, unknown, size } = runTable;
	const refused = new Uint16Array(size);
	const open = new Uint16Array(size);
	const wantedBit = query.runtime === null || query.show_incompatible ? 0 : runtimeBit(query.runtime);
	for (let number = 0; wantedBit !== 0 && number < size; number += 1) {
		if (((loads[number] ?? 0) & wantedBit) === 0) refused[number] = bits.runtime;
		if (((unknown[number] ?? 0) & wantedBit) !== 0) open[number] = bits.runtime;
	}
	const counts = new Uint32Array(size);
	return { name: 'runtime', bit: bits.runtime, codes: runs, refused, unknown: open, counts };
}

function countPassing({ bit, codes, counts }: Counter, slots: Uint32Array, masks: Uint16Array): void {
	const others = ~bit;
	for (let index = 0; index < slots.length; index += 1) {
		if (((masks[index] ?? 0) & others) !== 0) continue;
		const code = codes[slots[index] ?? 0] ?? 0;
		counts[code] = (counts[code] ?? 0) + 1;
	}
}

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

/** Memory that a row must fit into, and the context it must have there. */
interface Fitting {
	bytes: number;
	tokens: number;
}

/** The memory of a query: `bytes` as its device gives them, the usual context unless told; null without such a filter. */
function fittingOf(query: ModelQuery, bytes: number | null): Fitting | null {
	return bytes === null ? null : { bytes, tokens: query.context ?? usualContext };
}

/** Refuses rows that need more, and those of which it is not known. */
function refuseTooBig(columns: Columns, fitting: Fitting, slots: Uint32Array, masks: Uint16Array): void {
	const { size, context, kv_token, kv_window_token, kv_window, kv_state } = columns.values;
	const row = { weights: 0, perToken: 0, perWindowToken: 0, window: 0, state: 0 };
	for (let index = 0; index < slots.length; index += 1) {
		const slot = slots[index] ?? 0;
		const own = context[slot] ?? Number.NaN;
		row.weights = size[slot] ?? Number.NaN;
		row.perToken = kv_token[slot] ?? Number.NaN;
		row.perWindowToken = kv_window_token[slot] ?? Number.NaN;
		row.window = kv_window[slot] ?? Number.NaN;
		row.state = kv_state[slot] ?? Number.NaN;
		const need = neededByRow(row, own < fitting.tokens ? own : fitting.tokens);
		if (need <= fitting.bytes) continue;
		const isUnknown = Number.isNaN(need) && !(row.weights > fitting.bytes);
		masks[index] = (masks[index] ?? 0) | (isUnknown ? rangeUnknown : rangeOutside);
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

const naturalOrder: readonly string[] = quantizationChoiceSchema.options;

function sorted(name: FacetName, values: FacetValue[]): FacetValue[] {
	if (name === 'quantization') {
		return values.sort((a, b) => naturalOrder.indexOf(a.value) - naturalOrder.indexOf(b.value));
	}
	return values.sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
}

function perValue(name: ColumnFacet, counters: Record<FacetName, Counter>, columns: Columns): FacetValue[] {
	const { values } = columns.dictionaries[name];
	return values.map((value, code) => ({ value, count: counters[name].counts[code] ?? 0 }));
}

function perRuntime({ counts }: Counter, { runTable: { loads } }: Columns): FacetValue[] {
	const sums = new Uint32Array(runtimeIds.length);
	for (let number = 0; number < counts.length; number += 1) {
		const rows = counts[number] ?? 0;
		for (let mask = rows === 0 ? 0 : (loads[number] ?? 0); mask !== 0; mask &= mask - 1) {
			const index = 31 - Math.clz32(mask & -mask);
			sums[index] = (sums[index] ?? 0) + rows;
		}
	}
	return runtimeIds.map((value, index) => ({ value, count: sums[index] ?? 0 }));
}

function toFacets(counters: Record<FacetName, Counter>, columns: Columns): Facets {
	const choices = (name: FacetName) => {
		const found = name === 'runtime' ? perRuntime(counters.runtime, columns) : perValue(name, counters, columns);
		return sorted(
			name,
			found.filter((choice) => choice.count > 0),
		);
	};
	return perFacet(choices);
}

function perFacet<T>(make: (name: FacetName) => T): Record<FacetName, T> {
	return {
		family: make('family'),
		quantization: make('quantization'),
		modality: make('modality'),
		kind: make('kind'),
		license: make('license'),
		gated: make('gated'),
		runtime: make('runtime'),
	};
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
	 * Runs the query's filters over all slots, or over `candidates` only; `memory` is what `fits` means in bytes. Each
	 * facet counts what passes all filters but its own. A row is pending when everything it fails is a characteristic that is not known and was never looked for.
	 */
	run(query: ModelQuery, candidates: Uint32Array | null, memory: number | null = null): Matches {
		this.#fitBuffers();
		const accepted = wanted(query);
		const columns = this.#columns;
		const counters = perFacet((name) =>
			name === 'runtime' ? runtimeCounter(columns, query) : counter(columns, name, accepted[name]),
		);
		const active = facetNames.filter((name) => accepted[name] !== null).map((name) => counters[name]);
		const slots = this.#allowed(query, candidates ?? this.#all.subarray(0, this.#columns.size));
		const masks = this.#masks.fill(0, 0, slots.length);
		for (const { refused, codes } of active) {
			for (let index = 0; index < slots.length; index += 1) {
				masks[index] = (masks[index] ?? 0) | (refused[codes[slots[index] ?? 0] ?? 0] ?? 0);
			}
		}
		for (const range of ranges(this.#columns, query)) refuseOutside(range, slots, masks);
		const fitting = fittingOf(query, memory);
		if (fitting !== null) refuseTooBig(this.#columns, fitting, slots, masks);
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
