// Single texts that come at the same time, put together: while the model works, what arrives waits and goes as one batch.
import { setMaxListeners } from 'node:events';
import { Failure } from '#lib/core/failure.ts';

interface BatcherOptions<T> {
	/** Works on several texts at once and gives an answer for each, in their order. The signal: nobody waits any more; undefined where somebody waits to the end. */
	run: (texts: readonly string[], signal: AbortSignal | undefined) => Promise<T[]>;
	/** Texts of one batch, characters of one batch, and texts that may wait. */
	mostTexts?: number;
	mostCharacters?: number;
	mostWaiting?: number;
}

interface Waiting<T> {
	text: string;
	signal: AbortSignal | undefined;
	resolve: (answer: T) => void;
	reject: (error: unknown) => void;
}

/** Errors that are about the process and not about one text: trying the texts one by one would not help. */
const general = new Set([
	'model_crashed',
	'model_timeout',
	'engine_missing',
	'not_enough_memory',
	'tokenizer_rejected',
]);

/** Gathers texts for one model and one way of asking it. */
export class Batcher<T> {
	readonly #run: BatcherOptions<T>['run'];
	readonly #limits: { texts: number; characters: number; waiting: number };
	readonly #waiting: Waiting<T>[] = [];
	#isRunning = false;
	/** Will the work begin as soon as everything that is ready to run has run? */
	#isCalled = false;

	constructor({ run, mostTexts = 32, mostCharacters = 64_000, mostWaiting = 10_000 }: BatcherOptions<T>) {
		this.#run = run;
		this.#limits = { texts: mostTexts, characters: mostCharacters, waiting: mostWaiting };
	}

	/** The answer about one text. Rejects with `engine_busy` when too many wait, and as soon as the signal is aborted. */
	ask(text: string, signal?: AbortSignal): Promise<T> {
		if (signal?.aborted) return Promise.reject(signal.reason);
		if (this.#waiting.length >= this.#limits.waiting) {
			return Promise.reject(
				new Failure('engine_busy', 'Too many texts wait for this model; try again later.', { retryAfterSeconds: 5 }),
			);
		}
		// One request brings many texts under one signal; that is no leak.
		if (signal !== undefined) setMaxListeners(0, signal);
		return new Promise<T>((resolve, reject) => {
			const leave = () => reject(signal?.reason);
			signal?.addEventListener('abort', leave, { once: true });
			const done = () => signal?.removeEventListener('abort', leave);
			this.#waiting.push({
				text,
				signal,
				resolve: (answer) => {
					done();
					resolve(answer);
				},
				reject: (error) => {
					done();
					reject(error);
				},
			});
			if (this.#isCalled) return;
			this.#isCalled = true;
			// Texts asked for in the same breath go together: after everything that is ready to run, without a turn of waiting.
			queueMicrotask(() => process.nextTick(() => void this.#work()));
		});
	}

	#next(): Waiting<T>[] {
		const batch: Waiting<T>[] = [];
		let characters = 0;
		while (batch.length < this.#limits.texts) {
			const [first] = this.#waiting;
			if (first === undefined) break;
			if (batch.length > 0 && characters + first.text.length > this.#limits.characters) break;
			this.#waiting.shift();
			if (first.signal?.aborted) continue;
			characters += first.text.length;
			batch.push(first);
		}
		return batch;
	}

	async #work(): Promise<void> {
		this.#isCalled = false;
		if (this.#isRunning) return;
		this.#isRunning = true;
		for (let batch = this.#next(); batch.length > 0; batch = this.#next()) await this.#answer(batch);
		this.#isRunning = false;
	}

	/** One fault must not be everybody's: a batch that fails is asked about text by text. */
	async #answer(batch: readonly Waiting<T>[]): Promise<void> {
		const abandoned = batch.every(({ signal }) => signal !== undefined) ? new AbortController() : null;
		const look = () => {
			if (batch.every(({ signal }) => signal?.aborted))
				abandoned?.abort(new DOMException('Nobody waits.', 'AbortError'));
		};
		if (abandoned !== null) for (const { signal } of batch) signal?.addEventListener('abort', look, { once: true });
		try {
			const texts = batch.map(({ text }) => text);
			const answers = await this.#run(texts, abandoned?.signal);
			for (const [at, { resolve, reject }] of batch.entries()) {
				const answer = answers[at];
				if (answer === undefined) reject(new Failure('engine_failed', 'The model gave no answer.'));
				else resolve(answer);
			}
		} catch (error) {
			const isGeneral = abandoned?.signal.aborted || (error instanceof Failure && general.has(error.code));
			if (batch.length === 1 || isGeneral) for (const { reject } of batch) reject(error);
			else for (const one of batch) await this.#answer([one]);
		} finally {
			for (const { signal } of batch) signal?.removeEventListener('abort', look);
		}
	}
}
