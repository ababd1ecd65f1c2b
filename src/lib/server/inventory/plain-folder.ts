// Folders of models as people and tools lay them out: LM Studio's, our own, llama.cpp's flat cache, any that was added.
import { basename, dirname, join, relative, sep } from 'node:path';
import { z } from 'zod';
import { shardOf } from '#lib/core/files.ts';
import { ggufFiles } from '#lib/core/gguf-files.ts';
import { idHere, isCommit, isDigest, isRepositoryId } from '#lib/core/repository.ts';
import {
	brokenCopy,
	isModel,
	weightsPattern,
	type FoundCopy,
	type FoundFile,
	type FoundLeftover,
	type FoundRoot,
	type SearchedRoot,
} from '#lib/server/inventory/found.ts';
import { missingWeights } from '#lib/server/inventory/hub-folder.ts';
import { entriesOf, fileOf, lookAt, smallJson, smallText, stampOf, walkFolder } from '#lib/server/inventory/look.ts';

const partialPattern = /\.(incomplete|part|partial|downloadInProgress|download|crdownload|tmp)$/i;
/** Where `hf download --local-dir` keeps what it knows of the files beside them. */
const localDirNotes = join('.cache', 'huggingface', 'download');
const mostDepth = 4;
const closed = new Set(['.cache', '.git', '.DS_Store', 'node_modules']);

/** The note that is written beside the files of a model that was brought in. */
export const noteName = 'metadata.json';
export const noteSchema = z.object({
	id: z.string(),
	downloadedAt: z.string(),
	version: z.string().nullable(),
	size: z.number(),
	checksum: z.string(),
	files: z.array(z.object({ path: z.string(), size: z.number(), sha256: z.string(), changed: z.number() })),
});
export type ModelNote = z.infer<typeof noteSchema>;

/** What the note beside a model's files says; null without one. */
export function noteOf(folder: string): ModelNote | null {
	return noteSchema.safeParse(smallJson(join(folder, noteName), 8 * 1024 * 1024)).data ?? null;
}

/** Hashes and commit from the notes of a download into a folder: three lines per file, trusted while the file is not newer. */
function withLocalDirNotes(folder: string, files: FoundFile[]): string | null {
	const commits = new Set<string>();
	for (const file of files) {
		const text = smallText(join(folder, localDirNotes, ...`${file.path}.metadata`.split('/')), 1000);
		const [commit = '', etag = '', seconds = ''] = (text ?? '').split('\n').map((line) => line.trim());
		if (!isCommit(commit)) continue;
		commits.add(commit);
		if (!isDigest(etag) || file.changed / 1000 > Number(seconds) + 1) continue;
		if (etag.length === 40) file.git = etag;
		else Object.assign(file, { sha256: etag, known_by: 'list' });
	}
	return commits.size === 1 ? ([...commits][0] ?? null) : null;
}

function withNote(files: FoundFile[], { files: noted }: ModelNote): void {
	const byPath = new Map(noted.map((file) => [file.path, file]));
	for (const file of files) {
		const known = byPath.get(file.path);
		if (known === undefined || known.size !== file.size || known.changed !== file.changed) continue;
		Object.assign(file, { sha256: known.sha256, known_by: 'list' });
	}
}

function partialsOf(files: readonly FoundFile[]): FoundLeftover[] {
	return files.map(({ place, size, inode, changed }) => {
		const common = { path: place, bytes: size, inode, changedMs: changed };
		return { ...common, kind: 'partial' as const, why: 'A download that has not ended.' };
	});
}

interface Named {
	id: string;
	name: string;
}

