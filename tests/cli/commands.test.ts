// The other commands as processes: the same answers as the API, one document for scripts, sentences and codes for failures.
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { emptyQuery } from '#lib/core/query.ts';
import { runtimeIds } from '#lib/core/runtime.ts';
import { ensureBuilt, modeldex, startServer } from '../support/built-server.ts';
import { startFakeHub, type FakeHub } from '../support/fake-hub.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';

const config = { model_type: 'llama', architectures: ['LlamaForCausalLM'], hidden_size: 64, num_hidden_layers: 2 };
const shapes = {
	...{ ...config, hidden_size: 512, num_hidden_layers: 8, num_attention_heads: 8, num_key_value_heads: 2 },
	...{ intermediate_size: 1024, vocab_size: 32_000, max_position_embeddings: 4096, torch_dtype: 'bfloat16' },
};
const evil = 'org/evil';
vi.setConfig({ testTimeout: 60_000 }); // each command is a process, and the machine may be busy

let home: string;
let hub: FakeHub;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
	ensureBuilt();
	home = mkdtempSync(join(tmpdir(), 'modeldex-commands-'));
	const trap = { ...config, model_type: 'x\u001b[2J\u009b31m\u202egnp', architectures: ['A\r\nB'] };
	hub = await startFakeHub({
		repos: [
			fakeRepo({ id: 'org/small', files: { 'config.json': JSON.stringify(config) } }),
			fakeRepo({ id: 'org/gguf', tags: ['gguf'], gguf: { architecture: 'llama' }, files: { 'm-Q4_K_M.gguf': 'GGUF' } }),
			fakeRepo({
				id: 'org/fits',
				files: {
					'config.json': JSON.stringify(shapes),
					'model.safetensors': { seed: 1, size: 1_000_000 },
				},
			}),
			fakeRepo({ id: evil, files: { 'config.json': JSON.stringify(trap) } }),
			fakeRepo({ id: 'org/closed', gated: 'manual', files: { 'config.json': JSON.stringify(config) } }),
		],
	});
	env = { MODELDEX_HOME: join(home, 'data'), HF_ENDPOINT: hub.url, HF_HUB_OFFLINE: '0' };
}, 180_000);
afterAll(async () => {
	await hub.close();
	rmSync(home, { recursive: true, force: true });
});

const run = (words: string, more: NodeJS.ProcessEnv = {}) => modeldex(words.split(' '), { ...env, ...more });

describe('modeldex search', () => {
	it('gives what the API gives, filter by filter', async () => {
		const server = await startServer({ MODELDEX_HOME: join(home, 'server') });
		const cases: [string, string][] = [
			['q=qwen3&family=Qwen&limit=5', 'qwen3 --family Qwen --limit 5'],
			[
				'quantization=4&quantization=8&sort=params&order=asc',
				'--quantization 4 --quantization 8 --sort params --order asc',
			],
			[
				'min_params=7B&max_params=9B&min_context=32k&kind=gen',
				'--min-params 7B --max-params 9B --min-context 32k --kind gen',
			],
			[
				'fits=8GB&context=16k&sort=size&order=asc&limit=20',
				'--fits 8GB --context 16k --sort size --order asc --limit 20',
			],
			[
				'modality=multimodal&gated=false&source=all&license=apache-2.0',
				'--modality multimodal --gated false --source all --license apache-2.0',
			],
			['runtime=vllm&show_incompatible=true&limit=60', '--runtime vLLM --show-incompatible true --limit 60'],
			['runtime=llm-worker&family=Gemma', '--runtime llm-worker --family Gemma'],
			[
				'size_class=small&weight_class=to-4gb&weight_class=4-8gb&sort=size',
				'--size-class small --weight-class to-4gb --weight-class 4-8gb --sort size',
			],
			['q=qwen3&group=base&fits=16GB&limit=20', 'qwen3 --group base --fits 16GB --limit 20'],
			['group=base&runtime=vllm&limit=5', '--group base --runtime vllm --limit 5'],
		];
		for (const [query, words] of cases) {
			const api = await (await fetch(`${server.url}/api/models?${query}`)).json();
			const { code, stdout } = await run(`search ${words} --json`);
			expect(code).toBe(0);
			const { schemaVersion, ...page } = JSON.parse(stdout);
			expect(schemaVersion).toBe(1);
			expect(page).toEqual(api);
		}
		await server.stop();
	});

	it('knows every filter there is', async () => {
		const { stdout } = await run('search --help --json');
		const { command } = JSON.parse(stdout);
		const names = command.arguments.map(({ name }: { name: string }) => name.replaceAll('-', '_'));
		for (const name of Object.keys(emptyQuery)) expect(names).toContain(name === 'q' ? 'text' : name);
	});

	it('prints a table on stdout and the count on stderr', async () => {
		const { stdout, stderr } = await run('search qwen3 --limit 3');
		const lines = stdout.trimEnd().split('\n');
		expect(lines).toHaveLength(4);
		expect(lines[0]).toMatch(/^Model +Family +Params +Context +Weights +Downloads$/);
		expect(stderr).toMatch(/^3 of \d+; more with --limit or --cursor/);
		expect(stdout).not.toContain('\u001b');
	});

	it('prints the packings of a base model and the one to take below its row', async () => {
		const { stdout, stderr } = await run('search qwen3-8b --group base --fits 24GB --sort name --limit 10');
		expect(stdout).toMatch(/^Qwen\/Qwen3-8B .*\n {2}\d+ packings? .*\bTake \S+: The largest packing that fits/m);
		expect(stderr).toMatch(/^\d+ of \d+ rows for \d+ models/);
		const { models, total, matching } = JSON.parse((await run('search --group base --limit 1 --json')).stdout);
		expect(models).toHaveLength(1);
		expect(total).toBeLessThan(matching);
	});

	it('takes nothing found for an answer and a wrong filter for an error', async () => {
		expect(await run('search no-such-model-anywhere')).toEqual({ code: 0, stdout: '', stderr: 'No model matches.\n' });
		const wrong = await run('search --quantization 7');
		expect([wrong.code, wrong.stdout]).toEqual([2, '']);
		expect(wrong.stderr).toMatch(/^"7" is not a value for quantization: expected .*\n$/);
	});
});

