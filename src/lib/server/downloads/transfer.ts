// The transfer of one file into its part: piece by piece, large files in several at once, hashed behind the writers.
import type { DownloadFile } from '#lib/core/download.ts';
import { Failure, type FailureCode } from '#lib/core/failure.ts';
import { formatCount } from '#lib/core/format.ts';
import { isDigest, quoted } from '#lib/core/repository.ts';
import { sleep, type Clock } from '#lib/server/clock.ts';
import { ended, type Digester, type GrowingDigest } from '#lib/server/downloads/digester.ts';
import { onDisk } from '#lib/server/downloads/disk-failure.ts';
import { changed, changing } from '#lib/server/downloads/fetch-failures.ts';
import { TooLong, type PartFile } from '#lib/server/downloads/part-file.ts';
import { batchBytes, pour } from '#lib/server/downloads/pour.ts';
import { piecesOf, type Span } from '#lib/server/downloads/spans.ts';
import { StartOver } from '#lib/server/downloads/start-over.ts';
import { watchStall } from '#lib/server/downloads/stall.ts';
import type { Streams } from '#lib/server/downloads/streams.ts';
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

export interface TransferTools {
	hub: Pick<Hub, 'open'>;
	clock: Clock;
	random: () => number;
	digester: Pick<Digester, 'begin'>;
	throttle: Throttle;
	streams: Streams;
}

/** The file that is wanted, and who wants to hear of it. */
export interface WantedBytes {
	id: string;
	commit: string;
	file: Pick<DownloadFile, 'path' | 'total' | 'digest'>;
	signal: AbortSignal;
	/** Bytes on the disk now, and bytes that came over the wire since the last call. */
	progress(bytes: number, fetched: number): void;
	verifying(): void;
	warn(message: string): void;
}

interface PieceOptions {
	/** A reply that was had before; null for none. */
	given: FileBytes | null;
	/** Pieces that nobody has begun. */
	others: Span[];
	/** Called when the server sends what was asked for. */
	answered: () => void;
}

/** One file on its way into one part; for one use. */
export class Transfer {
	readonly #tools: TransferTools;
	readonly #part: PartFile;
	readonly #wanted: WantedBytes;
	#digest: GrowingDigest;
	#grown = 0;
	#restarts = 0;
	/** Has the server been heard of since the part was empty? */
	#isKnown = false;
	/** Does the server send whole files only? */
	#isPlain = false;

	constructor(tools: TransferTools, part: PartFile, wanted: WantedBytes) {
		this.#tools = tools;
		this.#part = part;
		this.#wanted = wanted;
		this.#digest = this.#begin();
	}

	/** Fetches what the part lacks; gives the digest of the whole, empty when more came than was announced. */
	async run(): Promise<string> {
		const { file, signal, verifying } = this.#wanted;
		let opened: FileBytes | null = null;
		try {
			while (this.#part.bytes < file.total) {
				try {
					await this.#round(opened);
					opened = null;
				} catch (error) {
					if (!(error instanceof StartOver)) throw error;
					opened = await this.#startOver(error);
				}
			}
			verifying();
			return await ended(this.#digest, file, signal);
		} catch (error) {
			if (error instanceof TooLong) return '';
			throw error;
		} finally {
			await this.#digest.drop();
		}
	}

	#begin(): GrowingDigest {
		const { file } = this.#wanted;
		const digest = this.#tools.digester.begin(this.#part.fd, file.digest, file.total);
		digest.grow(this.#part.length);
		this.#grown = this.#part.length;
		return digest;
	}

	/** One go at everything that is missing, in several streams where that is worth it. Throws what ended it. */
	async #round(opened: FileBytes | null): Promise<void> {
		const { streams } = this.#tools;
		const { file, signal } = this.#wanted;
		const missing = file.total - this.#part.bytes;
		const size = this.#isPlain ? null : streams.pieceBytes(missing);
		const pieces = piecesOf(this.#part.spans, file.total, size ?? Infinity);
		if (size !== null) await onDisk(file.path, () => this.#part.spread());
		const group = new AbortController();
		const both = AbortSignal.any([signal, group.signal]);
		const failures: unknown[] = [];
		const extra: Promise<void>[] = [];
		const stream = async (first: FileBytes | null) => {
			try {
				let given = first;
				for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) {
					await this.#piece(piece, both, { given, others: pieces, answered: widen });
					given = null;
				}
			} catch (error) {
				failures.push(error);
				// A reply that brings the whole is read on, when nobody else has to be stopped.
				if (!(error instanceof StartOver) || extra.length > 0) group.abort(error);
			}
		};
		/** Once it is known that the server sends pieces, others are fetched beside the first one. */
		const widen = () => {
			while (size !== null && !both.aborted && extra.length < pieces.length && streams.take(extra.length + 1)) {
				extra.push(stream(null).finally(() => streams.give()));
			}
		};
		await stream(opened);
		await Promise.all(extra);
		if (group.signal.aborted) failures.forEach((failure) => failure instanceof StartOver && failure.letGo());
		if (failures.length > 0) throw failures[0];
	}

	/** Fetches one piece, over as many connections as it takes. */
	async #piece(piece: Span, signal: AbortSignal, options: PieceOptions): Promise<void> {
		const left = { ...piece };
		let { given } = options;
		let tries = 0;
		while (left.start < left.end) {
			signal.throwIfAborted();
			const before = left.start;
			try {
				await this.#attempt(left, signal, { ...options, given });
			} catch (error) {
				if (error instanceof TooLong || error instanceof StartOver) throw error;
				tries = left.start > before ? 0 : tries + 1;
				await this.#pause(error, tries, signal);
			}
			given = null;
		}
	}

