// Lists of a repository's files: from the Hub by commit, kept in our cache, or from the copy on this machine.
import { z } from 'zod';
import { Failure, type FailureCode } from '#lib/core/failure.ts';
import { modelFileSchema, type FileSource, type ModelFile } from '#lib/core/model.ts';
import { collidingNames, fileNameProblem, quoted } from '#lib/core/repository.ts';
import type { Database } from '#lib/server/database.ts';
import type { Hub } from '#lib/server/hub.ts';
import { latestConfig, readConfig, saveConfig } from '#lib/server/store/configs.ts';

/** Lists the files of a model on this machine: its newest snapshot, which may be partial. Null: not on this machine. */
export interface LocalFiles {
	files(id: string): Promise<{ commit: string | null; files: ModelFile[] } | null>;
}

/** Tells the newest commit of a repository; `isFresh`: as the Hub knows it now. Throws a Failure. */
export type HeadReader = (options: { isFresh: boolean }) => Promise<string>;

/** The files of a model at a commit, sorted by path. */
export interface FileList {
	files: ModelFile[];
	source: FileSource;
	revision: string | null;
}

interface FileListsOptions {
	database: Database;
	hub: Pick<Hub, 'tree'>;
	local: LocalFiles;
	date: () => Date;
}

/** The name under which a list is kept beside a commit's files; no file can have it (a colon is refused in names). */
const listName = ':tree';
const keptSchema = z.array(modelFileSchema);
/** Most files of one list; the largest repositories in use have some 20,000. */
const fileLimit = 100_000;

/** Failures that no other list may stand in for. */
const refusals = new Set<FailureCode>(['unsafe_file_name', 'invalid_digest']);

/** Reads file lists. A list at a known commit never changes and is asked of the Hub once. */
export class FileLists {
	readonly #options: FileListsOptions;

	constructor(options: FileListsOptions) {
		this.#options = options;
	}

	/**
	 * The files of a model: our cache, then the Hub, then the copy on this machine, then an older list. `head` tells the
	 * newest commit, from memory or, when that one is gone from the Hub, asked anew. Throws a Failure when there is no
	 * list to show, and `unsafe_file_name` or `invalid_digest` for a hostile list, which no other one replaces.
	 */
	async read(id: string, head: HeadReader, signal?: AbortSignal): Promise<FileList> {
		try {
			return await this.#atHead(id, head, signal);
		} catch (error) {
			if (!(error instanceof Failure) || refusals.has(error.code)) throw error;
			const other = (await this.#here(id)) ?? this.#older(id);
			if (other === null) throw error;
			return other;
		}
	}

	/** A rewritten history takes commits away, and with them the one a listing named days ago. */
	async #atHead(id: string, head: HeadReader, signal: AbortSignal | undefined): Promise<FileList> {
		const commit = await head({ isFresh: false });
		try {
			return await this.#atCommit(id, commit, signal);
		} catch (error) {
			if (!(error instanceof Failure) || error.code !== 'not_found') throw error;
			const now = await head({ isFresh: true });
			if (now === commit) throw error;
			return await this.#atCommit(id, now, signal);
		}
	}

	async #atCommit(id: string, commit: string, signal: AbortSignal | undefined): Promise<FileList> {
		const kept = readConfig(this.#options.database, id, commit, listName);
		if (kept?.text != null) return { files: readKept(kept.text), source: 'cache', revision: commit };
		const tree = await this.#options.hub.tree(id, { revision: commit, priority: 'click', signal });
		const [refused] = tree.refused;
		if (refused !== undefined) throw refusal(refused);
		const files = checked(tree.files);
		const text = JSON.stringify(files);
		const fetchedAt = this.#options.date().toISOString();
		saveConfig(this.#options.database, { id, commit, file: listName, status: 'ok', text, etag: null, fetchedAt });
		return { files, source: 'hub', revision: commit };
	}

	async #here(id: string): Promise<FileList | null> {
		const here = await this.#options.local.files(id);
		if (here === null) return null;
		return { files: checked(here.files), source: 'local', revision: here.commit };
	}

	#older(id: string): FileList | null {
		const kept = latestConfig(this.#options.database, id, listName);
		if (kept?.text == null) return null;
		return { files: readKept(kept.text), source: 'cache', revision: kept.commit };
	}
}

function readKept(text: string): ModelFile[] {
	return keptSchema.parse(JSON.parse(text));
}

/** One hostile name or digest condemns the whole list: nothing else that came with it can be trusted. */
function refusal({ code, path, why }: { code: FailureCode; path: string; why: string }): Failure {
	return new Failure(code, `The file list was refused because of "${quoted(path)}": ${why}.`);
}

/** The list in the order of its paths, if its names may be shown and used. */
function checked(files: readonly ModelFile[]): ModelFile[] {
	if (files.length > fileLimit) {
		throw new Failure('response_too_large', `The repository has more than ${fileLimit.toLocaleString('en')} files.`);
	}
	const paths = files.map(({ path }) => path);
	for (const path of paths) {
		const why = fileNameProblem(path);
		if (why !== null) throw refusal({ code: 'unsafe_file_name', path, why });
	}
	const [twin] = collidingNames(paths);
	if (twin !== undefined)
		throw refusal({ code: 'unsafe_file_name', path: twin, why: 'another name differs only in case' });
	return [...files].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}
