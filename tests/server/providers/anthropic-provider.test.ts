// Anthropic's Messages API behind OpenAI's shape: requests there, replies back, streamed and plain.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CallFailureClass } from '#lib/core/registry/call.ts';
import { startFakeProvider, type FakeProvider } from '../../support/fake-provider.ts';
import type { Script } from '../../support/fake-provider-script.ts';
import { anthropicDropped } from '#lib/server/providers/anthropic-request.ts';
import type { HttpProvider } from '#lib/server/providers/providers.ts';
import { hear, labProvider, question } from '../../support/provider-rig.ts';

let fake: FakeProvider;
let provider: HttpProvider;
beforeAll(async () => {
	fake = await startFakeProvider();
	provider = labProvider(fake.url, { type: 'anthropic' });
});
beforeEach(() => void (fake.requests.length = 0));
afterAll(() => Promise.all([provider.close(), fake.close()]));

/** What was sent for this body. */
async function sent(body: Record<string, unknown>): Promise<Record<string, unknown>> {
	const { failure } = await hear(provider, question('claude', body));
	expect(failure).toBeNull();
	return fake.requests.at(-1)?.body ?? {};
}

const look = { type: 'function', function: { name: 'look', description: 'Looks.', parameters: { type: 'object' } } };
const schema = { type: 'object', properties: { a: { type: 'number' } }, required: ['a'] };
const inSchema = { response_format: { type: 'json_schema', json_schema: { name: 'x', strict: true, schema } } };

describe('a request', () => {
	it('goes to the API’s own address with its own headers', async () => {
		await hear(provider, question('claude'));
		expect(fake.requests[0]).toMatchObject({
			path: '/v1/messages',
			headers: { 'x-api-key': 'sk-lab-canary-000', 'anthropic-version': '2023-06-01' },
			body: { model: 'claude', max_tokens: 4096, stream: true, messages: [{ role: 'user' }] },
		});
		expect(fake.requests[0]?.headers).not.toHaveProperty('authorization');
	});

	it('has its instructions apart and neighbours of one role joined', async () => {
		const body = await sent({
			messages: [
				{ role: 'system', content: 'Be short.' },
				{ role: 'developer', content: [{ type: 'text', text: 'Be kind.' }] },
				{ role: 'user', content: 'One' },
				{ role: 'user', content: 'Two' },
				{ role: 'assistant', content: '' },
			],
			max_completion_tokens: 5,
			temperature: 1.7,
			stop: ['\n', 'END'],
			user: 'ann',
			seed: 4,
		});
		expect(body).toEqual({
			model: 'claude',
			max_tokens: 5,
			system: [
				{ type: 'text', text: 'Be short.' },
				{ type: 'text', text: 'Be kind.' },
			],
			messages: [
				{
					role: 'user',
					content: [
						{ type: 'text', text: 'One' },
						{ type: 'text', text: 'Two' },
					],
				},
			],
			temperature: 1,
			stop_sequences: ['END'],
			metadata: { user_id: 'ann' },
			stream: true,
		});
	});

	it('has no fields that mean other things there', async () => {
		const theirs = { metadata: { user_id: 'bob' }, service_tier: 'standard_only', user: 'ann' };
		expect(await sent(theirs)).toMatchObject({ metadata: { user_id: 'bob' }, service_tier: 'standard_only' });
		expect(anthropicDropped(theirs)).toEqual([]);
		const ours = { metadata: { run: '7' }, service_tier: 'flex', user: 'ann' };
		const body = await sent(ours);
		expect(body).toMatchObject({ metadata: { user_id: 'ann' } });
		expect(body).not.toHaveProperty('service_tier');
		expect(anthropicDropped(ours)).toEqual(['metadata', 'service_tier']);
	});

	it('is refused with functions of old, which would be lost, so that another candidate gets its turn', async () => {
		const { failure } = await hear(provider, question('claude', { functions: [look.function], function_call: 'auto' }));
		expect(failure).toMatchObject({ kind: 'bad_request', code: 'unsupported_parameter' });
		expect(fake.requests).toEqual([]);
	});

	it('carries images, files, tools and their results', async () => {
		const call = { id: 'c1', type: 'function', function: { name: 'look', arguments: '{"a":1}' } };
		const pdf = { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' };
		const body = await sent({
			messages: [
				{
					role: 'user',
					content: [
						{ type: 'text', text: 'See' },
						{ type: 'image_url', image_url: { url: 'data:image/png;base64,iVBO' } },
						{ type: 'image_url', image_url: { url: 'https://example.org/a.png' } },
						{ type: 'file', file: pdf },
					],
				},
				{ role: 'assistant', content: null, tool_calls: [call, { ...call, id: 'c2' }] },
				{ role: 'tool', tool_call_id: 'c1', content: 'one' },
				{ role: 'tool', tool_call_id: 'c2', content: 'two' },
			],
			tools: [look],
			tool_choice: 'required',
			parallel_tool_calls: false,
		});
		const use = { type: 'tool_use', name: 'look', input: { a: 1 } };
		const result = (id: string, text: string) => ({
			type: 'tool_result',
			tool_use_id: id,
			content: [{ type: 'text', text }],
		});
		expect(body).toMatchObject({
			tools: [{ name: 'look', description: 'Looks.', input_schema: { type: 'object' } }],
			tool_choice: { type: 'any', disable_parallel_tool_use: true },
		});
		expect(body.messages).toEqual([
			{
				role: 'user',
				content: [
					{ type: 'text', text: 'See' },
					{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBO' } },
					{ type: 'image', source: { type: 'url', url: 'https://example.org/a.png' } },
					{
						type: 'document',
						source: { type: 'base64', media_type: 'application/pdf', data: 'JVBE' },
						title: 'a.pdf',
					},
				],
			},
			{
				role: 'assistant',
				content: [
					{ ...use, id: 'c1' },
					{ ...use, id: 'c2' },
				],
			},
			{ role: 'user', content: [result('c1', 'one'), result('c2', 'two')] },
		]);
	});

	it.each([
		[{ n: 2 }, 'n has to be 1'],
		[{ messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: {} }] }] }, 'input_audio'],
		[{ messages: [{ role: 'system', content: 'x' }] }, 'no message'],
		[{ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'file:///etc' } }] }] }, 'image'],
	])('of what the API has no words for is refused: %j', async (body, words) => {
		const { failure } = await hear(provider, question('claude', body));
		expect(failure).toMatchObject({ kind: 'bad_request', message: expect.stringContaining(words) });
		expect(fake.requests).toEqual([]);
	});

	it('for embeddings is refused before anything is sent', async () => {
		const { failure } = await hear(provider, question('claude', {}, 'embeddings'));
		expect(failure).toMatchObject({ kind: 'bad_request', code: 'unsupported_operation' });
		expect(fake.requests).toEqual([]);
	});
});

