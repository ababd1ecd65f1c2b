// Help: written from the table of commands, never by hand.
import type { Argument, Command } from './command.ts';
import { quiet, strong, type Terminal } from './terminal.ts';

/** Options that every command takes. */
export const commonOptions: readonly Argument[] = [
	{ name: 'json', kind: 'switch', value: '', required: false, about: 'print one JSON document' },
	{ name: 'help', kind: 'switch', value: '', required: false, about: 'show this help' },
];

/** An argument as it is typed: `--port <number>`, `<id>`, `[text]`. */
export function written({ kind, name, value, required, short }: Argument): string {
	if (kind === 'positional') return required ? `<${value}>` : `[${value}]`;
	if (kind === 'rest') return `[${value} …]`;
	const letter = short === undefined ? '' : `-${short}, `;
	return kind === 'switch' ? `${letter}--${name}` : `${letter}--${name} <${value}>`;
}

/** A command with its arguments in one line: `modeldex info <id> [options]`. */
export function synopsis({ name, arguments: rows }: Command): string {
	const isPlace = ({ kind }: Argument) => kind === 'positional' || kind === 'rest';
	const places = rows.filter(isPlace).map(written);
	const options = rows.every(isPlace) ? [] : ['[options]'];
	return ['modeldex', name, ...places, ...options].join(' ');
}

function table(rows: [string, string][], terminal: Terminal): void {
	const wide = Math.max(...rows.map(([left]) => left.length));
	for (const [left, right] of rows) terminal.line('  ', strong(left.padEnd(wide)), '  ', right);
}

/** Help for one command. */
export function showCommand(row: Command, terminal: Terminal): void {
	if (terminal.json) {
		terminal.document({ command: { name: row.name, summary: row.summary, arguments: row.arguments } });
		return;
	}
	terminal.line(`${row.summary[0]?.toUpperCase()}${row.summary.slice(1)}.`);
	terminal.line();
	terminal.line('  ', strong(synopsis(row)));
	terminal.line();
	const rows = [...row.arguments, ...commonOptions];
	const about = ({ kind, about }: Argument) => (kind === 'list' ? `${about}; may be repeated` : about);
	table(
		rows.map((argument) => [written(argument), about(argument)]),
		terminal,
	);
}

/** The list of commands. */
export function showCommands(commands: readonly Command[], terminal: Terminal): void {
	if (terminal.json) {
		terminal.document({ commands: commands.map(({ name, summary }) => ({ name, summary })) });
		return;
	}
	terminal.line('Modeldex: find, read, fit, get, use and route open AI models.');
	terminal.line();
	table(
		commands.map((row) => [synopsis(row).replace(/^modeldex /, ''), row.summary]),
		terminal,
	);
	terminal.line();
	terminal.line(
		quiet('"modeldex help <command>" shows the options of a command; settings also come from the environment.'),
	);
}
