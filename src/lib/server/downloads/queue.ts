// The queue at work: takes what waits, as many at once as allowed, does what people want of it, and looks after the dead.
import {
	applyDownload,
	isAtRest,
	workingStates,
	type DownloadError,
	type DownloadEvent,
	type DownloadRecord,
} from '#lib/core/download.ts';
import { blankSecrets, Failure, isAbort, toFailure, type FailureCode } from '#lib/core/failure.ts';
import type { Clock } from '#lib/server/clock.ts';
import type { Database } from '#lib/server/database.ts';
import type { Leases } from '#lib/server/downloads/lease.ts';
import type { Identity } from '#lib/server/downloads/owner.ts';
import { GateFailure } from '#lib/server/downloads/resolve.ts';
import {
	claimDownload,
	ownedDownloads,
	queuedDownloads,
	readDownload,
	releaseDownload,
	saveDownload,
} from '#lib/server/store/downloads.ts';

/** Failures that the same order may get over later. */
const retriable = new Set<FailureCode>([
	...([
		'hub_unreachable',
		'hub_timeout',
		'hub_error',
		'rate_limited',
		'offline',
		'integrity_failed',
		'disk_full',
	] as const),
	...(['insufficient_storage', 'not_writable', 'disk_error', 'gated', 'unauthorized', 'locked', 'database'] as const),
]);

/** Milliseconds between two progress rows in the database. */
const savedMs = 250;

export interface QueueOptions {
	database: Database;
	leases: Leases;
	self: Identity;
	clock: Clock;
	/** Milliseconds between two looks at what other processes want. */
	tickMs: number;
	run: (record: DownloadRecord, signal: AbortSignal) => AsyncIterable<DownloadEvent>;
	/** How the asker stands before a gate that closed in the middle; null when that cannot be told. */
	gateOf: (id: string) => Promise<DownloadError['gate'] | null>;
	parallel: () => number;
	/** Something has changed in the database; `isEnd`: a download has come to rest. */
	changed: (isEnd: boolean) => void;
	onBug: (error: unknown) => void;
}

interface Running {
	controller: AbortController;
	done: Promise<void>;
}

/** One per process. Idle until it is told to take something. */
export class DownloadQueue {
	readonly #options: QueueOptions;
	readonly #running = new Map<string, Running>();
	/** Downloads this process takes; null takes all. */
	#takes: Set<string> | null = new Set();
	#cancelTick: (() => void) | null = null;
	#isClosed = false;

	constructor(options: QueueOptions) {
		this.#options = options;
	}

	/** Takes every download that waits, now and later. */
	takeAll(): void {
		this.#takes = null;
		this.poke();
	}

	/** Takes one download, unless another process has it. */
	take(id: string): void {
		this.#takes?.add(id);
		this.poke();
	}

	/** Stops taking it; one under way here goes on. */
	leave(id: string): void {
		this.#takes?.delete(id);
	}

	/** Does this process work on it? */
	has(id: string): boolean {
		return this.#running.has(id);
	}

