// The command line: picks a command from the table, runs it, and turns failures into exit codes.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { Failure, blankSecrets, isAbort, toFailure } from '#lib/core/failure.ts';
import { quoted } from '#lib/core/repository.ts';
import { version } from '../../package.json';
import { command, optional, type Command } from './command.ts';
import { commands } from './commands.ts';
import { showCommand, showCommands } from './help.ts';
import { Terminal } from './terminal.ts';

/** The command that these words begin with, of two words where there is one, and the words behind its name. */
function find([name = '', next = '', ...rest]: readonly string[]): { row: Command; words: string[] } {
	const pair = table.find((row) => row.name === `${name} ${next}`);
	if (pair !== undefined) return { row: pair, words: rest };
	const row = table.find((one) => one.name === name);
	if (row !== undefined) return { row, words: [next, ...rest].slice(next === '' ? 1 : 0) };
	const group = table.filter((one) => one.name.startsWith(`${name} `)).map((one) => one.name.slice(name.length + 1));
	if (group.length === 0)
		throw new Failure('usage', `There is no command "${quoted(name)}"; "modeldex help" lists them.`);
	const asked = next === '' ? `"modeldex ${name}" needs a word more` : `There is no command "${name} ${quoted(next)}"`;
	throw new Failure('usage', `${asked}: ${group.join(', ')}.`);
}

const help = command({
	name: 'help',
	summary: 'show the commands, or the options of one',
	args: z.strictObject({
		command: optional('command', 'the command to explain'),
		word: optional('word', 'its second word, where it has one'),
	}),
	run: ({ command: name, word }, terminal) => {
		const group = table.filter((row) => row.name.startsWith(`${name} `));
		if (name === undefined) showCommands(table, terminal);
		else if (word === undefined && group.length > 0) showCommands(group, terminal);
		else showCommand(find([name, word ?? '']).row, terminal);
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

async function run(words: string[], seen: Set<string>, terminal: Terminal): Promise<number> {
	const [name, next = ''] = words;
	if (seen.has('--version')) {
		if (terminal.json) terminal.document({ version });
		else terminal.line(version);
		return 0;
	}
	if (name === undefined) return help.run([], terminal);
	if (seen.has('--help') || seen.has('-h')) {
		const isPair = table.some((row) => row.name === `${name} ${next}`);
		return help.run(name === 'help' ? [] : isPair ? [name, next] : [name], terminal);
	}
	const { row, words: rest } = find(words);
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

const { words, seen } = split(process.argv.slice(2));
const build = dirname(dirname(fileURLToPath(import.meta.url)));
const { stdout, stderr, env } = process;
const terminal = new Terminal({ stdout, stderr, env, build, version, json: seen.has('--json') });
if (words[0] !== 'serve') for (const stream of [stdout, stderr]) stream.on('error', leaveOnClosedPipe);
try {
	process.exitCode = await run(words, seen, terminal);
} catch (error) {
	process.exitCode = report(error, terminal);
}
// A server has timers and sockets of its own; the others end when their work does.
if (words[0] === 'serve') process.exit();
