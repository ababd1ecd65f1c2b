// What the commands on texts are given: numbers, categories, files, standard input and labelled lines, read and checked.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { modes, type Category, type Mode } from '#lib/core/classify.ts';
import { categoriesOfWords, fileCategories } from '#lib/core/classify-labels.ts';
import { categoriesSchema } from '#lib/core/classify-order.ts';
import { Failure } from '#lib/core/failure.ts';
import { quoted } from '#lib/core/repository.ts';
import { option, toggle } from './command.ts';

/** Options of every command that asks a model. */
export const modelOptions = {
	model: option('name', 'the model: a short name, the id of a repository, a folder, or engine/model', 'm'),
	dtype: option('dtype', 'which of its files: q8, fp16, fp32, q4 …'),
	models_dir: option('folder', 'another folder that holds a folder per model'),
	force: toggle('load it even where memory seems too little'),
};

/** The text of a file that a person named. Throws `unreadable_file`. */
export async function textOf(path: string): Promise<string> {
	try {
		return (await readFile(path, 'utf8')).replace(/^\ufeff/, ''); // editors on Windows mark their files so
	} catch (cause) {
		throw new Failure('unreadable_file', `The file "${quoted(path)}" cannot be read.`, { cause });
	}
}

/** Everything on standard input. */
export async function standardBytes(): Promise<Buffer> {
	const chunks: Buffer[] = [];
	for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
	return Buffer.concat(chunks);
}

/** The same as text. */
export async function standardInput(): Promise<string> {
	return (await standardBytes()).toString('utf8');
}

/** A number of an option; null when it is not given. Throws `usage`. */
export function numberOf(
	name: string,
	value: string | undefined,
	{ least, most }: { least: number; most: number },
): number | null {
	if (value === undefined) return null;
	const number = value.trim() === '' ? Number.NaN : Number(value);
	if (number >= least && number <= most) return number;
	throw new Failure('usage', `--${name} must be a number from ${least} to ${most.toLocaleString('en')}.`);
}

/** The same for what is counted. Throws `usage`. */
export function wholeNumber(name: string, value: string, bounds: { least: number; most: number }): number {
	const number = numberOf(name, value, bounds);
	if (number !== null && Number.isInteger(number)) return number;
	throw new Failure('usage', `--${name} must be a whole number.`);
}

/** How sure a choice must be. Throws `usage`. */
export function modeOf(value: string | undefined): Mode | undefined {
	const found = modes.find((mode) => mode === value);
	if (value === undefined || found !== undefined) return found;
	throw new Failure('usage', `--mode must be one of ${modes.join(', ')}.`);
}

function jsonOf(text: string, what: string): unknown {
	try {
		return JSON.parse(text);
	} catch (cause) {
		throw new Failure('invalid_json', `${what} is not JSON.`, { cause });
	}
}

/** Categories as typed: names separated by commas, or a JSON file of them; without any, the ones for files of projects. */
export async function categoriesOf(said: string | undefined): Promise<readonly Category[]> {
	if (said === undefined) return fileCategories;
	if (!/\.json$/i.test(said)) return categoriesOfWords(said);
	const parsed = categoriesSchema.safeParse(jsonOf(await textOf(said), `"${quoted(said)}"`));
	if (parsed.success) return parsed.data;
	throw new Failure(
		'invalid_categories',
		`"${quoted(said)}" is not a list of names or of {name, description, examples, threshold}.`,
	);
}

const labelledSchema = z.looseObject({ text: z.string(), label: z.string(), path: z.string().optional() });
export type LabelledLine = z.infer<typeof labelledSchema>;

/** Labelled texts, one `{"text","label"}` per line. Throws `invalid_json` or `invalid_body` naming the line. */
export async function labelledLines(path: string): Promise<LabelledLine[]> {
	const lines = (await textOf(path)).split('\n');
	return lines.flatMap((line, at) => {
		if (line.trim() === '') return [];
		const parsed = labelledSchema.safeParse(jsonOf(line, `Line ${at + 1}`));
		if (!parsed.success)
			throw new Failure('invalid_body', `Line ${at + 1} of "${quoted(path)}" has no "text" and "label".`);
		return [parsed.data];
	});
}

/** The model that was asked for. There is no default: a text is given to no model that nobody named. Throws `usage`. */
export function modelOf(model: string | undefined): string {
	if (model !== undefined && model !== '') return model;
	const ways = '"rules" needs no download, and "modeldex model list --named" shows the others';
	throw new Failure('usage', `--model is missing; ${ways}.`);
}
