// The database file: permissions, two processes, damage, versions, and what a transaction promises.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readdirSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Failure } from '#lib/core/failure.ts';
import { openDatabase, type Database } from '#lib/server/database.ts';
import { migrate, migrations, schemaVersion } from '#lib/server/migrations.ts';
import { latestConfig, saveConfig } from '#lib/server/store/configs.ts';
import { readFiles } from '#lib/server/store/file-digests.ts';
import { temporaryFolder } from '../support/folder.ts';

const now = () => new Date('2026-11-21T07:30:00Z');
const root = temporaryFolder();
const at = (name: string) => join(root, name);

function open(directory: string) {
	return openDatabase({ directory, now, prepare: migrate });
}

/** A database with enough rows to span many pages. */
function filled(directory: string): void {
	const { database } = open(directory);
	database.transaction(() => {
		for (let index = 0; index < 500; index += 1) put(database, `owner/model-${index}`, 'x'.repeat(300));
	});
	database.close();
}

function put(database: Database, id: string, text: string): void {
	const fetchedAt = now().toISOString();
	saveConfig(database, { id, commit: 'c'.repeat(40), file: 'config.json', status: 'ok', text, etag: null, fetchedAt });
}

function overwrite(path: string, bytes: Buffer): void {
	const file = openSync(path, 'r+');
	writeSync(file, bytes, 0, bytes.length, 0);
	closeSync(file);
}

function failure(work: () => unknown): Failure {
	try {
		work();
	} catch (error) {
		if (error instanceof Failure) return error;
		throw error;
	}
	throw new Error('nothing failed');
}

describe('openDatabase', () => {
	it('keeps directory and files to their owner', () => {
		const { database } = open(at('private'));
		put(database, 'a/b', '{}');
		expect(statSync(at('private')).mode & 0o777).toBe(0o700);
		for (const name of readdirSync(at('private'))) expect(statSync(join(at('private'), name)).mode & 0o077).toBe(0);
		expect(database.first('PRAGMA journal_mode')).toEqual(['wal']);
		expect(database.first('PRAGMA synchronous')).toEqual([1]);
		database.close();
	});

	it('says in one sentence why a directory cannot be made', () => {
		const file = at('plain-file');
		closeSync(openSync(file, 'w'));
		expect(failure(() => open(file))).toMatchObject({ code: 'database', exitCode: 7 });
	});

	it.each([
		['a zeroed header', (path: string) => overwrite(path, Buffer.alloc(100))],
		['something else in its place', (path: string) => overwrite(path, Buffer.alloc(8192, 'not a database '))],
		['a lost second half', (path: string) => truncateSync(path, Math.floor(statSync(path).size / 2))],
		['a lost last page', (path: string) => truncateSync(path, statSync(path).size - 4096)],
		['a torn end', (path: string) => truncateSync(path, statSync(path).size - 1000)],
		['a torn first page', (path: string) => truncateSync(path, 700)],
	])('puts a file with %s aside and starts anew', (name, damage) => {
		const directory = at(`damaged ${name}`);
		filled(directory);
		damage(join(directory, 'modeldex.db'));
		const { database, setAside } = open(directory);
		expect(setAside).toMatch(/modeldex\.db\.broken-2026-11-21T07-30-00$/);
		expect(readdirSync(directory)).toContain('modeldex.db.broken-2026-11-21T07-30-00');
		expect(latestConfig(database, 'owner/model-1')).toBeNull();
		expect(database.first('PRAGMA integrity_check')).toEqual(['ok']);
		database.close();
	});

	it('finds everything again after it was closed', () => {
		const directory = at('log');
		filled(directory);
		const { database, setAside } = open(directory);
		expect(setAside).toBeNull();
		expect(latestConfig(database, 'owner/model-499')?.text).toHaveLength(300);
		database.close();
	});

	it('names the file when it cannot be opened', () => {
		mkdirSync(at('no-file/modeldex.db'), { recursive: true });
		const refused = failure(() => open(at('no-file')));
		expect(refused.code).toBe('database');
		expect(refused.message).toBe(`The database ${at('no-file/modeldex.db')} cannot be used: it cannot be opened.`);
	});

	it('lets other trouble through instead of throwing the file away', () => {
		const prepare = () => {
			throw new Error('a mistake of ours');
		};
		filled(at('kept'));
		expect(() => openDatabase({ directory: at('kept'), now, prepare })).toThrow('a mistake of ours');
		expect(readdirSync(at('kept')).filter((name) => name.includes('broken'))).toEqual([]);
	});
});

describe('transaction', () => {
	it('keeps all or nothing, and joins one that is open', () => {
		const { database } = open(at('transaction'));
		expect(() =>
			database.transaction(() => {
				put(database, 'a/one', '1');
				database.transaction(() => put(database, 'a/two', '2'));
				throw new Error('no');
			}),
		).toThrow('no');
		expect(latestConfig(database, 'a/one')).toBeNull();
		expect(database.transaction(() => 7)).toBe(7);
		database.close();
	});

	it('survives a walk that is left early and a walk beside a walk', () => {
		const { database } = open(at('walks'));
		for (let index = 0; index < 300; index += 1) put(database, `a/${String(index).padStart(3, '0')}`, '');
		const sql = 'SELECT id FROM configs WHERE id >= ? ORDER BY id';
		const outer = database.iterate(sql, ['a/000']);
		expect(outer.next().value).toEqual(['a/000']);
		expect([...database.iterate(sql, ['a/298'])]).toHaveLength(2);
		expect(outer.next().value).toEqual(['a/001']);
		outer.return(undefined);
		put(database, 'a/300', '');
		expect(database.first('PRAGMA wal_checkpoint(TRUNCATE)')).toEqual([0, 0, 0]);
		database.close();
	});
});

