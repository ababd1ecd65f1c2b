// Texts from files and folders: walked in a fixed order, without what ignore files leave out, and read within bounds.
import { createHash } from 'node:crypto';
import { lstat, readdir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Failure } from '#lib/core/failure.ts';
import { globTest, IgnoreRules } from '#lib/core/ignore.ts';
import { quoted } from '#lib/core/repository.ts';
import { inside, withFile } from '#lib/server/inner-file.ts';

/** One file that was found. `text` is empty where it was not read as one. */
export interface TextFile {
	/** The path as the person would type it. */
	id: string;
	/** The path from the folder that was asked for. */
	path: string;
	text: string;
	/** SHA-256 of what was read. */
	sha256: string;
	/** Why it is no text: `binary`, or `unreadable`; null when it is one. */
	problem: 'binary' | 'unreadable' | null;
	/** Is the file longer than what was read? */
	truncated: boolean;
}

export interface WalkOptions {
	/** Globs that a file must meet, where there are any, and must not. */
	include: readonly string[];
	exclude: readonly string[];
	/** Bytes that are read of one file. */
	maxBytes: number;
	signal?: AbortSignal | undefined;
}

/** Ignore files that count, in the order in which later ones overrule earlier ones. */
const ignoreFiles = ['.gitignore', '.ignore'];
const mostDepth = 64;
const mostIgnoreBytes = 1024 * 1024;
/** Bytes in which a NUL tells that a file is no text. */
const lookBytes = 8192;

function decoded(bytes: Uint8Array): string | null {
	const [first, second] = bytes;
	if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
	if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
	if (bytes.subarray(0, lookBytes).includes(0)) return null;
	const text = new TextDecoder('utf-8').decode(bytes);
	const broken = text.length - text.replaceAll('\ufffd', '').length;
	return broken > Math.max(8, text.length * 0.05) ? null : text;
}

/** One file as a text. */
async function readText(real: string | null, id: string, path: string, maxBytes: number): Promise<TextFile> {
	const read =
		real === null
			? null
			: await withFile(real, async (source) => ({ bytes: await source.read(0, maxBytes), size: source.size })).catch(
					() => null, // the disk refuses: told as unreadable
				);
	if (read === null) return { id, path, text: '', sha256: '', problem: 'unreadable', truncated: false };
	return { ...textOf(read.bytes, id, path), truncated: read.size > read.bytes.length };
}

function textOf(bytes: Uint8Array, id: string, path: string): TextFile {
	const sha256 = createHash('sha256').update(bytes).digest('hex');
	const text = decoded(bytes);
	const problem = text === null ? ('binary' as const) : null;
	return { id, path, text: text ?? '', sha256, problem, truncated: false };
}

/** What came by another way than a file, read by the same rules. It has no path that could say anything. */
export function streamedText(bytes: Uint8Array, id: string, maxBytes: number): TextFile {
	return { ...textOf(bytes.subarray(0, maxBytes), id, ''), truncated: bytes.length > maxBytes };
}

interface Ignoring {
	rules: IgnoreRules;
	/** Folder of the rules from the root, empty or ending in `/`. */
	prefix: string;
}

/** Is this path left out? The deepest folder's rules decide, and the last file of it that says anything. */
function isIgnored(path: string, isFolder: boolean, all: readonly Ignoring[]): boolean {
	for (const { rules, prefix } of all.toReversed()) {
		const says = rules.says(path.slice(prefix.length), isFolder);
		if (says !== null) return says;
	}
	return false;
}

class Walk {
	readonly #root: string;
	readonly #given: string;
	readonly #options: WalkOptions;
	readonly #wanted: (path: string) => boolean;

	constructor(root: string, given: string, options: WalkOptions) {
		this.#root = root;
		this.#given = given;
		this.#options = options;
		const includes = options.include.map(globTest);
		const excludes = options.exclude.map(globTest);
		this.#wanted = (path) =>
			(includes.length === 0 || includes.some((test) => test(path))) && !excludes.some((test) => test(path));
	}

	async *folder(prefix: string, above: readonly Ignoring[], depth = 0): AsyncGenerator<TextFile> {
		if (depth > mostDepth) return;
		const place = join(this.#root, prefix);
		const rows = await readdir(place, { withFileTypes: true }).catch(() => []);
		const rules = [...above, ...(await this.#rules(prefix, new Set(rows.map(({ name }) => name))))];
		for (const row of rows.sort((a, b) => (a.name < b.name ? -1 : 1))) {
			this.#options.signal?.throwIfAborted();
			const path = prefix + row.name;
			if (row.name === '.git' || isIgnored(path, row.isDirectory(), rules)) continue;
			if (row.isDirectory()) yield* this.folder(`${path}/`, rules, depth + 1);
			else if ((row.isFile() || row.isSymbolicLink()) && this.#wanted(path)) yield* this.#file(path);
		}
	}

	/** Links that lead out of the root, to folders or nowhere are passed over. */
	async *#file(path: string): AsyncGenerator<TextFile> {
		const real = await inside(this.#root, join(this.#root, path));
		if (real === null || !(await lstat(real)).isFile()) return;
		yield await readText(real, join(this.#given, path).replaceAll('\\', '/'), path, this.#options.maxBytes);
	}

	async #rules(prefix: string, names: ReadonlySet<string>): Promise<Ignoring[]> {
		const found: Ignoring[] = [];
		for (const name of ignoreFiles.filter((one) => names.has(one))) {
			const { text } = await readText(join(this.#root, prefix, name), name, name, mostIgnoreBytes);
			found.push({ rules: new IgnoreRules(text), prefix });
		}
		return found;
	}
}

/**
 * Every text file below these files and folders. A file that is named itself is taken whatever ignore files say. Throws
 * `unreadable_file` for a name that leads nowhere.
 */
export async function* walkTexts(inputs: readonly string[], options: WalkOptions): AsyncGenerator<TextFile> {
	for (const input of inputs) {
		const real = await realpath(resolve(input)).catch(() => null);
		if (real === null) throw new Failure('unreadable_file', `There is no file or folder "${quoted(input)}".`);
		const facts = await lstat(real);
		if (facts.isDirectory()) yield* new Walk(real, input, options).folder('', []);
		else yield await readText(real, input.replaceAll('\\', '/'), input.replaceAll('\\', '/'), options.maxBytes);
	}
}
