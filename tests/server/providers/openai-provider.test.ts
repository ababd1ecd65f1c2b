// Calls to providers of OpenAI's shape over real sockets: what is sent, what comes back, and every way it goes wrong.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CallFailure, type CallFailureClass } from '#lib/core/registry/call.ts';
import { startFakeProvider, type FakeProvider } from '../../support/fake-provider.ts';
import type { Script } from '../../support/fake-provider-script.ts';
import { freePort } from '../../support/built-server.ts';
import { hear, labProvider, question, quiet } from '../../support/provider-rig.ts';

let fake: FakeProvider;
let other: FakeProvider;
beforeAll(async () => {
	[fake, other] = await Promise.all([startFakeProvider(), startFakeProvider()]);
});
afterEach(() => {
	fake.requests.length = 0;
	other.requests.length = 0;
});
afterAll(() => Promise.all([fake.close(), other.close()]));

const text = 'Hello from model-a.';

describe('a call', () => {
	it('is sent as a stream with usage, with our key and the model’s own name', async () => {
		const provider = labProvider(fake.url, { headers: { 'X-Team': 'blue', Authorization: 'Bearer stolen' } });
		const { reply, failure } = await hear(provider, question('model-a', { temperature: 0.5, unheard_of: { a: 1 } }));
		expect(failure).toBeNull();
		expect(reply).toMatchObject({
			object: 'chat.completion',
			choices: [{ message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
			usage: { prompt_tokens: 7, completion_tokens: 4 },
		});
		const [{ path, headers, body } = { path: '', headers: {}, body: {} }] = fake.requests;
		expect(path).toBe('/v1/chat/completions');
		expect(body).toEqual({
			model: 'model-a',
			messages: [{ role: 'user', content: 'What?' }],
			temperature: 0.5,
			unheard_of: { a: 1 },
			stream: true,
			stream_options: { include_usage: true },
		});
		expect(headers).toMatchObject({ authorization: 'Bearer sk-lab-canary-000', 'x-team': 'blue' });
		await provider.close();
	});

	it('tells each step in order, content apart from the rest, usage once', async () => {
		const provider = labProvider(fake.url);
		const { events } = await hear(provider, question('model-a'));
		expect(events.map((event) => (event.type === 'chunk' ? event.content : event.type))).toEqual([
			'headers',
			false,
			true,
			true,
			true,
			true,
			true,
			false,
			'usage',
		]);
		expect(events.at(-1)).toMatchObject({ usage: { input_uncached: 7, output_text: 4, estimated: false } });
		await provider.close();
	});

	const shapes: [string, Script][] = [
		['byte by byte', { writes: 'bytes', text: ['ü', 'ñ🙂', 'x'] }],
		['in halves', { writes: 'halves', text: ['ü', 'ñ🙂', 'x'], lineEnd: '\r\n' }],
		['in one packet with comments', { writes: 'packed', text: ['ü', 'ñ🙂', 'x'], lineEnd: '\r\n' }],
		['in one piece, not streamed', { plain: true, text: ['üñ🙂x'] }],
		['without a terminator', { noTerminator: true, text: ['üñ🙂x'] }],
		['streamed without saying so', { headers: { 'content-type': 'application/octet-stream' }, text: ['üñ🙂x'] }],
	];
	it.each(shapes)('reads an answer %s', async (_, script) => {
		fake.set('odd', script);
		const provider = labProvider(fake.url);
		const { reply, failure } = await hear(provider, question('odd'));
		expect(failure).toBeNull();
		expect(reply).toMatchObject({ choices: [{ message: { content: 'üñ🙂x' }, finish_reason: 'stop' }] });
		await provider.close();
	});

	it('carries reasoning and tool calls', async () => {
		fake.set('tools', {
			reasoning: ['Hm', '.'],
			tools: [
				{ name: 'look', pieces: ['{"a"', ':1}'] },
				{ name: 'go', pieces: ['{}'] },
			],
		});
		const provider = labProvider(fake.url);
		const { reply } = await hear(provider, question('tools'));
		expect(reply).toMatchObject({
			choices: [
				{
					message: {
						content: null,
						reasoning_content: 'Hm.',
						tool_calls: [
							{ id: 'call_0', type: 'function', function: { name: 'look', arguments: '{"a":1}' } },
							{ id: 'call_1', type: 'function', function: { name: 'go', arguments: '{}' } },
						],
					},
					finish_reason: 'tool_calls',
				},
			],
		});
		await provider.close();
	});

	it('asks for completions and embeddings at their own addresses', async () => {
		const provider = labProvider(fake.url);
		const completed = await hear(provider, question('model-a', {}, 'completions'));
		expect(completed.reply).toMatchObject({ object: 'text_completion', choices: [{ text, finish_reason: 'stop' }] });
		const { reply, events } = await hear(provider, question('model-a', {}, 'embeddings'));
		expect(reply).toMatchObject({ object: 'list', data: [{ index: 0 }, { index: 1, embedding: [1, 0.5, -0.25] }] });
		expect(events.at(-1)).toMatchObject({ type: 'usage', usage: { input_uncached: 6, output_text: 0 } });
		expect(fake.requests.map(({ path }) => path)).toEqual(['/v1/completions', '/v1/embeddings']);
		expect(fake.requests[1]?.body).toEqual({ model: 'model-a', input: ['a', 'b'] });
		await provider.close();
	});

	it('says what Mistral says in its own words', async () => {
		const provider = labProvider(fake.url, { type: 'mistral' });
		await hear(provider, question('m', { seed: 7, tool_choice: 'required', max_completion_tokens: 9 }));
		expect(fake.requests[0]?.body).toEqual({
			model: 'm',
			messages: [{ role: 'user', content: 'What?' }],
			random_seed: 7,
			tool_choice: 'any',
			max_tokens: 9,
			stream: true,
		});
		await provider.close();
	});
});

describe('a call fails as', () => {
	const cases: [string, Script, CallFailureClass][] = [
		['a connection that is broken off', { refuses: true }, 'network'],
		['a reset before content', { resetAt: 10 }, 'network'],
		['a reset after content', { resetAt: 600 }, 'cut'],
		['a clean end before content', { endAt: 0 }, 'malformed'],
		['a clean end after content', { endAt: 2 }, 'cut'],
		['a piece that is no JSON before content', { malformedAt: 0 }, 'malformed'],
		['a piece that is no JSON after content', { malformedAt: 2 }, 'cut'],
		['a page', { page: true }, 'malformed'],
		['nothing', { empty: true }, 'malformed'],
		['JSON without a result', { body: { hello: 'there' } }, 'malformed'],
		['an error under status 200', { body: { error: { message: 'No.', code: 'rate_limit_exceeded' } } }, 'rate_limit'],
		['an error in the stream', { errorAt: 0, error: { message: 'No.', type: 'overloaded_error' } }, 'overloaded'],
		['status 429', { status: 429, body: { error: { message: 'Slow.', code: 'rate_limit_exceeded' } } }, 'rate_limit'],
		['status 500 with a page', { status: 500, body: '<h1>sk-CANARY123456</h1>' }, 'overloaded'],
		['status 404', { status: 404, body: { error: { message: 'No.', code: 'model_not_found' } } }, 'not_found'],
		['status 402', { status: 402 }, 'credit'],
		['a redirect to nowhere', { redirect: { to: 'ftp://127.0.0.1/' } }, 'not_found'],
		['a redirect for ever', { redirect: { to: '/v1/chat/completions' } }, 'not_found'],
		['a redirect that makes a GET of it', { redirect: { to: '/v1', status: 303 } }, 'not_found'],
	];
	it.each(cases)('%s', async (_, script, kind) => {
		fake.set('bad', script);
		const provider = labProvider(fake.url);
		const { failure } = await hear(provider, question('bad'));
		expect(failure).toBeInstanceOf(CallFailure);
		expect(failure).toMatchObject({ kind });
		expect(String(failure)).not.toMatch(/CANARY|canary/);
		await quiet(fake);
		await provider.close();
	});

	it('a server that is not there', async () => {
		const provider = labProvider(`http://127.0.0.1:${await freePort()}/v1`);
		const { failure } = await hear(provider, question('a'));
		expect(failure).toMatchObject({ kind: 'network', code: 'ECONNREFUSED' });
	});

	it('[S38] a refused key, without the key', async () => {
		const strict = await startFakeProvider({ key: 'another' });
		const provider = labProvider(strict.url);
		const { failure } = await hear(provider, question('a'));
		expect(failure).toMatchObject({ kind: 'auth', status: 401, message: 'lab refused its key (status 401).' });
		await Promise.all([provider.close(), strict.close()]);
	});

	it('a key that is not set, before anything is sent', async () => {
		const provider = labProvider(fake.url, { keyVariable: 'NO_SUCH_KEY' });
		const { failure } = await hear(provider, question('a'));
		expect(failure).toMatchObject({ kind: 'no_key' });
		expect(fake.requests).toEqual([]);
	});

	it('a limit, with the wait in every spelling', async () => {
		const provider = labProvider(fake.url);
		const waits = [];
		for (const [name, value] of [
			['retry-after-ms', '1500'],
			['x-ms-retry-after-ms', '1500'],
			['retry-after', '1.5'],
		] as const) {
			fake.set('slow', { status: 429, headers: { [name]: value } });
			const { failure } = await hear(provider, question('slow'));
			waits.push(failure instanceof CallFailure ? failure.retryAfterMs : null);
		}
		expect(waits).toEqual([1500, 1500, 1500]);
		await provider.close();
	});
});

describe('leaving a call', () => {
	it.each<[string, Script]>([
		['before the headers', { headersMs: 60_000 }],
		['before the first word', { firstMs: 60_000 }],
		['in the middle', { text: Array<string>(1000).fill('word '), betweenMs: 20 }],
		['during a stall', { stallAt: 1 }],
		['during signs of life', { endless: 'comments' }],
	])('%s ends it at once, with the reason given', async (_, script) => {
		fake.set('long', script);
		const provider = labProvider(fake.url);
		const leaving = new AbortController();
		const reason = new Error('lost the race');
		const call = hear(provider, question('long'), leaving.signal);
		await fake.until(() => fake.requests.length === 1);
		leaving.abort(reason);
		expect((await call).failure).toBe(reason);
		await quiet(fake);
		expect(fake.stats.bytesAfterAbort).toBe(0);
		await provider.close();
	});

	it('[S44] by no longer reading ends it too', async () => {
		fake.set('long', { text: Array<string>(1000).fill('word '), betweenMs: 5 });
		const provider = labProvider(fake.url);
		for await (const event of provider.call(question('long'), new AbortController().signal)) {
			if (event.type === 'chunk' && event.content) break;
		}
		await quiet(fake);
		await provider.close();
		expect(fake.stats.active).toBe(0);
	});
});

describe('a redirect', () => {
	it('[S37] within the host keeps the key, to another one loses it', async () => {
		fake.set('moved', { redirect: { to: '/v1/elsewhere/chat/completions' } });
		const provider = labProvider(fake.url);
		await hear(provider, question('moved'));
		expect(fake.requests.map(({ path, headers }) => [path, headers.authorization])).toContainEqual([
			'/v1/elsewhere/chat/completions',
			'Bearer sk-lab-canary-000',
		]);
		fake.set('moved', { redirect: { to: `${other.url}/chat/completions` } });
		await hear(provider, question('moved'));
		expect(other.requests).toHaveLength(1);
		expect(other.requests[0]?.headers).not.toHaveProperty('authorization');
		await provider.close();
	});
});