describe('modeldex info', () => {
	it('reads the configuration and says where each fact is from', async () => {
		const { code, stdout } = await run('info org/small --evidence');
		expect(code).toBe(0);
		expect(stdout).toMatch(/^org\/small\nFrom the Hub at [0-9a-f]{12}/);
		expect(stdout).toMatch(/Family +Llama\n +config\.json model_type: /);
		const json = JSON.parse((await run('info org/small --json')).stdout);
		expect(json).toMatchObject({
			schemaVersion: 1,
			characteristics: { id: 'org/small', model_type: 'llama', hidden_size: 64 },
		});
	});

	it('asks nothing for an id that is none', async () => {
		hub.resetStats();
		for (const id of [
			'../../etc',
			'org/../../x',
			'org/m?x=1',
			'org/m#f',
			'org/m%2f..',
			'a'.repeat(300),
			'ORG/модель',
			'org/m\u001b',
			'x..y',
		]) {
			const { code, stdout, stderr } = await modeldex(['info', id], env);
			expect([code, stdout]).toEqual([2, '']);
			expect(stderr).toMatch(/^".*" is not a model id: expected "owner\/name" or "name"\.\n$/);
		}
		expect((await run('info -rf/x')).code).toBe(2);
		expect((await run('info')).stderr).toBe('<id> is missing. "modeldex help info" shows how.\n');
		expect(hub.stats.requests).toEqual([]);
	});

	it.each([
		['org/none', 5, 'not_found'],
		['org/closed', 9, 'gated'],
	])('answers for %s with exit code %i', async (id, exit, code) => {
		const told = await run(`info ${id} --json`);
		expect(told.code).toBe(exit);
		expect(JSON.parse(told.stdout)).toEqual({
			schemaVersion: 1,
			error: { code, message: expect.stringMatching(/\.$/) },
		});
		expect(told.stderr).toMatch(/^[^\n]+\.\n$/);
	});

	it('shows what a terminal would obey as a replacement character, and escapes it in JSON', async () => {
		for (const words of [`info ${evil}`, `info ${evil} --evidence`, `info ${evil} --json`]) {
			const { code, stdout, stderr } = await run(words);
			expect(code).toBe(0);
			expect(stdout + stderr).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
		}
		expect(JSON.parse((await run(`info ${evil} --json`)).stdout).characteristics.model_type).toContain('\u202e');
	});

	it('says what it could not ask when offline', async () => {
		const { code, stderr } = await run('info org/elsewhere --offline');
		expect(code).toBe(5);
		expect(stderr).toMatch(/HF_HUB_OFFLINE/);
	});
});

