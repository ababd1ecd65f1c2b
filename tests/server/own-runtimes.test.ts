// `runtimes:` of the registry file: profiles of one's own wherever profiles are listed, filters, answers and defaults included.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { memoryOfRuntime } from '#lib/core/fit.ts';
import { emptyQuery } from '#lib/core/query.ts';
import { parseQuery } from '#lib/core/query-url.ts';
import { modelsConfigSchema } from '#lib/core/registry/config.ts';
import { runtimeProfile } from '#lib/core/runtime-profiles.ts';
import { parseRuntime, runtimeName } from '#lib/core/runtime.ts';
import { createApp, type App } from '#lib/server/app.ts';
import { readSettings } from '#lib/server/config.ts';
import { faultLine, readYaml } from '#lib/server/registry/yaml.ts';
import { commands } from '../../src/cli/commands.ts';
import { Terminal } from '../../src/cli/terminal.ts';
import { temporaryFolder } from '../support/folder.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const home = temporaryFolder();
const file = join(home, 'registry.yaml');
const text = `version: 1
runtimes:
  gpu-boxes:
    base: vllm
    name: Our GPU boxes
    version: "0.8.5"
    context: 4096
    formats: [safetensors]
    quantization: [awq]
    architectures: [LlamaForCausalLM]
  everything-else: { base: vllm, without: [LlamaForCausalLM] }
`;
let app: App;

beforeAll(async () => {
	writeFileSync(file, text);
	const settings = readSettings({ MODELDEX_HOME: home, HOME: home, HF_HUB_OFFLINE: '1' }, () => null);
	app = await createApp({ settings, version: '1.2.3', background: false });
});
afterAll(() => app.close());

/** The runtimes of the app as they are now. */
const known = () => app.catalog.runtimes;
const parse = (name: string) => parseRuntime(name, known());
const asked = () => parseQuery(new URLSearchParams('runtime=gpu-boxes'), { strict: true, runtimes: known() });

const count = (runtime: string) => app.catalog.list({ ...emptyQuery, runtime, source: 'hub' }).total;

