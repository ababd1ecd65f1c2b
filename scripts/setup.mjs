// Installs what the lock file names when it is not there yet; with `--browser` also finds or installs a Chromium.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lockDir = join(root, '.setup.lock');

/** Stops with a sentence when this Node cannot run the project. */
export function checkNode() {
	const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
	const good = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24;
	if (!good) stop(`Modeldex needs Node 20.19+, 22.12+ or 24+; this is ${process.versions.node}.`);
}

/** @param {string} sentence @returns {never} */
export function stop(sentence) {
	process.stderr.write(`${sentence}\n`);
	process.exit(1);
}

/** The environment without what would make npm leave out the build tools. */
export function cleanEnv() {
	const env = { ...process.env };
	for (const name of Object.keys(env)) {
		if (/^npm_config_(omit|production|only|include|global|prefix)$/i.test(name)) delete env[name];
	}
	if (env.NODE_ENV === 'production') delete env.NODE_ENV;
	return env;
}

/**
 * Runs a step with its output on stderr, so that stdout stays for answers.
 * @param {string} command @param {string[]} args @param {NodeJS.ProcessEnv} [env]
 */
export function run(command, args, env = cleanEnv()) {
	const shell = process.platform === 'win32' && !command.endsWith('.exe') && command !== process.execPath;
	return spawnSync(command, args, { cwd: root, env, shell, stdio: ['ignore', 2, 2] }).status ?? 1;
}

/** @param {string[]} args */
function npm(args) {
	const cli = process.env.npm_execpath;
	return cli && /npm-cli\.[cm]?js$/.test(cli) ? run(process.execPath, [cli, ...args]) : run('npm', args);
}

/** @param {string} path */
function packages(path) {
	if (!existsSync(path)) return null;
	return JSON.parse(readFileSync(path, 'utf8')).packages;
}

/** Does node_modules hold every package of the lock file, in its version? (Optional ones may be of other platforms.) */
export function isInstalled() {
	const wanted = packages(join(root, 'package-lock.json'));
	const found = packages(join(root, 'node_modules', '.package-lock.json'));
	if (wanted === null || found === null) return false;
	return Object.entries(wanted).every(([path, entry]) => {
		if (path === '' || entry.optional || entry.devOptional) return true;
		return found[path]?.version === entry.version && existsSync(join(root, path));
	});
}

/** @param {number} pid */
function isAlive(pid) {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false; // no such process: the lock was left behind
	}
}

/**
 * Runs `work` while no other start or test of this checkout is setting up.
 * @template T @param {() => T} work @returns {T}
 */
export function alone(work) {
	const note = join(lockDir, 'pid');
	for (;;) {
		try {
			mkdirSync(lockDir);
			break;
		} catch {
			const pid = existsSync(note) ? Number(readFileSync(note, 'utf8')) : 0;
			if (pid > 0 && !isAlive(pid)) rmSync(lockDir, { recursive: true, force: true });
			else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
		}
	}
	writeFileSync(note, String(process.pid));
	try {
		return work();
	} finally {
		rmSync(lockDir, { recursive: true, force: true });
	}
}

/** Installs the packages when they are not there yet. */
export function install() {
	if (isInstalled()) return;
	process.stderr.write('Installing packages …\n');
	if (npm(['ci', '--include=dev']) !== 0) stop('npm ci failed; its output is above.');
}

/** @returns {string | null} */
function playwrightChromium() {
	try {
		const path = createRequire(join(root, 'package.json'))('playwright-core').chromium.executablePath();
		return existsSync(path) ? path : null;
	} catch {
		return null; // not installed yet, or no browser for this platform
	}
}

/** @returns {string | null} */
function findChromium() {
	const named = [
		process.env.CHROMIUM_PATH,
		'/usr/bin/chromium',
		'/usr/bin/chromium-browser',
		'/usr/bin/google-chrome',
		'/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
		'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
	];
	return named.find((path) => path && existsSync(path)) ?? playwrightChromium();
}

/** Path of a Chromium, installed when there is none: Debian's as root, else Playwright's own. */
export function browser() {
	const found = findChromium();
	if (found) return found;
	if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
		process.stderr.write('Installing Chromium …\n');
		const env = { ...cleanEnv(), DEBIAN_FRONTEND: 'noninteractive' };
		run('apt-get', ['update', '-qq'], env);
		run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], env);
	}
	if (!findChromium())
		run(process.execPath, [join(root, 'node_modules/playwright-core/cli.js'), 'install', 'chromium']);
	return findChromium() ?? stop('No Chromium found. Install one, or name it in CHROMIUM_PATH.');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	checkNode();
	alone(install);
	if (process.argv.includes('--browser')) process.stdout.write(`${browser()}\n`);
}
