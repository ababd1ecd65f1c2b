// Requests that nobody should send to the built server, and reading, which changes nothing.
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import Libsql from 'libsql';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { plain } from '../support/built-server.ts';
import { errorCode, get, own, server } from '../support/doors-rig.ts';

describe('odd requests', () => {
	it.each([
		['dots', '/%2e%2e/%2e%2e/etc/passwd'],
		['dots below the files', '/_app/../../etc/passwd'],
		['a NUL', '/models%00'],
		['overlong dots', '/%c0%ae%c0%ae/x'],
		['backslashes', '/..\\..\\etc\\passwd'],
		['8,000 characters', `/${'a'.repeat(8000)}`],
	])('[S20] answers a path with %s with a plain no', async (_, path) => {
		const there = await get(path);
		const nowhere = await get(path.replace('passwd', 'nothere'));
		expect([400, 404]).toContain(there.status);
		expect(there.body.length - nowhere.body.length).toBe(0);
		expect(there.body).not.toContain('root:');
	});

	it('takes the other host in a path for a path', async () => {
		const answer = await get('//evil.example/%2f..');
		expect([400, 404]).toContain(answer.status);
		expect(answer.headers.location ?? '/').not.toMatch(/^\/\/|evil\.example/);
	});

	it('[S17] refuses headers beyond measure and takes odd ones', async () => {
		const many = Array.from({ length: 1500 }, (_, at) => `a${at}: b`);
		expect((await get('/models', [`X: ${'x'.repeat(20_000)}`])).status).toBe(431);
		expect((await get('/models', many)).status).toBe(431);
		expect(
			(
				await get(
					'/models',
					Array.from({ length: 10_000 }, () => 'a: b'),
				)
			).status,
		).toBe(431);
		expect((await get('/models', ['__proto__: x', 'constructor: y'])).status).toBe(200);
	});

	it('puts nothing of a redirect target into headers', async () => {
		const answer = await get('/sign-in?next=%0d%0aSet-Cookie:%20a=b');
		expect(answer.headers).not.toHaveProperty('set-cookie');
		expect(answer.headers.location).toBe('/');
	});

	it('changes no prototype by a query', async () => {
		await get('/models?a[__proto__][isAdmin]=1&__proto__[x]=1');
		expect((await get('/api/health')).status).toBe(200);
	});

	it.runIf(process.platform === 'linux')('stops reading a body that is too large', async () => {
		const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.process.pid}/status`, 'utf8'))?.[1]);
		const before = rss();
		const started = performance.now();
		const announced = [own(), 'Content-Type: application/json', 'Content-Length: 500000000'];
		const answer = await plain(server.port, 'POST /api/health', announced, 'x'.repeat(100_000));
		expect([answer.status, errorCode(answer.body)]).toEqual([413, 'payload_too_large']);
		expect(performance.now() - started).toBeLessThan(2000);
		expect(rss() - before).toBeLessThan(30_000);
	});

	it('[S16] answers quickly while hundreds of connections say nothing', async () => {
		const silent = Array.from({ length: 300 }, () => net.connect(server.port, '127.0.0.1'));
		await Promise.all(silent.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
		for (const socket of silent) socket.on('error', () => undefined).write('GET / HTTP/1.1\r\nHost: x');
		const started = performance.now();
		expect((await get('/api/health')).status).toBe(200);
		expect(performance.now() - started).toBeLessThan(5000);
		for (const socket of silent) socket.destroy();
	});
});

describe('reading', () => {
	/** Every row of every table, as one text. */
	function contents(): string {
		const database = new Libsql(join(server.home, 'modeldex.db'), { readonly: true });
		const tables = database
			.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'")
			.all();
		const rows = tables.map((row: unknown) => {
			const { name } = z.object({ name: z.string() }).parse(row);
			return [name, database.prepare(`SELECT * FROM "${name}"`).all()];
		});
		database.close();
		return JSON.stringify(rows);
	}

	it('[S09] changes nothing that is kept', async () => {
		const before = contents();
		const paths = [
			'/',
			'/models',
			'/models?family=Qwen',
			'/models/Qwen/Qwen3-8B',
			'/sign-in',
			'/api/health',
			'/api/models?q=a',
		];
		for (const path of [
			...paths,
			'/api/models/Qwen/Qwen3-8B',
			'/api/models/config/Qwen/Qwen3-8B',
			'/api/models/config/x/y',
		]) {
			expect((await get(path, ['Accept: text/html,*/*'])).status).not.toBe(500);
			expect((await plain(server.port, `HEAD ${path}`, [own()])).status).not.toBe(500);
		}
		expect(contents()).toBe(before);
		expect(before.length).toBeGreaterThan(1_000_000);
	});

	it('takes no id that is none', async () => {
		const ids = [
			'..%2f..%2fetc',
			'org%2f..%2fx',
			'org%2fm%3fx',
			'org%2fm%23f',
			'org%2fm%252f..',
			'a'.repeat(300),
			'ORG/%D0%BC',
			'-rf/x',
			'org%2fm%00',
		];
		for (const id of ids) {
			for (const path of [`/api/models/config/${id}`, `/api/models/${id}`]) {
				const answer = await get(path);
				expect([path, answer.status, errorCode(answer.body)]).toEqual([path, 400, 'invalid_model_id']);
			}
		}
	});

	it('[S19] takes no field it does not know, and changes no prototype', async () => {
		const post = (body: string) =>
			plain(
				server.port,
				'POST /api/models/configs',
				[own(), 'Content-Type: application/json', `Content-Length: ${body.length}`],
				body,
			);
		const trap = '{"ids":["a/b"],"constructor":{"prototype":{"isAdmin":true}}}';
		expect(errorCode((await post(trap)).body)).toBe('unknown_field');
		expect(errorCode((await post(`{"ids":${'['.repeat(50_000)}`)).body)).toBe('invalid_json');
		expect(errorCode((await post('{"ids":[1e999]}')).body)).toBe('invalid_json');
		expect((await get('/api/health')).status).toBe(200);
	});
});
