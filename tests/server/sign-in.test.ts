// A server with a key: strangers learn nothing, browsers sign in once, programs send the key.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ensureBuilt, startServer, type BuiltServer } from '../support/built-server.ts';

vi.setConfig({ testTimeout: 60_000 }); // processes on a machine that may be busy

const key = 'sesame-CANARY-open-please';
let server: BuiltServer;

beforeAll(async () => {
	ensureBuilt();
	server = await startServer({ MODELDEX_KEY: key, HOST: '0.0.0.0', HF_TOKEN: 'hf_CANARYCANARYCANARY' });
}, 180_000);
afterAll(() => server.stop());

const base = () => `http://127.0.0.1:${server.port}`;
const get = (path: string, headers: HeadersInit = {}) => fetch(base() + path, { headers, redirect: 'manual' });

function signIn(text: string, next = '/models'): Promise<Response> {
	const body = new URLSearchParams({ key: text });
	const headers = { accept: 'text/html' };
	return fetch(`${base()}/sign-in?/in&next=${encodeURIComponent(next)}`, {
		method: 'POST',
		headers,
		body,
		redirect: 'manual',
	});
}

describe('a stranger', () => {
	it('is sent to the sign-in page, and comes back to where he wanted to go', async () => {
		const answer = await get('/models?family=Qwen');
		expect(answer.status).toBe(303);
		expect(answer.headers.get('location')).toBe('/sign-in?next=%2Fmodels%3Ffamily%3DQwen');
		const page = await (await get('/sign-in?next=%2Fmodels%3Ffamily%3DQwen')).text();
		expect(page).toContain('name="key"');
		expect(page).not.toMatch(/<script type="module"|modulepreload/);
		expect((await signIn(key, '/models?family=Qwen')).headers.get('location')).toBe('/models?family=Qwen');
		expect((await signIn(key, '//evil.example')).headers.get('location')).toBe('/');
	});

	it('gets no data from any address', async () => {
		for (const path of ['/api/models', '/api/models/org/name', '/api/none', '/%61pi/models']) {
			const answer = await get(path);
			expect(answer.status).toBe(401);
			expect(answer.headers.get('www-authenticate')).toBe('Bearer');
			expect(await answer.json()).toMatchObject({ error: { code: 'invalid_api_key' } });
		}
		const data = await get('/models/__data.json');
		expect(await data.json()).toEqual({ type: 'redirect', location: expect.stringContaining('/sign-in') });
	});

	it('may ask whether the server is up, and nothing more', async () => {
		const answer = await get('/api/health');
		expect([answer.status, await answer.json()]).toEqual([200, { status: 'ok' }]);
		const { version } = await (await get('/api/health', { authorization: `Bearer ${key}` })).json();
		expect(version).toMatch(/^\d+\.\d+\.\d+$/);
	});

	it('is refused for every wrong way of showing a key', async () => {
		const wrong = ['wrong', key.slice(0, -1), `${key}x`, "' OR '1'='1", 'x'.repeat(8000), 'sch\u00fcssel'];
		for (const text of wrong) {
			for (const [name, value] of [
				['authorization', `Bearer ${text}`],
				['authorization', `bearer ${text}`],
				['x-api-key', text],
			] as const) {
				const answer = await get('/api/models', { [name]: value });
				expect([answer.status, (await answer.json()).error.code]).toEqual([401, 'invalid_api_key']);
			}
		}
		const both = await get('/api/models', { authorization: `Bearer ${key}`, 'x-api-key': 'other' });
		expect([both.status, (await both.json()).error.code]).toEqual([400, 'bad_request']);
	});
});

describe('who has the key', () => {
	it('comes in by a bearer token', async () => {
		for (const headers of [new Headers({ authorization: `Bearer ${key}` }), new Headers({ 'x-api-key': key })]) {
			expect((await get('/models', headers)).status).toBe(200);
			expect((await get('/api/none', headers)).status).toBe(404);
		}
	});

	it('signs in once and signs out again', async () => {
		const answer = await signIn(key);
		expect(answer.status).toBe(303);
		const cookie = answer.headers.get('set-cookie') ?? '';
		expect(cookie).toMatch(/^modeldex_session=[\w-]{43}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Strict$/);
		const pair = { cookie: cookie.split(';')[0] ?? '' };
		expect((await get('/models', pair)).status).toBe(200);
		expect(await (await get('/sign-in', pair)).text()).toContain('Sign out');
		const out = await fetch(`${base()}/sign-in?/out`, {
			method: 'POST',
			headers: { ...pair, accept: 'text/html' },
			redirect: 'manual',
			body: new URLSearchParams(),
		});
		expect(out.headers.get('set-cookie')).toMatch(/^modeldex_session=; /);
		expect((await get('/models', pair)).status).toBe(303);
	});

	it('does not sign in from another site', async () => {
		const body = new URLSearchParams({ key });
		const answer = await fetch(`${base()}/sign-in?/in`, {
			method: 'POST',
			body,
			headers: { origin: 'https://evil.example' },
		});
		expect(answer.status).toBe(403);
	});
});

describe('guessing', () => {
	it('is told to wait after ten tries, and no answer or log line repeats a key', async () => {
		const first = await signIn('guess-CANARY');
		const page = await first.text();
		expect(first.status).toBe(401);
		expect(page).toContain('That is not the key of this server.');
		expect(page).not.toContain('CANARY');
		for (let at = 0; at < 9; at += 1) expect((await signIn(`guess ${at}`)).status).toBe(401);
		const slow = await signIn(key);
		expect(slow.status).toBe(429);
		expect(await slow.text()).toMatch(/Too many wrong keys from this address; try again in \d+ s\./);
		expect(server.output()).not.toContain('CANARY');
	});

	it('cannot be helped by a large body', async () => {
		const answer = await fetch(`${base()}/sign-in?/in`, {
			method: 'POST',
			headers: { 'content-type': 'application/x-www-form-urlencoded' },
			body: new ReadableStream({
				start(controller) {
					for (let at = 0; at < 40; at += 1) controller.enqueue(new Uint8Array(50_000).fill(0x61));
					controller.close();
				},
			}),
			...{ duplex: 'half' },
		});
		expect(answer.status).toBe(413);
	});
});
