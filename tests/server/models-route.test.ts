// GET /api/models and GET /api/health over a real app on a fresh data directory with the shipped snapshot.
import { readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { RequestEvent } from '@sveltejs/kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ListPage } from '#lib/core/query.ts';
import { createApp, type App } from '#lib/server/app.ts';
import { readSettings } from '#lib/server/config.ts';
import { GET } from '../../src/routes/api/models/+server.ts';
import { temporaryFolder } from '../support/folder.ts';

const home = temporaryFolder();
let app: App;

function start(folder: string): Promise<App> {
	const settings = readSettings({ MODELDEX_HOME: folder, HOME: folder, HF_HUB_OFFLINE: '1' }, () => null);
	return createApp({ settings, version: '1.2.3' });
}

beforeAll(async () => {
	app = await start(home);
});
afterAll(() => app.close());

async function ask(query: string, headers: Record<string, string> = {}): Promise<Response> {
	const url = new URL(`http://127.0.0.1/api/models${query}`);
	const request = new Request(url, { headers });
	return GET({ url, request, locals: { app } } as unknown as RequestEvent<Record<string, string>, '/api/models'>);
}

async function page(query: string): Promise<ListPage> {
	return (await ask(query)).json();
}

describe('GET /api/models', () => {
	it('answers without any network from the first start on', async () => {
		const { models, total, facets, next_cursor } = await page('');
		expect(total).toBeGreaterThanOrEqual(4700);
		expect(models).toHaveLength(50);
		expect(models[0]).toMatchObject({ local: false, fetchStatus: 'ok' });
		expect(models[0]?.downloads).toBeGreaterThan(models[49]?.downloads ?? 0);
		expect(Object.keys(facets)).toEqual([
			'family',
			'quantization',
			'modality',
			'kind',
			'license',
			'gated',
			'size_class',
			'weight_class',
			'runtime',
		]);
		expect(facets.family.find(({ value }) => value === 'Unknown')?.count).toBeGreaterThan(0);
		expect(next_cursor).not.toBeNull();
	});

	it('filters, searches and pages', async () => {
		const first = await page('?family=Qwen&q=instruct&min_params=7B&max_params=8B&limit=5');
		expect(first.models).toHaveLength(5);
		for (const model of first.models) {
			expect(model.architecture_family).toBe('Qwen');
			expect(model.parameters_total).toBeGreaterThanOrEqual(7e9);
		}
		const cursor = encodeURIComponent(first.next_cursor ?? '');
		const second = await page(`?family=Qwen&q=instruct&min_params=7B&max_params=8B&limit=5&cursor=${cursor}`);
		const seen = new Set(first.models.map(({ id }) => id));
		for (const { id } of second.models) expect(seen).not.toContain(id);
		expect((await page('?q=Qwen/Qwen3-8B')).models[0]?.id).toBe('Qwen/Qwen3-8B');
	});

	it.each([
		['?limit=0', 'invalid_query'],
		['?sort=beauty', 'invalid_query'],
		['?cursor=nonsense', 'invalid_query'],
		['?colour=blue', 'unknown_field'],
	])('refuses %s with %s', async (query, code) => {
		await expect(ask(query)).rejects.toMatchObject({ code, status: 400 });
	});

	it('knows families whatever their capitals, and names the nearest of one there is not', async () => {
		const spelled = await page('?family=Qwen&limit=1');
		expect(await page('?family=qwen&limit=1')).toEqual(spelled);
		expect((await page('?family=QWEN&family=Qwen&family=unknown&limit=1')).total).toBeGreaterThan(spelled.total);
		const message = 'There is no family "Qwenn". Did you mean Qwen?';
		await expect(ask('?family=Qwenn')).rejects.toMatchObject({ code: 'invalid_query', message });
	});

	it('says 304 to who has the answer already, until something changes', async () => {
		const answer = await ask('?family=Qwen');
		const tag = answer.headers.get('etag') ?? '';
		expect(tag).toMatch(/^"[\w-]+"$/);
		const again = await ask('?family=Qwen', { 'if-none-match': `"other", W/${tag}` });
		expect(again.status).toBe(304);
		expect(await again.text()).toBe('');
		expect((await ask('?family=Llama', { 'if-none-match': tag })).status).toBe(200);
		app.catalog.setLocal(new Set(['Qwen/Qwen3-8B']));
		expect((await ask('?family=Qwen', { 'if-none-match': tag })).status).toBe(200);
	});
});

describe('the app', () => {
	it('tells version, size and freshness of the catalog', () => {
		const models = app.catalog.counts().catalog;
		expect(app.health()).toMatchObject({ status: 'ok', version: '1.2.3', catalog: { models, updated_at: null } });
		expect(models).toBeGreaterThanOrEqual(4700);
	});

	it('starts again from what it stored, beside a copy of itself, and after its database was damaged', async () => {
		const folder = join(home, 'again');
		const one = await start(folder);
		const two = await start(folder);
		expect(two.catalog.version).toBe(one.catalog.version);
		await one.close();
		await two.close();
		await two.close();
		truncateSync(join(folder, 'modeldex.db'), 5000);
		const three = await start(folder);
		expect(three.health().catalog.models).toBeGreaterThanOrEqual(4700);
		expect(readdirSync(folder).some((name) => name.includes('.broken-'))).toBe(true);
		await three.close();
	});
});
