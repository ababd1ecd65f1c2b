// Discovery over a real loopback Hub: what it lists, drops, reads and says, and what becomes of every kind of answer.
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { applyDiscovery, newDiscovery } from '#lib/core/discovery.ts';
import type { Backoff } from '#lib/server/discovery-watch.ts';
import { saveListings } from '#lib/server/store/listings.ts';
import { config, discoveryRig, silent } from '../support/discovery-rig.ts';
import { fakeModels } from '../support/fake-hub-models.ts';
import { fakeRepo, type FakeRepoOrder } from '../support/fake-hub-repo.ts';
import { temporaryFolder } from '../support/folder.ts';
import { cacheModel } from '../support/hub-cache.ts';
import { hubRig } from '../support/hub-rig.ts';

const llama = config('llama', 'LlamaForCausalLM');

const curated = [
	fakeRepo({
		id: 'sentence-transformers/all-MiniLM-L6-v2',
		downloads: 9000,
		pipeline_tag: 'sentence-similarity',
		library_name: 'sentence-transformers',
		config: { model_type: 'bert', architectures: ['BertModel'] },
	}),
	fakeRepo({
		id: 'meadow/Alpaco-8B',
		downloads: 8000,
		pipeline_tag: 'text-generation',
		config: { model_type: 'llama', architectures: ['LlamaForCausalLM'] },
	}),
	silent('meadow/Bert', { downloads: 7000, files: { 'config.json': config('bert', 'BertForMaskedLM') } }),
	silent('meadow/Gpt2', { downloads: 6000, files: { 'config.json': config('gpt2', 'GPT2LMHeadModel') } }),
	silent('meadow/T5', { downloads: 5000, files: { 'config.json': config('t5', 'T5ForConditionalGeneration') } }),
	silent('meadow/Nested', { downloads: 4000, files: { 'config/config.json': llama } }),
	silent('meadow/Adapter', {
		downloads: 3000,
		files: { 'adapter_config.json': JSON.stringify({ base_model_name_or_path: 'meadow/Alpaco-8B' }) },
	}),
	silent('shelf/Llama-2-7B-weights', { downloads: 2000, files: { 'README.md': '# none' } }),
	silent('meadow/Locked', { downloads: 1500, gated: 'manual' }),
	fakeRepo({
		id: 'meadow/Locked-but-told',
		downloads: 1400,
		gated: 'auto',
		config: { model_type: 'llama', architectures: ['LlamaForCausalLM'] },
	}),
	silent('meadow/Broken', { downloads: 1000, files: { 'config.json': '{"model_type": ' } }),
];

const { fake, another } = await hubRig({ repos: curated, quotas: { api: 1e6, resolvers: 1e6 } });
beforeEach(() => {
	fake.clearFaults();
	fake.world.set(curated);
	fake.resetStats();
});

/** A discovery with nothing remembered. */
const fresh = (watch = {}) => discoveryRig({ hub: another(), watch });

