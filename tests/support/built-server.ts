// The built product as a user has it: started, run command by command, and spoken to in raw HTTP.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startApp, type AppServer } from './app-server.ts';

export const projectFolder = fileURLToPath(new URL('../..', import.meta.url));
const cli = join(projectFolder, 'bin/modeldex.js');

/** Builds when the sources changed since the last build; takes a moment then, nothing otherwise. */
export function ensureBuilt(): void {
	const built = spawnSync(process.execPath, [join(projectFolder, 'scripts/build.mjs')], { encoding: 'utf8' });
	if (built.status !== 0) throw new Error(`The build failed:\n${built.stdout}${built.stderr}`);
}

/** The environment of a child: nothing of the person who runs the tests, nothing that leaves this machine. */
export function cleanEnvironment(home: string): NodeJS.ProcessEnv {
	const { PATH, TMPDIR, SystemRoot } = process.env;
	return { PATH, TMPDIR, SystemRoot, HOME: home, MODELDEX_HOME: join(home, 'data'), HF_HUB_OFFLINE: '1', PORT: '0' };
}

export interface Ended {
	code: number | null;
	stdout: string;
	stderr: string;
}

/** Runs one command of the command line to its end, in folders of its own unless the environment names others. */
export async function modeldex(words: string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
	const home = mkdtempSync(join(tmpdir(), 'modeldex-cli-'));
	const child = spawn(process.execPath, [cli, ...words], {
		env: { ...cleanEnvironment(home), ...env },
		stdio: ['ignore', 'pipe', 'pipe'],
		timeout: 30_000,
	});
	const texts = { stdout: '', stderr: '' };
	child.stdout.setEncoding('utf8').on('data', (chunk: string) => (texts.stdout += chunk));
	child.stderr.setEncoding('utf8').on('data', (chunk: string) => (texts.stderr += chunk));
	const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
	rmSync(home, { recursive: true, force: true });
	return { code, ...texts };
}

export interface BuiltServer extends AppServer {
	port: number;
	/** Settles when the process has ended, with its exit code. */
	ended: Promise<number | null>;
}

/** Starts `modeldex serve` and waits for the line that says it is ready. */
export async function startServer(env: Record<string, string> = {}, words: string[] = []): Promise<BuiltServer> {
	const server = await startApp({ env, args: words });
	const ended = new Promise<number | null>((resolve) => server.process.once('exit', (code) => resolve(code)));
	return { ...server, port: Number(new URL(server.url).port), ended };
}

export interface RawAnswer {
	/** Everything that came back, as latin1. */
	text: string;
	/** 0 when nothing came back. */
	status: number;
	/** Header names in lower case. */
	headers: Record<string, string>;
	body: string;
}

/** Sends bytes as they are and gives what came back until the other side closed, or until `quietMs` without a byte. */
export function sendRaw(port: number, bytes: string | Buffer, quietMs = 1000): Promise<RawAnswer> {
	return new Promise((resolve) => {
		const chunks: Buffer[] = [];
		const socket = net.connect({ port, host: '127.0.0.1' }, () => socket.write(bytes));
		socket.setTimeout(quietMs, () => socket.destroy());
		socket.on('data', (chunk) => chunks.push(chunk));
		socket.on('error', () => undefined); // cut off: what came before counts
		socket.on('close', () => resolve(parseRaw(Buffer.concat(chunks).toString('latin1'))));
	});
}

function parseRaw(text: string): RawAnswer {
	const [head = '', ...rest] = text.split('\r\n\r\n');
	const [first = '', ...lines] = head.split('\r\n');
	const headers = Object.fromEntries(
		lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
	);
	const body = rest.join('\r\n\r\n');
	return {
		text,
		status: Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0),
		headers,
		body: headers['transfer-encoding'] === 'chunked' ? joined(body) : body,
	};
}

/** The chunks of a chunked body in one. */
function joined(body: string): string {
	const [, size, rest] = /^([0-9a-f]+)\r\n([^]*)$/i.exec(body) ?? [];
	const length = parseInt(size ?? '0', 16);
	return length === 0 || rest === undefined ? '' : rest.slice(0, length) + joined(rest.slice(length + 2));
}

/** One request line and headers, closed after the answer. */
export function plain(port: number, line: string, headers: string[], body = '', quietMs?: number): Promise<RawAnswer> {
	const head = [...headers, 'Connection: close'].join('\r\n');
	return sendRaw(port, `${line} HTTP/1.1\r\n${head}\r\n\r\n${body}`, quietMs);
}

/** A port that nothing listens on. */
export function freePort(): Promise<number> {
	const server = net.createServer();
	return new Promise((resolve) => {
		server.listen(0, '127.0.0.1', () => {
			const address = server.address();
			server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
		});
	});
}

/** What health answers on a port; `down` when nobody does. */
export async function healthOf(port: number): Promise<string> {
	try {
		const { status } = await (await fetch(`http://127.0.0.1:${port}/api/health`)).json();
		return status;
	} catch {
		return 'down';
	}
}
