// The running server under what breaks processes: readers that never read, errors nobody caught, models that crash or lie.
import { once } from 'node:events';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type AppServer } from '../support/app-server.ts';
import { ensureBuilt } from '../support/built-server.ts';
import { isRunning } from '../support/engines.ts';
import { temporaryFolder } from '../support/folder.ts';
import { Graph, tensor, types } from '../support/onnx-writer.ts';
import { putModel, type ModelFiles } from '../support/tiny-graph.ts';
import { embeddingModel } from '../support/tiny-onnx.ts';

const secret = 'hf_CANARYCANARYCANARY';
const home = temporaryFolder();
let server: AppServer;

/** A model that wants its weights from a file of the person's. */
function reachingOut(): ModelFiles {
	const graph = new Graph();
	graph.input('input_ids', types.int64, ['batch', 'tokens']);
	graph.raw(tensor('far', null, { dims: [4], external: { location: 'model.onnx_data', offset: '0', length: '16' } }));
	graph.output('last_hidden_state', 'far', [4]);
	return { ...embeddingModel(), 'onnx/model.onnx': graph.model() };
}

/** Loaded into the server before anything else: breaks it on signals, as a fault in our own code would. */
const saboteur = `
process.on('SIGWINCH', () => void Promise.reject(new Error('planted rejection ${secret}')));
process.on('SIGUSR2', () => setImmediate(() => { throw new Error('planted exception ${secret}'); }));
`;

async function start(): Promise<AppServer> {
	const path = join(home, 'saboteur.mjs');
	writeFileSync(path, saboteur);
	const env = { NODE_OPTIONS: `--import=${pathToFileURL(path).href}`, MODELDEX_LOG: 'json', HF_TOKEN: secret };
	return startApp({ home, env });
}

beforeAll(async () => {
	ensureBuilt();
	putModel(join(home, 'models/mini'), embeddingModel());
	const bad = putModel(join(home, 'models/bad'), reachingOut());
	writeFileSync(join(home, 'canary'), 'CANARY-content-1');
	symlinkSync(join(home, 'canary'), join(bad, 'onnx/model.onnx_data'));
	server = await start();
}, 240_000);
afterAll(() => server.stop());

const health = async () => (await fetch(`${server.url}/api/health`)).status;
const classify = (model: string, texts: readonly string[]) =>
	fetch(`${server.url}/api/classify`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ texts, model, categories: ['animal', 'food'] }),
	});
const loaded = async (): Promise<{ pid: number }[]> => (await (await fetch(`${server.url}/api/engines`)).json()).loaded;
const logged = (event: string) =>
	server
		.output()
		.split('\n')
		.filter((line) => line.includes(`"event":"${event}"`));

