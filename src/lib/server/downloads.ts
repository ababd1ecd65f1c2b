// Downloads: ordered, watched, stopped and gone on with; who works on them is the queue's to say.
import { join } from 'node:path';
import {
	applyDownload,
	canFollow,
	isAtRest,
	isWorking,
	newDownload,
	publicDownload,
	type Download,
	type DownloadEvent,
	type DownloadOrder,
	type DownloadRecord,
} from '#lib/core/download.ts';
import type { DownloadPlan } from '#lib/core/download-plan.ts';
import { limitsSchema, type DownloadAction, type DownloadLimits } from '#lib/core/download-order.ts';
import { Failure } from '#lib/core/failure.ts';
import type { Fit } from '#lib/core/fit.ts';
import { parseRepositoryId, parseRevision, quoted } from '#lib/core/repository.ts';
import type { Clock } from '#lib/server/clock.ts';
import type { Database } from '#lib/server/database.ts';
import { BlobFetch } from '#lib/server/downloads/blob-fetch.ts';
import { Digester } from '#lib/server/downloads/digester.ts';
import { Leases } from '#lib/server/downloads/lease.ts';
import type { Identity } from '#lib/server/downloads/owner.ts';
import { removePart } from '#lib/server/downloads/part-file.ts';
import { Planner } from '#lib/server/downloads/plan.ts';
import { DownloadQueue, spokenFor } from '#lib/server/downloads/queue.ts';
import { notAsked, renewalOf, startedOver } from '#lib/server/downloads/renewal.ts';
import { DownloadRun } from '#lib/server/downloads/run.ts';
import type { FreeBytes } from '#lib/server/downloads/space.ts';
import { Streams } from '#lib/server/downloads/streams.ts';
import { keyOf, outcomes, wrongState } from '#lib/server/downloads/wishes.ts';
import { thenTold } from '#lib/server/downloads/then-told.ts';
import { Throttle } from '#lib/server/downloads/throttle.ts';
import type { Watched } from '#lib/server/downloads/reader.ts';
import { DownloadWatch } from '#lib/server/downloads/watch.ts';
import type { Hub } from '#lib/server/hub.ts';
import { FileHashes } from '#lib/server/inventory/reading.ts';
import * as store from '#lib/server/store/downloads.ts';
import { readMeta, saveMeta } from '#lib/server/store/meta.ts';

const usualLimits: DownloadLimits = { parallel: 2, bytes_per_second: null };
const limitsKey = 'download_limits';

/** Bytes that a download leaves free on the disk. */
const usualKeepFree = 1024 ** 3;
const usualTickMs = 1000;

interface DownloadsOptions {
	hub: Hub;
	database: Database;
	/** The model cache. */
	root: string;
	self: Identity;
	clock: Clock;
	random: () => number;
	newId: () => string;
	freeBytes: FreeBytes;
	fit?: (id: string, quant: string | null, signal: AbortSignal | undefined) => Promise<Fit>;
	onBug: (error: unknown) => void;
	/** Called in the process that worked on it when a download is complete and verified, just before that is told. */
	onReady?: (record: DownloadRecord) => void | Promise<void>;
	keepFree?: number;
	tickMs?: number;
	streams?: Streams;
}

/** Every download of a data folder, whichever process works on it. */
export class Downloads {
	readonly #options: DownloadsOptions;
	readonly #watch: DownloadWatch;
	readonly #digester = new Digester();
	readonly #throttle: Throttle;
	readonly #leases: Leases;
	readonly #queue: DownloadQueue;
	readonly #planner: Planner;
	readonly #hashes: FileHashes;

