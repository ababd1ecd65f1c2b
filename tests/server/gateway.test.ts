// The gateway over real HTTP: errors, limits of keys, who may ask for what, and what happens when callers leave.
import { request } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type FakeProvider, startFakeProvider } from '../support/fake-provider.ts';
import { envelope, errorOf } from '../support/gateway-failure.ts';
import { type GatewayRig, startGateway } from '../support/gateway-rig.ts';

let fake: FakeProvider;
let gateway: GatewayRig;
beforeAll(async () => {
	fake = await startFakeProvider({ key: 'sk-lab-canary-000' });
	const lab = { type: 'openai-compatible', base_url: fake.url, api_key_env: 'LAB_KEY' };
	gateway = await startGateway({
		config: {
			providers: {
				lab: { ...lab, prices: { 'model-a': { input: 1, output: 2 } } },
				wrong: { ...lab, api_key_env: 'WRONG_KEY' },
			},
			tiers: {
				fast: { strategy: 'race', providers: ['lab/model-a', 'lab/model-b'] },
				high: { strategy: 'fallback', providers: ['lab/model-a'] },
			},
			experiments: { check: { strategy: 'first', providers: ['lab/model-a'] } },
			defaults: { tier: 'fast', experiment: 'check' },
		},
		env: { LAB_KEY: 'sk-lab-canary-000', WRONG_KEY: 'sk-wrong-canary' },
	});
});
afterEach(() => void (fake.requests.length = 0));
afterAll(() => Promise.all([gateway.close(), fake.close()]));

const messages = [{ role: 'user', content: 'What?' }];

interface Asked {
	headers?: Record<string, string>;
	path?: string;
	signal?: AbortSignal;
}

function ask(body: unknown, { headers = {}, path = '/chat/completions', signal }: Asked = {}): Promise<Response> {
	const sent = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } };
	return fetch(gateway.url + path, { ...sent, body: JSON.stringify(body), ...(signal ? { signal } : {}) });
}

const chat = (model: string, more: Record<string, unknown> = {}) => ({ model, messages, ...more });

describe('a request that cannot be taken', () => {
	it.each<[string, unknown, number, string, string | null]>([
		['without a model', { messages }, 400, 'invalid_body', 'model'],
		['without messages', { model: 'lab/a' }, 400, 'invalid_body', 'messages'],
		[
			'with a wrong role',
			{ model: 'lab/a', messages: [{ role: 'god', content: '' }] },
			400,
			'invalid_body',
			'messages.0.role',
		],
		['with a wrong number', chat('lab/a', { temperature: 9 }), 400, 'invalid_body', 'temperature'],
		['for another address', chat('lab/a', { api_base: 'http://x' }), 400, 'unknown_field', 'api_base'],
		['for another address in other letters', chat('lab/a', { Base_URL: 'http://x' }), 400, 'unknown_field', 'Base_URL'],
		['with a key', chat('lab/a', { api_key: 'sk-CANARYCANARY' }), 400, 'unknown_field', 'api_key'],
		['with headers', chat('lab/a', { extra_headers: {} }), 400, 'unknown_field', 'extra_headers'],
		['with a timeout', chat('lab/a', { timeout: 1e12 }), 400, 'unknown_field', 'timeout'],
		['with an address for a model', chat('http://127.0.0.1/x'), 400, 'model_not_found', 'model'],
		['with a path for a model', chat('../x'), 400, 'model_not_found', 'model'],
		['for a provider nobody knows', chat('nobody/x'), 404, 'model_not_found', 'model'],
		['for a tier nobody knows', chat('tier:fist'), 404, 'model_not_found', 'model'],
		['that is a list', [], 400, 'invalid_body', null],
	])('%s', async (_, body, status, code, param) => {
		expect(await errorOf(await ask(body))).toMatchObject({ status, code, param });
		expect(fake.requests).toEqual([]);
	});

	it('with options that are none', async () => {
		for (const [name, value] of [
			['x-modeldex-max-cost', 'much'],
			['x-modeldex-timeout-ms', '0'],
		] as const) {
			const headers = { [name]: value };
			expect(await errorOf(await ask(chat('lab/a'), { headers }))).toMatchObject({ status: 400, code: 'bad_request' });
		}
	});
});

