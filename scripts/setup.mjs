// Installs what the lock file names when it is not there yet; with `--browser` also finds or installs a Chromium.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lock = join(root, '.setup.lock');
/** A lock without a readable owner that is older than this was left behind half-written. */
const halfWrittenMs = 5_000;

/** Stops with a sentence when this Node cannot run the project. */
export function checkNode() {
	const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
	const good = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24;
	if (!good) stop(`Modeldex needs Node 20.19+, 22.12+ or 24+; this is ${process.versions.node}.`);
}

/** @param {string} sentence @returns {never} */
export function stop(sentence) {
	process.stderr.write(`${sentence}\n`);
	if (owner()?.pid === process.pid) rmSync(lock, { force: true });
	process.exit(1);
}

/** The environment without what would make npm or a build tool leave something out. */
export function cleanEnv() {
	const env = { ...process.env };
	for (const name of Object.keys(env)) {
		if (/^npm_config_(omit|production|only|include|global|prefix|dry_run|package_lock_only)$/i.test(name))
			delete env[name];
	}
	if (env.NODE_ENV === 'production') delete env.NODE_ENV;
	return env;
}

/** @type {import('node:child_process').ChildProcess | null} */
let child = null;

/**
 * Runs a step to its end and gives its exit code. A signal that ends us ends the step first.
 * With `quiet` its output is shown only when it fails: builders tell developers much that nobody here asked for.
 * @param {string} command @param {string[]} args
 * @param {import('node:child_process').SpawnOptions & { quiet?: boolean }} [options]
 * @returns {Promise<number>}
 */
export function run(command, args, { quiet = false, ...options } = {}) {
	const shell = process.platform === 'win32' && !command.endsWith('.exe') && command !== process.execPath;
	return new Promise((resolve) => {
		// Output goes to stderr, so that stdout stays for answers.
		const out = quiet ? 'pipe' : 2;
		child = spawn(command, args, { cwd: root, env: cleanEnv(), stdio: ['ignore', out, out], shell, ...options });
		/** @type {Buffer[]} */
		const held = [];
		for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => held.push(chunk));
		child.on('error', (error) => {
			process.stderr.write(`${command}: ${error.message}\n`);
			resolve(1);
		});
		child.on('close', (code) => {
			if (code !== 0) process.stderr.write(Buffer.concat(held));
			resolve(code ?? 1);
		});
	}).finally(() => (child = null));
}

/** @param {NodeJS.Signals} signal */
function leave(signal) {
	child?.kill('SIGTERM');
	if (owner()?.pid === process.pid) rmSync(lock, { force: true });
	process.exit(128 + constants.signals[signal]);
}

const endings = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/**
 * Does `work` so that a signal ends its running step too.
 * @template T @param {() => Promise<T>} work
 */
export async function interruptible(work) {
	for (const signal of endings) process.on(signal, leave);
	try {
		return await work();
	} finally {
		for (const signal of endings) process.off(signal, leave);
	}
}

/** @param {string[]} args */
function npm(args) {
	const cli = process.env.npm_execpath;
	return cli && /npm-cli\.[cm]?js$/.test(cli) ? run(process.execPath, [cli, ...args]) : run('npm', args);
}

/** @param {string} path @returns {Record<string, { version?: string, optional?: boolean, dev?: boolean, devOptional?: boolean }> | null} */
function packages(path) {
	return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : null;
}

/**
 * Does node_modules hold every package of the lock file, in its version? Optional ones may be of other platforms.
 * @param {{ runtimeOnly?: boolean }} [which] leave out what only building and testing need
 */
export function isInstalled({ runtimeOnly = false } = {}) {
	const wanted = packages(join(root, 'package-lock.json'));
	const found = packages(join(root, 'node_modules', '.package-lock.json'));
	if (wanted === null || found === null) return false;
	return Object.entries(wanted).every(([path, entry]) => {
		if (path === '' || entry.optional || entry.devOptional || (runtimeOnly && entry.dev)) return true;
		return found[path]?.version === entry.version && existsSync(join(root, path));
	});
}

/** When a process began, in the kernel's ticks: tells it from a later one with the same number. @param {number} pid */
function began(pid) {
	try {
		return (
			readFileSync(`/proc/${pid}/stat`, 'utf8')
				.replace(/^.*\) /s, '')
				.split(' ')[19] ?? null
		);
	} catch {
		return null; // no such process, or no such file system
	}
}

/** @param {number} pid */
export function isAlive(pid) {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		// EPERM: it lives and belongs to someone else.
		return error instanceof Error && 'code' in error && error.code === 'EPERM';
	}
}

/** @returns {{ pid: number, began: string | null } | null} */
function owner() {
	try {
		const { pid, began } = JSON.parse(readFileSync(lock, 'utf8'));
		return { pid, began };
	} catch {
		return null; // none, or not yet written
	}
}

function isLeftBehind() {
	const held = owner();
	if (held !== null) return held.pid === process.pid || !isAlive(held.pid) || began(held.pid) !== held.began;
	try {
		return Date.now() - statSync(lock).mtimeMs > halfWrittenMs;
	} catch {
		return false; // gone meanwhile
	}
}

function take() {
	try {
		writeFileSync(lock, JSON.stringify({ pid: process.pid, began: began(process.pid) }), { flag: 'wx' });
		return true;
	} catch (error) {
		if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
		throw error;
	}
}

/**
 * Does `work` while no other start or test of this folder is setting up.
 * @template T @param {() => Promise<T>} work @returns {Promise<T>}
 */
export async function alone(work) {
	let said = false;
	const since = Date.now();
	while (!take()) {
		if (isLeftBehind()) {
			const aside = `${lock}.${process.pid}`;
			try {
				renameSync(lock, aside);
			} catch {
				continue; // another one was quicker
			}
			rmSync(aside, { recursive: true, force: true });
			continue;
		}
		if (!said && Date.now() - since > 1_000) {
			process.stderr.write(`Waiting for another start or test of this folder (process ${owner()?.pid}) …\n`);
			said = true;
		}
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
	try {
		return await interruptible(work);
	} finally {
		rmSync(lock, { force: true });
	}
}

/** Installs the packages when they are not there yet. @param {{ runtimeOnly?: boolean }} [which] */
export async function install(which) {
	if (isInstalled(which)) return;
	process.stderr.write('Installing packages …\n');
	if ((await npm(['ci', '--include=dev'])) !== 0) stop('npm ci failed; its output is above.');
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
export async function browser() {
	const found = findChromium();
	if (found) return found;
	if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
		process.stderr.write('Installing Chromium …\n');
		const env = { ...cleanEnv(), DEBIAN_FRONTEND: 'noninteractive' };
		await run('apt-get', ['update', '-qq'], { env });
		await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], { env });
	}
	if (!findChromium()) {
		await run(process.execPath, [join(root, 'node_modules/playwright-core/cli.js'), 'install', 'chromium']);
	}
	return findChromium() ?? stop('No Chromium found. Install one, or name it in CHROMIUM_PATH.');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	checkNode();
	await alone(() => install());
	if (process.argv.includes('--browser')) process.stdout.write(`${await alone(browser)}\n`);
}
