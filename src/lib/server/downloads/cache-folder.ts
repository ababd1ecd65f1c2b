// Our own hand in the Hugging Face cache: folders, blobs, snapshots and refs as other tools write and find them.
import { constants } from 'node:fs';
import {
	access,
	copyFile,
	link,
	lstat,
	mkdir,
	open,
	readlink,
	realpath,
	rename,
	symlink,
	unlink,
	writeFile,
} from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { Failure } from '#lib/core/failure.ts';
import { fileNameProblem, isCommit, isDigest, parseRepositoryId, quoted } from '#lib/core/repository.ts';
import { errnoOf, notThere } from '#lib/server/downloads/disk-failure.ts';

/** Written into a fresh cache, so that backups leave it out (the convention of bford.info/cachedir). */
const tag =
	'Signature: 8a477f597d28d172789f06886806bc55\n# This folder holds downloaded models; they can be fetched again.\n';

/** The folder of one model in the cache; everything it is asked to write lies inside. */
export class CacheFolder {
	/** Real path of the model's folder. */
	readonly path: string;
	/** Real path of the cache. */
	readonly root: string;

	private constructor(root: string, path: string) {
		this.root = root;
		this.path = path;
	}

	/**
	 * Opens the folder of a model, and makes it when it is not there. Throws `unsafe_local_path` when it, or a folder in
	 * it, is a link to somewhere else; what the disk refuses is thrown as it is.
	 */
	static async open(root: string, id: string): Promise<CacheFolder> {
		const name = `models--${parseRepositoryId(id).replaceAll('/', '--')}`;
		const isFresh = (await mkdir(root, { recursive: true })) !== undefined;
		const real = await realpath(root);
		await access(real, constants.W_OK); // making folders in it would only say that something is not there
		if (isFresh) await writeFile(join(real, 'CACHEDIR.TAG'), tag, { flag: 'wx' }).catch(() => {}); // somebody was faster
		const folder = new CacheFolder(real, join(real, name));
		for (const part of ['blobs', 'snapshots', 'refs']) await folder.#folder(part);
		return folder;
	}

	/** The real path of a folder inside, made when it is not there. */
	async #folder(...parts: string[]): Promise<string> {
		const wanted = join(this.path, ...parts);
		await mkdir(wanted, { recursive: true });
		if ((await realpath(wanted)) !== wanted) throw elsewhere(wanted.slice(this.root.length + 1));
		return wanted;
	}

	/** The folder of the contents. */
	get blobs(): string {
		return join(this.path, 'blobs');
	}

	/** Where the content with this digest lies once it is verified. Throws `invalid_digest`. */
	blob(digest: string): string {
		if (!isDigest(digest)) throw new Failure('invalid_digest', 'The Hub named a digest that is not one.');
		return join(this.blobs, digest);
	}

	/** The folder of a commit. Throws `invalid_digest` for what is no commit. */
	snapshot(commit: string): string {
		if (!isCommit(commit)) throw new Failure('invalid_digest', 'The Hub named a commit that is not one.');
		return join(this.path, 'snapshots', commit);
	}

	/** The path of a file at a commit, if its name may become one; throws `unsafe_file_name`. */
	#place(commit: string, path: string): string {
		const problem = fileNameProblem(path);
		const place = resolve(this.snapshot(commit), ...path.split('/'));
		if (problem === null && place.startsWith(this.snapshot(commit) + sep)) return place;
		throw new Failure(
			'unsafe_file_name',
			`"${quoted(path)}" was refused as a file name: ${problem ?? 'it leaves its folder'}.`,
		);
	}

	/**
	 * Gives a verified content its name at a commit: a relative link, as the Hub's own tools make it; a hard link or a
	 * copy where the file system has none. What is there already under that name gives way in one step.
	 */
	async name(commit: string, path: string, digest: string): Promise<void> {
		const place = this.#place(commit, path);
		const blob = this.blob(digest);
		await this.#folder('snapshots', commit, ...path.split('/').slice(0, -1));
		const target = relative(dirname(place), blob);
		const there = await lstat(place).catch(notThere);
		if (there?.isSymbolicLink() === true && (await readlink(place)) === target) return;
		if (there !== null && !there.isSymbolicLink() && !there.isFile()) throw elsewhere(path);
		await inOneStep(place, (fresh) => linked(target, blob, fresh));
	}

	/** Notes which commit a branch or tag meant. Nothing is noted for a commit, which means itself. */
	async setRef(ref: string, commit: string): Promise<void> {
		if (isCommit(ref)) return;
		const parts = ref.split('/');
		if (parts.some((part) => fileNameProblem(part) !== null)) {
			throw new Failure('invalid_revision', `"${quoted(ref)}" cannot become the name of a file.`);
		}
		const folder = await this.#folder('refs', ...parts.slice(0, -1));
		const place = join(folder, parts.at(-1) ?? '');
		await inOneStep(place, (fresh) => writeFile(fresh, commit));
	}

	/** Puts the folders of a commit on the disk for good. */
	async sync(commit: string): Promise<void> {
		for (const folder of [this.snapshot(commit), join(this.path, 'refs')]) await syncFolder(folder);
	}
}

/** Makes something under a name of its own and then gives it its name; nothing is left when either fails. */
async function inOneStep(place: string, make: (fresh: string) => Promise<void>): Promise<void> {
	const fresh = `${place}.${process.pid}.modeldex.incomplete`;
	await unlink(fresh).catch(() => {}); // left by a process of this number that was killed
	try {
		await make(fresh);
		await rename(fresh, place);
	} catch (error) {
		await unlink(fresh).catch(() => {}); // perhaps it was never made
		throw error;
	}
}

async function linked(target: string, blob: string, fresh: string): Promise<void> {
	const lacksLinks = (error: unknown) =>
		['EPERM', 'ENOSYS', 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'EMLINK'].includes(errnoOf(error) ?? '');
	try {
		return await symlink(target, fresh);
	} catch (error) {
		if (!lacksLinks(error)) throw error;
	}
	try {
		return await link(blob, fresh);
	} catch (error) {
		if (!lacksLinks(error)) throw error;
	}
	await copyFile(blob, fresh, constants.COPYFILE_FICLONE);
}

function elsewhere(what: string): Failure {
	return new Failure(
		'unsafe_local_path',
		`"${quoted(what)}" in the model cache is a link to somewhere else, or no file; nothing was written there.`,
	);
}

/** Puts the names in a folder on the disk for good; on systems where folders cannot be synced, nothing happens. */
export async function syncFolder(path: string): Promise<void> {
	const handle = await open(path, constants.O_RDONLY).catch(() => null);
	if (handle === null) return;
	try {
		await handle.sync();
	} catch {
		// Windows and some network disks cannot: the name is there, and a power cut may take it back.
	} finally {
		await handle.close();
	}
}
