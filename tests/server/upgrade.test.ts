// Databases of every older version, with rows in every table: they open, and what was in them is still there.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyQuery } from '#lib/core/query.ts';
import { createApp } from '#lib/server/app.ts';
import { readSettings } from '#lib/server/config.ts';
import { number, openDatabase, text, type Database, type Parameter } from '#lib/server/database.ts';
import { migrate, migrations } from '#lib/server/migrations.ts';
import { temporaryFolder } from '../support/folder.ts';
import { randomRecords } from '../support/records.ts';

const root = temporaryFolder();
const now = () => new Date('2026-11-21T07:30:00Z');
const records = randomRecords(3, 11);

/** Tables that hold rows of their own; those of the word index follow from others. */
function tables(database: Database): string[] {
	const rows = database.all("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'");
	return rows
		.map(([name = null]) => text(name) ?? '')
		.filter((name) => !/^(model_words|model_parts|sqlite)_?/.test(name));
}

/** A value that each column takes, unlike those of other rows. */
function valueOf(table: string, column: string, type: string, row: number): Parameter {
	const record = records[row];
	if (table === 'models' && record !== undefined) {
		if (column === 'record') return JSON.stringify(record);
		if (column === 'id' || column === 'words') return record.id;
		if (column === 'in_catalog' || column === 'is_read') return 1;
		if (column === 'family') return 'Llama';
		if (column === 'runs') return 0;
	}
	if (table === 'verified_blobs' && column === 'stamp') return `12-34-${row}`;
	if (/facts|reports|specs|header|files/.test(column)) return `{"row":${row}}`;
	if (/(_at|^at|as_of)$/.test(column)) return now().toISOString();
	return /INT|REAL/.test(type) ? row + 1 : `old/${table}-${row}`;
}

function fill(database: Database): void {
	for (const table of tables(database)) {
		const columns = database.all(`PRAGMA table_info(${table})`).map(([, name = null, type = null]) => {
			return { name: text(name) ?? '', type: text(type) ?? '' };
		});
		const marks = columns.map(() => '?').join(', ');
		for (const row of [0, 1, 2]) {
			const values = columns.map(({ name, type }) => valueOf(table, name, type, row));
			database.run(`INSERT INTO ${table} VALUES (${marks})`, values);
		}
	}
}

function counts(database: Database, names: string[]): Record<string, number> {
	return Object.fromEntries(
		names.map((name) => [name, number(database.first(`SELECT count(*) FROM ${name}`)?.[0] ?? null) ?? 0]),
	);
}

/** Tables whose rows stand in another one now. */
const moved = new Map([
	['file_hashes', 'file_digests'],
	['verified_blobs', 'file_digests'],
]);

/** The counts by the names the tables have now. */
function countsNow(before: Record<string, number>): Record<string, number> {
	const found: Record<string, number> = {};
	for (const [name, count] of Object.entries(before)) {
		const table = moved.get(name) ?? name;
		found[table] = (found[table] ?? 0) + count;
	}
	return found;
}

/** Facts that are made again from the rows, so that newer knowledge counts. */
const remade = new Set(['run_facts', 'compatibility', 'meta', 'models', 'bases']);

describe('a database of an older version', () => {
	it.each(migrations.map(({ name }, at) => [at + 1, name] as const))(
		'%i (%s) opens with everything that was in it',
		async (version) => {
			const home = join(root, String(version));
			const prepare = (database: Database) => migrate(database, version);
			const { database } = openDatabase({ directory: home, now, prepare });
			fill(database);
			const names = tables(database).filter((name) => !remade.has(name));
			const before = countsNow(counts(database, names));
			database.close();

			const env = { HOME: root, MODELDEX_HOME: home, HF_HUB_OFFLINE: '1' };
			const app = await createApp({ settings: readSettings(env, () => null), version: '9.9.9', background: false });
			try {
				expect(counts(app.database, Object.keys(before))).toEqual(before);
				expect(app.database.first("SELECT value FROM meta WHERE key = 'old/meta-1'")).toEqual(['old/meta-1']);
				expect(app.database.first('PRAGMA integrity_check')).toEqual(['ok']);
				expect(app.database.all('PRAGMA foreign_key_check')).toEqual([]);
				const query = { ...emptyQuery, source: 'all' as const };
				expect(app.catalog.list(query).total).toBeGreaterThan(4_000);
				for (const { id } of version >= 3 ? records : []) {
					expect(app.catalog.list({ ...query, q: id }).models.map((model) => model.id)).toContain(id);
				}
			} finally {
				await app.close();
			}
		},
		60_000,
	);
});
