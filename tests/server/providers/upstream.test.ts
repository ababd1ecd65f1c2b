// Bytes taken off a connection: as many as the reader wants, the connection kept where it can be and cut where it must be.
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Pool } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Branch, Ending } from '#lib/server/registry/ending.ts';
import { exchanged, type Upstream } from '#lib/server/providers/upstream.ts';

let server: Server;
let pool: Pool;
let origin = '';
/** What the server does with the next request. */
let answer: (response: ServerResponse) => void = () => {};
let sockets: Socket[] = [];

beforeEach(async () => {
	sockets = [];
	server = createServer((request, response) => request.resume().on('end', () => answer(response)));
	server.on('connection', (socket) => sockets.push(socket));
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo;
	origin = `http://127.0.0.1:${port}`;
	pool = new Pool(origin, { connections: 1, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
});
afterEach(async () => {
	await pool.destroy();
	server.closeAllConnections();
	await new Promise((resolve) => server.close(resolve));
});

function ask(ends = new Branch()): Promise<Upstream> {
	return exchanged(pool, { origin, path: '/', headers: { 'content-type': 'application/json' }, body: '{}' }, ends);
}

/** Resolves when the server has seen its first connection end: is it gone? (undici opens another one at once.) */
async function isCut(): Promise<boolean> {
	const [socket] = sockets;
	if (socket !== undefined && !socket.destroyed) await new Promise((resolve) => socket.once('close', resolve));
	return socket?.destroyed === true;
}

const large = Buffer.alloc(16 * 1024 * 1024, 'x');

describe('a body', () => {
	it('comes whole, with status and headers in lower case', async () => {
		answer = (response) => response.writeHead(201, { 'X-Two': ['a', 'b'], 'X-One': 'c' }).end('Hello');
		const { status, headers, body } = await ask();
		expect([status, headers['x-two'], headers['x-one']]).toEqual([201, 'a, b', 'c']);
		const parts: Buffer[] = [];
		for await (const part of body) parts.push(part);
		expect(Buffer.concat(parts).toString()).toBe('Hello');
	});

	it('waits for its reader: a sender that is quicker is held back, and everything arrives', async () => {
		let sent: ServerResponse | null = null;
		answer = (response) => {
			sent = response;
			response.end(large);
		};
		const { body } = await ask();
		for (let turn = 0; turn < 500; turn += 1) await new Promise((resolve) => setImmediate(resolve));
		expect(sent).toMatchObject({ writableFinished: false });
		let size = 0;
		for (let part = await body.read(); part !== null; part = await body.read()) size += part.length;
		expect(size).toBe(large.length);
	});

	it('that was read to what matters is read away, and its connection is used again', async () => {
		answer = (response) => response.end('Hello');
		const first = await ask();
		first.body.release(true);
		const second = await ask();
		for await (const part of second.body) expect(part.toString()).toBe('Hello');
		expect(sockets).toHaveLength(1);
	});

	it('that goes on for too long after its answer is cut', async () => {
		answer = (response) => response.end(large);
		const { body } = await ask();
		body.release(true);
		expect(await isCut()).toBe(true);
	});

	it('that nobody wants any more is cut at once', async () => {
		answer = (response) => response.write('Hello');
		const { body } = await ask();
		expect(String(await body.read())).toBe('Hello');
		body.release(false);
		expect(await isCut()).toBe(true);
	});

	it('tells what broke it off, after what had come before', async () => {
		answer = (response) => response.write('Hello', () => response.destroy());
		const { body } = await ask();
		expect(String(await body.read())).toBe('Hello');
		await expect(body.read()).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' });
	});
});

describe('a call that is ended', () => {
	it('before its headers came is told why, and its connection is cut', async () => {
		const ends = new Branch();
		answer = () => ends.end(new Ending('ttft'));
		await expect(ask(ends)).rejects.toMatchObject({ kind: 'ttft' });
		expect(await isCut()).toBe(true);
	});

	it('in the middle of its body is told why', async () => {
		const ends = new Branch();
		answer = (response) => response.write('Hello');
		const { body } = await ask(ends);
		expect(String(await body.read())).toBe('Hello');
		const rest = body.read();
		ends.end(new Ending('idle'));
		await expect(rest).rejects.toMatchObject({ kind: 'idle' });
		expect(await isCut()).toBe(true);
	});

	it('before it was sent is never sent', async () => {
		let isAsked = false;
		answer = (response) => {
			isAsked = true;
			response.end();
		};
		const ends = new Branch();
		ends.end(new Ending('client'));
		await expect(ask(ends)).rejects.toMatchObject({ kind: 'client' });
		expect(isAsked).toBe(false);
	});

	it('leaves no listener behind, whether it came to its end or not', async () => {
		let listeners = 0;
		const ends = new Branch();
		const add = ends.addEventListener.bind(ends);
		const remove = ends.removeEventListener.bind(ends);
		ends.addEventListener = (type, listener) => {
			listeners += 1;
			add(type, listener);
		};
		ends.removeEventListener = (type, listener) => {
			listeners -= 1;
			remove(type, listener);
		};
		answer = (response) => response.end('Hello');
		const { body } = await ask(ends);
		for await (const part of body) expect(part.length).toBe(5);
		answer = (response) => response.destroy();
		await expect(ask(ends)).rejects.toThrow();
		expect(listeners).toBe(0);
	});
});
