// Runtimes through the routes and the page: models of one runtime, one model on all of them, and why a list hides one.
import { cpSync } from 'node:fs';
import { isRedirect } from '@sveltejs/kit';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { hidingFilters, type Explanation } from '#lib/core/explanation.ts';
import { emptyQuery, type ListPage } from '#lib/core/query.ts';
import { runtimeIds } from '#lib/core/runtime.ts';
import { createApp, type App } from '#lib/server/app.ts';
import { readSettings } from '#lib/server/config.ts';
import type { CompatibleModels } from '#lib/core/compatible-query.ts';
import type { ModelCompatibility, RuntimeAnswer } from '#lib/server/compatibility.ts';
import { GET as compatible } from '../../src/routes/api/models/compatible/+server.ts';
import { GET as compatibility } from '../../src/routes/api/models/compatibility/[...id]/+server.ts';
import { GET as list } from '../../src/routes/api/models/+server.ts';
import { GET as why } from '../../src/routes/api/models/why/+server.ts';
import { load } from '../../src/routes/models/+page.server.ts';
import { startFakeHub, type FakeHub } from '../support/fake-hub.ts';
import { fakeRepo, type FakeRepoOrder } from '../support/fake-hub-repo.ts';
import { temporaryFolder } from '../support/folder.ts';

const shelf = temporaryFolder();
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

