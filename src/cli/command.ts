// What a command is: a row with a name, a summary, a schema of its arguments, and what it does with them.
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { Failure } from '#lib/core/failure.ts';
import { meantName } from '#lib/core/likeness.ts';
import { quoted } from '#lib/core/repository.ts';
import type { Terminal } from './terminal.ts';

/** How an argument is written, and what help says about it. */
interface Words {
	kind: 'switch' | 'value' | 'list' | 'positional' | 'rest';
	about: string;
	/** What stands for the value in help. */
	value: string;
	/** One letter that may be typed instead of the name. */
	short?: string;
}

const words = z.registry<Words>();

/** A yes-or-no option: `--offline`. */
export function toggle(about: string) {
	return z.boolean().default(false).register(words, { kind: 'switch', about, value: '' });
}

/** An option with a value: `--port 3001`. Undefined when it is not given. */
export function option(value: string, about: string, short?: string) {
	return z
		.string()
		.optional()
		.register(words, { kind: 'value', about, value, ...(short === undefined ? {} : { short }) });
}

/** An option that may be given several times; an empty list when it is not. */
export function list(value: string, about: string, short?: string) {
	const own = short === undefined ? {} : { short };
	return z
		.array(z.string())
		.default([])
		.register(words, { kind: 'list', about, value, ...own });
}

/** Every argument without a name that no other one takes; an empty list when there is none. */
export function rest(value: string, about: string) {
	return z.array(z.string()).default([]).register(words, { kind: 'rest', about, value });
}

/** A required argument without a name. */
export function positional(value: string, about: string) {
	return z.string().register(words, { kind: 'positional', about, value });
}

/** An argument without a name that may be left out. */
export function optional(value: string, about: string) {
	return z.string().optional().register(words, { kind: 'positional', about, value });
}

/** One argument as help shows it. `name` is the option's name without dashes. */
export interface Argument extends Words {
	name: string;
	required: boolean;
}

/** One row of the table of commands. `run` takes the words after the command's name and returns the exit code. */
export interface Command {
	name: string;
	summary: string;
	arguments: readonly Argument[];
	run(words: string[], terminal: Terminal): Promise<number>;
}

interface Description<S extends z.ZodRawShape> {
	name: string;
	summary: string;
	args: z.ZodObject<S>;
	run(args: z.output<z.ZodObject<S>>, terminal: Terminal): Promise<number | void> | number | void;
}

function argumentsOf(shape: z.ZodRawShape): Argument[] {
	return Object.entries(shape).map(([name, schema]) => {
		const found = schema instanceof z.ZodType ? words.get(schema) : undefined;
		if (found === undefined) throw new Error(`The argument ${name} has no words for help.`);
		const required = found.kind === 'positional' && schema instanceof z.ZodString;
		return { name: name.replaceAll('_', '-'), required, ...found };
	});
}

function usage(command: string, sentence: string): Failure {
	return new Failure('usage', `${sentence} "modeldex help ${command}" shows how.`);
}

type Given = Record<string, string | boolean | string[]>;

/** Takes one positional word for the first argument that is still free. */
function place(word: string, rows: readonly Argument[], given: Given): boolean {
	const free =
		rows.find((row) => row.kind === 'positional' && given[row.name] === undefined) ??
		rows.find((row) => row.kind === 'rest');
	if (free === undefined) return false;
	put(free, word, given);
	return true;
}

function put(row: Argument, value: string | undefined, given: Given): void {
	const before = given[row.name];
	if (row.kind === 'switch') given[row.name] = true;
	else if (row.kind === 'value' || row.kind === 'positional') given[row.name] = value ?? '';
	else given[row.name] = [...(Array.isArray(before) ? before : []), value ?? ''];
}

/** The words of the command line as the names and values of one command's arguments. Throws `usage`. */
function read(command: string, rows: readonly Argument[], argv: string[]): Given {
	const named = rows.filter((row) => row.kind !== 'positional' && row.kind !== 'rest');
	const options = Object.fromEntries(
		named.map(({ name, kind, short }) => {
			const type = kind === 'switch' ? ('boolean' as const) : ('string' as const);
			return [name, short === undefined ? { type } : { type, short }];
		}),
	);
	const { tokens } = parseArgs({ args: argv, options, strict: false, allowPositionals: true, tokens: true });
	const given: Given = {};
	for (const token of tokens) {
		if (token.kind === 'positional' && !place(token.value, rows, given)) {
			throw usage(command, `There is one argument too many: "${quoted(token.value)}".`);
		}
		if (token.kind !== 'option') continue;
		const row = named.find((other) => other.name === token.name);
		if (row === undefined) {
			const meant = meantName(
				token.name,
				named.map((other) => other.name),
			);
			const near = meant === null ? '' : ` Did you mean --${meant}?`;
			throw usage(command, `There is no option "${quoted(token.rawName)}".${near}`);
		}
		const hasValue = token.value !== undefined;
		if (hasValue === (row.kind === 'switch')) {
			throw usage(command, hasValue ? `--${row.name} takes no value.` : `--${row.name} needs a value: <${row.value}>.`);
		}
		put(row, token.value, given);
	}
	return given;
}

/** A row of the table from its description; the only place where a command's arguments are parsed. */
export function command<S extends z.ZodRawShape>({ name, summary, args, run }: Description<S>): Command {
	const rows = argumentsOf(args.shape);
	return {
		name,
		summary,
		arguments: rows,
		run: async (argv, terminal) => {
			const given = read(name, rows, argv);
			const missing = rows.find((row) => row.required && given[row.name] === undefined);
			if (missing !== undefined) throw usage(name, `<${missing.value}> is missing.`);
			const raw = Object.fromEntries(Object.entries(given).map(([key, value]) => [key.replaceAll('-', '_'), value]));
			return (await run(args.parse(raw), terminal)) ?? 0;
		},
	};
}
