// What an answer from nearby costs: nothing only where the table of providers says so; anywhere else unknown stays unknown.
import { describe, expect, it } from 'vitest';
import { modelsConfigSchema } from '#lib/core/registry/config.ts';
import { isInThisNetwork } from '#lib/core/registry/near-address.ts';
import { checkConfig } from '#lib/core/registry/validate.ts';
import { Registry } from '#lib/server/registry/registry.ts';
import { SimulatedClock } from '#lib/server/registry/simulated-clock.ts';
import { surroundings } from '#lib/server/registry/surroundings.ts';
import { routeRig } from '../../support/route-rig.ts';

const around = surroundings({});

function candidate(type: string, base_url?: string) {
	const registry = new Registry({ file: null, around, clock: new SimulatedClock(0) });
	const provider = base_url === undefined ? { type } : { type, base_url };
	registry.use(modelsConfigSchema.parse({ version: 1, providers: { p: provider } }));
	const [only] = registry.plan('p/model', { user: null }).candidates;
	return only;
}

describe('the price of a candidate nearby', () => {
	it.each([
		['ollama', undefined],
		['vllm', 'http://192.168.1.20:8000/v1'],
		['llamacpp', undefined],
		['local', undefined],
		['local', 'http://127.0.0.1:9001/v1'],
	])('is nothing for %s at %s', (type, address) => {
		expect(candidate(type, address)).toMatchObject({ price: { rates: { input: 0, output: 0 } }, isNear: true });
	});

	it.each([
		['openai-compatible', 'http://127.0.0.1:9001/v1', true],
		['openai-compatible', 'http://10.1.2.3/v1', true],
		['openai-compatible', 'http://gpu-box:8000/v1', true],
		['openai-compatible', 'https://api.example.com/v1', false],
		['openai', 'http://192.168.0.4/v1', true],
		['litellm', undefined, true],
		['local', 'https://api.example.com/v1', false],
	])('is unknown for %s at %s', (type, address, isNear) => {
		expect(candidate(type, address)).toMatchObject({ price: null, isNear });
	});

	it('that is unknown keeps nobody nearby from being asked, and is told as unknown', async () => {
		const tier = { strategy: 'first' as const, providers: ['p/model'], maxCost: 0.001 };
		const rig = (base_url: string, more: object = {}) =>
			routeRig({
				config: {
					providers: { p: { type: 'openai-compatible', base_url } },
					tiers: { t: { ...tier, ...more } },
				},
				scripts: { 'p/model': [{ say: 'yes' }, { tokens: { input_uncached: 10, output_text: 5 } }] },
				around,
			});
		const near = await rig('http://127.0.0.1:1/v1').ask({});
		expect([near.failure, near.record.cost.total, near.text]).toEqual([null, null, 'yes']);
		expect((await rig('https://api.example.com/v1').ask({})).record.attempts[0]?.reason).toBe('price_unknown');
		const strict = await rig('http://127.0.0.1:1/v1', { onUnknownPrice: 'reject' }).ask({});
		expect(strict.record.attempts[0]?.reason).toBe('price_unknown');
		const { config } = rig('http://127.0.0.1:1/v1').registry;
		expect(checkConfig(config, around).filter(({ code }) => code === 'price_unknown')).toEqual([]);
	});
});

it.each([
	['http://172.16.0.1/', true],
	['http://172.32.0.1/', false],
	['http://100.64.0.1:80/', true],
	['http://[fd00::1]:80/v1', true],
	['https://nas.local/v1', true],
	['https://10.example.com/', false],
	['https://[2001:db8::1]/', false],
	['no address', false],
])('%s lies in this network: %s', (address, isInside) => {
	expect(isInThisNetwork(address)).toBe(isInside);
});
