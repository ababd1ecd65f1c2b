// The built server on a real socket: who reaches it, what it refuses, and what every answer carries.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { modeldex, plain, projectFolder, sendRaw } from '../support/built-server.ts';
import { errorCode, get, own, server } from '../support/doors-rig.ts';

/** Listening addresses of a port, from the kernel's own tables (IPv4 and IPv6, hexadecimal). */
function listeners(port: number): string[] {
	const hex = port.toString(16).toUpperCase().padStart(4, '0');
	return ['tcp', 'tcp6'].flatMap((name) =>
		readFileSync(`/proc/net/${name}`, 'utf8')
			.split('\n')
			.map((line) => line.trim().split(/\s+/))
			.filter((cells) => cells[3] === '0A' && cells[1]?.endsWith(`:${hex}`))
			.map((cells) => cells[1]?.split(':')[0] ?? ''),
	);
}

describe('reaching the server', () => {
	it.runIf(process.platform === 'linux')('listens on this machine only', () => {
		expect(listeners(server.port)).toEqual(['0100007F']);
	});

	it('[S02] refuses to be open to others without a key, before it listens', async () => {
		for (const [words, env] of [
			[[], { HOST: '0.0.0.0' }],
			[['--host', '0.0.0.0'], {}],
		] as const) {
			const { code, stderr, stdout } = await modeldex(['serve', ...words], env);
			expect(code).toBe(2);
			expect(stdout).toBe('');
			expect(stderr).toBe('Refusing to listen on 0.0.0.0 without an API key. Set MODELDEX_KEY or bind to 127.0.0.1.\n');
		}
	});

	it('[S03] answers to no foreign name, on pages, data and files alike', async () => {
		const { port } = server;
		const hosts = ['evil.example', `evil.example:${port}`, `127.0.0.1.evil.example:${port}`, ''].map(
			(host) => `Host: ${host}`,
		);
		for (const path of ['/', '/models', '/api/health', '/favicon.svg']) {
			for (const headers of [
				...hosts.map((host) => [host]),
				[own(), 'Host: evil.example'],
				['Host: evil.example', own()],
			]) {
				const answer = await plain(port, `GET ${path}`, headers);
				expect(answer.status).toBe(403);
				expect(errorCode(answer.body)).toBe('host_not_allowed');
				expect(answer.headers['content-type']).toBe('application/json');
				expect(answer.text).not.toMatch(/set-cookie|access-control|<html/i);
			}
		}
		expect((await plain(port, 'GET /', [])).status).toBe(400);
	});

	it('[S04] answers to its own names', async () => {
		const { port } = server;
		for (const host of [`localhost:${port}`, `LOCALHOST:${port}`, `localhost.:${port}`, `[::1]:${port}`]) {
			expect((await plain(port, 'GET /models', [`Host: ${host}`])).status).toBe(200);
		}
	});

	it('[S05] lets no rebound page post a form', async () => {
		const headers = ['Host: evil.example', 'Origin: https://evil.example', 'Content-Length: 3'];
		const form = 'Content-Type: application/x-www-form-urlencoded';
		const answer = await plain(server.port, 'POST /sign-in?/in', [...headers, form], 'a=b');
		expect([answer.status, errorCode(answer.body)]).toEqual([403, 'host_not_allowed']);
	});

	it('[S06] changes nothing for a foreign page, whatever the method and the body', async () => {
		for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
			for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x', '']) {
				const media = type === '' ? [] : [`Content-Type: ${type}`];
				const foreign = [own(), 'Origin: https://evil.example', 'Content-Length: 2', ...media];
				const answer = await plain(server.port, `${method} /api/models/configs`, foreign, '{}');
				expect([answer.status, errorCode(answer.body)]).toEqual([403, 'cross_origin']);
				expect(answer.text).not.toMatch(/access-control/i);
			}
		}
		for (const header of ['Origin: null', 'Sec-Fetch-Site: cross-site']) {
			expect((await plain(server.port, 'POST /api/x', [own(), header])).status).toBe(403);
		}
	});

	it('[S08] takes JSON from programs and nothing else', async () => {
		const post = (type: string) =>
			plain(server.port, 'POST /api/no-such-route', [own(), `Content-Type: ${type}`, 'Content-Length: 2'], '{}');
		expect((await post('application/json')).status).toBe(404);
		const text = await post('text/plain');
		expect([text.status, errorCode(text.body)]).toEqual([415, 'unsupported_media_type']);
	});

	it('[S13] believes no proxy header', async () => {
		const spoofed = ['X-Forwarded-Host: evil.example', 'X-Forwarded-Proto: https', 'X-Forwarded-For: 1.2.3.4'];
		const answer = await get('/', [...spoofed, 'X-Modeldex-Scheme: evil://x']);
		expect([answer.status, answer.headers.location]).toEqual([307, '/models']);
		expect((await plain(server.port, 'GET /', ['Host: evil.example', ...spoofed])).status).toBe(403);
	});

	it('[S40] refuses keys in the URL without repeating or logging them', async () => {
		const answer = await get('/models?key=hf_CANARYCANARY');
		expect([answer.status, errorCode(answer.body)]).toEqual([400, 'key_in_url']);
		expect(answer.text + server.output()).not.toContain('CANARY');
	});
});

