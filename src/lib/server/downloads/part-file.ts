// A file on its way: our own part beside the blobs, with a journal that says how much of it survives what.
import { constants } from 'node:fs';
import { open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure } from '#lib/core/failure.ts';
import { syncFolder } from '#lib/server/downloads/cache-folder.ts';
import { believable, partPaths, readJournal, writeJournal } from '#lib/server/downloads/journal.ts';
import { isAtWork, type Identity } from '#lib/server/downloads/owner.ts';
import { bytesOf, clipped, prefixOf, withSpan, type Span } from '#lib/server/downloads/spans.ts';

/** Bytes after which, and milliseconds after which, what was written is put on the disk for good. */
const syncBytes = 64 * 1024 * 1024;
const syncMs = 5000;
/** Bytes after which a part that is written in several places says which; they are what the end of a process may cost. */
const noteBytes = 8 * 1024 * 1024;

/** What a journal takes of a disk, with its name, at most. */
const roomBytes = 64 * 1024;

interface PartOptions {
	/** The path of the finished blob; the part lies beside it. */
	blob: string;
	/** Bytes of the whole file. */
	size: number;
	self: Identity;
	/** Milliseconds since 1970. */
	now: () => number;
}

const reading = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** How many bytes of a part can be gone on from; 0 without one. For plans: nothing is opened or changed. */
export async function partLength(blob: string, size: number, boot: string): Promise<number> {
	const paths = partPaths(blob);
	const journal = await readJournal(paths.journal);
	const handle = await open(paths.bytes, reading).catch(() => null);
	try {
		const facts = await handle?.stat();
		return facts?.isFile() === true ? bytesOf(believable(journal, facts.size, { size, boot })) : 0;
	} finally {
		await handle?.close();
	}
}

/** Removes the part of a blob and its journal; gives the bytes that this frees. */
export async function removePart(blob: string): Promise<number> {
	const paths = partPaths(blob);
	const handle = await open(paths.bytes, reading).catch(() => null);
	const { size = 0, blocks } = (await handle?.stat().catch(() => null)) ?? {};
	await handle?.close().catch(() => {}); // it is only looked at
	for (const path of [paths.bytes, paths.journal]) await unlink(path).catch(() => {}); // not there: as wanted
	return blocks === undefined ? size : Math.min(size, blocks * 512);
}

/** One part, open for writing. Errors of the disk are thrown as they are. */
export class PartFile {
	/** Entity tag of the server the bytes are from, with its quotes; null when it named none. */
	tag: string | null = null;
	readonly #handle: FileHandle;
	readonly #options: PartOptions;
	#spans: Span[] = [];
	/** Is it written in several places? Then the file's own length says nothing. */
	#isSpread = false;
	#synced: Span[] = [];
	#syncedBytes = 0;
	#syncedAt: number;
	#syncing: Promise<void> | null = null;
	#notedBytes = 0;
	#noting: Promise<void> = Promise.resolve();
	#isOpen = true;

	private constructor(handle: FileHandle, options: PartOptions) {
		this.#handle = handle;
		this.#options = options;
		this.#syncedAt = options.now();
	}

	/** Opens the part, with as much of it as can be believed. Throws `locked` when another living process writes it. */
	static async open(options: PartOptions): Promise<PartFile> {
		const { blob, size, self, now } = options;
		const paths = partPaths(blob);
		const journal = await readJournal(paths.journal);
		const owner = journal?.owner ?? null;
		if (journal !== null && owner !== null && owner.token !== self.token && isAtWork(owner, journal.at, now(), self)) {
			throw new Failure(
				'locked',
				`Another Modeldex (process ${owner.pid}) is downloading the same file at this moment.`,
			);
		}
		const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
		const handle = await open(paths.bytes, flags, 0o644);
		const part = new PartFile(handle, options);
		try {
			const facts = await handle.stat();
			if (!facts.isFile())
				throw new Failure('unsafe_local_path', 'Something in the model cache is no file; nothing was written there.');
			const { boot } = self;
			part.#spans = believable(journal, facts.size, { size, boot });
			part.#isSpread = part.length !== part.bytes;
			part.#synced = believable(journal === null ? null : { ...journal, boot: '' }, facts.size, { size, boot });
			part.#syncedBytes = part.#notedBytes = part.bytes;
			part.tag = part.bytes > 0 ? (journal?.tag ?? null) : null;
			const end = part.#spans.at(-1)?.end ?? 0;
			if (facts.size !== end) await handle.truncate(end);
			await part.#note();
			return part;
		} catch (error) {
			await handle.close();
			throw error;
		}
	}