describe('migrate', () => {
	it.each(migrations.map((_, version) => version))('comes to the newest shape from version %i', (version) => {
		const shape = (database: Database) => database.all('SELECT type, name, sql FROM sqlite_schema ORDER BY name');
		const fresh = open(at(`fresh ${version}`)).database;
		const prepare = (database: Database) => migrate(database, version);
		const old = openDatabase({ directory: at(`old ${version}`), now, prepare }).database;
		expect(schemaVersion(old)).toBe(version);
		migrate(old);
		migrate(old);
		expect(schemaVersion(old)).toBe(migrations.length);
		expect(shape(old)).toEqual(shape(fresh));
		old.close();
		fresh.close();
	});

	it('carries what files were read, from two tables into one', () => {
		const before = migrations.findIndex(({ name }) => name.startsWith('one table of what reading'));
		const { database } = openDatabase({ directory: at('digests'), now, prepare: (db) => migrate(db, before) });
		const sha = 'a'.repeat(64);
		const git = 'b'.repeat(40);
		const twice = '/hub/blobs/' + 'c'.repeat(64);
		database.run('INSERT INTO file_hashes VALUES (?, ?, ?, ?, ?, ?)', ['/m/x.gguf', '64:7', 5, 1700.25, sha, 'then']);
		database.run('INSERT INTO file_hashes VALUES (?, ?, ?, ?, ?, ?)', [twice, '64:9', 6, 1, 'c'.repeat(64), 'then']);
		const stamp = '12-1763734230123456789-41';
		for (const blob of [`/hub/blobs/${sha}`, `/hub/blobs/${git}`, twice])
			database.run('INSERT INTO verified_blobs VALUES (?, ?)', [blob, stamp]);
		database.run("INSERT INTO verified_blobs VALUES ('/hub/blobs/odd', 'nonsense')");
		migrate(database);
		const changed = 1_763_734_230 * 1000 + 123_456_789 / 1e6; // as Node computes the time of a file
		const verified = { inode: '41', size: 12, changed };
		expect([...readFiles(database).values()]).toEqual([
			{ path: `/hub/blobs/${sha}`, ...verified, sha256: sha, git: null },
			{ path: `/hub/blobs/${git}`, ...verified, sha256: null, git },
			{ path: twice, inode: '9', size: 6, changed: 1, sha256: 'c'.repeat(64), git: null },
			{ path: '/m/x.gguf', inode: '7', size: 5, changed: 1700.25, sha256: sha, git: null },
		]);
		database.close();
	});

	it('leaves the old shape when a step fails in its middle', () => {
		const { database } = openDatabase({ directory: at('half'), now, prepare: (db) => migrate(db, 1) });
		database.run('CREATE TABLE fetch_states (id TEXT)'); // makes the second statement of the next step fail
		expect(() => migrate(database)).toThrow(/fetch_states/);
		expect(schemaVersion(database)).toBe(1);
		expect(database.all("SELECT name FROM sqlite_schema WHERE name = 'configs'")).toEqual([]);
		database.run('DROP TABLE fetch_states');
		migrate(database);
		expect(schemaVersion(database)).toBe(migrations.length);
		database.close();
	});

	it('refuses the database of a newer version with one sentence and leaves it alone', () => {
		const { database } = open(at('newer'));
		database.run(`PRAGMA user_version = ${migrations.length + 1}`);
		database.close();
		const refused = failure(() => open(at('newer')));
		expect(refused).toMatchObject({ code: 'database', status: 503 });
		expect(refused.message).toMatch(/newer Modeldex.*MODELDEX_HOME/);
		expect(readdirSync(at('newer')).filter((name) => name.includes('broken'))).toEqual([]);
	});
});

describe('two processes on one database', () => {
	it('never answers busy, loses no acknowledged write, and stays whole when a writer is killed', async () => {
		const directory = at('shared');
		const { database } = open(directory);
		const worker = join(import.meta.dirname, '../support/writer.mjs');
		const writers = ['one', 'two', 'three'].map((name) => {
			const wanted = name === 'three' ? '1000000' : '300'; // the third writes until it is killed
			const child = fork(worker, [join(directory, 'modeldex.db'), name, wanted], { stdio: 'pipe' });
			let acknowledged = 0;
			child.on('message', (count) => {
				acknowledged = Number(count);
				if (name === 'three' && acknowledged === 100) child.kill('SIGKILL');
			});
			const started = once(child, 'message');
			return { name, started, done: once(child, 'exit'), acknowledged: () => acknowledged };
		});
		await Promise.all(writers.map((writer) => writer.started));
		for (let index = 0; index < 200; index += 1) {
			// Reads first: without an immediate transaction another's write in between would make this one fail.
			database.transaction(() => {
				const [count] = database.first('SELECT count(*) FROM configs') ?? [];
				put(database, `main/${index}`, String(count));
			});
		}
		const ends = await Promise.all(writers.map((writer) => writer.done));
		expect(ends.map(([code, signal]) => signal ?? code)).toEqual([0, 0, 'SIGKILL']);
		for (const { name, acknowledged } of writers) {
			const [found] = database.first('SELECT count(*) FROM configs WHERE id LIKE ?', [`${name}/%`]) ?? [];
			expect(Number(found)).toBeGreaterThanOrEqual(acknowledged());
			expect(acknowledged()).toBeGreaterThanOrEqual(100);
		}
		expect(database.first('PRAGMA integrity_check')).toEqual(['ok']);
		database.close();
	});
});
