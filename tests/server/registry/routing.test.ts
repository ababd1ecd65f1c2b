// The registry's routes and the simulator over a real app: what is shown, changed, simulated and remembered, and no key in it.
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import type { RequestEvent } from '@sveltejs/kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp, type App } from '#lib/server/app.ts';
import { readSettings } from '#lib/server/config.ts';
import { GET as overview } from '../../../src/routes/api/registry/+server.ts';
import { GET as getConfig, PUT as putConfig } from '../../../src/routes/api/registry/config/+server.ts';
import { GET as requests } from '../../../src/routes/api/registry/requests/+server.ts';
import { GET as request } from '../../../src/routes/api/registry/requests/[id]/+server.ts';
import { PUT as putRollout } from '../../../src/routes/api/registry/rollout/+server.ts';
import { POST as simulate } from '../../../src/routes/api/registry/simulate/+server.ts';
import { GET as usage } from '../../../src/routes/api/registry/usage/+server.ts';
import { temporaryFolder } from '../../support/folder.ts';

const home = temporaryFolder();
const file = join(home, 'registry.yaml');
const key = 'lab-CANARY-0123456789abcdef';
let upstream: Server;
let app: App;
let text = '';

beforeAll(async () => {
	upstream = createServer((asked, answer) => {
		asked.resume().on('end', () => {
			const choices = [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }];
			const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
			answer.setHeader('content-type', 'application/json');
			answer.end(JSON.stringify({ id: 'x', object: 'chat.completion', model: 'model-a', choices, usage }));
		});
	});
	await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
	const address = upstream.address();
	const port = typeof address === 'object' && address !== null ? address.port : 0;
	text = `version: 1
providers:
  lab: { type: openai-compatible, base_url: "http://127.0.0.1:${port}/v1", api_key_env: LAB_API_KEY, prices: { model-a: { input: 1, output: 2 } } }
tiers:
  fast: { strategy: race, providers: [lab/model-a, lab/model-b], timeout: 10000 }
  high: { strategy: fallback, providers: [lab/model-a, lab/model-b] }
`;
	writeFileSync(file, text);
	const settings = readSettings(
		{ MODELDEX_HOME: home, HOME: home, HF_HUB_OFFLINE: '1', MODELDEX_CONFIG: file },
		() => null,
	);
	app = await createApp({ settings, version: '1.2.3', background: false, env: { LAB_API_KEY: key } });
});
afterAll(async () => {
	await app.close();
	upstream.closeAllConnections();
	await new Promise((resolve) => upstream.close(resolve));
});

type Handler = (event: never) => Response | Promise<Response>;

async function call(
	handler: Handler,
	{ query = '', body, params = {} }: { query?: string; body?: unknown; params?: object } = {},
) {
	const url = new URL(`http://127.0.0.1/api/registry${query}`);
	const init = body === undefined ? {} : { method: 'PUT', body: JSON.stringify(body) };
	const event = { url, params, request: new Request(url, init), locals: { app } } as unknown as RequestEvent;
	const answer = await handler(event as never);
	const said = await answer.text();
	expect(said).not.toContain('CANARY');
	return JSON.parse(said);
}

async function ask(spec: string, user: string | null = 'ann') {
	const routed = await app.routing.router.run(
		{
			spec,
			operation: 'chat',
			body: { messages: [{ role: 'user', content: 'hi' }] },
			user,
			key: null,
			wantsStream: false,
			options: {},
		},
		new AbortController().signal,
	);
	const events = [];
	for await (const event of routed.events) events.push(event);
	return { id: routed.id, record: await routed.done };
}

