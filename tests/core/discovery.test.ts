// A discovery's messages folded into what is known, and the order for one with its bounds.
import { describe, expect, it } from 'vitest';
import {
	applyDiscovery,
	blankEntry,
	countDiscovery,
	discoveryDefaults,
	newDiscovery,
	type DiscoveryDone,
	type DiscoveryMessage,
	type DiscoveryProgress,
} from '#lib/core/discovery.ts';
import { discoveryOrderSchema, planOf } from '#lib/core/discovery-order.ts';
import { guessByName } from '#lib/core/name-guess.ts';
import { readAdapter, writesFor } from '#lib/core/adapter.ts';
import { entry } from '../support/models.ts';

const news = (modelId: string, part: Partial<DiscoveryProgress>): DiscoveryProgress => ({
	action: 'listChatModels:progress',
	id: 'run',
	modelId,
	status: 'prefiltered',
	ts: 1000,
	...part,
});
const meta = { fetched: 0, filtered: 0, errors: [], durationMs: 1, requests: 1 };
const done = (models: DiscoveryDone['models'], id = 'run'): DiscoveryDone => ({
	action: 'listChatModels:done',
	id,
	models,
	meta,
});

function fold(...messages: DiscoveryMessage[]) {
	const state = newDiscovery('run');
	for (const message of messages) applyDiscovery(state, message);
	return state;
}

describe('the fold of a discovery', () => {
	it('puts deltas on top of each other', () => {
		const state = fold(
			news('a/b', { delta: { likes: 7, pipeline_tag: 'text-generation' }, ts: 5 }),
			news('a/b', { status: 'config_fetching', ts: 6 }),
			news('a/b', { status: 'classified', delta: { classification: 'gen', confidence: 'high' }, ts: 9 }),
		);
		expect(state.items.get('a/b')).toEqual({
			status: 'classified',
			entry: {
				...blankEntry('a/b'),
				likes: 7,
				pipeline_tag: 'text-generation',
				classification: 'gen',
				confidence: 'high',
			},
		});
		expect([state.phase, state.startedAt, state.latestAt]).toEqual(['running', 5, 9]);
	});

	it('is told of other models by nobody: a model that comes late starts blank', () => {
		const state = fold(news('a/b', { status: 'error', delta: { fetchStatus: '429' } }));
		expect(state.items.get('a/b')?.entry).toMatchObject({ id: 'a/b', author: 'a', classification: 'unknown' });
	});

	it('ends with the result, which outranks everything told before', () => {
		const state = fold(
			news('a/b', { status: 'config_fetching' }),
			news('gone/model', {}),
			done([
				entry({ id: 'a/b', classification: 'gen', fetchStatus: 'ok' }),
				entry({ id: 'a/locked', classification: 'auth-protected', fetchStatus: '401' }),
				entry({ id: 'a/broken', fetchStatus: 'error' }),
				entry({ id: 'a/later', excluded_by: 'candidate-limit' }),
				entry({ id: 'a/out', classification: 'encoder', excluded_by: 'pre-filter: BGE' }),
			]),
			news('a/b', { status: 'error' }),
		);
		expect(state.phase).toBe('done');
		expect(Array.from(state.items, ([id, { status }]) => [id, status])).toEqual([
			['a/b', 'classified'],
			['a/locked', 'auth'],
			['a/broken', 'error'],
			['a/later', 'prefiltered'],
			['a/out', 'classified'],
		]);
		expect(countDiscovery(state)).toMatchObject({ listed: 5, dropped: 1, gen: 1, encoder: 1, auth: 1, failed: 1 });
	});

	it('keeps a failure and passes over other runs', () => {
		const state = fold(news('x/y', { id: 'other' }), done([], 'other'), {
			action: 'listChatModels:error',
			id: 'run',
			code: 'hub_timeout',
			message: 'Too slow.',
		});
		expect(state.items.size).toBe(0);
		expect([state.phase, state.failure]).toEqual(['failed', { code: 'hub_timeout', message: 'Too slow.' }]);
	});

	it('counts what waits and what is being read', () => {
		const state = fold(
			news('a/1', {}),
			news('a/2', { status: 'config_fetching' }),
			news('a/3', { delta: { excluded_by: 'candidate-limit' } }),
			news('a/4', { status: 'classified', delta: { classification: 'encoder' } }),
		);
		expect(countDiscovery(state)).toMatchObject({ listed: 4, waiting: 1, reading: 1, encoder: 1 });
	});
});

describe('an order', () => {
	const refused = (body: unknown) => discoveryOrderSchema.safeParse(body).success === false;

	it('may say nothing, and then everything is as usual', () => {
		expect(planOf(discoveryOrderSchema.parse({}).params)).toEqual({
			...discoveryDefaults,
			wait: true,
			models: null,
			continueFrom: null,
		});
		expect(discoveryOrderSchema.safeParse({ action: 'listChatModels', id: 'a-1', params: {} }).success).toBe(true);
	});

	it.each([
		{ maxCandidates: -1 },
		{ maxCandidates: 50_001 },
		{ maxCandidates: 1.5 },
		{ concurrency: 0 },
		{ concurrency: 65 },
		{ timeoutMs: 0 },
		{ timeoutMs: Number.NaN },
		{ retries: 11 },
		{ listLimit: 0 },
		{ hfToken: 'two words' },
		{ models: [{ id: '' }] },
		{ models: [{ pipeline_tag: 'x' }] },
		{ wait: 'yes' },
		{ continueFrom: '../x' },
		{ continueFrom: 'x', models: [] },
		{ surprise: 1 },
	])('is refused with %j', (params) => {
		expect(refused({ params })).toBe(true);
	});

	it('is refused with an unknown field, a name that is no name, or another action', () => {
		expect(refused({ what: 1 })).toBe(true);
		expect(refused({ id: 'a b' })).toBe(true);
		expect(refused({ action: 'cancelListChatModels' })).toBe(true);
	});

	it('takes rows with whatever else the Hub sends, and a token that is null', () => {
		const models = [{ id: 'a/b', modelId: 'a/b', _id: 'x', siblings: ['a', { rfilename: 'b', size: 1 }] }];
		const { params } = discoveryOrderSchema.parse({ params: { models, hfToken: null } });
		expect(planOf(params)).toMatchObject({ models, listLimit: 50_000 });
	});
});

describe('what is left to go by', () => {
	it('is the name, by whole words', () => {
		expect(guessByName('someone/Llama-2-7B-weights')).toEqual({ classification: 'gen', family: 'Llama' });
		expect(guessByName('someone/bert-base-finnish')).toMatchObject({ classification: 'encoder' });
		expect(guessByName('someone/thing')).toBeNull();
		expect(guessByName('llama/thing')).toBeNull();
	});

	it('is an adapter’s base, or its task', () => {
		const read = (value: unknown) => readAdapter(JSON.stringify(value));
		const base = { base_model_name_or_path: 'meta-llama/Llama-3.1-8B', task_type: 'CAUSAL_LM', r: 8 };
		expect(read(base)).toEqual({ base: 'meta-llama/Llama-3.1-8B', task: 'CAUSAL_LM' });
		expect(read({ base_model_name_or_path: '/data/llama', peft_type: 'LORA' })).toEqual({ base: null, task: null });
		expect(read({ r: 8 })).toBeNull();
		expect(readAdapter('[1')).toBeNull();
		expect([writesFor('CAUSAL_LM'), writesFor('SEQ_CLS'), writesFor('OTHER'), writesFor(null)]).toEqual([
			true,
			false,
			null,
			null,
		]);
	});
});
