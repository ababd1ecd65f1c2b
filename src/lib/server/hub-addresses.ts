// Addresses below the Hub's endpoint of files at a revision; every part of them checked or encoded.
import { encodeId, parseHubId, parseRevision } from '#lib/core/repository.ts';

/** Path of a file. Throws `invalid_model_id` or `invalid_revision`. */
export function fileAddress(id: string, revision: string, path: string): string {
	const encoded = path.split('/').map(encodeURIComponent).join('/');
	return `/${encodeId(parseHubId(id))}/resolve/${encodeURIComponent(parseRevision(revision))}/${encoded}`;
}
