// Texts for the label lab: pasted or read from files, with a sentence for each that is none.
import { isObject } from '#lib/client/api.ts';
import { formatBytes, formatCount } from '#lib/core/format.ts';

/** One text to sort. `path` null: it was pasted. `digest` is the same for the same text. */
export interface LabText {
	id: string;
	name: string;
	path: string | null;
	text: string;
	bytes: number;
	digest: string;
	/** The category that a line of labelled texts came with; null for none. */
	label: string | null;
}

/** What was left out, and why in one sentence. */
export interface Refusal {
	name: string;
	reason: string;
}

/** Longest text that the server takes, in characters. */
const mostCharacters = 1_000_000;
/** Largest file that is read at all, in bytes: a character has four at most. */
const mostBytes = 4 * mostCharacters;
/** Most texts of one session: beyond it the command line is the better place. */
export const mostTexts = 10_000;

/** How pasted words become texts. */
export const splits = ['lines', 'paragraphs', 'whole'] as const;
export type Split = (typeof splits)[number];

/** A digest of 53 bits (cyrb53): enough to tell a session's texts apart, no secret. */
export function digestOf(text: string): string {
	let [high, low] = [0xdeadbeef, 0x41c6ce57];
	for (let at = 0; at < text.length; at += 1) {
		const code = text.charCodeAt(at);
		high = Math.imul(high ^ code, 2_654_435_761);
		low = Math.imul(low ^ code, 1_597_334_677);
	}
	high = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909);
	low = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909);
	return (4_294_967_296 * (2_097_151 & low) + (high >>> 0)).toString(36);
}

const encoder = new TextEncoder();

/** A text with what is told of it. `id` must be free. */
function textOf(
	id: string,
	text: string,
	{ path = null, label = null }: { path?: string | null; label?: string | null },
): LabText {
	const first = text.trim().split('\n', 1)[0] ?? '';
	const name = path ?? (first === '' ? 'Empty text' : first.slice(0, 200));
	const digest = digestOf(`${path ?? ''}\n${text}`);
	return { id, name, path, text, bytes: encoder.encode(text).length, digest, label };
}

const cuts: Record<Split, (text: string) => string[]> = {
	lines: (text) => text.split(/\r?\n/),
	paragraphs: (text) => text.split(/(?:\r?\n[ \t]*){2,}/),
	whole: (text) => [text],
};

/** Texts and labels of lines `{"text": …, "label": …}`; null when the lines are something else. */
function labelledLines(text: string): { text: string; label: string | null; path: string | null }[] | null {
	const rows = text.split('\n').filter((line) => line.trim() !== '');
	const read = rows.map((line) => {
		try {
			const row: unknown = JSON.parse(line);
			if (!isObject(row) || typeof row.text !== 'string') return null;
			const label = typeof row.label === 'string' ? row.label : null;
			return { text: row.text, label, path: typeof row.path === 'string' ? row.path : null };
		} catch {
			return null; // a line of something else
		}
	});
	const sure = read.filter((row) => row !== null);
	return rows.length > 0 && sure.length === rows.length ? sure : null;
}

/** Why bytes are no text; null when they are one. */
function decoded(bytes: Uint8Array): { text: string } | { reason: string } {
	const [first, second] = bytes;
	const wide = first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : null;
	if (wide === null && bytes.includes(0)) return { reason: 'It is binary: it holds NUL bytes, as no text does.' };
	try {
		return { text: new TextDecoder(wide ?? 'utf-8', { fatal: true }).decode(bytes) };
	} catch {
		return { reason: 'It is binary, or in an encoding other than UTF-8.' };
	}
}

/** Texts that are neither among the others nor twice among themselves. */
export function freshOf(texts: readonly LabText[], others: readonly LabText[]): LabText[] {
	const known = new Set(others.map(({ digest }) => digest));
	return texts.filter(({ digest }) => !known.has(digest) && known.add(digest));
}

/** A file with the place it has in the folder it came from. */
export interface PlacedFile {
	file: File;
	path: string;
}

