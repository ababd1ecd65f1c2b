// Why a list does not show one row, asked of the list's own predicate with one filter at a time.
import { countedTokens, neededBytes } from '#lib/core/fit.ts';
import { hiddenBy, hidingFilters, queryOfFilter, type Explanation } from '#lib/core/explanation.ts';
import type { ModelEntry } from '#lib/core/model.ts';
import type { ModelQuery } from '#lib/core/query.ts';
import type { Columns } from '#lib/server/columns.ts';
import type { Filter } from '#lib/server/facets.ts';
import type { Fitting } from '#lib/server/fitting.ts';
import { nearestSlots } from '#lib/server/nearest.ts';

/** The row, and what the catalog has to ask it with. */
interface Asked {
	slot: number;
	/** Slots of the same base. */
	related: ReadonlySet<number>;
	columns: Columns;
	filter: Filter;
	/** Where the query's `fits` asks rows to fit; null without it. */
	fitting: Fitting | null;
	/** Slots that have the searched words; null when nothing is searched. */
	candidates(search: string): Uint32Array | null;
	entries(slots: number[]): ModelEntry[];
}

/** Bytes a row needs there; null when a part is not known, or nothing was asked. */
function needOf({ fit, context_window }: ModelEntry, fitting: Fitting | null): number | null {
	if (fit === null || fitting === null) return null;
	return neededBytes(fit, countedTokens(fitting.tokens, context_window), fitting.place);
}

/** Most models that are named as close. */
const mostClose = 5;

/** The filters that hide a row, and the nearest rows that none of them hides. */
export function explainRow(id: string, query: ModelQuery, asked: Asked): Explanation {
	const { slot, related, columns, filter, fitting, candidates, entries } = asked;
	const one = Uint32Array.of(slot);
	const shows = (part: ModelQuery) => {
		const found = candidates(part.q);
		const isFound = found === null || found.includes(slot);
		return isFound && filter.run(part, one, part.fits === null ? null : fitting).total === 1;
	};
	const [entry] = shows(query) ? [] : entries([slot]);
	if (entry === undefined) return { id, visible: true, hidden_by: [], closest: [] };
	const hiding = hidingFilters.filter((name) => {
		const alone = queryOfFilter(query, name);
		return alone !== null && !shows(alone);
	});
	const { runtimes } = columns.runTable;
	const row = { entry, needBytes: needOf(entry, fitting), haveBytes: fitting?.place.have.bytes ?? null, runtimes };
	const hidden_by = hiding.map((name) => hiddenBy(name, query, row));
	const { passed } = filter.run(query, candidates(query.q), fitting);
	const closest = entries(nearestSlots(columns, { slot, passed, related, most: mostClose }));
	return { id, visible: false, hidden_by, closest };
}
