// A model inside its own process: loaded once, then asked for vectors, pair logits, letters or text.
import { sep, basename, dirname } from 'node:path';
import { Failure } from '#lib/core/failure.ts';
import { pool } from '#lib/core/pooling.ts';
import { runtimeFailure } from '#lib/core/runtime-words.ts';
import { AnswerText } from '#lib/server/engine/answer-text.ts';
import { chooseEach } from '#lib/server/engine/choosing.ts';
import type { Library, Model, Stopping, Streamer, Tensor, Tokenizer } from '#lib/server/engine/library.ts';
import type * as Says from '#lib/server/engine/messages.ts';
import type { Hear, RunningModel, Tell } from '#lib/server/engine/running-model.ts';
import { logSumExp, numbersOf, rowsOf } from '#lib/server/engine/tensors.ts';
import {
	batchesOf,
	Frame,
	inputsOf,
	pairRows,
	plainTokens,
	singleRows,
	type TokenRow,
} from '#lib/server/engine/token-rows.ts';

const loaders = {
	embedding: 'AutoModel',
	pair: 'AutoModelForSequenceClassification',
	causal: 'AutoModelForCausalLM',
} as const;

function failed(code: 'tokenizer_rejected' | 'invalid_onnx', said: string) {
	return (cause: unknown): never => {
		throw runtimeFailure(cause, code, said);
	};
}

/** One loaded model. */
export class ChildModel implements RunningModel {
	readonly #library: Library;
	readonly #tokenizer: Tokenizer;
	readonly #model: Model;
	readonly #frame: Frame;
	readonly #pad: number;
	#stopping: Stopping | null = null;
	#isStopped = false;

	private constructor(library: Library, tokenizer: Tokenizer, model: Model) {
		this.#library = library;
		this.#tokenizer = tokenizer;
		this.#model = model;
		this.#frame = new Frame(tokenizer);
		this.#pad = tokenizer.pad_token_id ?? 0;
	}

	/** Loads tokenizer and weights from disk only. Throws `unsupported_model`, `tokenizer_rejected` or `invalid_onnx`. */
	static async load(order: Says.LoadOrder, tell: Tell): Promise<ChildModel> {
		tell('library');
		const library: Library = await import(/* @vite-ignore */ order.library);
		const { env } = library;
		env.allowRemoteModels = false;
		env.allowLocalModels = true;
		env.useFSCache = false;
		env.useBrowserCache = false;
		env.localModelPath = dirname(order.folder) + sep;
		const name = basename(order.folder);
		tell('tokenizer');
		const tokenizer = await library.AutoTokenizer.from_pretrained(name, { local_files_only: true }).catch(
			failed('tokenizer_rejected', 'The tokenizer of the model cannot be read'),
		);
		tell('weights');
		const options = {
			local_files_only: true,
			dtype: order.dtype,
			device: 'cpu',
			subfolder: order.subfolder,
			model_file_name: order.fileName,
			session_options: { intraOpNumThreads: order.threads, interOpNumThreads: 1 },
		};
		const model = await library[loaders[order.kind]]
			.from_pretrained(name, options)
			.catch(
				failed(
					'invalid_onnx',
					'The runtime cannot load the model: its files are damaged or of a kind it does not know',
				),
			);
		tell('tokenize');
		return new ChildModel(library, tokenizer, model);
	}

	get hasCache(): boolean {
		return this.#inputNames.some((name) => name.startsWith('past_'));
	}

	get #inputNames(): readonly string[] {
		return Object.values(this.#model.sessions).flatMap((session) => session?.inputNames ?? []);
	}

	/** Asks the work at hand to stop: after the next token, or before the next batch. */
	stop(): void {
		this.#isStopped = true;
		this.#stopping?.interrupt();
	}

	/** Gives the memory of the weights back. Nothing can be asked of the model afterwards. */
	async end(): Promise<void> {
		await this.#model.dispose();
	}

