// The library entry as a program has it that depends on this package: its functions in plain Node, and its types.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { cleanEnvironment, ensureBuilt, projectFolder } from '../support/built-server.ts';
import { startFakeHub, type FakeHub } from '../support/fake-hub.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { temporaryFolder } from '../support/folder.ts';

vi.setConfig({ testTimeout: 120_000 }); // types are checked, and the machine may be busy

const home = temporaryFolder();
let hub: FakeHub;

beforeAll(async () => {
	ensureBuilt();
	const made = (id: string, model_type: string, name: string) =>
		fakeRepo({ id, tags: ['safetensors'], config: { model_type, architectures: [name] } });
	hub = await startFakeHub({
		repos: [made('org/llama', 'llama', 'LlamaForCausalLM'), made('org/bert', 'bert', 'BertForMaskedLM')],
	});
}, 240_000);
afterAll(() => hub.close());

/** Runs a program that imports the package by its name; what it gives back is JSON. */
async function program(source: string, env: NodeJS.ProcessEnv = {}): Promise<unknown> {
	const text = `import * as models from 'modeldex/models';\n${source}`;
	const child = spawn(process.execPath, ['--input-type=module', '-e', text], {
		cwd: projectFolder,
		env: { ...cleanEnvironment(home), HF_HUB_OFFLINE: '0', HF_ENDPOINT: hub.url, ...env },
	});
	const texts = { stdout: '', stderr: '' };
	child.stdout.setEncoding('utf8').on('data', (chunk: string) => (texts.stdout += chunk));
	child.stderr.setEncoding('utf8').on('data', (chunk: string) => (texts.stderr += chunk));
	const code = await new Promise((resolve) => child.once('close', resolve));
	expect([code, texts.stderr]).toEqual([0, '']);
	return JSON.parse(texts.stdout);
}

const write = 'process.stdout.write(JSON.stringify(answer));';

it('finds the models of a runtime, with and without the Hub', async () => {
	const ask = 'const answer = await models.getCompatibleHuggingFaceModels';
	const found = await program(`${ask}({ limit: 5, sort: 'likes' }); ${write}`);
	expect(found).toMatchObject({ checked: 2, kept: 1, source: 'hub', models: [{ id: 'org/llama' }] });
	const shipped = await program(`${ask}({ runtime: 'vLLM', limit: 7 }); ${write}`, { HF_HUB_OFFLINE: '1' });
	expect(shipped).toMatchObject({ kept: 7, source: 'catalog' });
	const refused = await program(
		`const answer = await models.getCompatibleHuggingFaceModels({ runtime: 'vlm' }).catch(({ code }) => code); ${write}`,
	);
	expect(refused).toBe('invalid_query');
});

it('reads, classifies and checks without a machine behind it', async () => {
	const answer = await program(`
		const config = { model_type: 'qwen3', architectures: ['Qwen3ForCausalLM'] };
		const row = models.recordFromListing({ id: 'org/m', tags: ['safetensors'], config }, 'hub', '2026-11-21');
		const { runtime, compatible } = models.checkCompatibility(models.subjectOf(row), models.runtimeProfile('vllm'));
		const facts = models.normalize({ id: 'org/m', source: 'hub', revision: null, fetchedAt: '', config });
		const answer = { runtime, compatible, family: facts.architecture_family, kind: facts.classification };
		${write}`);
	expect(answer).toEqual({ runtime: 'vllm', compatible: true, family: 'Qwen', kind: 'gen' });
});

it('has types', () => {
	const written = spawnSync(process.execPath, [join(projectFolder, 'scripts/library-types.mjs')], { encoding: 'utf8' });
	expect([written.status, written.stderr]).toEqual([0, '']);
	const consumer = join(projectFolder, 'consumer-of-the-library.ts');
	const text = `import { getCompatibleHuggingFaceModels, runtimeProfile, type ModelEntry } from 'modeldex/models';
		const { models, checked } = await getCompatibleHuggingFaceModels({ runtime: 'vllm', sort: 'likes', limit: 3 });
		export const first: ModelEntry | undefined = models[0];
		export const total: number = checked;
		export const version: string = runtimeProfile('vllm').version;
		// @ts-expect-error there is no such order
		await getCompatibleHuggingFaceModels({ sort: 'beauty' });
		// @ts-expect-error there is no such runtime
		runtimeProfile('vlm');`;
	const options = {
		module: ts.ModuleKind.NodeNext,
		moduleResolution: ts.ModuleResolutionKind.NodeNext,
		target: ts.ScriptTarget.ESNext,
		noEmit: true,
		strict: true,
		skipLibCheck: false,
		types: [],
	};
	const host = ts.createCompilerHost(options);
	const { readFile, fileExists } = host;
	host.readFile = (path) => (path === consumer ? text : readFile.call(host, path));
	host.fileExists = (path) => path === consumer || fileExists.call(host, path);
	const getSourceFile = host.getSourceFile.bind(host);
	host.getSourceFile = (path, ...rest) =>
		path === consumer ? ts.createSourceFile(path, text, ts.ScriptTarget.ESNext) : getSourceFile(path, ...rest);
	const found = ts.getPreEmitDiagnostics(ts.createProgram([consumer], options, host));
	const ours = found.filter(({ file }) => file === undefined || !file.fileName.includes('node_modules'));
	expect(ours.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))).toEqual([]);
});
