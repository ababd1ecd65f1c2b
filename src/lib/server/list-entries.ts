// The rows that lists show: read by slot, with what is on this machine and what a runtime makes of each.
import type { ModelEntry } from '#lib/core/model.ts';
import type { RuntimeId } from '#lib/core/runtime.ts';
import type { Columns } from '#lib/server/columns.ts';
import type { Surroundings } from '#lib/server/surroundings.ts';
import type { Database } from '#lib/server/database.ts';
import { entriesByNumber } from '#lib/server/store/models.ts';

interface Asked {
	columns: Columns;
	/** The copies on this machine. */
	around: Surroundings;
	/** The runtime that the list is of; null for a list of all. */
	filter: RuntimeId | null;
	/** The runtime whose verdict rows carry where the list is not one's; null for none. */
	check: RuntimeId | null;
}

/** List rows of slots in their order; rows that are gone are left out. */
export function readEntries(database: Database, slots: number[], asked: Asked): ModelEntry[] {
	const { columns, around, filter, check } = asked;
	const runtime = filter ?? check;
	const { numbers, isLocal, runs, runTable } = columns;
	const found = entriesByNumber(
		database,
		slots.map((slot) => numbers[slot] ?? 0),
	);
	return slots.flatMap((slot) => {
		const entry = found.get(numbers[slot] ?? 0);
		if (entry === undefined) return [];
		const own = isLocal[slot] === 1 ? around.copies(entry.id) : undefined;
		const row = { ...entry, local: isLocal[slot] === 1, ...(own === undefined ? {} : { copies: own }) };
		if (runtime === null) return [row];
		return [runTable.judged(runs[slot] ?? 0, row, { runtime, isFilter: filter !== null })];
	});
}
