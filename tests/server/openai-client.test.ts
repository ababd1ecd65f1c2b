// The official OpenAI client and the AI SDK work against the gateway as they do against the real thing.
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { embedMany, generateObject, generateText, jsonSchema, streamText, tool } from 'ai';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';
import { startGateway, type GatewayRig } from '../support/gateway-rig.ts';

let fake: FakeProvider;
let gateway: GatewayRig;
let client: OpenAI;
beforeAll(async () => {
	fake = await startFakeProvider({
		scripts: {
			tools: { tools: [{ name: 'weather', pieces: ['{"city":', '"Bern"}'] }] },
			json: { text: ['{"city":', '"Bern"}'] },
			limited: {
				status: 429,
				headers: { 'retry-after': '7' },
				body: { error: { message: 'Slow.', code: 'rate_limit_exceeded' } },
			},
			odd: { status: 400, body: { error: { message: 'Odd field.', type: 'invalid_request_error', code: 'odd' } } },
			broken: { text: ['one', 'two', 'three'], endAt: 2 },
		},
	});
	const lab = {
		type: 'openai-compatible',
		base_url: fake.url,
		api_key_env: 'LAB_KEY',
		prices: { 'model-a': { input: 1, output: 2 } },
	};
	const claude = { type: 'anthropic', base_url: fake.url, api_key_env: 'LAB_KEY' };
	const names = ['model-a', 'model-b', 'tools', 'json', 'limited', 'odd', 'broken'];
	gateway = await startGateway({
		config: {
			providers: { lab: { ...lab, models: names }, claude },
			tiers: {
				fast: { strategy: 'race', providers: ['lab/model-a', 'lab/model-b'] },
				high: { strategy: 'fallback', providers: ['lab/limited', 'lab/model-b'] },
			},
			defaults: { tier: 'fast' },
		},
		env: { LAB_KEY: 'sk-lab-canary' },
	});
	client = new OpenAI({ baseURL: gateway.url, apiKey: 'anything', maxRetries: 0 });
});
afterAll(async () => {
	await Promise.all([gateway.close(), fake.close()]);
});

const messages = [{ role: 'user' as const, content: 'What?' }];
const weather = {
	type: 'function' as const,
	function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
};

