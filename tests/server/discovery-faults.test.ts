// Broken lists and broken configs: one model's fault is nobody else's, and a partial result says what is missing.
import { describe, expect, it, beforeEach } from 'vitest';
import { applyDiscovery, newDiscovery } from '#lib/core/discovery.ts';
import { collectMessages, discoveryRig, silent, silentModels } from '../support/discovery-rig.ts';
import type { FakeFault } from '../support/fake-hub-faults.ts';
import { hubRig } from '../support/hub-rig.ts';
import { seeded } from '../support/seeded.ts';

const models = silentModels(1200);
const { fake, another } = await hubRig({ repos: models, quotas: { api: 1e6, resolvers: 1e6 }, direct: true });
beforeEach(() => {
	fake.clearFaults();
	fake.world.set(models);
	fake.resetStats();
});
const never = new AbortController().signal;
const fresh = () => discoveryRig({ hub: another() });
const asJson = { 'content-type': 'application/json' };

describe('a page of the list', () => {
	it.each<[string, FakeFault]>([
		['cut short', { kind: 'body', body: '[{"id":"a/b"', headers: asJson }],
		['empty', { kind: 'body', body: '' }],
		['a web page', { kind: 'body', body: '<html>sign in to the wireless</html>' }],
		['null', { kind: 'body', body: 'null', headers: asJson }],
		['an object', { kind: 'body', body: '{"error":"slow down"}', headers: asJson }],
	])(
		'that is %s is asked for once more, and then the list ends there',
		async (_, fault) => {
			fake.fault({ match: /cursor=/, fault });
			const { done } = await fresh().run({ maxCandidates: 2 });
			expect(done.models).toHaveLength(1000);
			expect(fake.count('cursor=')).toBe(2);
			expect(done.meta.errors).toEqual([
				{ modelId: '', code: 'hub_error', message: expect.stringContaining('The list is not whole') },
			]);
			expect(done.models.filter(({ classification }) => classification === 'gen')).toHaveLength(2);
		},
		30_000,
	);

	it('with rows that are none loses those only', async () => {
		const mix = (rows: unknown) => [null, 7, { id: '../x' }, { nothing: 1 }, ...(Array.isArray(rows) ? rows : [])];
		fake.fault({ match: 'GET /api/models?', fault: { kind: 'json', change: mix } });
		const { done } = await fresh().run({ maxCandidates: 0, listLimit: 50 });
		expect(done.models).toHaveLength(50);
	});

	it('that begins with a byte order mark or calls itself something else is read', async () => {
		const body = Buffer.from(`\ufeff${JSON.stringify([{ id: 'a/b' }])}`);
		const fault: FakeFault = { kind: 'body', body, headers: { 'content-type': 'text/plain' } };
		fake.fault({ match: 'GET /api/models?', fault });
		expect((await fresh().run({ maxCandidates: 0 })).done.models.map(({ id }) => id)).toEqual(['a/b']);
	});

	it.each([
		['to itself', (link: string) => link],
		['to nothing new', (link: string) => link.replace(/cursor=[^&>]+/, 'cursor=again')],
	])(
		'that leads %s ends the list',
		async (_, change) => {
			let first = '';
			fake.fault({
				match: 'GET /api/models?',
				fault: {
					kind: 'headers',
					change: (headers) => {
						first ||= headers['link'] ?? '';
						return { ...headers, link: change(first) };
					},
				},
			});
			const { done } = await fresh().run({ maxCandidates: 0 });
			expect(done.models.length).toBeLessThanOrEqual(1200);
			expect(fake.stats.requests.length).toBeLessThanOrEqual(4);
			expect(done.meta.errors.map(({ code }) => code)).toEqual(['pagination_loop']);
		},
		30_000,
	);

	it('that shows models again, because the order moved, adds only new ones', async () => {
		let page = 0;
		const again = (rows: unknown) => {
			page += 1;
			return page === 2 && Array.isArray(rows) ? [{ id: 'many/Model-3' }, { id: 'many/Model-4' }, ...rows] : rows;
		};
		fake.fault({ match: 'GET /api/models?', fault: { kind: 'json', change: again } });
		const { done } = await fresh().run({ maxCandidates: 0 });
		expect(new Set(done.models.map(({ id }) => id)).size).toBe(done.models.length);
		expect(done.models).toHaveLength(1200);
	}, 30_000);

	it('that never comes is a failure of the run, in a sentence', async () => {
		fake.fault({ match: 'GET /api/models?', fault: { kind: 'status', status: 500 } });
		const messages = await collectMessages(fresh().discovery.start({ id: 'x' }, { signal: never }));
		expect(messages).toEqual([
			{ action: 'listChatModels:error', id: 'x', code: 'hub_error', message: expect.stringContaining('500') },
		]);
	});

	it('is not asked for in offline mode', async () => {
		const { discovery } = discoveryRig({ hub: another({ offline: true }) });
		const messages = await collectMessages(discovery.start({ id: 'x' }, { signal: never }));
		expect(messages).toMatchObject([{ action: 'listChatModels:error', code: 'offline' }]);
		expect(fake.stats.requests).toHaveLength(0);
	});
});

