// The models page on the server: the first page of the list, its counts, and ways out when nothing matches.
import { Failure } from '#lib/core/failure.ts';
import type { ModelEntry } from '#lib/core/model.ts';
import { readPageQuery, waysOut, type ListPage, type ListSource, type ModelQuery } from '#lib/core/query.ts';
import type { Catalog } from '#lib/server/catalog.ts';
import { loadedSnapshotDate } from '#lib/server/snapshot.ts';
import type { PageServerLoad } from './$types';

/** The list, from its beginning when the cursor is of another list or an older catalog. */
function listFrom(catalog: Catalog, query: ModelQuery): { list: ListPage; problems: string[] } {
	try {
		return { list: catalog.list(query), problems: [] };
	} catch (error) {
		if (!(error instanceof Failure) || error.code !== 'invalid_query' || query.cursor === null) throw error;
		return { list: catalog.list({ ...query, cursor: null }), problems: [error.message] };
	}
}

/** A row without what cards do not show: tags and file names would be most of the page's bytes. */
function lean({ tags: _tags, siblings: _siblings, ...entry }: ModelEntry): ModelEntry {
	return entry;
}

export const load: PageServerLoad = ({ locals, url }) => {
	const { catalog, database } = locals.app;
	const { query, problems } = readPageQuery(url.searchParams);
	const counts = catalog.counts();
	const source: ListSource = query.source ?? (counts.mine > 0 ? 'mine' : 'hub');
	const asked = { ...query, source };
	const found = listFrom(catalog, asked);
	const health = locals.app.health();
	return {
		query,
		source,
		problems: [...problems, ...found.problems],
		counts,
		list: { ...found.list, models: found.list.models.map(lean) },
		waysOut: found.list.total === 0 ? waysOut(asked, (other) => catalog.list(other).total) : [],
		health,
		snapshotAsOf: loadedSnapshotDate(database),
		nowMs: Date.now(),
	};
};
