// The Hugging Face cache as it is found: classic links, plain files, blobs shared by all models, partial and broken ones.
import { basename, dirname, join, resolve, sep } from 'node:path';
import { readlinkSync } from 'node:fs';
import { z } from 'zod';
import { fileKind, weightSets } from '#lib/core/files.ts';
import { isCommit, isRepositoryId } from '#lib/core/repository.ts';
import {
	brokenCopy,
	isModel,
	type FoundCopy,
	type FoundFile,
	type FoundLeftover,
	type FoundRevision,
	type SearchedRoot,
} from '#lib/server/inventory/found.ts';
import {
	entriesOf,
	foldersIn,
	leftover,
	lookAt,
	smallJson,
	smallText,
	stampOf,
	walkFolder,
} from '#lib/server/inventory/look.ts';

/** Folders of models in the cache; data sets, spaces and kernels are somebody else's business. */
export const repositoryPattern = /^models--(.+)$/;
/** Downloads under way, or dead: of huggingface_hub (old and new) and of llama.cpp. */
const partialPattern = /\.(incomplete|downloadInProgress)$/;
const mostRefs = 2000;

/** The id that a folder of the cache stands for; null when its name is none. */
export function idOfFolder(name: string): string | null {
	const id = repositoryPattern.exec(name)?.[1]?.replace('--', '/') ?? '';
	return isRepositoryId(id) ? id : null;
}

/** Commits by the branches and tags that name them; those of pull requests are folders in folders. */
function refsOf(folder: string, stamps: [string, number][]): Map<string, string[]> {
	const refs = new Map<string, string[]>();
	let seen = 0;
	const visit = (at: string, prefix: string, depth: number): void => {
		stampOf(at, stamps);
		for (const entry of entriesOf(at) ?? []) {
			if ((seen += 1) > mostRefs || depth > 6) return;
			const name = prefix + entry.name;
			if (entry.isDirectory()) visit(join(at, entry.name), `${name}/`, depth + 1);
			const commit = entry.isFile() ? (smallText(join(at, entry.name), 100)?.trim() ?? '') : '';
			if (isCommit(commit)) refs.set(commit, [...(refs.get(commit) ?? []), name]);
		}
	};
	if (lookAt(folder)?.isDirectory()) visit(folder, '', 1);
	return refs;
}

const treeSchema = z.object({ files: z.record(z.string(), z.unknown()) });
const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/** Weights that a list of all parts, or the list of the commit's files, names and that are not there. */
export function missingWeights(files: readonly FoundFile[], folder: string, treeFile: string | null): string[] {
	const here = new Set(files.map(({ path }) => path));
	const missing = new Set<string>();
	for (const file of files) {
		if (!/\.(safetensors|bin)\.index\.json$/.test(file.path)) continue;
		const index = indexSchema.safeParse(smallJson(file.real, 32 * 1024 * 1024));
		const prefix = file.path.slice(0, file.path.lastIndexOf('/') + 1);
		// Nobody fetched weights of this kind: a choice, not a gap.
		const parts = new Set(Object.values(index.data?.weight_map ?? {}).map((part) => prefix + part));
		if (![...parts].some((part) => here.has(part))) continue;
		for (const part of parts) if (!here.has(part)) missing.add(part);
	}
	const listed = files.map(({ path, size, sha256 }) => ({ path, size, sha256, lfs: sha256 !== null }));
	for (const set of weightSets(listed)) {
		if (set.missing > 0 && missing.size === 0) missing.add(`${set.missing} of ${set.parts} parts of ${set.paths[0]}`);
	}
	const hasWeights = files.some(({ path }) => fileKind(path) === 'weights');
	const tree = hasWeights || treeFile === null ? null : treeSchema.safeParse(smallJson(treeFile, 32 * 1024 * 1024));
	for (const path of Object.keys(tree?.data?.files ?? {})) if (fileKind(path) === 'weights') missing.add(path);
	return [...missing].sort();
}

function revisionOf(folder: string, commit: string, refs: string[], bounds: { root: string; blobs: string | null }) {
	const at = join(folder, 'snapshots', commit);
	const walked = walkFolder(at, bounds);
	const changed = lookAt(at)?.mtimeMs ?? 0;
	const gaps = missingWeights(walked.files, at, join(folder, 'trees', `${commit}.json`));
	const missing = [...walked.missing, ...gaps];
	const revision: FoundRevision = { commit, refs, folder: at, files: walked.files, missing, changed };
	return { revision, walked };
}

/** What lies among the blobs and belongs to no revision: downloads that ended early, and whole files nobody names. */
function leftoversOf(blobs: string, named: ReadonlySet<string>): FoundLeftover[] {
	return (entriesOf(blobs) ?? []).flatMap((entry) => {
		const path = join(blobs, entry.name);
		const facts = entry.isFile() && !named.has(path) ? lookAt(path) : null;
		if (facts === null) return [];
		const isPartial = partialPattern.test(entry.name);
		const why = isPartial ? 'A download that has not ended.' : 'No revision here names this file.';
		return [leftover(isPartial ? 'partial' : 'orphan', path, facts, why)];
	});
}

