// What is measured beside each other, each in a process of its own: the provider itself, a bare proxy, Portkey, and ours.
import { fork, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApp } from '../../support/app-server.ts';
import { modeldex, projectFolder } from '../../support/built-server.ts';

/** Something that answers `POST /v1/chat/completions`. */
export interface Target {
	name: 'direct' | 'proxy' | 'portkey' | 'ours';
	/** Address without a path. */
	origin: string;
	headers: Readonly<Record<string, string>>;
	/** Its word for a model of the provider. */
	model: (name: string) => string;
	/** Number of its process. */
	pid: number;
	stop: () => Promise<void>;
}

const folder = join(projectFolder, 'tests/bench/gateway');
const json = { 'content-type': 'application/json' };

function ended(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
	return new Promise((resolve) => child.once('exit', () => resolve()));
}

/** Starts a script of this folder that tells its port. */
export async function startScript(name: string, words: string[] = []): Promise<{ child: ChildProcess; port: number }> {
	const child = fork(join(folder, name), words, { execArgv: [], stdio: ['ignore', 2, 2, 'ipc'] });
	const port = await new Promise<number>((resolve, reject) => {
		child.once('message', (message) => {
			if (typeof message === 'object' && message !== null && 'port' in message) resolve(Number(message.port));
		});
		child.once('exit', (code) => reject(new Error(`${name} ended with ${code}.`)));
	});
	return { child, port };
}

/** The fake provider, asked without anything in between. */
export async function startProvider(): Promise<Target> {
	const { child, port } = await startScript('provider.mjs');
	return {
		name: 'direct',
		origin: `http://127.0.0.1:${port}`,
		headers: { ...json, authorization: 'Bearer of-the-provider' },
		model: (name) => name,
		pid: child.pid ?? 0,
		stop: async () => {
			child.disconnect();
			await ended(child);
		},
	};
}

/** The bare proxy in front of the provider. */
export async function startProxy(provider: Target): Promise<Target> {
	const { child, port } = await startScript('proxy.mjs', [provider.origin]);
	return {
		...provider,
		name: 'proxy',
		origin: `http://127.0.0.1:${port}`,
		model: (name) => `lab/${name}`,
		pid: child.pid ?? 0,
		stop: async () => {
			child.disconnect();
			await ended(child);
		},
	};
}

function freePort(): Promise<number> {
	const server = createServer();
	return new Promise((resolve) => {
		server.listen(0, '127.0.0.1', () => {
			const address = server.address();
			server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0));
		});
	});
}

/**
 * Portkey's folder, installed as its lock file says when it is not there yet. With the newest `@hono/node-server` that
 * its own range allows, every stream answers 500; the overrides beside it are those of its own lock file. Throws with a
 * sentence when npm cannot install it.
 */
function portkeyFolder(): string {
	const home = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
	const target = join(home, 'modeldex-bench', 'portkey');
	const source = join(projectFolder, 'tests/bench/portkey');
	const lock = readFileSync(join(source, 'package-lock.json'), 'utf8');
	const stamp = join(target, 'installed.json');
	if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return target;
	mkdirSync(target, { recursive: true });
	for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(source, name), join(target, name));
	const words = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
	const { status, stderr, error } = spawnSync('npm', words, {
		cwd: target,
		encoding: 'utf8',
		timeout: 180_000,
		shell: process.platform === 'win32',
	});
	if (status !== 0) {
		const why = error?.message ?? /npm error (?!code)(\S[^\n]*)/.exec(stderr)?.[1] ?? `npm ended with ${status}`;
		throw new Error(`Portkey could not be installed: ${why}.`);
	}
	writeFileSync(stamp, lock);
	return target;
}

async function untilListening(origin: string, child: ChildProcess): Promise<void> {
	for (let tries = 0; tries < 200 && child.exitCode === null; tries += 1) {
		const isUp = await fetch(origin).then(
			() => true,
			() => false,
		);
		if (isUp) return;
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
	throw new Error('Portkey was installed and did not start.');
}

/** Portkey's gateway in front of the provider. Throws with a sentence when it cannot be had. */
export async function startPortkey(provider: Target): Promise<Target> {
	const home = portkeyFolder();
	const port = await freePort();
	const start = join(home, 'node_modules/@portkey-ai/gateway/build/start-server.js');
	const words = [start, `--port=${port}`, '--headless'];
	const child = spawn(process.execPath, words, { cwd: home, stdio: 'ignore' });
	const origin = `http://127.0.0.1:${port}`;
	await untilListening(origin, child);
	const way = { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': `${provider.origin}/v1` };
	return {
		...provider,
		name: 'portkey',
		origin,
		headers: { ...provider.headers, ...way },
		pid: child.pid ?? 0,
		stop: async () => {
			child.kill('SIGTERM');
			await ended(child);
		},
	};
}

/** Names of tiers by the models behind them; every one has prices and a budget, so that money is counted. */
function registryFile(provider: Target): string {
	const models = ['short', 'long', 'near', 'far', 'farther', 'endless'];
	const price = '{ input: 0.1, output: 0.4 }';
	const tier = (name: string, strategy: string, candidates: string[]) =>
		`  ${name}: { strategy: ${strategy}, providers: [${candidates.map((model) => `lab/${model}`).join(', ')}], maxCost: 1, costLimit: 100000 }`;
	return [
		'version: 1',
		'providers:',
		'  lab:',
		'    type: openai-compatible',
		`    base_url: ${provider.origin}/v1`,
		'    api_key_env: BENCH_PROVIDER_KEY',
		'    prices:',
		...models.map((model) => `      ${model}: ${price}`),
		'tiers:',
		...['short', 'long', 'near', 'endless'].map((name) =>
			tier(name, 'fallback', [name, name === 'far' ? 'near' : 'far']),
		),
		tier('race', 'race', ['near', 'far', 'farther']),
		'',
	].join('\n');
}

/** Our server with everything on, and a way to make further keys of its gateway. */
export interface Ours extends Target {
	/** Makes a key with these further words of `registry key create`; gives it. */
	key: (...words: string[]) => Promise<string>;
}

/** Ours in front of the provider: a key with a budget, a tier to resolve, validation, the ledger, and a record per request. */
export async function startOurs(provider: Target): Promise<Ours> {
	const home = mkdtempSync(join(tmpdir(), 'modeldex-bench-'));
	const path = join(home, 'registry.yaml');
	writeFileSync(path, registryFile(provider));
	const env = { BENCH_PROVIDER_KEY: 'of-the-provider', MODELDEX_KEY: 'a-key-of-the-server-itself' };
	const key = async (...words: string[]) => {
		const asked = ['registry', 'key', 'create', 'bench', ...words, '--home', home, '--json'];
		const { code, stdout, stderr } = await modeldex(asked);
		if (code !== 0) throw new Error(`No key could be made: ${stderr}`);
		const { secret }: { secret: string } = JSON.parse(stdout);
		return secret;
	};
	const secret = await key('--budget', '100000', '--spec', 'tier:*');
	const app = await startApp({ home, env, args: ['--config', path] });
	return {
		name: 'ours',
		origin: app.url,
		headers: { ...json, authorization: `Bearer ${secret}` },
		model: (name) => `tier:${name}`,
		pid: app.process.pid ?? 0,
		key,
		stop: async () => {
			await app.stop();
			rmSync(home, { recursive: true, force: true });
		},
	};
}