/** A folder that holds the files of one model. */
function modelFolder(root: SearchedRoot, top: string, folder: string, named: Named): FoundCopy {
	const walked = walkFolder(folder, { root: top, blobs: null }, closed);
	const notes = join(folder, localDirNotes);
	const early = lookAt(notes)?.isDirectory() ? walkFolder(notes, { root: top, blobs: null }).files : [];
	const partials = [...walked.files, ...early].filter(({ path }) => partialPattern.test(path));
	const files = walked.files.filter(({ path }) => !partialPattern.test(path) && path !== noteName);
	const commit = withLocalDirNotes(folder, files);
	const note = noteOf(folder);
	if (note !== null) withNote(files, note);
	const missing = [...walked.missing, ...missingWeights(files, folder, null)];
	for (const { path } of note?.files ?? []) if (!files.some((file) => file.path === path)) missing.push(path);
	const changed = Math.max(0, ...files.map((file) => file.changed));
	const revision = { commit: commit ?? versionOf(note), refs: [], folder, files, missing, changed };
	return {
		...brokenCopy(root, folder, '', named),
		revisions: [revision],
		leftovers: partialsOf(partials),
		broken: isModel(files) ? null : 'it has no config.json and no weights',
		notes: walked.unsafe.map((why) => `${why}.`),
		unsafe: walked.unsafe,
		stamps: walked.stamps,
	};
}

function versionOf(note: ModelNote | null): string | null {
	return note?.version != null && isCommit(note.version) ? note.version : null;
}

/** Is this the folder of one model, by what lies directly in it? */
function holdsModel(folder: string): boolean {
	return (entriesOf(folder) ?? []).some(({ name }) => name === 'config.json' || weightsPattern.test(name));
}

/** The id of a folder in a root whose folders are `publisher/model`; a name of this machine where that is none. */
function idOf({ tool, id }: SearchedRoot, top: string, folder: string): string {
	if (id != null) return id;
	const noted = tool === 'modeldex' ? (noteOf(folder)?.id ?? '') : '';
	if (isRepositoryId(noted)) return noted;
	const parts = relative(top, folder).split(sep);
	const path = parts.join('/');
	const isNamed = (tool === 'lmstudio' || tool === 'modeldex') && parts.length === 2 && isRepositoryId(path);
	return isNamed ? path : idHere(tool, parts.join('-') || basename(top));
}

/** GGUF files that lie side by side, each a model of its own: the parts of a split one together. */
function looseFiles(root: SearchedRoot, top: string, folder: string): FoundCopy[] {
	const groups = new Map<string, FoundFile[]>();
	for (const entry of entriesOf(folder) ?? []) {
		const place = join(folder, entry.name);
		const facts = entry.isFile() && entry.name.toLowerCase().endsWith('.gguf') ? lookAt(place) : null;
		if (facts === null) continue;
		const key = shardOf(entry.name)?.prefix ?? entry.name;
		groups.set(key, [...(groups.get(key) ?? []), fileOf(entry.name, { place, real: place, facts })]);
	}
	return [...groups].map(([key, files]) => {
		const name = key.replace(/\.gguf$/i, '');
		const inner = relative(top, folder).split(sep).join('-');
		const about = { id: idHere(root.tool, inner === '' ? name : `${inner}-${name}`), name };
		files.sort((a, b) => (a.path < b.path ? -1 : 1));
		const missing = missingWeights(files, folder, null);
		const changed = Math.max(...files.map((file) => file.changed));
		const path = files.length === 1 ? (files[0]?.place ?? folder) : join(folder, key);
		const revision = { commit: null, refs: [], folder, files, missing, changed };
		return { ...brokenCopy(root, path, '', about), revisions: [revision], broken: null };
	});
}

/** Do several models lie in this folder side by side? Only files that stand for themselves do. */
function isHeap(root: SearchedRoot, top: string, folder: string): boolean {
	if (root.tool === 'lmstudio' || root.tool === 'modeldex' || root.id != null) return false;
	const names = (entriesOf(folder) ?? []).map(({ name }) => name);
	if (names.includes('config.json')) return false;
	const sets = new Set(ggufFiles(names).map((name) => shardOf(name)?.prefix ?? name));
	return sets.size > 1 || (sets.size === 1 && folder === top);
}