/** Resolves as soon as it is true; the test's own limit ends the waiting. */
async function until(isSo: () => boolean): Promise<void> {
	while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

describe('a model', () => {
	it('[S55] that reaches for another file is refused by the server, which tells nothing of the file', async () => {
		const reply = await classify('bad', ['cat']);
		const text = await reply.text();
		expect([reply.status, JSON.parse(text).error.code]).toEqual([422, 'invalid_onnx']);
		expect(text + server.output()).not.toContain('CANARY-content');
		expect(await health()).toBe(200);
	});

	it('[S65] that aborts in the middle of its work fails that work and nothing else', async () => {
		await (await classify('mini', ['cat'])).text();
		const [before] = await loaded();
		const working = classify('mini', Array<string>(1000).fill('the cat of the hill '.repeat(40)));
		const reply = await working;
		process.kill(before?.pid ?? 0, 'SIGABRT');
		const lines = (await reply.text()).trim().split('\n');
		const codes = new Set(lines.map((line) => JSON.parse(line).error?.code ?? JSON.parse(line).code ?? 'none'));
		codes.delete('none');
		for (const code of codes) expect(['model_crashed', 'tokenizer_rejected']).toContain(code);
		expect(codes.size).toBeGreaterThan(0);
		expect(await health()).toBe(200);
		const again = JSON.parse(await (await classify('mini', ['cat'])).text());
		expect(again).toMatchObject({ category: 'animal', error: null });
		const [after] = await loaded();
		expect(after?.pid).not.toBe(before?.pid);
		expect(isRunning(before?.pid ?? null)).toBe(false);
	});
});

describe('a thousand readers that never read', () => {
	const memory = () =>
		Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.process.pid}/status`, 'utf8'))?.[1]) * 1024;

	async function subscribe(): Promise<net.Socket> {
		const { hostname, port } = new URL(server.url);
		const socket = net.connect({ host: hostname, port: Number(port) });
		await once(socket, 'connect');
		socket.write(`GET /api/downloads/events HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
		const [first] = await once(socket, 'data');
		expect(String(first)).toMatch(/^HTTP\/1\.1 200/);
		socket.pause();
		return socket;
	}

	/** Orders that fail at once, for there is no Hub: each is a change that every reader is to hear of. */
	async function order(round: string): Promise<void> {
		const orders = Array.from({ length: 20 }, async (_, at) => {
			const body = JSON.stringify({ id: `org/${round}-${at}` });
			const headers = { 'content-type': 'application/json' };
			return (await fetch(`${server.url}/api/downloads`, { method: 'POST', headers, body })).status;
		});
		for (const status of await Promise.all(orders)) expect([202, 503]).toContain(status);
	}

	it('[S60] take little memory, keep nobody else waiting, and are forgotten when they go', async ({ skip }) => {
		if (!existsSync('/proc/self/status')) return skip('this system does not tell how much memory a process has');
		await subscribe().then((socket) => socket.destroy());
		const before = memory();
		const sockets: net.Socket[] = [];
		for (let batch = 0; batch < 20; batch += 1) {
			sockets.push(...(await Promise.all(Array.from({ length: 50 }, subscribe))));
		}
		await order('first');
		expect(await health()).toBe(200);
		const filled = memory();
		// A connection with its request and answer is about a hundred kilobytes to Node; a thousand backlogs would be more.
		expect(filled - before).toBeLessThan(200 * 2 ** 20);
		for (const round of ['second', 'third', 'fourth']) await order(round);
		expect(await health()).toBe(200);
		expect(memory() - filled).toBeLessThan(60 * 2 ** 20);
		for (const socket of sockets) socket.destroy();
		expect(await health()).toBe(200);
	});
});

describe('an error that nobody caught', () => {
	it('[S64] in a promise is one line of the log with an id, and the server goes on', async () => {
		server.process.kill('SIGWINCH');
		await until(() => logged('unhandled_rejection').length > 0);
		const [line = ''] = logged('unhandled_rejection');
		expect(JSON.parse(line)).toMatchObject({
			level: 'error',
			id: expect.any(String),
			stack: expect.stringContaining('planted'),
		});
		expect(server.output()).not.toContain(secret);
		expect(await health()).toBe(200);
	});

	it('[S64] elsewhere is one line, ends the process with 1, and the next start is a good one', async () => {
		const ended = once(server.process, 'exit');
		server.process.kill('SIGUSR2');
		expect((await ended)[0]).toBe(1);
		expect(logged('uncaught_exception')).toHaveLength(1);
		expect(server.output()).not.toContain(secret);
		server = await start();
		expect(await health()).toBe(200);
		expect(JSON.parse(await (await classify('mini', ['soup'])).text())).toMatchObject({ category: 'food' });
	});

	it('[S64] and a wish for a dump end as every other end does', async () => {
		const ended = once(server.process, 'exit');
		server.process.kill('SIGQUIT');
		expect((await ended)[0]).toBe(0);
		expect(server.output()).not.toContain(secret);
		server = await start();
		expect(await health()).toBe(200);
	});
});
