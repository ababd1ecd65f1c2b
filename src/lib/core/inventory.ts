// A copy of a model on this machine: who keeps it, its files, what it takes of the disk, and what is wrong with it.
import { formatBytes } from '#lib/core/format.ts';
import type { EntryCopy, ModelCharacteristics, ModelFile } from '#lib/core/model.ts';

/** Who keeps a copy. `folder` is one that a person named. */
export const localTools = ['huggingface', 'modeldex', 'ollama', 'lmstudio', 'llamacpp', 'folder'] as const;
export type LocalTool = (typeof localTools)[number];

/** What a tool's place is called; `isShared`: made for every tool, so that removing needs no typed confirmation. */
export const toolFacts: Readonly<Record<LocalTool, { label: string; isShared: boolean }>> = {
	huggingface: { label: 'Hugging Face cache', isShared: true },
	modeldex: { label: 'Modeldex', isShared: true },
	ollama: { label: 'Ollama', isShared: false },
	lmstudio: { label: 'LM Studio', isShared: false },
	llamacpp: { label: 'llama.cpp', isShared: false },
	folder: { label: 'Added folder', isShared: false },
};

/** Where copies are, in a sentence: `On this machine: Ollama (4.7 GiB), LM Studio (4.7 GiB, partial)`. */
export function copiesSentence(copies: readonly EntryCopy[]): string {
	const places = copies.map(({ tool, size_bytes, partial }) => {
		return `${labelOfTool(tool)} (${formatBytes(size_bytes)}${partial ? ', partial' : ''})`;
	});
	return `On this machine: ${places.join(', ')}`;
}

/** What a tool's place is called; a name that is no tool stands for itself. */
export function labelOfTool(tool: string): string {
	return isLocalTool(tool) ? toolFacts[tool].label : tool;
}

/** Is this one of the tools? */
export function isLocalTool(text: string): text is LocalTool {
	return localTools.some((tool) => tool === text);
}

/**
 * One state of a repository in a copy. `commit` is null where the tool keeps none; `refs` are branches and tags that mean
 * it. `unique_bytes` are those that no other revision or copy needs.
 */
export interface LocalRevision {
	commit: string | null;
	refs: string[];
	files: number;
	size_bytes: number;
	unique_bytes: number;
	/** Files that are said to be there and are not: dangling links, missing parts. */
	missing: string[];
	/** ISO time of the last change. */
	changed: string | null;
}

/** Something that no finished copy needs. ISO time of its last change. */
export interface Leftover {
	kind: 'partial' | 'orphan' | 'revision' | 'cache';
	path: string;
	bytes: number;
	changed: string | null;
	/** One sentence. */
	why: string;
}

/**
 * A copy. `size_bytes` adds up its distinct files, `disk_bytes` what they take of the disk (sparse files take less),
 * `unique_bytes` what would come free without it. `files` are those of `revision`, the best one here. ISO times; null is
 * not known.
 */
export interface LocalCopy {
	/** Names this copy among all, as long as it stays where it is. */
	key: string;
	id: string;
	/** How its tool calls it, such as `llama3.2:1b`. */
	name: string;
	revision: string | null;
	tool: LocalTool;
	/** The folder that is searched, and the copy's own place in it. */
	root: string;
	path: string;
	files: ModelFile[];
	revisions: LocalRevision[];
	size_bytes: number;
	disk_bytes: number;
	unique_bytes: number;
	/** Is something missing that was begun? */
	partial: boolean;
	leftovers: Leftover[];
	/** Why it cannot be used; null when it can. */
	broken: string | null;
	/** What else is odd about it: links that lead out, files that are none. */
	notes: string[];
	arrived: string | null;
	last_used: string | null;
}

/** A copy in a list, with what the model is; null when nothing here says so. */
export interface LocalModelRow extends LocalCopy {
	characteristics: ModelCharacteristics | null;
}

/** Space on the disk that holds a folder, in bytes; null where the system does not tell. */
export interface DiskSpace {
	free_bytes: number | null;
	total_bytes: number | null;
}

