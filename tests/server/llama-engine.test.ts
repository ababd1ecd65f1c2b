// Models in GGUF files run by llama.cpp itself in a process of their own, where its optional package is installed.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { cosine } from '#lib/core/classify-text.ts';
import { machineClock } from '#lib/server/clock.ts';
import { ChildEngine } from '#lib/server/engine/child-engine.ts';
import { ModelPlaces } from '#lib/server/engine/places.ts';
import { findLlama, runtimesAt } from '#lib/server/engine/runtime-library.ts';
import { projectFolder } from '../support/built-server.ts';
import { engineRoom } from '../support/engine-room.ts';
import { temporaryFolder } from '../support/folder.ts';
import { ggufNext, ggufTokens, rankingGguf, tinyGguf } from '../support/tiny-gguf.ts';

/** Why the tests of this file cannot run here; null when they can. */
function absence(): string | null {
	try {
		findLlama('/nowhere');
		return null;
	} catch {
		return 'node-llama-cpp is not installed (NODE_PATH may lead to it)';
	}
}

const absent = absence();
beforeEach(({ skip }) => {
	if (absent !== null) skip(absent);
});

async function engineOf(bytes: Uint8Array): Promise<ChildEngine> {
	const folder = join(temporaryFolder(), 'tiny');
	mkdirSync(folder, { recursive: true });
	writeFileSync(join(folder, 'tiny-F32.gguf'), bytes);
	const places = new ModelPlaces({ cache: '/nowhere', inventory: { files: async () => null }, stores: [] });
	const place = await places.find(join(folder, 'tiny-F32.gguf'), { allowFolder: true });
	const ground = { clock: machineClock, library: runtimesAt('/nowhere'), folder: projectFolder, threads: 1 };
	const engine = new ChildEngine({ place, ...ground });
	afterAll(() => engine.unload());
	return engine;
}

const empty = new Float32Array();
const mean = { prefix: '', pooling: 'mean' as const, maxTokens: 64, mostChunks: 16 };
const ask = [{ role: 'user' as const, content: 'text' }];

describe('a model in a GGUF file', () => {
	it('makes vectors that tell meanings apart, and cuts long texts into pieces', async () => {
		const engine = await engineOf(tinyGguf({ pools: true }));
		const [cat, soup, animal] = await Promise.all(
			['cat dog', 'soup', 'animal'].map((text) => engine.embed(text, mean)),
		);
		const [one, two, three] = [cat, soup, animal].map((embedded) => embedded?.vectors[0] ?? empty);
		expect(cosine(one ?? empty, three ?? empty)).toBeGreaterThan(0.3 + cosine(two ?? empty, three ?? empty));
		expect(Math.hypot(...(one ?? empty))).toBeCloseTo(1, 5);
		const long = await engine.embed('dog '.repeat(500), mean);
		expect(long).toMatchObject({ truncated: false });
		expect(long.vectors.length).toBeGreaterThan(5);
		await expect(engine.choose(ask, { letters: ['A', 'B'], maxTokens: 512 })).rejects.toMatchObject({
			code: 'unsupported_operation',
		});
	});

	it('tells the probability of letters as the mathematics say, again and again', async () => {
		const engine = await engineOf(tinyGguf());
		const options = { letters: ['A', 'B', 'C'], maxTokens: 512 };
		const wanted = ggufNext('\u2581');
		for (const content of ['text', 'cat', 'text']) {
			const chosen = await engine.choose([{ role: 'user', content }], options);
			for (const [at, letter] of options.letters.entries()) {
				const both = [letter, `\u2581${letter}`].map((token) => Math.exp(wanted.get(token) ?? -Infinity));
				expect(chosen?.logProbabilities[at]).toBeCloseTo(Math.log(both.reduce((sum, one) => sum + one)), 2);
			}
			expect(chosen?.offOptionMass).toBeGreaterThan(0.1);
		}
	});

	it('ranks what belongs together above what does not, however long the text is', async () => {
		const engine = await engineOf(rankingGguf());
		const pairs = { hypotheses: ['animal', 'food', 'place'], maxTokens: 256, mostChunks: 16 };
		const [animal, food] = await Promise.all(['cat dog', 'soup bread'].map((text) => engine.score(text, pairs)));
		const order = ({ logits }: { logits: number[][][] }) =>
			(logits[0] ?? [])
				.map(([logit = 0], at) => ({ logit, name: pairs.hypotheses[at] }))
				.sort((a, b) => b.logit - a.logit);
		expect(animal && order(animal)[0]?.name).toBe('animal');
		expect(food && order(food)[0]?.name).toBe('food');
		expect(animal?.logits.flat(2).every(Number.isFinite)).toBe(true);
		const long = await engine.score(`${'place '.repeat(600)} cat`, pairs);
		expect(long.logits.length).toBeGreaterThan(2);
		// With a hypothesis cut off, every one of them would have the same logit.
		for (const piece of long.logits) expect(new Set(piece.flat()).size).toBeGreaterThan(1);
		await expect(engine.embed('cat', mean)).rejects.toMatchObject({ code: 'unsupported_operation' });
		const tooLong = { ...pairs, hypotheses: ['animal '.repeat(300)] };
		await expect(engine.score('cat', tooLong)).rejects.toMatchObject({ code: 'invalid_categories' });
	});

	it('writes, piece by piece too, and is held to a schema', async () => {
		const engine = await engineOf(tinyGguf());
		const free = await engine.complete(ask, { maxTokens: 4 });
		expect(free).toMatchObject({ tokens: 4, isComplete: false });
		const writing = engine.write(ask, { maxTokens: 4 });
		let said = '';
		let step = await writing.next();
		for (; step.done !== true; step = await writing.next()) said += step.value.text;
		expect([said, step.value]).toEqual([free.text, free]);
		const schema = { type: 'object', properties: { category: { enum: ['food', 'place'] } } };
		const held = await engine.complete(ask, { maxTokens: 64, schema });
		expect(['food', 'place']).toContain(JSON.parse(held.text).category);
		expect(ggufTokens.length).toBeGreaterThan(300);
	});
});

