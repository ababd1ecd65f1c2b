// `npm run test:faults`: kills, full and failing disks, bad lines, Hubs and providers, several processes, few open files,
// readers that leave or never read.
// Names of files after it run those alone. FAULT_KILLS, FAULT_MEGABYTES, FAULT_MODELS, FAULT_SEEDS, FAULT_REQUESTS,
// FAULT_TABS and FAULT_SECONDS make it longer; each test prints its figures as one line of JSON, and the last line says
// how many passed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from '../../scripts/build.mjs';
import { alone, cleanEnv, install, root } from '../../scripts/setup.mjs';

await alone(async () => {
	await install();
	await build();
});

const folder = mkdtempSync(join(tmpdir(), 'modeldex-faults-'));
const out = join(folder, 'faults.json');
const env = { ...cleanEnv(), FAULTS: '1', FORCE_COLOR: '0' };
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const report = ['--reporter=default', '--reporter=json', `--outputFile.json=${out}`];
const named = process.argv.slice(2);
const catalogue = ['download-faults', 'download-refusals', 'download-pieces', 'download-repair', 'download-watch'];
catalogue.push('discovery-faults', 'discovery-limits');
const files = named.length > 0 ? named : ['tests/faults', ...catalogue.map((name) => `tests/server/${name}.test.ts`)];
const args = [
	vitest,
	'run',
	...['faults', 'server', 'server-alone'].flatMap((name) => ['--project', name]),
	'--no-file-parallelism',
	...report,
	...files,
];
spawnSync(process.execPath, args, { cwd: root, env, stdio: ['ignore', 1, 2] });

const told = existsSync(out) ? JSON.parse(readFileSync(out, 'utf8')) : { numPassedTests: 0, numFailedTests: 1 };
rmSync(folder, { recursive: true, force: true });
if (process.getuid?.() !== 0)
	process.stdout.write('Full and read-only disks were left out: mounting one needs root.\n');
process.stdout.write(`\n${told.numPassedTests} passed, ${told.numFailedTests} failed\n`);
process.exitCode = told.numFailedTests === 0 && told.numPassedTests > 0 ? 0 : 1;
