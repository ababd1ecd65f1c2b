// The database's shape as a list of steps: append only, each in one transaction, run from any older state.
import { Failure } from '#lib/core/failure.ts';
import { number, type Database } from '#lib/server/database.ts';

interface Migration {
	name: string;
	statements: string[];
}

/**
 * The bases that a row's tags name: `base_model:org/name`, or with the relation between, `base_model:quantized:org/name`.
 * `OR IGNORE` would not do for tags that name one base twice: in a trigger the outer statement's rule counts. Part of a
 * released step: never change it.
 */
function basesFromTags(row: string, from = ''): string {
	return `INSERT INTO bases (base, id)
		SELECT DISTINCT substr(tags.value, 12 + instr(substr(tags.value, 12), ':')), ${row}.id
		FROM ${from}json_each(${row}.record, '$.tags') AS tags
		WHERE tags.type = 'text' AND substr(tags.value, 1, 11) = 'base_model:'`;
}

/**
 * Never change a step that has been released: add one. `models` holds a row per model with the columns that filters
 * and sorting need; `record` is the whole row as JSON. Times are milliseconds since 1970, sizes bytes, null is unknown.
 * `changed` grows with every write, so that each process sees what the others wrote. `is_learned` is 1 once the row's
 * characteristics were read from the model's own config and not from a list. `runs` is a number of `run_facts`, where a
 * few thousand texts serve all rows.
 */
