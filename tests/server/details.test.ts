// Everything about one model through the API route, against a fake Hub and a real database.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isHttpError, isRedirect } from '@sveltejs/kit';
import { afterEach, describe, expect, it } from 'vitest';
import { Failure } from '#lib/core/failure.ts';
import type { ModelDetail } from '#lib/core/model.ts';
import { CardRenderer } from '#lib/server/card-renderer.ts';
import { Cards } from '#lib/server/cards.ts';
import { Catalog } from '#lib/server/catalog.ts';
import { machineClock } from '#lib/server/clock.ts';
import { Configs } from '#lib/server/configs.ts';
import { openInMemory } from '#lib/server/database.ts';
import { Details } from '#lib/server/details.ts';
import { FileLists } from '#lib/server/file-lists.ts';
import { Headers } from '#lib/server/headers.ts';
import { Hub } from '#lib/server/hub.ts';
import { Inventory } from '#lib/server/inventory.ts';
import { migrate } from '#lib/server/migrations.ts';
import { GET } from '../../src/routes/api/models/[...id]/+server.ts';
import { fakeRepo, type FakeRepoOrder } from '../support/fake-hub-repo.ts';
import { startFakeHub, type FakeHub } from '../support/fake-hub.ts';
import { temporaryFolder } from '../support/folder.ts';
import { blankRecord } from '../support/records.ts';

const config = JSON.stringify({ model_type: 'qwen3', architectures: ['Qwen3ForCausalLM'], num_hidden_layers: 36 });

const qwen: FakeRepoOrder = {
	id: 'Qwen/Qwen3-8B',
	aliases: ['Qwen/Qwen3-8B-old'],
	tags: [
		'transformers',
		'license:apache-2.0',
		'base_model:Qwen/Qwen3-8B-Base',
		'base_model:finetune:Qwen/Qwen3-8B-Base',
	],
	downloads: 11_000_000,
	files: {
		'README.md': '---\nlicense: apache-2.0\n---\n# Qwen3-8B\n\nHello.',
		'config.json': config,
		'model-00001-of-00002.safetensors': { seed: 1, size: 40_000 },
		'model-00002-of-00002.safetensors': { seed: 2, size: 20_000 },
		'onnx/model.onnx': { seed: 3, size: 9_000 },
	},
};

interface HouseOptions {
	/** Milliseconds since 1970. */
	now?: () => number;
	offline?: boolean;
	/** Folder of the model cache on this machine. */
	root?: string;
}

const shelf = temporaryFolder();
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

async function fakeHub(...repos: FakeRepoOrder[]): Promise<FakeHub> {
	const fake = await startFakeHub({ repos: repos.map((repo) => fakeRepo(repo)) });
	ends.push(() => fake.close());
	return fake;
}

const start = Date.parse('2026-11-21T08:00:00Z');

/** The real classes on a database in memory, as the app makes them. */
function house(fake: FakeHub, { offline = false, root = '/nowhere', now = () => start }: HouseOptions = {}) {
	const database = openInMemory();
	migrate(database);
	const date = () => new Date(now());
	const clock = { ...machineClock, date };
	const { url } = fake;
	const hub = new Hub({ endpoint: url, token: null, offline, proxy: null, version: '0', clock, random: () => 0.5 });
	const renderer = new CardRenderer();
	const catalog = new Catalog(database);
	const inventory = new Inventory({ root });
	const snapshot = { characteristics: () => null };
	const headers = new Headers({ hub, inventory, database, date });
	const configs = new Configs({ hub, headers, inventory, database, catalog, snapshot, clock });
	const cards = new Cards({ database, hub, renderer, local: inventory, hubEndpoint: url, date });
	const files = new FileLists({ database, hub, local: inventory, date });
	const details = new Details({ database, catalog, hub, configs, files, cards, date });
	ends.push(
		() => hub.close(),
		() => renderer.close(),
		async () => configs.close(),
	);
	return { details, catalog, hub };
}

/** A copy of a model in the cache folder of this machine, as every tool leaves it. */
function copyHere(id: string, commit: string, files: Record<string, string>): string {
	const root = join(shelf, commit);
	const snapshot = join(root, `models--${id.replace('/', '--')}`, 'snapshots', commit);
	mkdirSync(snapshot, { recursive: true });
	for (const [path, text] of Object.entries(files)) writeFileSync(join(snapshot, path), text);
	return root;
}

interface Asked {
	details: Details;
	signal?: AbortSignal;
}

