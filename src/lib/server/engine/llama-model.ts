// A model in GGUF files inside its own process, run by llama.cpp: asked for vectors, ranks, letters or text.
import { join } from 'node:path';
import { cutTokens, normalized } from '#lib/core/classify-text.ts';
import { Failure } from '#lib/core/failure.ts';
import { runtimeFailure } from '#lib/core/runtime-words.ts';
import { AnswerText } from '#lib/server/engine/answer-text.ts';
import { chooseEach } from '#lib/server/engine/choosing.ts';
import type * as Library from '#lib/server/engine/llama-library.ts';
import type * as Says from '#lib/server/engine/messages.ts';
import type { Hear, RunningModel, Tell } from '#lib/server/engine/running-model.ts';
import { premiseRoom } from '#lib/server/engine/token-rows.ts';

/** Only the processor, only a binary that is there: nothing is compiled or fetched. */
const quietly = { gpu: false, build: 'never', skipDownload: true, progressLogs: false, logLevel: 'error' };

/** Room for the tokens of an answer beside those of a question. */
const answerTokens = 512;
const seed = 7;

interface Parts {
	library: Library.LlamaLibrary;
	llama: Library.Llama;
	model: Library.LoadedGguf;
	embedding: Library.EmbeddingContext | null;
	ranking: Library.RankingContext | null;
	sequence: Library.Sequence | null;
}

/** One loaded model. */
export class LlamaModel implements RunningModel {
	readonly hasCache = true;
	readonly #parts: Parts;
	#isStopped = false;

	private constructor(parts: Parts) {
		this.#parts = parts;
	}

	/** Loads a file from disk only. Throws `engine_failed` without a binary for this machine, or `invalid_gguf`. */
	static async load(order: Says.LoadOrder, tell: Tell): Promise<LlamaModel> {
		tell('library');
		const library: Library.LlamaLibrary = await import(/* @vite-ignore */ order.library);
		const { threads, maxTokens } = order;
		const llama = await library.getLlama({ ...quietly, maxThreads: threads }).catch((error: unknown) => {
			throw runtimeFailure(error, 'engine_failed', 'llama.cpp does not run on this machine');
		});
		tell('weights');
		try {
			const model = await llama.loadModel({ modelPath: join(order.folder, order.fileName), gpuLayers: 0 });
			const room = { threads, ignoreMemorySafetyChecks: true }; // the server has looked at the memory
			const parts = { library, llama, model, embedding: null, ranking: null, sequence: null };
			if (order.kind === 'embedding') {
				const sizes = { contextSize: maxTokens, batchSize: maxTokens };
				return new LlamaModel({ ...parts, embedding: await model.createEmbeddingContext({ ...room, ...sizes }) });
			}
			if (order.kind === 'pair') {
				const size = maxTokens + 1; // it wants one more than it reads
				const sizes = { contextSize: size, batchSize: size };
				return new LlamaModel({ ...parts, ranking: await model.createRankingContext({ ...room, ...sizes }) });
			}
			const context = await model.createContext({ ...room, contextSize: maxTokens + answerTokens, sequences: 1 });
			return new LlamaModel({ ...parts, sequence: context.getSequence() });
		} catch (error) {
			const says = 'llama.cpp cannot load the model: its file is damaged or of a kind it does not know';
			throw runtimeFailure(error, 'invalid_gguf', says);
		}
	}

	/** Asks the work at hand to stop: after the next token, or before the next piece of a text. */
	stop(): void {
		this.#isStopped = true;
	}

	/** Throws when nobody waits for the rest. */
	#goOn(): void {
		if (this.#isStopped) throw new Failure('engine_failed', 'The work was stopped.');
	}

