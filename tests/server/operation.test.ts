// Running Modeldex for others: figures for monitors, events in the log, and an end within two seconds whatever is open.
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt, startServer, type BuiltServer } from '../support/built-server.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { startFakeHub, type FakeHub } from '../support/fake-hub.ts';

const key = 'a-key-of-forty-characters-for-this-test!';
const token = 'hf_CANARYCANARYCANARYCANARY';
const repos = Array.from({ length: 60 }, (_, index) =>
	fakeRepo({ id: `slow/model-${index}`, files: { 'config.json': '{"model_type":"llama"}' } }),
);

let hub: FakeHub;
let server: BuiltServer;
const running: BuiltServer[] = [];

async function start(env: Record<string, string>): Promise<BuiltServer> {
	const started = await startServer(env);
	running.push(started);
	return started;
}

beforeAll(async () => {
	ensureBuilt();
	hub = await startFakeHub({ repos });
	server = await start({ MODELDEX_KEY: key, MODELDEX_LOG: 'json', MODELDEX_LOG_LEVEL: 'debug', HF_TOKEN: token });
}, 180_000);
afterAll(async () => {
	for (const one of running) one.process.kill('SIGKILL');
	await hub.close();
});

const ask = (path: string, headers: Record<string, string> = {}) =>
	fetch(server.url + path, { headers, redirect: 'manual' });
const bearer = { authorization: `Bearer ${key}` };

/** Addresses on which a port listens, as the kernel tells them in hexadecimal; null where it does not. */
function listening(port: number): string[] | null {
	if (!existsSync('/proc/net/tcp')) return null;
	const lines = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => readFileSync(path, 'utf8').split('\n').slice(1));
	return lines.flatMap((line) => {
		const [, local = '', , state] = line.trim().split(/\s+/);
		const [address = '', hex = ''] = local.split(':');
		return state === '0A' && parseInt(hex, 16) === port ? [address] : [];
	});
}

describe('an ordinary start', () => {
	it('[S01] listens on loopback alone', async ({ skip }) => {
		const addresses = listening(server.port);
		if (addresses === null) return skip('this system does not tell who listens');
		expect(addresses).toEqual(['0100007F']);
	});
});

describe('figures for monitors', () => {
	it('are for those who have the key', async () => {
		const stranger = await ask('/metrics');
		expect(stranger.status).toBe(401);
		expect((await stranger.json()).error.code).toBe('invalid_api_key');
		const told = await ask('/metrics', bearer);
		expect(told.status).toBe(200);
		expect(told.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
	});

	it('count what was asked, by route and never by address', async () => {
		await ask('/api/models/Qwen/Qwen3-8B', bearer);
		await ask('/api/models/no/such-model-anywhere', bearer);
		const text = await (await ask('/metrics', bearer)).text();
		expect(text).toMatch(
			/^modeldex_http_requests_total\{method="GET",route="\/api\/models\/\[\.\.\.id\]",status="200"\} 1$/m,
		);
		expect(text).not.toContain('such-model');
		for (const name of [
			'modeldex_models',
			'modeldex_database_bytes',
			'modeldex_info',
			'modeldex_discovery_runs_total',
		]) {
			expect(text).toMatch(new RegExp(`^${name}(\\{|\\s)`, 'm'));
		}
		expect(text).not.toContain('CANARY');
	});
});

describe('the log as JSON', () => {
	it('is one object per event, with requests at level debug, and no secret in any', async () => {
		await ask(`/api/models?q=${encodeURIComponent('a\r\nb')}`, bearer);
		await ask('/api/models/x/hf_CANARYinpath123', bearer);
		const lines = server
			.output()
			.split('\n')
			.filter((line) => line.startsWith('{'));
		const events = lines.map((line) => JSON.parse(line));
		expect(events).toContainEqual(expect.objectContaining({ event: 'ready', level: 'info', url: server.url }));
		const asked = events.find(({ event, path }) => event === 'request' && path === '/api/models');
		expect(asked).toMatchObject({ level: 'debug', method: 'GET', status: 200, ms: expect.any(Number) });
		expect(server.output()).not.toMatch(/CANARY|a-key-of-forty/);
		expect(
			server
				.output()
				.split('\n')
				.filter((line) => line !== '' && !/^(\{|Modeldex is ready)/.test(line)),
		).toEqual([]);
	});

	it.each([
		['MODELDEX_LOG', 'xml', /^MODELDEX_LOG is set to something that is not one of text, json\.\n$/],
		[
			'MODELDEX_LOG_LEVEL',
			'loud',
			/^MODELDEX_LOG_LEVEL is set to something that is not one of debug, info, warn, error\.\n$/,
		],
	])('is refused when %s is %s', async (name, value, sentence) => {
		const failed = await startServer({ [name]: value }).catch((error: Error) => error.message);
		expect(String(failed).replace(/^modeldex serve ended with 2:\n/, '')).toMatch(sentence);
	});
});

/** Opens a stream and waits for its first bytes; then nothing is read any more. */
async function openStream(url: string, path: string, body: unknown): Promise<net.Socket> {
	const text = JSON.stringify(body);
	const { hostname, port } = new URL(url);
	const socket = net.connect({ host: hostname, port: Number(port) });
	await once(socket, 'connect');
	const head = [
		'Content-Type: application/json',
		`Content-Length: ${Buffer.byteLength(text)}`,
		`Host: ${hostname}:${port}`,
	];
	socket.write(`POST ${path} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n${text}`);
	const [first] = await once(socket, 'data');
	expect(String(first)).toMatch(/^HTTP\/1\.1 200/);
	socket.pause();
	return socket;
}

describe('a stop', () => {
	it('takes at most two seconds with fifty streams open, idle connections and a Hub that never answers', async () => {
		const busy = await start({ HF_ENDPOINT: hub.url });
		hub.fault({ match: 'config.json', fault: { kind: 'stall', where: 'headers', ms: 60_000 } });
		hub.fault({ match: '/api/models', fault: { kind: 'stall', where: 'headers', ms: 60_000 } });
		const discoveries = Array.from({ length: 25 }, (_, index) =>
			openStream(busy.url, '/api/discovery', {
				id: `run-${index}`,
				params: { models: repos.map(({ id }) => ({ id })) },
			}),
		);
		const reads = Array.from({ length: 25 }, (_, index) =>
			openStream(busy.url, '/api/models/configs', { ids: ['Qwen/Qwen3-8B', `slow/model-${index}`] }),
		);
		const idle = net.connect({ host: '127.0.0.1', port: busy.port });
		const sockets = [...(await Promise.all([...discoveries, ...reads])), idle];
		const ends = sockets.map((socket) => {
			socket.on('error', () => undefined); // cut off is an end, too
			return once(socket.resume(), 'close');
		});
		const started = performance.now();
		busy.process.kill('SIGTERM');
		expect(await busy.ended).toBe(0);
		expect(performance.now() - started).toBeLessThan(2_000);
		await Promise.all(ends);
		expect(busy.output()).not.toMatch(/error|failed/);
	}, 60_000);

	it('is at once at the second signal', async () => {
		const again = await start({ HF_ENDPOINT: hub.url });
		const socket = await openStream(again.url, '/api/models/configs', { ids: ['Qwen/Qwen3-8B', 'slow/model-1'] });
		socket.on('error', () => undefined); // it is cut
		again.process.kill('SIGTERM');
		again.process.kill('SIGTERM');
		expect([0, 143]).toContain(await again.ended);
	}, 60_000);
});
