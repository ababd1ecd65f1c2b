// Brings the table's code along only when the table is asked for, so that cards do not pay for it.
import { readFreshness } from '#lib/client/freshness.svelte.ts';
import type { View } from '#lib/components/list-address.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ data: { health, ...data }, url }) => {
	const view: View = url.searchParams.get('view') === 'table' ? 'table' : 'cards';
	const table = view === 'table' ? (await import('#lib/components/ModelTable.svelte')).default : null;
	return { ...data, view, table, freshness: readFreshness(health) };
};