describe('routes', () => {
	it('show the registry with the health of every candidate', async () => {
		const view = await call(overview);
		expect(view.providers).toMatchObject([{ name: 'lab', key_variable: 'LAB_API_KEY', has_key: true, enabled: true }]);
		expect(view.tiers[0]).toMatchObject({
			name: 'fast',
			strategy: 'race',
			candidates: [{ name: 'lab/model-a', unusable: null }, {}],
		});
		expect(view.state).toMatchObject({ file, degraded: null });
	});

	it('remember a request from the moment its answer has ended', async () => {
		const { id } = await ask('tier:high');
		const record = await call(request, { params: { id } });
		expect(record).toMatchObject({ id, served: 'lab/model-a', route: 'tier:high', cost: { total: 20_000 } });
		expect((await call(requests, { query: '?route=tier:high&limit=1' })).requests[0].id).toBe(id);
		const figures = await call(usage);
		expect(figures.routes).toMatchObject([{ name: 'tier:high', requests: 1, successes: 1, cost_usd: 0.00002 }]);
		expect(figures.models).toMatchObject([{ name: 'lab/model-a', successes: 1, lost: 0 }]);
		await expect(call(usage, { query: '?hours=0' })).rejects.toMatchObject({ code: 'invalid_query' });
		await expect(call(request, { params: { id: 'x' } })).rejects.toMatchObject({ code: 'not_found' });
	});

	it('take a new file only when it is good', async () => {
		await expect(call(putConfig, { body: { text: text.replace('race', 'rice') } })).rejects.toMatchObject({
			code: 'invalid_config',
			message: expect.stringContaining(':5:'),
		});
		const trial = await call(putConfig, { body: { text: text.replace('tier', 'tire'), dry_run: true } });
		expect(trial.faults[0].path).toBe('tires');
		const taken = await call(putConfig, { body: { text: `${text}aliases: { quick: fast }\n` } });
		expect(taken.faults).toEqual([]);
		expect((await call(getConfig)).text).toContain('quick: fast');
		expect(app.routing.registry.plan('tier:quick', { user: null }).route).toBe('tier:fast');
	});

	it('switch strategies off and on for users, at once', async () => {
		expect((await ask('tier:fast')).record.strategy).toBe('race');
		await call(putRollout, { body: { percent: 0, testUsers: ['tess'] } });
		const legacy = (await ask('tier:fast')).record;
		expect([legacy.strategy, legacy.attempts.length]).toEqual(['first', 1]);
		expect(legacy.notes.join(' ')).toContain('Rollout');
		expect((await ask('tier:fast', 'tess')).record.strategy).toBe('race');
		await call(putRollout, { body: { enabled: false } });
		expect((await ask('tier:fast', 'tess')).record.strategy).toBe('first');
		app.routing.rollout.enableModels('me');
		expect((await ask('tier:fast', null)).record.strategy).toBe('race');
		await expect(call(putRollout, { body: { percent: 101 } })).rejects.toMatchObject({ code: 'invalid_body' });
	});
});

describe('the simulator', () => {
	const simulation = (body: object) => call(simulate, { body });

	it('runs the real strategies: a slow lane loses, a refused one is passed over', async () => {
		const candidates = {
			'lab/model-a': { first_content_ms: 3000 },
			'lab/model-b': { first_content_ms: { p50: 200, p95: 400 } },
		};
		const raced = await simulation({ spec: 'tier:fast', requests: 50, candidates });
		expect(raced).toMatchObject({ strategy: 'race', succeeded: 50, served: { 'lab/model-b': 50 } });
		expect(raced.first_content_p95_ms).toBeLessThan(700);
		const limited = { 'lab/model-a': { failures: [{ class: 'rate_limit', share: 1 }] } };
		const fallen = await simulation({ spec: 'tier:high', requests: 50, candidates: limited });
		expect(fallen).toMatchObject({ succeeded: 50, served: { 'lab/model-b': 50 } });
		expect(fallen.attempts.find((row: { candidate: string }) => row.candidate === 'lab/model-a').sent).toBeLessThan(50);
	});

	it('is the same in every run, and tells when money ran out', async () => {
		const config = `${text}defaults: { costLimit: { usd: 0.01, window: month, mode: hard } }\n`.replace(
			'timeout: 10000',
			'timeout: 10000, onUnknownPrice: { use: { input: 1, output: 2 } }',
		);
		const order = {
			spec: 'tier:fast',
			requests: 40,
			config,
			seed: 3,
			max_tokens: 200,
			candidates: { 'lab/model-a': { stalls: 0.2 } },
		};
		const [first, second] = [await simulation(order), await simulation(order)];
		const { trace: _a, ...one } = first;
		const { trace: _b, ...other } = second;
		expect(one).toEqual(other);
		expect(one.codes.budget_exceeded).toBeGreaterThan(0);
		expect(one.cost_usd).toBeLessThanOrEqual(0.01);
		expect(one.budget_alerts.map(({ share }: { share: number }) => share)).toContain(80);
	});

	it('goes through a recorded request again', async () => {
		const { id, record } = await ask('tier:high');
		const again = await simulation({ replay: id });
		expect(again).toMatchObject({ requests: 1, succeeded: 1, served: { [record.served ?? '']: 1 } });
	});

	it('asks nobody and refuses what leads nowhere', async () => {
		await expect(simulation({ spec: 'tier:nothing' })).rejects.toMatchObject({ code: 'model_not_found' });
		await expect(simulation({ config: 'version: 2' })).rejects.toMatchObject({ code: 'invalid_config' });
		await expect(simulation({ requests: 0 })).rejects.toMatchObject({ code: 'invalid_body' });
	});
});
