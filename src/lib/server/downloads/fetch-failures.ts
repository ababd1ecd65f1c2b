// What can be wrong with a file that comes or is here already, in sentences that name it.
import type { DownloadFile } from '#lib/core/download.ts';
import { Failure } from '#lib/core/failure.ts';
import { quoted } from '#lib/core/repository.ts';

interface About {
	id: string;
	file: Pick<DownloadFile, 'path' | 'digest'>;
}

/** The failure for a file that arrived damaged twice. `got`: the digest of what came; empty when too much came. */
export function damaged({ id, file }: About, got: string): Failure {
	const kind = file.digest.length === 64 ? 'SHA-256' : 'git SHA-1';
	const found = got === '' ? 'more bytes than were announced came' : `what came has ${got}`;
	return new Failure(
		'integrity_failed',
		`${quoted(file.path)} of ${id} arrived damaged twice and was deleted: its ${kind} is ${file.digest}, ${found}. Try again later with: modeldex model download ${id}`,
	);
}

/** The failure for something in the place of a file that is none. */
export function unsafe(path: string): Failure {
	return new Failure(
		'unsafe_local_path',
		`"${quoted(path)}" in the model cache is no file, or a link to somewhere else; it was left alone.`,
	);
}

/** The failure for a file that the Hub has replaced since it was listed. */
export function changed({ id, file: { path } }: About): Failure {
	return new Failure(
		'file_changed',
		`The Hub names another content for ${quoted(path)} of ${id} than its list of files did; order it again to get that one.`,
	);
}

/** The failure for a file whose entity tag does not hold still. */
export function changing({ id, file }: About): Failure {
	return new Failure(
		'file_changed',
		`${quoted(file.path)} of ${id} kept changing where it comes from while it was downloaded.`,
	);
}
