// `npm run bench`: runs every benchmark in this folder and prints one table of claims, met or not; losses too.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from '../../scripts/build.mjs';
import { alone, browser, cleanEnv, install, root } from '../../scripts/setup.mjs';

const words = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const quick = process.argv.includes('--quick');
await alone(async () => {
	await install();
	await build();
});

const folder = mkdtempSync(join(tmpdir(), 'modeldex-bench-'));
const path = join(folder, 'claims.jsonl');
const env = { ...cleanEnv(), BENCH_REPORT: path, BENCH_QUICK: quick ? '1' : '', CHROMIUM_PATH: await browser() };
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const args = [vitest, 'run', '--project', 'bench', '--no-file-parallelism', ...words];
const { status } = spawnSync(process.execPath, args, { cwd: root, env, stdio: ['ignore', 2, 2] });

const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
const claims = text
	.split('\n')
	.filter(Boolean)
	.map((line) => JSON.parse(line));
const header = ['claim', 'ours', 'peer', 'figure', 'aim', 'met'];
const rows = claims.map((c) => [
	c.what,
	c.ours,
	c.peer,
	String(Number(c.value.toPrecision(3))),
	c.aim,
	c.met ? 'yes' : 'NO',
]);
const widths = header.map((name, i) => Math.max(name.length, ...rows.map((row) => String(row[i]).length)));
for (const row of [header, ...rows]) {
	process.stdout.write(
		`${row
			.map((cell, i) => String(cell).padEnd(widths[i] ?? 0))
			.join('  ')
			.trimEnd()}\n`,
	);
}
const out = join(root, 'test-results', 'bench.json');
mkdirSync(join(root, 'test-results'), { recursive: true });
writeFileSync(out, JSON.stringify({ node: process.version, quick, claims }, null, 2));
process.stdout.write(
	`\n${claims.filter((c) => c.met).length} of ${claims.length} aims met; written to test-results/bench.json\n`,
);
process.exitCode = status === 0 ? 0 : 1;