describe.each([{ plain: true }, { plain: false }])('a reply (%j)', ({ plain }) => {
	const usage = {
		input_tokens: 10,
		cache_read_input_tokens: 20,
		cache_creation_input_tokens: 5,
		cache_creation: { ephemeral_5m_input_tokens: 2, ephemeral_1h_input_tokens: 3 },
		output_tokens: 4,
	};

	it('becomes text and usage, cached tokens beside the others', async () => {
		fake.set('claude', { plain, text: ['Hi', ' there'], usage });
		const { reply, events, failure } = await hear(provider, question('claude'));
		expect(failure).toBeNull();
		expect(reply).toMatchObject({
			id: 'msg_fake',
			object: 'chat.completion',
			model: 'claude',
			choices: [{ index: 0, message: { role: 'assistant', content: 'Hi there' }, finish_reason: 'stop' }],
			usage: { prompt_tokens: 35, completion_tokens: 4, prompt_tokens_details: { cached_tokens: 20 } },
		});
		expect(events.at(-1)).toMatchObject({
			type: 'usage',
			usage: { input_uncached: 10, cache_read: 20, cache_write_5m: 2, cache_write_1h: 3, output_text: 4 },
		});
		fake.set('claude', {});
	});

	it('becomes tool calls, numbered among themselves', async () => {
		const tools = [
			{ name: 'look', pieces: ['{"a":', '1}'] },
			{ name: 'go', pieces: ['{}'] },
		];
		fake.set('claude', { plain, text: ['Wait.'], tools });
		const { reply } = await hear(provider, question('claude', { tools: [look] }));
		expect(reply).toMatchObject({
			choices: [
				{
					message: {
						content: 'Wait.',
						tool_calls: [
							{ id: 'toolu_0', function: { name: 'look', arguments: '{"a":1}' } },
							{ id: 'toolu_1', function: { name: 'go', arguments: '{}' } },
						],
					},
					finish_reason: 'tool_calls',
				},
			],
		});
		fake.set('claude', {});
	});

	it('in a schema becomes the text of the answer', async () => {
		fake.set('claude', { plain, tools: [{ name: 'answer_in_schema', pieces: ['{"a":', '1}'] }] });
		const { reply } = await hear(provider, question('claude', inSchema));
		const content = expect.stringMatching(/^\{"a":1\}$/);
		expect(reply).toMatchObject({ choices: [{ message: { content }, finish_reason: 'stop' }] });
		expect(reply).not.toHaveProperty('choices.0.message.tool_calls');
		expect(fake.requests.at(-1)?.body).toMatchObject({
			tools: [{ name: 'answer_in_schema', input_schema: schema }],
			tool_choice: { type: 'tool', name: 'answer_in_schema' },
		});
		fake.set('claude', {});
	});

	it.each([
		['length', 'length'],
		['refusal', 'content_filter'],
		['stop_sequence', 'stop'],
	])('that ends by %s says %s', async (finish, reason) => {
		fake.set('claude', { plain, finish });
		const { reply } = await hear(provider, question('claude'));
		expect(reply).toMatchObject({ choices: [{ finish_reason: reason }] });
		fake.set('claude', {});
	});
});

describe('a streamed reply', () => {
	it('shows its thoughts as reasoning', async () => {
		fake.set('claude', { reasoning: ['Hm', '.'], text: ['Yes'] });
		const { reply, events } = await hear(provider, question('claude'));
		expect(reply).toMatchObject({ choices: [{ message: { reasoning_content: 'Hm.', content: 'Yes' } }] });
		const kinds = events.map((event) => (event.type === 'chunk' ? event.content : event.type));
		expect(kinds.slice(0, 5)).toEqual(['headers', false, 'alive', true, true]);
	});

	it.each<[string, Script, CallFailureClass]>([
		['in an overload', { errorAt: 1, error: { type: 'overloaded_error', message: 'Overloaded' } }, 'overloaded'],
		['without its end', { endAt: 1 }, 'cut'],
		['before it began', { endAt: 0 }, 'malformed'],
		['as a status', { status: 529, body: { error: { type: 'overloaded_error' } } }, 'overloaded'],
	])('that stops %s fails', async (_, script, kind) => {
		fake.set('bad', script);
		expect((await hear(provider, question('bad'))).failure).toMatchObject({ kind });
	});
});
