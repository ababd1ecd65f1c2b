// `npm run bench`: runs every benchmark in this folder and prints one table of claims, met or not; losses too.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, platform, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { build } from '../../scripts/build.mjs';
import { alone, browser, cleanEnv, install, root, stop } from '../../scripts/setup.mjs';

const words = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const quick = process.argv.includes('--quick');
const names = readdirSync(join(root, 'tests/bench'))
	.filter((name) => name.endsWith('.bench.ts'))
	.map((name) => name.replace('.bench.ts', ''));
const unknown = words.find((word) => !names.includes(word));
if (unknown !== undefined) stop(`There is no benchmark "${unknown}"; there are ${names.join(', ')}.`);
const began = Date.now();
await alone(async () => {
	await install();
	await build();
});

const folder = mkdtempSync(join(tmpdir(), 'modeldex-bench-'));
const path = join(folder, 'claims.jsonl');
const env = { ...cleanEnv(), BENCH_REPORT: path, BENCH_QUICK: quick ? '1' : '', CHROMIUM_PATH: await browser() };
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const files = words.map((word) => `tests/bench/${word}.bench.ts`);
const args = [vitest, 'run', '--project', 'bench', '--no-file-parallelism', ...files];
const { status } = spawnSync(process.execPath, args, { cwd: root, env, stdio: ['ignore', 2, 2] });

const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
rmSync(folder, { recursive: true, force: true });
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
const machine = {
	node: process.version,
	system: `${platform()} ${release()}`,
	processor: cpus()[0]?.model ?? 'unknown',
	processors: availableParallelism(),
	memory_bytes: totalmem(),
};
const seconds = Math.round((Date.now() - began) / 1000);
const command = [
	'npm run bench',
	...(words.length > 0 || quick ? ['--', ...words] : []),
	...(quick ? ['--quick'] : []),
];
const run = { command: command.join(' '), at: new Date(began).toISOString(), seconds, ...machine, quick };
const out = join(root, 'test-results', 'bench.json');
mkdirSync(join(root, 'test-results'), { recursive: true });
writeFileSync(out, JSON.stringify({ ...run, claims }, null, 2));
const met = claims.filter((c) => c.met).length;
const where = `${machine.processors} × ${machine.processor}, ${machine.system}, Node ${machine.node}`;
process.stdout.write(
	`\n${met} of ${claims.length} aims met in ${seconds} s on ${where}; written to test-results/bench.json\n`,
);
process.exitCode = status === 0 ? 0 : 1;
