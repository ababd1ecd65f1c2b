// Digests of files while they are being written: a worker thread reads behind the writer, however large the file.
import { Worker } from 'node:worker_threads';
import type { DownloadFile } from '#lib/core/download.ts';
import { Failure, isAbort } from '#lib/core/failure.ts';
import { quoted } from '#lib/core/repository.ts';
import type { DigestOrder, DigestReply } from '#lib/server/downloads/digest-order.ts';
import program from '#lib/server/downloads/digest-worker.ts?worker-source';

/** Idle time after which the worker is let go; starting one costs some 30 ms. */
const idleMs = 10_000;

interface Waiting {
	resolve: (digest: string) => void;
	reject: (error: Error) => void;
}

/** The digest of one file that grows. The file must stay open until `end` or `drop` has settled. */
export interface GrowingDigest {
	/** So many bytes from the beginning are written and may be read. */
	grow(upTo: number): void;
	/** The digest of exactly so many bytes, in hexadecimal. */
	end(size: number): Promise<string>;
	drop(): Promise<void>;
}

/** One per process; the worker starts with the first file and is let go when there is none. */
export class Digester {
	#worker: Worker | null = null;
	#idle: NodeJS.Timeout | undefined;
	#serial = 0;
	readonly #waiting = new Map<number, Waiting>();
	#open = 0;

	/** Begins a digest: SHA-256 where the wanted one has 64 digits, else git's SHA-1 of a blob of that size. */
	begin(fd: number, wanted: string, size: number): GrowingDigest {
		const id = (this.#serial += 1);
		const isGit = wanted.length === 40;
		const prefix = isGit ? `blob ${size}\0` : '';
		this.#open += 1;
		this.#send({ op: 'begin', id, fd, algorithm: isGit ? 'sha1' : 'sha256', prefix });
		let isSettled = false;
		const settle = async (order: DigestOrder) => {
			if (isSettled) return '';
			isSettled = true;
			const settled = new Promise<string>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
			this.#send(order);
			try {
				return await settled;
			} finally {
				this.#open -= 1;
				this.#rest();
			}
		};
		return {
			grow: (upTo) => this.#send({ op: 'grow', id, upTo }),
			end: (upTo) => settle({ op: 'end', id, upTo }),
			drop: async () => void (await settle({ op: 'drop', id }).catch(() => '')), // nobody wants it any more
		};
	}

	#send(order: DigestOrder): void {
		clearTimeout(this.#idle);
		this.#worker ??= this.#start();
		this.#worker.ref();
		this.#worker.postMessage(order);
	}

	#start(): Worker {
		const worker = new Worker(program, { eval: true, name: 'digests', env: {}, stdin: false });
		worker.on('message', (reply: DigestReply) => {
			const waiting = this.#waiting.get(reply.id);
			this.#waiting.delete(reply.id);
			if ('digest' in reply) waiting?.resolve(reply.digest);
			else waiting?.reject(new Error(reply.error));
		});
		const broke = () => {
			if (this.#worker === worker) this.#worker = null;
			for (const { reject } of this.#waiting.values()) reject(new Error('The worker for digests ended.'));
			this.#waiting.clear();
		};
		worker.on('error', broke).on('exit', broke);
		return worker;
	}

	#rest(): void {
		if (this.#open > 0) return;
		this.#idle = setTimeout(() => void this.close(), idleMs);
		this.#idle.unref();
		this.#worker?.unref();
	}

	/** Ends the worker; digests under way fail. */
	async close(): Promise<void> {
		clearTimeout(this.#idle);
		const worker = this.#worker;
		this.#worker = null;
		await worker?.terminate();
	}
}

/** The digest of the whole file. Throws the abort when that came first, and `disk_error` with the system's own words. */
export async function ended(
	digest: GrowingDigest,
	{ path, total }: Pick<DownloadFile, 'path' | 'total'>,
	signal: AbortSignal,
): Promise<string> {
	signal.throwIfAborted();
	try {
		return await digest.end(total);
	} catch (cause) {
		if (isAbort(cause)) throw cause;
		const why = cause instanceof Error ? cause.message : 'nobody knows why';
		throw new Failure('disk_error', `${quoted(path)} could not be read back from the model cache: ${why}`, { cause });
	}
}