/** What is wrong with a folder before its snapshots are looked at; null when it can be read on. */
function obstacle(root: SearchedRoot, folder: string): FoundCopy | null {
	const name = basename(folder);
	const id = idOfFolder(name);
	const facts = lookAt(folder);
	const about = { id: id ?? '', name: id ?? name };
	if (facts?.isSymbolicLink()) return brokenCopy(root, folder, 'it is a link, or leads out of the cache', about);
	if (facts === null || !facts.isDirectory()) return brokenCopy(root, folder, 'it is no folder', about);
	if (id === null) return brokenCopy(root, folder, 'its name is not that of a model', about);
	return null;
}

/** One folder of the cache, whose path is real. */
export function readRepository(root: SearchedRoot, cache: string, name: string): FoundCopy {
	const folder = join(cache, name);
	const closed = obstacle(root, folder);
	if (closed !== null) return closed;
	const stamps: [string, number][] = [];
	for (const part of ['', 'snapshots', 'blobs']) stampOf(join(folder, part), stamps);
	const blobs = lookAt(join(folder, 'blobs'))?.isDirectory() ? join(folder, 'blobs') : null;
	const refs = refsOf(join(folder, 'refs'), stamps);
	const copy = brokenCopy(root, folder, '', { id: idOfFolder(name) ?? '', name: idOfFolder(name) ?? '', stamps });
	const entries = entriesOf(join(folder, 'snapshots'));
	if (lookAt(join(folder, 'blobs'))?.isSymbolicLink()) copy.unsafe.push('its folder of blobs is a link');
	for (const entry of entries ?? []) {
		if (!entry.isDirectory() || !isCommit(entry.name)) {
			copy.notes.push(`snapshots/${entry.name} is no snapshot.`);
			if (!entry.isFile() && !entry.isDirectory()) copy.unsafe.push(`snapshots/${entry.name} is a link or no file`);
			continue;
		}
		const { revision, walked } = revisionOf(folder, entry.name, refs.get(entry.name) ?? [], { root: cache, blobs });
		copy.revisions.push(revision);
		copy.unsafe.push(...walked.unsafe);
		stamps.push(...walked.stamps);
	}
	const commits = new Set(copy.revisions.map(({ commit }) => commit));
	for (const [commit, names] of refs) {
		if (!commits.has(commit)) copy.notes.push(`${names.join(', ')} names a snapshot that is not here.`);
	}
	const main = copy.revisions.find((revision) => revision.refs.includes('main'));
	copy.revisions.sort((a, b) => Number(b === main) - Number(a === main) || b.changed - a.changed);
	const named = new Set(copy.revisions.flatMap(({ files }) => files.flatMap(({ blob }) => blob ?? [])));
	if (blobs !== null) copy.leftovers = leftoversOf(blobs, named);
	copy.notes.push(...copy.unsafe.map((why) => `${why}.`));
	return { ...copy, broken: whyBroken(copy, entries === null) };
}

function whyBroken({ revisions }: FoundCopy, hasNone: boolean): string | null {
	if (hasNone) return 'it has no snapshots folder';
	if (revisions.length === 0) return 'it has no snapshot';
	if (revisions.some(({ files }) => isModel(files))) return null;
	const dangling = revisions.some(({ missing }) => missing.length > 0);
	return dangling ? 'its links lead to files that are gone' : 'no snapshot has a config.json or weights';
}

/** The folder that shares payloads among all models of a cache; null when the cache has none (its marker says so). */
export function sharedStore(cache: string): string | null {
	const folder = join(cache, 'blobs');
	return lookAt(folder)?.isDirectory() && smallText(join(folder, '.huggingface-shared-blobs'), 100) !== null
		? folder
		: null;
}

/** The models that a shared payload's list of users names and that still point to it; null when the list cannot be read. */
export function sharedUsers(cache: string, payload: string): string[] | null {
	const text = smallText(`${payload}.refs`, 1024 * 1024);
	if (text === null) return null;
	return text
		.split('\n')
		.filter((line) => /^models--[^/]+\/blobs\/[0-9a-f]+$/.test(line.trim()))
		.map((line) => join(cache, ...line.trim().split('/')))
		.filter((link) => {
			try {
				return resolve(dirname(link), readlinkSync(link)) === payload;
			} catch {
				return false; // gone
			}
		});
}

/** Shared payloads that nobody uses any more. One whose list cannot be read is left alone: it may be in use. */
export function sharedOrphans(cache: string): FoundLeftover[] {
	const store = sharedStore(cache);
	if (store === null) return [];
	return foldersIn(store).flatMap((shelf) =>
		(entriesOf(join(store, shelf)) ?? []).flatMap((entry) => {
			const path = join(store, shelf, entry.name);
			if (!entry.isFile() || !/^[0-9a-f]{16,}$/.test(entry.name) || !path.startsWith(store + sep)) return [];
			const users = sharedUsers(cache, path);
			const facts = users === null || users.length > 0 ? null : lookAt(path);
			if (facts === null) return [];
			return [leftover('orphan', path, facts, 'Shared by all models, and none uses it any more.')];
		}),
	);
}
