// The models page on the server: the first page of the list, its counts, and ways out when nothing matches.
import { Failure } from '#lib/core/failure.ts';
import type { ModelEntry } from '#lib/core/model.ts';
import { placeCookie } from '#lib/core/place.ts';
import { waysOut } from '#lib/core/active-filters.ts';
import type { Checked, ListPage, ListSource, ModelQuery } from '#lib/core/query.ts';
import { readPageQuery } from '#lib/core/query-url.ts';
import { spelledFamilies } from '#lib/server/asked-query.ts';
import type { Catalog } from '#lib/server/catalog.ts';
import { loadedSnapshotDate } from '#lib/server/snapshot.ts';
import type { PageServerLoad } from './$types';

interface Found {
	list: ListPage;
	query: ModelQuery;
	problems: string[];
}

/** The list, from its beginning when the cursor is of another list or an older catalog, and without a device nobody knows. */
function listFrom(catalog: Catalog, query: ModelQuery, checked: Checked): Found {
	try {
		return { list: catalog.list(query, checked), query, problems: [] };
	} catch (error) {
		if (!(error instanceof Failure) || error.code !== 'invalid_query') throw error;
		if (query.cursor === null && query.fits === null) throw error;
		const rest = query.cursor === null ? { ...query, fits: null, context: null } : { ...query, cursor: null };
		const found = listFrom(catalog, rest, checked);
		return { ...found, problems: [error.message, ...found.problems] };
	}
}

/** A row without what cards do not show: tags and file names would be most of the page's bytes. */
function lean({ tags: _tags, siblings: _siblings, ...entry }: ModelEntry): ModelEntry {
	return entry;
}

export const load: PageServerLoad = async ({ cookies, locals, url }) => {
	const { catalog, database, hardware } = locals.app;
	const read = readPageQuery(url.searchParams);
	const { query, failures } = spelledFamilies(read.query);
	const problems = [...read.problems, ...failures.map(({ message }) => message)];
	if (query.fits !== null) await hardware.ready();
	const counts = catalog.counts();
	const source: ListSource = query.source ?? (counts.mine > 0 ? 'mine' : 'hub');
	const { runtime: check, cacheBits } = locals.app.preferences.placeOf(cookies.get(placeCookie));
	const checked = { check, cacheBits };
	const found = listFrom(catalog, { ...query, source }, checked);
	const asked = { ...found.query, cursor: query.cursor };
	const health = locals.app.health();
	return {
		query: { ...query, fits: asked.fits, context: asked.context },
		source,
		checked,
		/** The device that `fits` means: what the cards of such a list are measured against. */
		fitted: asked.fits === null ? null : await hardware.device(asked.fits),
		problems: [...problems, ...found.problems],
		counts,
		list: { ...found.list, models: found.list.models.map(lean) },
		waysOut: found.list.total === 0 ? waysOut(asked, (other) => catalog.list(other, checked).total) : [],
		health,
		snapshotAsOf: loadedSnapshotDate(database),
		nowMs: Date.now(),
	};
};
