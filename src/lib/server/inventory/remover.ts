// Takes files and folders away inside one root: a link is removed and never followed, and nothing outside is touched.
import { rmdir, unlink } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { Failure } from '#lib/core/failure.ts';
import { quoted } from '#lib/core/repository.ts';
import { entriesOf, lookAt } from '#lib/server/inventory/look.ts';

function unsafe(path: string, why: string): Failure {
	return new Failure('unsafe_local_path', `"${quoted(path)}" was not touched: ${why}.`);
}

function isGone(error: unknown): boolean {
	return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** What went wrong with the disk, in one sentence. */
function refused(path: string, cause: unknown): Failure {
	const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
	return new Failure('unsafe_local_path', `"${quoted(path)}" could not be removed${code}.`, { cause });
}

/** Removes things inside a root, whose path is real. Throws `unsafe_local_path`; what is gone already is no error. */
export class Remover {
	readonly #root: string;

	constructor(root: string) {
		this.#root = root;
	}

	/** Refuses what is not below the root by real folders all the way. */
	#check(path: string): void {
		if (resolve(path) !== path || !path.startsWith(this.#root + sep)) throw unsafe(path, 'it is not inside its folder');
		for (let at = dirname(path); at !== this.#root; at = dirname(at)) {
			const facts = lookAt(at);
			if (facts !== null && !facts.isDirectory()) throw unsafe(path, 'a folder on the way to it is a link');
		}
	}

	/** Removes one file or link. */
	async file(path: string): Promise<void> {
		this.#check(path);
		if (lookAt(path)?.isDirectory()) throw unsafe(path, 'it is a folder');
		await unlink(path).catch((error) => {
			if (!isGone(error)) throw refused(path, error);
		});
	}

	/** Removes a folder with everything in it; a link in its place or in it is removed as a link. */
	async tree(path: string): Promise<void> {
		this.#check(path);
		const facts = lookAt(path);
		if (facts === null) return;
		if (!facts.isDirectory()) return this.file(path);
		for (const { name } of entriesOf(path) ?? []) await this.tree(join(path, name));
		await rmdir(path).catch((error) => {
			if (!isGone(error)) throw refused(path, error);
		});
	}

	/** Removes a folder and those above it as long as they are empty, never the root. */
	async emptied(path: string): Promise<void> {
		for (let at = path; at.startsWith(this.#root + sep); at = dirname(at)) {
			this.#check(at);
			if (lookAt(at)?.isDirectory() !== true || (entriesOf(at)?.length ?? 1) > 0) return;
			await rmdir(at).catch((error) => {
				if (!isGone(error)) throw refused(at, error);
			});
		}
	}
}
