// `stream: progress`: a caller who reads a stream hears how the vote stands, and clients that know nothing of it read on.
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';
import { startGateway, type GatewayRig } from '../support/gateway-rig.ts';

let fake: FakeProvider;
let gateway: GatewayRig;
beforeAll(async () => {
	const text = ['yes'];
	fake = await startFakeProvider({
		scripts: { one: { text }, two: { text: ['no'], firstMs: 60 }, three: { text, firstMs: 250 } },
	});
	const vote = { strategy: 'consensus' as const, providers: ['lab/one', 'lab/two', 'lab/three'] };
	gateway = await startGateway({
		config: {
			providers: { lab: { type: 'openai-compatible', base_url: fake.url } },
			tiers: {
				told: { ...vote, consensus: { stream: 'progress' } },
				quiet: vote,
				split: { ...vote, providers: ['lab/one', 'lab/two'], consensus: { stream: 'progress' } },
			},
		},
	});
});
afterAll(() => Promise.all([gateway.close(), fake.close()]));

function ask(model: string, stream = true): Promise<Response> {
	const body = JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'Is it?' }] });
	const headers = { 'content-type': 'application/json' };
	return fetch(`${gateway.url}/chat/completions`, { method: 'POST', headers, body });
}

const progressIn = (text: string) =>
	[...text.matchAll(/^: modeldex\.progress (.+)$/gm)].map(([, json = '']) => JSON.parse(json));

describe('a vote that is told of', () => {
	it('says who has answered and how many agree, then the answer', async () => {
		const response = await ask('tier:told');
		const text = await response.text();
		expect(response.status).toBe(200);
		const told = progressIn(text);
		expect(told.map(({ candidate, ended, started }) => [candidate, ended, started])).toEqual([
			['lab/one', 1, 3],
			['lab/two', 2, 3],
			['lab/three', 3, 3],
		]);
		expect(told.map(({ agreement }) => Math.round(agreement * 3))).toEqual([1, 1, 2]);
		expect(text.indexOf('"content":"yes"')).toBeGreaterThan(text.lastIndexOf('modeldex.progress'));
		expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true);
		expect(gateway.records.at(-1)).toMatchObject({ id: told[0].request, outcome: 'ok' });
	});

	it('is an answer like any other to the official client', async () => {
		const client = new OpenAI({ baseURL: gateway.url, apiKey: 'anything', maxRetries: 0 });
		const messages = [{ role: 'user' as const, content: 'Is it?' }];
		let said = '';
		for await (const chunk of await client.chat.completions.create({ model: 'tier:told', stream: true, messages })) {
			said += chunk.choices[0]?.delta.content ?? '';
		}
		expect(said).toBe('yes');
	});

	it('ends in an error event when nobody agrees', async () => {
		const text = await (await ask('tier:split')).text();
		expect(progressIn(text)).toHaveLength(2);
		expect(text).toContain('"code":"no_consensus"');
		expect(text).not.toContain('[DONE]');
	});

	it('is not told of where the file does not ask for it, nor in an answer of one piece', async () => {
		expect(progressIn(await (await ask('tier:quiet')).text())).toEqual([]);
		const whole = await ask('tier:told', false);
		expect(whole.headers.get('x-modeldex-model')).toMatch(/^lab\/(one|three)$/);
		expect(await whole.json()).toMatchObject({ choices: [{ message: { content: 'yes' } }] });
	});
});
