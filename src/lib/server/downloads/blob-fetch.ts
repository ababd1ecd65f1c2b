// Gets one file of a download: from what is here already, else from the Hub, and never believes it before its digest.
import { constants } from 'node:fs';
import { lstat, open, realpath, unlink } from 'node:fs/promises';
import { sep } from 'node:path';
import { contentProblem, headBytes } from '#lib/core/content-check.ts';
import { Failure } from '#lib/core/failure.ts';
import { quoted } from '#lib/core/repository.ts';
import { ended } from '#lib/server/downloads/digester.ts';
import { notThere, onDisk } from '#lib/server/downloads/disk-failure.ts';
import { damaged, unsafe } from '#lib/server/downloads/fetch-failures.ts';
import { stampOf } from '#lib/server/downloads/file-stamp.ts';
import type { Identity } from '#lib/server/downloads/owner.ts';
import { PartFile, removePart } from '#lib/server/downloads/part-file.ts';
import { Transfer, type TransferTools, type WantedBytes } from '#lib/server/downloads/transfer.ts';
import type { FileHashes } from '#lib/server/inventory/reading.ts';

export interface FetchTools extends TransferTools {
	self: Identity;
	/** What was read before, whoever read it. */
	hashes: Pick<FileHashes, 'has' | 'note'>;
}

/** One file that is wanted. */
export interface Wanted extends WantedBytes {
	/** Path of the finished blob, and the real root of the cache it must stay in. */
	blob: string;
	root: string;
	allowUnsafe: boolean;
	/** Throws when somebody else has taken over. */
	checkLease(): void;
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
			wanted.progress(part.bytes, 0);
			await part.close().catch(() => {}); // what stopped it is what is told
			if (error instanceof Failure && error.code === 'integrity_failed') await removePart(blob);
			throw error;
		}
		const stamp = await stampOf(blob).catch(() => null); // not noted: it is read once more when it is wanted again
		if (stamp !== null) this.#tools.hashes.note(blob, stamp, file.digest);
	}

	/** Is the content here under its name? One that is not what its name says is taken away. */
	async #isHere(wanted: Wanted): Promise<boolean> {
		const { blob, root, file } = wanted;
		const there = await lstat(blob).catch(notThere);
		if (there === null) return false;
		const real = await realpath(blob).catch(() => null);
		const facts = real === null ? null : await lstat(real);
		if (real !== null && !real.startsWith(root + sep)) throw unsafe(file.path);
		if (facts !== null && !facts.isFile()) throw unsafe(file.path);
		if (real !== null && facts?.size === file.total) {
			const stamp = await stampOf(real);
			if (this.#tools.hashes.has(real, stamp, file.digest)) return true;
			wanted.verifying();
			if ((await this.#digestOf(real, wanted)) === file.digest) {
				this.#tools.hashes.note(real, stamp, file.digest);
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
			return await ended(digest, file, signal);
		} finally {
			await handle.close();
		}
	}

	/** Fetches until the part is whole and right; damaged once means from the beginning, twice is a failure. */
	async #fetch(part: PartFile, wanted: Wanted): Promise<void> {
		const { file } = wanted;
		for (let times = 0; ; times += 1) {
			const got = await new Transfer(this.#tools, part, wanted).run();
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
}
