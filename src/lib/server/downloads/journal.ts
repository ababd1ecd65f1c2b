// The journal beside a part: how much of it survives what, and who writes it. Without one a part is not believed.
import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { notThere } from '#lib/server/downloads/disk-failure.ts';
import { clipped, type Span } from '#lib/server/downloads/spans.ts';

const spans = z.array(z.object({ start: z.number(), end: z.number() }));
const common = z.object({
	size: z.number(),
	tag: z.string().nullable(),
	boot: z.string(),
	at: z.number(),
	/** The process that writes it; null when none does. */
	owner: z.object({ token: z.string(), pid: z.number(), host: z.string() }).nullable(),
});

/** Version 1 knew parts that are written from the first byte on and nothing else; `synced` was a number of bytes. */
const journalSchema = z.union([
	common.extend({ version: z.literal(2), synced: spans, written: spans.nullable() }),
	common
		.extend({ version: z.literal(1), synced: z.number() })
		.transform(({ synced, ...rest }) => ({ ...rest, synced: [{ start: 0, end: synced }], written: null })),
]);

/**
 * `synced`: what survives a power cut. `written`: what survives the end of a process besides, of a part that is written
 * in several places at once; null for one that is written from its first byte on, where the length of the file says it.
 * `tag`: entity tag of the server the bytes are from.
 */
export interface Journal extends z.infer<typeof common> {
	synced: Span[];
	written: Span[] | null;
}

/** The paths of the part of a blob: the bytes, and the journal about them. */
export function partPaths(blob: string): { bytes: string; journal: string } {
	return { bytes: `${blob}.modeldex.incomplete`, journal: `${blob}.modeldex.json.incomplete` };
}

/** Null when there is none, or a torn one: the part is not believed then. One that cannot be read is thrown. */
export async function readJournal(path: string): Promise<Journal | null> {
	const text = await readFile(path, 'utf8').catch(notThere);
	try {
		return text === null ? null : journalSchema.parse(JSON.parse(text));
	} catch {
		return null; // torn
	}
}

/** Puts a journal in the place of the one before, in one step. */
export async function writeJournal(
	path: string,
	{ size, synced, written, tag, boot, at, owner }: Journal,
): Promise<void> {
	await writeFile(`${path}.new`, JSON.stringify({ version: 2, size, synced, written, tag, boot, at, owner }));
	await rename(`${path}.new`, path);
}

/** What of a part can be gone on from. `length`: bytes of the file as it lies there. */
export function believable(
	journal: Journal | null,
	length: number,
	{ size, boot }: { size: number; boot: string },
): Span[] {
	if (journal === null || journal.size !== size || length > size) return [];
	if (journal.boot !== boot) return clipped(journal.synced, length);
	return clipped(journal.written ?? [{ start: 0, end: length }], length);
}
