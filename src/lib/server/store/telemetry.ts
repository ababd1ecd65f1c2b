// Questions to the telemetry tables: counts by period, the newest runs, and models that could not be loaded.
import type { LoaderFailure, TelemetryRun } from '#lib/core/telemetry.ts';
import { number, text, type Database } from '#lib/server/database.ts';

/** What is counted: answers to reads, classes, slots of durations, pauses and their milliseconds, loader failures, runs. */
export const countKinds = ['fetch', 'class', 'duration', 'backoff', 'backoff_ms', 'loader', 'run'] as const;
export type CountKind = (typeof countKinds)[number];

/** How much to add to one count. */
export interface Count {
	kind: CountKind;
	name: string;
	count: number;
}

/** The period that is never thrown away. */
export const always = 'all';
/** The period of one day, such as `2026-11-21`. */
export const ofDay = (day: string) => `day:${day}`;
/** The period of one run, by its number. */
export const ofRun = (run: number) => `run:${run}`;

/** Adds to the counts of a period. */
export function addCounts(database: Database, period: string, counts: readonly Count[]): void {
	for (const { kind, name, count } of counts) {
		database.run(
			`INSERT INTO telemetry (period, kind, name, count) VALUES (?, ?, ?, ?)
			ON CONFLICT (period, kind, name) DO UPDATE SET count = count + excluded.count`,
			[period, kind, name, count],
		);
	}
}

/** The counts of a period. */
export function countsOf(database: Database, period: string): Count[] {
	const rows = database.all('SELECT kind, name, count FROM telemetry WHERE period = ?', [period]);
	return rows.flatMap(([kind, name, count]) => {
		const known = countKinds.find((one) => one === kind);
		return known === undefined ? [] : [{ kind: known, name: text(name) ?? '', count: number(count) ?? 0 }];
	});
}

/** A new run; gives its number. */
export function startRun(database: Database, startedAt: string): number {
	const [found] =
		database.first('INSERT INTO telemetry_runs (started_at) VALUES (?) RETURNING number', [startedAt]) ?? [];
	return number(found) ?? 0;
}

/** Writes down how a run ended. */
export function endRun(database: Database, run: Omit<TelemetryRun, 'started_at'>): void {
	database.run(
		`UPDATE telemetry_runs SET ended_at = ?, listed = ?, dropped = ?, errors = ?, requests = ?, duration_ms = ?,
			is_rate_limited = ?, is_cancelled = ? WHERE number = ?`,
		[
			run.ended_at,
			run.listed,
			run.dropped,
			run.errors,
			run.requests,
			run.duration_ms,
			run.is_rate_limited,
			run.is_cancelled,
			run.number,
		],
	);
}

/** The newest runs, the newest first. */
export function newestRuns(database: Database, most: number): TelemetryRun[] {
	const sql = `SELECT number, started_at, ended_at, listed, dropped, errors, requests, duration_ms, is_rate_limited,
		is_cancelled FROM telemetry_runs ORDER BY number DESC LIMIT ?`;
	return database.all(sql, [most]).map((row) => ({
		number: number(row[0]) ?? 0,
		started_at: text(row[1]) ?? '',
		ended_at: text(row[2]),
		listed: number(row[3]),
		dropped: number(row[4]),
		errors: number(row[5]),
		requests: number(row[6]),
		duration_ms: number(row[7]),
		is_rate_limited: number(row[8]) === 1,
		is_cancelled: number(row[9]) === 1,
	}));
}

/** What is kept of telemetry besides the total. `firstDay` is the oldest day (ISO) that stays. */
interface Kept {
	runs: number;
	firstDay: string;
	loaderFailures: number;
}

/** Throws away what is older than what is kept; the totals stay. */
export function pruneTelemetry(database: Database, { runs, firstDay, loaderFailures }: Kept): void {
	database.run('DELETE FROM telemetry_runs WHERE number <= (SELECT max(number) FROM telemetry_runs) - ?', [runs]);
	database.run(
		`DELETE FROM telemetry WHERE substr(period, 1, 4) = 'run:'
			AND CAST(substr(period, 5) AS INTEGER) NOT IN (SELECT number FROM telemetry_runs)`,
	);
	database.run("DELETE FROM telemetry WHERE substr(period, 1, 4) = 'day:' AND period < ?", [ofDay(firstDay)]);
	database.run(
		`DELETE FROM loader_failures WHERE (model_id, code) NOT IN
			(SELECT model_id, code FROM loader_failures ORDER BY last_at DESC LIMIT ?)`,
		[loaderFailures],
	);
}

/** Adds to how often a model could not be loaded. */
export function addLoaderFailure(database: Database, { model_id, code, count, last_at }: LoaderFailure): void {
	database.run(
		`INSERT INTO loader_failures (model_id, code, count, last_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (model_id, code) DO UPDATE SET count = count + excluded.count, last_at = excluded.last_at`,
		[model_id, code, count, last_at],
	);
}

/** The models that could not be loaded, the newest first. */
export function loaderFailures(database: Database, most: number): LoaderFailure[] {
	const sql = 'SELECT model_id, code, count, last_at FROM loader_failures ORDER BY last_at DESC, model_id LIMIT ?';
	return database.all(sql, [most]).map((row) => ({
		model_id: text(row[0]) ?? '',
		code: text(row[1]) ?? '',
		count: number(row[2]) ?? 0,
		last_at: text(row[3]) ?? '',
	}));
}
