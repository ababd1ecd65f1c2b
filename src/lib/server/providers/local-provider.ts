// Models of this machine as a provider: chats and vectors by the engines that also classify, without any address or key.
import type { ChatMessage } from '#lib/core/classify-prompt.ts';
import { meanVector, mostChunks } from '#lib/core/classify-text.ts';
import { Failure, type FailureCode } from '#lib/core/failure.ts';
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
import type { Clock } from '#lib/server/clock.ts';
import type { Engines, HeldModel } from '#lib/server/engine/engines.ts';
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
async function told<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
	try {
		return await work;
	} catch (error) {
		if (signal.aborted) throw signal.reason;
		throw error instanceof Failure ? callFailure(error) : error;
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

/** The text up to the first of the marks, and whether there was one. */
function stopped(text: string, stop: unknown): { text: string; isCut: boolean } {
	const marks = (Array.isArray(stop) ? stop : [stop]).filter((one) => typeof one === 'string' && one !== '');
	const found = marks.map((mark) => text.indexOf(mark)).filter((at) => at >= 0);
	return found.length === 0 ? { text, isCut: false } : { text: text.slice(0, Math.min(...found)), isCut: true };
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
		const { text: whole, promptTokens, tokens, isComplete } = await told(engine.complete(messages, options), signal);
		const { text, isCut } = stopped(whole, body.stop);
		const message = { role: 'assistant', content: text };
		const choices = [{ index: 0, message, logprobs: null, finish_reason: isCut || isComplete ? 'stop' : 'length' }];
		const created = Math.floor(this.#clock.date().getTime() / 1000);
		yield { type: 'reply', reply: { id: 'chatcmpl-local', object: 'chat.completion', created, model, choices } };
		yield { type: 'usage', usage: usageOf(body, promptTokens, tokens ?? estimateTokens(whole)) };
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
