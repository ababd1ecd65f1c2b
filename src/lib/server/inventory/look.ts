// Looking at folders that others write: nothing throws, links are followed only where they stay inside, and all is bounded.
import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, type Dirent, type Stats } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { isDigest } from '#lib/core/repository.ts';
import type { FoundFile, FoundLeftover } from '#lib/server/inventory/found.ts';

/** How far a folder is searched: real ones are a few folders deep, a hostile one may be endless. */
const mostDepth = 6;
const mostEntries = 20_000;

/** What is at a place, a link as a link; null when nothing is, or it is not ours to see. */
export function lookAt(path: string): Stats | null {
	try {
		return lstatSync(path, { throwIfNoEntry: false }) ?? null;
	} catch {
		return null; // not ours to see
	}
}

/** What a folder holds; null when it is none or not ours to read. */
export function entriesOf(path: string): Dirent[] | null {
	try {
		return readdirSync(path, { withFileTypes: true });
	} catch {
		return null; // gone, no folder, or not ours to read
	}
}

/** Names of the real folders in a folder, sorted. */
export function foldersIn(path: string): string[] {
	return (entriesOf(path) ?? [])
		.filter((entry) => entry.isDirectory())
		.map(({ name }) => name)
		.sort();
}

/** The text of a regular file of at most so many bytes; null for everything else. */
export function smallText(path: string, limitBytes: number): string | null {
	const facts = lookAt(path);
	if (facts === null || !facts.isFile() || facts.size > limitBytes) return null;
	try {
		return readFileSync(path, 'utf8');
	} catch {
		return null; // not ours to read
	}
}

/** A small file's JSON; null when it is none. */
export function smallJson(path: string, limitBytes = 1024 * 1024): unknown {
	const text = smallText(path, limitBytes);
	if (text === null) return null;
	try {
		return JSON.parse(text);
	} catch {
		return null; // damaged: whoever asks goes without it
	}
}

/** The facts of a file that belongs to a model. */
export function fileOf(
	path: string,
	{ place, real, blob = null, facts }: { place: string; real: string; blob?: string | null; facts: Stats },
): FoundFile {
	const name = basename(blob ?? '');
	const digest = isDigest(name) ? name : null;
	const sha256 = digest?.length === 64 ? digest : null;
	return {
		path,
		place,
		real,
		blob,
		size: facts.size,
		// Windows tells no blocks.
		allocated: facts.blocks === undefined ? facts.size : Math.min(facts.blocks * 512, Math.max(facts.size, 4096)),
		inode: `${facts.dev}:${facts.ino}`,
		names: facts.nlink,
		changed: facts.mtimeMs,
		used: facts.atimeMs,
		sha256,
		git: digest?.length === 40 ? digest : null,
		known_by: sha256 === null ? null : 'name',
	};
}

/** What an entry of a model's folder turned out to be. `unsafe` and `missing` complete a sentence about its path. */
export type Entry = { file: FoundFile } | { missing: string } | { unsafe: string };

/** Folders whose own place was checked before: links straight into them need no further look. */
export interface Bounds {
	/** The real path nothing may lead out of. */
	root: string;
	/** The copy's folder of blobs, a real folder; null when it has none. */
	blobs: string | null;
}

function realOf(path: string): string | null {
	try {
		return realpathSync(path);
	} catch {
		return null; // dangling, or a circle
	}
}

/** What a link in a model's folder stands for. */
export function followLink(path: string, place: string, { root, blobs }: Bounds): Entry {
	let target: string;
	try {
		target = resolve(dirname(place), readlinkSync(place));
	} catch {
		return { missing: path };
	}
	const isBlob = blobs !== null && dirname(target) === blobs;
	const facts = isBlob ? lookAt(target) : null;
	if (isBlob && facts === null) return { missing: path };
	if (facts?.isFile()) return { file: fileOf(path, { place, real: target, blob: target, facts }) };
	const real = realOf(target);
	if (real === null) return { missing: path };
	if (!real.startsWith(root + sep)) return { unsafe: `${path} is a link that leads out of ${root}` };
	const far = lookAt(real);
	if (far === null || !far.isFile()) return { unsafe: `${path} is a link to something that is no file` };
	return { file: fileOf(path, { place, real, blob: isBlob ? target : null, facts: far }) };
}

/** Everything in a model's folder. */
export interface Walked {
	files: FoundFile[];
	missing: string[];
	unsafe: string[];
	stamps: [path: string, changedMs: number][];
}

/** Walks a folder, links as what they stand for. `closed` names folders at its top that are not entered. */
export function walkFolder(folder: string, bounds: Bounds, closed: ReadonlySet<string> = new Set()): Walked {
	const walked: Walked = { files: [], missing: [], unsafe: [], stamps: [] };
	const take = (entry: Entry) => {
		if ('file' in entry) walked.files.push(entry.file);
		else if ('missing' in entry) walked.missing.push(entry.missing);
		else walked.unsafe.push(entry.unsafe);
	};
	const visit = (at: string, prefix: string, depth: number): void => {
		stampOf(at, walked.stamps);
		for (const entry of entriesOf(at) ?? []) {
			if (walked.files.length >= mostEntries) return;
			const path = prefix + entry.name;
			const place = join(at, entry.name);
			if (depth === 1 && closed.has(entry.name)) continue;
			if (entry.isDirectory()) {
				if (depth < mostDepth) visit(place, `${path}/`, depth + 1);
			} else if (entry.isSymbolicLink()) take(followLink(path, place, bounds));
			else if (entry.isFile()) {
				const facts = lookAt(place);
				take(facts === null ? { missing: path } : { file: fileOf(path, { place, real: place, facts }) });
			} else take({ unsafe: `${path} is no file, folder or link` });
		}
	};
	visit(folder, '', 1);
	walked.files.sort((a, b) => (a.path < b.path ? -1 : 1));
	return walked;
}

/** Notes the time of a folder among others. */
export function stampOf(path: string, stamps: [string, number][]): void {
	const facts = lookAt(path);
	if (facts !== null) stamps.push([path, facts.mtimeMs]);
}

/** The real place of a folder; null when there is none. */
export function realFolder(path: string): string | null {
	const real = realOf(path);
	return real !== null && lookAt(real)?.isDirectory() === true ? real : null;
}

/** What is left behind at a place, by its facts. */
export function leftover(
	kind: FoundLeftover['kind'],
	path: string,
	{ size, dev, ino, mtimeMs }: Stats,
	why: string,
): FoundLeftover {
	return { kind, path, bytes: size, inode: `${dev}:${ino}`, changedMs: mtimeMs, why };
}