describe('a runtime of the registry file', () => {
	it('is known by every spelling of its id and name, after those that are known by themselves', () => {
		const { ids } = known();
		expect(ids.slice(-2)).toEqual(['gpu-boxes', 'everything-else']);
		expect(ids.map(parse)).toEqual(ids);
		expect(['gpu_boxes', 'our gpu boxes'].map(parse)).toEqual(['gpu-boxes', 'gpu-boxes']);
		expect(ids.slice(-2).map((id) => runtimeName(id, known()))).toEqual(['Our GPU boxes', 'everything-else']);
		expect(() => parse('gpu-boxxes')).toThrow('did you mean gpu-boxes?');
	});

	it('filters the list by its own lists, and is counted', () => {
		const [vllm, boxes, rest] = [count('vllm'), count('gpu-boxes'), count('everything-else')];
		expect(boxes).toBeGreaterThan(0);
		expect(rest).toBeGreaterThan(0);
		expect(boxes).toBeLessThan(vllm);
		expect(rest).toBeLessThan(vllm);
		const { models, facets } = app.catalog.list({ ...emptyQuery, runtime: 'gpu-boxes', limit: 200 });
		for (const { architectures } of models)
			expect(architectures?.map((name) => name.toLowerCase())).toContain('llamaforcausallm');
		expect(facets['runtime']?.find(({ value }) => value === 'gpu-boxes')?.count).toBe(boxes);
		expect(asked().runtime).toBe('gpu-boxes');
	});

	it('answers for one model with its own limits, and says where they are from', async () => {
		const [{ id } = { id: '' }] = app.catalog.list({ ...emptyQuery, runtime: 'gpu-boxes', min_context: 8192 }).models;
		const { runtimes } = await app.compatibility.read(id, { runtimes: ['gpu-boxes', 'everything-else', 'vllm'] });
		const [boxes, rest, vllm] = runtimes;
		expect(boxes).toMatchObject({ runtime: 'gpu-boxes', compatible: true });
		expect(boxes?.warnings.join(' ')).toMatch(/4,096/);
		expect(rest).toMatchObject({ runtime: 'everything-else', compatible: false });
		expect(vllm).toMatchObject({ runtime: 'vllm', compatible: true });
		expect(runtimeProfile('gpu-boxes', known()).source).toMatch(/^the registry file, on top of vLLM/);
		expect((await app.compatibility.read(id)).runtimes.map(({ runtime }) => runtime)).toEqual(known().ids);
		expect((await app.compatibleModels.find({ runtime: 'gpu-boxes', limit: 3 })).models).toHaveLength(3);
	});

	it('needs the memory of the one behind it, and may be the default of new browsers', async () => {
		expect(memoryOfRuntime('gpu-boxes', known())?.label).toBe('vLLM');
		const defaults = { runtime: 'gpu-boxes', context: 8192, cache_bits: 16 };
		await app.preferences.save({ modeldex_settings: 1, defaults });
		expect(app.preferences.place.runtime).toBe('gpu-boxes');
	});

	it('changes with the file, and goes with it', async () => {
		const before = [count('gpu-boxes'), app.catalog.version] as const;
		await app.routing.registryFile.save(text.replace('[LlamaForCausalLM]', '[Qwen2ForCausalLM, LlamaForCausalLM]'));
		expect(count('gpu-boxes')).toBeGreaterThan(before[0]);
		expect(app.catalog.version).not.toBe(before[1]);
		await app.routing.registryFile.save('version: 1\n');
		expect(known().ids).not.toContain('gpu-boxes');
		expect(asked).toThrow('is not a value for runtime');
		expect(() => count('gpu-boxes')).toThrow('"gpu-boxes" is not a value for runtime');
		expect(app.preferences.place).toMatchObject({ runtime: null, gone: 'gpu-boxes' });
		await app.routing.registryFile.save(text);
		expect(count('gpu-boxes')).toBe(before[0]);
		expect(app.preferences.place.runtime).toBe('gpu-boxes');
	});

	it('is asked for on the command line', async () => {
		const out: string[] = [];
		const env = { MODELDEX_HOME: home, HOME: home, HF_HUB_OFFLINE: '1' };
		const stdout = { write: (said: string) => out.push(said) };
		const stderr = { write: () => {} };
		const terminal = new Terminal({ stdout, stderr, env, build: '', version: '1.2.3', json: true });
		const search = commands.find(({ name }) => name === 'search');
		await search?.run(['--runtime', 'gpu-boxes', '--limit', '1'], terminal);
		expect(JSON.parse(out.join(''))).toMatchObject({ total: count('gpu-boxes'), models: [{}] });
	});
});

describe('a file', () => {
	const faults = (lines: string) =>
		readYaml('r.yaml', `version: 1\nruntimes:\n${lines}`, modelsConfigSchema).faults.map(faultLine);

	it.each([
		['  x: { base: vlm }\n', /^r\.yaml:3:14 runtimes\.x\.base: is one of llm-worker, vllm/],
		['  x: { name: X }\n', /runtimes\.x\.base: is one of/],
		['  vLLM: { base: vllm }\n', /runtimes\.vLLM: is no name/],
		['  v.llm: { base: vllm }\n', /runtimes\.v\.llm: is too much like the name of vllm/],
		[
			'  x:\n    base: vllm\n    formats: [gguf, onnx]\n',
			/^r\.yaml:5:\d+ runtimes\.x\.formats\.\d: is not loaded by vllm/,
		],
		[
			'  x:\n    base: mlx-vlm\n    quantization: [mlx, exl3]\n',
			/^r\.yaml:5:25 runtimes\.x\.quantization\.1: is not loaded/,
		],
		[
			'  x:\n    base: vllm\n    contxt: 5\n',
			/^r\.yaml:5:5 runtimes\.x\.contxt: is not known here; did you mean context\?/,
		],
		['  x: { base: vllm, context: 0 }\n', /runtimes\.x\.context/],
		['  x: { base: vllm, add: ["a b"] }\n', /runtimes\.x\.add\.0: is no name of an architecture/],
	])('with %j is refused with its place', (lines, says) => {
		expect(faults(lines).join('\n')).toMatch(says);
	});
});
