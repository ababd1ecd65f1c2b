// Why a list does not show one row, asked of the list's own predicate with one filter at a time.
import { hiddenBy, hidingFilters, queryOfFilter, type Explanation } from '#lib/core/explanation.ts';
import type { ModelEntry } from '#lib/core/model.ts';
import type { ModelQuery } from '#lib/core/query.ts';
import type { Columns } from '#lib/server/columns.ts';
import type { Filter } from '#lib/server/facets.ts';
import { fittingOf, needOf } from '#lib/server/fitting.ts';
import { nearestSlots } from '#lib/server/nearest.ts';

/** The row, and what the catalog has to ask it with. */
interface Asked {
	slot: number;
	/** Slots of the same base. */
	related: ReadonlySet<number>;
	columns: Columns;
	filter: Filter;
	/** What the query's `fits` means in bytes; null without it. */
	memory: number | null;
	/** Slots that have the searched words; null when nothing is searched. */
	candidates(search: string): Uint32Array | null;
	entries(slots: number[]): ModelEntry[];
}

/** Most models that are named as close. */
const mostClose = 5;

/** The filters that hide a row, and the nearest rows that none of them hides. */
export function explainRow(id: string, query: ModelQuery, asked: Asked): Explanation {
	const { slot, related, columns, filter, memory, candidates, entries } = asked;
	const one = Uint32Array.of(slot);
	const shows = (part: ModelQuery) => {
		const found = candidates(part.q);
		const isFound = found === null || found.includes(slot);
		return isFound && filter.run(part, one, part.fits === null ? null : memory).total === 1;
	};
	const [entry] = shows(query) ? [] : entries([slot]);
	if (entry === undefined) return { id, visible: true, hidden_by: [], closest: [] };
	const hiding = hidingFilters.filter((name) => {
		const alone = queryOfFilter(query, name);
		return alone !== null && !shows(alone);
	});
	const fitting = fittingOf(query, memory);
	const needBytes = fitting === null ? null : needOf(columns, slot, fitting);
	const hidden_by = hiding.map((name) => hiddenBy(name, query, { entry, needBytes, haveBytes: memory }));
	const { passed } = filter.run(query, candidates(query.q), memory);
	const closest = entries(nearestSlots(columns, { slot, passed, related, most: mostClose }));
	return { id, visible: false, hidden_by, closest };
}