describe('a candidate that fails', () => {
	it('before the first word gives a real status, and tells what was tried', async () => {
		fake.set('bad', { status: 503, body: '<h1>sk-CANARY123456</h1>' });
		const tried = { candidate: 'lab/bad', outcome: 'failed', class: 'overloaded', status: 503 };
		for (const stream of [true, false]) {
			const response = await ask(chat('lab/bad', { stream }));
			expect(response.headers.get('content-type')).toContain('application/json');
			const error = await errorOf(response);
			expect(error).toMatchObject({ status: 502, code: 'upstream_error', type: 'server_error' });
			expect(error.attempts).toEqual(expect.arrayContaining([expect.objectContaining(tried)]));
			expect(response.headers.get('x-request-id')).toBe(error.request_id);
		}
	});

	it('for its key says so in our words, and neither key travels', async () => {
		const headers = { authorization: 'Bearer caller-canary' };
		const error = await errorOf(await ask(chat('wrong/a'), { headers }));
		expect(error).toMatchObject({ status: 502, code: 'upstream_auth_failed' });
		expect(fake.requests[0]?.headers.authorization).toBe('Bearer sk-wrong-canary');
		expect(JSON.stringify(fake.requests)).not.toContain('caller-canary');
	});

	it('with a limit tells when to come back', async () => {
		fake.set('slow', { status: 429, headers: { 'retry-after': '120' } });
		const response = await ask(chat('lab/slow'));
		expect([response.status, response.headers.get('retry-after')]).toEqual([429, '120']);
		await response.body?.cancel();
	});

	it('after the first words ends the stream with an error and without [DONE]', async () => {
		fake.set('cut', { text: ['one', 'two', 'three'], endAt: 2 });
		const response = await ask(chat('lab/cut', { stream: true }));
		expect(response.status).toBe(200);
		const frames = (await response.text()).trim().split('\n\n');
		const last = envelope.parse(JSON.parse(frames.at(-1)?.slice('data: '.length) ?? ''));
		expect(last.error).toMatchObject({ code: 'stream_cut', delivered_characters: 6 });
		expect(frames.join()).not.toContain('[DONE]');
	});
});

describe('a stream', () => {
	it('ends with [DONE], and its first bytes come before the rest is there', async () => {
		fake.set('paced', { text: ['one', 'two'], betweenMs: 20 });
		const response = await ask(chat('lab/paced', { stream: true }));
		const text = await response.text();
		expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
		expect(text.match(/^data: /gm)?.length).toBe(5);
	});

	it('of a provider that answers in one piece is a stream all the same', async () => {
		fake.set('plain', { plain: true, text: ['Hi'], tools: [{ name: 'look', pieces: ['{}'] }] });
		const text = await (await ask(chat('lab/plain', { stream: true }))).text();
		const chunks = text.split('\n\n').filter((frame) => frame.startsWith('data: {'));
		expect(chunks.map((frame) => JSON.parse(frame.slice(6)).choices[0])).toMatchObject([
			{ delta: { content: 'Hi', tool_calls: [{ index: 0, function: { name: 'look' } }] }, finish_reason: null },
			{ delta: {}, finish_reason: 'tool_calls' },
		]);
		expect(text).toContain('[DONE]');
	});

	it('begins at once for callers who want that, and then tells failures as events', async () => {
		fake.set('late', { headersMs: 100, status: 500 });
		const response = await ask(chat('lab/late', { stream: true }), { headers: { 'x-modeldex-early-headers': '1' } });
		expect(response.status).toBe(200);
		const text = await response.text();
		expect(text.startsWith(': keep-alive\n\n')).toBe(true);
		expect(text).toContain('"code":"upstream_error"');
		expect(text).not.toContain('[DONE]');
	});

	it('is read from the provider at the pace of its reader', async () => {
		const piece = 'x'.repeat(16 * 1024);
		fake.set('large', { text: Array<string>(4000).fill(piece) });
		const response = await ask(chat('lab/large', { stream: true }));
		const reader = response.body?.getReader();
		await reader?.read();
		const before = process.memoryUsage().rss;
		for (let at = 0; at < 50; at += 1) await new Promise((resolve) => setImmediate(resolve));
		expect(fake.stats.active).toBe(1);
		expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
		await reader?.cancel();
		await fake.until(() => fake.stats.active === 0);
	});
});

/** Leaves as a program does whose process ends: the socket is gone. Resolves with the milliseconds until nobody writes. */
function leave(model: string, more: Record<string, unknown>): { begun: Promise<void>; go: () => void } {
	const body = JSON.stringify(chat(model, more));
	let begin = () => {};
	const begun = new Promise<void>((resolve) => (begin = resolve));
	const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
	const asked = request(`${gateway.url}/chat/completions`, { method: 'POST', headers, agent: false }, (response) => {
		response.once('data', begin);
		response.on('error', () => {});
	});
	asked.on('error', () => {});
	asked.end(body);
	return { begun, go: () => asked.destroy() };
}

/** The least of several rounds, without the longest time that this process was kept from running: a busy machine is slow, not wrong. */
async function quickest(round: () => Promise<number>): Promise<number> {
	let least = Infinity;
	for (let at = 0; at < 5 && least >= 250; at += 1) {
		const delay = monitorEventLoopDelay({ resolution: 5 });
		delay.enable();
		const took = await round();
		delay.disable();
		least = Math.min(least, took - delay.max / 1e6);
	}
	return least;
}

