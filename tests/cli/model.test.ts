// `modeldex model …` as processes over real folders: what they print, what they change, and their exit codes.
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { namedModels } from '#lib/core/tables/named-models.ts';
import { ensureBuilt, modeldex } from '../support/built-server.ts';
import { startFakeHub, type FakeHub } from '../support/fake-hub.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { blobName, cacheModel } from '../support/hub-cache.ts';
import { ollamaModel, put, sha256 } from '../support/local-stores.ts';
import { writeGguf } from '../support/gguf-writer.ts';

vi.setConfig({ testTimeout: 60_000 }); // each command is a process, and the machine may be busy

const a = 'a'.repeat(40);
const config = {
	model_type: 'llama',
	architectures: ['LlamaForCausalLM'],
	hidden_size: 64,
	num_hidden_layers: 2,
	max_position_embeddings: 4096,
};
const files = {
	'config.json': JSON.stringify(config),
	'model.safetensors': 'weights'.repeat(20),
	'chat_template.jinja': '{{ messages }}',
};
const gguf = writeGguf({ keys: { 'general.architecture': 'llama' }, tensors: [] });

let home: string;
let cache: string;
let hub: FakeHub;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
	ensureBuilt();
	home = mkdtempSync(join(tmpdir(), 'modeldex-model-'));
	cache = join(home, '.cache', 'huggingface', 'hub');
	const moved = { ...config, max_position_embeddings: 8192 };
	hub = await startFakeHub({
		repos: [
			fakeRepo({
				id: 'org/kept',
				files: {
					'config.json': JSON.stringify(moved),
					'model.safetensors': 'other weights',
					'chat_template.jinja': '{{ system }}',
				},
			}),
		],
	});
	env = { HOME: home, MODELDEX_HOME: join(home, 'data'), HF_ENDPOINT: hub.url, HF_HUB_OFFLINE: '0' };
}, 180_000);
afterAll(async () => {
	await hub.close();
	rmSync(home, { recursive: true, force: true });
});

const run = (words: string, more: NodeJS.ProcessEnv = {}) => modeldex(words.split(' '), { ...env, ...more });
const json = async (words: string) => {
	const { code, stdout } = await run(`${words} --json`);
	return { code, ...JSON.parse(stdout) };
};