	constructor(options: DownloadsOptions) {
		const { hub, database, root, self, clock, random, freeBytes, onBug } = options;
		const { keepFree = usualKeepFree, tickMs = usualTickMs, fit = null } = options;
		this.#options = options;
		this.#throttle = new Throttle(clock);
		this.#watch = new DownloadWatch({ database, clock });
		this.#leases = new Leases({ database, self, clock });
		const hashes = (this.#hashes = new FileHashes({ database, date: () => clock.date() }));
		const { streams = new Streams() } = options;
		const parts = { digester: this.#digester, throttle: this.#throttle, hashes, streams };
		const fetch = new BlobFetch({ hub, clock, random, self, ...parts });
		const reserved = (id: string) => store.bytesLeft(database, id, spokenFor);
		const place = { root, freeBytes, keepFree, boot: self.boot };
		const alone = this.#leases.alone.bind(this.#leases);
		const tools = { ...place, hub, clock, fetch, reserved, alone };
		this.#planner = new Planner({ ...place, hub, fit, reserved: () => reserved('') });
		this.#queue = new DownloadQueue({
			...{ database, self, clock, tickMs, onBug, leases: this.#leases },
			run: (record, signal) => thenTold(record, new DownloadRun(tools, record, signal).events(), options.onReady),
			gateOf: async (id) => (await hub.access(id).catch(() => null))?.state ?? null,
			parallel: () => this.#obeyLimits().parallel,
			changed: (isEnd) => (isEnd ? this.#watch.look() : this.#watch.ring()),
		});
	}

	/** Works on everything that waits, from now on. For the process that stays. */
	start(): void {
		store.pruneDownloads(this.#options.database);
		this.#queue.takeAll();
	}

	/** The plan of an order, without ordering it. */
	plan(order: DownloadOrder, signal?: AbortSignal): Promise<DownloadPlan> {
		return this.#planner.plan(order, signal);
	}

	/**
	 * Orders a download; the same order again gives the same download, which goes on when it had failed or was cancelled.
	 * One that is ready stays so while its files are here as they were verified; with `refresh` the Hub is asked whether there is something
	 * newer, and where it is away what is here has to do. Throws `invalid_model_id` or `invalid_revision`; whatever else
	 * is wrong shows itself in the download.
	 */
	async order(order: DownloadOrder, { refresh = false } = {}): Promise<Download> {
		const { database, newId, clock } = this.#options;
		parseRepositoryId(order.model_id);
		parseRevision(order.revision);
		const key = keyOf(order);
		const ready = store.downloadOf(database, key)?.record;
		const asked = { ...this.#options, boot: this.#options.self.boot, hashes: this.#hashes, refresh };
		const renewal = ready?.state === 'ready' ? await renewalOf(ready, asked) : 'kept';
		const id = database.transaction(() => {
			const known = store.downloadOf(database, key)?.record;
			if (known === undefined) {
				const fresh = newDownload(newId(), order, clock.date().getTime());
				store.addDownload(database, key, fresh);
				return fresh.id;
			}
			const isLeft = known.state === 'failed' || known.state === 'cancelled' || known.state === 'paused';
			if (isLeft) this.#apply(known, 'queued');
			else if (known.state === 'ready' && (renewal === 'anew' || renewal === 'again')) {
				store.saveDownload(database, startedOver(known, renewal, clock.date().getTime()), null);
			} else if (known.state === 'ready' && renewal === 'unasked') this.#warn(known, notAsked);
			return known.id;
		});
		this.#announce();
		return this.read(id);
	}

	#warn(record: DownloadRecord, message: string): void {
		const event = { kind: 'warning', at: this.#options.clock.date().getTime(), message } as const;
		store.saveDownload(this.#options.database, applyDownload(record, event), null);
	}

	/** Every download, in the order of the queue. */
	list(): Download[] {
		return store.allDownloads(this.#options.database).map(({ record, position }) => publicDownload(record, position));
	}

	/** How many are under way or wait for their turn. */
	get active(): number {
		return store.countDownloads(this.#options.database, spokenFor);
	}

	/** One download. Throws `not_found`. */
	read(id: string): Download {
		const { record, position } = this.#stored(id);
		return publicDownload(record, position);
	}

	#stored(id: string): store.StoredDownload {
		const stored = store.readDownload(this.#options.database, id);
		if (stored !== null) return stored;
		throw new Failure('not_found', `There is no download "${quoted(id)}".`);
	}

	/**
	 * Pauses, resumes, retries or cancels. What is fetched is kept. A process at work stops within a second; doing what is
	 * done already changes nothing. Throws `invalid_state` for what makes no sense, and `not_found`.
	 */
	act(id: string, action: DownloadAction): Download {
		const { database } = this.#options;
		this.#queue.revive();
		database.transaction(() => {
			const { record, owner } = this.#stored(id);
			const state = outcomes[action];
			if (record.state === state || (state === 'queued' && isWorking(record.state))) return;
			if (!canFollow(record.state, state)) throw wrongState(record, action);
			if (owner !== null && (action === 'pause' || action === 'cancel')) store.wishDownload(database, id, action);
			else this.#apply(record, state);
		});
		this.#announce();
		return this.read(id);
	}

	#apply(record: DownloadRecord, state: 'paused' | 'cancelled' | 'queued'): void {
		const { database, clock } = this.#options;
		const event: DownloadEvent = { kind: 'state', at: clock.date().getTime(), state };
		store.saveDownload(database, applyDownload(record, event), null);
	}

	/** Moves a download before another one in the queue; to its end for null. Throws `not_found`. */
	move(id: string, before: string | null): Download {
		this.#stored(id);
		if (before !== null) this.#stored(before);
		if (before !== id) store.moveDownload(this.#options.database, id, before);
		this.#announce();
		return this.read(id);
	}

	/** Stops and forgets a download and deletes its parts; whole files stay. Gives the bytes that this frees. */
	async remove(id: string): Promise<{ freed_bytes: number }> {
		const { database, root } = this.#options;
		const { record } = this.#stored(id);
		if (!isAtRest(record.state)) this.act(id, 'cancel');
		await this.#queue.settled(id);
		const blobs = join(root, `models--${record.model_id.replaceAll('/', '--')}`, 'blobs');
		store.removeDownload(database, id);
		this.#announce();
		const wanted = new Set(
			this.list()
				.filter(({ state }) => state !== 'ready')
				.flatMap(({ files }) => files.map(({ digest }) => digest)),
		);
		let freed = 0;
		for (const { digest } of record.files) {
			if (wanted.has(digest)) continue;
			// Whoever writes it in another process stops within a second; a part that is gone by then is nobody's loss.
			await this.#leases.alone(join(blobs, digest), AbortSignal.timeout(5000), async () => {
				freed += await removePart(join(blobs, digest));
			});
		}
		return { freed_bytes: freed };
	}

	/** How much may happen at once. */
	get limits(): DownloadLimits {
		const kept = readMeta(this.#options.database, limitsKey);
		return kept === null ? usualLimits : limitsSchema.parse(JSON.parse(kept));
	}

	setLimits(limits: DownloadLimits): void {
		saveMeta(this.#options.database, limitsKey, JSON.stringify(limits));
		this.#announce();
	}

	#obeyLimits(): DownloadLimits {
		const { limits } = this;
		this.#throttle.bytesPerSecond = limits.bytes_per_second;
		return limits;
	}

	/** Every change from now on, after what the reader does not have yet: see `DownloadWatch`. */
	watch(options: { after?: number | null; signal: AbortSignal; onSlow?: () => void }): AsyncGenerator<Watched> {
		return this.#watch.changes({ after: null, ...options });
	}

	/**
	 * Works on one download here, unless another process does, and gives it whenever it changes until it rests. Leaving
	 * early pauses it when it was this process that worked on it.
	 */
	async *follow(id: string, signal: AbortSignal): AsyncGenerator<Download> {
		let isOver = false;
		this.#queue.take(id);
		try {
			let seen = this.read(id);
			yield seen;
			for await (const change of this.watch({ after: null, signal })) {
				if (isAtRest(seen.state)) break;
				if (change === null || change.id !== id) continue;
				if (change.download === null) throw new Failure('not_found', 'The download was removed by somebody else.');
				seen = change.download;
				yield seen;
				if (isAtRest(seen.state)) break;
			}
			isOver = true;
		} finally {
			this.#queue.leave(id);
			if (!isOver && this.#queue.has(id)) {
				this.act(id, 'pause');
				await this.#queue.settled(id);
			}
		}
	}

	#announce(): void {
		this.#watch.ring();
		this.#queue.poke();
	}

	/** Ends what is under way here; it goes on with the next start, where it was. */
	async close(): Promise<void> {
		await this.#queue.close();
		this.#watch.close();
		await this.#leases.close();
		await this.#digester.close();
	}
}
