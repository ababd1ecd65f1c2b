// Models of this machine as a provider: chats and vectors by the engines that also classify, without any address or key.
import type { ChatMessage } from '#lib/core/classify-prompt.ts';
import { meanVector, mostChunks } from '#lib/core/classify-text.ts';
import { Failure, type FailureCode } from '#lib/core/failure.ts';
import { isContentChunk } from '#lib/core/openai.ts';
import {
	CallFailure,
	type CallEvent,
	type CallFailureClass,
	type CallProvider,
	type CandidateCall,
	type Usage,
} from '#lib/core/registry/call.ts';
import { askedOutput, estimateInput, estimateTokens, noUsage } from '#lib/core/registry/usage.ts';
import { isWire, listAt, numberAt, textAt, wireAt, type Wire } from '#lib/core/registry/wire.ts';
import { StopMarks } from '#lib/core/stop-marks.ts';
import type { Clock } from '#lib/server/clock.ts';
import type { Completion, WrittenPiece } from '#lib/server/engine/engine.ts';
import type { Engines } from '#lib/server/engine/engines.ts';
import type { HeldModel } from '#lib/server/engine/held-model.ts';
import type { KeyAnswer } from '#lib/server/providers/address.ts';
import { unknownFields } from '#lib/server/providers/dropped.ts';

/** The loaded models of this process. */
export type LocalModels = Pick<Engines, 'acquire'>;

/** Tokens of an answer where the caller set no limit. */
const usualMaxTokens = 1024;
/** Texts of one request for vectors, as OpenAI has it. */
const mostTexts = 2048;

const chatFields = ['messages', 'max_tokens', 'max_completion_tokens', 'temperature', 'stop', 'n', 'response_format'];
const vectorFields = ['input', 'encoding_format', 'dimensions'];

/** What a failure of the engines is to those who ask: another model may do, the request is wrong, or it is a bad moment. */
const classes: Partial<Record<FailureCode, CallFailureClass>> = {
	model_not_installed: 'not_found',
	model_locked: 'not_found',
	invalid_onnx: 'not_found',
	tokenizer_rejected: 'not_found',
	template_rejected: 'not_found',
	invalid_labels: 'not_found',
	unsupported_model: 'bad_request',
	unsupported_operation: 'bad_request',
	engine_missing: 'network',
	model_timeout: 'timeout.attempt',
};

function refused(message: string, code = 'unsupported_parameter'): CallFailure {
	return new CallFailure('bad_request', message, { code });
}

function callFailure({ code, message }: Failure): CallFailure {
	const kind = classes[code] ?? 'overloaded';
	const told = kind === 'bad_request' ? 'unsupported_operation' : code;
	return new CallFailure(kind, message, { code: told });
}

/** The outcome of an engine's work; its failures become those of a call, an abort the reason of the signal. */
async function told<T>(work: Promise<T>, signal: AbortSignal, hasContent = false): Promise<T> {
	try {
		return await work;
	} catch (error) {
		if (signal.aborted) throw signal.reason;
		if (!(error instanceof Failure)) throw error;
		throw hasContent ? new CallFailure('cut', error.message, { code: error.code }) : callFailure(error);
	}
}

function textOf(content: unknown): string {
	if (typeof content === 'string') return content;
	if (!Array.isArray(content)) return '';
	return content
		.map((part) => {
			const kind = textAt(part, 'type') ?? 'unknown';
			if (kind === 'text') return textAt(part, 'text') ?? '';
			throw refused(`Models of this machine read text; this request holds content of type "${kind.slice(0, 40)}".`);
		})
		.join('\n');
}

function messageOf(message: unknown): ChatMessage {
	const role = textAt(message, 'role') ?? 'unknown';
	const content = textOf(isWire(message) ? message.content : null);
	if (role === 'system' || role === 'developer') return { role: 'system', content };
	if ((role === 'user' || role === 'assistant') && listAt(message, 'tool_calls').length === 0) return { role, content };
	throw refused('Models of this machine use no tools; this request holds calls of tools.');
}

function checkChat(body: Wire): void {
	if ((numberAt(body, 'n') ?? 1) > 1) throw refused('Models of this machine give one answer at a time, n has to be 1.');
	if (listAt(body, 'tools').length > 0) throw refused('Models of this machine use no tools.');
	const format = textAt(wireAt(body, 'response_format'), 'type') ?? 'text';
	if (format !== 'text') throw refused(`Models of this machine cannot be held to the response_format "${format}".`);
}

function stopsOf(stop: unknown): string[] {
	return (Array.isArray(stop) ? stop : [stop]).filter((mark) => typeof mark === 'string');
}

function textsOf(input: unknown): string[] {
	const all: unknown[] = Array.isArray(input) ? input : [input];
	const texts = all.filter((one) => typeof one === 'string');
	if (texts.length < all.length) throw refused('Models of this machine take texts as input, not numbers of tokens.');
	if (texts.length > mostTexts) throw refused(`At most ${mostTexts} texts can be sent at once.`, 'too_many_texts');
	return texts;
}

interface LocalOptions {
	/** Its name in specs. */
	name: string;
	engines: LocalModels;
	clock: Clock;
}

/** The provider over this process's own engines. Models are named as `classify --model` takes them, never by a folder. */
export class LocalProvider implements CallProvider {
	readonly name: string;
	readonly #engines: LocalModels;
	readonly #clock: Clock;

	constructor({ name, engines, clock }: LocalOptions) {
		this.name = name;
		this.#engines = engines;
		this.#clock = clock;
	}

	/** No key is needed or sent. */
	key(): KeyAnswer {
		return { key: null, variable: null, problem: null };
	}

	/** There is no connection to end; models end with the engines. */
	async retire(): Promise<void> {}

