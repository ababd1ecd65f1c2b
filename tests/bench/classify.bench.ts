// What running a model in a process of its own costs and gains: beside the bare library in this very process.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { machineClock } from '#lib/server/clock.ts';
import { ChildEngine } from '#lib/server/engine/child-engine.ts';
import { ModelPlaces } from '#lib/server/engine/places.ts';
import { findLibrary, runtimesAt } from '#lib/server/engine/runtime-library.ts';
import { SpareProcess } from '#lib/server/engine/spare-process.ts';
import { startApp, type AppServer } from '../support/app-server.ts';
import { ensureBuilt, projectFolder } from '../support/built-server.ts';
import { temporaryFolder } from '../support/folder.ts';
import { bertModel } from '../support/onnx-bert.ts';
import { putModel, words } from '../support/tiny-graph.ts';
import { median, report, times } from './report.ts';

const threads = 1;
const quick = Boolean(process.env.BENCH_QUICK);
const rounds = quick ? 20 : 60;
const options = { prefix: '', pooling: 'mean' as const, maxTokens: 512, mostChunks: 16 };
/** Texts of a dozen words, as titles and short messages are. */
const texts = Array.from({ length: 64 }, (_, at) =>
	Array.from({ length: 12 }, (_, word) => words[(at * 7 + word * 3) % words.length]).join(' '),
);

interface Bare {
	embed(text: string): Promise<unknown>;
	dispose(): Promise<void>;
}

let home: string;
let folder: string;
let engine: ChildEngine;
let spare: SpareProcess;
let server: AppServer;

/** The library's own pipeline with the same files, dtype and threads. */
async function bare(): Promise<Bare> {
	const library = await import(findLibrary());
	library.env.allowRemoteModels = false;
	library.env.localModelPath = join(folder, '..') + '/';
	const settings = {
		dtype: 'fp32',
		device: 'cpu',
		local_files_only: true,
		session_options: { intraOpNumThreads: threads, interOpNumThreads: 1 },
	};
	const pipe = await library.pipeline('feature-extraction', 'mini', settings);
	return { embed: (text) => pipe(text, { pooling: 'mean', normalize: true }), dispose: () => pipe.dispose() };
}

beforeAll(async () => {
	ensureBuilt();
	home = temporaryFolder();
	folder = putModel(join(home, 'models/mini'), bertModel());
	spare = new SpareProcess({ clock: machineClock, folder: projectFolder });
	const places = new ModelPlaces({ cache: '/nowhere', inventory: { files: async () => null }, stores: [] });
	const place = await places.find(folder, { allowFolder: true });
	engine = new ChildEngine({
		place,
		clock: machineClock,
		library: runtimesAt(home),
		folder: projectFolder,
		threads,
		spare,
	});
	server = await startApp({ home });
});
afterAll(async () => {
	await engine.unload();
	await spare.drop();
	await server.stop();
});

const perSecond = (figures: number[], count = 1) => (1000 * count) / median(figures);

it('embeds one text after the other nearly as fast as the library alone', async () => {
	const alone = await bare();
	await engine.load();
	const ours: number[] = [];
	const theirs: number[] = [];
	// By turns, so that a busy moment of the machine meets both.
	for (let round = 0; round < rounds; round += 1) {
		const text = texts[round % texts.length] ?? '';
		theirs.push(...(await times(2, () => alone.embed(text))));
		ours.push(...(await times(2, () => engine.embed(text, options))));
	}
	const [own, peer] = [perSecond(ours), perSecond(theirs)];
	await alone.dispose();
	expect(own).toBeGreaterThan(0);
	report({
		id: 'classify-single',
		what: 'texts/s one by one, model of MiniLM-L6 shape in its own process',
		ours: `${own.toFixed(0)}/s`,
		peer: `transformers.js in process ${peer.toFixed(0)}/s`,
		value: own / peer,
		aim: '>= 0.95 x',
		met: own / peer >= 0.95,
	});
});

it('embeds 64 single texts that come together faster than the library one by one', async () => {
	const alone = await bare();
	const together = () => Promise.all(texts.map((text) => engine.embed(text, options)));
	const apart = () => Promise.all(texts.map((text) => alone.embed(text)));
	const ours: number[] = [];
	const theirs: number[] = [];
	for (let round = 0; round < (quick ? 3 : 8); round += 1) {
		theirs.push(...(await times(1, apart)));
		ours.push(...(await times(1, together)));
	}
	await alone.dispose();
	const [own, peer] = [perSecond(ours, 64), perSecond(theirs, 64)];
	expect(own).toBeGreaterThan(0);
	report({
		id: 'classify-batch',
		what: 'texts/s for 64 single texts at once, batched',
		ours: `${own.toFixed(0)}/s`,
		peer: `transformers.js ${peer.toFixed(0)}/s`,
		value: own / peer,
		aim: '>= 1.5 x',
		met: own / peer >= 1.5,
	});
});

it('loads again about as fast as the library does', async () => {
	const ours: number[] = [];
	const theirs: number[] = [];
	for (let round = 0; round < (quick ? 3 : 5); round += 1) {
		let start = performance.now();
		const alone = await bare();
		await alone.embed('cat');
		theirs.push(performance.now() - start);
		await alone.dispose();
		// As the server does: while a model is loaded, a process waits for the next one.
		await spare.prepare(findLibrary(), 'onnx');
		await engine.unload();
		start = performance.now();
		await engine.embed('cat', options);
		ours.push(performance.now() - start);
	}
	const [own, peer] = [median(ours), median(theirs.slice(1))];
	expect(own).toBeGreaterThan(0);
	report({
		id: 'classify-load',
		what: 'loading again until the first answer; ours in a process that waited with the library',
		ours: `${own.toFixed(0)} ms`,
		peer: `transformers.js in process ${peer.toFixed(0)} ms`,
		value: own / peer,
		aim: '<= 1.1 x',
		met: own / peer <= 1.1,
	});
});

it('leaves the server quick to answer while a model works', async () => {
	const body = JSON.stringify({
		texts: Array.from({ length: 1000 }, (_, at) => texts[at % texts.length]),
		categories: ['a', 'b'],
		model: 'mini',
	});
	const headers = { 'content-type': 'application/json' };
	const working = fetch(`${server.url}/api/classify`, { method: 'POST', body, headers }).then((reply) => reply.text());
	const waits: number[] = [];
	let isDone = false;
	void working.finally(() => (isDone = true));
	while (!isDone) {
		const start = performance.now();
		await (await fetch(`${server.url}/api/health`)).text();
		waits.push(performance.now() - start);
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
	expect((await working).trim().split('\n')).toHaveLength(1000);
	const p99 = waits.toSorted((a, b) => a - b)[Math.floor(waits.length * 0.99)] ?? Number.NaN;
	report({
		id: 'classify-health',
		what: '/api/health p99 while 1,000 texts are classified',
		ours: `${p99.toFixed(1)} ms of ${waits.length}`,
		peer: '-',
		value: p99,
		aim: '<= 20 ms',
		met: p99 <= 20,
	});
});
