// Downloads end to end: into the shared cache, verified, resumed, shared between processes, refused where they must be.
import { mkdtempSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Inventory } from '#lib/server/inventory.ts';
import { downloadsRig, listing, orderOf, snapshotOf, wrongFiles } from '../support/downloads-rig.ts';
import { fakeRepo, filesOf } from '../support/fake-hub-repo.ts';
import { temporaryFolder } from '../support/folder.ts';
import { hubRig } from '../support/hub-rig.ts';

const config = JSON.stringify({ model_type: 'llama', architectures: ['LlamaForCausalLM'] });
const head = Buffer.from('\x02\x00\x00\x00\x00\x00\x00\x00{}');
const small = fakeRepo({
	id: 'org/small',
	files: {
		'config.json': config,
		'tokenizer.json': '{}',
		'README.md': '# small',
		'modeling_small.py': 'print(1)',
		'model-00001-of-00002.safetensors': { seed: 1, size: 700_000, head },
		'model-00002-of-00002.safetensors': { seed: 2, size: 300_000, head },
		'model.safetensors.index.json': '{"weight_map":{}}',
		'pytorch_model.bin': { seed: 3, size: 900_000 },
		'pytorch_model.bin.index.json': '{}',
		'original/consolidated.00.pth': { seed: 4, size: 900_000 },
		'sub/tokenizer_config.json': '{"a":1}',
	},
});
const quants = fakeRepo({
	id: 'org/quants-GGUF',
	files: {
		'q-Q4_K_M.gguf': { seed: 5, size: 50_000, head: Buffer.from('GGUF') },
		'q-Q8_0-00001-of-00002.gguf': { seed: 6, size: 60_000, head: Buffer.from('GGUF') },
		'q-Q8_0-00002-of-00002.gguf': { seed: 7, size: 40_000, head: Buffer.from('GGUF') },
		'mmproj-q-F16.gguf': { seed: 8, size: 20_000, head: Buffer.from('GGUF') },
		'README.md': '# quants',
	},
});
const big = fakeRepo({
	id: 'org/big',
	files: { 'config.json': config, 'model.safetensors': { seed: 9, size: 6_000_000, head } },
});
const pickled = fakeRepo({
	id: 'org/pickled',
	files: { 'config.json': config, 'pytorch_model.bin': { seed: 9, size: 20_000 } },
});
const disguised = fakeRepo({
	id: 'org/disguised',
	files: { 'model.safetensors': { seed: 9, size: 20_000, head: Buffer.from('PK\x03\x04archive') } },
});
const users = [
	{ token: 'hf_accepted', name: 'ada', accepted: ['org/gated'] },
	{ token: 'hf_asked', name: 'bob', pending: ['org/gated'] },
	{ token: 'hf_refused', name: 'eve', rejected: ['org/gated'] },
	{ token: 'hf_new', name: 'new' },
	{ token: 'hf_narrow', name: 'nan', accepted: ['org/gated'], canReadGated: false },
];
const gated = fakeRepo({
	id: 'org/gated',
	gated: 'manual',
	files: { 'config.json': config, 'model.safetensors': { seed: 2, size: 40_000, head } },
});
const deadlines = { connectMs: 500, headersMs: 400, idleMs: 400, totalMs: 3000, pageMs: 3000 };
const quotas = { api: 1e6, resolvers: 1e6 };
const { fake, hub } = await hubRig({
	repos: [small, quants, big, pickled, disguised, gated],
	users,
	deadlines,
	quotas,
});
const home = temporaryFolder();
const fresh = () => mkdtempSync(join(home, 'case-'));
afterEach(() => {
	fake.clearFaults();
	fake.resetStats();
});

const cdnBytes = () => fake.stats.requests.filter(({ origin }) => origin === 'cdn').length;