describe('modeldex compat', () => {
	it('says for every runtime whether it loads a model, and why not', async () => {
		const { code, stdout } = await run('compat org/small');
		expect(code).toBe(0);
		expect(stdout).toMatch(/^org\/small\n\nLLM worker +no\n {2}The repository has no weights/);
		expect((await run('compat org/gguf')).stdout).toMatch(/^llama\.cpp +yes\n {2}llama is on the list/m);
		const { schemaVersion, id, runtimes } = JSON.parse((await run('compat org/small --json')).stdout);
		expect([schemaVersion, id, runtimes.length]).toEqual([1, 'org/small', runtimeIds.length]);
		for (const report of runtimes) {
			expect(Object.keys(report)).toEqual([
				'runtime',
				'compatible',
				'confidence',
				'reasons',
				'warnings',
				'recommendations',
				'fit',
			]);
			expect(report.reasons.length).toBeGreaterThan(0);
		}
	});

	it('takes a no for an answer, unless asked to check', async () => {
		for (const [words, exit] of [
			['org/gguf --runtime vllm', 0],
			['org/gguf --runtime vllm --check', 3],
			['org/gguf --runtime llama.cpp --check', 0],
			['org/gguf --runtime llama.cpp --runtime vllm --check', 3],
			['org/gguf --check', 0],
			['org/small --check --runtime ollama', 3],
		] as const) {
			expect([words, (await run(`compat ${words} --json`)).code]).toEqual([words, exit]);
		}
	});

	it('names the nearest runtime there is, and the model nobody has', async () => {
		const wrong = await run('compat org/small --runtime olama');
		expect([wrong.code, wrong.stdout]).toEqual([2, '']);
		expect(wrong.stderr).toMatch(/^"olama" is not a value for runtime: did you mean ollama\?/);
		expect((await run('compat org/none')).code).toBe(5);
		expect((await run('search --runtime olama')).code).toBe(2);
	});
});

describe('modeldex fit', () => {
	it('prints the sum term by term, with the verdict and the most context', async () => {
		const { code, stdout } = await run('fit org/fits --memory 2GiB --context 2k');
		expect(code).toBe(0);
		expect(stdout).toMatch(/^org\/fits\n {2}Weights +977 KiB {2}Bytes of the files \(model\.safetensors\), as the Hub/);
		expect(stdout).toMatch(/\n {2}KV cache +8 MiB {2}4,096 bytes per token × 2,048 tokens\. /);
		expect(stdout).toMatch(/\n {2}Runtime overhead +512 MiB /);
		expect(stdout).toMatch(/\n {2}Needed +521 MiB {2}within \d+(\.\d+)? %\n {2}Available +2 GiB /);
		expect(stdout).toMatch(/\n\nIt fits\.\nThe most context that fits: 4,096 tokens\.\n$/);
	});

	it('gives what the API gives', async () => {
		const server = await startServer({ ...env, MODELDEX_HOME: join(home, 'fit-server'), HF_ENDPOINT: hub.url });
		const query = 'device=rtx-3060-12gb&context=1000&runtime=vllm&slots=2&cache_bits=8';
		const api = await (await fetch(`${server.url}/api/models/fit/org%2Ffits?${query}`)).json();
		const words = '--device rtx-3060-12gb --context 1000 --runtime vllm --slots 2 --cache-bits 8';
		const { schemaVersion, ...fit } = JSON.parse((await run(`fit org/fits ${words} --json`)).stdout);
		expect(schemaVersion).toBe(1);
		expect(fit).toEqual(api);
		expect(fit).toMatchObject({ verdict: 'fits', max_context: 4096 });
		const entered = {
			id: 'tiny',
			name: 'Tiny',
			kind: 'entered',
			memory_bytes: 2 ** 29,
			bandwidth_bytes_per_second: null,
			accelerator: 'other',
		};
		const body = JSON.stringify({ devices: [entered], current: 'tiny' });
		const headers = { 'content-type': 'application/json' };
		const saved = await fetch(`${server.url}/api/hardware`, { method: 'PUT', body, headers });
		expect([saved.status, (await saved.json()).current]).toEqual([200, 'tiny']);
		const now = await (await fetch(`${server.url}/api/models/fit/org/fits`)).json();
		expect(now).toMatchObject({ verdict: 'too_big', have_bytes: 2 ** 29 });
		await server.stop();
	});

	it('takes "no" and "not known" for answers, and for failures only with --check', async () => {
		const big = await run('fit org/fits --memory 100MB');
		expect(big.code).toBe(0);
		expect(big.stdout).toContain('It is too big.\nThe most context that fits: 0 tokens.');
		expect((await run('fit org/fits --memory 100MB --check')).code).toBe(3);
		expect((await run('fit org/fits --memory 2GiB --check')).code).toBe(0);
		const unknown = await run('fit org/small --memory 2GiB');
		expect(unknown).toMatchObject({ code: 0, stdout: expect.stringMatching(/ Unknown {2}Unknown: /) });
		expect((await run('fit org/small --memory 2GiB --check')).code).toBe(3);
	});

	it('lists the devices without a model', async () => {
		const { code, stdout, stderr } = await run('fit');
		expect(code).toBe(0);
		expect(stdout).toMatch(/^[ *] cpu {2,}detected .* usable\)$/m);
		expect(stdout).toMatch(/^ {2}m2-16gb +preset +Apple M2 16 GB \(10\.7 GiB of 16 GiB usable, 100 GB\/s\)$/m);
		expect(stderr).toContain('* is the current device');
		const { devices, current } = JSON.parse((await run('fit --json')).stdout);
		expect(devices.map(({ id }: { id: string }) => id)).toContain(current);
	});

	it.each([
		['fit org/fits --device nothing', 'There is no device "nothing"'],
		['fit org/fits --memory much', 'There is no device "much"'],
		['fit org/fits --device cpu --memory 1GB', 'Give --device or --memory, not both.'],
		['fit org/fits --context long', '"long" is not a value for context'],
		['fit org/fits --cache-bits 7', '"7" is not a value for cache_bits'],
		['fit org/fits --slots 0', '"0" is not a value for slots'],
		['fit ../../etc', 'is not a model id'],
	])('refuses "%s"', async (words, says) => {
		const { code, stdout, stderr } = await run(words);
		expect([code, stdout]).toEqual([2, '']);
		expect(stderr).toContain(says);
	});

	it('filters lists', async () => {
		const all = JSON.parse((await run('search --fits 64GB --context 4k --json')).stdout).total;
		const few = JSON.parse((await run('search --fits 2GB --context 4k --json')).stdout).total;
		expect(few).toBeGreaterThan(0);
		expect(all).toBeGreaterThan(few);
		expect(JSON.parse((await run('search --fits cpu --json')).stdout).total).toBeGreaterThan(0);
		expect(await run('search --fits nothing')).toMatchObject({ code: 2, stdout: '' });
	});
});