/** Everything in a folder of models, whose path is real. */
export function readPlain(root: SearchedRoot, top: string): FoundRoot {
	const found: FoundRoot = { copies: [], leftovers: [], stamps: [] };
	const visit = (folder: string, depth: number): void => {
		stampOf(folder, found.stamps);
		if (isHeap(root, top, folder)) found.copies.push(...looseFiles(root, top, folder));
		else if (holdsModel(folder)) {
			const id = idOf(root, top, folder);
			const name = relative(top, folder).split(sep).join('/') || basename(folder);
			found.copies.push(modelFolder(root, top, folder, { id, name }));
			return;
		}
		if (depth === mostDepth) return;
		for (const entry of entriesOf(folder) ?? []) {
			if (closed.has(entry.name) || entry.name.startsWith('.')) continue;
			const path = join(folder, entry.name);
			if (entry.isDirectory()) visit(path, depth + 1);
			else if (entry.isSymbolicLink() && lookAt(path) !== null && !weightsPattern.test(entry.name)) {
				const about = { id: '', name: relative(top, path).split(sep).join('/') };
				found.copies.push(brokenCopy(root, path, 'it is a link', about));
			}
		}
	};
	visit(top, 0);
	return found;
}

const manifestSchema = z.object({ ggufFile: z.object({ rfilename: z.string() }) });
const sideSchema = z.object({ url: z.string().optional(), etag: z.string().optional() });

/** `org/repo` out of the address that a file was fetched from. */
function idInAddress(url: string): string | null {
	const id = /^https?:\/\/[^/]+\/([^/]+\/[^/]+)\/resolve\//.exec(url)?.[1] ?? '';
	return isRepositoryId(id) ? id : null;
}

/** llama.cpp's own cache: files side by side, named after the repository, with notes beside them. */
export function readLlamaCpp(root: SearchedRoot, top: string): FoundRoot {
	const stamps: [string, number][] = [];
	stampOf(top, stamps);
	const entries = (entriesOf(top) ?? []).map(({ name }) => name);
	const ids = new Map<string, string>();
	for (const name of entries) {
		const [, org = '', repo = ''] = /^manifest=([^=]+)=([^=]+)=[^=]+\.json$/.exec(name) ?? [];
		const file = manifestSchema.safeParse(smallJson(join(top, name))).data?.ggufFile.rfilename;
		if (file !== undefined && isRepositoryId(`${org}/${repo}`)) {
			ids.set(`${org}_${repo}_${file.replaceAll('/', '_')}`, `${org}/${repo}`);
		}
	}
	const copies = looseFiles(root, top, top).map((copy) => {
		const files = copy.revisions.flatMap((revision) => revision.files);
		const [first] = files;
		for (const file of files) {
			const side = sideSchema.safeParse(smallJson(`${file.place}.json`)).data;
			const etag = (side?.etag ?? smallText(`${file.place}.etag`, 200) ?? '').trim().replaceAll('"', '');
			if (/^[0-9a-f]{64}$/.test(etag)) Object.assign(file, { sha256: etag, known_by: 'list' });
			const id = side?.url === undefined ? null : idInAddress(side.url);
			if (id !== null) ids.set(file.path, id);
		}
		return { ...copy, id: ids.get(first?.path ?? '') ?? copy.id };
	});
	const partials = entries.flatMap((name) => {
		const place = join(top, name);
		const facts = partialPattern.test(name) ? lookAt(place) : null;
		return facts?.isFile() ? [fileOf(name, { place, real: place, facts })] : [];
	});
	return { copies, leftovers: partialsOf(partials), stamps };
}

/** Side files that belong to a file of llama.cpp's cache and go with it. */
export function sideFiles(place: string): string[] {
	return ['.json', '.etag'].map((ending) => place + ending).filter((path) => lookAt(path)?.isFile() === true);
}

/** Is this the whole of a folder, and not some files among others? */
export function isWholeFolder({ path, revisions }: FoundCopy): boolean {
	return revisions.some(({ folder }) => folder === path) && dirname(path) !== path;
}
