// A file on its way: our own part beside the blobs, with a journal that says how much of it survives what.
import { constants } from 'node:fs';
import { open, readFile, rename, unlink, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Writable } from 'node:stream';
import { z } from 'zod';
import { Failure } from '#lib/core/failure.ts';
import { syncFolder } from '#lib/server/downloads/cache-folder.ts';
import { isAtWork, type Identity } from '#lib/server/downloads/owner.ts';

/** Bytes that wait to be written before the network has to wait. */
const waitingBytes = 4 * 1024 * 1024;
/** Bytes after which, and milliseconds after which, what was written is put on the disk for good. */
const syncBytes = 64 * 1024 * 1024;
const syncMs = 5000;

/** `synced`: bytes that survive a power cut; the rest of the file survives the end of a process, not of the machine. */
const journalSchema = z.object({
	version: z.literal(1),
	size: z.number(),
	synced: z.number(),
	tag: z.string().nullable(),
	boot: z.string(),
	at: z.number(),
	/** The process that writes it; null when none does. */
	owner: z.object({ token: z.string(), pid: z.number(), host: z.string() }).nullable(),
});
type Journal = z.infer<typeof journalSchema>;

interface PartOptions {
	/** The path of the finished blob; the part lies beside it. */
	blob: string;
	/** Bytes of the whole file. */
	size: number;
	self: Identity;
	/** Milliseconds since 1970. */
	now: () => number;
}

/** The paths of the part of a blob: the bytes, and the journal about them. */
export function partPaths(blob: string): { bytes: string; journal: string } {
	return { bytes: `${blob}.modeldex.incomplete`, journal: `${blob}.modeldex.json.incomplete` };
}

async function readJournal(path: string): Promise<Journal | null> {
	try {
		return journalSchema.parse(JSON.parse(await readFile(path, 'utf8')));
	} catch {
		return null; // none, or torn: the part is not believed then
	}
}

/** How many bytes of a part can be gone on from; 0 without one. For plans: nothing is opened or changed. */
export async function partLength(blob: string, size: number, boot: string): Promise<number> {
	const paths = partPaths(blob);
	const journal = await readJournal(paths.journal);
	const handle = await open(paths.bytes, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
		() => null,
	);
	try {
		const facts = await handle?.stat();
		return facts?.isFile() === true ? believable(journal, facts.size, { size, boot }) : 0;
	} finally {
		await handle?.close();
	}
}

function believable(journal: Journal | null, length: number, { size, boot }: { size: number; boot: string }): number {
	if (journal === null || journal.size !== size || length > size) return 0;
	return journal.boot === boot ? length : Math.min(length, journal.synced);
}

/** Removes the part of a blob and its journal; gives the bytes that this frees. */
export async function removePart(blob: string): Promise<number> {
	const paths = partPaths(blob);
	const handle = await open(paths.bytes, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
		() => null,
	);
	const bytes = (await handle?.stat())?.size ?? 0;
	await handle?.close();
	for (const path of [paths.bytes, paths.journal]) await unlink(path).catch(() => {}); // not there: as wanted
	return bytes;
}

/** One part, open for writing at its end. Errors of the disk are thrown as they are. */
export class PartFile {
	/** Bytes written without a gap, from the first on. */
	length = 0;
	/** Entity tag of the server the bytes are from, with its quotes; null when it named none. */
	tag: string | null = null;
	readonly #handle: FileHandle;
	readonly #options: PartOptions;
	#synced = 0;
	#syncedAt: number;
	#syncing: Promise<void> | null = null;
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
			part.length = believable(journal, facts.size, { size, boot: self.boot });
			part.#synced = Math.min(journal?.synced ?? 0, part.length);
			part.tag = part.length > 0 ? (journal?.tag ?? null) : null;
			if (facts.size !== part.length) await handle.truncate(part.length);
			await part.#note();
			return part;
		} catch (error) {
			await handle.close();
			throw error;
		}
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
		await this.#handle.truncate(0);
		this.length = 0;
		this.#synced = 0;
		await this.from(tag);
	}

	/** Remembers which server's content the bytes from here on are. */
	async from(tag: string | null): Promise<void> {
		this.tag = tag;
		await this.#note();
	}

	/**
	 * Takes bytes in order; `written` is called after each write with what it wrote. Whatever waits is written together.
	 * `translate` turns the disk's errors into ours.
	 */
	sink(written: (bytes: number) => Promise<void> | void, translate: (error: unknown) => unknown): Writable {
		const write = async (chunks: Buffer[]) => {
			const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
			if (this.length + bytes > this.#options.size) throw new TooLong();
			try {
				await this.#append(chunks, bytes);
			} catch (error) {
				throw translate(error);
			}
			await written(bytes);
		};
		const toError = (error: unknown) => (error instanceof Error ? error : new Error(String(error)));
		return new Writable({
			highWaterMark: waitingBytes,
			decodeStrings: false,
			write: (chunk: Buffer, _, done) =>
				void write([chunk]).then(
					() => done(),
					(error: unknown) => done(toError(error)),
				),
			writev: (items: { chunk: Buffer }[], done) =>
				void write(items.map(({ chunk }) => chunk)).then(
					() => done(),
					(error: unknown) => done(toError(error)),
				),
		});
	}

	/** One write after the other and never a gap: whatever is in the file when the process dies is a true beginning. */
	async #append(chunks: Buffer[], bytes: number): Promise<void> {
		const { bytesWritten } = await this.#handle.writev(chunks, this.length);
		this.length += bytesWritten;
		// A disk that is almost full takes a part, and says why with the next write.
		let rest = bytesWritten < bytes ? Buffer.concat(chunks).subarray(bytesWritten) : null;
		while (rest !== null && rest.length > 0) {
			const more = await this.#handle.write(rest, 0, rest.length, this.length);
			this.length += more.bytesWritten;
			rest = rest.subarray(more.bytesWritten);
		}
		const isDue = this.length - this.#synced >= syncBytes || this.#options.now() - this.#syncedAt >= syncMs;
		if (isDue && this.#syncing === null) this.#syncing = this.#sync().finally(() => (this.#syncing = null));
	}

	/** Puts what is written on the disk for good, then says so in the journal: never the other way round. */
	async #sync(): Promise<void> {
		const { length } = this;
		this.#syncedAt = this.#options.now();
		try {
			await this.#handle.datasync();
			this.#synced = Math.max(this.#synced, Math.min(length, this.length));
			await this.#note();
		} catch {
			// The next write or the last sync will say what is wrong with the disk; until then nothing is lost.
		}
	}

	async #note(): Promise<void> {
		const { blob, size, self, now } = this.#options;
		const { token, pid, host, boot } = self;
		const owner = this.#isOpen ? { token, pid, host } : null;
		const journal: Journal = { version: 1, size, synced: this.#synced, tag: this.tag, boot, at: now(), owner };
		const { journal: path } = partPaths(blob);
		await writeFile(`${path}.new`, JSON.stringify(journal));
		await rename(`${path}.new`, path);
	}

	/** Gives the file its name: the bytes first, for good, then the name. It must be whole and verified. */
	async finish(): Promise<void> {
		const { blob, self } = this.#options;
		const paths = partPaths(blob);
		await this.#syncing;
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
		this.#isOpen = false;
		await this.#sync();
		await this.#handle.close();
	}
}

/** More came than was announced. */
export class TooLong extends Error {}
