// What a caller of the gateway may try: other addresses, somebody else's key, more than a key is for. The provider sees none of it.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';
import { startGateway, type GatewayRig } from '../support/gateway-rig.ts';

const providerKey = 'sk-lab-canary-0000';
let fake: FakeProvider;
let gateway: GatewayRig;
beforeAll(async () => {
	fake = await startFakeProvider({ key: providerKey });
	gateway = await startGateway({
		config: {
			providers: {
				lab: { type: 'openai-compatible', base_url: fake.url, api_key_env: 'LAB_KEY' },
				claude: { type: 'anthropic', base_url: fake.url, api_key_env: 'LAB_KEY' },
			},
			tiers: {
				fast: { strategy: 'first', providers: ['lab/model-a'] },
				high: { strategy: 'first', providers: ['lab/model-b'] },
			},
		},
		env: { LAB_KEY: providerKey },
	});
});
afterEach(() => void (fake.requests.length = 0));
afterAll(() => Promise.all([gateway.close(), fake.close()]));

const messages = [{ role: 'user', content: 'What?' }];
const order = { name: 'ci', user: null, specs: [], budget: null, rpm: null, expires_at: null };

async function ask(body: object, headers: Record<string, string> = {}) {
	const response = await fetch(`${gateway.url}/chat/completions`, {
		method: 'POST',
		headers: { 'content-type': 'application/json', ...headers },
		body: JSON.stringify({ messages, ...body }),
	});
	const text = await response.text();
	return { status: response.status, text, code: /"code":"(\w+)"/.exec(text)?.[1] ?? null, headers: response.headers };
}

describe('a request that wants to go elsewhere', () => {
	it.each([
		['api_base', { api_base: 'http://169.254.169.254/' }],
		['base_url', { base_url: 'http://evil.example/v1' }],
		['api_key', { api_key: 'sk-mine' }],
		['custom_llm_provider', { custom_llm_provider: 'openai' }],
		['extra_headers', { extra_headers: { host: 'evil.example' } }],
		['proxy', { proxy: 'http://evil.example:3128' }],
		['timeout', { timeout: 1e12 }],
		['API_Base', { API_Base: 'http://evil.example' }],
	])('[S36] by its field %s is refused by name, and nobody is asked', async (name, field) => {
		const { status, code, text } = await ask({ model: 'tier:fast', ...field });
		expect([status, code]).toEqual([400, 'unknown_field']);
		expect(text).toContain(name);
		expect(fake.requests).toEqual([]);
	});

	it.each([
		'http://evil.example/v1',
		'file:///etc/passwd',
		'../x',
		'lab/../../admin',
		'lab//x',
		'lab/a\r\nx: y',
		'evil/model',
	])('[S36] by the model %j is refused, and nobody is asked', async (model) => {
		const { status, code } = await ask({ model });
		expect([[400, 404].includes(status), code]).toEqual([true, 'model_not_found']);
		expect(fake.requests).toEqual([]);
	});
});

describe('keys', () => {
	it('[S37] of the caller never reach the provider, and the provider’s never the caller', async () => {
		const { secret } = gateway.keys.create({ ...order });
		const mine = { authorization: `Bearer ${secret}`, cookie: 'session=mine', 'x-forwarded-for': '203.0.113.9' };
		for (const model of ['lab/model-a', 'claude/any']) {
			const { status, text, headers } = await ask({ model }, mine);
			expect(status).toBe(200);
			expect(text + JSON.stringify([...headers])).not.toContain('canary');
		}
		expect(fake.requests).toHaveLength(2);
		const sent = JSON.stringify(fake.requests.map(({ headers }) => headers));
		for (const word of [secret, 'session=mine', '203.0.113.9']) expect(sent).not.toContain(word);
		expect(sent).toContain(providerKey);
	});

	it('[S43] open the tiers that they name and no other', async () => {
		const { secret } = gateway.keys.create({ ...order, specs: ['tier:fast'] });
		const bearer = { authorization: `Bearer ${secret}` };
		expect((await ask({ model: 'tier:fast' }, bearer)).status).toBe(200);
		for (const model of ['tier:high', 'lab/model-a', 'TIER:fast']) {
			expect(await ask({ model }, bearer)).toMatchObject({ status: 403, code: 'tier_not_allowed' });
		}
		expect(fake.requests.map(({ model }) => model)).toEqual(['model-a']);
	});

	it('[S43] let exactly ten of a thousand requests at once through a limit of ten', async () => {
		const { secret } = gateway.keys.create({ ...order, rpm: 10 });
		const bearer = { authorization: `Bearer ${secret}` };
		const answers = await Promise.all(Array.from({ length: 1000 }, () => ask({ model: 'tier:fast' }, bearer)));
		expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
		const refused = answers.filter(({ status }) => status === 429);
		expect(refused).toHaveLength(990);
		for (const { headers } of refused) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
		expect(fake.requests).toHaveLength(10);
	}, 60_000);
});
