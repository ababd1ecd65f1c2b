// Addresses of the models page: a query and how it is looked at.
import { toSearchParams, type ModelQuery } from '#lib/core/query.ts';

/** Cards side by side, or one row per model. */
export type View = 'cards' | 'table';

/** The page's address for a query; what is default is left out. */
export function listAddress(query: ModelQuery, view: View): string {
	const params = toSearchParams(query);
	if (view === 'table') params.set('view', 'table');
	const text = params.toString();
	return text === '' ? '/models' : `/models?${text}`;
}
