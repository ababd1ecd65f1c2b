// GET /api/models/fit/{id} against a fake Hub: real file bytes, estimates, layers of the base, and what stays unknown.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Fit } from '#lib/core/fit.ts';
import { CardRenderer } from '#lib/server/card-renderer.ts';
import { Cards } from '#lib/server/cards.ts';
import { Catalog } from '#lib/server/catalog.ts';
import { machineClock } from '#lib/server/clock.ts';
import { Configs } from '#lib/server/configs.ts';
import { openInMemory } from '#lib/server/database.ts';
import { Details } from '#lib/server/details.ts';
import { FileLists } from '#lib/server/file-lists.ts';
import { Fits } from '#lib/server/fits.ts';
import { Hardware } from '#lib/server/hardware.ts';
import { Headers } from '#lib/server/headers.ts';
import { Hub } from '#lib/server/hub.ts';
import { Inventory } from '#lib/server/inventory.ts';
import { migrate } from '#lib/server/migrations.ts';
import { GET } from '../../src/routes/api/models/fit/[...id]/+server.ts';
import { fakeRepo, type FakeRepoOrder } from '../support/fake-hub-repo.ts';
import { startFakeHub, type FakeHub } from '../support/fake-hub.ts';
import { temporaryFolder } from '../support/folder.ts';

const gib = 1024 ** 3;
const date = () => new Date('2026-11-21T08:00:00Z');
const ends: (() => unknown)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

const shapes = {
	model_type: 'llama',
	architectures: ['LlamaForCausalLM'],
	...{ hidden_size: 512, num_hidden_layers: 8, num_attention_heads: 8, num_key_value_heads: 2 },
	...{ intermediate_size: 1024, vocab_size: 32_000, max_position_embeddings: 4096, torch_dtype: 'bfloat16' },
};
/** Two keys and values of 64, two bytes each, in eight layers. */
const perToken = 2 * 2 * 64 * 2 * 8;

const whole: FakeRepoOrder = {
	id: 'org/small',
	files: {
		'config.json': JSON.stringify(shapes),
		'model-00001-of-00002.safetensors': { seed: 1, size: 700_000 },
		'model-00002-of-00002.safetensors': { seed: 2, size: 300_000 },
		'pytorch_model.bin': { seed: 3, size: 2_000_000 },
	},
};
const copy: FakeRepoOrder = {
	id: 'org/small-GGUF',
	tags: ['gguf', 'base_model:org/small', 'base_model:quantized:org/small'],
	gguf: { total: 50_000_000, architecture: 'llama', context_length: 4096 },
	files: {
		'small-Q4_K_M.gguf': { seed: 4, size: 400_000 },
		'small-Q8_0.gguf': { seed: 5, size: 800_000 },
		'mmproj-small-F16.gguf': { seed: 6, size: 50_000 },
	},
};

interface House {
	offline?: boolean;
	/** Folder of the model cache on this machine. */
	root?: string;
}

/** The real classes on a database in memory, as the app makes them. */
function house(fake: FakeHub, { offline = false, root = '/nowhere' }: House = {}) {
	const database = openInMemory();
	migrate(database);
	const clock = { ...machineClock, date };
	const { url } = fake;
	const hub = new Hub({ endpoint: url, token: null, offline, proxy: null, version: '0', clock, random: () => 0.5 });
	const renderer = new CardRenderer();
	const catalog = new Catalog(database);
	const inventory = new Inventory({ root });
	const headers = new Headers({ hub, inventory, database, date: () => clock.date() });
	const snapshot = { characteristics: () => null };
	const configs = new Configs({ hub, headers, inventory, database, catalog, snapshot, clock });
	const cards = new Cards({ database, hub, renderer, local: inventory, hubEndpoint: url, date });
	const files = new FileLists({ database, hub, local: inventory, date });
	const details = new Details({ database, catalog, hub, configs, files, cards, date });
	const machine = () => ({ platform: 'linux' as const, memoryBytes: 16 * gib, limitBytes: null, processor: null });
	const hardware = new Hardware({ database, catalog, machine, run: async () => null });
	const fits = new Fits({ details, configs, catalog, hardware });
	ends.push(
		() => database.close(),
		() => hub.close(),
		() => renderer.close(),
		() => configs.close(),
	);
	return { fits, catalog, configs };
}

