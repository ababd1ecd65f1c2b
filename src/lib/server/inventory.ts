// The models on this machine: reads the Hugging Face cache as every tool leaves it, and never changes it.
import { lstat, readdir, readlink, realpath, stat } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import type { ByteSource } from '#lib/core/byte-source.ts';
import { Failure } from '#lib/core/failure.ts';
import type { ModelFile } from '#lib/core/model.ts';
import { isCommit, isRepositoryId } from '#lib/core/repository.ts';
import { inside, withFile } from '#lib/server/inner-file.ts';

/** A model with at least one usable snapshot. `commit` is that of `refs/main`, else of the newest snapshot. */
export interface LocalModel {
	id: string;
	commit: string;
}

/** A folder that looks like a model's but cannot be used, and why. */
export interface BrokenFolder {
	folder: string;
	why: string;
}

export interface LocalScan {
	models: LocalModel[];
	broken: BrokenFolder[];
}

/** A text file of a local model, or its beginning. */
export interface LocalText {
	text: string;
	commit: string;
}

const folderPattern = /^models--(.+)$/;
const weightsPattern = /\.(safetensors|gguf|bin|pt|pth|ckpt|onnx|h5|msgpack|npz|mlmodel|tflite|pte|ot)$/i;

/** How far a snapshot is searched: real ones are two folders deep, a hostile one may be endless. */
const MOST_DEPTH = 4;
const MOST_ENTRIES = 20_000;
const SCANNED_AT_ONCE = 8;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The folder name of a model in the cache. */
function folderOf(id: string): string {
	return `models--${id.replaceAll('/', '--')}`;
}

function idOf(folder: string): string | null {
	const id = folderPattern.exec(folder)?.[1]?.replace('--', '/') ?? '';
	return isRepositoryId(id) ? id : null;
}

