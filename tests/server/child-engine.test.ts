// Real models in real child processes: vectors, entailment, letters and text; and what happens when a child breaks.
import { describe, expect, it } from 'vitest';
import { cosine } from '#lib/core/classify-text.ts';
import type { EmbedOptions } from '#lib/server/engine/engine.ts';
import { engineFor, isRunning } from '../support/engines.ts';
import { causalLogits, causalModel, causalVocabulary } from '../support/tiny-causal.ts';
import { width } from '../support/tiny-graph.ts';
import { embeddingModel, pairModel } from '../support/tiny-onnx.ts';

const mean: EmbedOptions = { prefix: '', pooling: 'mean', maxTokens: 64, mostChunks: 16 };
const pairs = { hypotheses: ['this text is about animal', 'this text is about food'], maxTokens: 48, mostChunks: 16 };

describe('a model in a child', () => {
	it('gives vectors by both ways of pooling, alone and among longer texts the same', async () => {
		const engine = await engineFor(embeddingModel());
		expect(engine.isLoaded).toBe(false);
		const texts = ['the cat', 'soup and bread and soup', 'a dog of the hill '.repeat(12), ''];
		for (const pooling of ['mean', 'cls'] as const) {
			const together = await Promise.all(texts.map((text) => engine.embed(text, { ...mean, pooling })));
			for (const [at, text] of texts.entries()) {
				const alone = await engine.embed(text, { ...mean, pooling });
				expect(alone.vectors[0]).toHaveLength(width);
				for (const [place, value] of (alone.vectors[0] ?? []).entries())
					expect(together[at]?.vectors[0]?.[place]).toBeCloseTo(value, 5);
			}
			const [animals, meal] = together.map(({ vectors }) => vectors[0] ?? new Float32Array());
			const [word] = (await engine.embed('animal', { ...mean, pooling })).vectors;
			expect(cosine(animals ?? new Float32Array(), word ?? new Float32Array())).toBeGreaterThan(
				0.3 + cosine(meal ?? new Float32Array(), word ?? new Float32Array()),
			);
		}
		expect(engine.isLoaded).toBe(true);
	});

	it('cuts long texts into pieces and says what it left out', async () => {
		const engine = await engineFor(embeddingModel({ maxTokens: 32 }));
		const some = await engine.embed('dog '.repeat(100), { ...mean, maxTokens: 32 });
		expect(some).toMatchObject({ tokens: 100, truncated: false });
		expect(some.vectors).toHaveLength(4);
		const much = await engine.embed('dog '.repeat(5000), { ...mean, maxTokens: 32 });
		expect(much.truncated).toBe(true);
		expect(much.vectors).toHaveLength(16);
		// The prefix comes before every piece and takes room from it.
		const led = await engine.embed('dog '.repeat(30), { ...mean, maxTokens: 32, prefix: 'query: ' });
		expect(led.vectors).toHaveLength(2);
	});

	it('keeps every hypothesis whole however long the premise is', async () => {
		const engine = await engineFor(pairModel());
		const short = await engine.score('cat', pairs);
		const long = await engine.score(`${'river '.repeat(5000)}`, pairs);
		expect(long.truncated).toBe(true);
		const withCat = await engine.score(`${'hill '.repeat(300)} cat cat`, pairs);
		const entailed = ({ logits }: typeof short) => logits.map((piece) => piece.map((outputs) => outputs[0] ?? 0));
		const [[animal = 0, food = 0] = []] = entailed(short);
		expect(animal).toBeGreaterThan(food);
		// With a hypothesis cut off, every category would have the same logits.
		const last = entailed(withCat).at(-1) ?? [];
		expect(last[0]).toBeGreaterThan((last[1] ?? 0) + 0.5);
		expect(long.logits).toHaveLength(16);
	});

	it('scores letters as the mathematics say, with and without a cache, and writes with a cache only', async () => {
		const ask = [{ role: 'user' as const, content: 'Answer one letter' }];
		const cached = await engineFor(causalModel());
		const bare = await engineFor(causalModel({ cache: false }));
		const options = { letters: ['A', 'B', 'C'], maxTokens: 512 };
		const [one, two] = [await cached.choose(ask, options), await bare.choose(ask, options)];
		// The splitter takes the marks of the template apart into unknown words.
		const unknown = causalVocabulary.indexOf('[UNK]');
		const prompt = [
			unknown,
			unknown,
			unknown,
			...['Answer', 'one', 'letter'].map((word) => causalVocabulary.indexOf(word)),
			unknown,
			unknown,
			unknown,
		];
		const logits = causalLogits(prompt);
		const total = Math.log(logits.reduce((sum, value) => sum + Math.exp(value), 0));
		for (const [at, letter] of options.letters.entries()) {
			const wanted = (logits[causalVocabulary.indexOf(letter)] ?? 0) - total;
			expect(one?.logProbabilities[at]).toBeCloseTo(wanted, 4);
			expect(two?.logProbabilities[at]).toBeCloseTo(wanted, 4);
		}
		expect(one?.offOptionMass).toBeGreaterThan(0);
		const written = await cached.complete(ask, { maxTokens: 5 });
		const grown = [...prompt];
		for (let step = 0; step < 5; step += 1) {
			const next = causalLogits(grown);
			grown.push(next.indexOf(Math.max(...next)));
		}
		expect(written.tokens).toBeLessThanOrEqual(5);
		const words = grown.slice(prompt.length, prompt.length + (written.tokens ?? 0)).map((id) => causalVocabulary[id]);
		expect(written.text.replace(/\s/g, '')).toBe(words.filter((word) => !/^\[|<\/s>/.test(word ?? '')).join(''));
		await expect(bare.complete('hello')).rejects.toMatchObject({ code: 'unsupported_model' });
	});

	it('tells an answer piece by piece, the same as whole, and counts its tokens', async () => {
		const engine = await engineFor(causalModel());
		const ask = [{ role: 'user' as const, content: 'Answer one letter' }];
		const whole = await engine.complete(ask, { maxTokens: 40 });
		const writing = engine.write(ask, { maxTokens: 40 });
		const pieces: string[] = [];
		let step = await writing.next();
		for (; step.done !== true; step = await writing.next()) {
			pieces.push(step.value.text);
			expect(step.value.promptTokens).toBe(whole.promptTokens);
			expect(step.value.tokens).toBeGreaterThanOrEqual(pieces.length);
		}
		expect(pieces.length).toBeGreaterThan(1);
		expect(pieces.join('')).toBe(whole.text);
		expect(step.value).toEqual(whole);
	});

	it('shares one start among callers, and one batch among texts that come together', async () => {
		const engine = await engineFor(embeddingModel());
		await Promise.all([engine.load(), engine.load(), engine.embed('cat', mean)]);
		const { pid } = engine;
		await Promise.all(Array.from({ length: 64 }, (_, at) => engine.embed(`dog ${at}`, mean)));
		expect(engine.pid).toBe(pid);
		await engine.unload();
		expect(isRunning(pid)).toBe(false);
		expect(engine.isLoaded).toBe(false);
	});
});

describe('a child that breaks', () => {
	it('fails the work at hand and is started anew for the next', async () => {
		const engine = await engineFor(embeddingModel());
		await engine.load();
		const { pid } = engine;
		const work = Promise.allSettled(
			Array.from({ length: 200 }, (_, at) => engine.embed(`cat ${'dog '.repeat(500)} ${at}`, mean)),
		);
		setImmediate(() => process.kill(pid ?? 0, 'SIGKILL'));
		const settled = await work;
		const failed = settled.filter((one) => one.status === 'rejected');
		expect(failed.length).toBeGreaterThan(0);
		for (const { reason } of failed) expect(['model_crashed', 'tokenizer_rejected']).toContain(reason.code);
		expect((await engine.embed('cat', mean)).vectors).toHaveLength(1);
		expect(engine.pid).not.toBe(pid);
	});

	it('is left alone after three crashes within five minutes', async () => {
		const engine = await engineFor(embeddingModel());
		for (let crash = 0; crash < 3; crash += 1) {
			await engine.load();
			const ended = engine.embed('cat '.repeat(9000), mean);
			process.kill(engine.pid ?? 0, 'SIGKILL');
			await expect(ended).rejects.toMatchObject({ name: 'Failure' });
		}
		await expect(engine.load()).rejects.toMatchObject({
			code: 'model_crashed',
			message: expect.stringContaining('3 times'),
		});
	});

	it('is stopped when a tokenizer or a chat template never ends, and tells which', async () => {
		const slow = await engineFor(embeddingModel({ split: '(a+)+$' }), { tokenize: 1500 });
		await expect(slow.embed(`${'a'.repeat(40)}!`, mean)).rejects.toMatchObject({ code: 'tokenizer_rejected' });
		const loop = '{% for i in range(100000000) %}{% for j in range(100000000) %}x{% endfor %}{% endfor %}';
		const endless = await engineFor(causalModel({ template: loop }));
		const options = { letters: ['A', 'B'], maxTokens: 512 };
		await expect(endless.choose([{ role: 'user', content: 'x' }], options)).rejects.toMatchObject({
			code: 'template_rejected',
		});
		const nosy = await engineFor(causalModel({ template: "{{ ''.constructor.constructor('return process')().pid }}" }));
		await expect(nosy.choose([{ role: 'user', content: 'x' }], options)).rejects.toMatchObject({
			code: 'template_rejected',
		});
	});

	it('ends within two seconds when nobody waits any more', async () => {
		const engine = await engineFor(embeddingModel());
		await engine.load();
		const left = new AbortController();
		const work = Promise.allSettled(
			Array.from({ length: 300 }, () => engine.embed('cat '.repeat(2000), { ...mean, signal: left.signal })),
		);
		left.abort();
		const settled = await work;
		expect(settled.every((one) => one.status === 'rejected' && one.reason.name === 'AbortError')).toBe(true);
		expect((await engine.embed('cat', mean)).vectors).toHaveLength(1);
	});
});
