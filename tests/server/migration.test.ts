// The pages on coming from somewhere else are held to the product: every snippet runs against a gateway, every file is taken.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { machineClock } from '#lib/server/clock.ts';
import * as registryLibrary from '#lib/server/library/registry.ts';
import { Registry } from '#lib/server/registry/registry.ts';
import { surroundings } from '#lib/server/registry/surroundings.ts';
import { projectFolder } from '../support/built-server.ts';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';
import { startGateway, type GatewayRig } from '../support/gateway-rig.ts';

const page = readFileSync(join(projectFolder, 'docs/route.md'), 'utf8');
const blocks = (language: string) =>
	[...page.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(([, text = '']) => text);

let fake: FakeProvider;
let gateway: GatewayRig;
beforeAll(async () => {
	fake = await startFakeProvider({ scripts: { 'model-a': { text: ['Good ', 'day.'] } } });
	const prices = { 'model-a': { input: 1, output: 2 } };
	gateway = await startGateway({
		config: {
			providers: { lab: { type: 'openai-compatible', base_url: fake.url, prices } },
			tiers: { fast: { strategy: 'first', providers: ['lab/model-a'] } },
		},
	});
});
afterAll(() => Promise.all([gateway.close(), fake.close()]));

const modules: Record<string, () => Promise<object>> = {
	openai: () => import('openai'),
	ai: () => import('ai'),
	'@ai-sdk/openai-compatible': () => import('@ai-sdk/openai-compatible'),
	'modeldex/registry': () => Promise.resolve(registryLibrary),
};

/** Runs a snippet as it stands, with the address of the page led elsewhere; gives what it printed. */
async function run(snippet: string, address: string): Promise<unknown[]> {
	const printed: unknown[] = [];
	const body = snippet
		.replaceAll('http://127.0.0.1:3000/v1', address)
		.replace(/^import (\w+) from '([^']+)';$/gm, "const { default: $1 } = await modules['$2']();")
		.replace(/^import (\{[^}]+\}) from '([^']+)';$/gm, "const $1 = await modules['$2']();");
	const Snippet = Object.getPrototypeOf(async () => {}).constructor;
	await new Snippet('modules', 'console', body)(modules, { log: (...words: unknown[]) => printed.push(...words) });
	return printed;
}

describe('the snippets', () => {
	it('are those of the three clients', () => {
		expect(blocks('js').map((text) => /from '([^']+)'/.exec(text)?.[1])).toEqual([
			'openai',
			'@ai-sdk/openai-compatible',
			'modeldex/registry',
		]);
	});

	it.each([0, 1])('number %d gets its answer from a tier of the gateway', async (at) => {
		expect(await run(blocks('js')[at] ?? '', gateway.url)).toEqual(['Good day.']);
		expect(gateway.records.at(-1)).toMatchObject({ spec: 'tier:fast', served: 'lab/model-a', outcome: 'ok' });
	});

	it('of the library does without a server', async () => {
		expect(await run(blocks('js')[2] ?? '', fake.url)).toEqual(['Good day.', 'lab', null]);
	});
});

describe('the files', () => {
	const env = { GROQ_API_KEY: 'x', OPENAI_API_KEY: 'x', MISTRAL_API_KEY: 'x' };
	const files = blocks('yaml');

	it('are there', () => {
		expect(files.length).toBeGreaterThanOrEqual(3);
	});

	it.each(files)('are taken as they stand: %s', (text) => {
		const registry = new Registry({ file: 'registry.yaml', around: surroundings(env), clock: machineClock });
		const { config, faults, findings } = registry.read(text);
		expect(faults).toEqual([]);
		expect(findings.filter(({ level }) => level === 'error')).toEqual([]);
		expect(config).not.toBe(null);
	});
});