async function fakeHub(...repos: FakeRepoOrder[]): Promise<FakeHub> {
	const fake = await startFakeHub({ repos: repos.map((repo) => fakeRepo(repo)) });
	ends.push(() => fake.close());
	return fake;
}

async function ask(app: Pick<ReturnType<typeof house>, 'fits' | 'catalog'>, id: string, query = ''): Promise<Fit> {
	const url = new URL(`http://127.0.0.1/api/models/fit/${id}${query}`);
	const event = { locals: { app }, params: { id }, request: new Request(url), url };
	return (await GET(event as unknown as Parameters<typeof GET>[0])).json();
}

const bytesOf = (fit: Fit) => Object.fromEntries(fit.terms.map(({ name, bytes }) => [name, bytes]));

describe('GET /api/models/fit/{id}', () => {
	it('adds up real files, the cache of the configuration and the overhead', async () => {
		const app = house(await fakeHub(whole));
		const answer = await ask(app, 'org/small', '?device=2GiB&context=2k');
		expect(Object.keys(answer).sort()).toEqual([
			...['error_band', 'have_bytes', 'max_context', 'need_bytes', 'terms', 'tokens_per_second', 'verdict'],
		]);
		expect(bytesOf(answer)).toEqual({
			Weights: 1_000_000,
			'KV cache': perToken * 2048,
			'Runtime overhead': gib / 2,
		});
		expect(answer).toMatchObject({
			verdict: 'fits',
			need_bytes: 1_000_000 + perToken * 2048 + gib / 2,
			have_bytes: 2 * gib,
			max_context: 4096,
			tokens_per_second: null,
		});
		expect(answer.terms[0]?.basis).toBe('Bytes of the files (model-*.safetensors), as the Hub lists them.');
		expect(answer.terms[1]?.basis).toContain('8 × full attention');
		expect(answer.terms.at(-1)?.basis).toContain('any runtime');
	});

	it('means the current device, and knows runtimes, slots and the precision of the cache', async () => {
		const app = house(await fakeHub(whole));
		expect((await ask(app, 'org/small')).have_bytes).toBe(16 * gib - Math.round(2.6 * gib));
		const card = await ask(app, 'org/small', '?device=rtx-4090-24gb&runtime=vllm&slots=3&cache_bits=8&context=1000');
		expect(card.have_bytes).toBe(Math.floor(24 * gib * 0.92));
		expect(bytesOf(card)).toMatchObject({ 'KV cache': (perToken * 1000 * 3) / 2, 'Runtime overhead': 1.5 * gib });
		expect(card.tokens_per_second?.value).toBeGreaterThan(1000);
		expect(card.tokens_per_second?.basis).toMatch(/^Estimate: /);
	});

	it('takes the layers of a GGUF repository from the model it was made from, and the projector apart', async () => {
		const app = house(await fakeHub(whole, copy));
		const answer = await ask(app, 'org/small-GGUF', '?device=2GiB&context=1k');
		expect(bytesOf(answer)).toMatchObject({
			Weights: 400_000,
			'Vision tower and projector': 50_000,
			'KV cache': perToken * 1024,
		});
		expect(answer.terms[0]?.basis).toContain('small-Q4_K_M.gguf');
		expect(answer.terms[2]?.basis).toContain('Layers of org/small.');
		const other = await ask(app, 'org/small-GGUF', '?device=2GiB&quant=q8_0');
		expect(bytesOf(other)['Weights']).toBe(800_000);
		await expect(ask(app, 'org/small-GGUF', '?quant=Q3_K_M')).rejects.toMatchObject({ code: 'invalid_query' });
	});

	it('leaves the cache unknown when the base is out of reach', async () => {
		const app = house(await fakeHub(copy));
		const answer = await ask(app, 'org/small-GGUF', '?device=2GiB');
		expect(answer).toMatchObject({ verdict: 'unknown', need_bytes: null, error_band: null, max_context: null });
		expect(bytesOf(answer)).toMatchObject({ Weights: 400_000, 'KV cache': null });
		expect((await ask(app, 'org/small-GGUF', '?device=100000')).verdict).toBe('too_big');
	});

	it('estimates when parts of the files are missing from the list, and says how', async () => {
		const { 'model-00002-of-00002.safetensors': _gone, 'pytorch_model.bin': _other, ...files } = whole.files ?? {};
		const app = house(await fakeHub({ id: 'org/torn', files }));
		const answer = await ask(app, 'org/torn', '?device=2GiB');
		expect(answer.terms[0]?.bytes).toBeGreaterThan(50_000_000);
		expect(answer.terms[0]?.basis).toMatch(/^Estimate: .* bfloat16, 16 bits each\. Within /);
	});

	it('works offline with the copy on this machine', async () => {
		const root = temporaryFolder();
		const commit = 'a'.repeat(40);
		const folder = join(root, 'models--org--here', 'snapshots', commit);
		mkdirSync(folder, { recursive: true });
		writeFileSync(join(folder, 'config.json'), JSON.stringify(shapes));
		writeFileSync(join(folder, 'model.safetensors'), Buffer.alloc(5000));
		const app = house(await fakeHub(), { offline: true, root });
		const { catalog } = app;
		const { recordFromListing } = await import('#lib/core/entry.ts');
		catalog.upsert([recordFromListing({ id: 'org/here', sha: commit }, 'local', '2026-11-21')]);
		const answer = await ask(app, 'org/here', '?device=1GiB');
		expect(bytesOf(answer)).toMatchObject({ Weights: 5000, 'KV cache': perToken * 4096 });
		expect(answer.terms[0]?.basis).toContain('on this machine');
	});

	it.each([
		['?device=nothing', 'invalid_query'],
		['?device=16QB', 'invalid_query'],
		['?context=long', 'invalid_query'],
		['?context=0', 'invalid_query'],
		['?cache_bits=7', 'invalid_query'],
		['?slots=0', 'invalid_query'],
		['?slots=1e9', 'invalid_query'],
		[`?runtime=${'x'.repeat(200)}`, 'invalid_query'],
		['?colour=blue', 'unknown_field'],
	])('refuses %s with %s', async (query, code) => {
		const app = house(await fakeHub(whole));
		await expect(ask(app, 'org/small', query)).rejects.toMatchObject({ code, status: 400 });
	});

	it('fails for models that are none or nobody’s', async () => {
		const app = house(await fakeHub(whole));
		await expect(ask(app, '../etc')).rejects.toMatchObject({ code: 'invalid_model_id' });
		await expect(ask(app, 'org/none')).rejects.toMatchObject({ code: 'not_found' });
	});
});

describe('rows of the catalog', () => {
	it('learn the cache from a configuration, and hand it on to quantized copies, in either order', async () => {
		for (const first of ['org/small', 'org/small-GGUF']) {
			const app = house(await fakeHub(whole, copy));
			const { catalog, configs } = app;
			const second = first === 'org/small' ? 'org/small-GGUF' : 'org/small';
			await ask(app, first, '?device=1GiB');
			await configs.read('org/small');
			await ask(app, second, '?device=1GiB');
			const fit = (id: string) => catalog.entry(id)?.fit;
			expect([first, fit('org/small')?.kv_bytes_per_token]).toEqual([first, perToken]);
			expect([first, fit('org/small-GGUF')?.kv_bytes_per_token]).toEqual([first, perToken]);
			expect(fit('org/small-GGUF')?.weights_bytes).toBeLessThan(fit('org/small')?.weights_bytes ?? 0);
		}
	});
});
