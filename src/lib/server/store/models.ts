// Questions to the catalog's table: whole records by id, and the bare cells that filters and sorting run over.
import { z } from 'zod';
import { entrySchema, type ModelEntry, type ModelRecord } from '#lib/core/model.ts';
import { number, text, type Database, type Parameter, type Row } from '#lib/server/database.ts';

const recordSchema = entrySchema.extend({
	dtype: z.string().nullable(),
	created_at: z.string().nullable(),
	size_bytes: z.number().nullable(),
	trending: z.number().nullable(),
	revision: z.string().nullable(),
	origin: z.string(),
	as_of: z.string(),
}) satisfies z.ZodType<ModelRecord>;

/** Lists carry neither file names nor what only the store needs. */
const listedSchema = entrySchema.omit({ siblings: true });

/** What filters and sorting need of one model. Times are milliseconds since 1970; NaN is unknown. */
export interface ColumnRow {
	/** The row's own number: grows with every new model and never changes. */
	number: number;
	/** The number of the write that last touched the row. */
	changed: number;
	id: string;
	/** Lower case; null for ids without an owner. */
	author: string | null;
	family: string;
	quantization: string;
	modality: string;
	kind: string;
	/** Null is unknown. */
	license: string | null;
	isGated: boolean;
	/** The model's config was looked for: what is unknown now stays unknown. */
	isRead: boolean;
	/** Listed by the Hub or the snapshot, and not only found on this machine. */
	inCatalog: boolean;
	params: number;
	context: number;
	downloads: number;
	likes: number;
	trending: number;
	updated: number;
	created: number;
	size: number;
}

/** A record with the number of its row and how well it is known. */
export interface StoredModel {
	number: number;
	/** The characteristics are those of the model's own config. */
	isLearned: boolean;
	/** The model's config was looked for, with whatever result: nothing more is to come. */
	isRead: boolean;
	record: ModelRecord;
}

/** A stored row without its number. */
export type Known = Omit<StoredModel, 'number'>;

const cells = `number, changed, id, author, family, quantization, modality, kind, license, gated, is_read, in_catalog,
	params, context, downloads, likes, trending, updated, created, size`;

function figure(row: Row, position: number): number {
	return number(row[position]) ?? Number.NaN;
}

function toColumnRow(row: Row): ColumnRow {
	return {
		number: figure(row, 0),
		changed: figure(row, 1),
		id: text(row[2]) ?? '',
		author: text(row[3]),
		family: text(row[4]) ?? '',
		quantization: text(row[5]) ?? '',
		modality: text(row[6]) ?? '',
		kind: text(row[7]) ?? '',
		license: text(row[8]),
		isGated: row[9] === 1,
		isRead: row[10] === 1,
		inCatalog: row[11] === 1,
		params: figure(row, 12),
		context: figure(row, 13),
		downloads: figure(row, 14),
		likes: figure(row, 15),
		trending: figure(row, 16),
		updated: figure(row, 17),
		created: figure(row, 18),
		size: figure(row, 19),
	};
}

function toStored(row: Row): StoredModel {
	const record = recordSchema.parse(JSON.parse(text(row[3]) ?? 'null'));
	return { number: figure(row, 0), isLearned: row[1] === 1, isRead: row[2] === 1, record };
}

/** The cells of every model written after the given change, in the order of their numbers. 0 gives all. */
export function* columnRows(database: Database, after: number): Generator<ColumnRow> {
	const all = `SELECT ${cells} FROM models`;
	const newer = `SELECT ${cells} FROM models WHERE changed > ? ORDER BY number`;
	const rows = after === 0 ? database.iterate(all) : database.iterate(newer, [after]);
	for (const row of rows) yield toColumnRow(row);
}

/** The number of the newest write; 0 when nothing was ever written. */
export function latestChange(database: Database): number {
	return number(database.first('SELECT max(changed) FROM models')?.[0] ?? null) ?? 0;
}

