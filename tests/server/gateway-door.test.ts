// The gateway's own door: it answers as the framework's routes do, byte for byte where it matters, and counts and logs like them.
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendRaw } from '../support/built-server.ts';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';
import { startGateway, type GatewayRig } from '../support/gateway-rig.ts';

let fake: FakeProvider;
let door: GatewayRig;
let framework: GatewayRig;

beforeAll(async () => {
	fake = await startFakeProvider({ scripts: { 'model-slow': { firstMs: 60_000 } } });
	const config = {
		providers: { lab: { type: 'openai-compatible', base_url: fake.url } },
		tiers: { fast: { strategy: 'fallback' as const, providers: ['lab/model-a'] } },
	};
	const houseKey = 'a-key-of-the-house';
	door = await startGateway({ config, houseKey });
	framework = await startGateway({ config, houseKey, withoutDoor: true });
});
afterAll(() => Promise.all([door.close(), framework.close(), fake.close()]));

const headers = { 'content-type': 'application/json', authorization: 'Bearer a-key-of-the-house' };
const messages = [{ role: 'user', content: 'What?' }];
const body = (more: object) => JSON.stringify({ model: 'tier:fast', messages, ...more });

/** An answer without what differs from request to request. */
async function shown(rig: GatewayRig, sent: RequestInit, path = '/chat/completions') {
	const answer = await fetch(rig.url + path, { method: 'POST', headers, ...sent });
	const text = await answer.text();
	const own = [...answer.headers].filter(
		([name]) => !/^(date|connection|keep-alive|transfer-encoding|content-length)$/.test(name),
	);
	const changing = /^(x-request-id|x-modeldex-request|x-modeldex-overhead-ms)$/;
	return {
		status: answer.status,
		headers: Object.fromEntries(own.map(([name, value]) => [name, changing.test(name) ? 'one' : value])),
		text: text.replace(/"(request_id|ms)":("[^"]*"|\d+)/g, '"$1":"one"'),
	};
}

const cases: [string, RequestInit, string?][] = [
	['a whole answer', { body: body({}) }],
	['a stream', { body: body({ stream: true }) }],
	['a stream with usage', { body: body({ stream: true, stream_options: { include_usage: true } }) }],
	[
		'a stream that begins at once',
		{ body: body({ stream: true }), headers: { ...headers, 'x-modeldex-early-headers': '1' } },
	],
	['vectors', { body: JSON.stringify({ model: 'lab/model-a', input: 'x' }) }, '/embeddings'],
	['a completion', { body: JSON.stringify({ model: 'tier:fast', prompt: 'x' }) }, '/completions'],
	['a name nobody knows', { body: body({ model: 'tier:none' }) }],
	['a field that is wrong', { body: body({ temperature: 9 }) }],
	['a field nobody may set', { body: body({ api_base: 'http://127.0.0.1/' }) }],
	['a header that is no number', { body: body({}), headers: { ...headers, 'x-modeldex-timeout-ms': 'soon' } }],
	['no JSON', { body: '{"model":' }],
	['bytes that are no text', { body: new Uint8Array([0x22, 0xff, 0xfe, 0x22]) }],
	['a mark of the byte order', { body: `\ufeff${body({})}` }],
	['no body', {}],
	['a body that is too large', { body: `"${'x'.repeat(33 * 1024 * 1024)}"` }],
	['a key that is wrong', { body: body({}), headers: { ...headers, authorization: 'Bearer nobody' } }],
	['two keys', { body: body({}), headers: { ...headers, 'x-api-key': 'another' } }],
];

describe('the door', () => {
	it.each(cases)('answers %s as the framework does', async (_, sent, path) => {
		const [own, theirs] = [await shown(door, sent, path), await shown(framework, sent, path)];
		if (theirs.status === 401) delete theirs.headers['www-authenticate'];
		if (own.status === 401 || own.status === 400) {
			expect([undefined, 'Bearer']).toContain(own.headers['www-authenticate']);
			delete own.headers['www-authenticate'];
		}
		expect(own).toEqual(theirs);
		expect(own.text.length).toBeGreaterThan(10);
	});

	it('leaves every other address and method to the framework', async () => {
		const list = await fetch(`${door.url}/models`, { headers });
		expect(await list.json()).toMatchObject({ object: 'list' });
		const got = await fetch(`${door.url}/chat/completions?x=1`, { method: 'POST', headers, body: body({}) });
		expect(got.status).toBe(200);
	});

	it('counts every answer under its address and tells whoever reads the log closely', async () => {
		door.lines.length = 0;
		await shown(door, { body: body({}) });
		await shown(door, { body: '{' });
		const route = 'route="/v1/chat/completions"';
		expect(door.metrics.text()).toMatch(
			new RegExp(`modeldex_http_requests_total\\{method="POST",${route},status="400"\\} [1-9]`),
		);
		expect(door.lines.map((line): unknown => JSON.parse(line))).toMatchObject([
			{ event: 'request', path: '/v1/chat/completions', status: 200 },
			{ event: 'request', path: '/v1/chat/completions', status: 400 },
		]);
	});

	it('takes the next request on the same connection after one that it refused', async () => {
		const port = Number(new URL(door.url).port);
		const head = (length: number, more = '') =>
			`POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: ${headers.authorization}\r\nContent-Length: ${length}\r\n${more}\r\n`;
		const { text } = await sendRaw(port, `${head(1)}{${head(body({}).length, 'Connection: close\r\n')}${body({})}`);
		expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400', 'HTTP/1.1 200']);
	});

	it('takes a caller who leaves in the middle of the request for no fault of ours', async () => {
		door.lines.length = 0;
		const socket = connect({ port: Number(new URL(door.url).port), host: '127.0.0.1' });
		socket.write(
			`POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: ${headers.authorization}\r\nContent-Length: 99\r\n\r\n{"model"`,
		);
		await new Promise((resolve) => socket.once('connect', resolve));
		await shown(door, { body: body({}) }); // by its answer the server has read the other's beginning
		socket.destroy();
		await shown(door, { body: body({}) });
		expect(door.bugs).toEqual([]);
		expect(door.lines.join('\n')).not.toContain('request_failed');
	});

	it('ends the call of a caller who leaves while nothing has come yet', async () => {
		const leaving = new AbortController();
		const asked = fetch(`${door.url}/chat/completions`, {
			method: 'POST',
			headers,
			body: body({ model: 'lab/model-slow', stream: true }),
			signal: leaving.signal,
		}).catch(() => 'left');
		await fake.until(() => fake.requests.some(({ model }) => model === 'model-slow'));
		const before = fake.stats.aborted;
		leaving.abort();
		expect(await asked).toBe('left');
		await fake.until(() => fake.stats.aborted > before);
		expect(fake.stats.bytesAfterAbort).toBe(0);
	});
});
