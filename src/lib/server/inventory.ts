// Files of models on this machine, one at a time and as they are now; nothing here changes any of them.
import { lstat, readdir, readlink, realpath, stat } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import type { ByteSource } from '#lib/core/byte-source.ts';
import { Failure } from '#lib/core/failure.ts';
import type { ModelFile } from '#lib/core/model.ts';
import { isCommit, isRepositoryId } from '#lib/core/repository.ts';
import { inside, withFile } from '#lib/server/inner-file.ts';
import { idOfFolder } from '#lib/server/inventory/hub-folder.ts';
import type { Shelf } from '#lib/server/inventory/shelf.ts';

/** A text file of a local model, or its beginning. */
export interface LocalText {
	text: string;
	/** Null where the tool that keeps it knows none. */
	commit: string | null;
}

/** How far a snapshot is searched: real ones are two folders deep, a hostile one may be endless. */
const MOST_DEPTH = 4;
const MOST_ENTRIES = 20_000;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The folder name of a model in the cache. */
function folderOf(id: string): string {
	return `models--${id.replaceAll('/', '--')}`;
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

interface InventoryOptions {
	/** The shared cache (`HF_HUB_CACHE`). A missing folder is an empty one. */
	root: string;
	/** Copies that other tools keep, for models the shared cache does not have. */
	others?: Pick<Shelf, 'find' | 'last'>;
}

/** Reads files of models: of the shared cache as it is now, else of the copies that other tools keep. */
export class Inventory {
	readonly #root: string;
	readonly #others: Pick<Shelf, 'find' | 'last'> | null;

	constructor({ root, others }: InventoryOptions) {
		this.#root = root;
		this.#others = others ?? null;
	}

	/** The cache's real place; null when there is no cache. */
	async #realRoot(): Promise<string | null> {
		try {
			return await realpath(this.#root);
		} catch {
			return null; // not there, or not ours to read: as good as empty
		}
	}

	/** Ids of the models that may be here, by the names of their folders; whether they can be read shows in reading them. */
	async ids(): Promise<Set<string>> {
		const root = await this.#realRoot();
		const names = root === null ? [] : await readdir(root).catch(() => []);
		const others = this.#others?.last.held.flatMap(({ copy }) => (copy.broken === null ? copy.id : [])) ?? [];
		return new Set([...names.flatMap((name) => idOfFolder(name) ?? []), ...others]);
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

	/** The snapshots of a model that a revision means, best first; none when it is not here. */
	async #find(root: string | null, id: string, revision: string | null): Promise<Snapshot[]> {
		if (root === null) return [];
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
		for (const { commit, folder } of await this.#find(root, id, revision)) {
			const place = join(folder, ...path.split('/'));
			if (!place.startsWith(folder + sep)) return null;
			const bytes = await readInside(root ?? folder, place, limitBytes);
			if (bytes !== null) return { text: decoder.decode(bytes), commit };
		}
		for (const { real, place, commit } of this.#elsewhere(id, path, revision)) {
			const bytes = await readInside(real, place, limitBytes);
			if (bytes !== null) return { text: decoder.decode(bytes), commit };
		}
		return null;
	}

	/** A file in the copies of other tools; those that know no commit are only meant when none is asked for. */
	*#elsewhere(id: string, path: string, revision: string | null) {
		for (const { copy, found, real } of this.#others?.find(id) ?? []) {
			if (copy.id !== id || copy.root === this.#root || copy.broken !== null) continue;
			for (const { commit, files } of found.revisions) {
				if (revision !== null && revision !== 'main' && revision !== commit) continue;
				const file = files.find((one) => one.path === path);
				if (file !== undefined) yield { real, place: file.real, commit };
			}
		}
	}

	/**
	 * Opens a file of a model here and hands it to `work`, with the commit it is of; null when it is not here. Failures
	 * of `work` are thrown as they are.
	 */
	async open<T>(
		{ id, path, revision = null }: { id: string; path: string; revision?: string | null },
		work: (source: ByteSource, commit: string | null) => Promise<T>,
	): Promise<T | null> {
		const root = await this.#realRoot();
		for (const { commit, folder } of await this.#find(root, id, revision)) {
			const place = join(folder, ...path.split('/'));
			const real = place.startsWith(folder + sep) ? await inside(root ?? folder, place) : null;
			const done = real === null ? null : await withFile(real, (source) => work(source, commit));
			if (done !== null) return done;
		}
		for (const { real, place, commit } of this.#elsewhere(id, path, revision)) {
			const file = await inside(real, place);
			const done = file === null ? null : await withFile(file, (source) => work(source, commit));
			if (done !== null) return done;
		}
		return null;
	}

	/**
	 * The files of the best snapshot of a model here, which may be partial; null when it is not here. `sha256` is known
	 * where the cache names the content by it.
	 */
	async files(id: string): Promise<{ commit: string | null; files: ModelFile[] } | null> {
		const root = await this.#realRoot();
		const [best] = await this.#find(root, id, null);
		if (root === null || best === undefined) {
			const other = this.#others?.find(id).find(({ copy }) => copy.id === id && copy.broken === null)?.copy;
			return other === undefined ? null : { commit: other.revision, files: other.files };
		}
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