/** Makes texts; counts them, so that each has an id of its own. One per page. */
export class TextReader {
	#count = 0;

	#next(): string {
		this.#count += 1;
		return `t${this.#count}`;
	}

	/** Texts of pasted words; empty pieces are left out. */
	pasted(words: string, split: Split): { texts: LabText[]; refused: Refusal[] } {
		const lines = labelledLines(words);
		const pieces = lines ?? cuts[split](words).map((text) => ({ text, label: null, path: null }));
		const full = pieces.filter(({ text }) => text.trim() !== '');
		return this.#sized(full.map(({ text, ...more }) => textOf(this.#next(), text, more)));
	}

	#sized(all: readonly LabText[]): { texts: LabText[]; refused: Refusal[] } {
		const texts = all.filter(({ text }) => text.length <= mostCharacters);
		const refused = all.filter(({ text }) => text.length > mostCharacters);
		const reason = `It is longer than ${formatCount(mostCharacters)} characters, the most that one text may have.`;
		return { texts, refused: refused.map(({ name }) => ({ name, reason })) };
	}

	/** Texts of files. A `.jsonl` file whose lines have a "text" becomes a text per line. */
	async files(files: readonly PlacedFile[]): Promise<{ texts: LabText[]; refused: Refusal[] }> {
		const texts: LabText[] = [];
		const refused: Refusal[] = [];
		for (const { file, path } of files) {
			const read = await this.#file(file, path);
			if ('reason' in read) refused.push({ name: path, reason: read.reason });
			else {
				texts.push(...read.texts);
				refused.push(...read.refused);
			}
		}
		return { texts, refused };
	}

	async #file(file: File, path: string): Promise<{ texts: LabText[]; refused: Refusal[] } | { reason: string }> {
		if (file.size > mostBytes) {
			return {
				reason: `It is ${formatBytes(file.size)}; one text may have ${formatCount(mostCharacters)} characters.`,
			};
		}
		let bytes: Uint8Array;
		try {
			bytes = new Uint8Array(await file.arrayBuffer());
		} catch {
			return { reason: 'It cannot be read: it is gone, or not yours to read.' };
		}
		const read = decoded(bytes);
		if ('reason' in read) return read;
		const lines = /\.(jsonl|ndjson)$/i.test(path) ? labelledLines(read.text) : null;
		if (lines !== null) return this.#sized(lines.map(({ text, ...more }) => textOf(this.#next(), text, more)));
		return this.#sized([textOf(this.#next(), read.text, { path })]);
	}
}

/** Files that were chosen, each with its place in the chosen folder. */
export function placed(files: Iterable<File>): PlacedFile[] {
	return [...files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
}

/** What was dropped: files, and those in folders at any depth, in the order of their paths. */
export async function dropped(items: DataTransferItemList): Promise<PlacedFile[]> {
	// The list is emptied as soon as the event is over: everything is taken from it first.
	const entries = [...items].flatMap((item) => (item.kind === 'file' ? (item.webkitGetAsEntry() ?? []) : []));
	const found: PlacedFile[] = [];
	for (const entry of entries) await walk(entry, found);
	return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Folders that hold no texts of the person's own. */
const closed = new Set(['.git', 'node_modules']);

async function walk(entry: FileSystemEntry, found: PlacedFile[]): Promise<void> {
	if (found.length >= mostTexts || closed.has(entry.name)) return;
	if (entry instanceof FileSystemFileEntry) {
		const file = await new Promise<File | null>((resolve) => entry.file(resolve, () => resolve(null)));
		if (file !== null) found.push({ file, path: entry.fullPath.replace(/^\//, '') });
	} else if (entry instanceof FileSystemDirectoryEntry) {
		const reader = entry.createReader();
		for (;;) {
			// One call gives a hundred at most; an empty answer is the end.
			const some = await new Promise<FileSystemEntry[]>((resolve) => reader.readEntries(resolve, () => resolve([])));
			if (some.length === 0) return;
			for (const one of some) await walk(one, found);
		}
	}
}
