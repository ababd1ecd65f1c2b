// How classifications are written: a table, one document, one line each or comma-separated, to the terminal or to a file.
import { open, readFile, rename, stat, type FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import type { Classification } from '#lib/core/classify.ts';
import { csvColumns, csvLine, sureness } from '#lib/core/classify-lines.ts';
import { Failure } from '#lib/core/failure.ts';
import { quoted } from '#lib/core/repository.ts';
import { schemaVersion, type Terminal } from './terminal.ts';

export const formats = ['table', 'json', 'jsonl', 'csv'] as const;
export type Format = (typeof formats)[number];

/** A result with what it rests on, so that a later run knows whether it still holds. */
export interface Line extends Classification {
	sha256: string;
	/** Digest of the model and of how it was asked. */
	config: string;
}

const lineSchema = z.looseObject({ id: z.string(), sha256: z.string(), config: z.string(), error: z.unknown() });
const documentSchema = z.looseObject({ results: z.array(lineSchema) });

/** Results of an earlier run by id, as they were written. */
export type Earlier = Map<string, z.infer<typeof lineSchema>>;

/** The results in an earlier run's file; none when there is no such file. Throws `invalid_json` for a file of something else. */
export async function earlierResults(path: string): Promise<Earlier> {
	const text = await readFile(path, 'utf8').catch(() => '');
	if (text.trim() === '') return new Map();
	try {
		const isDocument = /^\{\s*"schemaVersion"/.test(text);
		const rows = isDocument
			? documentSchema.parse(JSON.parse(text)).results
			: text.split('\n').flatMap((line) => lineSchema.safeParse(safeJson(line)).data ?? []);
		if (!isDocument && rows.length === 0) throw new Error('no line of it is a result');
		return new Map(rows.map((row) => [row.id, row]));
	} catch (cause) {
		throw new Failure('invalid_json', `"${quoted(path)}" does not hold results to resume from.`, { cause });
	}
}

/** The last line of a run that was cut off may be half of one. */
function safeJson(line: string): unknown {
	try {
		return JSON.parse(line);
	} catch {
		return null;
	}
}

/** Where results go. */
export interface Sink {
	write(line: object): Promise<void>;
	/** `isComplete` false: the run was interrupted, and what is written is a part. */
	end(isComplete: boolean): Promise<void>;
}

/** A document or rows to standard output. */
export function terminalSink(format: Format, terminal: Terminal): Sink {
	const kept: object[] = [];
	let isFirst = true;
	return {
		write: async (line) => {
			if (format === 'json') kept.push(line);
			else if (format === 'jsonl') terminal.jsonLine(line);
			else if (isLine(line)) {
				if (format === 'csv') terminal.line(`${isFirst ? `${csvColumns.join(',')}\n` : ''}${csvLine(line)}`);
				else terminal.line(`${(line.category ?? '–').padEnd(14)}  ${sureness(line).padEnd(22)}  ${line.id}`);
				isFirst = false;
			}
		},
		end: async (isComplete) => {
			if (format === 'json') terminal.document({ complete: isComplete, results: kept });
		},
	};
}

function isLine(line: object): line is Line {
	return 'category' in line && 'abstained' in line;
}

/**
 * A file beside the final name, put in its place at the end; lines go straight to it, so that a cut run leaves them. Of a
 * run that is interrupted the earlier results stay that it had not come to. Throws `not_writable`.
 */
export async function fileSink(path: string, format: Format, earlier: Earlier = new Map()): Promise<Sink> {
	const temporary = format === 'jsonl' && earlier.size === 0 ? path : `${path}.${process.pid}.tmp`;
	let handle: FileHandle;
	try {
		if ((await stat(path).catch(() => null))?.isDirectory() === true) throw new Error('a folder');
		handle = await open(temporary, 'w');
	} catch (cause) {
		throw new Failure('not_writable', `The file "${quoted(path)}" cannot be written.`, { cause });
	}
	const kept: object[] = [];
	const left = new Map(earlier);
	if (format === 'csv') await handle.write(`${csvColumns.join(',')}\n`);
	return {
		write: async (line) => {
			if ('id' in line && typeof line.id === 'string') left.delete(line.id);
			if (format === 'json') kept.push(line);
			else if (format === 'jsonl') await handle.write(`${JSON.stringify(line)}\n`);
			else if (isLine(line))
				await handle.write(`${format === 'csv' ? csvLine(line) : `${line.category ?? '–'}\t${line.id}`}\n`);
		},
		end: async (isComplete) => {
			const rest = isComplete ? [] : [...left.values()];
			if (format === 'json') kept.push(...rest);
			if (format === 'jsonl') for (const line of rest) await handle.write(`${JSON.stringify(line)}\n`);
			if (format === 'json')
				await handle.write(`${JSON.stringify({ schemaVersion, complete: isComplete, results: kept }, null, 2)}\n`);
			await handle.sync();
			await handle.close();
			if (temporary !== path) await rename(temporary, path);
		},
	};
}
