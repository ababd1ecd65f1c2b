// The README is held to the code: its commands, settings, addresses, exit codes, links and its map for newcomers.
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { failureKinds } from '#lib/core/failure.ts';
import { projectFolder } from './support/built-server.ts';
import { commandChapter, marked, plainMarkdown, settingTable, tableAfter, withMarked } from './support/readme.ts';

const path = join(projectFolder, 'README.md');
const made = { commands: commandChapter(), settings: settingTable() };
if (process.env.UPDATE_README) {
	const text = readFileSync(path, 'utf8');
	writeFileSync(path, withMarked(withMarked(text, 'commands', made.commands), 'settings', made.settings));
}
const readme = readFileSync(path, 'utf8');
const inProject = (name: string) => join(projectFolder, name);

describe('the README', () => {
	it('shows the commands as they are (UPDATE_README=1 writes them)', () => {
		expect(plainMarkdown(marked(readme, 'commands'))).toBe(plainMarkdown(made.commands));
	});

	it('shows the settings as they are (UPDATE_README=1 writes them)', () => {
		expect(plainMarkdown(marked(readme, 'settings'))).toBe(plainMarkdown(made.settings));
	});

	it('names every exit code a failure can have', () => {
		const told = new Set([...readme.matchAll(/^\| (\d+) +\|/gm)].map((match) => Number(match[1])));
		for (const { exit } of Object.values(failureKinds)) expect(told).toContain(exit);
	});

	it('leads newcomers to files that exist and names that they export', () => {
		const rows = tableAfter(readme, 'Where things are');
		expect(rows.length).toBeGreaterThan(15);
		for (const { question, spans } of rows) {
			let file = '';
			for (const span of spans) {
				if (span.includes('/')) {
					file = span;
					expect([question, span, existsSync(inProject(span))]).toEqual([question, span, true]);
				} else {
					const text = readFileSync(inProject(file), 'utf8');
					const shape = new RegExp(`^export (async )?(function\\*?|class|const) ${span}\\b`, 'm');
					expect([question, span, shape.test(text)]).toEqual([question, span, true]);
				}
			}
		}
	});

	it('names addresses that there are, with their methods', () => {
		const rows = [...readme.matchAll(/^\| `(GET|POST) (\/api\/[^`]+)` +\|/gm)];
		expect(rows.length).toBeGreaterThan(3);
		for (const [, method, address = ''] of rows) {
			const file = inProject(`src/routes${address.replaceAll('{id}', '[...id]')}/+server.ts`);
			expect(readFileSync(file, 'utf8')).toMatch(new RegExp(`export const ${method}\\b`));
		}
	});

	it('has no dead link inside the project', () => {
		const links = [...readme.matchAll(/\]\(([^)#]+)\)|<img[^>]+src="([^"]+)"/g)].map(
			(match) => match[1] ?? match[2] ?? '',
		);
		for (const link of links.filter((one) => !/^https?:/.test(one))) {
			expect([link, statSync(inProject(link), { throwIfNoEntry: false }) !== undefined]).toEqual([link, true]);
		}
		expect(links.length).toBeGreaterThan(1);
	});
});
