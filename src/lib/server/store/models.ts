// Questions to the catalog's table: whole records by id, and the bare cells that filters and sorting run over.
import { z } from 'zod';
import { entrySchema, fitFactsSchema, type ModelEntry, type ModelRecord } from '#lib/core/model.ts';
import { packingMark } from '#lib/core/packing.ts';
import { runFacts, writeRunFacts } from '#lib/core/run-facts.ts';
import { number, text, type Database, type Parameter, type Row } from '#lib/server/database.ts';
import { runFactsNumbers } from '#lib/server/store/run-facts.ts';

/** Rows written before memory was read have no such field. */
const fit = fitFactsSchema.nullable().default(null);

const recordSchema = entrySchema.extend({
	fit,
	dtype: z.string().nullable(),
	created_at: z.string().nullable(),
	trending: z.number().nullable(),
	revision: z.string().nullable(),
	origin: z.string(),
	as_of: z.string(),
}) satisfies z.ZodType<ModelRecord>;

/** Lists carry neither file names nor what only the store needs. */
const listedSchema = entrySchema.extend({ fit }).omit({ siblings: true });

/** The dimensions that make up a row's traits, in this order. */
export const traitNames = ['family', 'quantization', 'modality', 'kind', 'license', 'gated'] as const;

/** The figures of a row, in this order. */
export const figureNames = [
	'params',
	'context',
	'downloads',
	'likes',
	'trending',
	'updated',
	'created',
	'size',
	'kv_token',
	'kv_window_token',
	'kv_window',
	'kv_state',
] as const;

