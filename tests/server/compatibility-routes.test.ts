// Runtimes through the routes and the page: models of one runtime, and one model on all of them.
import { isRedirect } from '@sveltejs/kit';
import { describe, expect, it } from 'vitest';
import type { ListPage } from '#lib/core/query.ts';
import { builtInRuntimes } from '#lib/core/runtime.ts';
import type { App } from '#lib/server/app.ts';
import type { RuntimeAnswer } from '#lib/server/compatibility.ts';
import { GET as list } from '../../src/routes/api/models/+server.ts';
import { load } from '../../src/routes/models/+page.server.ts';
import { ask, family, fixture, house, keptIds, models, repo, runs } from '../support/compatibility-rig.ts';

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

function of(reports: RuntimeAnswer[], runtime: string): RuntimeAnswer | undefined {
	return reports.find((report) => report.runtime === runtime);
}

describe('GET /api/models/compatibility/{id}', () => {
	it('answers for every runtime, from configuration and files', async () => {
		const { app } = await house(family);
		const { id, revision, runtimes, problems } = await runs(app, 'org/base');
		expect([id, problems]).toEqual(['org/base', []]);
		expect(revision).toMatch(/^[0-9a-f]{40}$/);
		expect(runtimes.map(({ runtime }) => runtime)).toEqual([...builtInRuntimes]);
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