describe('a download', () => {
	it('fills the shared cache as other tools do, with the files that are the model', async () => {
		const { get, root, bugs } = downloadsRig({ hub, folder: fresh() });
		const done = await get(orderOf('org/small'));
		const commit = small.refs.main ?? '';
		expect(done).toMatchObject({
			state: 'ready',
			error: null,
			warnings: [],
			revision: commit,
			ref: 'main',
			bytes: done.total,
		});
		const snapshot = snapshotOf(root, small);
		expect(done.path).toBe(snapshot);
		expect(listing(snapshot)).toEqual([
			...['README.md', 'config.json', 'model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'],
			...['model.safetensors.index.json', 'sub', 'sub/tokenizer_config.json', 'tokenizer.json'],
		]);
		const { sha256 = '' } =
			filesOf(small.commits[0] ?? { sha: '', files: {} }).get('model-00001-of-00002.safetensors') ?? {};
		expect(readlinkSync(join(snapshot, 'model-00001-of-00002.safetensors'))).toBe(`../../blobs/${sha256}`);
		expect(readlinkSync(join(snapshot, 'sub/tokenizer_config.json'))).toMatch(
			/^\.\.\/\.\.\/\.\.\/blobs\/[0-9a-f]{40}$/,
		);
		expect(readFileSync(join(snapshot, '../../refs/main'), 'utf8')).toBe(commit);
		expect(readFileSync(join(root, 'CACHEDIR.TAG'), 'utf8')).toMatch(/^Signature: 8a477f597d28d172789f06886806bc55/);
		expect(listing(join(snapshot, '../../blobs')).every((name) => /^[0-9a-f]{40,64}$/.test(name))).toBe(true);
		expect(wrongFiles(root, small)).toEqual([]);
		expect(fake.stats.tokensAtCdn).toBe(0);
		const found = await new Inventory({ root }).files('org/small');
		expect(found?.commit).toBe(commit);
		expect(found?.files.map(({ path }) => path).sort()).toEqual(done.files.map(({ path }) => path).sort());
		expect(bugs).toEqual([]);
	});

	it('asks for nothing twice: the same order is the same download, whole files are not fetched again', async () => {
		const folder = fresh();
		const { downloads, get, root } = downloadsRig({ hub, folder });
		const first = await get(orderOf('org/small'));
		fake.resetStats();
		expect((await downloads.order(orderOf('org/small'))).id).toBe(first.id);
		expect(fake.stats.requests).toEqual([]);
		const other = await get(orderOf('org/small', { files: ['*.safetensors'] }));
		expect(other.id).not.toBe(first.id);
		expect([other.state, cdnBytes()]).toEqual(['ready', 0]);
		writeFileSync(join(root, 'models--org--small/blobs', first.files[0]?.digest ?? ''), 'broken');
		const again = await get(orderOf('org/small'));
		expect([again.state, again.id]).toEqual(['ready', first.id]);
		expect(wrongFiles(root, small)).toEqual([]);
	});

	it('takes one quantization with all its parts and the projector', async () => {
		const { get, root } = downloadsRig({ hub, folder: fresh() });
		expect((await get(orderOf('org/quants-GGUF', { quant: 'q8_0' }))).files.map(({ path }) => path).sort()).toEqual([
			...['README.md', 'mmproj-q-F16.gguf', 'q-Q8_0-00001-of-00002.gguf', 'q-Q8_0-00002-of-00002.gguf'],
		]);
		expect((await get(orderOf('org/quants-GGUF'))).files.map(({ path }) => path)).toContain('q-Q4_K_M.gguf');
		const none = await get(orderOf('org/quants-GGUF', { quant: 'Q2_K' }));
		expect(none.error).toEqual({
			code: 'not_found',
			message: 'org/quants-GGUF has no complete GGUF file "Q2_K": it has Q8_0, Q4_K_M, F16.',
			retriable: false,
		});
		expect(wrongFiles(root, quants)).toEqual([]);
	});

	it('[S56] refuses pickles, named or disguised, unless that was allowed', async () => {
		const { get, root } = downloadsRig({ hub, folder: fresh() });
		const refused = await get(orderOf('org/pickled'));
		expect(refused.error).toMatchObject({
			code: 'unsafe_format',
			message: expect.stringMatching(
				/^pytorch_model\.bin of org\/pickled is in a format that can run code when it is loaded; allow/,
			),
		});
		expect((await get(orderOf('org/pickled', { allow_unsafe: true }))).state).toBe('ready');
		const hidden = await get(orderOf('org/disguised'));
		expect(hidden.error).toMatchObject({ code: 'unsafe_format' });
		expect(listing(snapshotOf(root, disguised))).toEqual([]);
		expect((await get(orderOf('org/disguised', { allow_unsafe: true }))).state).toBe('ready');
	});
});
