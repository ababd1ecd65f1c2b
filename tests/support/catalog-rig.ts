// Catalogs with records in them, in memory, and their lists read page by page.
import type { ModelRecord } from '#lib/core/model.ts';
import { unchecked, type Checked, type ModelQuery } from '#lib/core/query.ts';
import { Catalog } from '#lib/server/catalog.ts';
import { openInMemory } from '#lib/server/database.ts';
import { migrate } from '#lib/server/migrations.ts';

export function made(records: ModelRecord[]): Catalog {
	const database = openInMemory();
	migrate(database);
	const catalog = new Catalog(database);
	catalog.upsert(records);
	return catalog;
}

/** Every id of a list, page by page. */
export function walk(
	catalog: Catalog,
	query: ModelQuery,
	{ between = () => {}, checked = unchecked }: { between?: () => void; checked?: Checked } = {},
): string[] {
	const ids: string[] = [];
	for (let cursor: string | null = null; ; between()) {
		const page = catalog.list({ ...query, cursor }, checked);
		ids.push(...page.models.map(({ id }) => id));
		cursor = page.next_cursor;
		if (cursor === null) return ids;
	}
}
