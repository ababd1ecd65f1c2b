// `npm test`: sets up what is missing, runs lint, types, unit, component and end-to-end tests, and adds them up.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from './build.mjs';
import { alone, browser, checkNode, cleanEnv, install, interruptible, root, run } from './setup.mjs';

const only = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const totals = { passed: 0, failed: 0, skipped: 0 };

/** Settings of the person who runs the tests must not reach what is tested. */
function testEnv() {
	const env = cleanEnv();
	for (const name of Object.keys(env)) {
		if (/^(MODELDEX_\w+|HF_\w+|HUGGING\w+|TRANSFORMERS_\w+|https?_proxy|PORT|HOST|ORIGIN)$/i.test(name))
			delete env[name];
	}
	return env;
}

/** @param {string} name @param {string} bin @param {string[]} args @param {NodeJS.ProcessEnv} [extra] */
async function step(name, bin, args, extra = {}) {
	process.stdout.write(`\n── ${name}\n`);
	const path = join(root, 'node_modules', bin);
	const options = {
		env: { ...env, ...extra },
		stdio: /** @type {import('node:child_process').StdioOptions} */ (['ignore', 1, 2]),
	};
	return (await run(process.execPath, [path, ...args], options)) === 0;
}

/** Counts one check as one test. @param {string} name @param {string} bin @param {string[]} args */
async function check(name, bin, args) {
	if (only.length > 0 && !only.includes(name)) return;
	const good = await step(name, bin, args);
	totals[good ? 'passed' : 'failed'] += 1;
}

/** @param {string} file @param {boolean} good @param {(report: any) => [number, number, number]} read */
function add(file, good, read) {
	const path = join(reports, file);
	const [passed, failed, skipped] = existsSync(path) ? read(JSON.parse(readFileSync(path, 'utf8'))) : [0, 1, 0];
	totals.passed += passed;
	totals.failed += failed === 0 && !good ? 1 : failed;
	totals.skipped += skipped;
}

checkNode();
await alone(async () => {
	await install();
	await build();
});
const env = { ...testEnv(), CHROMIUM_PATH: await alone(browser), FORCE_COLOR: '0' };
const reports = mkdtempSync(join(tmpdir(), 'modeldex-test-'));

await interruptible(async () => {
	await check('sync', '@sveltejs/kit/svelte-kit.js', ['sync']);
	// Each uses one processor, so that two go side by side.
	await Promise.all([
		(async () => {
			await check('lint', 'eslint/bin/eslint.js', ['.']);
			await check('format', 'prettier/bin/prettier.cjs', ['--check', '.', '--log-level', 'warn']);
		})(),
		check('types', 'svelte-check/bin/svelte-check', ['--tsconfig', './tsconfig.json', '--threshold', 'warning']),
	]);

	if (only.length === 0 || only.includes('unit')) {
		const out = join(reports, 'unit.json');
		const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${out}`];
		const good = await step('unit and component tests', 'vitest/vitest.mjs', args);
		add('unit.json', good, (r) => [r.numPassedTests, r.numFailedTests, r.numPendingTests + r.numTodoTests]);
	}

	if (only.length === 0 || only.includes('e2e')) {
		const out = join(reports, 'e2e.json');
		const good = await step(
			'end-to-end tests',
			'@playwright/test/cli.js',
			['test', '--reporter=list,json', '--pass-with-no-tests'],
			{
				PLAYWRIGHT_JSON_OUTPUT_NAME: out,
			},
		);
		add('e2e.json', good, ({ stats }) => [stats.expected, stats.unexpected + stats.flaky, stats.skipped]);
	}
});

rmSync(reports, { recursive: true, force: true });
if (totals.skipped > 0) process.stdout.write(`\n${totals.skipped} skipped, each with its reason above\n`);
process.stdout.write(`\n${totals.passed} passed, ${totals.failed} failed\n`);
process.exitCode = totals.failed === 0 ? 0 : 1;
