// `type: local`: models of this machine behind the gateway, with real models in real processes, through the official client.
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelsConfigSchema } from '#lib/core/registry/config.ts';
import { machineClock } from '#lib/server/clock.ts';
import { ProviderSet } from '#lib/server/providers/provider-set.ts';
import { Registry } from '#lib/server/registry/registry.ts';
import { surroundings } from '#lib/server/registry/surroundings.ts';
import { engineRoom } from '../support/engine-room.ts';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';
import { startGateway, type GatewayRig } from '../support/gateway-rig.ts';
import { causalModel } from '../support/tiny-causal.ts';
import { embeddingModel, pairModel } from '../support/tiny-onnx.ts';

const room = engineRoom({ models: { talker: causalModel(), vectors: embeddingModel(), pairs: pairModel() } });
let fake: FakeProvider;
let gateway: GatewayRig;
let client: OpenAI;
beforeAll(async () => {
	fake = await startFakeProvider({ scripts: { help: { text: ['from afar'] } } });
	const lab = { type: 'openai-compatible', base_url: fake.url };
	const vote = { compare: 'embedding' as const, embedding: 'local/vectors', threshold: 0.8 };
	gateway = await startGateway({
		config: {
			providers: { local: { type: 'local' }, lab },
			tiers: {
				helped: { strategy: 'fallback', providers: ['local/vectors', 'local/nowhere', 'lab/help'] },
				dear: { strategy: 'first', providers: ['local/talker'], maxCost: 0 },
				agreed: { strategy: 'consensus', providers: ['lab/one', 'lab/two'], consensus: vote },
			},
		},
		engines: room.engines,
	});
	client = new OpenAI({ baseURL: gateway.url, apiKey: 'anything', maxRetries: 0 });
});
afterAll(() => Promise.all([gateway.close(), fake.close()]));

const messages = [{ role: 'user' as const, content: 'cat dog' }];

