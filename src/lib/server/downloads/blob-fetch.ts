// Gets one file of a download: from what is here already, else from the Hub, and never believes it before its digest.
import { constants } from 'node:fs';
import { lstat, open, realpath, stat, unlink } from 'node:fs/promises';
import { sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { contentProblem, headBytes } from '#lib/core/content-check.ts';
import type { DownloadFile } from '#lib/core/download.ts';
import { Failure, isAbort, type FailureCode } from '#lib/core/failure.ts';
import { formatCount } from '#lib/core/format.ts';
import { isDigest, quoted } from '#lib/core/repository.ts';
import { sleep, type Clock } from '#lib/server/clock.ts';
import type { Digester, GrowingDigest } from '#lib/server/downloads/digester.ts';
import { diskFailure, errnoOf, onDisk } from '#lib/server/downloads/disk-failure.ts';
import { changed, changing, damaged, unsafe } from '#lib/server/downloads/fetch-failures.ts';
import type { Identity } from '#lib/server/downloads/owner.ts';
import { PartFile, removePart, TooLong } from '#lib/server/downloads/part-file.ts';
import { watchStall } from '#lib/server/downloads/stall.ts';
import type { Throttle } from '#lib/server/downloads/throttle.ts';
import type { FileBytes } from '#lib/server/hub-bytes.ts';
import type { Hub } from '#lib/server/hub.ts';
import { unanswered } from '#lib/server/hub-failure.ts';
import { translate, WireError } from '#lib/server/wire-error.ts';

/** Tries in a row that bring nothing; one that brings bytes makes them count anew. */
const mostTries = 6;
const longestPauseMs = 30_000;
/** Times a file may turn out to be another one while it is fetched. */
const mostRestarts = 3;
/** Milliseconds for the headers of a reply; between two pieces of the body it may be half as long again. */
const headersMs = 20_000;
/** Bytes that are written before the digest follows. */
const stepBytes = 4 * 1024 * 1024;

/** Failures that may pass by themselves. */
const passing = new Set<FailureCode>(['hub_unreachable', 'hub_timeout', 'hub_error']);

/** Where a blob was verified before: a stamp of its size, time and inode, by path. */
export interface Verified {
	isVerified(blob: string, stamp: string): boolean;
	noteVerified(blob: string, stamp: string): void;
}

export interface FetchTools {
	hub: Pick<Hub, 'open'>;
	clock: Clock;
	random: () => number;
	self: Identity;
	digester: Pick<Digester, 'begin'>;
	throttle: Throttle;
	verified: Verified;
}

/** One file that is wanted. */
export interface Wanted {
	id: string;
	commit: string;
	file: Pick<DownloadFile, 'path' | 'total' | 'digest'>;
	/** Path of the finished blob, and the real root of the cache it must stay in. */
	blob: string;
	root: string;
	allowUnsafe: boolean;
	signal: AbortSignal;
	/** Bytes on the disk now, and bytes that came over the wire since the last call. */
	progress(bytes: number, fetched: number): void;
	verifying(): void;
	warn(message: string): void;
	/** Throws when somebody else has taken over. */
	checkLease(): void;
}

/** A stamp that changes with a file's content, as far as the file system tells. */
async function stampOf(path: string): Promise<string> {
	const { size, mtimeNs, ino } = await stat(path, { bigint: true });
	return `${size}-${mtimeNs}-${ino}`;
}

/** Gets files, each at most once at a time; see `SharedWork` for those wanted twice. */
export class BlobFetch {
	readonly #tools: FetchTools;

	constructor(tools: FetchTools) {
		this.#tools = tools;
	}

	/** Makes sure that the blob is here, whole and with its digest. Throws a Failure about the file, or the abort. */
	async ensure(wanted: Wanted): Promise<void> {
		if (await onDisk(wanted.file.path, () => this.#isHere(wanted))) return;
		const { clock, self } = this.#tools;
		const now = () => clock.date().getTime();
		const { blob, file } = wanted;
		const part = await onDisk(file.path, () => PartFile.open({ blob, size: file.total, self, now }));
		try {
			await this.#fetch(part, wanted);
			wanted.checkLease();
			await onDisk(file.path, () => part.finish());
		} catch (error) {
			wanted.progress(part.length, 0);
			await part.close();
			if (error instanceof Failure && error.code === 'integrity_failed') await removePart(blob);
			throw error;
		}
		this.#tools.verified.noteVerified(blob, await stampOf(blob));
	}

	/** Is the content here under its name? One that is not what its name says is taken away. */
	async #isHere(wanted: Wanted): Promise<boolean> {
		const { blob, root, file } = wanted;
		const there = await lstat(blob).catch(() => null);
		if (there === null) return false;
		const real = await realpath(blob).catch(() => null);
		const facts = real === null ? null : await lstat(real);
		if (real !== null && !real.startsWith(root + sep)) throw unsafe(file.path);
		if (facts !== null && !facts.isFile()) throw unsafe(file.path);
		if (real !== null && facts?.size === file.total) {
			const stamp = await stampOf(real);
			if (this.#tools.verified.isVerified(blob, stamp)) return true;
			wanted.verifying();
			if ((await this.#digestOf(real, wanted)) === file.digest) {
				this.#tools.verified.noteVerified(blob, stamp);
				return true;
			}
		}
		await unlink(blob);
		wanted.warn(`${quoted(file.path)} was here already, but damaged: it is fetched again.`);
		return false;
	}

	async #digestOf(path: string, { file, signal }: Wanted): Promise<string> {
		const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
		const digest = this.#tools.digester.begin(handle.fd, file.digest, file.total);
		try {
			return await ended(digest, file.total, signal);
		} finally {
			await handle.close();
		}
	}

	/** Fetches until the part is whole and right; damaged once means from the beginning, twice is a failure. */
	async #fetch(part: PartFile, wanted: Wanted): Promise<void> {
		const { file } = wanted;
		for (let times = 0; ; times += 1) {
			const got = await this.#whole(part, wanted);
			if (got === file.digest) return this.#check(part, wanted);
			await onDisk(file.path, () => part.restart(null));
			wanted.progress(0, 0);
			if (times > 0) throw damaged(wanted, got);
			wanted.warn(`${quoted(file.path)} arrived damaged: it is fetched again from the beginning.`);
		}
	}

	async #check(part: PartFile, { id, file, allowUnsafe, warn }: Wanted): Promise<void> {
		const problem = contentProblem(file.path, await onDisk(file.path, () => part.head(headBytes)), file.total);
		if (problem === null) return;
		const sentence = `${quoted(file.path)} of ${id} ${problem.why}`;
		if (problem.kind === 'odd') return warn(`${sentence}; it is what the Hub has, though.`);
		if (problem.kind === 'unsafe' && allowUnsafe) return warn(`${sentence}.`);
		if (problem.kind === 'foreign') throw new Failure('integrity_failed', `${sentence} and not the file itself.`);
		throw new Failure(
			'unsafe_format',
			`${sentence}; allow that with --allow-unsafe (allow_unsafe) if you trust its authors.`,
		);
	}

	/** Streams until the part has every byte; gives its digest, empty when more came than was announced. */
	async #whole(part: PartFile, wanted: Wanted): Promise<string> {
		const { file, signal } = wanted;
		const state = { digest: this.#begin(part, wanted), restarts: 0 };
		let tries = 0;
		try {
			while (part.length < file.total) {
				signal.throwIfAborted();
				const before = part.length;
				const error = await this.#attempt(part, wanted, state).catch((thrown: unknown) => ({ thrown }));
				if (error?.thrown instanceof TooLong) return '';
				if (error === undefined) continue;
				tries = part.length > before ? 0 : tries + 1;
				await this.#pause(error.thrown, tries, signal);
			}
			wanted.verifying();
			return await ended(state.digest, file.total, signal);
		} finally {
			await state.digest.drop();
		}
	}

	/** One connection: from where the part ends, or from the beginning when that is all there is. */
	async #attempt(
		part: PartFile,
		wanted: Wanted,
		state: { digest: GrowingDigest; restarts: number },
	): Promise<undefined> {
		const { path } = wanted.file;
		const opened = await this.#open(part, wanted);
		try {
			if (await onDisk(path, () => this.#startsOver(part, opened, wanted))) {
				state.restarts += 1;
				if (state.restarts > mostRestarts) throw changing(wanted);
				await state.digest.drop();
				state.digest = this.#begin(part, wanted);
			}
			if (opened.start === part.length) await this.#stream(part, opened, state.digest, wanted);
		} finally {
			opened.body.destroy();
		}
	}

	#begin(part: PartFile, { file }: Wanted): GrowingDigest {
		const digest = this.#tools.digester.begin(part.fd, file.digest, file.total);
		digest.grow(part.length);
		return digest;
	}

	/** Waits before the next try, with full jitter; throws what no further try can change. */
	async #pause(error: unknown, tries: number, signal: AbortSignal): Promise<void> {
		signal.throwIfAborted();
		const found = translate(error);
		const isPassing = found instanceof WireError || (found instanceof Failure && passing.has(found.code));
		if (!isPassing) throw found;
		if (tries >= mostTries) throw found instanceof WireError ? unanswered(found) : found;
		const { clock, random } = this.#tools;
		await sleep(clock, random() * Math.min(longestPauseMs, 1000 * 2 ** tries), signal);
	}

	async #open(part: PartFile, { id, commit, file, signal }: Wanted): Promise<FileBytes> {
		const rest = { start: part.length, tag: part.tag };
		const options = { revision: commit, signal, timeoutMs: headersMs, probe: true };
		const opened = await this.#tools.hub.open(id, file.path, { ...rest, ...options });
		if (opened === null) throw new Failure('not_found', `${id} has no file "${quoted(file.path)}" any more.`);
		const { etag, size } = opened;
		const isOther = etag !== null && isDigest(etag) && etag !== file.digest;
		const isSized = size === null || size === file.total;
		if (!isOther && isSized) return opened;
		opened.body.destroy();
		if (isOther) throw changed({ id, file });
		const sizes = `${formatCount(file.total)} bytes were announced and ${formatCount(size ?? 0)} are sent`;
		throw new Failure(
			'integrity_failed',
			`${quoted(file.path)} of ${id} is not the file that the Hub lists: ${sizes}.`,
		);
	}

	/** Must the part begin anew, because the server sends the whole, or another content than the part is of? */
	async #startsOver(part: PartFile, opened: FileBytes, { file, warn, progress }: Wanted): Promise<boolean> {
		const { start, tag } = opened;
		const isOther = part.length > 0 && part.tag !== null && tag !== null && tag !== part.tag;
		const isFresh = part.length === 0;
		if (isFresh || (start === part.length && !isOther)) {
			if (part.tag !== tag) await part.from(tag);
			return false;
		}
		await part.restart(tag);
		progress(0, 0);
		const why = isOther ? 'has changed where it comes from' : 'cannot be resumed where it comes from';
		warn(`${quoted(file.path)} ${why}: it is fetched from the beginning.`);
		return true;
	}

	/** Writes what comes to the part. Ends the connection when next to nothing comes. */
	async #stream(part: PartFile, { body }: FileBytes, digest: GrowingDigest, wanted: Wanted): Promise<void> {
		const { throttle } = this.#tools;
		const { file, signal } = wanted;
		let told = part.length;
		const stopWatch = watchStall(this.#tools, () => part.length, body);
		const written = async (bytes: number) => {
			if (part.length - told >= stepBytes) digest.grow((told = part.length));
			wanted.progress(part.length, bytes);
			await throttle.pay(bytes, signal);
		};
		const sink = part.sink(written, (error) => diskFailure(error, file.path));
		try {
			await pipeline(body, sink, { signal });
		} finally {
			stopWatch();
		}
		if (part.length < file.total) throw new WireError('broken', 'the file ended early', undefined);
	}
}

/** The digest, or the abort when that comes first. */
async function ended(digest: GrowingDigest, size: number, signal: AbortSignal): Promise<string> {
	signal.throwIfAborted();
	try {
		return await digest.end(size);
	} catch (error) {
		if (isAbort(error) || errnoOf(error) !== null) throw error;
		throw new Failure('disk_error', 'A file in the model cache could not be read back.', { cause: error });
	}
}