describe('the official client', () => {
	it('lists models and reads one', async () => {
		const ids: string[] = [];
		for await (const { id } of client.models.list()) ids.push(id);
		expect(ids).toEqual(expect.arrayContaining(['tier:fast', 'tier:high', 'lab/model-a', 'lab/tools']));
		expect(await client.models.retrieve('tier:fast')).toMatchObject({ object: 'model', owned_by: 'modeldex' });
		await expect(client.models.retrieve('tier:none')).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
	});

	it('chats, and is told who answered at what cost', async () => {
		const { data, response } = await client.chat.completions.create({ model: 'lab/model-a', messages }).withResponse();
		expect(data).toMatchObject({
			object: 'chat.completion',
			choices: [{ message: { role: 'assistant', content: 'Hello from model-a.' }, finish_reason: 'stop' }],
			usage: { prompt_tokens: 7, completion_tokens: 4, total_tokens: 11 },
		});
		const headers = Object.fromEntries(response.headers);
		expect(headers).toMatchObject({
			'x-modeldex-model': 'lab/model-a',
			'x-modeldex-strategy': 'first',
			'x-modeldex-attempts': '1',
			'x-modeldex-fallbacks': '0',
			'x-modeldex-cost': '0.000015',
			'x-request-id': gateway.records.at(-1)?.id,
		});
		expect(data).toHaveProperty('_request_id', headers['x-modeldex-request']);
	});

	it('streams, with usage and cost when it asks for them', async () => {
		const asked = { model: 'tier:fast', messages, stream: true, stream_options: { include_usage: true } } as const;
		const { data, response } = await client.chat.completions.create(asked).withResponse();
		let text = '';
		let usage = null;
		for await (const chunk of data) {
			text += chunk.choices[0]?.delta.content ?? '';
			usage = chunk.usage ?? usage;
		}
		const served = response.headers.get('x-modeldex-model') ?? '';
		expect(['lab/model-a', 'lab/model-b']).toContain(served);
		expect(text).toBe(`Hello from ${served.slice(4)}.`);
		expect(usage).toMatchObject({ prompt_tokens: 7, completion_tokens: 4 });
		expect(response.headers.get('content-type')).toContain('text/event-stream');
	});

	it('is told at the beginning of a stream how often others were tried', async () => {
		const begin = async (model: string) => {
			const asked = { model, messages, stream: true } as const;
			const { data, response } = await client.chat.completions.create(asked).withResponse();
			data.controller.abort();
			return [response.headers.get('x-modeldex-attempts'), response.headers.get('x-modeldex-fallbacks')];
		};
		expect(await begin('lab/model-a')).toEqual(['1', '0']);
		expect(await begin('tier:high')).toEqual(['2', '1']);
		gateway.router.breakers.reset();
	});

	it('gets no usage chunk without asking', async () => {
		const stream = await client.chat.completions.create({ model: 'lab/model-a', messages, stream: true });
		const chunks = [];
		for await (const chunk of stream) chunks.push(chunk);
		expect(chunks.length).toBeGreaterThan(4);
		expect(chunks.every(({ choices }) => choices.length === 1)).toBe(true);
	});

	it('calls tools, whole and streamed', async () => {
		const { choices } = await client.chat.completions.create({ model: 'lab/tools', messages, tools: [weather] });
		expect(choices[0]).toMatchObject({
			finish_reason: 'tool_calls',
			message: { tool_calls: [{ type: 'function', function: { name: 'weather', arguments: '{"city":"Bern"}' } }] },
		});
		const run = client.chat.completions.stream({ model: 'claude/tools', messages, tools: [weather] });
		const final = await run.finalChatCompletion();
		expect(final.choices[0]?.message.tool_calls?.[0]).toMatchObject({ function: { arguments: '{"city":"Bern"}' } });
	});

	it('is told which fields a provider has no word for', async () => {
		const asked = { model: 'claude/any', messages, seed: 3, logit_bias: { 5: 1 }, user: 'ann', top_p: 0.5 };
		const { response } = await client.chat.completions.create(asked).withResponse();
		expect(response.headers.get('x-modeldex-dropped')).toBe('seed, logit_bias');
		const passed = await client.chat.completions.create({ ...asked, model: 'lab/model-a' }).withResponse();
		expect(passed.response.headers.get('x-modeldex-dropped')).toBeNull();
	});

	it('passes images and unknown fields through', async () => {
		const image = { type: 'image_url' as const, image_url: { url: `data:image/png;base64,${'A'.repeat(1_500_000)}` } };
		const content = [{ type: 'text' as const, text: 'See' }, image];
		const body = { model: 'lab/model-a', messages: [{ role: 'user' as const, content }], my_field: { a: [1] } };
		await client.chat.completions.create(body);
		expect(fake.requests.at(-1)?.body).toMatchObject({ messages: [{ content }], my_field: { a: [1] } });
	});

	it('completes prompts and embeds texts', async () => {
		const completed = await client.completions.create({ model: 'lab/model-a', prompt: 'What?' });
		expect(completed.choices[0]?.text).toBe('Hello from model-a.');
		const { data, usage } = await client.embeddings.create({ model: 'lab/model-a', input: ['a', 'b'] });
		expect(data.map(({ embedding }) => embedding)).toEqual([
			[0, 0.5, -0.25],
			[1, 0.5, -0.25],
		]);
		expect(usage.prompt_tokens).toBe(6);
	});

	it('goes on to the next candidate without noticing', async () => {
		const { data, response } = await client.chat.completions.create({ model: 'tier:high', messages }).withResponse();
		expect(data.choices[0]?.message.content).toBe('Hello from model-b.');
		expect(response.headers.get('x-modeldex-fallbacks')).toBe('1');
	});

	it('knows each failure by its class', async () => {
		const ask = (model: string) => client.chat.completions.create({ model, messages });
		await expect(ask('tier:none')).rejects.toBeInstanceOf(OpenAI.NotFoundError);
		await expect(ask('lab/odd')).rejects.toBeInstanceOf(OpenAI.BadRequestError);
		await expect(ask('lab/odd')).rejects.toMatchObject({ status: 400, type: 'invalid_request_error' });
		const other = new OpenAI({ baseURL: gateway.url, apiKey: 'mdx_00000000_x', maxRetries: 0 });
		await expect(other.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
	});

	it('hears that a stream broke off', async () => {
		const stream = await client.chat.completions.create({ model: 'lab/broken', messages, stream: true });
		let text = '';
		const reading = (async () => {
			for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
		})();
		await expect(reading).rejects.toMatchObject({ code: 'stream_cut' });
		expect(text).toBe('onetwo');
	});

	it('that leaves is followed by silence', async () => {
		fake.set('endless', { text: Array<string>(2000).fill('word '), betweenMs: 5 });
		const stream = await client.chat.completions.create({ model: 'lab/endless', messages, stream: true });
		for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
		await fake.until(() => fake.stats.active === 0);
		expect(fake.stats.aborted).toBeGreaterThan(0);
	});
});

describe('the AI SDK', () => {
	const model = (id: string) =>
		createOpenAICompatible({
			name: 'modeldex',
			baseURL: gateway.url,
			includeUsage: true,
			supportsStructuredOutputs: true,
		})(id);

	it('generates and streams text with usage', async () => {
		const { text, usage } = await generateText({ model: model('lab/model-a'), prompt: 'What?', maxRetries: 0 });
		expect(text).toBe('Hello from model-a.');
		expect(usage).toMatchObject({ inputTokens: 7, outputTokens: 4 });
		const stream = streamText({ model: model('claude/any'), prompt: 'What?', maxRetries: 0 });
		let streamed = '';
		for await (const piece of stream.textStream) streamed += piece;
		expect(streamed).toBe('Hello from any.');
		expect(await stream.usage).toMatchObject({ inputTokens: 7, outputTokens: 4 });
	});

	it('calls tools and reads objects', async () => {
		const inputSchema = jsonSchema<{ city: string }>({ type: 'object', properties: { city: { type: 'string' } } });
		const tools = { weather: tool({ description: 'Weather.', inputSchema }) };
		const { toolCalls } = await generateText({ model: model('lab/tools'), prompt: 'What?', tools, maxRetries: 0 });
		expect(toolCalls).toMatchObject([{ toolName: 'weather', input: { city: 'Bern' } }]);
		const { object } = await generateObject({
			model: model('lab/json'),
			schema: inputSchema,
			prompt: 'x',
			maxRetries: 0,
		});
		expect(object).toEqual({ city: 'Bern' });
		expect(fake.requests.at(-1)?.body).toMatchObject({ response_format: { type: 'json_schema' } });
	});

	it('embeds', async () => {
		const provider = createOpenAICompatible({ name: 'modeldex', baseURL: gateway.url });
		const { embeddings } = await embedMany({ model: provider.embeddingModel('lab/model-a'), values: ['a', 'b'] });
		expect(embeddings).toHaveLength(2);
	});

	it('is told of a limit as such', async () => {
		fake.set('later', { status: 429, headers: { 'retry-after': '90' } });
		const failed = generateText({ model: model('lab/later'), prompt: 'What?', maxRetries: 0 });
		await expect(failed).rejects.toMatchObject({ statusCode: 429, responseHeaders: { 'retry-after': '90' } });
	});
});