describe('a model of this machine', () => {
	it('answers chats, whole and as a stream, at no cost and within a budget of nothing', async () => {
		const asked = { model: 'tier:dear', messages, max_tokens: 4 };
		const { data, response } = await client.chat.completions.create(asked).withResponse();
		expect(response.headers.get('x-modeldex-model')).toBe('local/talker');
		expect(response.headers.get('x-modeldex-cost')).toBe('0');
		expect(data.choices[0]?.message.content?.length).toBeGreaterThan(0);
		expect(data.usage?.completion_tokens).toBeLessThanOrEqual(4);
		expect(data.usage?.prompt_tokens).toBeGreaterThan(0);
		let said = '';
		for await (const chunk of await client.chat.completions.create({ ...asked, stream: true })) {
			said += chunk.choices[0]?.delta?.content ?? '';
		}
		expect(said).toBe(data.choices[0]?.message.content);
	});

	it('streams each piece as it is written, and counts what it cost to the end', async () => {
		const asked = { model: 'local/talker', messages, max_tokens: 30 };
		const whole = await client.chat.completions.create(asked);
		const pieces: string[] = [];
		const [roles, ends, counts]: [unknown[], unknown[], unknown[]] = [[], [], []];
		const stream_options = { include_usage: true };
		for await (const chunk of await client.chat.completions.create({ ...asked, stream: true, stream_options })) {
			const [choice] = chunk.choices;
			if (choice?.delta.role !== undefined) roles.push(choice.delta.role);
			if (choice?.delta.content) pieces.push(choice.delta.content);
			if (choice?.finish_reason != null) ends.push(choice.finish_reason);
			if (chunk.usage != null) counts.push(chunk.usage.completion_tokens);
		}
		expect(pieces.length).toBeGreaterThan(10);
		expect(pieces.join('')).toBe(whole.choices[0]?.message.content);
		expect([roles, ends, counts]).toEqual([['assistant'], ['length'], [30]]);
		expect([whole.choices[0]?.finish_reason, whole.usage?.completion_tokens]).toEqual(['length', 30]);
	});

	it('ends at a mark of the caller, which stops the model', async () => {
		const asked = { model: 'local/talker', messages, max_tokens: 1000 };
		const { choices } = await client.chat.completions.create({ ...asked, max_tokens: 12 });
		const text = choices[0]?.message.content ?? '';
		const mark = text.slice(3, 6);
		for (const stop of [mark, ['not to be found', mark]]) {
			const cut = await client.chat.completions.create({ ...asked, stop });
			expect(cut.choices[0]).toMatchObject({
				finish_reason: 'stop',
				message: { content: text.slice(0, text.indexOf(mark)) },
			});
			expect(cut.usage?.completion_tokens).toBeLessThan(12);
			expect(cut.usage?.prompt_tokens).toBeGreaterThan(0);
		}
	});

	it('writes no further for a caller who left, and answers the next one from the same process', async () => {
		const process = () => room.engines.list().find(({ name }) => name === 'talker')?.pid;
		const before = gateway.records.length;
		const asked = { model: 'local/talker', messages, max_tokens: 1_000_000, stream: true as const };
		const seen: unknown[] = [];
		for await (const chunk of await client.chat.completions.create(asked)) {
			if (chunk.choices[0]?.delta.content) seen.push(process());
			if (seen.length === 3) break;
		}
		// It would have to be ended, and another one be started, if it had not stopped by itself.
		const next = await client.chat.completions.create({ model: 'local/talker', messages, max_tokens: 1 });
		expect(next.usage?.completion_tokens).toBe(1);
		expect(new Set([...seen, process()]).size).toBe(1);
		const [attempt] = gateway.records[before]?.attempts ?? [];
		expect(gateway.records[before]?.outcome).toBe('cancelled');
		expect(attempt?.usage?.input_uncached).toBeGreaterThan(0);
		expect(attempt?.usage?.output_text).toBeLessThan(100_000);
	});

	it('says which fields had no effect, in a header and in the record', async () => {
		const asked = { model: 'local/talker', messages, max_tokens: 2, top_p: 0.5, seed: 4 };
		const { response } = await client.chat.completions.create(asked).withResponse();
		expect(response.headers.get('x-modeldex-dropped')).toBe('top_p, seed');
		expect(gateway.records.at(-1)?.notes.join()).toContain('local/talker has no word for top_p, seed: left out.');
		const plain = await client.chat.completions.create({ model: 'local/talker', messages }).withResponse();
		expect(plain.response.headers.get('x-modeldex-dropped')).toBeNull();
	});

	it('makes vectors, as numbers and in base64, of length one', async () => {
		const input = ['cat', 'soup'];
		const packed = await client.embeddings.create({ model: 'local/vectors', input });
		const plain = await client.embeddings.create({ model: 'local/vectors', input, encoding_format: 'float' });
		expect(plain.data.map(({ index }) => index)).toEqual([0, 1]);
		for (const [at, { embedding }] of plain.data.entries()) {
			expect(Math.hypot(...embedding)).toBeCloseTo(1, 5);
			expect(packed.data[at]?.embedding.length).toBe(embedding.length);
			for (const [place, value] of embedding.entries()) expect(packed.data[at]?.embedding[place]).toBeCloseTo(value, 6);
		}
		expect(plain.usage.prompt_tokens).toBeGreaterThan(1);
	});

	it.each([
		['a chat', 'vectors', { messages }, 'vectors is of the kind embedding and cannot answer chats.'],
		['a chat', 'pairs', { messages }, 'pairs is of the kind nli and cannot answer chats.'],
		['tools', 'talker', { messages, tools: [{ type: 'function', function: { name: 'x' } }] }, 'use no tools'],
		['JSON', 'talker', { messages, response_format: { type: 'json_object' } }, 'response_format "json_object"'],
		['several answers', 'talker', { messages, n: 2 }, 'one answer at a time'],
	])('refuses %s from %s in one sentence', async (_, model, body, says) => {
		const response = await fetch(`${gateway.url}/chat/completions`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ model: `local/${model}`, ...body }),
		});
		const { error } = await response.json();
		expect([response.status, error.code]).toEqual([400, 'upstream_refused']);
		expect(error.message).toContain(says);
	});

	it('that cannot do it makes way for the next candidate', async () => {
		const answer = await client.chat.completions.create({ model: 'tier:helped', messages });
		expect(answer.choices[0]?.message.content).toBe('from afar');
		const attempts = gateway.records.at(-1)?.attempts.map(({ class: kind, outcome }) => [kind, outcome]);
		expect(attempts).toEqual([
			['bad_request', 'failed'],
			['not_found', 'failed'],
			[null, 'won'],
		]);
	});

	it('compares the answers of others', async () => {
		const answer = await client.chat.completions.create({ model: 'tier:agreed', messages });
		expect(answer.choices[0]?.message.content).toContain('Hello from');
		expect(gateway.records.at(-1)?.attempts.filter(({ cause }) => cause === 'compare')[0]).toMatchObject({
			candidate: 'local/vectors',
			cost_nano: 0,
		});
	});

	it('is never a folder', async () => {
		const asked = client.chat.completions.create({ model: `local/${room.store.slice(1)}/talker`, messages });
		await expect(asked).rejects.toMatchObject({ status: 502, code: 'upstream_error' });
	});
});

describe('the file', () => {
	const read = (text: string) =>
		new Registry({ file: 'r.yaml', around: surroundings({}), clock: machineClock }).read(`version: 1\n${text}`);

	it('needs no address for it, and refuses what could have no effect, with its place', () => {
		expect(read('providers:\n  local: { type: local }\n').faults).toEqual([]);
		const { faults } = read('providers:\n  local:\n    type: local\n    api_key_env: MY_KEY\n');
		expect(faults).toMatchObject([{ path: 'providers.local.api_key_env', line: 5 }]);
		expect(faults[0]?.message).toContain('has no effect on models of this machine');
	});

	it('is told where nothing runs models', () => {
		const set = new ProviderSet({ env: {}, clock: machineClock, proxy: null, version: '0.0.0' });
		const { providers } = modelsConfigSchema.parse({ version: 1, providers: { local: { type: 'local' } } });
		expect(set.take(providers).get('local')).toContain('needs a base_url here');
	});
});
