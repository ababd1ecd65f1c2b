// `classify` before anything is sorted: which model is asked, where none was named or it is not here, and where results go.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { Terminal } from '../../src/cli/terminal.ts';
import { fileSink } from '../../src/cli/classify-output.ts';
import { fakeRepo } from '../support/fake-hub-repo.ts';
import { startFakeHub, type FakeHub } from '../support/fake-hub.ts';
import { temporaryFolder } from '../support/folder.ts';
import { embeddingModel } from '../support/tiny-onnx.ts';
import { putModel } from '../support/tiny-graph.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const id = 'onnx-community/gte-multilingual-base';
const home = temporaryFolder();
const file = join(home, 'a.txt');
let hub: FakeHub;
let told = '';

beforeAll(async () => {
	hub = await startFakeHub({
		repos: [fakeRepo({ id, tags: ['license:apache-2.0'], files: embeddingModel({ pooling: 'cls' }) })],
	});
	putModel(join(home, 'data/models/tiny'), embeddingModel());
	mkdirSync(join(home, 'hub'));
	writeFileSync(file, 'soup and bread');
});
beforeEach(() => void (told = ''));
afterAll(() => hub.close());

interface Sitting {
	/** What the person types; left out where nobody sits there. */
	types?: string[];
	offline?: boolean;
}

async function classify(line: string, { types, offline = false }: Sitting = {}) {
	const out: string[] = [];
	const env = { MODELDEX_HOME: join(home, 'data'), HOME: home, HF_HUB_CACHE: join(home, 'hub'), HF_ENDPOINT: hub.url };
	const ask = async (question: string) => {
		told += question;
		return types?.shift() ?? '';
	};
	const terminal = new Terminal({
		stdout: { write: (text: string) => out.push(text) },
		stderr: { write: (text: string) => void (told += text), isTTY: types !== undefined },
		env: { ...env, HF_HUB_OFFLINE: offline ? '1' : '0' },
		...{ build: '', version: '1.2.3', json: false },
		...(types === undefined ? {} : { ask }),
	});
	const row = commands.find(({ name }) => name === 'classify');
	const words = ['-i', file, '--categories', 'creatures:animal,meals:food', ...line.split(' ').filter(Boolean)];
	return { code: await row?.run(words, terminal), text: out.join('') };
}

describe('a model that nobody named', () => {
	it('is a fault of a script, and a question to a person who is shown sizes and what each is good for', async () => {
		await expect(classify('')).rejects.toThrow('--model is missing');
		await expect(classify('', { types: ['99'] })).rejects.toThrow('"99" is none of the models');
		expect(told).toContain('multilingual-e5-small');
		expect(told).toMatch(/from 118 MB, mit; fast/);
		expect(told).not.toContain('llama');
		const { code, text } = await classify('', { types: ['tiny'] });
		expect([code, text]).toEqual([0, expect.stringMatching(/^meals/)]);
		expect((await classify('', { types: ['1'] })).text).toContain('no_rule');
	});
});

describe('a model that is not here', () => {
	it('is fetched for nobody who did not say so', async () => {
		const lost = { code: 'model_not_installed', exitCode: 4 };
		await expect(classify('--model gte-multilingual')).rejects.toMatchObject(lost);
		await expect(classify('--model gte-multilingual --yes --no-download')).rejects.toMatchObject(lost);
		await expect(classify('--model gte-multilingual --yes', { offline: true })).rejects.toMatchObject(lost);
		await expect(classify('--model gte-multilingual', { types: ['n'] })).rejects.toMatchObject(lost);
		expect(told).toMatch(/is not here yet: .+ of onnx-community\/gte-multilingual-base, licence apache-2.0/);
		await expect(classify('--model gte-multilingul')).rejects.toThrow('did you mean gte-multilingual?');
	});

	it('is fetched, and then asked, after a yes', async () => {
		const { code, text } = await classify('--model gte-multilingual', { types: ['y'] });
		expect([code, text]).toEqual([0, expect.stringMatching(/^meals/)]);
		told = '';
		expect((await classify('--model gte-multilingual')).text).toMatch(/^meals/);
		expect(told).not.toContain('not here');
	});
});

describe('results', () => {
	it('go nowhere that cannot hold them, which is said before anything is read', async () => {
		await expect(classify(`--model tiny -o ${home}`)).rejects.toMatchObject({ code: 'not_writable' });
		expect(told).not.toContain('sorted');
		await expect(classify(`--model tiny -o ${join(home, 'r.csv')} --resume`)).rejects.toMatchObject({ code: 'usage' });
		writeFileSync(join(home, 'notes.jsonl'), 'my notes\n');
		await expect(classify(`--model tiny -o ${join(home, 'notes.jsonl')} --resume`)).rejects.toMatchObject({
			code: 'invalid_json',
		});
		expect(readFileSync(join(home, 'notes.jsonl'), 'utf8')).toBe('my notes\n');
	});

	it.each(['json', 'jsonl'] as const)('of an earlier run survive one that is interrupted, as %s', async (format) => {
		const path = join(home, `kept.${format}`);
		const line = (name: string, run: number) => ({ id: name, sha256: 'x', config: 'y', error: null, run });
		const earlier = new Map(['a', 'b'].map((name) => [name, line(name, 1)]));
		const sink = await fileSink(path, format, earlier);
		await sink.write(line('a', 2));
		await sink.end(false);
		const text = readFileSync(path, 'utf8');
		const rows =
			format === 'json'
				? JSON.parse(text).results
				: text
						.trim()
						.split('\n')
						.map((one) => JSON.parse(one));
		expect(rows).toEqual([line('a', 2), line('b', 1)]);
	});

	it('are not those of another model than the one that was asked for', async () => {
		await expect(classify('--provider deepseek --model tiny')).rejects.toThrow('no provider "deepseek"');
		expect((await classify('--provider local --model tiny')).code).toBe(0);
		writeFileSync(join(home, 'marked.json'), '\ufeff["creatures", "meals"]');
		expect((await classify(`--model tiny --categories ${join(home, 'marked.json')}`)).code).toBe(0);
	});
});
