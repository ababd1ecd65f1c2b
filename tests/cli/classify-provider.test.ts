// `classify --provider` and `bench run --provider`: texts sorted by whoever a tier leads to, said before and priced after.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { Terminal } from '../../src/cli/terminal.ts';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';
import { temporaryFolder } from '../support/folder.ts';
import { putModel } from '../support/tiny-graph.ts';
import { embeddingModel } from '../support/tiny-onnx.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const home = temporaryFolder();
const files = join(home, 'files');
let fake: FakeProvider;

beforeAll(async () => {
	fake = await startFakeProvider({
		scripts: {
			sorter: { text: ['{"category": "meals", ', '"reason": "soup"}'] },
			vague: { text: ['I would rather not say.'] },
		},
	});
	putModel(join(home, 'models/tiny'), embeddingModel());
	mkdirSync(files);
	writeFileSync(join(files, 'a.txt'), 'soup and bread');
	writeFileSync(join(files, 'b.txt'), 'more soup');
	writeFileSync(
		join(home, 'registry.yaml'),
		`version: 1
providers:
  lab: { type: openai-compatible, base_url: "${fake.url}", prices: { sorter: { input: 1, output: 2 } } }
tiers:
  sort: { strategy: fallback, providers: [lab/sorter] }
`,
	);
});
beforeEach(() => void (fake.requests.length = 0));
afterAll(() => fake.close());

async function run(line: string) {
	const out: string[] = [];
	const err: string[] = [];
	const terminal = new Terminal({
		stdout: { write: (text: string) => out.push(text) },
		stderr: { write: (text: string) => err.push(text) },
		env: { MODELDEX_HOME: home, HOME: home, HF_HUB_OFFLINE: '1' },
		...{ build: '', version: '1.2.3', json: true },
	});
	const [name, ...words] = line.split(' ');
	const code = await commands.find((command) => command.name === name)?.run(words, terminal);
	return { code, notes: err.join(''), document: JSON.parse(out.join('')) };
}

const sets = '--categories creatures:animal,meals:food';

describe('classify --provider', () => {
	it.each([
		['--provider tier:sort', 'tier:sort'],
		['--provider lab/sorter', 'lab/sorter'],
		['--provider lab --model sorter', 'lab/sorter'],
	])('%s asks there, says so before, and tells the cost after', async (words, spec) => {
		const { code, notes, document } = await run(`classify ${files} ${words} ${sets}`);
		expect(code).toBe(0);
		expect(document.results).toMatchObject([
			{ category: 'meals', confidence: null, method: 'instruction', explanation: 'soup', model: spec },
			{ category: 'meals' },
		]);
		expect(notes).toContain(`Every text is sent to ${spec}.`);
		expect(notes).toContain('Cost: $0.000022.');
		expect(fake.requests.map(({ model }) => model)).toEqual(['sorter', 'sorter']);
		expect(JSON.stringify(fake.requests[0]?.body)).toContain('soup and bread');
	});

	it('tells an answer that names no category, and a price that nobody knows', async () => {
		const { code, notes, document } = await run(`classify ${files} --provider lab/vague ${sets}`);
		expect(code).toBe(3);
		expect(document.results[0]).toMatchObject({ category: null, abstained: 'invalid_output' });
		expect(notes).toContain('Cost: unknown.');
	});

	it('stays the older name of --model, and then nothing leaves this machine', async () => {
		const { notes, document } = await run(`classify ${files} --provider tiny ${sets}`);
		expect(document.results).toMatchObject([{ category: 'meals', method: 'embedding' }, {}]);
		expect(notes).not.toContain('sent to');
		expect(fake.requests).toEqual([]);
		await expect(run(`classify ${files} --provider tier:none ${sets}`)).rejects.toMatchObject({
			code: 'model_not_found',
		});
	});
});

describe('bench run --provider', () => {
	it('measures a route beside the baselines', async () => {
		const data = join(home, 'labelled.jsonl');
		const rows = ['code', 'documentation'].map((label, at) => ({
			label,
			project: 'p',
			path: `f${at}`,
			text: 'soup',
		}));
		writeFileSync(data, rows.map((row) => JSON.stringify(row)).join('\n'));
		const { document } = await run(`bench run --provider tier:sort --data ${data}`);
		const row = document.report.runs.find(({ name }: { name: string }) => name === 'tier:sort');
		expect(row).toMatchObject({ status: 'measured', disk_bytes: null, peak_bytes: null });
		expect(fake.requests.length).toBeGreaterThan(1);
		await expect(run('bench run --provider nobody')).rejects.toMatchObject({ code: 'usage' });
	});
});