/** Grows by one whenever another connection has written; says nothing about this one's own writes. */
export function foreignWrites(database: Database): number {
	return number(database.first('PRAGMA data_version')?.[0] ?? null) ?? 0;
}

/** Text as SQLite can keep it; the driver has no form for NUL. */
function storable(value: string | null): string | null {
	return value === null ? null : value.replaceAll('\0', '');
}

/** The stored model of an id; null when the catalog has none. */
export function findModel(database: Database, id: string): StoredModel | null {
	if (id !== storable(id)) return null;
	const row = database.first('SELECT number, is_learned, is_read, record FROM models WHERE id = ?', [id]);
	return row === null ? null : toStored(row);
}

/** The row number of the id in any case of letters, the exact spelling first; null when there is none. */
export function findNumber(database: Database, id: string): number | null {
	if (id !== storable(id)) return null;
	const sql = 'SELECT number FROM models WHERE id = ? COLLATE NOCASE ORDER BY id = ? DESC LIMIT 1';
	return number(database.first(sql, [id, id])?.[0] ?? null);
}

/** The stored models of many ids; ids without one are absent. */
export function findModels(database: Database, ids: string[]): Map<string, StoredModel> {
	const sql = 'SELECT number, is_learned, is_read, record FROM models WHERE id IN (SELECT value FROM json_each(?))';
	const found = database.all(sql, [JSON.stringify(ids)]).map(toStored);
	return new Map(found.map((stored) => [stored.record.id, stored]));
}

/** The rows that lists show, by row number; without file names. */
export function entriesByNumber(database: Database, numbers: number[]): Map<number, ModelEntry> {
	const sql = 'SELECT number, record FROM models WHERE number IN (SELECT value FROM json_each(?))';
	const rows = database.all(sql, [JSON.stringify(numbers)]);
	return new Map(rows.map((row) => [figure(row, 0), listedSchema.parse(JSON.parse(text(row[1]) ?? 'null'))]));
}

/** JSON can spell numbers too large for a number; such a figure is not known. */
function finite(value: number | null): number | null {
	return Number.isFinite(value) ? value : null;
}

function milliseconds(time: string | null): number | null {
	const parsed = time === null ? Number.NaN : Date.parse(time);
	return Number.isNaN(parsed) ? null : parsed;
}

function modality(record: ModelRecord): string {
	if (record.is_multimodal === null) return 'unknown';
	return record.is_multimodal ? 'multimodal' : 'text';
}

const written = `words, author, family, quantization, modality, kind, license, gated, is_read, is_learned, in_catalog,
	params, context, downloads, likes, trending, updated, created, size, changed, record`
	.split(',')
	.map((name) => name.trim());

const save = `INSERT INTO models (id, ${written.join(', ')}) VALUES (?${', ?'.repeat(written.length)})
	ON CONFLICT (id) DO UPDATE SET ${written.map((name) => `${name} = excluded.${name}`).join(', ')}`;

function parameters({ record, isLearned, isRead }: Known, changed: number): Parameter[] {
	return [
		record.id,
		storable(record.name === undefined ? record.id : `${record.id} ${record.name}`),
		storable(record.author?.toLowerCase() ?? null),
		storable(record.architecture_family),
		record.quantization,
		modality(record),
		record.classification,
		storable(record.license?.toLowerCase() ?? null),
		record.gated !== false,
		isRead,
		isLearned,
		record.origin !== 'local',
		finite(record.parameters_total),
		finite(record.context_window),
		finite(record.downloads),
		finite(record.likes),
		finite(record.trending),
		milliseconds(record.updated_at),
		milliseconds(record.created_at),
		finite(record.size_bytes),
		changed,
		JSON.stringify(record),
	];
}

/** Writes records in place of what was stored under their ids, all with one new change number, which is returned. */
export function saveModels(database: Database, models: Known[]): number {
	return database.transaction(() => {
		const changed = latestChange(database) + 1;
		for (const model of models) database.run(save, parameters(model, changed));
		return changed;
	});
}