describe('50 callers that leave', () => {
	it('[S44] in the middle of their streams end 50 streams of the provider within 250 ms', async () => {
		fake.set('long', { text: Array<string>(2000).fill('word '), betweenMs: 20 });
		const took = await quickest(async () => {
			const before = fake.stats.aborted;
			const callers = Array.from({ length: 50 }, () => leave('lab/long', { stream: true }));
			await Promise.all(callers.map(({ begun }) => begun));
			expect(fake.stats.active).toBe(50);
			const start = performance.now();
			for (const { go } of callers) go();
			await fake.until(() => fake.stats.active === 0);
			expect(fake.stats.aborted - before).toBe(50);
			return performance.now() - start;
		});
		expect(took).toBeLessThan(250);
		expect(fake.stats.bytesAfterAbort).toBe(0);
	});

	it('[S44] while they wait for a whole answer end 50 calls within 250 ms', async () => {
		fake.set('waiting', { headersMs: 60_000 });
		const took = await quickest(async () => {
			const callers = Array.from({ length: 50 }, () => leave('lab/waiting', {}));
			await fake.until(() => fake.stats.active === 50);
			const start = performance.now();
			for (const { go } of callers) go();
			await fake.until(() => fake.stats.active === 0);
			return performance.now() - start;
		});
		expect(took).toBeLessThan(250);
		const ended = gateway.records.filter(({ spec }) => spec === 'lab/waiting');
		expect(new Set(ended.map(({ outcome, status }) => `${outcome} ${status}`))).toEqual(new Set(['cancelled 499']));
	});
});

describe('a key of the gateway', () => {
	const order = { name: 'ci', user: null, specs: [], budget: null, rpm: null, expires_at: null };
	const bearer = (secret: string) => ({ headers: { authorization: `Bearer ${secret}` } });

	it('asks for what it is for, and sees nothing else', async () => {
		const { secret } = gateway.keys.create({ ...order, specs: ['tier:high'] });
		expect((await ask(chat('tier:high'), bearer(secret))).status).toBe(200);
		expect(await errorOf(await ask(chat('tier:fast'), bearer(secret)))).toMatchObject({
			status: 403,
			code: 'tier_not_allowed',
		});
		expect(await errorOf(await ask(chat('lab/model-a'), bearer(secret)))).toMatchObject({ code: 'tier_not_allowed' });
		const list = await fetch(`${gateway.url}/models`, bearer(secret));
		expect(await list.json()).toMatchObject({ data: [{ id: 'tier:high' }] });
	});

	it('lets exactly its requests a minute through, however many come at once', async () => {
		const { secret } = gateway.keys.create({ ...order, rpm: 10 });
		const answers = await Promise.all(Array.from({ length: 200 }, () => ask(chat('lab/model-b'), bearer(secret))));
		const counts = answers.map(({ status }) => status);
		expect([
			counts.filter((status) => status === 200).length,
			counts.filter((status) => status === 429).length,
		]).toEqual([10, 190]);
		expect(fake.requests).toHaveLength(10);
		const refused = answers.find(({ status }) => status === 429);
		expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
		await Promise.all(answers.map((answer) => answer.body?.cancel()));
	});

	it('spends no more than its budget', async () => {
		const { secret } = gateway.keys.create({ ...order, budget: { usd: 0.0001, window: 'day' } });
		const asked = chat('lab/model-a', { max_tokens: 10 });
		const statuses: number[] = [];
		for (let at = 0; at < 12; at += 1) {
			const answer = await ask(asked, bearer(secret));
			statuses.push(answer.status);
			await answer.body?.cancel();
		}
		const served = statuses.filter((status) => status === 200).length;
		// A request costs 0.000015 dollars and may cost 0.000025 or so.
		expect(served).toBeGreaterThanOrEqual(4);
		expect(served * 0.000015).toBeLessThanOrEqual(0.0001);
		expect(statuses.at(-1)).toBe(429);
	});

	it('speaks for its user and for nobody else', async () => {
		const { secret } = gateway.keys.create({ ...order, user: 'ann' });
		expect((await ask(chat('user:ann:check'), bearer(secret))).status).toBe(200);
		expect(await errorOf(await ask(chat('user:bob:check'), bearer(secret)))).toMatchObject({
			status: 403,
			code: 'forbidden',
		});
		const named = { headers: { 'x-modeldex-user': 'bob' } };
		expect((await ask(chat('user:bob'), named)).status).toBe(200);
		expect(await errorOf(await ask(chat('user:ann'), named))).toMatchObject({ status: 403, code: 'forbidden' });
		expect(gateway.records.filter(({ user }) => user === 'ann').at(-1)).toMatchObject({ key: 'ci', outcome: 'ok' });
	});
});
