// Readers that leave and readers that do not read: what they held is given back, and others never notice.
import { readdirSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ensureBuilt, healthOf, startServer, type BuiltServer } from '../support/built-server.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { startFakeHub, type FakeHub } from '../support/fake-hub.ts';
import { seeded } from '../support/seeded.ts';

const tabs = Number(process.env.FAULT_TABS ?? 300);
const head = Buffer.from('\x02\x00\x00\x00\x00\x00\x00\x00{}');
const repo = fakeRepo({ id: 'org/m', files: { 'model.safetensors': { seed: 1, size: 40_000_000, head } } });
let hub: FakeHub;
let server: BuiltServer;

beforeAll(async () => {
	ensureBuilt();
	hub = await startFakeHub({ repos: [repo], quotas: { api: 1e6, resolvers: 1e6 } });
	// Slow enough for news all the time of these tests.
	hub.fault({ match: '/xet-bridge', fault: { kind: 'drip', bytes: 20_000, everyMs: 30 } });
	server = await startServer({ HF_ENDPOINT: hub.url, HF_HUB_OFFLINE: '0' });
	const headers = { 'content-type': 'application/json' };
	const ordered = await fetch(`${server.url}/api/downloads`, { method: 'POST', headers, body: '{"id":"org/m"}' });
	expect(ordered.status).toBe(202);
});
afterAll(async () => {
	await server.stop();
	await hub.close();
});

const files = () => readdirSync(`/proc/${server.process.pid}/fd`).length;
const rssBytes = () =>
	Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.process.pid}/status`, 'utf8'))?.[1]) * 1024;
const paths = ['/api/downloads/events', '/api/health', '/models', '/api/models?limit=200'];

/** A connection that has asked; `reads` says whether it takes what comes. Settles when it is open. */
function tab(path: string, reads: boolean): Promise<net.Socket> {
	return new Promise((resolve, reject) => {
		const socket = net.connect(server.port, '127.0.0.1', () => {
			socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`, () => resolve(socket));
		});
		socket.on('error', reject);
		if (reads) socket.resume();
		else socket.pause();
	});
}

describe.runIf(process.platform === 'linux')('tabs', () => {
	it(`[F33] ${tabs} that are closed at any moment leave nothing behind`, async () => {
		const random = seeded(8);
		const before = files();
		const started = performance.now();
		for (let count = 0; count < tabs; count += 20) {
			const open = await Promise.all(
				Array.from({ length: 20 }, () => tab(paths[Math.floor(random() * paths.length)] ?? '/', random() < 0.7)),
			);
			for (const socket of open) setTimeout(() => socket.destroy(), random() * 60);
			await Promise.all(open.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
		}
		await vi.waitUntil(() => files() <= before + 5, { timeout: 20_000, interval: 50 });
		const figures = { tabs, files_before: before, files_after: files() };
		process.stdout.write(`${JSON.stringify({ id: 'F33', ...figures, ms: Math.round(performance.now() - started) })}\n`);
		expect(files()).toBeLessThanOrEqual(before + 5);
		expect(await healthOf(server.port)).toBe('ok');
	});

	it(`[F34, S60] ${tabs} that never read cost little, and nobody waits for them`, async () => {
		/** A reader that takes what comes, once it has heard so much; a process that has told no news yet is smaller. */
		const reading = async () => {
			let news = 0;
			const reader = await tab('/api/downloads/events', true);
			reader.on('data', (chunk: Buffer) => (news += chunk.toString().split('event: ').length - 1));
			await vi.waitUntil(() => news >= 20, { timeout: 60_000, interval: 50 });
			return reader;
		};
		const readers = [await reading()];
		const before = rssBytes();
		const silent = await Promise.all(Array.from({ length: tabs }, () => tab('/api/downloads/events', false)));
		readers.push(await reading());
		const after = rssBytes();
		const grown = Math.round((after - before) / 1e6);
		process.stdout.write(`${JSON.stringify({ id: 'F34', tabs, rss_grown_mb: grown })}\n`);
		expect(grown).toBeLessThan(80);
		const asked = performance.now();
		expect(await healthOf(server.port)).toBe('ok');
		expect(performance.now() - asked).toBeLessThan(5000);
		for (const socket of [...silent, ...readers]) socket.destroy();
	});
});
