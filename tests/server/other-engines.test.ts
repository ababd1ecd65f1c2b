// Engines that others run on this machine, as real HTTP servers: found, asked for letters, names and vectors, never trusted.
import { createServer, type Server, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engineRoom } from '../support/engine-room.ts';

/** What the engine answers next; changed by each test. */
const script = { letters: true, words: [''], status: 200, health: 200 };
/** The answer that streams now, and whether whoever asked has left it. */
let streaming: ServerResponse | null = null;
let isLeft = false;
const piece = (content: string, finish_reason: string | null = null) =>
	`data: ${JSON.stringify({ choices: [{ delta: { content }, finish_reason }] })}\n\n`;
const asked: { path: string; body: Record<string, unknown> }[] = [];
let server: Server;
let address = '';

function reply(path: string, body: Record<string, unknown>): object {
	if (path === '/api/version') return { version: '0.9.1' };
	if (path === '/v1/models') return { data: [{ id: 'chatty' }, { id: 'nomic-embed' }] };
	if (path === '/v1/embeddings')
		return {
			data: [{ embedding: /animal|cat/.test(String(body.input)) ? [3, 0] : [0, 4] }],
			usage: { prompt_tokens: 7 },
		};
	const top_logprobs = [
		{ token: 'A', logprob: Math.log(0.2) },
		{ token: ' B', logprob: Math.log(0.7) },
		{ token: 'the', logprob: Math.log(0.1) },
	];
	const isLetter = body.max_tokens === 1;
	const content = isLetter ? 'B' : (script.words.shift() ?? '');
	const logprobs = isLetter && script.letters ? { content: [{ top_logprobs }] } : null;
	return { choices: [{ message: { content }, finish_reason: 'stop', logprobs }], usage: { prompt_tokens: 50 } };
}

beforeAll(async () => {
	server = createServer((request, response) => {
		let text = '';
		request.on('data', (chunk) => (text += chunk));
		request.on('end', () => {
			const path = request.url ?? '';
			const body = text === '' ? {} : JSON.parse(text);
			asked.push({ path, body });
			if (body.stream === true && script.status === 200) {
				streaming = response.writeHead(200, { 'content-type': 'text/event-stream' });
				response.on('close', () => (isLeft = !response.writableFinished));
				return response.write(piece('one '));
			}
			response.statusCode = path === '/api/version' ? script.health : path.startsWith('/v1/chat') ? script.status : 200;
			response.end(JSON.stringify(reply(path, body)));
		});
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const at = server.address();
	address = `http://127.0.0.1:${typeof at === 'object' ? at?.port : 0}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const categories = [
	{ name: 'creatures', description: 'animal' },
	{ name: 'meals', description: 'food' },
];
const room = () =>
	engineRoom({ models: {}, others: [{ id: 'ollama', name: 'Ollama', address, proof: '/api/version' }] });

it('are found with their version and models, or told to be loading', async () => {
	const { engines } = room();
	expect(await engines.others()).toEqual([
		{
			id: 'ollama',
			name: 'Ollama',
			address,
			version: '0.9.1',
			ready: true,
			models: ['ollama/chatty', 'ollama/nomic-embed'],
		},
	]);
	script.health = 503;
	expect(await engines.others()).toMatchObject([{ ready: false, models: [] }]);
	await expect(engines.acquire('ollama/chatty', {})).rejects.toMatchObject({ code: 'engine_missing' });
	script.health = 200;
	await expect(engines.acquire('ollama/other', {})).rejects.toMatchObject({ code: 'model_not_installed' });
});

it('give probabilities of letters, in both orders, so that a leaning to one letter cancels out', async () => {
	const [result] = await room().sort(['cat'], { model: 'ollama/chatty', categories });
	// The engine says B whatever B stands for: nothing is known then, and the shares are equal.
	expect(result?.scores.creatures).toBeCloseTo(0.5, 9);
	expect(result).toMatchObject({ method: 'instruction', calibrated: false, tokens: 100, error: null });
});

it('are held to the names where they tell no probabilities, and asked once more', async () => {
	Object.assign(script, { letters: false, words: ['creatures, I think', '{"category":"meals","reason":"soup"}'] });
	const [named] = await room().sort(['soup'], { model: 'ollama/chatty', categories });
	expect(named).toMatchObject({ category: 'meals', confidence: null, scores: {}, explanation: 'soup' });
	const last = asked.at(-1);
	expect(JSON.stringify(last?.body.response_format)).toContain('"enum":["creatures","meals"]');
	script.words = ['{"category":"pets"}', 'creatures'];
	const [none] = await room().sort(['soup'], { model: 'ollama/chatty', categories });
	expect(none).toMatchObject({ category: null, abstained: 'invalid_output', error: { code: 'invalid_output' } });
	script.letters = true;
});

it('make vectors, and fail text by text', async () => {
	const results = await room().sort(['cat', 'soup'], { model: 'ollama/nomic-embed', categories });
	expect(results.map(({ category }) => category)).toEqual(['creatures', 'meals']);
	script.status = 500;
	const [failed] = await room().sort(['cat'], { model: 'ollama/chatty', categories });
	expect(failed).toMatchObject({ category: null, abstained: 'failed', error: { code: 'engine_failed' } });
	script.status = 200;
});

describe('an answer that streams', () => {
	const ask = async () => {
		const { engine } = await room().engines.acquire('ollama/chatty', {});
		return engine.write('hello', { maxTokens: 9 });
	};

	it('is told while it is written, and its tokens in the end', async () => {
		const writing = await ask();
		expect(await writing.next()).toEqual({ done: false, value: { text: 'one ', promptTokens: null, tokens: null } });
		expect(asked.at(-1)?.body).toMatchObject({ stream: true, stream_options: { include_usage: true }, max_tokens: 9 });
		streaming?.write(`: still at it\n\n${piece('two')}${piece('', 'stop')}`);
		expect((await writing.next()).value).toMatchObject({ text: 'two' });
		streaming?.end('data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2}}\n\ndata: [DONE]\n\n');
		const whole = { text: 'one two', promptTokens: 5, tokens: 2, isComplete: true };
		expect(await writing.next()).toEqual({ done: true, value: whole });
	});

	it('is left when its reader leaves, so that the engine writes no further', async () => {
		for await (const { text } of await ask()) {
			expect(text).toBe('one ');
			break;
		}
		while (!isLeft) await new Promise((resolve) => setImmediate(resolve));
		expect(streaming?.writableFinished).toBe(false);
	});

	it('fails where it breaks off or is no answer, and with the words of an engine that refuses', async () => {
		const cut = await ask();
		await cut.next();
		streaming?.end();
		await expect(cut.next()).rejects.toMatchObject({
			code: 'engine_failed',
			message: expect.stringContaining('broke off'),
		});
		const odd = await ask();
		await odd.next();
		streaming?.end('data: {"choices":3}\n\n');
		await expect(odd.next()).rejects.toMatchObject({ code: 'engine_failed' });
		script.status = 500;
		await expect((await ask()).next()).rejects.toMatchObject({ code: 'engine_failed' });
		script.status = 200;
	});
});
