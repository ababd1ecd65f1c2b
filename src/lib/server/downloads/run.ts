// One run of one download, from the order to the last name: every step an event, every refusal a failure.
import type { DownloadEvent, DownloadRecord } from '#lib/core/download.ts';
import { isCommit } from '#lib/core/repository.ts';
import type { Clock } from '#lib/server/clock.ts';
import type { BlobFetch } from '#lib/server/downloads/blob-fetch.ts';
import { CacheFolder } from '#lib/server/downloads/cache-folder.ts';
import { onDisk } from '#lib/server/downloads/disk-failure.ts';
import { GateFailure, resolveOrder } from '#lib/server/downloads/resolve.ts';
import { bytesHere, checkRoom, roomFor, type FreeBytes } from '#lib/server/downloads/space.ts';
import { asReady } from '#lib/server/pool.ts';
import type { Hub } from '#lib/server/hub.ts';

/** Files of one download that are fetched at once. */
const filesAtOnce = 2;
/** News of one file at most this often, in milliseconds. */
const newsMs = 200;

export interface RunTools {
	hub: Hub;
	/** The model cache. */
	root: string;
	clock: Clock;
	fetch: Pick<BlobFetch, 'ensure'>;
	boot: string;
	freeBytes: FreeBytes;
	/** Bytes of the disk that are to stay free. */
	keepFree: number;
	/** Bytes that other downloads have spoken for. */
	reserved(id: string): number;
	/** Runs work on a blob while nobody else does; gives once it is done. */
	alone(
		blob: string,
		signal: AbortSignal,
		work: (checkLease: () => void, signal: AbortSignal) => Promise<void>,
	): Promise<void>;
}

interface Pinned {
	id: string;
	commit: string;
	files: { path: string; total: number; digest: string }[];
}

/** What was settled in an earlier run: a download stays at its commit. Null: the Hub has to be asked. */
function pinnedBefore(record: DownloadRecord): Pinned | null {
	const { model_id, revision, files } = record;
	return files.length > 0 && isCommit(revision) ? { id: model_id, commit: revision, files } : null;
}

/** Runs downloads; each call of `events` is one run. */
export class DownloadRun {
	readonly #tools: RunTools;
	readonly #record: DownloadRecord;
	readonly #signal: AbortSignal;
	#fetched = 0;
	#queue: DownloadEvent[] = [];
	#wake = () => {};

	constructor(tools: RunTools, record: DownloadRecord, signal: AbortSignal) {
		this.#tools = tools;
		this.#record = record;
		this.#signal = signal;
	}

