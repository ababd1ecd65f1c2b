// The commands on texts as processes, and the same over HTTP, with tiny models that the real runtime runs.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ensureBuilt, modeldex, startServer } from '../support/built-server.ts';
import { isRunning } from '../support/engines.ts';
import { putModel } from '../support/tiny-graph.ts';
import { embeddingModel, pairModel } from '../support/tiny-onnx.ts';

vi.setConfig({ testTimeout: 60_000 }); // each command is a process, and the machine may be busy

let home: string;
let files: string;
let env: NodeJS.ProcessEnv;
const sets = 'creatures: animal,meals: food,land: place';

beforeAll(() => {
	ensureBuilt();
	home = mkdtempSync(join(tmpdir(), 'modeldex-classify-'));
	files = join(home, 'files');
	env = { MODELDEX_HOME: join(home, 'data') };
	putModel(join(home, 'data/models/tiny'), embeddingModel());
	putModel(join(home, 'data/models/pairs'), pairModel());
	const texts: Record<string, string | Uint8Array> = {
		'.gitignore': 'skipped/\n',
		'a.txt': 'the cat and the dog',
		'b/soup.txt': 'soup and bread',
		'b/river.md': 'a river of the hill',
		'skipped/x.txt': 'cat',
		'.git/config': 'cat',
		'picture.bin': Uint8Array.of(0, 1, 2, 0, 255),
		'empty.txt': '',
	};
	for (const [path, text] of Object.entries(texts)) {
		mkdirSync(join(files, path, '..'), { recursive: true });
		writeFileSync(join(files, path), text);
	}
	writeFileSync(join(home, 'outside.txt'), 'cat');
	symlinkSync(join(home, 'outside.txt'), join(files, 'link.txt'));
}, 300_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

const run = (words: string[]) => modeldex(words, env);

describe('modeldex classify', () => {
	it('sorts a folder in a fixed order, without what is ignored, linked out or binary', async () => {
		const { code, stdout } = await run(['classify', '-i', files, '--model', 'tiny', '--categories', sets, '--json']);
		const { schemaVersion, complete, results } = JSON.parse(stdout);
		expect([code, schemaVersion, complete]).toEqual([0, 1, true]);
		const said = results.map(({ id, category, abstained }: Record<string, string>) => [
			id?.slice(files.length + 1),
			category,
			abstained,
		]);
		expect(said).toEqual([
			['.gitignore', said.find(([id]: string[]) => id === '.gitignore')?.[1], null],
			['a.txt', 'creatures', null],
			['b/river.md', 'land', null],
			['b/soup.txt', 'meals', null],
			['empty.txt', null, 'empty'],
			['picture.bin', null, 'binary'],
		]);
	});

	it('writes lines to a file, resumes what is unchanged, and takes up what changed', async () => {
		const out = join(home, 'out.jsonl');
		const words = [
			'classify',
			'-i',
			join(files, 'a.txt'),
			join(files, 'b'),
			'-o',
			out,
			'-m',
			'pairs',
			'--categories',
			sets,
		];
		expect((await run(words)).code).toBe(0);
		const lines = () =>
			readFileSync(out, 'utf8')
				.trim()
				.split('\n')
				.map((line) => JSON.parse(line));
		expect(lines().map(({ category }) => category)).toEqual(['creatures', 'land', 'meals']);
		writeFileSync(join(files, 'a.txt'), 'bread');
		const again = await run([...words, '--resume']);
		expect(again.stderr).toContain('1 sorted, 2 kept');
		expect(
			lines()
				.map(({ category }) => category)
				.toSorted(),
		).toEqual(['land', 'meals', 'meals']);
		writeFileSync(join(files, 'a.txt'), 'the cat and the dog');
	});

	it('prints a table and comma-separated rows, calls a score a score, and needs no model for rules', async () => {
		const table = await run(['classify', join(files, 'a.txt'), '--model', 'tiny', '--categories', sets]);
		expect(table.stdout).toMatch(/^creatures +score [01]\.\d\d +\/.*a\.txt\n$/);
		const rows = await run(['classify', join(files, 'b'), '--model', 'rules', '--format', 'csv']);
		expect(rows.stdout.split('\n')[0]).toMatch(/^id,category,confidence,calibrated/);
		expect(rows.stdout).toMatch(/river\.md,documentation,,false/);
	});

	it('says in one sentence what is wrong, with the exit code for it', async () => {
		const wrong: [string[], number, RegExp][] = [
			[['classify', files], 2, /--model is missing/],
			[['classify', '--model', 'tiny'], 2, /nothing to sort/],
			[['classify', files, '--model', 'bge-m3'], 4, /not on this machine .*: modeldex model download Xenova\/bge-m3/],
			[['classify', files, '--model', 'llama-3.2-1b-instruct'], 9, /licence/],
			[['classify', join(files, 'nothing'), '--model', 'tiny'], 2, /no file or folder/],
			[['classify', files, '--model', 'tiny', '--categories', 'one'], 2, /at least two categories/],
			[['classify', files, '--model', 'ollama/x'], 10, /Ollama does not answer/],
			[['bench', 'compare', 'x'], 2, /two reports/],
		];
		for (const [words, exit, sentence] of wrong) {
			const { code, stderr, stdout } = await run(words);
			expect([words.join(' '), code]).toEqual([words.join(' '), exit]);
			expect(stderr).toMatch(sentence);
			expect(stdout).toBe('');
		}
	});
});

describe('the other commands on texts', () => {
	it('embed and similarity give vectors of length 1 and cosines', async () => {
		const { stdout } = await run(['embed', 'cat', 'soup', '--model', 'tiny', '--json']);
		const { vectors, dimensions } = JSON.parse(stdout);
		expect(vectors).toHaveLength(2);
		expect(Math.hypot(...vectors[0].vector)).toBeCloseTo(1, 4);
		expect(vectors[0].vector).toHaveLength(dimensions);
		const alike = JSON.parse((await run(['similarity', 'cat', 'dog', 'soup', '--model', 'tiny', '--json'])).stdout);
		expect(alike.results[0].cosine).toBeGreaterThan(alike.results[1].cosine + 0.3);
		expect((await run(['similarity', 'cat', 'dog', '--model', 'pairs'])).code).toBe(2);
	});

	it('calibrate fits, and classify calls it calibrated from then on and only for those categories', async () => {
		const data = join(home, 'dev.jsonl');
		const kinds = {
			creatures: ['cat', 'dog', 'animal', 'the cat', 'a dog'],
			meals: ['soup', 'bread', 'food', 'the soup', 'of bread'],
			land: ['river', 'hill', 'place', 'the hill', 'a river'],
		};
		const rows = Object.entries(kinds).flatMap(([label, texts]) => texts.map((text) => ({ text, label })));
		writeFileSync(data, rows.map((row) => JSON.stringify(row)).join('\n'));
		const fitted = await run(['calibrate', '--model', 'tiny', '--data', data, '--categories', sets, '--json']);
		expect(fitted.code).toBe(0);
		expect(JSON.parse(fitted.stdout).calibration).toMatchObject({ model: 'tiny', calibration: { texts: 15 } });
		const one = await run(['classify', join(files, 'a.txt'), '--model', 'tiny', '--categories', sets]);
		expect(one.stdout).toMatch(/^creatures +\d+ % /);
		const other = await run([
			'classify',
			join(files, 'a.txt'),
			'--model',
			'tiny',
			'--categories',
			'creatures: animal,meals: food',
		]);
		expect(other.stdout).toMatch(/^creatures +score /);
	});

	it('bench measures baselines and a model, writes both forms, and compares', async () => {
		const out = join(home, 'report.json');
		const measured = await run(['bench', 'run', '--model', 'tiny', '--model', 'bge-m3', '--limit', '3', '-o', out]);
		expect(measured.code).toBe(3);
		const report = JSON.parse(readFileSync(out, 'utf8'));
		expect(report.dataset).toMatchObject({ texts: 21, projects: 1 });
		const states = report.runs.map(({ name, status }: Record<string, string>) => [name, status]);
		expect(states.slice(0, 6)).toEqual([
			['rules', 'measured'],
			['majority', 'measured'],
			['random', 'measured'],
			['tf-idf', 'measured'],
			['tiny', 'measured'],
			['bge-m3', 'not measured'],
		]);
		expect(report.runs[4].peak_bytes).toBeGreaterThan(10 ** 7);
		expect(report.runs[4].speed.texts_per_second).toBeGreaterThan(0);
		expect(readFileSync(join(home, 'report.md'), 'utf8')).toMatch(
			/\| bge-m3 \| model \| not measured: .*modeldex model download/,
		);
		expect(readFileSync(join(home, 'report.md'), 'utf8')).toContain('## Which to take');
		expect((await run(['bench', 'compare', out, out])).code).toBe(0);
		const worse = structuredClone(report);
		worse.runs[0].metrics.accuracy = 0.01;
		writeFileSync(join(home, 'worse.json'), JSON.stringify(worse));
		const compared = await run(['bench', 'compare', out, join(home, 'worse.json')]);
		expect([compared.code, compared.stdout]).toEqual([3, expect.stringMatching(/WORSE .*rules/)]);
	});

	it('bench says which model to take for labels of one’s own', async () => {
		const data = join(home, 'own.jsonl');
		const kinds = { creatures: ['cat', 'dog', 'the cat', 'a dog'], meals: ['soup', 'bread', 'the soup', 'of bread'] };
		const rows = Object.entries(kinds).flatMap(([label, texts]) =>
			Array.from({ length: 8 }, (_, at) => ({ label, text: `${texts[at % 4]} this is about ${at}` })),
		);
		writeFileSync(data, rows.map((row) => JSON.stringify(row)).join('\n'));
		const words = ['bench', 'run', '--model', 'tiny', '--data', data, '--json', '--categories'];
		const measured = await run([...words, 'creatures: animal,meals: food']);
		const { report } = JSON.parse(measured.stdout);
		expect(report.dataset.labels).toEqual({ creatures: 8, meals: 8 });
		const tiny = report.runs.find(({ name }: { name: string }) => name === 'tiny');
		expect(tiny.metrics.accuracy).toBe(1);
		expect(report.shortlist.contenders.map(({ name }: { name: string }) => name)).toContain('tiny');
		const stray = await run([...words, 'creatures,plants']);
		expect([stray.code, JSON.parse(stray.stdout || stray.stderr).error.code]).toEqual([2, 'invalid_categories']);
	});
});

describe('POST /api/classify', () => {
	it('streams results, tells what is loaded, refuses what is wrong, and leaves no process behind', async () => {
		const server = await startServer({ MODELDEX_HOME: join(home, 'data') });
		const ask = (path: string, body: object) =>
			fetch(`${server.url}${path}`, {
				method: 'POST',
				body: JSON.stringify(body),
				headers: { 'content-type': 'application/json' },
			});
		const categories = ['creatures', { name: 'meals', description: 'food' }, { name: 'land', description: 'place' }];
		const reply = await ask('/api/classify', {
			texts: ['soup', { id: 'x', text: 'the river' }],
			categories,
			model: 'tiny',
		});
		expect(reply.headers.get('content-type')).toContain('application/x-ndjson');
		const lines = (await reply.text())
			.trim()
			.split('\n')
			.map((line) => JSON.parse(line));
		expect(lines.map(({ id, category }) => [id, category])).toEqual([
			['0', 'meals'],
			['x', 'land'],
		]);
		const engines = await (await fetch(`${server.url}/api/engines`)).json();
		expect(engines.loaded).toMatchObject([{ name: 'tiny', kind: 'embedding', uses: 0, pinned: false }]);
		expect(engines.known).toHaveLength(6);
		const bad: [object, number, string][] = [
			[{ text: 'x', categories: ['a'], model: 'tiny' }, 400, 'invalid_categories'],
			[{ text: 'x', texts: ['y'], categories, model: 'tiny' }, 400, 'invalid_body'],
			[{ text: 'x', categories, model: 'bge-m3' }, 409, 'model_not_installed'],
			[{ text: 'x', categories, model: join(home, 'data/models/tiny') }, 409, 'model_not_installed'],
			[{ text: 'x', categories, model: 'tiny', oops: 1 }, 400, 'unknown_field'],
		];
		for (const [body, status, code] of bad) {
			const answer = await ask('/api/classify', body);
			expect([answer.status, (await answer.json()).error.code]).toEqual([status, code]);
		}
		const texts = Array.from({ length: 30 }, (_, at) => ({
			text: at % 2 === 0 ? 'cat' : 'soup',
			label: at % 2 === 0 ? 'creatures' : 'meals',
		}));
		const fitted = await ask('/api/calibrations', { model: 'tiny', categories: ['creatures', 'meals'], texts });
		expect(fitted.status).toBe(200);
		expect((await (await fetch(`${server.url}/api/calibrations`)).json()).calibrations.length).toBeGreaterThan(0);
		expect((await fetch(`${server.url}/api/calibrations?model=tiny`, { method: 'DELETE' })).status).toBe(200);
		const [{ pid }] = engines.loaded;
		expect(isRunning(pid)).toBe(true);
		expect(await server.stop()).toBe(0);
		expect(isRunning(pid)).toBe(false);
	});
});
