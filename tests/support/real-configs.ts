// Real configurations of the development corpus with what separate readers found in them; nothing without the corpus.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { corpusFolder } from './corpus.ts';

const rowSchema = z.object({
	id: z.string(),
	file: z.string(),
	kind: z.string(),
	model_type: z.string().nullable(),
	architectures: z.array(z.string()).nullable(),
	multimodal_signal: z.array(z.string()),
	quant: z
		.object({
			at: z.string(),
			method: z.string().nullable(),
			algo: z.string().nullable(),
			bits: z.number().nullable(),
			group_size: z.number().nullable(),
		})
		.nullable(),
});

/** One configuration: whose it is, its text, and the facts the corpus' own index states. */
export interface RealConfig {
	row: z.infer<typeof rowSchema>;
	text: string;
}

/** Every config.json of the corpus. Empty when there is no corpus. */
export function realConfigs(): RealConfig[] {
	const folder = corpusFolder();
	if (folder === null) return [];
	const lines = readFileSync(join(folder, 'INDEX.jsonl'), 'utf8').trimEnd().split('\n');
	return lines
		.map((line) => rowSchema.parse(JSON.parse(line)))
		.filter((row) => row.kind === 'config.json')
		.map((row) => ({ row, text: readFileSync(join(folder, row.file), 'utf8') }));
}

/** Content of a JSON file beside the corpus (`data/families.json`); null when there is no corpus. */
export function publishedJson(path: string): unknown {
	const folder = corpusFolder();
	return folder === null ? null : JSON.parse(readFileSync(join(folder, '..', path), 'utf8'));
}

/** Rows of a file of JSON lines beside the corpus. Empty when there is no corpus. */
export function publishedLines(path: string): unknown[] {
	const folder = corpusFolder();
	if (folder === null) return [];
	const lines = readFileSync(join(folder, '..', path), 'utf8')
		.trimEnd()
		.split('\n');
	return lines.map((line) => JSON.parse(line));
}