/** Asks the route as SvelteKit would. Resolves with the status and the body, the place of a redirect, or the failure. */
async function ask(id: string, { details, signal = new AbortController().signal }: Asked) {
	const event = {
		locals: { app: { details } },
		params: { id },
		request: { signal },
		url: new URL('http://localhost/'),
	};
	try {
		const response = await GET(event as unknown as Parameters<typeof GET>[0]);
		return { status: response.status, detail: (await response.json()) as ModelDetail };
	} catch (error) {
		if (isRedirect(error)) return { status: error.status, location: error.location };
		if (isHttpError(error)) return { status: error.status };
		if (error instanceof Failure) return { status: error.status, code: error.code, message: error.message };
		throw error;
	}
}

async function detailOf(id: string, asked: Asked): Promise<ModelDetail> {
	const { detail } = await ask(id, asked);
	if (detail === undefined) throw new Error(`no detail of ${id}`);
	return detail;
}

describe('a model the catalog does not know', () => {
	it('is looked up on the Hub with everything there is, and known from then on', async () => {
		const fake = await fakeHub(qwen);
		const { details, catalog } = house(fake);
		const detail = await detailOf('Qwen/Qwen3-8B', { details });
		expect(detail.problems).toEqual([]);
		expect(detail.entry).toMatchObject({ id: 'Qwen/Qwen3-8B', downloads: 11_000_000, license: 'apache-2.0' });
		expect(detail.characteristics).toMatchObject({ model_type: 'qwen3', num_hidden_layers: 36 });
		expect(detail.card.markdown).toContain('# Qwen3-8B');
		expect(detail.files.map(({ path, size, lfs }) => [path, size, lfs])).toEqual([
			['README.md', 46, false],
			['config.json', config.length, false],
			['model-00001-of-00002.safetensors', 40_000, true],
			['model-00002-of-00002.safetensors', 20_000, true],
			['onnx/model.onnx', 9_000, true],
		]);
		expect(detail.files[0]?.sha256).toBeNull();
		expect(detail.files[2]?.sha256).toMatch(/^[0-9a-f]{64}$/);
		expect(detail.revision).toMatch(/^[0-9a-f]{40}$/);
		expect(catalog.entry('Qwen/Qwen3-8B')).toMatchObject({ downloads: 11_000_000, origin: 'hub' });
	});

	it('is asked of the Hub once: list and card at a known commit come from the cache', async () => {
		const fake = await fakeHub(qwen);
		const { details } = house(fake);
		await detailOf('Qwen/Qwen3-8B', { details });
		fake.resetStats();
		const again = await detailOf('Qwen/Qwen3-8B', { details });
		expect(again.files_source).toBe('cache');
		expect(again.files).toHaveLength(5);
		expect(fake.count('/tree/') + fake.count('README.md') + fake.count('GET /api/models/Qwen/Qwen3-8B?')).toBe(0);
	});

	it('that nobody knows is 404, and only its own address was asked', async () => {
		const fake = await fakeHub(qwen);
		const { details } = house(fake);
		expect(await ask('org/missing', { details })).toMatchObject({ status: 404, code: 'not_found' });
		expect(fake.stats.requests.every(({ path }) => path.startsWith('/api/models/org/missing'))).toBe(true);
	});

	it.each([
		'../../etc',
		'org/../x',
		'org/m?x=1',
		'a/b/c',
		'x'.repeat(300),
		'ORG/модель',
		'-rf/x',
		'org/m\u0000',
		'config'.concat('/'),
	])('with the id %j is refused, and the Hub is not asked', async (id) => {
		const fake = await fakeHub(qwen);
		const { details } = house(fake);
		expect(await ask(id, { details })).toMatchObject({ status: 400, code: 'invalid_model_id' });
		expect(fake.stats.requests).toEqual([]);
	});

	it('under an old name or in other letters leads to its present name', async () => {
		const fake = await fakeHub(qwen);
		const { details } = house(fake);
		expect(await ask('Qwen/Qwen3-8B-old', { details })).toEqual({ status: 307, location: '/api/models/Qwen/Qwen3-8B' });
		expect(await ask('qwen/qwen3-8b', { details })).toEqual({ status: 307, location: '/api/models/Qwen/Qwen3-8B' });
	});

	it('with a card of 10 MB shows the beginning and says so', async () => {
		const fake = await fakeHub({ ...qwen, files: { ...qwen.files, 'README.md': 'Some words.\n\n'.repeat(800_000) } });
		const { details } = house(fake);
		const detail = await detailOf('Qwen/Qwen3-8B', { details });
		expect(detail.problems).toEqual([]);
		expect(detail.card.markdown?.length).toBe(1024 * 1024);
		const card = await details.parts(await details.record('Qwen/Qwen3-8B')).card;
		expect(card.value?.rendered).toMatchObject({ cut: true, plain: false });
	});

	it('is "offline" when the Hub may not be asked', async () => {
		const fake = await fakeHub(qwen);
		const { details } = house(fake, { offline: true });
		const answer = await ask('Qwen/Qwen3-8B', { details });
		expect(answer).toMatchObject({ status: 503, code: 'offline' });
		expect(fake.stats.requests).toEqual([]);
	});
});

