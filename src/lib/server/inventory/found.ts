// What a look at a folder finds, before anything is made of it: copies with every file's place on the disk.
import type { HashSource, Leftover, LocalTool } from '#lib/core/inventory.ts';

/** A folder that is searched. `id`: the model it holds, when a person said so. */
export interface SearchedRoot {
	tool: LocalTool;
	path: string;
	added?: boolean;
	id?: string | null;
}

/** A file of a copy. Times are milliseconds since 1970. */
export interface FoundFile {
	/** Path inside the model. */
	path: string;
	/** Where it is named: a link or the file itself. */
	place: string;
	/** Where its bytes are; what a scan itself saw behind at most two links, all inside the root. */
	real: string;
	/** The blob that belongs to the copy itself, when `place` is a link to it; null otherwise. */
	blob: string | null;
	size: number;
	/** What it takes of the disk. */
	allocated: number;
	/** Device and number: the same for several names of one file. */
	inode: string;
	/** How many names the file has on its disk. */
	names: number;
	changed: number;
	used: number;
	sha256: string | null;
	/** The digest that git gives a small file; null when not known. */
	git: string | null;
	known_by: HashSource | null;
}

/** One state of a model: a snapshot, or simply what is in the folder. */
export interface FoundRevision {
	commit: string | null;
	refs: string[];
	folder: string;
	files: FoundFile[];
	missing: string[];
	changed: number;
}

/** Something left behind, with the file behind it for counting. */
export interface FoundLeftover extends Omit<Leftover, 'changed'> {
	inode: string;
	changedMs: number;
}

/** A copy as it was found. The first revision is the best. */
export interface FoundCopy {
	root: SearchedRoot;
	id: string;
	name: string;
	/** Its folder, or its one file or manifest. */
	path: string;
	revisions: FoundRevision[];
	leftovers: FoundLeftover[];
	broken: string | null;
	notes: string[];
	/** Why removing must not go on by itself: what leads out, or is no file. Empty when it may. */
	unsafe: string[];
	/** Folders whose time says whether anything changed, with the time seen. */
	stamps: [path: string, changedMs: number][];
}

/** What is in a root beside its copies. */
export interface FoundRoot {
	copies: FoundCopy[];
	leftovers: FoundLeftover[];
	stamps: [path: string, changedMs: number][];
}

/** A copy that cannot be used, and why. */
export function brokenCopy(root: SearchedRoot, path: string, why: string, more: Partial<FoundCopy> = {}): FoundCopy {
	const base = { root, path, id: '', name: '', revisions: [], leftovers: [], notes: [], unsafe: [], stamps: [] };
	return { ...base, broken: why, ...more };
}

/** Weight files by their ending: what makes a folder a model's. */
export const weightsPattern = /\.(safetensors|gguf|bin|pt|pth|ckpt|onnx|h5|msgpack|npz|mlmodel|tflite|pte|ot)$/i;

/** Does one of these files make it a model that can be told: its config, or weights? */
export function isModel(files: readonly Pick<FoundFile, 'path'>[]): boolean {
	return files.some(({ path }) => path === 'config.json' || weightsPattern.test(path));
}
