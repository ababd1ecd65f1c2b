// Questions to the records of routed requests: one row each, and one per try for the figures.
import type { RequestRecord } from '#lib/core/registry/record.ts';
import { number, text, type Database, type Parameter } from '#lib/server/database.ts';

/** Milliseconds from one time to another; null where one of them is not known. */
function between(from: number | null, to: number | null): number | null {
	return from === null || to === null ? null : to - from;
}

/** Keeps a record; the same id again takes its place. */
export function saveRequest(database: Database, record: RequestRecord): void {
	if (addRequest(database, record)) return;
	database.run('DELETE FROM route_attempts WHERE request = ?', [record.id]);
	database.run('DELETE FROM route_requests WHERE id = ?', [record.id]);
	addRequest(database, record);
}

/** Writes a record and its tries; false, and nothing is written, when its id is there already. */
function addRequest(database: Database, record: RequestRecord): boolean {
	const { id, started_at, spec, route, user, key, strategy, outcome, code, served, ms, cost } = record;
	const at = Date.parse(started_at);
	const { first_content_ms: first } = record;
	const isNew = database.run(
		`INSERT OR IGNORE INTO route_requests
			(id, at, spec, route, user_id, key_name, strategy, outcome, code, served, first_content_ms, ms, cost, record)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		[id, at, spec, route, user, key, strategy, outcome, code, served, first, ms, cost.total, JSON.stringify(record)],
	);
	if (isNew === 0) return false;
	for (const attempt of record.attempts) {
		database.run(
			`INSERT INTO route_attempts (request, number, at, candidate, outcome, class, first_content_ms, ms, cost, output)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			[
				id,
				attempt.number,
				at + Math.round(attempt.started_ms ?? 0),
				attempt.candidate,
				attempt.outcome,
				attempt.class,
				between(attempt.started_ms, attempt.first_content_ms),
				between(attempt.started_ms, attempt.ended_ms),
				attempt.cost_nano,
				attempt.usage === null ? null : attempt.usage.output_text + attempt.usage.output_reasoning,
			],
		);
	}
	return true;
}

/** Which records are wanted; null is any. `before` is an id: older ones only. */
export interface RequestFilter {
	route: string | null;
	user: string | null;
	served: string | null;
	outcome: string | null;
	before: string | null;
	limit: number;
}

/** Records as the texts they were kept as, the newest first. */
export function requestTexts(database: Database, filter: RequestFilter): string[] {
	const { route, user, served, outcome, before, limit } = filter;
	const conditions: string[] = [];
	const values: Parameter[] = [];
	const add = (condition: string, value: string | null) => {
		if (value === null) return;
		conditions.push(condition);
		values.push(value);
	};
	add('route = ?', route);
	add('user_id = ?', user);
	add('served = ?', served);
	add('outcome = ?', outcome);
	add('id < ?', before);
	const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
	const sql = `SELECT record FROM route_requests ${where} ORDER BY id DESC LIMIT ?`;
	return database.all(sql, [...values, limit]).map(([record]) => text(record) ?? '');
}

/** One record as text; null when there is none of that id. */
export function requestText(database: Database, id: string): string | null {
	return text(database.first('SELECT record FROM route_requests WHERE id = ?', [id])?.[0] ?? null);
}

/** Whose figures are asked for. */
export type Dimension = 'route' | 'user_id' | 'key_name' | 'strategy' | 'served';

/** One request as figures need it. Milliseconds and nano-dollars; null is unknown. */
export interface RequestFigures {
	group: string;
	outcome: string;
	code: string | null;
	first_content_ms: number | null;
	ms: number | null;
	cost: number | null;
	at: number;
}

/** Rows that one question reads at most; the newest count. */
const mostRows = 100_000;

/** Requests since a time, for figures by one dimension; those without a value in it are left out. */
export function requestFigures(database: Database, dimension: Dimension, since: number): RequestFigures[] {
	const sql = `SELECT ${dimension}, outcome, code, first_content_ms, ms, cost, at FROM route_requests
		WHERE at >= ? AND ${dimension} IS NOT NULL ORDER BY at DESC LIMIT ?`;
	return database.all(sql, [since, mostRows]).map(([group, outcome, code, first, ms, cost, at]) => ({
		group: text(group) ?? '',
		outcome: text(outcome) ?? '',
		code: text(code),
		first_content_ms: number(first),
		ms: number(ms),
		cost: number(cost),
		at: number(at) ?? 0,
	}));
}

/** One try as figures need it. */
export interface AttemptFigures {
	candidate: string;
	outcome: string;
	class: string | null;
	first_content_ms: number | null;
	ms: number | null;
	cost: number | null;
	output: number | null;
	at: number;
}

/** Tries since a time; those that were never sent are left out. */
export function attemptFigures(database: Database, since: number): AttemptFigures[] {
	const sql = `SELECT candidate, outcome, class, first_content_ms, ms, cost, output, at FROM route_attempts
		WHERE at >= ? AND outcome <> 'skipped' ORDER BY at DESC LIMIT ?`;
	return database.all(sql, [since, mostRows]).map(([candidate, outcome, kind, first, ms, cost, output, at]) => ({
		candidate: text(candidate) ?? '',
		outcome: text(outcome) ?? '',
		class: text(kind),
		first_content_ms: number(first),
		ms: number(ms),
		cost: number(cost),
		output: number(output),
		at: number(at) ?? 0,
	}));
}

/** Forgets records older than a time. */
export function dropRequests(database: Database, before: number): void {
	database.run('DELETE FROM route_attempts WHERE at < ?', [before]);
	database.run('DELETE FROM route_requests WHERE at < ?', [before]);
}
