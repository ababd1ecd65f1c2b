// The models page on the server: the first page of the list, its counts, and ways out when nothing matches.
import { readPageQuery, waysOut, type ListSource } from '#lib/core/query.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = ({ locals, url }) => {
	const { catalog } = locals.app;
	const { query, problems } = readPageQuery(url.searchParams);
	const counts = catalog.counts();
	const source: ListSource = query.source ?? (counts.mine > 0 ? 'mine' : 'hub');
	const asked = { ...query, source };
	const list = catalog.list(asked);
	return {
		query,
		source,
		problems,
		counts,
		list,
		waysOut: list.total === 0 ? waysOut(asked, (other) => catalog.list(other).total) : [],
		health: locals.app.health(),
		nowMs: Date.now(),
	};
};
