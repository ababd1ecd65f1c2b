// The config routes and the Hub in health, on the built product in front of a Hub on loopback.
import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureBuilt, startServer, type BuiltServer } from '../support/built-server.ts';
import { fakeModels } from '../support/fake-hub-models.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { startFakeHub, type FakeHub } from '../support/fake-hub.ts';

const config = JSON.stringify({ model_type: 'llama', hidden_size: 64, num_hidden_layers: 2, vocab_size: 100 });
const token = 'hf_CANARYcanaryCANARY1234';
let fake: FakeHub;
let server: BuiltServer;

beforeAll(async () => {
	ensureBuilt();
	const repos = [
		...Array.from({ length: 60 }, (_, i) => fakeRepo({ id: `routes/Model-${i}`, files: { 'config.json': config } })),
		fakeRepo({ id: 'routes/Gated', gated: 'manual', files: { 'config.json': config } }),
		fakeRepo({ id: 'legacy', files: { 'config.json': config } }),
		...fakeModels(300),
	];
	fake = await startFakeHub({ repos, users: [{ token, name: 'ada' }] });
	server = await startServer({ HF_HUB_OFFLINE: '0', HF_ENDPOINT: fake.url, HF_TOKEN: token });
}, 180_000);
afterAll(async () => {
	await server.stop();
	await fake.close();
});
beforeEach(() => fake.clearFaults());

const get = (path: string) => fetch(server.url + path);
const post = (body: string, type = 'application/json') =>
	fetch(`${server.url}/api/models/configs`, { method: 'POST', body, headers: { 'content-type': type } });
const codeOf = async (answer: Response) => [answer.status, (await answer.json()).error.code];

describe('GET /api/models/config/{id}', () => {
	it.each(['routes/Model-1', 'routes%2FModel-1', 'legacy'])('answers for %s', async (id) => {
		const answer = await get(`/api/models/config/${id}`);
		expect(answer.status).toBe(200);
		expect(await answer.json()).toMatchObject({
			id: decodeURIComponent(id),
			config_status: 'ok',
			num_hidden_layers: 2,
			revision: fake.world.find(decodeURIComponent(id))?.refs.main,
		});
	});

	it('asks the Hub again with refresh=1 only', async () => {
		await get('/api/models/config/routes/Model-2');
		const before = fake.count('Model-2/resolve');
		expect((await (await get('/api/models/config/routes/Model-2')).json()).source).toBe('cache');
		expect(fake.count('Model-2/resolve')).toBe(before);
		expect((await (await get('/api/models/config/routes/Model-2?refresh=1')).json()).source).toBe('hub');
		expect(fake.count('Model-2/resolve')).toBe(before + 1);
	});

	it('tells every refusal by its code', async () => {
		expect(await codeOf(await get('/api/models/config/routes/Nothing'))).toEqual([404, 'not_found']);
		expect(await codeOf(await get('/api/models/config/routes/Gated'))).toEqual([403, 'gated']);
		expect(await codeOf(await get('/api/models/config/a/b/c'))).toEqual([400, 'invalid_model_id']);
		expect(await codeOf(await get('/api/models/config/-x/y'))).toEqual([400, 'invalid_model_id']);
		expect(await codeOf(await get('/api/models/config/routes/Model-3?revision=../x'))).toEqual([
			400,
			'invalid_revision',
		]);
		expect(await codeOf(await get('/api/models/config/routes/Model-3?refresh=maybe'))).toEqual([400, 'invalid_query']);
		expect(await codeOf(await get('/api/models/config/routes/Model-3?colour=blue'))).toEqual([400, 'unknown_field']);
		fake.fault({ match: 'Model-4/resolve', fault: { kind: 'limited', seconds: 100 } });
		const limited = await get('/api/models/config/routes/Model-4');
		expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(90);
		expect(await codeOf(limited)).toEqual([503, 'rate_limited']);
	});

	it('never shows the token', async () => {
		const answers = ['/api/health', '/api/models/config/routes/Nothing', '/api/models/config/routes/Gated'];
		const texts = await Promise.all(answers.map(async (path) => (await get(path)).text()));
		expect(texts.join() + server.output()).not.toContain('CANARY');
		expect(fake.stats.requests.some(({ authorization }) => authorization?.includes(token))).toBe(true);
	});
});

