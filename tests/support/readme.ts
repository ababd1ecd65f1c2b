// What the README says about commands and settings, made from the tables that the program itself uses.
import { commands } from '../../src/cli/commands.ts';
import { synopsis, written } from '../../src/cli/help.ts';
import type { Argument, Command } from '../../src/cli/command.ts';
import { settingRows } from '#lib/server/config.ts';

function cell(text: string): string {
	return text.replaceAll('|', '\\|');
}

function sentence(text: string): string {
	return `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}.`;
}

const flagNames = new Set(settingRows.map(({ flag }) => flag));
const isSetting = ({ name }: Argument) => flagNames.has(name);

function chapterOf(command: Command): string {
	const own = command.arguments.filter((row) => !isSetting(row));
	const settings = command.arguments.filter(isSetting).map((row) => `\`--${row.name}\``);
	const lines = [`### \`${synopsis(command)}\``, '', sentence(command.summary)];
	if (own.length > 0) lines.push('', '| argument | what it does |', '| --- | --- |');
	for (const row of own) {
		const about = row.kind === 'list' ? `${row.about}; may be repeated` : row.about;
		lines.push(`| \`${written(row)}\` | ${cell(about)} |`);
	}
	if (settings.length > 0) lines.push('', `Settings as options: ${settings.join(' ')}`);
	return lines.join('\n');
}

/** The chapter on commands, from the table of commands. */
export function commandChapter(): string {
	return commands.map(chapterOf).join('\n\n');
}

/** The table of settings, from the rows that the program reads. */
export function settingTable(): string {
	const rows = settingRows.map(({ name, flag, fallback, about }) => {
		const option = flag === null ? '' : `\`--${flag}\``;
		return `| \`${name}\` | ${option} | ${cell(fallback)} | ${cell(about)} |`;
	});
	return ['| variable | option | default | what it is |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/** The text between two markers of the README; empty when they are not there. */
export function marked(readme: string, name: string): string {
	return new RegExp(`<!-- ${name} -->([^]*?)<!-- /${name} -->`).exec(readme)?.[1]?.trim() ?? '';
}

/** The README with another text between two markers. */
export function withMarked(readme: string, name: string, text: string): string {
	const shape = new RegExp(`(<!-- ${name} -->)[^]*?(<!-- /${name} -->)`);
	return readme.replace(shape, (_, before: string, after: string) => `${before}\n\n${text}\n\n${after}`);
}

/** Markdown without what a formatter changes: widths of columns and empty lines. */
export function plainMarkdown(text: string): string {
	return text
		.split('\n')
		.map((line) =>
			line
				.replace(/ *\| */g, '|')
				.replace(/-{3,}/g, '---')
				.trim(),
		)
		.filter(Boolean)
		.join('\n');
}

export interface MapRow {
	question: string;
	/** Paths and names in code spans, in order. */
	spans: string[];
}

/** Rows of the first table after a heading. */
export function tableAfter(readme: string, heading: string): MapRow[] {
	const rest = readme.split(new RegExp(`^## ${heading}$`, 'm'))[1] ?? '';
	const lines = rest.split('\n').filter((line) => line.startsWith('|'));
	return lines.slice(2).map((line) => {
		const [question = '', ...cells] = line.split('|').slice(1, -1);
		const spans = [...cells.join('|').matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
		return { question: question.trim(), spans };
	});
}
