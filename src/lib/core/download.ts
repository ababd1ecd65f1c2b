// A download: its states, what can happen to it, and the one fold that every watcher applies.
import type { FailureCode } from '#lib/core/failure.ts';

/**
 * `queued` waits for its turn; `resolving` asks the Hub which commit and files are meant; `preflight` looks at the gate,
 * the names and the disk; `downloading` fetches; `verifying` compares digests; `committing` gives the files their names.
 * `ready`, `paused`, `failed` and `cancelled` are at rest: only what a person does leads out of them.
 */
export const downloadStates = [
	'queued',
	'resolving',
	'preflight',
	'downloading',
	'verifying',
	'committing',
	'ready',
	'paused',
	'failed',
	'cancelled',
] as const;
export type DownloadState = (typeof downloadStates)[number];

/** Which state may follow which. A transfer whose process died goes back to `queued` and keeps its parts. */
const followers: Readonly<Record<DownloadState, readonly DownloadState[]>> = {
	queued: ['resolving', 'paused', 'failed', 'cancelled'],
	resolving: ['preflight', 'queued', 'paused', 'failed', 'cancelled'],
	preflight: ['downloading', 'queued', 'paused', 'failed', 'cancelled'],
	downloading: ['verifying', 'queued', 'paused', 'failed', 'cancelled'],
	verifying: ['downloading', 'committing', 'queued', 'paused', 'failed', 'cancelled'],
	committing: ['ready', 'queued', 'paused', 'failed', 'cancelled'],
	ready: ['queued'],
	paused: ['queued', 'cancelled'],
	failed: ['queued', 'cancelled'],
	cancelled: ['queued'],
};

/** May this state follow that one? */
export function canFollow(from: DownloadState, to: DownloadState): boolean {
	return followers[from].includes(to);
}

/** States in which a process works on a download. */
export const workingStates: readonly DownloadState[] = [
	'resolving',
	'preflight',
	'downloading',
	'verifying',
	'committing',
];

/** Is a process at work on it? */
export function isWorking(state: DownloadState): boolean {
	return workingStates.includes(state);
}

/** Is there nothing left to do, for good or until a person says so? */
export function isAtRest(state: DownloadState): boolean {
	return state !== 'queued' && !isWorking(state);
}

/** `waiting`: not begun; `ready`: complete and verified, perhaps since long before this download. */
export type FileState = 'waiting' | 'downloading' | 'verifying' | 'ready' | 'failed';

/**
 * One file of a download. `bytes` of `total` are on the disk. `digest` is what the Hub announced: SHA-256 (64 digits) of
 * large files, git's SHA-1 (40) of small ones.
 */
export interface DownloadFile {
	path: string;
	bytes: number;
	total: number;
	state: FileState;
	digest: string;
}

/** Who may have a gated repository: the five ways to stand before its gate, and `open`. */
export type GateState = 'open' | 'sign_in' | 'accept' | 'pending' | 'rejected' | 'token';

/** Why a download failed. `gate` is set for `gated` alone; `retriable`: the same order may succeed later, unchanged. */
export interface DownloadError {
	code: FailureCode;
	/** One sentence for a person. */
	message: string;
	gate?: GateState;
	retriable: boolean;
}

/** What was ordered. */
export interface DownloadOrder {
	model_id: string;
	/** Branch, tag or commit. */
	revision: string;
	/** Paths or patterns with `*`; empty: the files that are loaded together as the model. */
	files: string[];
	/** Paths or patterns that are left out. */
	exclude: string[];
	/** Label of a GGUF file; null for the usual one. */
	quant: string | null;
	/** Formats that can run code when they are loaded may be fetched. */
	allow_unsafe: boolean;
}

/**
 * A download as everybody sees it. `revision` is the commit once it is known, before that what was asked for (`ref`).
 * Bytes are those on the disk; `speed` is bytes per second and, like `eta_seconds`, null while nothing moves. `path` is
 * the snapshot folder once it is ready. Times are ISO.
 */
export interface Download {
	id: string;
	model_id: string;
	ref: string;
	revision: string;
	state: DownloadState;
	files: DownloadFile[];
	bytes: number;
	total: number;
	speed: number | null;
	eta_seconds: number | null;
	error: DownloadError | null;
	/** Sentences about what happened on the way and did no harm. */
	warnings: string[];
	path: string | null;
	order: DownloadOrder;
	/** Place in the queue: the smaller, the sooner. */
	position: number;
	created_at: string;
	updated_at: string;
}

/** The fold's own memory of how fast it goes: milliseconds of a clock, and bytes that had come over the wire by then. */
export interface Pace {
	at: number;
	bytes: number;
}

/** A download as it is kept: with what only its fold needs, and without its place, which others change. */
export interface DownloadRecord extends Omit<Download, 'position'> {
	pace: Pace | null;
}

/** What can happen. `at` is in milliseconds since 1970. */
export type DownloadEvent =
	| { kind: 'state'; at: number; state: Exclude<DownloadState, 'failed' | 'ready'> }
	| {
			kind: 'resolved';
			at: number;
			model_id: string;
			revision: string;
			files: Pick<DownloadFile, 'path' | 'total' | 'digest'>[];
	  }
	| { kind: 'file'; at: number; path: string; state: FileState; bytes: number }
	/** `fetched`: bytes that came over the wire since this run began, for the speed alone. */
	| { kind: 'progress'; at: number; path: string; bytes: number; fetched: number }
	| { kind: 'warning'; at: number; message: string }
	| { kind: 'failed'; at: number; error: DownloadError }
	| { kind: 'ready'; at: number; path: string };