function isMissing(error: unknown): boolean {
	return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

/** The first bytes of a file inside `root`; null when it is none. Links are followed to where they really lead. */
async function readInside(root: string, path: string, limitBytes: number): Promise<Uint8Array | null> {
	const real = await inside(root, path);
	if (real === null) return null;
	try {
		return await withFile(real, (source) => source.read(0, limitBytes));
	} catch (error) {
		if (error instanceof Failure) return null; // not readable: as good as not there
		throw error;
	}
}

interface SnapshotFile {
	/** Path inside the repository. */
	path: string;
	/** Path on this machine. */
	place: string;
}

/** Every file of a snapshot folder, links included, in no order; folders that are links are not entered. */
async function walk(folder: string): Promise<SnapshotFile[]> {
	const found: SnapshotFile[] = [];
	const visit = async (place: string, prefix: string, depth: number): Promise<void> => {
		for (const entry of await readdir(place, { withFileTypes: true })) {
			if (found.length >= MOST_ENTRIES) return;
			const path = prefix + entry.name;
			const below = join(place, entry.name);
			if (entry.isDirectory() && depth < MOST_DEPTH) await visit(below, `${path}/`, depth + 1);
			else if (entry.isFile() || entry.isSymbolicLink()) found.push({ path, place: below });
		}
	};
	await visit(folder, '', 1);
	return found;
}

interface Snapshot {
	commit: string;
	folder: string;
	/** Milliseconds since 1970. */
	changed: number;
}

/** Reads one cache folder (`HF_HUB_CACHE`). A missing folder is an empty cache. */
export class Inventory {
	readonly #root: string;

	constructor({ root }: { root: string }) {
		this.#root = root;
	}

	/** The cache's real place; null when there is no cache. */
	async #realRoot(): Promise<string | null> {
		try {
			return await realpath(this.#root);
		} catch {
			return null; // not there, or not ours to read: as good as empty
		}
	}

	/** Every model here. A broken folder is reported and never stops the others. */
	async scan(): Promise<LocalScan> {
		const root = await this.#realRoot();
		const scan: LocalScan = { models: [], broken: [] };
		if (root === null) return scan;
		const names = await readdir(root).catch(() => []);
		const folders = names.filter((name) => folderPattern.test(name)).sort();
		for (let at = 0; at < folders.length; at += SCANNED_AT_ONCE) {
			const batch = folders.slice(at, at + SCANNED_AT_ONCE).map((folder) => this.#examine(root, folder));
			for (const result of await Promise.all(batch)) {
				if ('id' in result) scan.models.push(result);
				else scan.broken.push(result);
			}
		}
		return scan;
	}

	async #examine(root: string, folder: string): Promise<LocalModel | BrokenFolder> {
		const id = idOf(folder);
		if (id === null) return { folder, why: 'its name is not that of a model' };
		const place = join(root, folder);
		if ((await inside(root, place)) !== place) return { folder, why: 'it is a link, or leads out of the cache' };
		try {
			const snapshots = await this.#snapshots(place);
			if (snapshots.length === 0) return { folder, why: 'it has no snapshot' };
			for (const snapshot of snapshots) {
				if (await this.#isUsable(root, snapshot)) return { id, commit: snapshot.commit };
			}
			return { folder, why: 'no snapshot has a config.json or weights' };
		} catch (error) {
			return { folder, why: isMissing(error) ? 'it has no snapshots folder' : 'it cannot be read' };
		}
	}

	/** Snapshots, the one `refs/main` names first, then newest first. */
	async #snapshots(place: string): Promise<Snapshot[]> {
		const found: Snapshot[] = [];
		for (const entry of await readdir(join(place, 'snapshots'), { withFileTypes: true })) {
			if (!entry.isDirectory() || !isCommit(entry.name)) continue;
			const folder = join(place, 'snapshots', entry.name);
			found.push({ commit: entry.name, folder, changed: (await stat(folder)).mtimeMs });
		}
		const main = await this.#ref(place, 'main');
		const rank = ({ commit }: Snapshot) => (commit === main ? 0 : 1);
		return found.sort((a, b) => rank(a) - rank(b) || b.changed - a.changed);
	}

	/** The commit a branch or tag was last downloaded at; null when it never was. */
	async #ref(place: string, revision: string): Promise<string | null> {
		const text = await readInside(place, join(place, 'refs', ...revision.split('/')), 100);
		const commit = decoder.decode(text ?? undefined).trim();
		return isCommit(commit) ? commit : null;
	}

	async #isUsable(root: string, { folder }: Snapshot): Promise<boolean> {
		for (const { path, place } of await walk(folder)) {
			if (path !== 'config.json' && !weightsPattern.test(path)) continue;
			const real = await inside(root, place);
			if (real !== null && (await lstat(real)).isFile()) return true;
		}
		return false;
	}

	/** The snapshots of a model that a revision means, best first; none when it is not here. */
	async #find(root: string, id: string, revision: string | null): Promise<Snapshot[]> {
		const place = join(root, folderOf(id));
		if (!isRepositoryId(id) || (await inside(root, place)) !== place) return [];
		try {
			const snapshots = await this.#snapshots(place);
			if (revision === null || revision === 'main') return snapshots;
			const commit = isCommit(revision) ? revision : await this.#ref(place, revision);
			return snapshots.filter((snapshot) => snapshot.commit === commit);
		} catch {
			return []; // no snapshots folder, or not ours to read
		}
	}

	/**
	 * A text file of a model here, read up to `limitBytes`; null when the model, the revision or the file is not here.
	 * `revision` null means whatever is here.
	 */
	async text(id: string, path: string, limitBytes: number, revision: string | null = null): Promise<LocalText | null> {
		const root = await this.#realRoot();
		if (root === null) return null;
		for (const { commit, folder } of await this.#find(root, id, revision)) {
			const place = join(folder, ...path.split('/'));
			if (!place.startsWith(folder + sep)) return null;
			const bytes = await readInside(root, place, limitBytes);
			if (bytes !== null) return { text: decoder.decode(bytes), commit };
		}
		return null;
	}

	/**
	 * Opens a file of a model here and hands it to `work`, with the commit it is of; null when it is not here. Failures
	 * of `work` are thrown as they are.
	 */
	async open<T>(
		{ id, path, revision = null }: { id: string; path: string; revision?: string | null },
		work: (source: ByteSource, commit: string) => Promise<T>,
	): Promise<T | null> {
		const root = await this.#realRoot();
		if (root === null) return null;
		for (const { commit, folder } of await this.#find(root, id, revision)) {
			const place = join(folder, ...path.split('/'));
			const real = place.startsWith(folder + sep) ? await inside(root, place) : null;
			const done = real === null ? null : await withFile(real, (source) => work(source, commit));
			if (done !== null) return done;
		}
		return null;
	}

	/**
	 * The files of the best snapshot of a model here, which may be partial; null when it is not here. `sha256` is known
	 * where the cache names the content by it.
	 */
	async files(id: string): Promise<{ commit: string; files: ModelFile[] } | null> {
		const root = await this.#realRoot();
		const [best] = root === null ? [] : await this.#find(root, id, null);
		if (root === null || best === undefined) return null;
		const files: ModelFile[] = [];
		for (const { path, place } of await walk(best.folder)) {
			const real = await inside(root, place);
			const facts = real === null ? null : await lstat(real);
			if (facts === null || !facts.isFile()) continue;
			const blob = await firstHop(place);
			const sha256 = blob !== null && /^[0-9a-f]{64}$/.test(blob) ? blob : null;
			files.push({ path, size: facts.size, sha256, lfs: sha256 !== null });
		}
		return { commit: best.commit, files };
	}
}

/** The name of what a link points to first: the repository's own blob, whatever that may point to in turn. */
async function firstHop(place: string): Promise<string | null> {
	try {
		return basename(await readlink(place));
	} catch {
		return null; // a file in its own right
	}
}
