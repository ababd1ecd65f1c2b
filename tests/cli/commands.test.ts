// The other commands as processes: the same answers as the API, one document for scripts, sentences and codes for failures.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyQuery } from '#lib/core/query.ts';
import { modeldex, startServer } from '../support/built-server.ts';
import { env, evil, home, hub, run } from '../support/commands-rig.ts';

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
		expect((await run('search --family Qwenn')).stderr).toBe('There is no family "Qwenn". Did you mean Qwen?\n');
		expect((await run('search --context 4k')).stderr).toContain('it goes with --fits');
		expect(await run('search --show-incompatible true')).toMatchObject({ code: 2, stdout: '' });
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
