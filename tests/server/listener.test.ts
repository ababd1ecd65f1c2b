// The listener alone: slow and stuck connections, an app that fails, and how soon it is over when told to stop.
import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { readSettings } from '#lib/server/config.ts';
import { Listener, type Answer, type ListenerLimits } from '#lib/server/listener.ts';
import { plain, sendRaw } from '../support/built-server.ts';

const open: Listener[] = [];
const errors: unknown[] = [];

interface Making {
	answer: Answer | Promise<Answer>;
	limits?: Partial<ListenerLimits>;
	onStop?: () => Promise<void>;
	port?: number;
}

async function listen({ answer, limits, onStop, port }: Making): Promise<Listener> {
	const listener = new Listener({
		settings: readSettings({ PORT: String(port ?? 0) }, () => null),
		load: async () => answer,
		onStop: onStop ?? (async () => {}),
		onError: (error) => errors.push(error),
		limits: { headersMs: 200, requestMs: 400, checkMs: 50, graceMs: 300, ...limits },
	});
	open.push(listener);
	await listener.listen();
	return listener;
}

afterEach(async () => {
	errors.length = 0;
	await Promise.all(open.splice(0).map((listener) => listener.stop()));
});

/** Answers when the whole body is there. */
const echo: Answer = (request, response) => {
	let size = 0;
	request.on('data', (chunk: Buffer) => (size += chunk.length));
	request.on('end', () => response.end(`${size} bytes`));
};

const own = (listener: Listener) => `Host: localhost:${listener.port}`;

describe('slow senders', () => {
	it('[S15] are told so when the body does not come', async () => {
		const listener = await listen({ answer: echo });
		await listener.ready();
		const answer = await sendRaw(
			listener.port,
			`POST / HTTP/1.1\r\n${own(listener)}\r\nContent-Length: 10\r\n\r\n12345`,
			3000,
		);
		expect([answer.status, JSON.parse(answer.body).error.code]).toEqual([408, 'request_timeout']);
	});

	it('lose their connection when the headers do not end', async () => {
		const listener = await listen({ answer: echo });
		const started = performance.now();
		await sendRaw(listener.port, 'GET / HTTP/1.1\r\nHost: x', 5000);
		expect(performance.now() - started).toBeLessThan(2000);
	});

	it('do not keep a connection by a body nobody reads', async () => {
		const listener = await listen({
			answer: (_, response) => response.end('no thanks'),
			limits: { requestMs: 60_000 },
		});
		await listener.ready();
		const started = performance.now();
		const head = `POST / HTTP/1.1\r\n${own(listener)}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`;
		expect((await sendRaw(listener.port, head, 8000)).body).toContain('no thanks');
		expect(performance.now() - started).toBeLessThan(5000);
	});
});

describe('the app behind it', () => {
	it('may still be starting: health says so, everything else waits', async () => {
		let start: (answer: Answer) => void = () => undefined;
		const listener = await listen({ answer: new Promise<Answer>((resolve) => (start = resolve)) });
		const health = await plain(listener.port, 'GET /api/health', [own(listener)]);
		expect([health.status, health.body]).toEqual([503, '{"status":"starting"}']);
		const page = plain(listener.port, 'GET /models', [own(listener)]);
		start((_, response) => response.end('here'));
		expect((await page).body).toContain('here');
	});

	it('may throw: the answer is one sentence, the reason goes to the log', async () => {
		const listener = await listen({
			answer: async () => {
				throw new Error('at /srv/me/secret.js');
			},
		});
		await listener.ready();
		const answer = await plain(listener.port, 'GET /', [own(listener)]);
		expect([answer.status, JSON.parse(answer.body).error.code]).toEqual([500, 'internal']);
		expect(answer.headers['x-content-type-options']).toBe('nosniff');
		expect(answer.text).not.toContain('secret');
		expect(String(errors[0])).toContain('secret');
	});

	it('may fail to start: whoever waits is told', async () => {
		const listener = await listen({ answer: Promise.reject(new Error('no database')) });
		await expect(listener.ready()).rejects.toThrow('no database');
		expect((await plain(listener.port, 'GET /', [own(listener)])).status).toBe(0);
	});
});

describe('the address', () => {
	it('says in one sentence that it is taken', async () => {
		const first = await listen({ answer: echo });
		await expect(listen({ answer: echo, port: first.port })).rejects.toThrow(
			`Port ${first.port} on 127.0.0.1 is in use; end the other program or set PORT to another number.`,
		);
	});
});

describe('stopping', () => {
	const endless: Answer = (_, response) => {
		response.writeHead(200, { 'content-type': 'text/event-stream' });
		response.write('data: first\n\n');
	};

	async function streams(listener: Listener, count: number): Promise<net.Socket[]> {
		return Promise.all(
			Array.from({ length: count }, async () => {
				const socket = net.connect(listener.port, '127.0.0.1');
				socket.write(`GET / HTTP/1.1\r\n${own(listener)}\r\n\r\n`);
				await new Promise((resolve) => socket.once('data', resolve));
				return socket;
			}),
		);
	}

	it('refuses new connections, waits for the app, then cuts streams that do not end', async () => {
		const seen: string[] = [];
		const listener = await listen({ answer: endless, onStop: async () => void seen.push('saved') });
		await listener.ready();
		const sockets = await streams(listener, 50);
		const closed = Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
		const started = performance.now();
		const stopped = listener.stop();
		expect((await plain(listener.port, 'GET /', [own(listener)])).status).toBe(0);
		await stopped;
		await closed;
		expect(performance.now() - started).toBeLessThan(1500);
		expect(seen).toEqual(['saved']);
	});

	it('is over at once when the streams end by themselves', async () => {
		const ends: (() => void)[] = [];
		const listener = await listen({
			answer: (request, response) => {
				endless(request, response, () => undefined);
				ends.push(() => response.end('event: shutdown\n\n'));
			},
			onStop: async () => ends.forEach((end) => end()),
			limits: { graceMs: 60_000 },
		});
		await listener.ready();
		await streams(listener, 5);
		await listener.stop();
		expect(ends).toHaveLength(5);
	});
});
