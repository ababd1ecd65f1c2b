// Builds the app and the command line into build/, unless the result for these sources is already there.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { alone, checkNode, cleanEnv, install, root, run, stop } from './setup.mjs';

/** Everything the result depends on. */
const inputs = [
	'src',
	'static',
	'package.json',
	'package-lock.json',
	'svelte.config.js',
	'vite.config.ts',
	'tailwind.config.ts',
	'scripts/build.mjs',
	'scripts/cli.vite.config.mjs',
	'scripts/icon-outline.mjs',
	'scripts/licences.mjs',
	'scripts/no-request-context.mjs',
	'scripts/worker-source.mjs',
];
const stampPath = join(root, 'build', '.sources');

/** @param {string} path @param {import('node:crypto').Hash} hash */
function feed(path, hash) {
	const full = join(root, path);
	if (!existsSync(full)) return;
	if (statSync(full).isDirectory()) {
		for (const name of readdirSync(full).sort()) feed(`${path}/${name}`, hash);
		return;
	}
	const bytes = readFileSync(full);
	hash.update(`${path}\0${bytes.length}\0`).update(bytes);
}

/** One digest over everything the build reads. */
function sources() {
	const hash = createHash('sha256');
	for (const path of inputs) feed(path, hash);
	return hash.digest('hex');
}

/** Is build/ the result of these very sources? */
export function isBuilt() {
	return existsSync(stampPath) && readFileSync(stampPath, 'utf8') === sources();
}

/** The adapter's own start file listens on every address; `node build` shall do what `modeldex serve` does. */
const startFile = `// \`node build\` is \`modeldex serve\`.
process.argv.splice(2, 0, 'serve');
await import('./cli/main.js');
`;

/** A build is for production, whoever asks for it: a test runner's variables would make it one for development. */
function buildEnv() {
	const env = cleanEnv();
	for (const name of Object.keys(env))
		if (/^(VITEST\w*|VITE_\w+|TEST|MODE|DEV|PROD|SSR|BASE_URL)$/.test(name)) delete env[name];
	return { ...env, NODE_ENV: 'production' };
}

/** Builds when needed; stops the process with a sentence when it fails. */
export async function build() {
	if (isBuilt()) return;
	process.stderr.write('Building …\n');
	const stamp = sources();
	const env = buildEnv();
	const vite = join(root, 'node_modules/vite/bin/vite.js');
	if ((await run(process.execPath, [vite, 'build', '--logLevel', 'warn'], { env, quiet: true })) !== 0) {
		stop('The build failed; its output is above.');
	}
	const cli = ['build', '--logLevel', 'warn', '--config', join(root, 'scripts/cli.vite.config.mjs')];
	if ((await run(process.execPath, [vite, ...cli], { env, quiet: true })) !== 0) {
		stop('The build of the command line failed; its output is above.');
	}
	if ((await run(process.execPath, [join(root, 'build/cli/stock.js')], { env, quiet: true })) !== 0) {
		stop('The catalog could not be stocked; the output is above.');
	}
	writeFileSync(join(root, 'build', 'index.js'), startFile);
	writeFileSync(stampPath, stamp);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	checkNode();
	await alone(async () => {
		if (isBuilt()) return;
		await install();
		await build();
	});
}
