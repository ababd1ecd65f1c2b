// What runs and what fits on the command line: the same answers as the API, and codes that scripts can ask for.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runtimeIds } from '#lib/core/runtime.ts';
import { startServer } from '../support/built-server.ts';
import { env, home, hub, run } from '../support/commands-rig.ts';

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
		['fit org/fits --runtime olama', '"olama" is not a value for runtime: did you mean ollama?'],
		['fit org/fits --contxt 4k', 'There is no option "--contxt". Did you mean --context?'],
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