describe('a discovery of a curated list', () => {
	it('ends with every model, its class, and why it is out', async () => {
		const { done, model } = await fresh().run();
		expect(done.models.map(({ id }) => id)).toEqual(curated.map(({ id }) => id));
		expect(model('sentence-transformers/all-MiniLM-L6-v2')).toMatchObject({
			classification: 'encoder',
			excluded_by: 'pre-filter: task sentence-similarity',
		});
		expect(model('meadow/Alpaco-8B')).toMatchObject({ classification: 'gen', confidence: 'high', fetchStatus: 'ok' });
		expect(model('meadow/Bert')).toMatchObject({ classification: 'encoder', fetchStatus: 'ok', model_type: 'bert' });
		expect(model('meadow/Gpt2')).toMatchObject({ classification: 'gen', context_window: 4096 });
		expect(model('meadow/T5')).toMatchObject({ classification: 'gen', architecture_family: 'T5' });
		expect(model('meadow/Nested')).toMatchObject({ classification: 'gen', fetchStatus: 'ok' });
		expect(model('meadow/Adapter')).toMatchObject({ classification: 'gen', architecture_family: 'Llama' });
		expect(model('shelf/Llama-2-7B-weights')).toMatchObject({
			classification: 'gen',
			confidence: 'low',
			fetchStatus: '404',
		});
		expect(model('meadow/Locked')).toMatchObject({
			classification: 'auth-protected',
			fetchStatus: '401',
			fetchError: { statusCode: 401 },
			gated: 'manual',
		});
		expect(model('meadow/Locked-but-told')).toMatchObject({ classification: 'gen', gated: 'auto' });
		expect(model('meadow/Broken')).toMatchObject({ classification: 'unknown', fetchStatus: 'error' });
		expect(done.meta).toMatchObject({ fetched: 11, filtered: 1, requests: fake.stats.requests.length });
		expect(done.meta.rate_limited).toBeUndefined();
	});

	it('tells of each step once, in order, with the changed fields only', async () => {
		const { progress, story, state, done } = await fresh().run();
		expect(story('meadow/Alpaco-8B')).toEqual(['prefiltered', 'classified']);
		expect(story('meadow/Bert')).toEqual(['prefiltered', 'config_fetching', 'classified']);
		expect(story('meadow/Locked')).toEqual(['prefiltered', 'config_fetching', 'auth']);
		expect(story('sentence-transformers/all-MiniLM-L6-v2')).toEqual([]);
		const [first, second] = progress.filter(({ modelId }) => modelId === 'meadow/Gpt2').slice(1);
		expect(first?.delta).toBeUndefined();
		expect(second?.delta).toEqual({
			classification: 'gen',
			confidence: 'high',
			fetchStatus: 'ok',
			model_type: 'gpt2',
			architectures: ['GPT2LMHeadModel'],
			architecture_family: 'GPT-2',
			context_window: 4096,
			is_multimodal: false,
		});
		for (const entry of done.models.filter(({ excluded_by }) => excluded_by === undefined)) {
			expect(state.items.get(entry.id)?.entry).toEqual(entry);
		}
		const whole = newDiscovery(done.id);
		for (const message of JSON.parse(JSON.stringify([...progress, done]))) applyDiscovery(whole, message);
		expect(whole.phase).toBe('done');
	});

	it('tells an observer how reads ended and what models are', async () => {
		const fetched: string[] = [];
		const kinds: string[] = [];
		let ends = 0;
		const watch = {
			fetched: (status: string) => void fetched.push(status),
			classified: (kind: string) => void kinds.push(kind),
			ended: () => (ends += 1),
		};
		await fresh(watch).run();
		expect(fetched.toSorted()).toEqual(['200', '200', '200', '200', '200', '200', '401', '404']);
		expect(kinds).toHaveLength(10);
		expect(ends).toBe(1);
	});
});

describe('what the Hub answers', () => {
	const only = (order: Partial<FakeRepoOrder> = {}) => fake.world.set([silent('meadow/One', order)]);

	it('is asked again after 429 and after trouble, and every try is counted', async () => {
		only();
		const backoffs: Backoff[] = [];
		fake.fault({ match: 'One/resolve', times: 1, fault: { kind: 'limited', retryAfter: '0' } });
		fake.fault({ match: 'One/resolve', times: 1, fault: { kind: 'status', status: 503 } });
		const { model, done } = await fresh({ backoff: (event: Backoff) => void backoffs.push(event) }).run();
		expect(model('meadow/One')).toMatchObject({ classification: 'gen', fetchStatus: 'ok' });
		expect(backoffs.map(({ reason }) => reason)).toEqual(['429', '503']);
		expect(fake.count('One/resolve/main')).toBe(3);
		expect(done.meta).toMatchObject({ requests: fake.stats.requests.length, errors: [] });
	});

	it.each([
		[403, 'auth', 'auth-protected', '403'],
		[401, 'auth', 'auth-protected', '401'],
		[404, 'classified', 'unknown', '404'],
		[400, 'error', 'unknown', 'error'],
	])('%d ends as %s', async (status, last, classification, fetchStatus) => {
		only();
		fake.fault({ match: 'One/resolve', fault: { kind: 'status', status } });
		const { model, story } = await fresh().run();
		expect(story('meadow/One').at(-1)).toBe(last);
		expect(model('meadow/One')).toMatchObject({ classification, fetchStatus });
	});

	it('is asked no more often than the caller wants', async () => {
		only();
		fake.fault({ match: 'One/resolve', fault: { kind: 'status', status: 503 } });
		const { model, done } = await fresh().run({ retries: 1 });
		expect(fake.count('One/resolve')).toBe(2);
		expect(model('meadow/One')).toMatchObject({ fetchStatus: 'error', fetchError: { statusCode: 503 } });
		expect(done.meta.errors).toEqual([expect.objectContaining({ modelId: 'meadow/One', code: 'hub_unreachable' })]);
	});

	it('is not waited for longer than the caller wants', async () => {
		only();
		fake.fault({ match: 'One/resolve', fault: { kind: 'stall', where: 'headers', ms: 60_000 } });
		const { done } = await fresh().run({ retries: 0, timeoutMs: 200 });
		expect(done.meta.errors).toEqual([expect.objectContaining({ modelId: 'meadow/One', code: 'hub_timeout' })]);
	});
});

