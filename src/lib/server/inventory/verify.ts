// Checks the bytes of a copy against every hash that is known of them.
import { join } from 'node:path';
import { z } from 'zod';
import type { FileHashes } from '#lib/server/inventory/reading.ts';
import type { FoundFile, FoundRevision } from '#lib/server/inventory/found.ts';
import { smallJson } from '#lib/server/inventory/look.ts';
import { bestOf, type Held } from '#lib/server/inventory/shelf.ts';

/** A hash that a file ought to have. `git` is what git gives small files. */
export interface Expected {
	kind: 'sha256' | 'git';
	value: string;
	/** Who says so, as the rest of "as … says". */
	by: string;
}

/** One file after a check. `unknown`: nothing says which bytes it ought to hold. */
export interface CheckedFile {
	path: string;
	size: number;
	state: 'ok' | 'mismatch' | 'missing' | 'unknown';
	expected: Expected | null;
	/** What was computed; null where nothing was read. */
	actual: string | null;
}

/** More hashes by path, such as those of a lock file or of the Hub's own list. */
export type Told = (path: string) => Expected | null;

const treeSchema = z.object({
	files: z.record(z.string(), z.object({ blob_id: z.string().optional(), lfs_sha256: z.string().nullish() })),
});

/** The hashes that the cache noted of a commit's files, where it did. */
function treeHashes({ found }: Held, { commit }: FoundRevision): Told {
	const tree = treeSchema.safeParse(
		commit === null ? null : smallJson(join(found.path, 'trees', `${commit}.json`), 32 * 1024 * 1024),
	);
	return (path) => {
		const file = tree.data?.files[path];
		if (file?.lfs_sha256 != null) return { kind: 'sha256', value: file.lfs_sha256, by: 'the list of the commit' };
		return file?.blob_id === undefined ? null : { kind: 'git', value: file.blob_id, by: 'the list of the commit' };
	};
}

function own(file: FoundFile): Expected | null {
	if (file.sha256 !== null) {
		const by = file.known_by === 'name' ? 'the name of its blob' : 'the list beside it';
		return { kind: 'sha256', value: file.sha256, by };
	}
	return file.git === null ? null : { kind: 'git', value: file.git, by: 'the name of its blob' };
}

interface VerifyOptions {
	hashes: FileHashes;
	told?: Told;
	signal?: AbortSignal | undefined;
	onBytes?: ((bytes: number) => void) | undefined;
}

/**
 * Checks the best revision of a copy, or the one named, file by file. A hash that is told outranks what the copy says
 * of itself. Throws only when aborted.
 */
export async function* verifyCopy(
	held: Held,
	commit: string | null,
	options: VerifyOptions,
): AsyncGenerator<CheckedFile> {
	const { hashes, told, signal, onBytes } = options;
	const revision =
		commit === null ? bestOf(held.found) : (held.found.revisions.find((one) => one.commit === commit) ?? null);
	if (revision === null) return;
	const listed = treeHashes(held, revision);
	for (const path of revision.missing) {
		yield { path, size: 0, state: 'missing', expected: told?.(path) ?? listed(path), actual: null };
	}
	for (const file of revision.files) {
		const expected = told?.(file.path) ?? own(file) ?? listed(file.path);
		const common = { path: file.path, size: file.size, expected };
		if (expected === null) {
			yield { ...common, state: 'unknown', actual: null };
			continue;
		}
		const actual = await computed(held, file, { hashes, signal, onBytes });
		if (actual === null) yield { ...common, state: 'missing', actual: null };
		else
			yield {
				...common,
				actual: actual[expected.kind],
				state: actual[expected.kind] === expected.value ? 'ok' : 'mismatch',
			};
	}
}

async function computed({ real }: Held, file: FoundFile, { hashes, ...options }: VerifyOptions) {
	try {
		return await hashes.read(real, file, options);
	} catch (error) {
		options.signal?.throwIfAborted();
		if (error instanceof Error && 'code' in error && error.code === 'unsafe_local_path') return null; // gone meanwhile
		throw error;
	}
}
