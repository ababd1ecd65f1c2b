// Ignore rules against git itself: the same files stay and go.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { globTest, IgnoreRules } from '#lib/core/ignore.ts';
import { temporaryFolder } from '../support/folder.ts';

const rules = [
	'# words',
	'*.log',
	'!keep.log',
	'/build',
	'docs/**/tmp',
	'a/**',
	'**/cache',
	'x?z.txt',
	'[ab]c.md',
	'\\#hash',
	'sp ace ',
	'only/',
	'deep/*/leaf.txt',
	'',
];
const paths = [
	'one.log',
	'sub/two.log',
	'keep.log',
	'build/x.js',
	'sub/build/x.js',
	'docs/tmp/a',
	'docs/q/r/tmp/a',
	'a/b/c',
	'b/a.txt',
	'q/cache/f',
	'xyz.txt',
	'xz.txt',
	'ac.md',
	'cc.md',
	'#hash',
	'sp ace',
	'only/f',
	'sub/only/f',
	'deep/1/leaf.txt',
	'deep/1/2/leaf.txt',
];

it('leaves out what git leaves out', () => {
	const folder = temporaryFolder();
	execFileSync('git', ['init', '-q'], { cwd: folder });
	writeFileSync(join(folder, '.gitignore'), rules.join('\n'));
	for (const path of paths) {
		mkdirSync(dirname(join(folder, path)), { recursive: true });
		writeFileSync(join(folder, path), '');
	}
	const { stdout } = spawnSync('git', ['check-ignore', '--no-index', '-z', '--stdin'], {
		cwd: folder,
		input: paths.join('\0'),
		encoding: 'utf8',
	});
	const ours = new IgnoreRules(rules.join('\n'));
	const isOut = (path: string) => {
		const parts = path.split('/');
		return parts.some((_, at) => ours.says(parts.slice(0, at + 1).join('/'), at < parts.length - 1) === true);
	};
	expect(paths.filter(isOut)).toEqual(stdout.split('\0').filter(Boolean));
});

it('reads globs of options by name or from the root', () => {
	expect(['a.ts', 'x/a.ts', 'a.js'].filter(globTest('*.ts'))).toEqual(['a.ts', 'x/a.ts']);
	expect(['src/a.ts', 'x/src/a.ts'].filter(globTest('src/*.ts'))).toEqual(['src/a.ts']);
});
