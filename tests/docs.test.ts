// The documentation is held to the product: its commands run, its addresses answer, its files and links are there.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { failureKinds } from '#lib/core/failure.ts';
import { settingRows } from '#lib/server/config.ts';
import { apiRows } from '#lib/server/openapi/rows.ts';
import { commands } from '../src/cli/commands.ts';
import { projectFolder } from './support/built-server.ts';
import { commandChapter, plainMarkdown } from './support/readme.ts';

const read = (path: string) => readFileSync(join(projectFolder, path), 'utf8');
const cliPath = 'docs/cli.md';
const intro = `# Command line

Every command and its options, as the program itself knows them. \`npx modeldex\` in the project's folder, \`modeldex\` where the
package is installed. All take \`--json\`; data goes to stdout, everything else to stderr. The exit codes and the settings are in
[README.md](../README.md).`;
const cli = `${intro}\n\n${commandChapter().replaceAll(/^### /gm, '## ')}\n`;
if (process.env.UPDATE_README) writeFileSync(join(projectFolder, cliPath), cli);

const pages = [
	...readdirSync(join(projectFolder, 'docs'))
		.filter((name) => name.endsWith('.md'))
		.map((name) => `docs/${name}`),
	'CONTRIBUTING.md',
	'SECURITY.md',
];
const texts = new Map(pages.map((path) => [path, read(path)]));

/** Every match over all pages, with the page it is on. */
function found(shape: RegExp): [page: string, match: RegExpMatchArray][] {
	return [...texts].flatMap(([path, text]) =>
		[...text.matchAll(shape)].map((match): [string, RegExpMatchArray] => [path, match]),
	);
}

describe('the command line page', () => {
	it('shows the commands as they are (UPDATE_README=1 writes it)', () => {
		expect(plainMarkdown(read(cliPath))).toBe(plainMarkdown(cli));
	});
});

describe('every page', () => {
	it('opens with a heading and is reached from the README or another page', () => {
		const linked = [read('README.md'), ...texts.values()].join('\n');
		for (const [path, text] of texts) {
			expect([path, text.startsWith('# ')]).toEqual([path, true]);
			expect([path, linked.includes(`${path.replace('docs/', '')})`)]).toEqual([path, true]);
		}
	});

	it('links to what is there', () => {
		const links = found(/\]\(([^)#]+)(?:#[^)]*)?\)/g).filter(([, [, to = '']]) => !/^https?:/.test(to));
		expect(links.length).toBeGreaterThan(5);
		for (const [path, [, to = '']] of links) {
			expect([path, to, existsSync(join(projectFolder, dirname(path), to))]).toEqual([path, to, true]);
		}
	});

	it('names files that are there', () => {
		const files = found(/`((?:src|tests|deploy|scripts)\/[\w./[\]-]+)`/g);
		expect(files.length).toBeGreaterThan(20);
		for (const [path, [, file = '']] of files)
			expect([path, file, existsSync(join(projectFolder, file))]).toEqual([path, file, true]);
	});

	it('shows commands and options that there are', () => {
		const lines = found(/^(?:\w+=\S+ |\w+="[^"]*" )*npx modeldex ([a-z][^\n]*)$/gm);
		expect(lines.length).toBeGreaterThan(12);
		for (const [path, [line, rest = '']] of lines) {
			const words = rest.split(/\s+/);
			const command = commands.find(({ name }) => words.slice(0, name.split(' ').length).join(' ') === name);
			expect([path, line, command?.name]).toEqual([path, line, expect.any(String)]);
			const options = new Set(['json', ...(command?.arguments.map(({ name }) => name) ?? [])]);
			for (const word of words.filter((one) => one.startsWith('--'))) {
				expect([path, line, options.has(word.slice(2).split('=', 1)[0] ?? '')]).toEqual([path, line, true]);
			}
		}
	});

	it('names addresses that answer to the method it gives', () => {
		const told = found(/`(GET|POST|PUT|PATCH|DELETE) (\/[^`?\s]+)`/g);
		expect(told.length).toBeGreaterThan(8);
		for (const [path, [, method, address]] of told) {
			const isThere = apiRows.some((row) => row.method === method && row.path === address);
			expect([path, method, address, isThere]).toEqual([path, method, address, true]);
		}
	});

	it('names settings that there are', () => {
		const known = new Set(settingRows.map(({ name }) => name));
		for (const [path, [, name = '']] of found(/\b((?:MODELDEX|HF)_[A-Z_]+)\b/g)) {
			expect([path, name, known.has(name)]).toEqual([path, name, true]);
		}
	});

	it('names failures that there are, in tables of answers', () => {
		for (const [path, [, code = '']] of found(/^\| `([a-z_]+)` +\| [a-z]/gm).filter(
			([page]) => page === 'docs/read.md',
		)) {
			expect([path, code, Object.hasOwn(failureKinds, code)]).toEqual([path, code, true]);
		}
	});
});

describe('the guide for contributors', () => {
	const guide = texts.get('CONTRIBUTING.md') ?? '';
	const sections = guide.split(/^## /m).slice(1);

	it.each(['a family', 'a quantization', 'a runtime', 'a provider'])(
		'says how to add %s, and which test proves it',
		(what) => {
			const section = sections.find((text) => text.startsWith(`Add ${what}\n`)) ?? '';
			expect(section).toMatch(/Prove it: `tests\/[\w/.-]+\.test\.ts`/);
			expect(section).toMatch(/`src\/lib\/core\/[\w/.-]+\.ts`/);
		},
	);
});

describe('the page about speed', () => {
	const sections = (texts.get('docs/performance.md') ?? '').split(/^## /m).slice(1);
	const benches = readdirSync(join(projectFolder, 'tests/bench'))
		.filter((name) => name.endsWith('.bench.ts'))
		.map((name) => name.replace('.bench.ts', ''));

	it('has a section for every benchmark, under the name that runs it', () => {
		const named = sections.map((text) => text.slice(0, text.indexOf('\n')));
		expect(named.toSorted()).toEqual(benches.toSorted());
		for (const text of sections) expect(text.length).toBeGreaterThan(150);
	});

	it('names no figure of a machine that nobody can look at', () => {
		expect(texts.get('docs/performance.md')).not.toMatch(/\bwe measured\b|on our machine|\d+ (?:requests|calls)\/s/i);
	});
});
