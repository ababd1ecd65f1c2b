// What a search finds among the catalog's slots: the models with its words, and the one whose id it is.
import type { Columns } from '#lib/server/columns.ts';
import type { Database } from '#lib/server/database.ts';
import { findNumber } from '#lib/server/store/models.ts';
import { searchModels } from '#lib/server/store/search.ts';

/** Slots that have the searched words; null when nothing is searched. */
export function candidates(database: Database, columns: Columns, search: string): Uint32Array | null {
	if (search === '') return null;
	const slots = searchModels(database, search);
	let length = 0;
	for (const number of slots) {
		const slot = columns.slotOf(number);
		if (slot !== null) slots[length++] = slot; // null: another process added it a moment ago
	}
	return slots.subarray(0, length);
}

/** The slot whose id is what was searched, when it passed the filters; null otherwise. */
export function leaderOf(
	database: Database,
	columns: Columns,
	{ search, passed }: { search: string; passed: Uint8Array },
): number | null {
	const number = search === '' ? null : findNumber(database, search);
	const slot = number === null ? null : columns.slotOf(number);
	return slot !== null && passed[slot] === 1 ? slot : null;
}