	/** Vectors of texts, one for each piece. How they are pooled is said by the file itself. */
	async embed(work: Says.EmbedWork, tell: Tell): Promise<Says.EmbeddedText[]> {
		const { model, embedding } = this.#parts;
		if (embedding === null) throw new Failure('unsupported_operation', 'The model was loaded to answer questions.');
		this.#isStopped = false;
		const answers: Says.EmbeddedText[] = [];
		for (const text of work.texts) {
			tell('tokenize');
			const lead = work.prefix === '' ? [] : model.tokenize(work.prefix, false);
			const body = model.tokenize(text, false, lead.length === 0 ? undefined : 'trimLeadingSpace');
			const marks = embedding.calculateInputLength([0]) - 1;
			const { spans, truncated } = cutTokens(body.length, work.maxTokens - marks - lead.length, work.mostChunks);
			tell('run');
			const vectors: Float32Array[] = [];
			for (const { from, to } of spans) {
				this.#goOn();
				const { vector } = await embedding.getEmbeddingFor([...lead, ...body.slice(from, to)]);
				vectors.push(normalized(Float32Array.from(vector)));
			}
			const weights = spans.map(({ from, to }) => Math.max(1, to - from));
			answers.push({ vectors, weights, tokens: lead.length + body.length, truncated });
		}
		return answers;
	}

	/** Logits of texts with every hypothesis, piece by piece and one for each pair: rerankers have no others. */
	async pair(work: Says.PairWork, tell: Tell): Promise<Says.PairedText[]> {
		const { model, ranking } = this.#parts;
		if (ranking === null) throw new Failure('unsupported_operation', 'The model was not loaded to compare texts.');
		this.#isStopped = false;
		tell('tokenize');
		const seconds = work.hypotheses.map((hypothesis) => model.tokenize(hypothesis, false, 'trimLeadingSpace'));
		const room = premiseRoom(work.maxTokens, seconds, ranking.calculateInputLength([0], [0]) - 2);
		const answers: Says.PairedText[] = [];
		for (const text of work.texts) {
			tell('tokenize');
			const first = model.tokenize(text, false, 'trimLeadingSpace');
			const { spans, truncated } = cutTokens(first.length, room, work.mostChunks);
			tell('run');
			const logits: number[][][] = [];
			for (const { from, to } of spans) {
				const piece: number[][] = [];
				for (const second of seconds) {
					this.#goOn();
					piece.push([logitOf(await ranking.rank(first.slice(from, to), second))]);
				}
				logits.push(piece);
			}
			answers.push({ logits, tokens: first.length, truncated });
		}
		return answers;
	}