export const migrations: readonly Migration[] = [
	{
		name: 'key and value pairs',
		statements: [
			'CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID',
			// Tells this database from one made anew in its place.
			"INSERT INTO meta (key, value) VALUES ('database', lower(hex(randomblob(6))))",
		],
	},
	{
		name: 'configs by repository, commit and file, and how the last look at them ended',
		statements: [
			`CREATE TABLE configs (
				id TEXT NOT NULL, revision TEXT NOT NULL, file TEXT NOT NULL, status TEXT NOT NULL,
				body TEXT, etag TEXT, fetched_at TEXT NOT NULL, PRIMARY KEY (id, revision, file)
			) WITHOUT ROWID`,
			`CREATE TABLE fetch_states (
				id TEXT PRIMARY KEY, status TEXT NOT NULL, status_code INTEGER, message TEXT, revision TEXT,
				fetched_at TEXT NOT NULL
			) WITHOUT ROWID`,
		],
	},
	{
		name: 'the catalog with word and substring search',
		statements: [
			`CREATE TABLE models (
				number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, words TEXT NOT NULL, author TEXT,
				family TEXT NOT NULL, quantization TEXT NOT NULL, modality TEXT NOT NULL, kind TEXT NOT NULL,
				license TEXT, gated INTEGER NOT NULL, is_read INTEGER NOT NULL, is_learned INTEGER NOT NULL,
				in_catalog INTEGER NOT NULL, params INTEGER, context INTEGER, downloads INTEGER, likes INTEGER,
				trending INTEGER, updated INTEGER, created INTEGER, size INTEGER, changed INTEGER NOT NULL, record TEXT NOT NULL
			)`,
			'CREATE INDEX models_changed ON models (changed)',
			'CREATE INDEX models_id_any_case ON models (id COLLATE NOCASE)',
			`CREATE VIRTUAL TABLE model_words USING fts5(
				words, content = 'models', content_rowid = 'number', detail = none, prefix = '1 2'
			)`,
			`CREATE VIRTUAL TABLE model_parts USING fts5(
				words, content = 'models', content_rowid = 'number', tokenize = 'trigram'
			)`,
			`CREATE TRIGGER models_insert AFTER INSERT ON models BEGIN
				INSERT INTO model_words (rowid, words) VALUES (new.number, new.words);
				INSERT INTO model_parts (rowid, words) VALUES (new.number, new.words);
			END`,
			`CREATE TRIGGER models_rename AFTER UPDATE OF words ON models WHEN old.words <> new.words BEGIN
				INSERT INTO model_words (model_words, rowid, words) VALUES ('delete', old.number, old.words);
				INSERT INTO model_parts (model_parts, rowid, words) VALUES ('delete', old.number, old.words);
				INSERT INTO model_words (rowid, words) VALUES (new.number, new.words);
				INSERT INTO model_parts (rowid, words) VALUES (new.number, new.words);
			END`,
			`CREATE TRIGGER models_delete AFTER DELETE ON models BEGIN
				INSERT INTO model_words (model_words, rowid, words) VALUES ('delete', old.number, old.words);
				INSERT INTO model_parts (model_parts, rowid, words) VALUES ('delete', old.number, old.words);
			END`,
		],
	},
	{
		name: 'which models were made from which, kept in step with the tags of the catalog',
		statements: [
			'CREATE TABLE bases (base TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (base, id)) WITHOUT ROWID',
			'CREATE INDEX bases_id ON bases (id)',
			`CREATE TRIGGER models_base_insert AFTER INSERT ON models BEGIN
				${basesFromTags('new')};
			END`,
			`CREATE TRIGGER models_base_update AFTER UPDATE OF record ON models
			WHEN json_extract(old.record, '$.tags') IS NOT json_extract(new.record, '$.tags') BEGIN
				DELETE FROM bases WHERE id = old.id;
				${basesFromTags('new')};
			END`,
			'CREATE TRIGGER models_base_delete AFTER DELETE ON models BEGIN DELETE FROM bases WHERE id = old.id; END',
			basesFromTags('models', 'models, '),
		],
	},
	{
		name: 'what the listing said of each model, for reading configs later',
		statements: ['CREATE TABLE listings (id TEXT PRIMARY KEY, facts TEXT NOT NULL, as_of TEXT NOT NULL) WITHOUT ROWID'],
	},
	{
		name: 'what decides which runtimes load a model, and the answers that were given',
		statements: [
			`CREATE TABLE run_facts (
				number INTEGER PRIMARY KEY, facts TEXT NOT NULL UNIQUE, loads INTEGER NOT NULL, unknown INTEGER NOT NULL
			)`,
			'ALTER TABLE models ADD COLUMN runs INTEGER NOT NULL DEFAULT 0',
			`CREATE TABLE compatibility (
				id TEXT PRIMARY KEY, revision TEXT NOT NULL, stamp TEXT NOT NULL, reports TEXT NOT NULL
			) WITHOUT ROWID`,
		],
	},
	{
		name: 'feature flags, their lists of users, the trace of their changes, and the id of the one user here',
		statements: [
			'CREATE TABLE flags (flag TEXT PRIMARY KEY, is_killed INTEGER NOT NULL, percent REAL, salt TEXT NOT NULL) WITHOUT ROWID',
			`CREATE TABLE flag_users (
				flag TEXT NOT NULL, list TEXT NOT NULL, user_id TEXT NOT NULL, PRIMARY KEY (flag, list, user_id)
			) WITHOUT ROWID`,
			`CREATE TABLE flag_changes (
				number INTEGER PRIMARY KEY, flag TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL,
				old TEXT, new TEXT
			)`,
			'CREATE INDEX flag_changes_flag ON flag_changes (flag)',
			// Without sign-in there is one user; rollouts by percentage need to know them again.
			"INSERT INTO meta (key, value) VALUES ('user', 'user-' || lower(hex(randomblob(6))))",
		],
	},
	{
		name: 'what this machine counts of its own work',
		statements: [
			`CREATE TABLE telemetry (
				period TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, count INTEGER NOT NULL,
				PRIMARY KEY (period, kind, name)
			) WITHOUT ROWID`,
			`CREATE TABLE telemetry_runs (
				number INTEGER PRIMARY KEY, started_at TEXT NOT NULL, ended_at TEXT, listed INTEGER, dropped INTEGER,
				errors INTEGER, requests INTEGER, duration_ms INTEGER, is_rate_limited INTEGER, is_cancelled INTEGER
			)`,
			`CREATE TABLE loader_failures (
				model_id TEXT NOT NULL, code TEXT NOT NULL, count INTEGER NOT NULL, last_at TEXT NOT NULL,
				PRIMARY KEY (model_id, code)
			) WITHOUT ROWID`,
		],
	},
	{
		// `size` holds the bytes of the weights from here on; the cache is in bytes per token, tokens and bytes.
		name: 'memory of models, and the devices they are to run on',
		statements: [
			'ALTER TABLE models ADD COLUMN kv_token INTEGER',
			'ALTER TABLE models ADD COLUMN kv_window_token INTEGER',
			'ALTER TABLE models ADD COLUMN kv_window INTEGER',
			'ALTER TABLE models ADD COLUMN kv_state INTEGER',
			`CREATE TABLE devices (
				id TEXT PRIMARY KEY, position INTEGER NOT NULL, name TEXT NOT NULL, memory INTEGER NOT NULL,
				bandwidth REAL, accelerator TEXT NOT NULL
			) WITHOUT ROWID`,
			// Rows listed before know nothing of memory: the list is fetched again at the next chance.
			"DELETE FROM meta WHERE key IN ('refresh_done', 'refresh_place')",
		],
	},
	{
		name: 'headers of weight files by repository, commit and path',
		statements: [
			`CREATE TABLE headers (
				id TEXT NOT NULL, revision TEXT NOT NULL, path TEXT NOT NULL, size INTEGER, header TEXT, invalid TEXT,
				fetched_at TEXT NOT NULL, PRIMARY KEY (id, revision, path)
			) WITHOUT ROWID`,
		],
	},
	{
		name: 'lists of discoveries, so that a stopped one goes on where it was',
		statements: [
			`CREATE TABLE discovery_lists (
				id TEXT PRIMARY KEY, key TEXT NOT NULL, most INTEGER NOT NULL, cursor TEXT, is_whole INTEGER NOT NULL,
				is_over INTEGER NOT NULL, started_at TEXT NOT NULL, updated_at TEXT NOT NULL
			) WITHOUT ROWID`,
			'CREATE TABLE discovery_pages (list TEXT NOT NULL, number INTEGER NOT NULL, facts TEXT NOT NULL)',
			'CREATE UNIQUE INDEX discovery_pages_order ON discovery_pages (list, number)',
			`CREATE TABLE discovery_runs (
				name TEXT PRIMARY KEY, list TEXT NOT NULL, candidates INTEGER NOT NULL
			) WITHOUT ROWID`,
		],
	},
	{
		name: 'whether the list of a discovery was handed in',
		statements: ['ALTER TABLE discovery_lists ADD COLUMN is_handed INTEGER NOT NULL DEFAULT 0'],
	},
	{
		name: 'folders of models that a person named, hashes of files that were read, and commits that names are pinned to',
		statements: [
			'CREATE TABLE local_folders (path TEXT PRIMARY KEY, id TEXT, added_at TEXT NOT NULL) WITHOUT ROWID',
			`CREATE TABLE file_hashes (
				path TEXT PRIMARY KEY, inode TEXT NOT NULL, size INTEGER NOT NULL, changed REAL NOT NULL, sha256 TEXT NOT NULL,
				read_at TEXT NOT NULL
			) WITHOUT ROWID`,
			`CREATE TABLE pins (
				name TEXT PRIMARY KEY, id TEXT NOT NULL, revision TEXT NOT NULL, files TEXT NOT NULL, pinned_at TEXT NOT NULL
			) WITHOUT ROWID`,
		],
	},
	{
		name: 'keys of the gateway, as digests',
		statements: [
			`CREATE TABLE registry_keys (
				id TEXT PRIMARY KEY, name TEXT NOT NULL, prefix TEXT NOT NULL, user TEXT, specs TEXT NOT NULL, budget REAL,
				budget_window TEXT, rpm INTEGER, expires_at TEXT, revoked_at TEXT, last_used_at TEXT, created_at TEXT NOT NULL,
				digest TEXT NOT NULL
			) WITHOUT ROWID`,
		],
	},
	{
		name: 'calibrations of classifications',
		statements: [
			`CREATE TABLE calibrations (
				model TEXT NOT NULL, revision TEXT NOT NULL, dtype TEXT NOT NULL, template TEXT NOT NULL,
				categories TEXT NOT NULL, fitted TEXT NOT NULL, made_at TEXT NOT NULL,
				PRIMARY KEY (model, revision, dtype, template, categories)
			) WITHOUT ROWID`,
		],
	},
	{
		name: 'whose weights a row packs in another way',
		statements: ['ALTER TABLE models ADD COLUMN packs TEXT'],
	},
	{
		// `serial` grows with every change; a download that was removed keeps its row without a record, as news.
		name: 'downloads, the processes that work on them, and contents that were verified',
		statements: [
			`CREATE TABLE downloads (
				id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, position REAL NOT NULL, state TEXT NOT NULL, owner TEXT,
				wanted TEXT, left INTEGER NOT NULL, serial INTEGER NOT NULL, record TEXT
			) WITHOUT ROWID`,
			'CREATE UNIQUE INDEX downloads_serial ON downloads (serial)',
			`CREATE TABLE download_owners (
				token TEXT PRIMARY KEY, pid INTEGER NOT NULL, host TEXT NOT NULL, beat_at INTEGER NOT NULL
			) WITHOUT ROWID`,
			'CREATE TABLE download_blobs (blob TEXT PRIMARY KEY, owner TEXT NOT NULL) WITHOUT ROWID',
			'CREATE TABLE verified_blobs (blob TEXT PRIMARY KEY, stamp TEXT NOT NULL) WITHOUT ROWID',
		],
	},
	{
		// Money in nano-dollars.
		name: 'routed requests with their tries, budgets with what is kept back, and the last registry file that was good',
		statements: [
			`CREATE TABLE route_requests (
				id TEXT PRIMARY KEY, at INTEGER NOT NULL, spec TEXT NOT NULL, route TEXT NOT NULL, user_id TEXT, key_name TEXT,
				strategy TEXT NOT NULL, outcome TEXT NOT NULL, code TEXT, served TEXT, first_content_ms REAL, ms REAL NOT NULL,
				cost INTEGER, record TEXT NOT NULL
			) WITHOUT ROWID`,
			'CREATE INDEX route_requests_at ON route_requests (at)',
			`CREATE TABLE route_attempts (
				request TEXT NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL, candidate TEXT NOT NULL,
				outcome TEXT NOT NULL, class TEXT, first_content_ms REAL, ms REAL NOT NULL, cost INTEGER, output INTEGER,
				PRIMARY KEY (request, number)
			) WITHOUT ROWID`,
			'CREATE INDEX route_attempts_at ON route_attempts (at)',
			`CREATE TABLE budgets (
				scope TEXT NOT NULL, unit TEXT NOT NULL, window TEXT NOT NULL, start INTEGER NOT NULL, spent INTEGER NOT NULL,
				reserved INTEGER NOT NULL, PRIMARY KEY (scope, unit, window, start)
			) WITHOUT ROWID`,
			`CREATE TABLE budget_reservations (
				id TEXT NOT NULL, scope TEXT NOT NULL, unit TEXT NOT NULL, window TEXT NOT NULL, start INTEGER NOT NULL,
				amount INTEGER NOT NULL, expires INTEGER NOT NULL, PRIMARY KEY (id, scope, unit, window)
			) WITHOUT ROWID`,
			'CREATE INDEX budget_reservations_expires ON budget_reservations (expires)',
			`CREATE TABLE budget_alerts (
				scope TEXT NOT NULL, unit TEXT NOT NULL, window TEXT NOT NULL, start INTEGER NOT NULL, share INTEGER NOT NULL,
				amount INTEGER NOT NULL, at TEXT NOT NULL, PRIMARY KEY (scope, unit, window, start, share)
			) WITHOUT ROWID`,
			'CREATE TABLE registry_files (path TEXT PRIMARY KEY, text TEXT NOT NULL, digest TEXT NOT NULL, at TEXT NOT NULL) WITHOUT ROWID',
		],
	},
	{
		name: 'earlier texts of registry files',
		statements: [
			`CREATE TABLE registry_versions (
				number INTEGER PRIMARY KEY, path TEXT NOT NULL, text TEXT NOT NULL, digest TEXT NOT NULL, at TEXT NOT NULL
			)`,
			'CREATE INDEX registry_versions_path ON registry_versions (path, number)',
		],
	},
	{
		// A verified content was named by its digest, with the stamp size-nanoseconds-inode.
		name: 'one table of what reading files to their end has told',
		statements: [
			`CREATE TABLE file_digests (
				path TEXT PRIMARY KEY, inode TEXT NOT NULL, size INTEGER NOT NULL, changed REAL NOT NULL, sha256 TEXT, git TEXT,
				read_at TEXT NOT NULL
			) WITHOUT ROWID`,
			`INSERT INTO file_digests (path, inode, size, changed, sha256, git, read_at)
			SELECT path, substr(inode, instr(inode, ':') + 1), size, changed, sha256, NULL, read_at FROM file_hashes`,
			`INSERT INTO file_digests (path, inode, size, changed, sha256, git, read_at)
			SELECT blob, substr(rest, instr(rest, '-') + 1), size, (ns / 1000000000) * 1000.0 + (ns % 1000000000) / 1000000.0,
				CASE WHEN substr(blob, -65, 1) IN ('/', '\\') THEN substr(blob, -64) END,
				CASE WHEN substr(blob, -41, 1) IN ('/', '\\') THEN substr(blob, -40) END,
				strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
			FROM (SELECT blob, rest, size, CAST(substr(rest, 1, instr(rest, '-') - 1) AS INTEGER) AS ns
				FROM (SELECT blob, CAST(substr(stamp, 1, instr(stamp, '-') - 1) AS INTEGER) AS size,
					substr(stamp, instr(stamp, '-') + 1) AS rest
					FROM verified_blobs WHERE stamp GLOB '[0-9]*-[0-9]*-[0-9]*'))
			WHERE true ON CONFLICT (path) DO NOTHING`,
			'DROP TABLE file_hashes',
			'DROP TABLE verified_blobs',
		],
	},
	{
		name: 'records of requests without times',
		statements: [
			'ALTER TABLE route_requests RENAME TO timed_requests',
			'ALTER TABLE route_attempts RENAME TO timed_attempts',
			'DROP INDEX route_requests_at',
			'DROP INDEX route_attempts_at',
			`CREATE TABLE route_requests (
				id TEXT PRIMARY KEY, at INTEGER NOT NULL, spec TEXT NOT NULL, route TEXT NOT NULL, user_id TEXT, key_name TEXT,
				strategy TEXT NOT NULL, outcome TEXT NOT NULL, code TEXT, served TEXT, first_content_ms REAL, ms REAL,
				cost INTEGER, record TEXT NOT NULL
			) WITHOUT ROWID`,
			`CREATE TABLE route_attempts (
				request TEXT NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL, candidate TEXT NOT NULL,
				outcome TEXT NOT NULL, class TEXT, first_content_ms REAL, ms REAL, cost INTEGER, output INTEGER,
				PRIMARY KEY (request, number)
			) WITHOUT ROWID`,
			'INSERT INTO route_requests SELECT * FROM timed_requests',
			'INSERT INTO route_attempts SELECT * FROM timed_attempts',
			'DROP TABLE timed_requests',
			'DROP TABLE timed_attempts',
			'CREATE INDEX route_requests_at ON route_requests (at)',
			'CREATE INDEX route_attempts_at ON route_attempts (at)',
		],
	},
	{
		// Long rows in a table without row ids stand in the inner pages of its tree: writing one cost half as much again.
		name: 'records of requests in the order in which they are written',
		statements: [
			'ALTER TABLE route_requests RENAME TO keyed_requests',
			'ALTER TABLE route_attempts RENAME TO keyed_attempts',
			'DROP INDEX route_requests_at',
			'DROP INDEX route_attempts_at',
			`CREATE TABLE route_requests (
				id TEXT PRIMARY KEY, at INTEGER NOT NULL, spec TEXT NOT NULL, route TEXT NOT NULL, user_id TEXT, key_name TEXT,
				strategy TEXT NOT NULL, outcome TEXT NOT NULL, code TEXT, served TEXT, first_content_ms REAL, ms REAL,
				cost INTEGER, record TEXT NOT NULL
			)`,
			`CREATE TABLE route_attempts (
				request TEXT NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL, candidate TEXT NOT NULL,
				outcome TEXT NOT NULL, class TEXT, first_content_ms REAL, ms REAL, cost INTEGER, output INTEGER,
				PRIMARY KEY (request, number)
			)`,
			'INSERT INTO route_requests SELECT * FROM keyed_requests ORDER BY id',
			'INSERT INTO route_attempts SELECT * FROM keyed_attempts ORDER BY request, number',
			'DROP TABLE keyed_requests',
			'DROP TABLE keyed_attempts',
			'CREATE INDEX route_requests_at ON route_requests (at)',
			'CREATE INDEX route_attempts_at ON route_attempts (at)',
		],
	},
];

/** How many steps this database has behind it. */
export function schemaVersion(database: Database): number {
	return number(database.first('PRAGMA user_version')?.[0] ?? null) ?? 0;
}

/**
 * Brings the database to the newest shape (or to `target` steps). Safe for two processes at once and against being
 * killed: each step is there wholly or not at all. Throws `Failure('database')` when a newer Modeldex wrote it.
 */
export function migrate(database: Database, target = migrations.length): void {
	const found = schemaVersion(database);
	if (found > migrations.length) {
		throw new Failure(
			'database',
			`The database ${database.path} was written by a newer Modeldex (its version ${found}, known here ${migrations.length}): update Modeldex, or set MODELDEX_HOME to another directory.`,
		);
	}
	for (let step = found; step < target; step += 1) {
		database.transaction(() => {
			if (schemaVersion(database) > step) return; // another process was faster
			for (const statement of migrations[step]?.statements ?? []) database.run(statement);
			database.run(`PRAGMA user_version = ${step + 1}`);
		});
	}
}