describe('headers', () => {
	const common = {
		'x-content-type-options': 'nosniff',
		'referrer-policy': 'same-origin',
		'cross-origin-opener-policy': 'same-origin',
		'cross-origin-resource-policy': 'same-origin',
		'x-frame-options': 'DENY',
		'permissions-policy': expect.stringContaining('camera=()'),
		'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
	};

	it('[S11] [S12] protect every kind of answer', async () => {
		const page = await get('/models');
		const asset = /\/(_app\/immutable\/[^"]+\.js)/.exec(page.body)?.[1];
		const answers = [
			page,
			await get('/'),
			await get(`/${asset}`),
			await get('/favicon.svg'),
			await get('/no-such-page'),
			await get('/%c0%ae'),
			await get('/_app/none.js'),
			await get('/api/health'),
			await get('/api/none'),
			await plain(server.port, 'DELETE /api/health', [own()]),
			await plain(server.port, 'GET /', ['Host: evil.example']),
			await sendRaw(server.port, 'nonsense\r\n\r\n'),
			await get('/', [`X: ${'x'.repeat(20_000)}`]),
		];
		expect(answers.map(({ status }) => status)).toEqual([
			200, 307, 200, 200, 404, 400, 404, 200, 404, 405, 403, 400, 431,
		]);
		for (const { headers, body } of answers) {
			expect(headers).toMatchObject(common);
			expect(headers).not.toHaveProperty('x-powered-by');
			expect(body).not.toMatch(/node_modules|\n {4}at /);
		}
	});

	it('let pages run their own scripts only', async () => {
		for (const path of ['/models', '/no-such-page', '/sign-in']) {
			const { headers } = await get(path, ['Accept: text/html']);
			const script = /script-src ([^;]*)/.exec(headers['content-security-policy'] ?? '')?.[1] ?? "'none'";
			expect(script).not.toMatch(/unsafe|\*|https?:/);
		}
	});

	it('let web workers load their own parts and ask this server, and nothing else', async () => {
		const [worker] = readdirSync(join(projectFolder, 'build/client/_app/immutable/workers')).filter((name) =>
			name.endsWith('.js'),
		);
		const { status, headers } = await get(`/_app/immutable/workers/${worker}`);
		expect(status).toBe(200);
		expect(headers['content-security-policy']).toMatch(/default-src 'none'; script-src 'self'; connect-src 'self';/);
		const other = await get('/favicon.svg');
		expect(other.headers['content-security-policy']).not.toContain('connect-src');
	});
});

describe('answers to programs', () => {
	it('are JSON with one code, also where the framework would answer', async () => {
		const cases: [string, string, string][] = [
			['GET', '/api', 'not_found'],
			['GET', '/api/none', 'not_found'],
			['GET', '/api/%c0%ae', 'not_found'],
			['DELETE', '/api/health', 'method_not_allowed'],
			['TRACE', '/api/health', 'method_not_allowed'],
			['GET', 'http://evil.example/', 'bad_request'],
		];
		for (const [method, path, code] of cases) {
			const answer = await plain(server.port, `${method} ${path}`, [own(), 'Accept: text/html']);
			expect(answer.headers['content-type']).toMatch(/^application\/json/);
			expect(errorCode(answer.body)).toBe(code);
		}
		const { headers } = await plain(server.port, 'DELETE /api/health', [own()]);
		expect(headers.allow).toContain('GET');
	});
});
