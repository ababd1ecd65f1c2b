// Quantized copies know their layers through the model they were made from: GGUF repositories have no configuration.
import { borrowFit, knowsCache } from '#lib/core/fit-facts.ts';
import type { ModelRecord } from '#lib/core/model.ts';
import { quantizedFrom } from '#lib/core/packing.ts';
import type { Database } from '#lib/server/database.ts';
import { findModels, saveModels, type Known } from '#lib/server/store/models.ts';
import { madeFrom } from '#lib/server/store/relations.ts';

/** Copies that are completed when a base becomes known; the most downloaded first. */
const mostCopies = 300;

/** The row completed by what is known of the models it was quantized from; the same row where that helps nothing. */
function completed(record: ModelRecord, bases: readonly (ModelRecord | undefined)[]): ModelRecord {
	const base = bases.find((one) => one !== undefined && knowsCache(one.fit));
	if (base === undefined) return record;
	const fit = borrowFit(record.fit, base.fit);
	return fit === record.fit ? record : { ...record, fit, context_window: record.context_window ?? base.context_window };
}

/** Rows about to be written, completed by their bases, which may be stored or among them. */
function borrow(database: Database, models: readonly Known[]): Known[] {
	const lacking = models.filter(({ record }) => !knowsCache(record.fit));
	const wanted = new Set(lacking.flatMap(({ record }) => quantizedFrom(record)));
	if (wanted.size === 0) return [...models];
	const beside = new Map(models.map(({ record }) => [record.id, record]));
	const stored = findModels(database, [...wanted]);
	return models.map((model) => {
		if (knowsCache(model.record.fit)) return model;
		const bases = quantizedFrom(model.record).map((id) => beside.get(id) ?? stored.get(id)?.record);
		return { ...model, record: completed(model.record, bases) };
	});
}

/** Stored copies that can be completed now that these rows are known. */
function lend(database: Database, models: readonly Known[]): Known[] {
	return models.flatMap(({ record }) => {
		if (!knowsCache(record.fit)) return [];
		const copies = findModels(database, madeFrom(database, [record.id], record.id, mostCopies));
		return [...copies.values()].flatMap((copy) => {
			if (knowsCache(copy.record.fit) || !quantizedFrom(copy.record).includes(record.id)) return [];
			return [{ ...copy, record: completed(copy.record, [record]) }];
		});
	});
}

/** Writes rows, with what they and their quantized copies learn from each other; `before` gives a row as it was. */
export function saveWithKin(database: Database, models: Known[], before: (id: string) => ModelRecord | null): void {
	const rows = borrow(database, models);
	saveModels(database, rows);
	const isNew = ({ record }: Known) => (before(record.id)?.fit?.kv_bytes_per_token ?? null) === null;
	const copies = lend(database, rows.filter(isNew));
	if (copies.length > 0) saveModels(database, copies);
}