	/** Bytes that are written without a gap, from the first on. */
	get length(): number {
		return prefixOf(this.#spans);
	}

	/** Bytes that are written, wherever. */
	get bytes(): number {
		return bytesOf(this.#spans);
	}

	/** What is written. */
	get spans(): readonly Span[] {
		return this.#spans;
	}

	/** The open file, for readers that follow the writer. */
	get fd(): number {
		return this.#handle.fd;
	}

	/** The first bytes, at most that many. */
	async head(bytes: number): Promise<Uint8Array> {
		const buffer = Buffer.alloc(Math.min(bytes, this.length));
		const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, 0);
		return buffer.subarray(0, bytesRead);
	}

	/** Starts over: nothing of what is here is kept. */
	async restart(tag: string | null): Promise<void> {
		await this.#syncing;
		await this.#noting;
		await this.#handle.truncate(0);
		this.#spans = [];
		this.#synced = [];
		this.#syncedBytes = this.#notedBytes = 0;
		this.#isSpread = false;
		await this.from(tag);
	}

	/** Remembers which server's content the bytes from here on are. */
	async from(tag: string | null): Promise<void> {
		this.tag = tag;
		await this.#note();
	}

	/** From here on it may be written in several places: the journal says so before the first byte behind a gap. */
	async spread(): Promise<void> {
		if (this.#isSpread) return;
		this.#isSpread = true;
		await this.#note();
	}

	/**
	 * Writes bytes at a place of the file: behind each other, or with gaps after `spread`. Whatever is in the file when the
	 * process dies is true as far as it is told. Throws TooLong for more than the file is to have.
	 */
	async write(chunks: Buffer[], bytes: number, start: number): Promise<void> {
		if (start + bytes > this.#options.size) throw new TooLong();
		let at = start;
		const wrote = (count: number) => {
			this.#spans = withSpan(this.#spans, { start: at, end: at + count });
			at += count;
		};
		wrote((await this.#handle.writev(chunks, at)).bytesWritten);
		// A disk that is almost full takes a part, and says why with the next write.
		let rest = at < start + bytes ? Buffer.concat(chunks).subarray(at - start) : null;
		while (rest !== null && rest.length > 0) {
			const { bytesWritten } = await this.#handle.write(rest, 0, rest.length, at);
			wrote(bytesWritten);
			rest = rest.subarray(bytesWritten);
		}
		const held = this.bytes;
		// The last bytes reach the disk while the digest is still at work.
		const isLast = held === this.#options.size;
		const isDue = isLast || held - this.#syncedBytes >= syncBytes || this.#options.now() - this.#syncedAt >= syncMs;
		if (isDue && this.#syncing === null) this.#syncing = this.#sync().finally(() => (this.#syncing = null));
		else if (this.#isSpread && held - this.#notedBytes >= noteBytes) await this.#note();
	}

	/** Puts what is written on the disk for good, then says so in the journal: never the other way round. */
	async #sync(): Promise<void> {
		const spans = this.#spans;
		this.#syncedAt = this.#options.now();
		this.#syncedBytes = bytesOf(spans);
		try {
			await this.#handle.datasync();
			this.#synced = spans;
			await this.#note();
		} catch {
			// The next write or the last sync will say what is wrong with the disk; until then nothing is lost.
		}
	}

	/** Writes the journal, one after the other. */
	#note(): Promise<void> {
		const { blob, size, self, now } = this.#options;
		const { token, pid, host, boot } = self;
		this.#notedBytes = this.bytes;
		this.#noting = this.#noting
			.catch(() => {}) // whoever asked for it heard of it
			.then(() => {
				const owner = this.#isOpen ? { token, pid, host } : null;
				const written = this.#isSpread ? this.#spans : null;
				const facts = { size, synced: this.#synced, written, tag: this.tag, boot, at: now(), owner };
				return writeJournal(partPaths(blob).journal, facts);
			});
		return this.#noting;
	}

	/** Gives the file its name: the bytes first, for good, then the name. It must be whole and verified. */
	async finish(): Promise<void> {
		const { blob, self } = this.#options;
		const paths = partPaths(blob);
		await this.#syncing;
		await this.#noting;
		await this.#handle.sync();
		const owner = (await readJournal(paths.journal))?.owner?.token;
		if (owner !== self.token) throw new Failure('locked', 'Another Modeldex has taken over this download.');
		this.#isOpen = false;
		await this.#handle.close();
		await rename(paths.bytes, blob);
		await unlink(paths.journal).catch(() => {}); // a journal without its part means nothing
		await syncFolder(dirname(blob));
	}

	/** Lets go of the part and keeps it; nothing happens after `finish`. */
	async close(): Promise<void> {
		if (!this.#isOpen) return;
		await this.#syncing;
		await this.#noting.catch(() => {}); // the last one below says what is wrong with the disk
		this.#isOpen = false;
		await this.#sync();
		if (this.#isSpread) await this.#note().catch(() => this.#makeRoom());
		await this.#handle.close();
	}

	/** On a full disk the journal has no place, and without it nothing with gaps is believed: the end gives way to it. */
	async #makeRoom(): Promise<void> {
		const end = Math.max(0, (this.#spans.at(-1)?.end ?? 0) - roomBytes);
		this.#spans = clipped(this.#spans, end);
		this.#synced = clipped(this.#synced, end);
		try {
			await this.#handle.truncate(end);
			await this.#note();
		} catch {
			// Then there is no room for a hand's breadth: what the journal said before holds.
		}
	}
}

/** More came than was announced. */
export class TooLong extends Error {}