describe('a config', () => {
	const bad = (fault: FakeFault, times?: number) =>
		fake.fault({ match: 'Model-3/resolve', fault, ...(times === undefined ? {} : { times }) });
	const few = { listLimit: 8, maxCandidates: 8 };

	it.each<[string, FakeFault, string]>([
		['cut short', { kind: 'body', body: '{"model_type": "lla' }, 'error'],
		['empty', { kind: 'body', body: '' }, 'error'],
		['null', { kind: 'body', body: 'null' }, 'error'],
		['a list', { kind: 'body', body: '[null]' }, 'error'],
		['a web page', { kind: 'body', body: '<html>no</html>' }, 'error'],
		['a hundred megabytes', { kind: 'body', body: Buffer.alloc(100_000_000, 0x5b) }, 'error'],
		['compressed unasked', { kind: 'encode', codings: ['gzip'] }, 'ok'],
		['compressed twice', { kind: 'encode', codings: ['gzip', 'br'] }, 'error'],
		['deep', { kind: 'body', body: `{"a":`.repeat(200_000) }, 'error'],
		['broken off', { kind: 'reset', after: 20 }, 'error'],
		['removed by law', { kind: 'status', status: 451 }, 'error'],
		['gone', { kind: 'status', status: 410 }, '404'],
	])(
		'that is %s spoils no other',
		async (_, fault, status) => {
			bad(fault);
			const { done, model } = await fresh().run({ ...few, retries: 1 });
			expect(model('many/Model-3').fetchStatus).toBe(status);
			const others = done.models.filter(({ id }) => id !== 'many/Model-3');
			expect(others.every(({ classification }) => classification === 'gen')).toBe(true);
			expect(done.models).toHaveLength(8);
		},
		30_000,
	);

	it('of a model that moved is read where it is now', async () => {
		fake.world.set([silent('new/Home', { aliases: ['old/Home'] })]);
		const { model } = await fresh().run({ models: [{ id: 'old/Home' }] });
		expect(model('old/Home')).toMatchObject({ classification: 'gen', fetchStatus: 'ok' });
	});

	it('that stalls gives its place back', async () => {
		bad({ kind: 'stall', where: 'body', ms: 60_000 });
		const { model } = await fresh().run({ ...few, timeoutMs: 100, retries: 0, concurrency: 1 });
		expect(model('many/Model-3').fetchError?.message).toMatch(/too long/);
		expect(model('many/Model-7').classification).toBe('gen');
	}, 30_000);

	it('that is slow but steady is waited for', async () => {
		bad({ kind: 'drip', bytes: 8, everyMs: 40 });
		const { model } = await fresh().run({ ...few, timeoutMs: 400, retries: 0 });
		expect(model('many/Model-3').classification).toBe('gen');
	}, 30_000);

	it('of any content ends in a class with a confidence, and its messages survive JSON', async () => {
		const random = seeded(3);
		const pieces = [
			'{',
			'}',
			'[',
			']',
			':',
			',',
			'"model_type"',
			'"llama"',
			'null',
			'1e999',
			'-1',
			'"\\u0000"',
			'true',
		];
		const repos = Array.from({ length: 200 }, (_, i) => {
			const text = Array.from({ length: 30 }, () => pieces[Math.floor(random() * pieces.length)]).join('');
			return silent(`fuzz/Model-${i}`, { files: { 'config.json': i % 2 === 0 ? text : `{"model_type":${text}` } });
		});
		fake.world.set(repos);
		const { messages, done } = await fresh().run({ maxCandidates: 200 });
		expect(done.models).toHaveLength(200);
		for (const { classification, confidence } of done.models) {
			expect([classification, confidence].every((value) => typeof value === 'string')).toBe(true);
		}
		const state = newDiscovery(done.id);
		for (const message of JSON.parse(JSON.stringify(messages))) applyDiscovery(state, message);
		expect(state.items.size).toBe(200);
		expect(Object.keys(Object.prototype)).toEqual([]);
	}, 30_000);
});

describe('many failures', () => {
	it('are named up to a number and counted beyond it', async () => {
		fake.fault({ match: '/resolve/', fault: { kind: 'status', status: 400, type: 'text/plain', body: 'no' } });
		const { done } = await fresh().run({ maxCandidates: 130, listLimit: 130 });
		const named = done.meta.errors.filter(({ modelId }) => modelId !== '');
		expect(named).toHaveLength(100);
		expect(done.meta.errors.at(-1)).toEqual({
			modelId: '',
			code: 'hub_error',
			message: '30 more models could not be read.',
		});
	}, 30_000);
});