describe('texts', () => {
	const categories = [
		{ name: 'creatures', description: 'animal' },
		{ name: 'meals', description: 'food' },
	];
	const room = engineRoom({
		models: {
			vectors: { 'vectors.gguf': tinyGguf({ pools: true }) },
			chat: { 'chat-Q8_0.gguf': tinyGguf() },
			ranker: { 'ranker.gguf': rankingGguf() },
			mute: { 'mute.gguf': tinyGguf({ template: null }) },
			broken: { 'broken.gguf': tinyGguf({ more: { 'llama.block_count': 3 } }) },
		},
	});

	it('are sorted by models that lie in a folder as GGUF', async () => {
		const results = await room.sort(['cat dog', 'soup'], { model: 'vectors', categories, with_path: false });
		expect(results.map(({ category, method, dtype }) => [category, method, dtype])).toEqual([
			['creatures', 'embedding', 'gguf'],
			['meals', 'embedding', 'gguf'],
		]);
		const named = [{ name: 'animal' }, { name: 'food' }];
		const ranked = await room.sort(['cat dog', 'soup'], { model: 'ranker', categories: named, with_path: false });
		expect(ranked.map(({ category, method, error }) => [category, method, error])).toEqual([
			['animal', 'reranker', null],
			['food', 'reranker', null],
		]);
		await room.engines.unload('ranker');
		const [asked] = await room.sort(['cat'], { model: 'chat', categories });
		expect(asked).toMatchObject({ method: 'instruction', dtype: 'q8_0', error: null, calibrated: false });
		expect(Object.values(asked?.scores ?? {}).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
		expect(room.engines.list().map(({ name, dtype }) => [name, dtype])).toEqual([
			['vectors', 'gguf'],
			['chat', 'q8_0'],
		]);
	});

	it('fail with a reason where the file is not whole or cannot be asked', async () => {
		const [mute] = await room.sort(['cat'], { model: 'mute', categories });
		expect(mute?.error).toMatchObject({ code: 'unsupported_model', message: expect.stringContaining('chat template') });
		const broken = room.sort(['cat'], { model: 'broken', categories });
		await expect(broken).rejects.toMatchObject({ code: 'invalid_gguf' });
		await expect(broken).rejects.not.toThrow(room.store);
	});
});