	/** Runs the rows in batches and gives the model's answer about each, in their order. */
	async #each<T>(
		rows: readonly TokenRow[],
		read: (output: Readonly<Record<string, Tensor | undefined>>, rows: readonly TokenRow[]) => T[],
	): Promise<T[]> {
		const answers: T[] = [];
		const wanted = this.#inputNames;
		this.#isStopped = false;
		for (const batch of batchesOf(rows)) {
			if (this.#isStopped) throw new Failure('engine_failed', 'The work was stopped.');
			const part = batch.flatMap((at) => rows[at] ?? []);
			const all = Object.entries(inputsOf(this.#library, part, this.#pad));
			const inputs = Object.fromEntries(all.filter(([name]) => wanted.includes(name)));
			const output = await this.#model(inputs);
			const said = read(output, part);
			for (const [line, at] of batch.entries()) {
				const answer = said[line];
				if (answer !== undefined) answers[at] = answer;
			}
		}
		return answers;
	}

	/** Vectors of texts, one for each piece. */
	async embed(work: Says.EmbedWork, tell: Tell): Promise<Says.EmbeddedText[]> {
		const texts = work.texts.map((text) => {
			tell('tokenize');
			return singleRows(this.#tokenizer, this.#frame, text, work);
		});
		tell('run');
		const vectors = await this.#each(
			texts.flatMap(({ rows }) => rows),
			(output, rows) => {
				const states =
					output.sentence_embedding ?? output.last_hidden_state ?? output.token_embeddings ?? output.logits;
				if (states === undefined) throw new Failure('unsupported_model', 'The model gives no hidden states.');
				const [, tokens = 1, width] = states.dims;
				const shape =
					width === undefined
						? { data: numbersOf(states), tokens: 1, width: tokens }
						: { data: numbersOf(states), tokens, width };
				return rows.map(({ ids }, at) =>
					pool(shape, at, width === undefined ? 1 : ids.length, width === undefined ? 'cls' : work.pooling),
				);
			},
		);
		let next = 0;
		return texts.map(({ rows, weights, tokens, truncated }) => {
			const own = vectors.slice(next, (next += rows.length));
			return { vectors: own, weights, tokens, truncated };
		});
	}

	/** Logits of every text with every hypothesis. */
	async pair(work: Says.PairWork, tell: Tell): Promise<Says.PairedText[]> {
		const texts = work.texts.map((text) => {
			tell('tokenize');
			return pairRows(this.#tokenizer, this.#frame, text, work);
		});
		tell('run');
		const logits = await this.#each(
			texts.flatMap(({ rows }) => rows),
			(output) => {
				if (output.logits === undefined) throw new Failure('unsupported_model', 'The model gives no logits.');
				return rowsOf(output.logits);
			},
		);
		const width = work.hypotheses.length;
		let next = 0;
		return texts.map(({ rows, tokens, truncated }) => {
			const own = logits.slice(next, (next += rows.length));
			const pieces = Array.from({ length: rows.length / width }, (_, at) => own.slice(at * width, (at + 1) * width));
			return { logits: pieces, tokens, truncated };
		});
	}

	#prompt(messages: readonly object[], tell: Tell): number[] {
		tell('template');
		if (this.#tokenizer.chat_template == null) {
			throw new Failure('unsupported_model', 'The model has no chat template, so that it cannot be asked questions.');
		}
		let text: string;
		try {
			text = this.#tokenizer.apply_chat_template(messages, { tokenize: false, add_generation_prompt: true });
		} catch (cause) {
			throw new Failure('template_rejected', 'The chat template of the model cannot be used.', { cause });
		}
		tell('tokenize');
		return plainTokens(this.#tokenizer, text);
	}

	/** Log-probabilities of the letters as the next token. One conversation at a time: padding would shift positions. */
	choose(work: Says.ChooseWork, tell: Tell): Promise<Says.ChosenText[]> {
		return chooseEach<number>(work, {
			waysOf: (text) => [plainTokens(this.#tokenizer, text)],
			prompt: (messages) => this.#prompt(messages, tell),
			lettersAfter: (ids, letters) => this.#lettersAfter(ids, letters),
			begin: () => tell('run'),
		});
	}

	async #lettersAfter(ids: number[], letters: readonly number[][]) {
		const { input_ids, attention_mask } = inputsOf(this.#library, [{ ids, types: [] }], this.#pad);
		const keep: Record<string, Tensor> = this.#inputNames.includes('num_logits_to_keep')
			? { num_logits_to_keep: new this.#library.Tensor('int64', BigInt64Array.of(1n), []) }
			: {};
		if (input_ids === undefined || attention_mask === undefined) throw new Error('inputs are missing');
		const output = await this.#model({ input_ids, attention_mask, ...keep });
		if (output.logits === undefined) throw new Failure('unsupported_model', 'The model gives no logits.');
		const vocabulary = output.logits.dims[2] ?? 0;
		const all = numbersOf(output.logits);
		const last = all.subarray(all.length - vocabulary);
		const total = logSumExp(last);
		const logProbabilities = letters.map(
			(ways) => logSumExp(Float32Array.from(ways, (id) => last[id] ?? -Infinity)) - total,
		);
		const mass = logProbabilities.reduce((sum, value) => sum + Math.exp(value), 0);
		return { logProbabilities, offOptionMass: Math.min(1, Math.max(0, 1 - mass)) };
	}

	/** Goes on with a conversation. Refuses models without a cache: the library would feed them the last token alone. */
	async generate(work: Says.GenerateWork, tell: Tell, hear: Hear): Promise<Says.GeneratedText> {
		if (!this.hasCache) {
			throw new Failure(
				'unsupported_model',
				'This export of the model has no cache inputs, without which its text would be wrong.',
			);
		}
		const ids = this.#prompt(work.messages, tell);
		tell('run');
		const { input_ids, attention_mask } = inputsOf(this.#library, [{ ids, types: [] }], this.#pad);
		const stopping = new this.#library.InterruptableStoppingCriteria();
		const how = { skip_special_tokens: true, clean_up_tokenization_spaces: false };
		const answer = new AnswerText<number>((tokens) => this.#tokenizer.decode(tokens, how));
		const say = (text: string) => {
			if (work.streams === true && text !== '') hear({ text, promptTokens: ids.length, tokens: answer.tokens });
		};
		this.#isStopped = false;
		this.#stopping = stopping;
		try {
			await this.#model.generate({
				input_ids,
				attention_mask,
				max_new_tokens: work.maxTokens,
				do_sample: work.temperature > 0,
				...(work.temperature > 0 ? { temperature: work.temperature } : {}),
				stopping_criteria: stopping,
				streamer: writer((token) => say(answer.add(token))),
			});
			say(answer.end());
		} finally {
			this.#stopping = null;
		}
		const { text, tokens } = answer;
		return { text, promptTokens: ids.length, tokens, isComplete: !this.#isStopped && tokens < work.maxTokens };
	}
}

/** Hears the library's tokens one by one, after the question, which it tells first. */
function writer(hear: (token: number) => void): Streamer {
	let isAnswer = false;
	return {
		put([row = []]) {
			if (isAnswer) for (const token of row) hear(Number(token));
			isAnswer = true;
		},
		end() {},
	};
}