/** What filters and sorting need of one model. */
export interface ColumnRow {
	/** The row's own number: grows with every new model and never changes. */
	number: number;
	/** The number of the write that last touched the row. */
	changed: number;
	id: string;
	/** Lower case; null for ids without an owner. */
	author: string | null;
	/**
	 * The values of `traitNames`, then whether the config was looked for and whether a list has the model (1 or 0), all
	 * joined by tabs: few different texts for many models. An unknown licence is empty.
	 */
	traits: string;
	/** Number of the run facts: what decides which runtimes load it. */
	runs: number;
	/** Whose weights it packs in another way (see `packingMark`); null for a model that stands for itself. */
	packs: string | null;
	/** The values of `figureNames`; times are milliseconds since 1970, null is unknown. */
	figures: Row;
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

const traits = `family || char(9) || quantization || char(9) || modality || char(9) || kind || char(9) ||
	coalesce(license, '') || char(9) || gated || char(9) || is_read || char(9) || in_catalog`;
const cells = `number, changed, id, author, ${traits}, runs, packs, ${figureNames.join(', ')}`;
const figuresFrom = 7;

function toColumnRow(row: Row): ColumnRow {
	return {
		number: number(row[0]) ?? 0,
		changed: number(row[1]) ?? 0,
		id: text(row[2]) ?? '',
		author: text(row[3]),
		traits: text(row[4]) ?? '',
		runs: number(row[5]) ?? 0,
		packs: text(row[6]),
		figures: row.slice(figuresFrom),
	};
}

function toStored(row: Row): StoredModel {
	const record = recordSchema.parse(JSON.parse(text(row[3]) ?? 'null'));
	return { number: number(row[0]) ?? 0, isLearned: row[1] === 1, isRead: row[2] === 1, record };
}

/** Rows that one text is made of. */
const windowRows = 5000;

function isRows(value: unknown): value is Row[] {
	return Array.isArray(value);
}

/** Every row in windows of one JSON text each: the driver hands over a long text faster than its cells one by one. */
function* allRows(database: Database): Generator<Row> {
	const sql = `SELECT json_group_array(json_array(${cells})) FROM models WHERE number > ? AND number <= ?`;
	const last = number(database.first('SELECT max(number) FROM models')?.[0] ?? null) ?? 0;
	for (let from = 0; from < last; from += windowRows) {
		const rows: unknown = JSON.parse(text(database.first(sql, [from, from + windowRows])?.[0] ?? null) ?? '[]');
		if (isRows(rows)) yield* rows;
	}
}

/** The cells of every model written after the given change, in the order of their numbers. 0 gives all. */
export function* columnRows(database: Database, after: number): Generator<ColumnRow> {
	// `+number`: by its plain name SQLite would walk the whole table in that order instead of asking the index.
	const newer = `SELECT ${cells} FROM models WHERE changed > ? ORDER BY +number`;
	const rows = after === 0 ? allRows(database) : database.iterate(newer, [after]);
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

/** Text as SQLite can keep it and traits can be joined of: the driver has no form for NUL, and tabs separate traits. */
function storable(value: string | null): string | null {
	return value === null ? null : value.replace(/[\0\t]/g, '');
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
	return new Map(rows.map((row) => [number(row[0]) ?? 0, listedSchema.parse(JSON.parse(text(row[1]) ?? 'null'))]));
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
	params, context, downloads, likes, trending, updated, created, size, kv_token, kv_window_token, kv_window, kv_state,
	changed, runs, packs, record`
	.split(',')
	.map((name) => name.trim());

const save = `INSERT INTO models (id, ${written.join(', ')}) VALUES (?${', ?'.repeat(written.length)})
	ON CONFLICT (id) DO UPDATE SET ${written.map((name) => `${name} = excluded.${name}`).join(', ')}`;

interface Numbers {
	changed: number;
	runs: number;
}

function parameters({ record, isLearned, isRead }: Known, { changed, runs }: Numbers): Parameter[] {
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
		finite(record.fit?.weights_bytes ?? null),
		finite(record.fit?.kv_bytes_per_token ?? null),
		finite(record.fit?.kv_window_bytes_per_token ?? null),
		finite(record.fit?.kv_window_tokens ?? null),
		finite(record.fit?.kv_state_bytes ?? null),
		changed,
		runs,
		storable(packingMark(record)),
		JSON.stringify(record),
	];
}

function factsOf(record: ModelRecord): string {
	return storable(writeRunFacts(runFacts(record))) ?? '';
}

/** Makes the run facts of every row anew, a window of rows at a time. */
export function remakeRunFacts(database: Database): void {
	database.transaction(() => {
		const last = number(database.first('SELECT max(number) FROM models')?.[0] ?? null) ?? 0;
		for (let from = 0; from < last; from += windowRows) {
			const sql = 'SELECT number, is_learned, is_read, record FROM models WHERE number > ? AND number <= ?';
			const rows = database.all(sql, [from, from + windowRows]).map(toStored);
			const facts = rows.map(({ record }) => factsOf(record));
			const numbers = runFactsNumbers(database, facts);
			for (const [index, { number: row }] of rows.entries()) {
				const runs = numbers.get(facts[index] ?? '') ?? 0;
				database.run('UPDATE models SET runs = ? WHERE number = ?', [runs, row]);
			}
		}
	});
}

/** Makes anew whose weights every row packs, a window of rows at a time. */
export function remakePacks(database: Database): void {
	database.transaction(() => {
		const last = number(database.first('SELECT max(number) FROM models')?.[0] ?? null) ?? 0;
		for (let from = 0; from < last; from += windowRows) {
			const sql = "SELECT number, id, json_extract(record, '$.tags') FROM models WHERE number > ? AND number <= ?";
			for (const [row = null, id = null, tags = null] of database.all(sql, [from, from + windowRows])) {
				const read = z.array(z.string()).safeParse(JSON.parse(text(tags) ?? '[]'));
				const mark = storable(packingMark({ id: text(id) ?? '', tags: read.data ?? [] }));
				if (mark !== null) database.run('UPDATE models SET packs = ? WHERE number = ?', [mark, number(row) ?? 0]);
			}
		}
	});
}

/** Writes records in place of what was stored under their ids, all with one new change number, which is returned. */
export function saveModels(database: Database, models: Known[]): number {
	return database.transaction(() => {
		const changed = latestChange(database) + 1;
		const facts = models.map(({ record }) => factsOf(record));
		const numbers = runFactsNumbers(database, facts);
		for (const [index, model] of models.entries()) {
			const runs = numbers.get(facts[index] ?? '') ?? 0;
			database.run(save, parameters(model, { changed, runs }));
		}
		return changed;
	});
}