	get #sequence(): Library.Sequence {
		const { sequence } = this.#parts;
		if (sequence === null) throw new Failure('unsupported_operation', 'The model was loaded to make vectors.');
		return sequence;
	}

	/** The conversation as tokens, by the file's own template. What people wrote cannot become marks of the template. */
	#prompt(messages: Says.GenerateWork['messages'], tell: Tell): Library.Token[] {
		tell('template');
		const { library, model } = this.#parts;
		const template = templateOf(model.fileInfo.metadata);
		if (template === null) {
			throw new Failure('unsupported_model', 'The model has no chat template, so that it cannot be asked questions.');
		}
		try {
			const wrapper = new library.JinjaTemplateChatWrapper({ template, tokenizer: model.tokenizer });
			const { contextText } = wrapper.generateContextState({ chatHistory: historyOf(messages) });
			tell('tokenize');
			return contextText.tokenize(model.tokenizer);
		} catch (cause) {
			throw new Failure('template_rejected', 'The chat template of the model cannot be used.', { cause });
		}
	}

	/** Log-probabilities of the letters as the next token. What two questions have in common is read once. */
	choose(work: Says.ChooseWork, tell: Tell): Promise<Says.ChosenText[]> {
		const { model } = this.#parts;
		return chooseEach<Library.Token>(work, {
			waysOf: (text) => [model.tokenize(text, false), model.tokenize(text, false, 'trimLeadingSpace')],
			prompt: (messages) => this.#prompt(messages, tell),
			lettersAfter: (ids, letters) => this.#lettersAfter(ids, letters),
			begin: () => tell('run'),
		});
	}

	async #lettersAfter(ids: readonly Library.Token[], letters: readonly Library.Token[][]) {
		const sequence = this.#sequence;
		await sequence.adaptStateToTokens(ids.slice(0, -1), false);
		const rest = ids.slice(sequence.nextTokenIndex);
		const [last = 0] = rest.slice(-1);
		const logits = { filter: { tokens: letters.flat(), includeTop: 1 } };
		const options = { generateNext: { logits, totalLogitWeight: true, options: { temperature: 1, topK: 0, topP: 1 } } };
		const output = await sequence.controlledEvaluate([...rest.slice(0, -1), [last, options]]);
		const next = output[rest.length - 1]?.next;
		const found = next?.logits;
		const total = next?.totalLogitWeight;
		if (found === undefined || total === undefined) throw new Failure('engine_failed', 'llama.cpp told no logits.');
		const top = Math.max(...found.values());
		const probability = (id: Library.Token) => Math.exp((found.get(id) ?? -Infinity) - top) / total;
		const masses = letters.map((ways) => ways.reduce((sum, id) => sum + probability(id), 0));
		const mass = masses.reduce((sum, one) => sum + one, 0);
		return { logProbabilities: masses.map(Math.log), offOptionMass: Math.min(1, Math.max(0, 1 - mass)) };
	}

	/** Goes on with a conversation, held to a JSON schema where one is given. */
	async generate(work: Says.GenerateWork, tell: Tell, hear: Hear): Promise<Says.GeneratedText> {
		const { library, llama, model } = this.#parts;
		const sequence = this.#sequence;
		this.#isStopped = false;
		const ids = this.#prompt(work.messages, tell);
		const grammar = work.schema === undefined ? null : await llama.createGrammarForJsonSchema(work.schema);
		const state = grammar === null ? undefined : new library.LlamaGrammarEvaluationState({ model, grammar });
		tell('run');
		await sequence.adaptStateToTokens(ids.slice(0, -1), false);
		const rest = ids.slice(sequence.nextTokenIndex);
		const options = {
			temperature: work.temperature,
			seed,
			...(state === undefined ? {} : { grammarEvaluationState: state }),
		};
		const answer = new AnswerText<Library.Token>((tokens) => model.detokenize(tokens));
		const say = (text: string) => {
			if (work.streams === true && text !== '') hear({ text, promptTokens: ids.length, tokens: answer.tokens });
		};
		for await (const token of sequence.evaluate(rest, options)) {
			say(answer.add(token));
			if (this.#isStopped || answer.tokens >= work.maxTokens) break;
		}
		say(answer.end());
		const { text, tokens } = answer;
		return { text, promptTokens: ids.length, tokens, isComplete: !this.#isStopped && tokens < work.maxTokens };
	}
}

/** The nearest to 0 and 1 that a probability is taken for: its logit shall be a number. */
const leastChance = 1e-15;

/** llama.cpp tells probabilities; what is compared everywhere are logits. */
function logitOf(probability: number): number {
	const chance = Math.min(1 - leastChance, Math.max(leastChance, probability));
	return Math.log(chance / (1 - chance));
}

/** The default chat template; null when the file has none. Metadata is nested by the dots of its keys. */
function templateOf(metadata: Readonly<Record<string, unknown>>): string | null {
	const { tokenizer } = metadata;
	if (typeof tokenizer !== 'object' || tokenizer === null || !('chat_template' in tokenizer)) return null;
	const { chat_template: template } = tokenizer;
	return typeof template === 'string' && template !== '' ? template : null;
}

/** The messages as llama.cpp's wrapper wants them, with the answer still to come at the end. */
function historyOf(messages: Says.GenerateWork['messages']): object[] {
	const items = messages.map(({ role, content }) =>
		role === 'assistant' ? { type: 'model', response: [content] } : { type: role, text: content },
	);
	return [...items, { type: 'model', response: [] }];
}
