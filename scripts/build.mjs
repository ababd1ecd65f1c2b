// Builds the app and the command line into build/, unless the result for these sources is already there.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { alone, checkNode, install, root, run, stop } from './setup.mjs';

const inputs = [
	'src',
	'static',
	'package.json',
	'package-lock.json',
	'svelte.config.js',
	'vite.config.ts',
	'tailwind.config.ts',
	'scripts/build.mjs',
	'scripts/worker-source.mjs',
];
const stampPath = join(root, 'build', '.sources');

/** @param {string} path @param {import('node:crypto').Hash} hash */
function feed(path, hash) {
	const full = join(root, path);
	if (!existsSync(full)) return;
	try {
		const names = readdirSync(full).sort();
		for (const name of names) feed(join(path, name), hash);
	} catch {
		hash.update(path).update(readFileSync(full)); // not a folder
	}
}

/** One digest over everything the build reads, and the Node it runs on. */
function sources() {
	const hash = createHash('sha256').update(process.versions.node);
	for (const path of inputs) feed(path, hash);
	return hash.digest('hex');
}

/** Is build/ the result of these very sources? */
export function isBuilt() {
	return existsSync(stampPath) && readFileSync(stampPath, 'utf8') === sources();
}

/** Builds when needed; stops the process with a sentence when it fails. */
export function build() {
	if (isBuilt()) return;
	process.stderr.write('Building …\n');
	const stamp = sources();
	const vite = join(root, 'node_modules/vite/bin/vite.js');
	if (run(process.execPath, [vite, 'build', '--logLevel', 'warn']) !== 0)
		stop('The build failed; its output is above.');
	const cli = ['build', '--logLevel', 'warn', '--config', join(root, 'scripts/cli.vite.config.mjs')];
	if (run(process.execPath, [vite, ...cli]) !== 0) stop('The build of the command line failed; its output is above.');
	writeFileSync(stampPath, stamp);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	checkNode();
	alone(() => {
		install();
		build();
	});
}