describe('the list', () => {
	it('is taken from the Hub by pages, and most models need no request of their own', async () => {
		fake.world.set(fakeModels(1200));
		const { done } = await fresh().run({ maxCandidates: 0 });
		expect(done.models).toHaveLength(1200);
		expect(fake.stats.requests).toHaveLength(2);
		expect(done.models.filter(({ classification }) => classification === 'gen').length).toBeGreaterThan(800);
	}, 30_000);

	it('stops at its limit, and candidates at theirs, most downloaded first', async () => {
		fake.world.set(Array.from({ length: 30 }, (_, i) => silent(`many/Model-${i}`, { downloads: 1000 - i })));
		const { done } = await fresh().run({ listLimit: 20, maxCandidates: 5 });
		const status = done.models.map(({ classification, excluded_by }) => excluded_by ?? classification);
		expect(status).toEqual([...Array(5).fill('gen'), ...Array(15).fill('candidate-limit')]);
		expect(fake.count('/resolve/main/')).toBe(5);
	});

	it('can be handed in, in its own order, with strange rows named and left out', async () => {
		const { done, model } = await fresh().run({
			models: [
				{ id: 'meadow/T5' },
				{ id: 'meadow/Gpt2', siblings: ['config.json', { rfilename: 'tokenizer.json' }] },
				{ id: '../etc/passwd' },
				{ id: 'x/Told', model_type: 'qwen3', architectures: ['Qwen3ForCausalLM'], likes: 7 },
				{ id: 'x/Bare', siblings: ['config.json', 'model.safetensors'] },
			],
		});
		expect(done.models.map(({ id }) => id)).toEqual(['meadow/T5', 'meadow/Gpt2', 'x/Told', 'x/Bare']);
		expect(fake.count('/api/models?')).toBe(0);
		expect(model('x/Told')).toMatchObject({ classification: 'gen', likes: 7 });
		expect(model('x/Bare').excluded_by).toBe('pre-filter: no tokenizer file');
		expect(done.meta.errors).toEqual([expect.objectContaining({ modelId: '', code: 'invalid_model_id' })]);
	});
});

describe('a locked model of a list of bare ids', () => {
	it('keeps the class that an earlier list of the Hub told, beside the lock', async () => {
		const { run, database } = fresh();
		const id = 'meadow/Locked-but-told';
		const listed = { id, config: { model_type: 'llama', architectures: ['LlamaForCausalLM'] } };
		saveListings(database, [listed], '2026-11-01T00:00:00.000Z');
		const { model } = await run({ models: [{ id }, { id: 'meadow/Locked' }] });
		expect(model(id)).toMatchObject({ classification: 'gen', architecture_family: 'Llama', fetchStatus: '401' });
		expect(model('meadow/Locked')).toMatchObject({ classification: 'auth-protected', fetchStatus: '401' });
	});
});

describe('an adapter', () => {
	const adapter = (id: string, content: object) =>
		silent(id, { files: { 'adapter_config.json': JSON.stringify({ peft_type: 'LORA', ...content }) } });

	it('is what its base is, and the base is read once', async () => {
		const base = { base_model_name_or_path: 'far/Base' };
		fake.world.set([adapter('a/One', base), adapter('a/Two', base), silent('far/Base')]);
		const { model } = await fresh().run({ models: [{ id: 'a/One' }, { id: 'a/Two' }] });
		for (const id of ['a/One', 'a/Two']) {
			expect(model(id)).toMatchObject({ classification: 'gen', architecture_family: 'Llama', fetchStatus: 'ok' });
		}
		expect(fake.count('far/Base/resolve/main')).toBe(1);
	});

	it('is what its task says when nobody may see its base', async () => {
		fake.world.set([
			adapter('a/Writer', { base_model_name_or_path: 'far/Locked', task_type: 'CAUSAL_LM' }),
			adapter('a/Judge', { base_model_name_or_path: './checkpoints/base', task_type: 'SEQ_CLS' }),
			silent('far/Locked', { gated: 'manual' }),
		]);
		const { model } = await fresh().run({ models: [{ id: 'a/Writer' }, { id: 'a/Judge' }] });
		expect(model('a/Writer')).toMatchObject({ classification: 'gen', confidence: 'low' });
		expect(model('a/Judge')).toMatchObject({ classification: 'encoder', confidence: 'low' });
	});
});

describe('a model on this machine', () => {
	it('needs no request when its copy is of the listed commit', async () => {
		const cache = join(temporaryFolder(), 'hub');
		const here = silent('meadow/Here', { downloads: 2 });
		const old = silent('meadow/Old', { downloads: 1 });
		fake.world.set([here, old]);
		const files = { 'config.json': llama };
		cacheModel(cache, { id: 'meadow/Here', commit: here.refs['main'] ?? '', files });
		cacheModel(cache, { id: 'meadow/Old', commit: '1'.repeat(40), files });
		const { model } = await discoveryRig({ hub: another(), cache }).run();
		expect([model('meadow/Here').classification, model('meadow/Old').classification]).toEqual(['gen', 'gen']);
		expect(fake.count('meadow/Here/resolve')).toBe(0);
		expect(fake.count('meadow/Old/resolve/main')).toBe(1);
	});
});
