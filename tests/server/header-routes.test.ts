// What the built product says of headers: the config of a GGUF repository, the header of any weight file, the commands.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt, modeldex, startServer, type BuiltServer } from '../support/built-server.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { startFakeHub, type FakeHub } from '../support/fake-hub.ts';
import { mixture, tinyModel, tinyParameters } from '../support/gguf-models.ts';
import { ggufSize, writeGguf } from '../support/gguf-writer.ts';
import { writeSafetensors } from '../support/safetensors-writer.ts';

const gguf = { tags: ['gguf'], gguf: { total: 5, architecture: 'llama' } };
const repos = [
	fakeRepo({
		id: 'heads/Tiny-GGUF',
		...gguf,
		files: { 'tiny-Q4_K_M.gguf': writeGguf(tinyModel()), 'broken-Q8_0.gguf': Buffer.alloc(500, 1) },
	}),
	fakeRepo({
		id: 'heads/Large-GGUF',
		...gguf,
		files: { 'large-Q4_K_M.gguf': { seed: 1, size: ggufSize(mixture), head: writeGguf({ ...mixture, bare: true }) } },
	}),
	fakeRepo({
		id: 'heads/Parts',
		files: {
			'config.json': JSON.stringify({ model_type: 'llama', hidden_size: 64, num_hidden_layers: 2 }),
			'model-00001-of-00002.safetensors': writeSafetensors({ 'lm_head.weight': { type: 'BF16', shape: [96, 64] } }),
			'model-00002-of-00002.safetensors': writeSafetensors({ 'a.weight': { type: 'F32', shape: [64] } }),
		},
	}),
	fakeRepo({ id: 'heads/Gated', gated: 'manual', files: { 'tiny.gguf': writeGguf(tinyModel()) } }),
	fakeRepo({ id: 'heads/Words', files: { 'README.md': '# Words', 'config.json': '{"model_type":"llama"}' } }),
];
let fake: FakeHub;
let server: BuiltServer;

beforeAll(async () => {
	ensureBuilt();
	fake = await startFakeHub({ repos });
	server = await startServer({ HF_HUB_OFFLINE: '0', HF_ENDPOINT: fake.url });
}, 300_000);
afterAll(async () => {
	await server.stop();
	await fake.close();
});

const get = (path: string) => fetch(server.url + path);
const codeOf = async (answer: Response) => [answer.status, (await answer.json()).error.code];

describe('GET /api/models/config/{id}', () => {
	it('answers from the header of a GGUF file when there is no config.json', async () => {
		const answer = await get('/api/models/config/heads/Tiny-GGUF');
		expect(answer.status).toBe(200);
		expect(await answer.json()).toMatchObject({
			config_status: 'missing',
			num_hidden_layers: 2,
			parameters: { total: tinyParameters, source: 'gguf' },
			evidence: { num_hidden_layers: { file: 'tiny-Q4_K_M.gguf', path: 'llama.block_count' } },
		});
	});
});

describe('GET /api/models/headers/{id}', () => {
	it('says what a GGUF file holds', async () => {
		const answer = await get('/api/models/headers/heads/Large-GGUF?path=large-Q4_K_M.gguf');
		expect(await answer.json()).toMatchObject({
			id: 'heads/Large-GGUF',
			format: 'gguf',
			source: 'hub',
			revision: repos[1]?.refs['main'],
			parameters: 30_532_122_624,
			active_parameters: 3_041_867_776,
			quantization: 'Q4_K_M',
			architecture: 'qwen3moe',
			context_length: 40_960,
			metadata: { 'qwen3moe.block_count': 48, 'tokenizer.ggml.tokens': { count: 2, items: null } },
		});
	});

	it('adds up the parts of a split file, asked by any of them', async () => {
		const answer = await get('/api/models/headers/heads/Parts?path=model-00002-of-00002.safetensors');
		expect(await answer.json()).toMatchObject({
			format: 'safetensors',
			parts: 2,
			parts_read: 2,
			parameters: 6144 + 64,
			files: [{ path: 'model-00001-of-00002.safetensors' }, { path: 'model-00002-of-00002.safetensors' }],
			metadata: null,
		});
	});

	it.each([
		['heads/Tiny-GGUF?path=broken-Q8_0.gguf', 422, 'invalid_gguf'],
		['heads/Tiny-GGUF?path=other.gguf', 404, 'not_found'],
		['heads/Tiny-GGUF?path=config.json', 400, 'invalid_query'],
		['heads/Tiny-GGUF?path=../../x.gguf', 400, 'invalid_query'],
		['heads/Tiny-GGUF', 400, 'invalid_query'],
		['heads/Tiny-GGUF?path=a.gguf&colour=blue', 400, 'unknown_field'],
		['heads/Tiny-GGUF?path=a.gguf&revision=../x', 400, 'invalid_revision'],
		['heads/Nothing?path=a.gguf', 404, 'not_found'],
		['heads/Gated?path=tiny.gguf', 403, 'gated'],
		['a/b/c?path=a.gguf', 400, 'invalid_model_id'],
	])('refuses %s', async (query, status, code) => {
		expect(await codeOf(await get(`/api/models/headers/${query}`))).toEqual([status, code]);
	});
});

describe('modeldex info --headers', () => {
	const run = (...words: string[]) => modeldex(words, { HF_HUB_OFFLINE: '0', HF_ENDPOINT: fake.url });

	it('shows the header of the file that stands for the model', async () => {
		const { code, stdout } = await run('info', 'heads/Tiny-GGUF', '--headers');
		expect(code).toBe(0);
		expect(stdout).toMatch(/from the header of tiny-Q4_K_M\.gguf/);
		expect(stdout).toMatch(/Header of tiny-Q4_K_M\.gguf\n +14\.5K weights · 4\.86 bits each · Q4_0 99 %, F32 1 %/);
		expect(stdout).toMatch(/Template default +14 bytes/);
	}, 60_000);

	it('gives it to programs, of a file that is named', async () => {
		const file = 'model-00001-of-00002.safetensors';
		const { code, stdout } = await run('info', 'heads/Parts', '--file', file, '--json');
		expect(code).toBe(0);
		expect(JSON.parse(stdout).header).toMatchObject({ parameters: 6208, parts: 2 });
	}, 60_000);

	it('ends with 6 for a broken header and 5 when there is none', async () => {
		expect((await run('info', 'heads/Tiny-GGUF', '--file', 'broken-Q8_0.gguf')).code).toBe(6);
		expect((await run('info', 'heads/Words', '--headers')).code).toBe(5);
	}, 60_000);
});
