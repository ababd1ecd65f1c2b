// Writes Hugging Face cache folders as the tools leave them: with links, without, shared, partial, broken.
import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { gitDigest } from './fake-hub-repo.ts';

interface CachedModel {
	id: string;
	commit: string;
	files: Record<string, string | Uint8Array>;
	/** Refs to write; `main` unless told. */
	refs?: string[];
	/**
	 * `links`: as on Linux and macOS; `files`: no-symlink mode; `shared`: two hops through the store that all models share.
	 */
	layout?: 'links' | 'files' | 'shared';
	/** Age of the snapshot folder in days. */
	age?: number;
}

function put(path: string, text: string | Uint8Array): void {
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, text);
}

function link(path: string, target: string): void {
	mkdirSync(dirname(path), { recursive: true });
	symlinkSync(relative(dirname(path), target), path);
}

/** The name a blob has: SHA-256 for weights, git's digest for small files. */
export function blobName(path: string, text: string | Uint8Array): string {
	if (/\.(safetensors|gguf|bin)$/.test(path)) return createHash('sha256').update(text).digest('hex');
	return gitDigest(typeof text === 'string' ? Buffer.from(text) : text);
}

/** Adds one snapshot of a model to a cache folder; gives the model's folder. */
export function cacheModel(root: string, model: CachedModel): string {
	const { id, commit, files, refs = ['main'], layout = 'links', age } = model;
	const folder = join(root, `models--${id.replaceAll('/', '--')}`);
	const snapshot = join(folder, 'snapshots', commit);
	mkdirSync(snapshot, { recursive: true });
	mkdirSync(join(folder, 'blobs'), { recursive: true });
	for (const [path, text] of Object.entries(files)) {
		const blob = join(folder, 'blobs', blobName(path, text));
		if (layout === 'files') put(join(snapshot, path), text);
		if (layout === 'links') put(blob, text);
		if (layout === 'shared') {
			const xet = createHash('sha256').update('xet ').update(text).digest('hex');
			const payload = join(root, 'blobs', xet.slice(0, 2), xet);
			put(join(root, 'blobs', '.huggingface-shared-blobs'), '1\n');
			put(payload, text);
			put(`${payload}.refs`, `${relative(root, blob)}\n`);
			link(blob, payload);
		}
		if (layout !== 'files') link(join(snapshot, path), blob);
	}
	for (const ref of refs) put(join(folder, 'refs', ref), commit);
	if (age !== undefined) {
		const then = new Date(Date.now() - age * 86_400_000);
		utimesSync(snapshot, then, then);
	}
	return folder;
}
