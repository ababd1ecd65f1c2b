// The facets of a list in one pass: which values a query refuses, and how many rows each value would show.
import { facetNames, type FacetName, type Facets, type FacetValue, type ModelQuery } from '#lib/core/query.ts';
import { quantizationChoices } from '#lib/core/choice.ts';
import { runtimeBit } from '#lib/core/runtime-masks.ts';
import { sizeClasses, weightClasses } from '#lib/core/size-class.ts';
import { unknownChoice, unknownFamily, type Columns } from '#lib/server/columns.ts';

/** One bit per facet: set where a row fails that facet's own filter. (128 and 256 are those of ranges.) */
export const facetBits: Record<FacetName, number> = {
	family: 1,
	quantization: 2,
	modality: 4,
	kind: 8,
	license: 16,
	gated: 32,
	runtime: 64,
	size_class: 512,
	weight_class: 1024,
};

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
		size_class: some(query.size_class),
		weight_class: some(query.weight_class),
		runtime: query.runtime === null || query.show_incompatible ? null : [query.runtime],
	};
}

/** One facet in a pass. The tables give per code the facet's bit where it applies, else 0. */
export interface Counter {
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
	const mark = (is: (value: string) => boolean) =>
		Uint16Array.from(values, (value) => (is(value) ? facetBits[name] : 0));
	return {
		name,
		bit: facetBits[name],
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
	const wantedBit =
		query.runtime === null || query.show_incompatible ? 0 : runtimeBit(query.runtime, runTable.runtimes);
	for (let number = 0; wantedBit !== 0 && number < size; number += 1) {
		if (((loads[number] ?? 0) & wantedBit) === 0) refused[number] = facetBits.runtime;
		if (((unknown[number] ?? 0) & wantedBit) !== 0) open[number] = facetBits.runtime;
	}
	const counts = new Uint32Array(size);
	return { name: 'runtime', bit: facetBits.runtime, codes: runs, refused, unknown: open, counts };
}

/** Counts the rows that pass every filter but this facet's own. */
export function countPassing({ bit, codes, counts }: Counter, slots: Uint32Array, masks: Uint16Array): void {
	const others = ~bit;
	for (let index = 0; index < slots.length; index += 1) {
		if (((masks[index] ?? 0) & others) !== 0) continue;
		const code = codes[slots[index] ?? 0] ?? 0;
		counts[code] = (counts[code] ?? 0) + 1;
	}
}

/** Facets whose choices have an order of their own; those of the others go by count. */
const naturalOrders: Partial<Record<FacetName, readonly string[]>> = {
	quantization: quantizationChoices,
	size_class: sizeClasses,
	weight_class: weightClasses,
};

function sorted(name: FacetName, values: FacetValue[]): FacetValue[] {
	const order = naturalOrders[name];
	if (order !== undefined) return values.sort((a, b) => order.indexOf(a.value) - order.indexOf(b.value));
	return values.sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
}

function perValue(name: ColumnFacet, counters: Record<FacetName, Counter>, columns: Columns): FacetValue[] {
	const { values } = columns.dictionaries[name];
	return values.map((value, code) => ({ value, count: counters[name].counts[code] ?? 0 }));
}

function perRuntime({ counts }: Counter, { runTable: { loads, runtimes } }: Columns): FacetValue[] {
	const sums = new Uint32Array(runtimes.ids.length);
	for (let number = 0; number < counts.length; number += 1) {
		const rows = counts[number] ?? 0;
		for (let mask = rows === 0 ? 0 : (loads[number] ?? 0); mask !== 0; mask &= mask - 1) {
			const index = 31 - Math.clz32(mask & -mask);
			sums[index] = (sums[index] ?? 0) + rows;
		}
	}
	return runtimes.ids.map((value, index) => ({ value, count: sums[index] ?? 0 }));
}

/** The counts of all facets, empty choices left out. */
export function toFacets(counters: Record<FacetName, Counter>, columns: Columns): Facets {
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
		size_class: make('size_class'),
		weight_class: make('weight_class'),
		runtime: make('runtime'),
	};
}

/** A counter for every facet, and those of them that the query filters by. */
export function countersOf(
	columns: Columns,
	query: ModelQuery,
): { counters: Record<FacetName, Counter>; active: Counter[] } {
	const accepted = wanted(query);
	const counters = perFacet((name) =>
		name === 'runtime' ? runtimeCounter(columns, query) : counter(columns, name, accepted[name]),
	);
	return { counters, active: facetNames.filter((name) => accepted[name] !== null).map((name) => counters[name]) };
}
