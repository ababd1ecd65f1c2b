// Answers on their way: work that calls back is read as it comes and left at once, and tokens become text letter by letter.
import { describe, expect, it } from 'vitest';
import { AnswerText } from '#lib/server/engine/answer-text.ts';
import { told } from '#lib/server/engine/told.ts';

describe('work that tells pieces', () => {
	it('is read in its order, what came at once too, and ends with what it came to', async () => {
		const work = told<number, string>(async (hear) => {
			hear(1);
			hear(2);
			await Promise.resolve();
			hear(3);
			return 'end';
		});
		const read = [await work.next(), await work.next(), await work.next(), await work.next()];
		expect(read.map(({ value }) => value)).toEqual([1, 2, 3, 'end']);
		expect(read.at(-1)?.done).toBe(true);
	});

	it('fails after what it told', async () => {
		const work = told<number, never>(async (hear) => {
			hear(1);
			throw new Error('broken');
		});
		expect((await work.next()).value).toBe(1);
		await expect(work.next()).rejects.toThrow('broken');
	});

	it('is left at once by its signal, though it never ends, and hears that nobody waits', async () => {
		const stop = new AbortController();
		let left: AbortSignal | null = null;
		const work = told<number, never>((hear, signal) => {
			left = signal;
			hear(1);
			return new Promise(() => undefined);
		}, stop.signal);
		expect((await work.next()).value).toBe(1);
		const next = work.next();
		stop.abort(new Error('enough'));
		await expect(next).rejects.toThrow('enough');
		expect(left).toMatchObject({ aborted: true });
		await expect(told(async () => 1, stop.signal).next()).rejects.toThrow('enough');
	});

	it('hears of a reader who leaves', async () => {
		let left: AbortSignal | null = null;
		const work = told<number, never>((hear, signal) => {
			left = signal;
			hear(1);
			hear(2);
			return new Promise(() => undefined);
		});
		for await (const piece of work) {
			expect(piece).toBe(1);
			break;
		}
		expect(left).toMatchObject({ aborted: true });
	});
});

describe('tokens', () => {
	/** Bytes as tokens, as many models have them for what is no word. */
	const textOf = (bytes: readonly number[]) => new TextDecoder().decode(Uint8Array.from(bytes));
	const bytes = [...new TextEncoder().encode('né 😀!')];

	it('become text as soon as a letter is whole', () => {
		const answer = new AnswerText<number>(textOf);
		expect(bytes.map((byte) => answer.add(byte))).toEqual(['n', '', 'é', ' ', '', '', '', '😀', '!']);
		expect([answer.end(), answer.text, answer.tokens]).toEqual(['', 'né 😀!', bytes.length]);
	});

	it('that end within a letter say so, and none at all are no text', () => {
		const answer = new AnswerText<number>(textOf);
		expect(answer.end()).toBe('');
		for (const byte of bytes.slice(0, 6)) answer.add(byte);
		expect(answer.text).toBe('né ');
		expect(answer.end()).toBe('\uFFFD');
		expect(answer.text).toBe('né \uFFFD');
	});

	it('keep the space between words that a tokenizer writes only with the word before', () => {
		const answer = new AnswerText<string>((words) => words.join(' '));
		expect(['one', 'two', 'three'].map((word) => answer.add(word))).toEqual(['one', ' two', ' three']);
	});
});