	/** One connection for what is left of a piece. */
	async #attempt(left: Span, signal: AbortSignal, { given, others, answered }: PieceOptions): Promise<void> {
		const { path, total } = this.#wanted.file;
		const reply = given ?? (await this.#open(left, signal));
		try {
			await onDisk(path, () => this.#check(reply, left));
			if (!reply.isPart && left.end < total) {
				// The whole comes in place of its first piece: so be it.
				this.#isPlain = true;
				left.end = total;
				others.length = 0;
			}
			answered();
			await this.#stream(reply, left, signal);
		} catch (error) {
			if (!(error instanceof StartOver) || error.opened === null) reply.body.destroy();
			throw error;
		}
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

	async #open({ start, end }: Span, signal: AbortSignal): Promise<FileBytes> {
		const { id, commit, file } = this.#wanted;
		const rest = { start, ...(end < file.total ? { end } : {}), tag: this.#part.tag };
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

	/** Throws StartOver when the server sends the whole in place of a part, or another content than the part is of. */
	async #check(opened: FileBytes, { start }: Span): Promise<void> {
		const { tag } = this.#part;
		const isFresh = this.#part.bytes === 0 && !this.#isKnown;
		const isOther = !isFresh && tag !== null && opened.tag !== null && opened.tag !== tag;
		const isWhole = !opened.isPart && (start > 0 || this.#part.bytes > 0);
		if (isOther || isWhole) throw new StartOver(isOther, opened.start === 0 && !opened.isPart ? opened : null);
		this.#isKnown = true;
		if (tag !== opened.tag) await this.#part.from(opened.tag);
	}

	/** Empties the part; gives the reply that the whole comes with, when there is one. */
	async #startOver({ isOther, opened }: StartOver): Promise<FileBytes | null> {
		const { file, progress, warn } = this.#wanted;
		try {
			if ((this.#restarts += 1) > mostRestarts) throw changing(this.#wanted);
			await this.#digest.drop();
			await onDisk(file.path, () => this.#part.restart(opened?.tag ?? null));
		} catch (error) {
			opened?.body.destroy();
			throw error;
		}
		this.#digest = this.#begin();
		this.#isKnown = false;
		if (!isOther) this.#isPlain = true;
		progress(0, 0);
		const why = isOther ? 'has changed where it comes from' : 'cannot be resumed where it comes from';
		warn(`${quoted(file.path)} ${why}: it is fetched from the beginning.`);
		return opened;
	}

	/** Writes what comes to the part; `left` shrinks with it. Ends the connection when next to nothing comes. */
	async #stream({ body }: FileBytes, left: Span, signal: AbortSignal): Promise<void> {
		const { throttle, clock, streams } = this.#tools;
		const { file, progress } = this.#wanted;
		const stopWatch = watchStall(this.#tools, () => left.start, body);
		const write = async (chunks: Buffer[], bytes: number) => {
			if (left.start + bytes > left.end) throw new TooLong();
			await onDisk(file.path, () => this.#part.write(chunks, bytes, left.start));
			left.start += bytes;
			const { length } = this.#part;
			if (length - this.#grown >= stepBytes) this.#digest.grow((this.#grown = length));
			progress(this.#part.bytes, bytes);
			await throttle.pay(bytes, signal);
		};
		try {
			await pour(body, { write, clock, most: () => throttle.share(batchBytes), ahead: () => streams.ahead });
		} finally {
			stopWatch();
		}
		if (left.start < left.end) throw new WireError('broken', 'the file ended early', undefined);
	}
}
