// Everything about one model: what is looked up on the Hub, its files, and its relatives.
import { describe, expect, it } from 'vitest';
import { ask, config, detailOf, fakeHub, house, qwen } from '../support/details-rig.ts';
import { blankRecord } from '../support/records.ts';

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

	it('whose files were read before it had a row says the same in its row and its facts', async () => {
		const id = 'shelf/One-GGUF';
		const gguf = { total: 7e9, architecture: 'llama', context_length: 8192 };
		const fake = await fakeHub({ id, tags: ['gguf'], gguf, config: {}, files: { 'one-Q4_K_M.gguf': 'x' } });
		const { details, configs, catalog } = house(fake);
		const { revision } = await configs.read(id);
		catalog.upsert([{ ...blankRecord(id), origin: 'hub', revision }]);
		const { entry, characteristics } = await detailOf(id, { details });
		expect(characteristics).toMatchObject({ quantization_bits: 4, context_window: 8192, classification: 'gen' });
		expect(entry).toMatchObject({
			quantization_bits: 4,
			quantization: '4',
			context_window: 8192,
			classification: 'gen',
		});
		expect(catalog.entry(id)).toMatchObject({ quantization_bits: 4, parameters_total: 7e9 });
	});

	it('that nobody knows is 404, and only its own address was asked', async () => {
		const fake = await fakeHub(qwen);
		const { details } = house(fake);
		expect(await ask('org/missing', { details })).toMatchObject({ status: 404, code: 'not_found' });
		expect(fake.stats.requests.length).toBeGreaterThan(0);
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
