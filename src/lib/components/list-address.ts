// Addresses of the models page: a query and how it is looked at.
import type { ModelQuery } from '#lib/core/query.ts';
import { toSearchParams } from '#lib/core/query-url.ts';

/** Cards side by side, or one row per model. */
export type View = 'cards' | 'table';

/** The page's address for a query; what is default is left out. */
export function listAddress(query: ModelQuery, view: View): string {
	const params = toSearchParams(query);
	if (view === 'table') params.set('view', 'table');
	const text = params.toString();
	return text === '' ? '/models' : `/models?${text}`;
}

/** The address of these models side by side. */
export function compareAddress(ids: readonly string[]): string {
	return `/compare?${new URLSearchParams(ids.map((id) => ['ids', id]))}`;
}