describe('file lists', () => {
	it('are read to the last page', async () => {
		const files = Object.fromEntries(
			Array.from({ length: 2_345 }, (_, i) => [`part/${String(i).padStart(5, '0')}.txt`, 'x']),
		);
		const fake = await fakeHub({ id: 'org/many', files });
		const { details } = house(fake);
		const detail = await detailOf('org/many', { details });
		expect(detail.files).toHaveLength(2_345);
		expect(detail.files.at(-1)?.path).toBe('part/02344.txt');
	});

	it('of gated models have sizes, and no digests where the Hub masks them', async () => {
		const fake = await fakeHub({ ...qwen, gated: 'manual', config: { model_type: 'qwen3' } });
		const { details } = house(fake);
		const detail = await detailOf('Qwen/Qwen3-8B', { details });
		expect(detail.entry.gated).toBe('manual');
		expect(detail.files.map(({ size, sha256 }) => [size, sha256])).toContainEqual([40_000, null]);
		expect(JSON.stringify(detail.files)).not.toContain('*');
		expect(detail.card.markdown).toContain('# Qwen3-8B');
		expect(detail.characteristics).toMatchObject({ config_status: 'gated', model_type: 'qwen3' });
		expect(detail.problems).toEqual([]);
	});

	it.each(['../../etc/x', 'a\\b', 'C:x', 'con.txt', 'x.', '\u202Egnp.exe'])(
		'with a file called %j are refused whole, and the rest of the model is there',
		async (path) => {
			const fake = await fakeHub({ ...qwen, files: { ...qwen.files, [path]: 'x' } });
			const { details } = house(fake);
			const detail = await detailOf('Qwen/Qwen3-8B', { details });
			expect(detail.files).toEqual([]);
			expect(detail.problems).toMatchObject([{ part: 'files', code: 'unsafe_file_name' }]);
			expect(detail.card.markdown).toContain('Hello');
		},
	);

	it('with two names that differ only in case are refused whole', async () => {
		const fake = await fakeHub({ ...qwen, files: { ...qwen.files, 'Config.json': '{}' } });
		const { details } = house(fake);
		const detail = await detailOf('Qwen/Qwen3-8B', { details });
		expect(detail.problems).toMatchObject([{ part: 'files', code: 'unsafe_file_name' }]);
	});

	it('of an empty repository are empty, without a problem', async () => {
		const fake = await fakeHub({ id: 'org/empty', files: {} });
		const { details } = house(fake);
		const detail = await detailOf('org/empty', { details });
		expect(detail).toMatchObject({ files: [], files_source: 'hub', card: { markdown: null }, problems: [] });
	});
});

describe('offline', () => {
	it('a model of the catalog shows its row; files and card say that they are not here', async () => {
		const fake = await fakeHub(qwen);
		const { details, catalog } = house(fake, { offline: true });
		catalog.upsert([{ ...blankRecord('Qwen/Qwen3-8B'), downloads: 7, revision: 'a'.repeat(40) }]);
		const detail = await detailOf('Qwen/Qwen3-8B', { details });
		expect(detail.entry.downloads).toBe(7);
		expect(detail.problems.map(({ part, code }) => [part, code])).toEqual([
			['characteristics', 'offline'],
			['files', 'offline'],
			['card', 'offline'],
		]);
		expect(fake.stats.requests).toEqual([]);
	});

	it('a model on this machine shows its own specs, files and card', async () => {
		const commit = 'b'.repeat(40);
		const root = copyHere('Qwen/Qwen3-8B', commit, {
			'README.md': '# Local',
			'config.json': config,
			'model.safetensors': '12345',
		});
		const { details, catalog } = house(await fakeHub(qwen), { offline: true, root });
		catalog.upsert([{ ...blankRecord('Qwen/Qwen3-8B'), origin: 'local' }]);
		const detail = await detailOf('Qwen/Qwen3-8B', { details });
		expect(detail).toMatchObject({
			files_source: 'local',
			revision: commit,
			card: { markdown: '# Local' },
			problems: [],
		});
		expect(detail.files.map(({ path, size }) => [path, size])).toEqual([
			['README.md', 7],
			['config.json', config.length],
			['model.safetensors', 5],
		]);
		expect(detail.characteristics).toMatchObject({ source: 'local', num_hidden_layers: 36 });
	});

	it('in other letters is found all the same', async () => {
		const { details, catalog } = house(await fakeHub(), { offline: true });
		catalog.upsert([blankRecord('Qwen/Qwen3-8B')]);
		expect(await ask('qwen/QWEN3-8b', { details })).toEqual({ status: 307, location: '/api/models/Qwen/Qwen3-8B' });
	});
});