describe('modeldex model', () => {
	it('lists, shows and finds what every tool keeps', async () => {
		expect(await run('model list')).toMatchObject({
			code: 0,
			stdout: '',
			stderr: expect.stringContaining('No model is on this machine.'),
		});
		cacheModel(cache, { id: 'org/kept', commit: a, files });
		ollamaModel(join(home, '.ollama', 'models'), { address: 'registry.ollama.ai/library/small/1b', weights: gguf });
		const { stdout, stderr } = await run('model list');
		expect(stdout).toMatch(
			/^Model +Size +Kept by +Commit +Last used\norg\/kept +\S+ (B|KiB) +Hugging Face cache +aaaaaaaaaaaa /,
		);
		expect(stdout).toMatch(/ollama\.local\/small-1b .*Ollama/);
		expect(stderr).toMatch(/^2 copies, .* free\.\n$/);
		const listed = await json('model list --tool huggingface');
		expect(listed).toMatchObject({
			schemaVersion: 1,
			models: [{ id: 'org/kept', tool: 'huggingface', partial: false }],
		});
		const shown = await json('model info small:1b');
		expect(shown.copies[0]).toMatchObject({
			id: 'ollama.local/small-1b',
			characteristics: { architecture_family: 'Llama' },
		});
		expect(shown.copies[0].info).toMatchObject({ name: 'small:1b', metadata: { version: null } });
		expect((await run('model path org/kept')).stdout).toBe(`${join(cache, 'models--org--kept', 'snapshots', a)}\n`);
		expect((await run('model path org/kept --file config.json')).stdout).toContain(`${a}/config.json`);
		expect((await run('model path org/kept --file none.json')).code).toBe(4);
		expect((await run('model list --folders')).stdout).toMatch(/Hugging Face cache .*hub\n +1 copy, /);
		expect((await run('model list --duplicates')).stderr).toBe('No bytes are known to be here twice.\n');
	});

	it.each([
		['model list --tool olama', '"olama" is not a value for --tool: did you mean ollama? Expected huggingface, '],
		['model list --named --folders', 'Give one of --named, --folders and --duplicates.'],
		['model list --read', '--read goes with --duplicates.'],
		['model list --tool ollama --folders', '--tool goes with the list of copies alone.'],
		['model lst', 'There is no command "model lst"'],
		['serch', 'Did you mean search?'],
	])('refuses "%s"', async (words, says) => {
		const { code, stdout, stderr } = await run(words);
		expect([code, stdout]).toEqual([2, '']);
		expect(stderr).toContain(says);
	});

	it('says how to get what is not here, and what words there are', async () => {
		const missing = await run('model info org/none');
		expect(missing).toMatchObject({ code: 4, stderr: expect.stringContaining('modeldex model download org/none') });
		const named = await run('model info multilingual-e5-small');
		expect(named.stderr).toContain('modeldex model download Xenova/multilingual-e5-small');
		expect(await run('model')).toMatchObject({
			code: 2,
			stderr: expect.stringMatching(/needs a word more: list, download, info, /),
		});
		expect(await run('model frobnicate')).toMatchObject({ code: 2 });
		expect((await run('help model')).stdout).toContain('model list [options]');
		expect((await run('model remove --help')).stdout).toContain('modeldex model remove <model> [options]');
		const { models } = await json('model list --named');
		expect(models.map(({ name }: { name: string }) => name)).toEqual(namedModels.map(({ name }) => name));
		expect(models.at(-1).locked).toMatch(/licence/);
	});

	it('locks, verifies against the lock, and says in words what moved', async () => {
		const file = join(home, 'modeldex.lock');
		expect(await run(`model lock org/kept --file ${file}`, { HF_HUB_OFFLINE: '1' })).toMatchObject({
			code: 0,
			stdout: `org/kept ${a}\n`,
		});
		const locked = JSON.parse(readFileSync(file, 'utf8'));
		expect(locked.models['org/kept']).toMatchObject({
			commit: a,
			context_window: 4096,
			template_sha256: sha256('{{ messages }}'),
		});
		expect(locked.models['org/kept'].files['model.safetensors']).toEqual({
			size: 140,
			sha256: sha256(files['model.safetensors']),
			git: null,
		});
		const text = readFileSync(file, 'utf8');
		await run(`model lock --file ${file}`, { HF_HUB_OFFLINE: '1' });
		expect(readFileSync(file, 'utf8')).toBe(text);
		expect(await run(`model verify --lock --file ${file}`)).toMatchObject({
			code: 0,
			stderr: '3 files: 0 wrong or missing, 0 of unknown content.\n',
		});
		const { stdout, code } = await run(`model drift --file ${file} --check`);
		expect(code).toBe(3);
		expect(stdout).toContain('1 weight file changed: model.safetensors.');
		expect(stdout).toContain('The chat template changed.');
		expect(stdout).toContain('The context window changed: 4,096 → 8,192 tokens.');
		expect((await run(`model drift --file ${file}`)).code).toBe(0);
		expect(await run(`model drift --file ${file}`, { HF_HUB_OFFLINE: '1' })).toMatchObject({ code: 5 });
		expect(await run(`model verify --lock --file ${join(home, 'no.lock')}`)).toMatchObject({ code: 2 });
		writeFileSync(file, text.replaceAll(a, 'b'.repeat(40)));
		expect((await run(`model verify --lock --file ${file}`)).code).toBe(4);
		writeFileSync(file, '{"version":1,"models":{"../x":{}}}');
		expect(await run(`model verify --lock --file ${file}`)).toMatchObject({
			code: 2,
			stderr: expect.stringContaining('is not a lock file'),
		});
	});

	it('finds a changed byte', async () => {
		const blob = join(cache, 'models--org--kept', 'blobs', blobName('model.safetensors', files['model.safetensors']));
		writeFileSync(blob, files['model.safetensors'].replace('w', 'v'));
		const wrong = await run('model verify org/kept');
		expect(wrong.code).toBe(6);
		expect(wrong.stdout).toMatch(/WRONG +model\.safetensors/);
		writeFileSync(blob, files['model.safetensors']);
		expect((await json('model verify --all')).ok).toBe(true);
	});

	it('brings models in, by copy and in place', async () => {
		const path = put(join(home, 'elsewhere', 'tiny.gguf'), gguf);
		expect((await json(`model import ${path} --as me/tiny --dry-run`)).files).toBe(1);
		expect(existsSync(join(home, 'data', 'models'))).toBe(false);
		const done = await run(`model import ${path} --as me/tiny`);
		expect([done.code, done.stdout]).toEqual([0, `${join(home, 'data', 'models', 'me', 'tiny')}\n`]);
		expect((await run(`model import ${path} --as me/tiny`)).code).toBe(2);
		expect((await run(`model import ${join(home, 'elsewhere')} --in-place`)).code).toBe(0);
		expect((await run('model path folder.local/tiny')).stdout).toBe(`${join(home, 'elsewhere')}\n`);
		expect((await run(`model import ${join(home, 'elsewhere')} --forget`)).code).toBe(0);
		expect((await run('model path folder.local/tiny')).code).toBe(4);
	});

	it('removes only after a yes, and prunes what no model needs', async () => {
		const asked = await run('model remove org/kept');
		expect(asked.code).toBe(2);
		expect(asked.stdout).toContain('goes   ');
		expect(asked.stderr).toContain('say so with --yes');
		expect((await json('model remove org/kept --dry-run')).removed).toBe(false);
		expect((await run('model remove small:1b --yes')).stderr).toContain('--confirm ollama.local/small-1b');
		expect((await run('model remove small:1b --confirm ollama.local/small-1b')).code).toBe(0);
		expect(readdirSync(join(home, '.ollama', 'models', 'blobs'))).toEqual([]);
		const folder = join(cache, 'models--org--kept');
		put(join(folder, 'blobs', `${'c'.repeat(64)}.incomplete`), 'dead');
		expect((await json('model prune --dry-run')).frees_bytes).toBe(4);
		expect((await run('model prune')).code).toBe(2);
		expect((await run('model prune --older-than 30d')).stderr).toBe('There is nothing to clear away.\n');
		expect(await run('model prune --yes')).toMatchObject({ code: 0, stderr: '4 B freed.\n' });
		expect((await run('model prune --kind nonsense')).code).toBe(2);
		expect((await run('model remove org/kept --yes')).code).toBe(0);
		expect(existsSync(folder)).toBe(false);
	});
});
