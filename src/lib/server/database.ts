// The SQLite driver behind one small interface: guarded binds, immediate transactions, one failure for what goes wrong.
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, renameSync, statSync, type BigIntStats } from 'node:fs';
import { join } from 'node:path';
import Driver from 'libsql';
import { Failure } from '#lib/core/failure.ts';
import { bind, BindError, type Cell } from '#lib/server/bind.ts';
import { isBroken, located, translate, unusable } from '#lib/server/database-failure.ts';

/** One result row, cells in the order of the select list. Whole numbers beyond 2^53 lose precision. */
export type Row = readonly Cell[];

/** What a parameter may be; `bind` decides how it travels. */
export type Parameter = Cell | bigint | boolean;

/**
 * An open database. SQL uses bare `?` only, one per parameter. Every method throws `Failure('database')` when SQLite
 * refuses (busy beyond five seconds, disk full, read-only, broken file) and lets our own mistakes crash.
 */
export interface Database {
	/** Path of the file, or `:memory:`. */
	readonly path: string;
	/** Runs one statement and tells how many rows it changed. */
	run(sql: string, parameters?: readonly Parameter[]): number;
	/** Every row of a query. */
	all(sql: string, parameters?: readonly Parameter[]): Row[];
	/** The first row of a query, null when there is none. */
	first(sql: string, parameters?: readonly Parameter[]): Row | null;
	/** Rows one after another, without keeping them; safe to leave early. */
	iterate(sql: string, parameters?: readonly Parameter[]): Generator<Row>;
	/** Runs the work in one `BEGIN IMMEDIATE` transaction: all of it or nothing. Joins a transaction already open. */
	transaction<T>(work: () => T): T;
	/**
	 * A number that is another one when another connection, also of another process, has changed the database. It is looked
	 * up once in each turn of the event loop: whatever comes in later sees what was changed before.
	 */
	version(): number;
	/** Folds the log into the database, which waits for the disk: for quiet moments. Does nothing while others write. */
	fold(): void;
	close(): void;
}

interface Prepared {
	statement: ReturnType<Driver.Database['prepare']>;
	arity: number;
}

/** How long a statement waits for another process's write before it gives up. */
const busyTimeoutMs = 5000;

/** Pages of the log (32 MB) after which it is folded in whoever waits; `fold` does it before that, at a quiet moment. */
const logPages = 8000;

function isRow(value: unknown): value is Row {
	return Array.isArray(value);
}

class LibsqlDatabase implements Database {
	readonly path: string;
	#driver: Driver.Database;
	#prepared = new Map<string, Prepared>();
	#depth = 0;
	#version: number | null = null;

	constructor(path: string) {
		this.path = path;
		try {
			this.#driver = new Driver(path, { timeout: busyTimeoutMs });
		} catch (error) {
			throw unusable('it cannot be opened', error); // the driver gives no code here
		}
	}

