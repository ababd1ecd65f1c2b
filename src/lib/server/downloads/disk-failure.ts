// What the disk's refusals mean for a person: full, not to be written, or in trouble.
import { Failure } from '#lib/core/failure.ts';
import { quoted } from '#lib/core/repository.ts';

const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const closed = new Set(['EROFS', 'EACCES', 'EPERM', 'ENOTDIR', 'ENOENT']);
const crowded = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);

/** The system's word for an error of a file operation, such as ENOSPC; null for errors of other kinds. */
export function errnoOf(error: unknown): string | null {
	if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return null;
	return typeof error.code === 'string' ? error.code : null;
}

/** For a catch: null for what is not there; everything else the disk says is thrown, or it would look as if it were not. */
export function notThere(error: unknown): null {
	const code = errnoOf(error);
	if (code === 'ENOENT' || code === 'ENOTDIR') return null;
	throw error;
}

/**
 * An error of a file operation as a failure that names the file and the cause; every other error as it is. `what` is the
 * file as the repository calls it.
 */
export function diskFailure(error: unknown, what: string): unknown {
	const code = errnoOf(error);
	if (code === null || error instanceof Failure) return error;
	const name = quoted(what);
	if (full.has(code)) {
		const message = `The disk is full (${code}), so ${name} could not be written to the model cache; make room, then go on: what is here is kept.`;
		return new Failure('disk_full', message, { cause: error });
	}
	if (closed.has(code)) {
		const why = code === 'EROFS' ? 'its disk is read-only: EROFS' : `the system answered ${code}`;
		return new Failure('not_writable', `The model cache cannot be written (${why}), so ${name} has no place.`, {
			cause: error,
		});
	}
	const why = crowded.has(code) ? `too many files are open (${code})` : `the disk reports an error (${code})`;
	return new Failure('disk_error', `${name} could not be written to the model cache: ${why}.`, { cause: error });
}

/** Runs work on files; what the disk refuses is thrown as a failure about that file. */
export async function onDisk<T>(what: string, work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		throw diskFailure(error, what);
	}
}