vi.setConfig({ testTimeout: 30_000 }); // each test has an app of its own, and the machine may be busy

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
async function house(orders: FakeRepoOrder[], more: Record<string, string> = {}): Promise<{ app: App; fake: FakeHub }> {
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

async function ask<T>(route: Route, app: App, path: string, id = ''): Promise<T> {
	const url = new URL(`http://127.0.0.1${path}`);
	const event = { url, request: new Request(url), params: { id }, locals: { app } };
	return (await route(event as never)).json();
}

const models = (app: App, query: string) => ask<CompatibleModels>(compatible, app, `/api/models/compatible${query}`);
const runs = (app: App, id: string, query = '') =>
	ask<ModelCompatibility>(compatibility, app, `/api/models/compatibility/${id}${query}`, id);
const explain = (app: App, query: string) => ask<Explanation>(why, app, `/api/models/why${query}`);

/** A repository as a maker publishes it. */
function repo(
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
const fixture = Array.from({ length: 300 }, (_, index) => {
	const [name, make, tags, isKept] = kinds[index % kinds.length] ?? ['', ['', ''], [], false];
	return { order: repo(`org/${name}-${index}`, make, tags, { downloads: 10_000 - index, likes: index }), isKept };
});
const keptIds = fixture.filter(({ isKept }) => isKept).map(({ order }) => order.id);

describe('GET /api/models/compatible', () => {
	it('gives exactly the models that run, in the order asked for, and says how many it looked at', async () => {
		const { app, fake } = await house(fixture.map(({ order }) => order));
		const found = await models(app, '?runtime=llm-worker&limit=300');
		expect(found.models.map(({ id }) => id)).toEqual(keptIds);
		expect(found).toMatchObject({ checked: 300, kept: 100, source: 'hub', complete: true });
		expect(found.models[0]).toMatchObject({
			architecture_family: 'Llama',
			compatibility: { runtime: 'llm-worker', confidence: 'high', warnings: [] },
		});
		const liked = await models(app, '?runtime=llm-worker&limit=3&sort=likes');
		expect(liked.models.map(({ id }) => id)).toEqual(keptIds.slice(-3).reverse());
		fake.resetStats();
		expect((await models(app, '?limit=5')).models.map(({ id }) => id)).toEqual(keptIds.slice(0, 5));
		expect(fake.stats.requests).toHaveLength(1);
	});

	it('goes on through the pages until it has as many as asked for', async () => {
		const { app, fake } = await house(fixture.map(({ order }) => order));
		const found = await models(app, '?limit=40');
		expect(found.models.map(({ id }) => id)).toEqual(keptIds.slice(0, 40));
		expect(found.checked).toBe(fixture.findIndex(({ order }) => order.id === keptIds[39]) + 1);
		expect(fake.count('/api/models?')).toBe(1);
	});

	it('asks several pages when the first has too few', async () => {
		const late = Array.from({ length: 250 }, (_, at) =>
			repo(`org/m-${at}`, at < 220 ? ['bert', 'BertModel'] : ['llama', 'LlamaForCausalLM'], ['safetensors'], {
				downloads: 9000 - at,
			}),
		);
		const { app, fake } = await house(late);
		const found = await models(app, '?limit=10');
		expect(found).toMatchObject({ kept: 10, checked: 230, complete: true });
		expect(fake.count('/api/models?')).toBe(3);
		expect(await models(app, '?limit=100')).toMatchObject({ kept: 30, checked: 250, complete: true });
	});

	it('asks the Hub only for what can run at all where a tag says so', async () => {
		const { app, fake } = await house(fixture.map(({ order }) => order));
		const found = await models(app, '?runtime=llama.cpp&limit=100');
		expect(found).toMatchObject({ kept: 25, checked: 25 });
		expect(fake.count('filter=gguf')).toBe(1);
	});

	it('answers from the catalog when the Hub is away, offline, or has no such order', async () => {
		const { app, fake } = await house(fixture.map(({ order }) => order));
		await models(app, '?limit=300');
		fake.fault({ match: '/api/models', fault: { kind: 'limited', seconds: 300 }, times: 50 });
		const local = await models(app, '?limit=1000&sort=likes&runtime=llm-worker');
		expect(local.source).toBe('catalog');
		expect(local.models.map(({ id }) => id)).toEqual(expect.arrayContaining(keptIds));
		expect(local.checked).toBeGreaterThan(local.kept);
		const named = await models(app, '?limit=7&sort=name');
		expect([named.source, named.kept]).toEqual(['catalog', 7]);
		const alone = await house([], { HF_HUB_OFFLINE: '1' });
		const shipped = await models(alone.app, '?runtime=vllm&limit=20');
		expect(shipped).toMatchObject({ source: 'catalog', kept: 20 });
		expect(alone.fake.stats.requests).toEqual([]);
	});

	it.each([
		['?runtime=vlm', 'invalid_query', '"vlm" is not a value for runtime: did you mean vllm?'],
		['?limit=1001', 'invalid_query', '"1001" is not a value for limit'],
		['?limit=0', 'invalid_query', '"0" is not a value for limit'],
		['?sort=beauty', 'invalid_query', '"beauty" is not a value for sort'],
		['?strict_context=perhaps', 'invalid_query', 'strict_context'],
		['?colour=blue', 'unknown_field', 'colour'],
	])('refuses %s', async (query, code, says) => {
		const { app } = await house([]);
		await expect(models(app, query)).rejects.toMatchObject({ code, message: expect.stringContaining(says) });
	});

	it('leaves out longer contexts when asked to be strict', async () => {
		const long = repo('org/long', ['llama', 'LlamaForCausalLM'], ['safetensors']);
		const { app } = await house([long, repo('org/plain', ['llama', 'LlamaForCausalLM'], ['safetensors'])]);
		const relaxed = await models(app, '');
		expect(relaxed.models.map(({ id }) => id).sort()).toEqual(['org/long', 'org/plain']);
		app.catalog.upsert(app.catalog.rows(['org/long']).map((row) => ({ ...row, context_window: 131_072 })));
		const warned = (await models(app, '')).models.find(({ id }) => id === 'org/long');
		expect(warned?.compatibility?.warnings[0]).toContain('131,072 → 32,768');
		expect((await models(app, '?strict_context=1')).models.map(({ id }) => id)).toEqual(['org/plain']);
	});
});

const family = [
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

function of(reports: RuntimeAnswer[], runtime: string): RuntimeAnswer | undefined {
	return reports.find((report) => report.runtime === runtime);
}

describe('GET /api/models/compatibility/{id}', () => {
	it('answers for every runtime, from configuration and files', async () => {
		const { app } = await house(family);
		const { id, revision, runtimes, problems } = await runs(app, 'org/base');
		expect([id, problems]).toEqual(['org/base', []]);
		expect(revision).toMatch(/^[0-9a-f]{40}$/);
		expect(runtimes.map(({ runtime }) => runtime)).toEqual([...runtimeIds]);
		expect(of(runtimes, 'vllm')).toMatchObject({
			runtime: 'vllm',
			compatible: true,
			confidence: 'high',
			reasons: [
				'LlamaForCausalLM is on the list of vLLM (main 2026-08-07, after 0.26).',
				'Its weights are safetensors.',
			],
			warnings: [],
			recommendations: [],
			fit: { verdict: 'unknown', have_bytes: expect.any(Number) },
		});
		const terms = of(runtimes, 'sglang')?.fit.terms ?? [];
		expect(terms.map(({ basis }) => basis).join()).toContain('SGLang');
	});

	it('names the repository of the same model that runs, and no fine-tuning in its place', async () => {
		const { app } = await house(family);
		await models(app, '');
		const { runtimes } = await runs(app, 'org/base', '?runtime=llama.cpp&runtime=LlamaCpp');
		expect(runtimes).toHaveLength(1);
		expect(runtimes[0]).toMatchObject({ compatible: false, confidence: 'none' });
		expect(runtimes[0]?.recommendations).toEqual([
			{ text: 'llama.cpp loads maker/base-GGUF, the same model in GGUF.', id: 'maker/base-GGUF', format: 'gguf' },
			{ text: expect.stringContaining('convert_hf_to_gguf.py'), format: 'gguf' },
		]);
		const packed = await runs(app, 'maker/base-GGUF', '?runtime=vllm');
		expect(packed.runtimes[0]?.recommendations[0]).toMatchObject({ id: 'org/base', format: 'safetensors' });
	});

	it('keeps its answer for the commit, and makes it anew when the relatives change', async () => {
		const { app, fake } = await house(family.slice(0, 1));
		const first = await runs(app, 'org/base');
		await runs(app, 'org/base');
		fake.resetStats();
		const row = app.database.first('SELECT reports FROM compatibility WHERE id = ?', ['org/base']);
		const reports = first.runtimes.map(({ fit: _fit, ...report }) => report);
		expect(JSON.parse(String(row?.[0]))).toEqual(reports);
		app.database.run('UPDATE compatibility SET reports = ? WHERE id = ?', [
			JSON.stringify(reports.map((report) => ({ ...report, reasons: ['as it was kept'] }))),
			'org/base',
		]);
		expect((await runs(app, 'org/base')).runtimes[0]?.reasons).toEqual(['as it was kept']);
		expect(fake.stats.requests).toEqual([]);
		const [base] = app.catalog.rows(['org/base']);
		if (base === undefined) throw new Error('the catalog lost it');
		const tags = ['gguf', 'base_model:quantized:org/base'];
		app.catalog.upsert([{ ...base, id: 'maker/base-GGUF', tags, siblings: undefined, architectures: null }]);
		const { runtimes } = await runs(app, 'org/base');
		expect(of(runtimes, 'llama.cpp')?.recommendations[0]?.id).toBe('maker/base-GGUF');
		expect(runtimes[0]?.reasons).not.toEqual(['as it was kept']);
	});

	it('answers from list fields where the configuration is locked, and says so', async () => {
		const locked = repo('org/locked', ['llama', 'LlamaForCausalLM'], ['safetensors'], { gated: 'manual' });
		const { app } = await house([locked]);
		const { runtimes } = await runs(app, 'org/locked', '?runtime=vllm');
		expect(runtimes[0]).toMatchObject({ compatible: true });
		expect(runtimes[0]?.warnings.join()).toMatch(/^The model is gated/);
	});

	it('reads many contexts strictly, refuses what it does not know, and sends renamed models on', async () => {
		const { app } = await house([
			{ ...repo('org/new', ['llama', 'LlamaForCausalLM'], ['safetensors']), aliases: ['org/old'] },
		]);
		await expect(runs(app, 'org/none')).rejects.toMatchObject({ code: 'not_found' });
		await expect(runs(app, '../x')).rejects.toMatchObject({ code: 'invalid_model_id' });
		await expect(runs(app, 'org/new', '?runtime=nope')).rejects.toMatchObject({ code: 'invalid_query' });
		await expect(runs(app, 'org/new', '?x=1')).rejects.toMatchObject({ code: 'unknown_field' });
		await expect(runs(app, 'org/old')).rejects.toSatisfy(
			(thrown: unknown) => isRedirect(thrown) && thrown.location === '/api/models/compatibility/org/new',
		);
	});
});

describe('a list for one runtime', () => {
	const listed = (app: App, query: string) => ask<ListPage>(list, app, `/api/models${query}`);

	it('shows what runs, how surely, and with show_incompatible the rest with the reason', async () => {
		const { app } = await house(family);
		await models(app, '?limit=1000');
		const short = await listed(app, '?runtime=vllm&q=base&author=org');
		expect(short.models.map(({ id }) => id)).toEqual(['org/base']);
		expect(short.models[0]?.compatibility).toMatchObject({ runtime: 'vllm', confidence: 'high', warnings: [] });
		expect(short.models[0]?.excluded_by).toBeUndefined();
		const long = await listed(app, '?runtime=vllm&q=base-GGUF&show_incompatible=true');
		expect(long.models[0]).toMatchObject({
			id: 'maker/base-GGUF',
			excluded_by: expect.stringMatching(/^runtime: Its weights are GGUF, which vLLM loads only with/),
			compatibility: { confidence: 'none' },
		});
		expect((await listed(app, '?show_incompatible=true&q=base-GGUF')).models[0]?.excluded_by).toBeUndefined();
		await expect(listed(app, '?runtime=vlmm')).rejects.toMatchObject({ code: 'invalid_query', status: 400 });
	});

	it('counts models per runtime, works with other filters, and goes on page by page', async () => {
		const { app } = await house(fixture.map(({ order }) => order));
		await models(app, '?limit=300');
		const all = await listed(app, '?author=org&runtime=llm-worker&limit=60');
		expect(all.total).toBe(100);
		expect(all.facets.runtime.find(({ value }) => value === 'llm-worker')?.count).toBe(100);
		expect(all.facets.runtime.find(({ value }) => value === 'llama.cpp')?.count).toBe(25);
		const rest = await listed(app, `?author=org&runtime=llm-worker&limit=60&cursor=${all.next_cursor}`);
		expect([...all.models, ...rest.models].map(({ id }) => id)).toEqual(keptIds);
		const gemma = await listed(app, '?author=org&runtime=LLM%20worker&family=Gemma&sort=likes');
		expect(gemma.total).toBe(25);
		expect(gemma.models[0]?.id).toBe('org/gemma-294');
	});

	it('is filtered on the server already, and a wrong runtime costs the page one sentence', async () => {
		const { app } = await house(fixture.map(({ order }) => order));
		await models(app, '?limit=300');
		const page = (search: string) => {
			const url = new URL(`http://127.0.0.1/models${search}`);
			return Promise.resolve(
				load({ locals: { app }, url, cookies: { get: () => undefined } } as unknown as Parameters<typeof load>[0]),
			);
		};
		const shown = await page('?runtime=llm-worker&author=org');
		if (shown === undefined) throw new Error('the page has no data');
		expect(shown.list.total).toBe(100);
		expect(shown.query.runtime).toBe('llm-worker');
		const wrong = await page('?runtime=llm-wroker&author=org');
		expect(wrong?.problems).toEqual([expect.stringContaining('did you mean llm-worker?')]);
		expect(wrong?.list.total).toBe(300);
	});
});

describe('GET /api/models/why', () => {
	it('tells for each filter how it hides a model', async () => {
		const { app } = await house(family);
		await models(app, '?limit=1000');
		const [row] = app.catalog.rows(['org/bert']);
		if (row === undefined) throw new Error('the catalog lost it');
		const facts = { parameters_total: 110e6, context_window: 512, license: 'mit', is_multimodal: false };
		app.catalog.upsert([{ ...row, ...facts, as_of: '2027-01-01', quantization: 'other', dtype: 'float32' }]);
		const cases: Record<string, [query: string, value: unknown, rule: RegExp]> = {
			q: ['q=llama', 'org/bert', /does not have all the words of "llama"/],
			source: ['source=mine', 'hub', /not on this machine/],
			family: ['family=Qwen&family=Llama', 'BERT', /family is BERT; the list shows only Qwen, Llama/],
			quantization: ['quantization=4', 'other', /quantization is other; the list shows only 4/],
			modality: ['modality=multimodal', 'text', /modality is text/],
			kind: ['kind=gen', 'encoder', /kind is encoder/],
			author: ['author=google', 'org', /author is org/],
			license: ['license=apache-2.0', 'mit', /licence is mit/],
			gated: ['gated=true', false, /It is open/],
			size_class: ['size_class=large&size_class=huge', 'small', /size is small; the list shows only large, huge/],
			weight_class: ['weight_class=to-4gb', null, /size of weights is not known/],
			min_params: ['min_params=1B', 110e6, /It has 110M parameters; the list asks for at least 1B/],
			max_params: ['max_params=100M', 110e6, /at most 100M/],
			min_context: ['min_context=8k', 512, /It has 512 tokens of context; the list asks for at least 8,192/],
			runtime: ['runtime=llm-worker', 'BertModel', /writes text; this model gives vectors or labels/],
			fits: ['fits=64GB', null, /How much memory it needs is not known/],
		};
		expect(Object.keys(cases)).toEqual([...hidingFilters]);
		for (const [filter, [query, value, rule]] of Object.entries(cases)) {
			const { visible, hidden_by } = await explain(app, `?id=org/bert&${query}`);
			expect([filter, visible, hidden_by.length]).toEqual([filter, false, 1]);
			expect(hidden_by[0]).toMatchObject({ filter, value });
			expect(hidden_by[0]?.rule).toMatch(rule);
		}
		const [sized] = app.catalog.list({ ...emptyQuery, fits: '900GB', sort: 'params', limit: 1 }).models;
		const big = await explain(app, `?id=${sized?.id}&fits=4GB`);
		expect(big.hidden_by[0]).toMatchObject({ filter: 'fits', wanted: '4GB', value: expect.any(Number) });
		expect(big.hidden_by[0]?.rule).toMatch(/^It needs [\d.]+ GiB; there are 3\.7 GiB\.$/);
		const everything = Object.values(cases).map(([query]) => query);
		const { hidden_by } = await explain(app, `?id=org/bert&${everything.join('&')}`);
		expect(hidden_by.map(({ filter }) => filter)).toEqual([...hidingFilters]);
		expect(hidden_by.find(({ filter }) => filter === 'family')?.wanted).toEqual(['Qwen', 'Llama']);
	});

	it('shows a visible model without alternatives, and says what is not known', async () => {
		const { app } = await house(family);
		await models(app, '?limit=1000');
		expect(await explain(app, '?id=org/base&runtime=vllm')).toEqual({
			id: 'org/base',
			visible: true,
			hidden_by: [],
			closest: [],
		});
		const { hidden_by } = await explain(app, '?id=org/base&min_params=7B&license=mit');
		expect(hidden_by).toEqual([
			{ filter: 'license', rule: 'Its licence is not known; the list shows only mit.', value: null, wanted: ['mit'] },
			{
				filter: 'min_params',
				rule: 'How many parameters it has is not known; the list asks for at least 7B.',
				value: null,
				wanted: 7e9,
			},
		]);
	});

	it('names what comes closest: the same base, then the family, then the size', async () => {
		const { app } = await house(family);
		await models(app, '?limit=1000');
		const { closest } = await explain(app, '?id=org/base&runtime=llama.cpp');
		expect(closest.map(({ id }) => id).sort()).toEqual(['maker/base-GGUF', 'org/base-tuned']);
		for (const { excluded_by, compatibility: runsThere } of closest) {
			expect(excluded_by).toBeUndefined();
			expect(runsThere?.runtime).toBe('llama.cpp');
		}
		const sized = await explain(app, '?id=Qwen/Qwen3-8B&family=Llama');
		const [first] = sized.closest;
		expect(first?.architecture_family).toBe('Llama');
		expect(first?.parameters_total).toBeGreaterThan(7e9);
		expect(first?.parameters_total).toBeLessThan(9e9);
		const kin = await explain(app, '?id=Qwen/Qwen3-8B&max_params=3B');
		expect(kin.closest.map(({ architecture_family }) => architecture_family)).toEqual(Array(5).fill('Qwen'));
	});

	it('agrees with the list, whatever is asked', async () => {
		const { app } = await house(fixture.slice(0, 60).map(({ order }) => order));
		await models(app, '?limit=1000');
		for (const query of [
			'runtime=vllm',
			'family=Llama&runtime=ollama',
			'q=onnx',
			'runtime=tgi&kind=gen',
			'author=org',
		]) {
			const shown = await ask<ListPage>(list, app, `/api/models?${query}&author=org&limit=200`);
			const ids = new Set(shown.models.map(({ id }) => id));
			for (const { order } of fixture.slice(0, 60)) {
				const { visible, hidden_by } = await explain(app, `?id=${order.id}&${query}`);
				expect([order.id, query, visible]).toEqual([order.id, query, ids.has(order.id)]);
				expect(hidden_by.length === 0).toBe(visible);
			}
		}
	});

	it('refuses what it does not understand and asks the Hub for models nobody listed', async () => {
		const { app, fake } = await house(family);
		await expect(explain(app, '?family=Qwen')).rejects.toMatchObject({ code: 'invalid_query' });
		await expect(explain(app, '?id=-x/y')).rejects.toMatchObject({ code: 'invalid_model_id' });
		await expect(explain(app, '?id=org/base&quantization=7')).rejects.toMatchObject({ code: 'invalid_query' });
		await expect(explain(app, '?id=org/base&colour=7')).rejects.toMatchObject({ code: 'unknown_field' });
		await expect(explain(app, '?id=org/none')).rejects.toMatchObject({ code: 'not_found' });
		fake.resetStats();
		expect((await explain(app, '?id=org/bert&kind=gen')).visible).toBe(false);
		expect(fake.count('org/bert')).toBe(1);
	});
});