	/** Looks at once instead of with the next tick. */
	poke(): void {
		if (this.#isClosed) return;
		this.#cancelTick?.();
		this.#cancelTick = null;
		try {
			this.#tick();
		} catch (error) {
			if (!(error instanceof Failure)) throw error;
			this.#options.onBug(error); // a busy database: the next tick finds it free
		}
		if (this.#running.size === 0 && this.#takes?.size === 0) return;
		this.#cancelTick = this.#options.clock.after(this.#options.tickMs, () => this.poke());
	}

	#tick(): void {
		const { leases, parallel } = this.#options;
		leases.bury();
		this.revive();
		if (this.#running.size > 0 || this.#waiting().length > 0) leases.beat();
		else leases.rest();
		const owned = ownedDownloads(this.#options.database);
		for (const { record, owner, wanted } of owned) {
			const running = this.#running.get(record.id);
			if (running === undefined) continue;
			if (owner !== this.#options.self.token) running.controller.abort(stopped('lost'));
			else if (wanted !== null) running.controller.abort(stopped(wanted));
		}
		const known = new Set(owned.map(({ record }) => record.id));
		for (const [id, { controller }] of this.#running) if (!known.has(id)) controller.abort(stopped('lost'));
		let free = parallel() - owned.length;
		for (const id of this.#waiting()) {
			if (free <= 0) return;
			if (!claimDownload(this.#options.database, id, this.#options.self.token)) continue;
			free -= 1;
			this.#start(id);
		}
	}

	/** Ids of the downloads that wait and that this process may take, first to last. */
	#waiting(): string[] {
		return queuedDownloads(this.#options.database).filter((id) => this.#takes?.has(id) !== false);
	}

	/** Downloads of processes that are gone wait again; what they have fetched is kept. */
	revive(): void {
		const { database, leases, self, changed } = this.#options;
		const owned = ownedDownloads(database);
		const living = leases.living(); // asked for last: a process says that it lives before it takes anything
		for (const { record, owner, wanted } of owned) {
			const isOurs = owner === self.token && (this.#running.has(record.id) || this.#isClosed);
			if (owner === null || isOurs || (owner !== self.token && living.has(owner))) continue;
			database.transaction(() => {
				const at = this.#now();
				const queued = applyDownload(record, { kind: 'state', at, state: 'queued' });
				const state = wanted === 'cancel' ? 'cancelled' : 'paused';
				saveDownload(database, wanted === null ? queued : applyDownload(queued, { kind: 'state', at, state }), owner);
				releaseDownload(database, record.id, owner);
			});
			changed(false);
		}
	}

	#now(): number {
		return this.#options.clock.date().getTime();
	}

	#start(id: string): void {
		const controller = new AbortController();
		const done = this.#follow(id, controller)
			.catch(this.#options.onBug)
			.finally(() => {
				this.#running.delete(id);
				if (!this.#isClosed) this.poke();
				this.#options.changed(false);
			});
		this.#running.set(id, { controller, done });
	}

	/** Runs one download to its end and writes down what happens, as often as somebody could want to read it. */
	async #follow(id: string, controller: AbortController): Promise<void> {
		const { signal } = controller;
		const { database, self, run, clock } = this.#options;
		const stored = readDownload(database, id);
		if (stored === null) return releaseDownload(database, id, self.token);
		let record = stored.record;
		let savedAt = -Infinity;
		try {
			for await (const event of run(record, signal)) {
				record = applyDownload(record, event);
				if (event.kind === 'progress' && clock.ticks() - savedAt < savedMs) continue;
				savedAt = clock.ticks();
				this.#save(record);
			}
		} catch (error) {
			const end = await this.#ending(record, error, signal);
			if (end !== null) this.#save(applyDownload(record, end));
		} finally {
			controller.abort(stopped('close'));
			releaseDownload(database, id, self.token);
		}
	}

	#save(record: DownloadRecord): void {
		const { database, self, changed } = this.#options;
		if (!saveDownload(database, record, self.token)) throw stopped('lost');
		changed(isAtRest(record.state));
	}

	/**
	 * The event that an error comes to: what a person wanted, another turn, or a failure with its sentence. Null when the
	 * download is not ours any more.
	 */
	async #ending(record: DownloadRecord, error: unknown, signal: AbortSignal): Promise<DownloadEvent | null> {
		const at = this.#now();
		if (signal.aborted || isAbort(error)) {
			const reason = error instanceof Stopped ? error : signal.reason;
			const why = reason instanceof Stopped ? reason.why : 'close';
			if (why === 'lost') return null;
			const state = why === 'pause' ? 'paused' : why === 'cancel' ? 'cancelled' : 'queued';
			return { kind: 'state', at, state };
		}
		const failure = toFailure(error);
		if (failure.code === 'internal') this.#options.onBug(error);
		const { code } = failure;
		const gate =
			code !== 'gated' ? null : error instanceof GateFailure ? error.gate : await this.#options.gateOf(record.model_id);
		const told = { code, message: blankSecrets(failure.message), retriable: retriable.has(code) };
		return { kind: 'failed', at, error: gate == null ? told : { ...told, gate } };
	}

	/** Settles when this process works on it no more. */
	async settled(id: string): Promise<void> {
		await this.#running.get(id)?.done;
	}

	/** Ends everything under way here; it waits for another process, or for the next start. */
	async close(): Promise<void> {
		this.#isClosed = true;
		this.#cancelTick?.();
		for (const { controller } of this.#running.values()) controller.abort(stopped('close'));
		await Promise.all([...this.#running.values()].map(({ done }) => done));
	}
}

/** Why a run was stopped. */
class Stopped extends DOMException {
	readonly why: 'pause' | 'cancel' | 'close' | 'lost';

	constructor(why: Stopped['why']) {
		super('The download was stopped.', 'AbortError');
		this.why = why;
	}
}

function stopped(why: Stopped['why']): Stopped {
	return new Stopped(why);
}

/** States in which a download has spoken for its place on the disk. */
export const spokenFor = [...workingStates, 'queued'] as const;
