// Questions to the downloads: the queue, who works on what, and what changed since when.
import { z } from 'zod';
import {
	downloadStates,
	publicDownload,
	type DownloadChange,
	type DownloadRecord,
	type DownloadState,
} from '#lib/core/download.ts';
import { isFailureCode, type FailureCode } from '#lib/core/failure.ts';
import { number, text, type Database, type Row } from '#lib/server/database.ts';
import type { Owner } from '#lib/server/downloads/owner.ts';

/** What a person wants of a download that a process works on. */
export type Wanted = 'pause' | 'cancel';

/** A download as it is kept. `owner` is the token of the process that works on it; null when none does. */
export interface StoredDownload {
	record: DownloadRecord;
	owner: string | null;
	wanted: Wanted | null;
	position: number;
}

const words = z.array(z.string());
const codeSchema = z.custom<FailureCode>((value) => typeof value === 'string' && isFailureCode(value));
const recordSchema: z.ZodType<DownloadRecord> = z.object({
	id: z.string(),
	model_id: z.string(),
	ref: z.string(),
	revision: z.string(),
	state: z.enum(downloadStates),
	files: z.array(
		z.object({
			path: z.string(),
			bytes: z.number(),
			total: z.number(),
			state: z.enum(['waiting', 'downloading', 'verifying', 'ready', 'failed']),
			digest: z.string(),
		}),
	),
	bytes: z.number(),
	total: z.number(),
	speed: z.number().nullable(),
	eta_seconds: z.number().nullable(),
	error: z
		.object({
			code: codeSchema,
			message: z.string(),
			gate: z.enum(['open', 'sign_in', 'accept', 'pending', 'rejected', 'token']).optional(),
			retriable: z.boolean(),
		})
		.transform(({ gate, ...rest }) => (gate === undefined ? rest : { ...rest, gate }))
		.nullable(),
	warnings: words,
	path: z.string().nullable(),
	order: z.object({
		model_id: z.string(),
		revision: z.string(),
		files: words,
		exclude: words,
		quant: z.string().nullable(),
		allow_unsafe: z.boolean(),
	}),
	created_at: z.string(),
	updated_at: z.string(),
	pace: z.object({ at: z.number(), bytes: z.number() }).nullable(),
});

const columns = 'record, owner, wanted, position';
const nextSerial = '(SELECT coalesce(max(serial), 0) + 1 FROM downloads)';

function toStored(row: Row): StoredDownload {
	const [record, owner, wanted, position] = row;
	const wish = text(wanted);
	return {
		record: recordSchema.parse(JSON.parse(text(record) ?? 'null')),
		owner: text(owner),
		wanted: wish === 'pause' || wish === 'cancel' ? wish : null,
		position: number(position) ?? 0,
	};
}

function first(database: Database, sql: string, parameters: readonly string[]): StoredDownload | null {
	const row = database.first(sql, parameters);
	return row === null ? null : toStored(row);
}

/** Adds a download at the end of the queue. */
export function addDownload(database: Database, key: string, record: DownloadRecord): void {
	database.run(
		`INSERT INTO downloads (id, key, position, state, left, serial, record)
		SELECT ?, ?, coalesce(max(position), 0) + 1, ?, 0, coalesce(max(serial), 0) + 1, ? FROM downloads`,
		[record.id, key, record.state, JSON.stringify(record)],
	);
}

/** The download with this id; null when there is none. */
export function readDownload(database: Database, id: string): StoredDownload | null {
	return first(database, `SELECT ${columns} FROM downloads WHERE id = ? AND record IS NOT NULL`, [id]);
}

/** The download of this order; null when there is none. */
export function downloadOf(database: Database, key: string): StoredDownload | null {
	return first(database, `SELECT ${columns} FROM downloads WHERE key = ? AND record IS NOT NULL`, [key]);
}

/** Every download, in the order of the queue. */
export function allDownloads(database: Database): StoredDownload[] {
	return database.all(`SELECT ${columns} FROM downloads WHERE record IS NOT NULL ORDER BY position`).map(toStored);
}

/** Downloads with an owner: those that a process works on, or did when it died. */
export function ownedDownloads(database: Database): StoredDownload[] {
	return database.all(`SELECT ${columns} FROM downloads WHERE owner IS NOT NULL ORDER BY position`).map(toStored);
}

/** Ids of downloads that wait for their turn, first to last. */
export function queuedDownloads(database: Database): string[] {
	const sql = "SELECT id FROM downloads WHERE state = 'queued' AND owner IS NULL ORDER BY position";
	return database.all(sql).map(([id]) => text(id) ?? '');
}

/**
 * Writes what a download has become. False when its owner is not (or no longer) the one given: then nothing was
 * written.
 */
export function saveDownload(database: Database, record: DownloadRecord, owner: string | null): boolean {
	const isNear = !['ready', 'cancelled'].includes(record.state);
	const left = isNear ? Math.max(0, record.total - record.bytes) : 0;
	const sql = `UPDATE downloads SET record = ?, state = ?, left = ?, serial = ${nextSerial} WHERE id = ? AND owner IS ?`;
	return database.run(sql, [JSON.stringify(record), record.state, left, record.id, owner]) > 0;
}

