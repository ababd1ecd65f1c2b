// The command line: picks a command from the table, runs it, and turns failures into exit codes.
import { dirname } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { Failure, blankSecrets, isAbort, toFailure } from '#lib/core/failure.ts';
import { meantName } from '#lib/core/likeness.ts';
import { quoted } from '#lib/core/repository.ts';
import { version } from '../../package.json';
import { command, optional, type Command } from './command.ts';
import { commands } from './commands.ts';
import { showCommand, showCommands } from './help.ts';
import { Terminal } from './terminal.ts';

/** Commands whose names begin with these words. */
function groupOf(words: readonly string[]): Command[] {
	return table.filter((row) => row.name.startsWith(`${words.join(' ')} `));
}

/** The command with the longest name that these words begin with, and the words after it. Throws `usage`. */
function find(words: readonly string[]): { row: Command; rest: string[] } {
	const line = `${words.join(' ')} `;
	const fitting = table.filter((row) => line.startsWith(`${row.name} `));
	const [row] = fitting.sort((a, b) => b.name.length - a.name.length);
	if (row !== undefined) return { row, rest: words.slice(row.name.split(' ').length) };
	const known = words.findLastIndex((_, at) => groupOf(words.slice(0, at + 1)).length > 0) + 1;
	const start = words.slice(0, known);
	const asked = quoted(words.slice(0, known + 1).join(' '));
	const names = table.map(({ name }) => name);
	const meant = meantName(asked, known === 0 ? [...names, ...names.map((name) => name.split(' ')[0] ?? name)] : names);
	const near = meant === null ? '' : ` Did you mean ${meant}?`;
	if (known === 0) throw new Failure('usage', `There is no command "${asked}"; "modeldex help" lists them.${near}`);
	const says = words.length === known ? `"modeldex ${asked}" needs a word more` : `There is no command "${asked}"`;
	const group = groupOf(start).map(({ name }) => name.slice(start.join(' ').length + 1));
	throw new Failure('usage', `${says}: ${group.join(', ')}.${words.length === known ? '' : near}`);
}

const help = command({
	name: 'help',
	summary: 'show the commands, or the options of one',
	args: z.strictObject({
		command: optional('command', 'the command to explain'),
		second: optional('word', 'its second word, where it has one'),
		third: optional('word', 'and its third'),
	}),
	run: ({ command: name, second, third }, terminal) => {
		const words = [name, second, third].filter((word) => word !== undefined);
		const isCommand = table.some((row) => row.name === words.join(' '));
		const group = words.length === 0 || isCommand ? [] : groupOf(words);
		if (words.length === 0) showCommands(table, terminal);
		else if (group.length > 0) showCommands(group, terminal);
		else showCommand(find(words).row, terminal);
	},
});

const table: readonly Command[] = [...commands, help];

/** Words before `--` without the switches that every command takes. */
function split(argv: string[]): { words: string[]; seen: Set<string> } {
	const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
	const common = new Set(['--json', '--help', '-h', '--version']);
	const seen = new Set(argv.slice(0, end).filter((word) => common.has(word)));
	return { words: argv.filter((word, at) => at >= end || !common.has(word)), seen };
}

/** Words up to the first option, as many as names have. */
function named(words: readonly string[]): string[] {
	const end = words.findIndex((word) => word.startsWith('-'));
	return words.slice(0, end < 0 ? 3 : Math.min(3, end));
}

async function run(words: string[], seen: Set<string>, terminal: Terminal): Promise<number> {
	const [name] = words;
	if (seen.has('--version')) {
		if (terminal.json) terminal.document({ version });
		else terminal.line(version);
		return 0;
	}
	if (name === undefined) return help.run([], terminal);
	if (seen.has('--help') || seen.has('-h')) return help.run(name === 'help' ? [] : named(words), terminal);
	const { row, rest } = find(words);
	return row.run(rest, terminal);
}

/** One sentence for the person, one object for `--json`; a bug also shows where it happened. */
function report(error: unknown, terminal: Terminal): number {
	if (isAbort(error)) return 130;
	const failure = toFailure(error);
	const { code } = failure;
	const message = code === 'internal' ? 'Something went wrong inside Modeldex.' : blankSecrets(failure.message);
	terminal.note(message);
	if (code === 'internal' && error instanceof Error) terminal.note(blankSecrets(error.stack ?? error.message));
	if (terminal.json) terminal.document({ error: { code, message } });
	return failure.exitCode;
}

/** A reader that left (`| head`) is no error to talk about. */
function leaveOnClosedPipe(error: NodeJS.ErrnoException): void {
	if (error.code !== 'EPIPE') throw error;
	process.exit(141);
}

/** One line of what a person types. */
async function ask(question: string): Promise<string> {
	const lines = createInterface({ input: process.stdin, output: process.stderr });
	return lines.question(question).finally(() => lines.close());
}

const { words, seen } = split(process.argv.slice(2));
const build = dirname(dirname(fileURLToPath(import.meta.url)));
const { stdin, stdout, stderr, env } = process;
const base = { stdout, stderr, env, build, version, json: seen.has('--json') };
const terminal = new Terminal(stdin.isTTY ? { ...base, ask } : base);
if (words[0] !== 'serve') for (const stream of [stdout, stderr]) stream.on('error', leaveOnClosedPipe);
try {
	process.exitCode = await run(words, seen, terminal);
} catch (error) {
	process.exitCode = report(error, terminal);
}
// A server has timers and sockets of its own; the others end when their work does.
if (words[0] === 'serve') process.exit();