describe('a Hub in trouble', () => {
	it('costs only the part that failed', async () => {
		const fake = await fakeHub(qwen);
		fake.fault({ match: '/tree/', fault: { kind: 'status', status: 403 } });
		const { details } = house(fake);
		const detail = await detailOf('Qwen/Qwen3-8B', { details });
		expect(detail.problems).toMatchObject([{ part: 'files' }]);
		expect(detail.card.markdown).toContain('Hello');
		expect(detail.characteristics?.model_type).toBe('qwen3');
	});

	it('leaves the list and the card that were read before', async () => {
		const fake = await fakeHub(qwen);
		let time = start;
		const { details, catalog } = house(fake, { now: () => time });
		await detailOf('Qwen/Qwen3-8B', { details });
		time += 3_600_000;
		catalog.upsert([{ ...blankRecord('Qwen/Qwen3-8B'), revision: 'c'.repeat(40), as_of: '2026-12-01T00:00:00Z' }]);
		fake.fault({ match: /\/tree\/|README/, fault: { kind: 'status', status: 403 } });
		const later = await detailOf('Qwen/Qwen3-8B', { details });
		expect(later).toMatchObject({ files_source: 'cache', card: { markdown: expect.stringContaining('Hello') } });
		expect(later.files).toHaveLength(5);
	});

	it('a commit that a rewritten history took away gives way to the newest one', async () => {
		const fake = await fakeHub(qwen);
		const { details, catalog } = house(fake);
		catalog.upsert([{ ...blankRecord('Qwen/Qwen3-8B'), revision: 'c'.repeat(40) }]);
		const detail = await detailOf('Qwen/Qwen3-8B', { details });
		expect(detail.problems).toEqual([]);
		expect(detail.files).toHaveLength(5);
		expect(detail.card.markdown).toContain('Hello');
	});

	it('a card that fails to come is a problem of the card alone', async () => {
		const fake = await fakeHub(qwen);
		fake.fault({ match: 'README.md', fault: { kind: 'status', status: 403, body: 'no' } });
		const { details } = house(fake);
		const detail = await detailOf('Qwen/Qwen3-8B', { details });
		expect(detail.problems).toMatchObject([{ part: 'card' }]);
		expect(detail.files).toHaveLength(5);
	});

	it('nothing is asked any more once the reader has left', async () => {
		const fake = await startFakeHub({ repos: [fakeRepo(qwen)], latencyMs: 5_000 });
		ends.push(() => fake.close());
		const { details } = house(fake);
		const leaving = new AbortController();
		const asked = ask('Qwen/Qwen3-8B', { details, signal: leaving.signal });
		const left = expect(asked).rejects.toMatchObject({ name: 'AbortError' });
		await expect.poll(() => fake.stats.open).toBeGreaterThan(0);
		leaving.abort();
		await left;
		await expect.poll(() => fake.stats.open).toBe(0);
	});
});

describe('relatives', () => {
	const made = (id: string, downloads: number, ...tags: string[]) => ({ ...blankRecord(id), downloads, tags });

	it('are the other models made from the same base, and those made from this one, most downloaded first', async () => {
		const { details, catalog } = house(await fakeHub());
		catalog.upsert([
			made('org/base', 9),
			made('org/chat', 5, 'base_model:org/base', 'base_model:finetune:org/base'),
			made('a/chat-gguf', 50, 'base_model:org/chat', 'base_model:quantized:org/chat'),
			made('b/chat-awq', 70, 'base_model:quantized:org/chat'),
			made('c/other', 99, 'base_model:org/elsewhere'),
			made('d/base-lora', 8, 'base_model:adapter:org/base'),
		]);
		expect(details.relatives('org/chat')).toEqual({
			bases: ['org/base'],
			siblings: ['b/chat-awq', 'a/chat-gguf', 'd/base-lora'],
		});
		expect(details.relatives('b/chat-awq')).toEqual({ bases: ['org/chat'], siblings: ['a/chat-gguf'] });
		expect(details.relatives('c/other')).toEqual({ bases: ['org/elsewhere'], siblings: [] });
	});

	it('follow the tags when these change', async () => {
		const { details, catalog } = house(await fakeHub());
		catalog.upsert([made('a/x', 1, 'base_model:org/one'), made('a/y', 1, 'base_model:org/two')]);
		expect(details.relatives('a/x').siblings).toEqual([]);
		catalog.upsert([{ ...made('a/x', 1, 'base_model:org/two'), as_of: '2026-12-01T00:00:00Z' }]);
		expect(details.relatives('a/x')).toEqual({ bases: ['org/two'], siblings: ['a/y'] });
	});
});