/** Makes a process the owner of a download that waits. False when somebody was faster. */
export function claimDownload(database: Database, id: string, owner: string): boolean {
	const sql = "UPDATE downloads SET owner = ?, wanted = NULL WHERE id = ? AND owner IS NULL AND state = 'queued'";
	return database.run(sql, [owner, id]) > 0;
}

/** Takes the owner away, if it is this one. */
export function releaseDownload(database: Database, id: string, owner: string): void {
	database.run('UPDATE downloads SET owner = NULL, wanted = NULL WHERE id = ? AND owner = ?', [id, owner]);
}

/** Tells the owner of a download what is wanted of it. */
export function wishDownload(database: Database, id: string, wanted: Wanted): void {
	database.run('UPDATE downloads SET wanted = ? WHERE id = ?', [wanted, id]);
}

/** Puts a download right before another one, or at the end for null. */
export function moveDownload(database: Database, id: string, before: string | null): void {
	const place = `SELECT max(position) + 1 FROM downloads`;
	const between = `SELECT (there.position + coalesce((SELECT max(position) FROM downloads
		WHERE position < there.position AND id <> ?), there.position - 2)) / 2 FROM downloads AS there WHERE there.id = ?`;
	const sql = (where: string) => `UPDATE downloads SET position = (${where}), serial = ${nextSerial} WHERE id = ?`;
	if (before === null) database.run(sql(place), [id]);
	else database.run(sql(between), [id, before, id]);
}

/** Forgets a download; that it is gone stays as news. */
export function removeDownload(database: Database, id: string): void {
	const sql = `UPDATE downloads SET key = id, state = 'removed', owner = NULL, wanted = NULL, left = 0, record = NULL,
		serial = ${nextSerial} WHERE id = ?`;
	database.run(sql, [id]);
}

/** Forgets old news of removed downloads. The newest stays: numbers of changes must not start over. */
export function pruneDownloads(database: Database): void {
	database.run('DELETE FROM downloads WHERE record IS NULL AND serial < (SELECT max(serial) FROM downloads)');
}

/** Bytes that downloads still have to write, without one of them: what is spoken for on the disk. */
export function bytesLeft(database: Database, except: string, states: readonly DownloadState[]): number {
	const marks = states.map(() => '?').join(', ');
	const sql = `SELECT coalesce(sum(left), 0) FROM downloads WHERE id <> ? AND state IN (${marks})`;
	return number(database.first(sql, [except, ...states])?.[0] ?? null) ?? 0;
}

/** How many downloads are in one of these states. */
export function countDownloads(database: Database, states: readonly DownloadState[]): number {
	const marks = states.map(() => '?').join(', ');
	const sql = `SELECT count(*) FROM downloads WHERE record IS NOT NULL AND state IN (${marks})`;
	return number(database.first(sql, states)?.[0] ?? null) ?? 0;
}

/** The number of the latest change of any download; 0 before the first. */
export function latestSerial(database: Database): number {
	return number(database.first('SELECT coalesce(max(serial), 0) FROM downloads')?.[0] ?? null) ?? 0;
}

/** What changed after a number, oldest change first, each download once and as it is now. */
export function changesSince(database: Database, serial: number): DownloadChange[] {
	const sql = `SELECT serial, id, ${columns} FROM downloads WHERE serial > ? ORDER BY serial`;
	return database.all(sql, [serial]).map(([at, id, ...rest]) => {
		const change = { serial: number(at) ?? 0, id: text(id) ?? '' };
		if (rest[0] === null) return { ...change, download: null };
		const { record, position } = toStored(rest);
		return { ...change, download: publicDownload(record, position) };
	});
}

/** Notes that a process is at work. `at` is in milliseconds since 1970. */
export function beat(database: Database, { token, pid, host }: Owner, at: number): void {
	const sql = `INSERT INTO download_owners (token, pid, host, beat_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (token) DO UPDATE SET beat_at = excluded.beat_at`;
	database.run(sql, [token, pid, host, Math.round(at)]);
}

/** Every process that was heard of, and when. */
export function owners(database: Database): (Owner & { beatAt: number })[] {
	return database.all('SELECT token, pid, host, beat_at FROM download_owners').map(([token, pid, host, at]) => {
		return { token: text(token) ?? '', pid: number(pid) ?? 0, host: text(host) ?? '', beatAt: number(at) ?? 0 };
	});
}

/** Forgets a process and what it held. Its downloads are left to whoever looks after them. */
export function dropOwner(database: Database, token: string): void {
	database.transaction(() => {
		database.run('DELETE FROM download_blobs WHERE owner = ?', [token]);
		database.run('DELETE FROM download_owners WHERE token = ?', [token]);
	});
}

/** Makes a process the only one that writes a content. False when another one does. */
export function claimBlob(database: Database, blob: string, owner: string): boolean {
	database.run('INSERT INTO download_blobs (blob, owner) VALUES (?, ?) ON CONFLICT (blob) DO NOTHING', [blob, owner]);
	return holdsBlob(database, blob, owner);
}

/** Is this process (still) the one that writes this content? */
export function holdsBlob(database: Database, blob: string, owner: string): boolean {
	return text(database.first('SELECT owner FROM download_blobs WHERE blob = ?', [blob])?.[0] ?? null) === owner;
}

/** Lets go of a content. */
export function releaseBlob(database: Database, blob: string, owner: string): void {
	database.run('DELETE FROM download_blobs WHERE blob = ? AND owner = ?', [blob, owner]);
}
