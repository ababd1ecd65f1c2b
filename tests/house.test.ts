// The house keeps its own rules, and the checker that says so is tried on a house that breaks each of them.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import {
	lockBreaches,
	sourceBreaches,
	testBreaches,
	wordBreaches,
	type LongFiles,
	type Tree,
} from './support/house.ts';
import { projectFolder } from './support/built-server.ts';

/** Longer than 300 lines, and why that is better than two files. */
const longFiles: LongFiles = {
	'src/lib/core/parameters-dense.ts': 'one row per model type: a table whose cells are formulas',
	'src/lib/core/parameters-encoder.ts': 'one row per model type: a table whose cells are formulas',
	'src/lib/core/parameters-moe.ts': 'one row per model type: a table whose cells are formulas',
	'src/lib/core/quantization-scheme.ts':
		'one reader per quantization scheme; they are compared with each other line by line',
	'src/lib/core/registry/provider-table.ts': 'one row per provider: a table',
	'src/lib/server/migrations.ts': 'the steps of the database one after the other: a table that only grows',
};

/** The same for tests and what they stand on. */
const longTests: LongFiles = {
	'tests/support/model-facts.ts': 'one row per model, copied from its own files: a table',
};

/** Text files of the project: what git knows and does not ignore, else everything that is not made by a tool. */
function projectFiles(): string[] {
	try {
		const words = ['ls-files', '-co', '--exclude-standard'];
		return execFileSync('git', words, { cwd: projectFolder, encoding: 'utf8' }).split('\n').filter(Boolean);
	} catch {
		const made = /(^|\/)(node_modules|build|\.svelte-kit|test-results)(\/|$)/;
		const all = readdirSync(projectFolder, { recursive: true, encoding: 'utf8' }).map((path) =>
			path.replaceAll('\\', '/'),
		);
		return all.filter((path) => !made.test(path) && statSync(join(projectFolder, path)).isFile());
	}
}

function projectTree(): Tree {
	const texts = projectFiles().filter((path) =>
		/\.(ts|svelte|css|html|js|mjs|json|jsonl|md|ya?ml)$|^\.[\w./]+$|\/run$/.test(path),
	);
	const there = texts.filter((path) => statSync(join(projectFolder, path), { throwIfNoEntry: false })?.isFile());
	return new Map(there.map((path) => [path, readFileSync(join(projectFolder, path), 'utf8')]));
}

const tree = projectTree();

vi.setConfig({ testTimeout: 60_000 }); // every source is parsed, and the machine may be busy

describe('the house', () => {
	it('has rooms that import only what they may, and files that are named, opened and sized as agreed', () => {
		expect(sourceBreaches(tree, longFiles)).toEqual([]);
	});

	it('has tests in files of one idea each, opened and sized as agreed', () => {
		expect(testBreaches(tree, longTests)).toEqual([]);
	});

	it('[S62] has a lock file with a checksum for every package and no address', () => {
		expect(lockBreaches(tree.get('package-lock.json') ?? '')).toEqual([]);
	});

	it('says nothing that only its makers would understand', () => {
		expect(wordBreaches(tree)).toEqual([]);
	});
});

const opening = '// Says what this file is for.\n';

/** A small house in order. */
const sound: [string, string][] = [
	['src/lib/core/model.ts', `${opening}import { z } from 'zod';\nexport const model = z.string();`],
	[
		'src/lib/server/hub.ts',
		`${opening}import fs from 'node:fs';\nimport type { model } from '#lib/core/model.ts';\nfetch;`,
	],
	['src/lib/server/store/models.ts', `${opening}export const all = 'SELECT id FROM models';`],
	['src/lib/client/api.ts', `${opening}import { page } from '$app/state';\nexport const ask = () => fetch('/api');`],
	['src/lib/ui/Badge.svelte', `<!-- A badge: one word with a meaning. -->\n<b>x</b>`],
	[
		'src/lib/components/ModelCard.svelte',
		`<!-- One model as a card. -->\n<script>import Badge from '#lib/ui/Badge.svelte';</script><Badge />`,
	],
	[
		'src/routes/models/+page.svelte',
		`<!-- The page of models. -->\n<script>import Card from '#lib/components/ModelCard.svelte';</script>`,
	],
	[
		'src/routes/api/models/+server.ts',
		`${opening}import { json } from '@sveltejs/kit';\nimport { all } from '#lib/server/store/models.ts';\nimport type { RequestHandler } from './$types';`,
	],
	['src/cli/main.ts', `${opening}import './serve.ts';`],
	['src/cli/serve.ts', `${opening}import { createServer } from 'node:http';`],
];