/** A fresh download, waiting for its turn. */
export function newDownload(id: string, order: DownloadOrder, at: number): DownloadRecord {
	const time = new Date(at).toISOString();
	return {
		...{ id, model_id: order.model_id, ref: order.revision, revision: order.revision, state: 'queued', files: [] },
		...{ bytes: 0, total: 0, speed: null, eta_seconds: null, error: null, warnings: [], path: null, order },
		...{ created_at: time, updated_at: time, pace: null },
	};
}

/** Most sentences that are kept of one download. */
const mostWarnings = 20;
/** Seconds over which the speed is averaged: quick enough to show a stall, slow enough to be read. */
const paceSeconds = 4;

/**
 * What a download is after an event. An event that cannot happen in its state (one that came late, after a pause or a
 * cancel) leaves it as it is: the very same object.
 */
export function applyDownload(before: DownloadRecord, event: DownloadEvent): DownloadRecord {
	const changed = change(before, event);
	return changed === before ? before : { ...changed, updated_at: new Date(event.at).toISOString() };
}

function change(before: DownloadRecord, event: DownloadEvent): DownloadRecord {
	switch (event.kind) {
		case 'state':
			return canFollow(before.state, event.state) ? moved(before, event.state) : before;
		case 'failed':
			if (!canFollow(before.state, 'failed')) return before;
			return { ...moved(before, 'failed'), error: event.error };
		case 'ready':
			if (!canFollow(before.state, 'ready')) return before;
			return { ...moved(before, 'ready'), path: event.path };
		case 'warning': {
			if (before.warnings.includes(event.message)) return before;
			return { ...before, warnings: [...before.warnings, event.message].slice(-mostWarnings) };
		}
		case 'resolved':
			return before.state === 'resolving' ? resolved(before, event) : before;
		default:
			return isWorking(before.state) ? withFile(before, event) : before;
	}
}

function moved(before: DownloadRecord, state: DownloadState): DownloadRecord {
	const error = state === 'queued' ? null : before.error;
	const path = state === 'queued' ? null : before.path;
	const warnings = state === 'queued' && isAtRest(before.state) ? [] : before.warnings;
	const still = state === 'downloading' ? {} : { speed: null, eta_seconds: null, pace: null };
	const files = isAtRest(state) || state === 'queued' ? before.files.map(rested) : before.files;
	return { ...before, state, error, path, warnings, files, ...still };
}

/** No file moves in a download that rests. */
function rested(file: DownloadFile): DownloadFile {
	return file.state === 'ready' || file.state === 'failed' ? file : { ...file, state: 'waiting' };
}

function resolved(
	before: DownloadRecord,
	{ model_id, revision, files }: Extract<DownloadEvent, { kind: 'resolved' }>,
): DownloadRecord {
	const total = files.reduce((sum, file) => sum + file.total, 0);
	const fresh = files.map((file): DownloadFile => ({ ...file, bytes: 0, state: 'waiting' }));
	return { ...before, model_id, revision, files: fresh, bytes: 0, total };
}

function withFile(
	before: DownloadRecord,
	event: Extract<DownloadEvent, { kind: 'file' | 'progress' }>,
): DownloadRecord {
	const at = before.files.findIndex(({ path }) => path === event.path);
	const old = before.files[at];
	if (old === undefined) return before;
	const bytes = Math.min(event.bytes, old.total);
	const files = before.files.with(at, { ...old, bytes, ...(event.kind === 'file' ? { state: event.state } : {}) });
	const after = { ...before, files, bytes: before.bytes - old.bytes + bytes };
	return event.kind === 'progress' ? withPace(after, event) : after;
}

/** The speed is an exponential mean of what comes over the wire: bytes found on the disk are no speed. */
function withPace(
	record: DownloadRecord,
	{ at, fetched }: Extract<DownloadEvent, { kind: 'progress' }>,
): DownloadRecord {
	const { pace } = record;
	if (pace === null || fetched < pace.bytes || at < pace.at) return { ...record, pace: { at, bytes: fetched } };
	const seconds = (at - pace.at) / 1000;
	if (seconds < 0.1) return record;
	const now = (fetched - pace.bytes) / seconds;
	const share = 1 - Math.exp(-seconds / paceSeconds);
	const speed = Math.round(record.speed === null ? now : record.speed + (now - record.speed) * share);
	const eta = speed > 0 ? Math.ceil((record.total - record.bytes) / speed) : null;
	return { ...record, speed, eta_seconds: eta, pace: { at, bytes: fetched } };
}

/** A download as it goes over the wire. */
export function publicDownload({ pace: _, ...download }: DownloadRecord, position: number): Download {
	return { ...download, position };
}

/** A change as watchers get it; `serial` grows with every change of any download. Null: the download is gone. */
export interface DownloadChange {
	serial: number;
	id: string;
	download: Download | null;
}

/** A list of downloads, in the order of the queue, after a change; the fold of everybody who watches all of them. */
export function applyChange(list: readonly Download[], { id, download }: DownloadChange): Download[] {
	if (download === null) return list.filter((known) => known.id !== id);
	const others = list.filter((known) => known.id !== id);
	return [...others, download].sort((a, b) => a.position - b.position);
}

/** The download that says most about a model: one under way before one at rest, then the newest; null when there is none. */
export function downloadOfModel(list: readonly Download[], id: string): Download | null {
	const wanted = id.toLowerCase();
	const own = list.filter(({ model_id, order }) =>
		[model_id, order.model_id].some((one) => one.toLowerCase() === wanted),
	);
	const [first] = own.sort(
		(a, b) => Number(isAtRest(a.state)) - Number(isAtRest(b.state)) || (a.updated_at < b.updated_at ? 1 : -1),
	);
	return first ?? null;
}
