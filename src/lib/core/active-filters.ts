// The filters of a question one by one: what each shows as a chip, and what is left when one or all are dropped.
import { emptyQuery, type ModelQuery } from '#lib/core/query.ts';

/** Filters a chip can stand for and remove; search, source, sort and page are not among them. */
export type FilterName =
	| 'family'
	| 'quantization'
	| 'kind'
	| 'author'
	| 'license'
	| 'modality'
	| 'gated'
	| 'size_class'
	| 'weight_class'
	| 'min_params'
	| 'max_params'
	| 'min_context'
	| 'runtime'
	| 'fits';

/** One active filter choice, and the query that is left when it is dropped (first page). */
export interface ActiveFilter {
	name: FilterName;
	value: string;
	without: ModelQuery;
}

/** The active filter choices in a stable order, for chips, counts and the empty state. */
export function activeFilters(query: ModelQuery): ActiveFilter[] {
	const found: ActiveFilter[] = [];
	const base = { ...query, cursor: null };
	for (const name of ['family', 'quantization', 'kind', 'license', 'author', 'size_class', 'weight_class'] as const) {
		for (const value of query[name]) {
			const rest = query[name].filter((other) => other !== value);
			found.push({ name, value, without: { ...base, [name]: rest } });
		}
	}
	if (query.modality !== 'any') {
		found.push({ name: 'modality', value: query.modality, without: { ...base, modality: 'any' } });
	}
	if (query.fits !== null) {
		found.push({ name: 'fits', value: query.fits, without: { ...base, fits: null, context: null } });
	}
	for (const name of ['min_params', 'max_params', 'min_context', 'gated'] as const) {
		const value = query[name];
		if (value !== null) found.push({ name, value: String(value), without: { ...base, [name]: null } });
	}
	if (query.runtime !== null) {
		const without = { ...base, runtime: null, show_incompatible: false };
		found.push({ name: 'runtime', value: query.runtime, without });
	}
	return found;
}

/** The query with every filter dropped; search, source, grouping and sort stay. */
export function withoutFilters(query: ModelQuery): ModelQuery {
	const { q, source, group, sort, order, limit } = query;
	return { ...emptyQuery, q, source, group, sort, order, limit };
}

/** A way out of an empty list: the thing to drop, the query without it, and how many models that shows. */
export interface WayOut {
	name: FilterName | 'q' | 'source';
	value: string;
	query: ModelQuery;
	total: number;
}

/**
 * What to drop so that an empty list shows something: each filter choice, the search and the limit to this machine are
 * dropped alone and counted. Most models first; what helps nothing is left out.
 */
export function waysOut(query: ModelQuery, count: (query: ModelQuery) => number): WayOut[] {
	const tries: Omit<WayOut, 'total'>[] = activeFilters(query).map(({ name, value, without }) => ({
		name,
		value,
		query: without,
	}));
	if (query.q !== '') tries.push({ name: 'q', value: query.q, query: { ...query, q: '', cursor: null } });
	if (query.source === 'mine') {
		tries.push({ name: 'source', value: 'mine', query: { ...query, source: 'hub', cursor: null } });
	}
	const counted = tries.map((one) => ({ ...one, total: count({ ...one.query, limit: 1 }) }));
	return counted.filter(({ total }) => total > 0).sort((a, b) => b.total - a.total);
}