/** One file that breaks one rule, and a word of what is said about it. */
const planted: [string, string, string, string][] = [
	[
		'imports',
		'src/lib/core/a.ts',
		`${opening}import type { x } from '#lib/server/hub.ts';`,
		'core may not import server',
	],
	['imports', 'src/lib/core/b.ts', `${opening}import 'node:fs';`, 'may not use Node'],
	['imports', 'src/lib/core/c.ts', `${opening}import 'undici';`, 'the package undici'],
	['imports', 'src/lib/server/a.ts', `${opening}import { env } from '$env/dynamic/private';`, '$env/dynamic/private'],
	[
		'imports',
		'src/lib/server/b.ts',
		`${opening}export const page = () => import('#lib/client/api.ts');`,
		'server may not import client',
	],
	[
		'imports',
		'src/lib/server/c.ts',
		`${opening}import type { Handle } from '@sveltejs/kit';\nexport let handle: Handle;`,
		'the package @sveltejs/kit',
	],
	[
		'imports',
		'src/lib/server/d.ts',
		`${opening}export let x: import('#lib/components/ModelCard.svelte').default;`,
		'server may not import components',
	],
	['imports', 'src/lib/client/a.ts', `${opening}import { building } from '$app/paths';`, '$app/paths'],
	[
		'imports',
		'src/lib/ui/A.svelte',
		`<!-- A badge that knows models. -->\n<script>import { model } from '#lib/core/model.ts';</script>`,
		'ui may not import core',
	],
	[
		'imports',
		'src/lib/components/A.svelte',
		`<!-- A card that reads the disk. -->\n<script module>import fs from 'fs';</script>`,
		'may not use Node',
	],
	[
		'imports',
		'src/lib/components/B.svelte',
		`<!-- A card that loads late. -->\n{#await import('#lib/server/hub.ts')}{/await}`,
		'components may not import server',
	],
	['imports', 'src/routes/+page.ts', `${opening}import '#lib/server/hub.ts';`, 'page may not import server'],
	['imports', 'src/routes/+page.server.ts', `${opening}import '#lib/client/api.ts';`, 'endpoint may not import client'],
	[
		'imports',
		'src/routes/a/+page.svelte',
		`<!-- A page that uses another page. -->\n<script>import P from '../models/+page.svelte';</script>`,
		'may not import page',
	],
	['imports', 'src/cli/a.ts', `${opening}import '$app/environment';`, '$app/environment'],
	['imports', 'src/lib/server/e.ts', `${opening}import '../../cli/main.ts';`, 'server may not import cli'],
	['imports', 'src/lib/core/d.ts', `${opening}import '$lib/core/model';`, 'use #lib'],
	['imports', 'src/lib/core/e.ts', `${opening}import '#lib/core/model';`, 'without its extension'],
	['names', 'src/lib/core/utils.ts', opening, 'says nothing'],
	['names', 'src/lib/server/model-helpers.ts', opening, 'says nothing'],
	['names', 'src/lib/core/modelCard.ts', opening, 'kebab-case'],
	['names', 'src/lib/ui/my-badge.svelte', '<!-- A badge with a low name. -->', 'PascalCase'],
	['first sentence', 'src/lib/core/f.ts', 'export const silent = 1;', 'does not open'],
	['first sentence', 'src/lib/ui/Silent.svelte', '<b>x</b>', 'does not open'],
	['length', 'src/lib/core/g.ts', opening + '\n'.repeat(300) + 'export const end = 1;', '302 lines'],
	['barrels', 'src/lib/core/h.ts', `${opening}export * from '#lib/core/model.ts';`, 'hands on'],
	['sql', 'src/lib/server/f.ts', `${opening}export const q = \`SELECT id FROM models WHERE id = ?\`;`, 'SQL in line 2'],
	[
		'fetch',
		'src/routes/b/+page.ts',
		`${opening}export const load = async () => ({ text: await fetch('/x') });`,
		'calls fetch in line 2',
	],
	[
		'fetch',
		'src/lib/components/C.svelte',
		`<!-- A card that asks by itself. -->\n<script>globalThis.fetch('/x');</script>`,
		'calls fetch in line 2',
	],
	[
		'casts',
		'src/lib/core/i.ts',
		`${opening}export const one = JSON.parse('1') as number;\nexport const two = ['a'] as const;`,
		'casts in line 2',
	],
];