describe('modeldex doctor', () => {
	it('finds a machine well', async () => {
		const { code, stdout } = await run('doctor --json', { HF_TOKEN: 'hf_CANARYCANARYCANARY' });
		const { healthy, findings } = JSON.parse(stdout);
		expect([code, healthy]).toEqual([0, true]);
		expect(findings.map(({ name }: { name: string }) => name)).toEqual([
			'node',
			'data folder',
			'database',
			'hub',
			'token',
			'model cache',
		]);
		expect(stdout).toContain('there is one');
		expect(stdout).not.toContain('CANARY');
	});

	it('says what is wrong, one line each, and fails', async () => {
		const taken = join(home, 'a-file');
		writeFileSync(taken, '');
		const { code, stdout } = await run('doctor', { MODELDEX_HOME: join(taken, 'data') });
		expect(code).toBe(3);
		expect(stdout).toMatch(/^FAIL {2}data folder: .* cannot be written \(ENOTDIR\); set MODELDEX_HOME$/m);
	});

	it('does not call a Hub that is away a failure', async () => {
		mkdirSync(join(home, 'hub'), { recursive: true });
		const { code, stdout } = await run('doctor', {
			HF_ENDPOINT: 'http://127.0.0.1:9',
			HF_HUB_CACHE: join(home, 'hub'),
		});
		expect(code).toBe(0);
		expect(stdout).toMatch(/^note {2}hub: The Hub cannot be reached .* \(what is stored here still works\)$/m);
		expect(stdout).toMatch(/^ok {4}model cache: .* holds 0 models$/m);
	});
});

describe('help', () => {
	it('lists the commands and explains each from the same table', async () => {
		const { stdout } = await run('help');
		for (const name of ['serve', 'search', 'info', 'fit', 'compat', 'discover', 'doctor', 'help']) {
			expect(stdout).toMatch(new RegExp(`^ {2}${name}\\b`, 'm'));
			expect((await run(`help ${name}`)).stdout).toContain(`modeldex ${name}`);
		}
		expect((await run('info --help')).stdout).toBe((await run('help info')).stdout);
		expect(await run('help nonsense')).toMatchObject({
			code: 2,
			stderr: 'There is no command "nonsense"; "modeldex help" lists them.\n',
		});
		expect((await run('nonsense')).code).toBe(2);
	});
});