describe('POST /api/models/configs', () => {
	// The limit that the test above ran into is for a minute or more; these are models on their own server.
	let fresh: BuiltServer;
	beforeAll(async () => {
		fresh = await startServer({ HF_HUB_OFFLINE: '0', HF_ENDPOINT: fake.url });
	}, 60_000);
	afterAll(() => fresh.stop());

	it('works beside a list that refreshes itself', async () => {
		const health = async () => (await fetch(`${fresh.url}/api/health`)).json();
		await expect.poll(async () => (await health()).hub.refresh.running, { timeout: 15_000 }).toBe(false);
		await expect.poll(async () => (await health()).hub.refresh.done, { timeout: 15_000 }).toBe(362);
		const { hub, catalog } = await health();
		expect(hub).toMatchObject({ endpoint: fake.url, online: true, offline: false, token: 'none' });
		expect(hub.budget.api.quota).toBe(500);
		expect(Date.now() - Date.parse(catalog.updated_at)).toBeLessThan(60_000);
		const list = await (await fetch(`${fresh.url}/api/models?q=Alpaco&limit=5`)).json();
		expect(list.models[0].id).toMatch(/^meadow\/Alpaco/);
	}, 40_000);

	it('answers a line per model as each is ready, failures among them', async () => {
		const ids = ['routes/Model-10', 'routes/Nothing', 'routes/Model-11', 'not an id', 'routes/Model-10'];
		const answer = await fetch(`${fresh.url}/api/models/configs`, {
			method: 'POST',
			body: JSON.stringify({ ids }),
			headers: { 'content-type': 'application/json' },
		});
		expect(answer.headers.get('content-type')).toMatch(/^application\/x-ndjson/);
		const lines = (await answer.text())
			.trimEnd()
			.split('\n')
			.map((line) => JSON.parse(line));
		expect(lines).toHaveLength(4);
		const byId = Object.fromEntries(lines.map((line) => [line.id, line]));
		expect(byId['routes/Model-10'].characteristics.num_hidden_layers).toBe(2);
		expect(byId['routes/Nothing'].error.code).toBe('not_found');
		expect(byId['not an id'].error.code).toBe('invalid_model_id');
	});

	it.each([
		['{', 400, 'invalid_json'],
		['', 400, 'invalid_json'],
		['[]', 400, 'invalid_body'],
		['{}', 400, 'invalid_body'],
		['{"ids":[]}', 400, 'invalid_body'],
		['{"ids":"a/b"}', 400, 'invalid_body'],
		['{"ids":[7]}', 400, 'invalid_body'],
		[`{"ids":${JSON.stringify(Array.from({ length: 201 }, (_, i) => `a/${i}`))}}`, 400, 'invalid_body'],
		['{"ids":["a/b"],"api_key":"x"}', 400, 'unknown_field'],
		['{"__proto__":{"x":1},"ids":["a/b"]}', 400, 'unknown_field'],
		[`{"ids":["${'x'.repeat(100_000)}"]}`, 413, 'payload_too_large'],
	])('refuses %s', async (body, status, code) => {
		const asked = fake.stats.requests.length;
		expect(await codeOf(await post(body))).toEqual([status, code]);
		expect(fake.stats.requests).toHaveLength(asked);
	});

	it('stops everything upstream when the reader leaves', async () => {
		fake.fault({ match: '/resolve/', fault: { kind: 'stall', where: 'headers', ms: 60_000 } });
		const ids = Array.from({ length: 40 }, (_, i) => `routes/Model-${i + 20}`);
		const url = new URL('/api/models/configs', fresh.url);
		const call = request(url, { method: 'POST', headers: { 'content-type': 'application/json' } });
		call.on('error', () => {}); // it is cut off below
		call.end(JSON.stringify({ ids }));
		await expect.poll(() => fake.stats.open, { timeout: 5000 }).toBeGreaterThan(0);
		call.destroy();
		await expect.poll(() => fake.stats.open, { interval: 5 }).toBe(0);
	});
});
