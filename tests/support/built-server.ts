// Starts the built product as a user would, on a free port with empty folders, and speaks raw HTTP to it.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

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

/** Runs one command of the command line to its end. */
export function modeldex(words: string[], env: NodeJS.ProcessEnv = {}): Ended {
	const home = mkdtempSync(join(tmpdir(), 'modeldex-cli-'));
	const options = { encoding: 'utf8' as const, env: { ...cleanEnvironment(home), ...env }, timeout: 30_000 };
	const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...words], options);
	rmSync(home, { recursive: true, force: true });
	return { code: status, stdout, stderr };
}

export interface BuiltServer {
	url: string;
	port: number;
	pid: number;
	home: string;
	/** What the process has written so far. */
	output(): string;
	signal(name: NodeJS.Signals): void;
	ended: Promise<number | null>;
	stop(): Promise<void>;
}

/** Starts `modeldex serve` and waits for the line that says it is ready. */
export async function startServer(env: NodeJS.ProcessEnv = {}, words: string[] = []): Promise<BuiltServer> {
	const home = mkdtempSync(join(tmpdir(), 'modeldex-serve-'));
	const child = spawn(process.execPath, [cli, 'serve', ...words], { env: { ...cleanEnvironment(home), ...env } });
	let output = '';
	const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
	const url = await new Promise<string>((resolve, reject) => {
		const read = (chunk: Buffer) => {
			output += chunk.toString();
			const found = /ready on (\S+)/.exec(output)?.[1];
			if (found !== undefined) resolve(found);
		};
		child.stdout.on('data', read);
		child.stderr.on('data', read);
		void ended.then((code) => reject(new Error(`The server ended with ${code}:\n${output}`)));
	});
	return {
		url,
		port: Number(new URL(url).port),
		pid: child.pid ?? 0,
		home,
		output: () => output,
		signal: (name) => child.kill(name),
		ended,
		stop: async () => {
			child.kill('SIGTERM');
			await ended;
			rmSync(home, { recursive: true, force: true });
		},
	};
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
export function plain(port: number, line: string, headers: string[], body = ''): Promise<RawAnswer> {
	return sendRaw(port, `${line} HTTP/1.1\r\n${[...headers, 'Connection: close'].join('\r\n')}\r\n\r\n${body}`);
}