/** A folder that is searched. `is_there` is false for one that does not exist or is not ours to read. */
export interface LocalRoot extends DiskSpace {
	tool: LocalTool;
	path: string;
	is_there: boolean;
	/** Was it named by a person? */
	added: boolean;
	copies: number;
	/** Bytes of the copies in it, shared ones once. */
	size_bytes: number;
	leftovers: Leftover[];
}

/** Answer of `GET /api/local/models`. `disk` is that of the Hugging Face cache, where downloads go. */
export interface LocalAnswer {
	models: LocalModelRow[];
	disk: DiskSpace;
}

/** What removing does: the bytes that come free, what is removed, and what stays with the reason. */
export interface RemovalPlan {
	id: string;
	tool: LocalTool;
	path: string;
	frees_bytes: number;
	removes: string[];
	keeps: { path: string; why: string }[];
	/** The text that must be typed to go on; null where none is needed. */
	confirm: string | null;
}

/** The same bytes in several places. `wins_bytes` is what one copy in place of all would free. */
export interface Duplicate {
	sha256: string;
	size_bytes: number;
	wins_bytes: number;
	places: { id: string; tool: LocalTool; path: string; known_by: HashSource }[];
}

/** How the hash of a file is known: by the name of its blob, a list its tool wrote, or because it was read here. */
export type HashSource = 'name' | 'list' | 'read';

/** Answer of `GET /api/local/duplicates`. `unread`: files that may be the same as another, but nobody has hashed them. */
export interface DuplicatesAnswer {
	duplicates: Duplicate[];
	wins_bytes: number;
	unread: { files: number; bytes: number };
}

/** A file of a copy as duplicates are looked for. `inode` tells names of one file from several files. */
export interface HeldFile {
	id: string;
	tool: LocalTool;
	path: string;
	size: number;
	inode: string;
	sha256: string | null;
	known_by: HashSource | null;
}

/** Smaller files are the same everywhere by chance, and not worth a word. */
const leastBytes = 1024 * 1024;

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
	const groups = new Map<string, T[]>();
	for (const item of items) {
		const group = groups.get(keyOf(item));
		if (group === undefined) groups.set(keyOf(item), [item]);
		else group.push(item);
	}
	return groups;
}

/** Files that may be the same as another of their size and whose hash nobody knows; each file of the disk once. */
export function unreadTwins(files: readonly HeldFile[]): HeldFile[] {
	const large = files.filter(({ size }) => size >= leastBytes);
	return [...grouped(large, ({ size }) => String(size)).values()].flatMap((group) => {
		const inodes = new Map(group.map((file) => [file.inode, file]));
		return inodes.size < 2 ? [] : [...inodes.values()].filter(({ sha256 }) => sha256 === null);
	});
}

/** Contents that several files of the disk hold, those first that win most. Several names of one file are no duplicate. */
export function duplicatesOf(files: readonly HeldFile[]): DuplicatesAnswer {
	const known = files.filter(({ size, sha256 }) => size >= leastBytes && sha256 !== null);
	const duplicates = [...grouped(known, ({ sha256 }) => sha256 ?? '').entries()].flatMap(([sha256, group]) => {
		const [first] = group;
		const inodes = new Set(group.map(({ inode }) => inode)).size;
		if (first === undefined || inodes < 2) return [];
		const places = group.map(({ id, tool, path, known_by }) => ({ id, tool, path, known_by: known_by ?? 'read' }));
		return [{ sha256, size_bytes: first.size, wins_bytes: first.size * (inodes - 1), places }];
	});
	duplicates.sort((a, b) => b.wins_bytes - a.wins_bytes || (a.sha256 < b.sha256 ? -1 : 1));
	const unread = unreadTwins(files);
	return {
		duplicates,
		wins_bytes: duplicates.reduce((sum, { wins_bytes }) => sum + wins_bytes, 0),
		unread: { files: unread.length, bytes: unread.reduce((sum, { size }) => sum + size, 0) },
	};
}

/** How a known hash is known, as the rest of a sentence that starts with "The same bytes:". */
export const hashWords: Readonly<Record<HashSource, string>> = {
	name: 'its file is named by its SHA-256',
	list: 'its tool noted the SHA-256',
	read: 'Modeldex read it and computed the SHA-256',
};
