// Apps before a fake Hub, and the routes that say what runs where, asked as the framework asks them.
import { cpSync } from 'node:fs';
import { afterEach, beforeAll } from 'vitest';
import type { CompatibleModels } from '#lib/core/compatible-query.ts';
import type { Explanation } from '#lib/core/explanation.ts';
import { createApp, type App } from '#lib/server/app.ts';
import type { ModelCompatibility } from '#lib/server/compatibility.ts';
import { readSettings } from '#lib/server/config.ts';
import { GET as compatibility } from '../../src/routes/api/models/compatibility/[...id]/+server.ts';
import { GET as compatible } from '../../src/routes/api/models/compatible/+server.ts';
import { GET as why } from '../../src/routes/api/models/why/+server.ts';
import { fakeRepo, type FakeRepoOrder } from './fake-hub-repo.ts';
import { startFakeHub, type FakeHub } from './fake-hub.ts';
import { temporaryFolder } from './folder.ts';

const shelf = temporaryFolder();
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

/** A data directory with the shipped catalog in it, which every app starts from a copy of. */
const stocked = `${shelf}/stocked`;
let homes = 0;

function open(home: string, more: Record<string, string>): Promise<App> {
	const settings = readSettings({ MODELDEX_HOME: home, HOME: home, ...more }, () => null);
	return createApp({ settings, version: '1.2.3', background: false });
}

beforeAll(async () => {
	await (await open(stocked, { HF_HUB_OFFLINE: '1' })).close();
}, 60_000);

/** An app before a fake Hub with these repositories, with the shipped catalog of its own. */
export async function house(
	orders: FakeRepoOrder[],
	more: Record<string, string> = {},
): Promise<{ app: App; fake: FakeHub }> {
	const fake = await startFakeHub({ repos: orders.map((order) => fakeRepo(order)) });
	const home = `${shelf}/${(homes += 1)}`;
	cpSync(stocked, home, { recursive: true });
	const app = await open(home, { HF_ENDPOINT: fake.url, ...more });
	ends.push(
		() => fake.close(),
		() => app.close(),
	);
	return { app, fake };
}

type Route = (event: never) => Response | Promise<Response>;

export async function ask<T>(route: Route, app: App, path: string, id = ''): Promise<T> {
	const url = new URL(`http://127.0.0.1${path}`);
	const event = { url, request: new Request(url), params: { id }, locals: { app } };
	return (await route(event as never)).json();
}

export const models = (app: App, query: string) =>
	ask<CompatibleModels>(compatible, app, `/api/models/compatible${query}`);
export const runs = (app: App, id: string, query = '') =>
	ask<ModelCompatibility>(compatibility, app, `/api/models/compatibility/${id}${query}`, id);
export const explain = (app: App, query: string) => ask<Explanation>(why, app, `/api/models/why${query}`);

/** A repository as a maker publishes it. */
export function repo(
	id: string,
	[type, name]: [string, string],
	tags: string[],
	more: Partial<FakeRepoOrder> = {},
): FakeRepoOrder {
	const config = { model_type: type, architectures: [name] };
	const weights = tags.includes('gguf') ? `${id.split('/')[1]}-Q4_K_M.gguf` : 'model.safetensors';
	const files = { 'config.json': JSON.stringify(config), [weights]: { seed: 1, size: 100 } };
	return { id, tags, config, files, pipeline_tag: 'text-generation', ...more };
}

const kinds: [string, [string, string], string[], boolean][] = [
	['llama', ['llama', 'LlamaForCausalLM'], ['safetensors'], true],
	['bert', ['bert', 'BertForMaskedLM'], ['safetensors', 'pytorch'], false],
	['mistral', ['mistral', 'MistralForCausalLM'], ['safetensors'], true],
	['t5', ['t5', 'T5ForConditionalGeneration'], ['safetensors'], false],
	['qwen', ['qwen2', 'Qwen2ForCausalLM'], ['safetensors'], true],
	['onnx', ['llama', 'LlamaForCausalLM'], ['onnx'], false],
	['gemma', ['gemma2', 'Gemma2ForCausalLM'], ['gguf'], true],
	['gpt2', ['gpt2', 'GPT2LMHeadModel'], ['safetensors', 'tf'], false],
	['bin', ['llama', 'LlamaForCausalLM'], ['pytorch'], false],
	['clip', ['clip', 'CLIPModel'], ['safetensors'], false],
	['flax', ['mistral', 'MistralForCausalLM'], ['jax'], false],
	['roberta', ['roberta', 'RobertaForMaskedLM'], ['safetensors'], false],
];

/** Three hundred models, a third of which the LLM worker runs; the ones with the smaller numbers come first. */
export const fixture = Array.from({ length: 300 }, (_, index) => {
	const [name, make, tags, isKept] = kinds[index % kinds.length] ?? ['', ['', ''], [], false];
	return { order: repo(`org/${name}-${index}`, make, tags, { downloads: 10_000 - index, likes: index }), isKept };
});
export const keptIds = fixture.filter(({ isKept }) => isKept).map(({ order }) => order.id);

export const family = [
	repo('org/base', ['llama', 'LlamaForCausalLM'], ['safetensors'], { downloads: 900 }),
	repo(
		'maker/base-GGUF',
		['llama', 'LlamaForCausalLM'],
		['gguf', 'base_model:org/base', 'base_model:quantized:org/base'],
		{
			config: undefined,
			gguf: { architecture: 'llama', total: 8e9 },
			files: { 'base-Q4_K_M.gguf': { seed: 2, size: 100 } },
		},
	),
	repo(
		'org/base-tuned',
		['llama', 'LlamaForCausalLM'],
		['gguf', 'base_model:org/base', 'base_model:finetune:org/base'],
	),
	repo('org/bert', ['bert', 'BertModel'], ['safetensors'], { pipeline_tag: 'fill-mask' }),
];