	#now(): number {
		return this.#tools.clock.date().getTime();
	}

	#say(event: DownloadEvent): void {
		this.#queue.push(event);
		this.#wake();
	}

	/** Everything that happens, as it happens. Throws what ended the run: a Failure, the abort, or a bug. */
	async *events(): AsyncGenerator<DownloadEvent> {
		let end: { error: unknown } | 'done' | null = null;
		const work = this.#work().then(
			() => (end = 'done'),
			(error: unknown) => (end = { error }),
		);
		void work.then(() => this.#wake());
		const isOver = (): { error: unknown } | 'done' | null => end;
		for (;;) {
			const event = this.#queue.shift();
			if (event !== undefined) {
				yield event;
				continue;
			}
			const over = isOver();
			if (over === 'done') return;
			if (over !== null) throw over.error;
			await new Promise<void>((resolve) => (this.#wake = resolve));
		}
	}

	async #work(): Promise<void> {
		const { model_id } = this.#record;
		this.#say({ kind: 'state', at: this.#now(), state: 'resolving' });
		const pinned = pinnedBefore(this.#record) ?? (await this.#resolve());
		this.#say({ kind: 'state', at: this.#now(), state: 'preflight' });
		const folder = await onDisk(pinned.id, () => CacheFolder.open(this.#tools.root, pinned.id));
		await this.#checkRoom(folder, pinned);
		this.#say({ kind: 'state', at: this.#now(), state: 'downloading' });
		await this.#fetchAll(folder, pinned);
		this.#say({ kind: 'state', at: this.#now(), state: 'verifying' });
		await this.#fetchAll(folder, pinned); // what was fetched first may have gone meanwhile; nothing is read twice
		this.#say({ kind: 'state', at: this.#now(), state: 'committing' });
		await onDisk(model_id, () => this.#commit(folder, pinned));
		this.#say({ kind: 'ready', at: this.#now(), path: folder.snapshot(pinned.commit) });
	}

	async #resolve(): Promise<Pinned> {
		const { hub } = this.#tools;
		const found = await resolveOrder(hub, this.#record.order, { signal: this.#signal, probe: true });
		if (found.gate.state !== 'open') throw new GateFailure(found.gate);
		const files = found.files.map(({ path, total, digest }) => ({ path, total, digest: digest ?? '' }));
		for (const message of found.warnings) this.#say({ kind: 'warning', at: this.#now(), message });
		this.#say({ kind: 'resolved', at: this.#now(), model_id: found.id, revision: found.commit, files });
		return { id: found.id, commit: found.commit, files };
	}

	async #checkRoom(folder: CacheFolder, { id, files }: Pinned): Promise<void> {
		const { freeBytes, keepFree, reserved, boot, root } = this.#tools;
		let missingBytes = 0;
		for (const { path, total, digest } of files) {
			const here = await onDisk(path, () => bytesHere(folder.blob(digest), { total }, boot));
			missingBytes += total - here;
			if (here > 0) this.#say({ kind: 'file', at: this.#now(), path, state: 'waiting', bytes: here });
		}
		const free = await freeBytes(root);
		checkRoom(id, roomFor({ missingBytes, free, reserved: reserved(this.#record.id), keepFree }));
	}

	/** Small files first: a mistake shows itself before the large ones have cost anything. */
	async #fetchAll(folder: CacheFolder, pinned: Pinned): Promise<void> {
		const files = pinned.files.toSorted((a, b) => a.total - b.total);
		const options = { concurrency: filesAtOnce, signal: this.#signal };
		const done = asReady(files, options, async (file, signal) => {
			await this.#fetchOne(folder, pinned, file, signal);
			return file;
		});
		for await (const { path, total } of done) {
			this.#say({ kind: 'file', at: this.#now(), path, state: 'ready', bytes: total });
		}
	}

	async #fetchOne(
		folder: CacheFolder,
		{ id, commit }: Pinned,
		file: Pinned['files'][number],
		signal: AbortSignal,
	): Promise<void> {
		const { clock, fetch, alone } = this.#tools;
		const { path, total } = file;
		const blob = folder.blob(file.digest);
		let toldAt = -Infinity;
		let isMoving = false;
		const progress = (bytes: number, fetched: number) => {
			this.#fetched += fetched;
			if (!isMoving) this.#say({ kind: 'file', at: this.#now(), path, state: 'downloading', bytes });
			isMoving = true;
			if (clock.ticks() - toldAt < newsMs && bytes < total && fetched > 0) return;
			toldAt = clock.ticks();
			this.#say({ kind: 'progress', at: this.#now(), path, bytes, fetched: this.#fetched });
		};
		await alone(blob, signal, (checkLease, sharedSignal) =>
			fetch.ensure({
				...{ id, commit, file, blob, checkLease, progress, root: folder.root, signal: sharedSignal },
				allowUnsafe: this.#record.order.allow_unsafe,
				verifying: () => this.#say({ kind: 'file', at: this.#now(), path, state: 'verifying', bytes: total }),
				warn: (message) => this.#say({ kind: 'warning', at: this.#now(), message }),
			}),
		);
	}

	/** Weights get their names last, and the branch after them: who looks in between sees a model that is not whole. */
	async #commit(folder: CacheFolder, { commit, files }: Pinned): Promise<void> {
		for (const { path, digest } of files.toSorted((a, b) => a.total - b.total)) await folder.name(commit, path, digest);
		await folder.setRef(this.#record.ref, commit);
		await folder.sync(commit);
	}
}