	run(sql: string, parameters: readonly Parameter[] = []): number {
		const prepared = this.#prepare(sql, true);
		const values = bindAll(prepared, parameters, sql);
		return this.#guard(() => {
			// A pragma that answers with a row must be read to its end, or it stays open.
			if (prepared.statement.reader) return [...prepared.statement.iterate(values)].length;
			return prepared.statement.run(values).changes;
		});
	}

	all(sql: string, parameters: readonly Parameter[] = []): Row[] {
		const prepared = this.#prepare(sql, true);
		const values = bindAll(prepared, parameters, sql);
		return this.#guard(() => [...prepared.statement.iterate(values)].filter(isRow));
	}

	first(sql: string, parameters: readonly Parameter[] = []): Row | null {
		return this.all(sql, parameters)[0] ?? null;
	}

	*iterate(sql: string, parameters: readonly Parameter[] = []): Generator<Row> {
		// Its own statement: a kept one would be rewound by the next caller in the middle of this walk.
		const prepared = this.#prepare(sql, false);
		const values = bindAll(prepared, parameters, sql);
		const rows = this.#guard(() => prepared.statement.iterate(values));
		let step = this.#guard(() => rows.next());
		try {
			for (; step.done !== true; step = this.#guard(() => rows.next())) if (isRow(step.value)) yield step.value;
		} finally {
			// The driver cannot reset a statement, and an unfinished one blocks the log from being folded in.
			while (step.done !== true) step = this.#guard(() => rows.next());
		}
	}

	transaction<T>(work: () => T): T {
		if (this.#depth > 0) return work();
		this.run('BEGIN IMMEDIATE');
		this.#depth += 1;
		try {
			const result = work();
			this.run('COMMIT');
			return result;
		} catch (error) {
			// SQLite has already rolled back after a full disk or a damaged page.
			if (this.#driver.inTransaction) this.run('ROLLBACK');
			throw error;
		} finally {
			this.#depth -= 1;
		}
	}

	version(): number {
		if (this.#version !== null) return this.#version;
		setImmediate(() => (this.#version = null));
		this.#version = this.#readVersion();
		return this.#version;
	}

	fold(): void {
		foldLog(this, 'PASSIVE');
	}

	#readVersion(): number {
		const { statement } = this.#prepare('PRAGMA data_version', true);
		const row: unknown = this.#guard(() => statement.get([]));
		return isRow(row) ? (number(row[0]) ?? 0) : 0;
	}

	close(): void {
		if (!this.#driver.open) return;
		// libsql 0.5 frees the file only when its statements are collected, so the log is folded in here.
		foldLog(this, 'TRUNCATE');
		this.#prepared.clear();
		this.#driver.close();
	}

	#prepare(sql: string, keep: boolean): Prepared {
		const kept = this.#prepared.get(sql);
		if (kept !== undefined && keep) return kept;
		const statement = this.#guard(() => this.#driver.prepare(sql));
		if (statement.reader) statement.raw(true);
		const prepared = { statement, arity: sql.split('?').length - 1 };
		if (keep) this.#prepared.set(sql, prepared);
		return prepared;
	}

	#guard<T>(work: () => T): T {
		try {
			return work();
		} catch (error) {
			throw translate(error);
		}
	}
}

function foldLog(database: Database, how: 'PASSIVE' | 'TRUNCATE'): void {
	try {
		database.first(`PRAGMA wal_checkpoint(${how})`);
	} catch (error) {
		// Another process is in the middle of something: the log stays, and the next one to close folds it in.
		if (!(error instanceof Failure)) throw error;
	}
}

/** The driver takes too few parameters in silence and keeps the last call's values for the rest. */
function bindAll(prepared: Prepared, parameters: readonly Parameter[], sql: string): unknown[] {
	if (parameters.length === prepared.arity) return parameters.map((value, position) => bind(value, position));
	throw new BindError(parameters.length, `${prepared.arity} wanted, ${parameters.length} given for ${sql}`);
}

/** The cell as text; null stays null. Throws when the column holds something else. */
export function text(cell: Cell | undefined): string | null {
	if (cell === null || typeof cell === 'string') return cell;
	throw new TypeError(`A text column holds ${typeof cell}.`);
}

/** The cell as a number; null stays null. Throws when the column holds something else. */
export function number(cell: Cell | undefined): number | null {
	if (cell === null || typeof cell === 'number') return cell;
	throw new TypeError(`A number column holds ${typeof cell}.`);
}

/** A database that lives in memory and ends with the process; for tests and measurements. */
export function openInMemory(): Database {
	return new LibsqlDatabase(':memory:');
}

function openFile(path: string): Database {
	// Never open the file beside SQLite later on: closing it again would drop SQLite's own locks (POSIX).
	if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
	// SQLite gives the log files beside it the same permissions.
	chmodSync(path, 0o600);
	const database = new LibsqlDatabase(path);
	try {
		database.run(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
		database.run('PRAGMA journal_mode = WAL');
		database.run('PRAGMA synchronous = NORMAL');
		database.run(`PRAGMA wal_autocheckpoint = ${logPages}`);
		database.run('PRAGMA foreign_keys = ON');
		refuseTruncated(database);
		return database;
	} catch (error) {
		database.close();
		throw error;
	}
}

/** SQLite itself may notice lost pages only when it reads one of them, which can be days later. */
function refuseTruncated(database: Database): void {
	const pages = number(database.first('PRAGMA page_count')?.[0] ?? null) ?? 0;
	const pageSize = number(database.first('PRAGMA page_size')?.[0] ?? null) ?? 0;
	if (statSync(`${database.path}-wal`, { throwIfNoEntry: false })?.size) return; // the log may hold the pages
	if (statSync(database.path).size >= pages * pageSize) return;
	const cause = Object.assign(new Error('pages are missing at the end of the file'), { code: 'SQLITE_CORRUPT' });
	throw unusable('its file is damaged', cause);
}

interface OpenOptions<T> {
	/** Data directory; made with access for its owner only when it is not there. */
	directory: string;
	now: () => Date;
	/** What the database must be able to do at once: migrate and read everything that is needed to start. */
	prepare: (database: Database) => T;
	/** Called with its path before it is opened, so that a filled one can be put where there is none. */
	provide?: (path: string) => void;
}

/** An open database, what `prepare` made of it, and the name of the damaged file that was put aside, if there was one. */
export interface Opened<T> {
	database: Database;
	prepared: T;
	setAside: string | null;
}

function attempt<T>(path: string, prepare: (database: Database) => T): Omit<Opened<T>, 'setAside'> {
	let database: Database | undefined;
	try {
		database = openFile(path);
		return { database, prepared: prepare(database) };
	} catch (error) {
		database?.close();
		throw located(error, path);
	}
}

function identity(path: string): BigIntStats | undefined {
	return statSync(path, { bigint: true, throwIfNoEntry: false });
}

/** Puts a damaged database and its log files aside. Does nothing when another process has already replaced it. */
function putAside(path: string, seen: BigIntStats | undefined, now: Date): string | null {
	if (identity(path)?.ino !== seen?.ino) return null;
	const name = `${path}.broken-${now.toISOString().slice(0, 19).replaceAll(':', '-')}`;
	for (const suffix of ['-wal', '-shm', '']) if (existsSync(path + suffix)) renameSync(path + suffix, name + suffix);
	return name;
}

/**
 * Opens `modeldex.db` in the directory and prepares it. A damaged file is put aside as `.broken-<date>` and a new one is
 * made in its place, because everything in it can be read again. Throws `Failure('database')` for every other trouble.
 */
export function openDatabase<T>({ directory, now, prepare, provide = () => {} }: OpenOptions<T>): Opened<T> {
	const path = join(directory, 'modeldex.db');
	try {
		mkdirSync(directory, { recursive: true, mode: 0o700 });
	} catch (error) {
		throw new Failure('database', `The data directory ${directory} cannot be made.`, { cause: error });
	}
	provide(path);
	const seen = identity(path);
	try {
		return { ...attempt(path, prepare), setAside: null };
	} catch (error) {
		if (!isBroken(error) || seen === undefined) throw error;
		const setAside = putAside(path, seen, now());
		provide(path);
		return { ...attempt(path, prepare), setAside };
	}
}