	async close(): Promise<void> {}

	async *call({ operation, model, body }: CandidateCall, signal: AbortSignal): AsyncGenerator<CallEvent> {
		if (operation === 'completions') {
			throw refused(`${this.name} answers chats and makes vectors; it has no completions.`, 'unsupported_operation');
		}
		const isChat = operation === 'chat';
		if (isChat) checkChat(body);
		const started = this.#clock.ticks();
		const held = await told(this.#engines.acquire(model, { signal }), signal);
		try {
			signal.throwIfAborted();
			this.#checkKind(held, isChat);
			const dropped = unknownFields(body, isChat ? chatFields : vectorFields);
			yield { type: 'headers', status: 200, ms: this.#clock.ticks() - started, dropped };
			yield* isChat ? this.#chat(held, { model, body, signal }) : this.#vectors(held, { model, body, signal });
		} finally {
			held.release();
		}
	}

	#checkKind({ facts }: HeldModel, isChat: boolean): void {
		const wanted = isChat ? 'instruction' : 'embedding';
		if (facts.kind === wanted) return;
		const what = isChat ? 'answer chats' : 'make vectors of texts';
		throw refused(`${facts.name} is of the kind ${facts.kind} and cannot ${what}.`, 'unsupported_operation');
	}

	async *#chat({ engine }: HeldModel, { model, body, signal }: Asked): AsyncGenerator<CallEvent> {
		const messages = listAt(body, 'messages').map(messageOf);
		const options = {
			maxTokens: askedOutput(body) ?? usualMaxTokens,
			temperature: numberAt(body, 'temperature') ?? 0,
			signal,
		};
		const created = Math.floor(this.#clock.date().getTime() / 1000);
		const head = { id: 'chatcmpl-local', object: 'chat.completion.chunk', created, model };
		const said = (delta: object, finish: string | null = null): CallEvent => {
			const chunk = { ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] };
			return { type: 'chunk', chunk, content: isContentChunk(chunk) };
		};
		const marks = new StopMarks(stopsOf(body.stop));
		const answer = new Answer(engine.write(messages, options), signal);
		yield said({ role: 'assistant', content: '' });
		for await (const piece of answer.pieces()) {
			const text = marks.push(piece);
			if (text !== '') yield said({ content: text });
			if (marks.isCut) break;
		}
		const rest = marks.end();
		if (rest !== '') yield said({ content: rest });
		yield said({}, marks.isCut || answer.isComplete ? 'stop' : 'length');
		yield { type: 'usage', usage: usageOf(body, answer.promptTokens, answer.tokens) };
	}

	async *#vectors({ engine, facts }: HeldModel, { model, body, signal }: Asked): AsyncGenerator<CallEvent> {
		if (numberAt(body, 'dimensions') !== null) throw refused('The length of vectors of this machine cannot be chosen.');
		const { prefix, pooling, maxTokens } = facts;
		const options = { prefix, pooling, maxTokens, mostChunks, signal };
		const made = await told(Promise.all(textsOf(body.input).map((text) => engine.embed(text, options))), signal);
		const isPacked = body.encoding_format === 'base64';
		const data = made.map(({ vectors, weights }, index) => {
			const vector = meanVector(vectors, weights);
			return { object: 'embedding', index, embedding: isPacked ? packed(vector) : [...vector] };
		});
		const tokens = made.reduce((sum, one) => sum + one.tokens, 0);
		const usage = { prompt_tokens: tokens, total_tokens: tokens };
		yield { type: 'reply', reply: { object: 'list', data, model, usage } };
		yield { type: 'usage', usage: usageOf(body, tokens, 0) };
	}
}

interface Asked {
	model: string;
	body: Wire;
	signal: AbortSignal;
}

/** An answer that is being written, and what is known of it once it was read, to its end or up to where the reader left. */
class Answer {
	readonly #writing: AsyncGenerator<WrittenPiece, Completion, void>;
	readonly #signal: AbortSignal;
	#text = '';
	#counts: Pick<WrittenPiece, 'promptTokens' | 'tokens'> = { promptTokens: null, tokens: null };
	/** Did the model end by itself? */
	isComplete = false;

	constructor(writing: AsyncGenerator<WrittenPiece, Completion, void>, signal: AbortSignal) {
		this.#writing = writing;
		this.#signal = signal;
	}

	/** Null where the engine does not tell. */
	get promptTokens(): number | null {
		return this.#counts.promptTokens;
	}

	/** Estimated where the engine does not tell. */
	get tokens(): number {
		return this.#counts.tokens ?? estimateTokens(this.#text);
	}

	/** The text as it comes. Throws a `CallFailure`: a cut once something has come. */
	async *pieces(): AsyncGenerator<string> {
		try {
			for (;;) {
				const step = await told(this.#writing.next(), this.#signal, this.#text !== '');
				this.#counts = step.value;
				if (step.done === true) {
					this.isComplete = step.value.isComplete;
					return;
				}
				this.#text += step.value.text;
				yield step.value.text;
			}
		} finally {
			await this.#writing.return({ text: this.#text, ...this.#counts, isComplete: false });
		}
	}
}

/** The tokens of a call; those of the input are estimated where the engine does not tell them. */
function usageOf(body: Wire, input: number | null, output: number): Usage {
	const input_uncached = input ?? estimateInput(body);
	return { ...noUsage, input_uncached, output_text: output, estimated: input === null };
}

/** A vector as clients of OpenAI's API read it in base64: 32-bit numbers, the lowest byte first. */
function packed(vector: Float32Array): string {
	const bytes = Buffer.alloc(vector.length * 4);
	for (const [at, value] of vector.entries()) bytes.writeFloatLE(value, at * 4);
	return bytes.toString('base64');
}