describe('the checker', () => {
	it('finds nothing in a house that is in order', () => {
		expect(sourceBreaches(new Map(sound), {})).toEqual([]);
	});

	it.each(planted)('finds a breach of %s in %s', (rule, path, text, says) => {
		const breaches = sourceBreaches(new Map([...sound, [path, text]]), {});
		expect(breaches).toEqual([{ rule, path, says: expect.stringContaining(says) }]);
	});

	it('finds circles, also of types alone', () => {
		const a: [string, string] = ['src/lib/core/a.ts', `${opening}import type { b } from '#lib/core/b.ts';`];
		const b: [string, string] = ['src/lib/core/b.ts', `${opening}import { a } from './a.ts';`];
		const [breach] = sourceBreaches(new Map([...sound, a, b]), {});
		expect(breach).toMatchObject({ rule: 'circles', says: expect.stringContaining('a.ts → src/lib/core/b.ts → ') });
	});

	it('wants its list of long files short', () => {
		const long = { 'src/lib/core/model.ts': 'it once was' };
		expect(sourceBreaches(new Map(sound), long)).toMatchObject([{ rule: 'length', path: 'src/lib/core/model.ts' }]);
	});

	it('finds hooks that are asked for by an import, and so hold for the first file of a process alone', () => {
		const says = (path: string, text: string) =>
			testBreaches(new Map([[path, text]]), {}).map(({ says: word }) => word);
		const hooks = `${opening}\nafterEach(() => undefined);\n`;
		expect(says('tests/support/hub.ts', hooks)).toEqual(['asks for hooks on import, but is not called a rig']);
		expect(says('tests/support/hub-rig.ts', hooks)).toEqual([]);
	});

	it('finds tests that are too long or do not say what they are for', () => {
		const test = (text: string) => testBreaches(new Map([['tests/core/a.test.ts', text]]), {}).map(({ says }) => says);
		expect(test(opening)).toEqual([]);
		expect(test(opening + '\n'.repeat(300) + 'expect;')).toEqual(['has 302 lines']);
		expect(test('expect;')).toEqual(['does not open with a comment about its purpose']);
		expect(testBreaches(new Map([['src/lib/core/a.ts', 'expect;']]), {})).toEqual([]);
		expect(testBreaches(new Map(), { 'tests/core/a.test.ts': 'it once was long' })).toHaveLength(1);
	});

	it('reads lock files', () => {
		const entry = { version: '1.0.0', integrity: 'sha512-x' };
		const lock = (packages: object) =>
			lockBreaches(JSON.stringify({ packages: { '': {}, ...packages } })).map(({ says }) => says);
		expect(lock({ 'node_modules/a': entry })).toEqual([]);
		expect(lock({ 'node_modules/a': { version: '1.0.0' } })).toEqual(['has no integrity']);
		expect(lock({ 'node_modules/a': { ...entry, resolved: 'https://x' } })).toEqual(['has an address']);
		expect(lock({ 'node_modules/a': { ...entry, optionalDependencies: { b: '1' } } })).toEqual([
			'wants b, which has no entry',
		]);
	});

	it.each([
		['a machine', `see ${'/wo' + 'rk'}/main/x.ts`],
		['a list', `as row ${'S1' + '-22'} asks`],
		['a trap', `see ${'T1' + '-e'}`],
		['a document', `as ${'house' + '.md'} says`],
	])('finds words about %s', (_, text) => {
		expect(wordBreaches(new Map([['src/a.ts', text]]))).toHaveLength(1);
		expect(
			wordBreaches(new Map([['src/a.ts', 'https://example.org/home/page and ./work/list and S3 buckets']])),
		).toEqual([]);
	});
});
