// A model of another engine on this machine, spoken to in OpenAI's words: the same socket over HTTP.
import { z } from 'zod';
import type { ChatMessage } from '#lib/core/classify-prompt.ts';
import { normalized } from '#lib/core/classify-text.ts';
import { Failure, isAbort } from '#lib/core/failure.ts';
import { quoted } from '#lib/core/repository.ts';
import type * as Socket from '#lib/server/engine/engine.ts';
import type { ModelFacts } from '#lib/server/engine/model-place.ts';
import type { ChosenText, EmbeddedText, PairedText } from '#lib/server/engine/messages.ts';
import { Patience } from '#lib/server/engine/patience.ts';
import { SseParser, type SseFrame } from '#lib/server/providers/sse.ts';

interface HttpEngineOptions {
	/** Name with the engine's id before it, and the engine's own name for the model. */
	name: string;
	model: string;
	address: string;
	fetch: typeof globalThis.fetch;
}

/** Engines do not tell what a model is for; its name does. */
const embeddingName = /embed|(^|[/_-])(bge|e5|gte|minilm|nomic)([/_-]|\d|$)/i;

const chatPath = '/v1/chat/completions';
/** For a whole answer; for one that streams, between two pieces of it. */
const answerMs = 120_000;
/** Longest text for an embedding model whose limit is not known, in characters. */
const mostCharacters = 8_000;
const mostReplyBytes = 8 * 2 ** 20;

const usageSchema = z
	.looseObject({ prompt_tokens: z.number().nullish(), completion_tokens: z.number().nullish() })
	.nullish();
const tokenSchema = z.looseObject({ token: z.string(), logprob: z.number() });
const chatSchema = z.looseObject({
	choices: z
		.array(
			z.looseObject({
				message: z.looseObject({ content: z.string().nullish() }),
				finish_reason: z.string().nullish(),
				logprobs: z
					.looseObject({ content: z.array(z.looseObject({ top_logprobs: z.array(tokenSchema).nullish() })).nullish() })
					.nullish(),
			}),
		)
		.min(1),
	usage: usageSchema,
});
const embeddingSchema = z.looseObject({
	data: z.array(z.looseObject({ embedding: z.array(z.number()).min(1) })).min(1),
	usage: usageSchema,
});
type Chat = z.infer<typeof chatSchema>;
const chunkSchema = z.looseObject({
	choices: z
		.array(
			z.looseObject({
				delta: z.looseObject({ content: z.string().nullish() }).nullish(),
				finish_reason: z.string().nullish(),
			}),
		)
		.nullish(),
	usage: usageSchema,
});

/** One model behind an address. There is nothing to load or to end: its own engine does that. */
export class HttpEngine implements Socket.Engine {
	readonly #options: HttpEngineOptions;
	readonly isLoaded = true;

	constructor(options: HttpEngineOptions) {
		this.#options = options;
	}

	get modelType() {
		return embeddingName.test(this.#options.model) ? ('embedding' as const) : ('instruction' as const);
	}

	get modelPath(): string {
		return this.#options.address;
	}

	get facts(): ModelFacts {
		const kind = this.modelType;
		const warnings =
			kind === 'embedding'
				? [
						`Only the first ${mostCharacters.toLocaleString('en')} characters of a text are sent to ${this.#options.address}.`,
					]
				: [];
		return {
			name: this.#options.name,
			kind,
			prefix: '',
			pooling: 'mean',
			maxTokens: 4096,
			temperature: kind === 'embedding' ? 0.03 : 1,
			labels: null,
			revision: null,
			dtype: null,
			warnings,
		};
	}

	async load(): Promise<void> {}

	async unload(): Promise<void> {}

	/** The reply of the engine, whatever it is. Its failures are told by `#failure`. */
	#send(path: string, body: object, signal: AbortSignal): Promise<Response> {
		const { address, fetch } = this.#options;
		return fetch(`${address}${path}`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify(body),
			signal,
			redirect: 'error',
		});
	}

	/** What to throw for an error while the engine was asked: the reason of the caller, or a `Failure`. */
	#failure(cause: unknown, signal: AbortSignal | undefined, isLate: boolean): unknown {
		const { address, name } = this.#options;
		if (signal?.aborted) return signal.reason;
		if (cause instanceof Failure) return cause;
		if (isLate || isAbort(cause))
			return new Failure('model_timeout', `${name} did not answer within ${answerMs / 1000} s.`);
		return new Failure('engine_missing', `Nobody answers at ${address}.`, { cause });
	}

	#parsed<T>(text: string, status: number, schema: z.ZodType<T>): T {
		const { name } = this.#options;
		if (status >= 400)
			throw new Failure('engine_failed', `${name} answered with status ${status}: ${quoted(text.slice(0, 200))}`);
		const parsed = schema.safeParse(jsonOf(text));
		if (parsed.success) return parsed.data;
		throw new Failure('engine_failed', `${name} gave an answer of another form than was asked for.`);
	}

	async #post<T>(path: string, body: object, schema: z.ZodType<T>, signal: AbortSignal | undefined): Promise<T> {
		const limit = AbortSignal.timeout(answerMs);
		try {
			const reply = await this.#send(path, body, signal === undefined ? limit : AbortSignal.any([signal, limit]));
			return this.#parsed(await cappedText(reply), reply.status, schema);
		} catch (cause) {
			throw this.#failure(cause, signal, limit.aborted);
		}
	}

	async embed(text: string, { prefix, signal }: Socket.EmbedOptions): Promise<EmbeddedText> {
		const input = (prefix + text).slice(0, mostCharacters);
		const reply = await this.#post('/v1/embeddings', { model: this.#options.model, input }, embeddingSchema, signal);
		const vector = normalized(Float32Array.from(reply.data[0]?.embedding ?? []));
		const truncated = input.length < prefix.length + text.length;
		return { vectors: [vector], weights: [1], tokens: reply.usage?.prompt_tokens ?? 0, truncated };
	}

	async score(): Promise<PairedText> {
		throw new Failure('unsupported_operation', 'Engines of this kind do not compare pairs of texts.');
	}

	#chatBody(messages: readonly ChatMessage[], more: object): object {
		return { model: this.#options.model, messages, stream: false, seed: 7, ...more };
	}

	#chat(messages: readonly ChatMessage[], more: object, signal: AbortSignal | undefined): Promise<Chat> {
		return this.#post(chatPath, this.#chatBody(messages, more), chatSchema, signal);
	}

	/** Null where the engine does not tell log-probabilities, or none of the letters is among the likeliest tokens. */
	async choose(
		messages: readonly ChatMessage[],
		{ letters, signal }: Socket.ChooseOptions,
	): Promise<ChosenText | null> {
		const more = { max_tokens: 1, temperature: 0, logprobs: true, top_logprobs: 20 };
		const reply = await this.#chat(messages, more, signal);
		const top = reply.choices[0]?.logprobs?.content?.[0]?.top_logprobs ?? [];
		const of = (letter: string) =>
			top.filter(({ token }) => token.trim() === letter).map(({ logprob }) => Math.exp(logprob));
		const masses = letters.map((letter) => of(letter).reduce((sum, mass) => sum + mass, 0));
		const mass = masses.reduce((sum, one) => sum + one, 0);
		if (mass === 0) return null;
		// A letter that is not among the likeliest has less than the least of them.
		const least = Math.min(...top.map(({ logprob }) => logprob));
		const logProbabilities = masses.map((one) => (one === 0 ? least - 1 : Math.log(one)));
		return { logProbabilities, offOptionMass: Math.max(0, 1 - mass), tokens: reply.usage?.prompt_tokens ?? 0 };
	}

	async complete(
		prompt: string | readonly ChatMessage[],
		options: Socket.CompleteOptions = {},
	): Promise<Socket.Completion> {
		return completionOf(await this.#chat(messagesOf(prompt), wishesOf(options), options.signal));
	}

	async *write(
		prompt: string | readonly ChatMessage[],
		options: Socket.CompleteOptions = {},
	): AsyncGenerator<Socket.WrittenPiece, Socket.Completion, void> {
		const { signal } = options;
		const wishes = { ...wishesOf(options), stream: true, stream_options: { include_usage: true } };
		const left = new AbortController();
		const patience = new Patience(answerMs);
		const ends = [left.signal, patience.signal, ...(signal === undefined ? [] : [signal])];
		try {
			const reply = await this.#send(chatPath, this.#chatBody(messagesOf(prompt), wishes), AbortSignal.any(ends));
			if (reply.ok && reply.headers.get('content-type')?.startsWith('text/event-stream') === true) {
				return yield* this.#pieces(reply, patience);
			}
			// An engine that does not stream is taken at its word.
			const whole = completionOf(this.#parsed(await cappedText(reply), reply.status, chatSchema));
			const { text, promptTokens, tokens } = whole;
			if (text !== '') yield { text, promptTokens, tokens };
			return whole;
		} catch (cause) {
			throw this.#failure(cause, signal, patience.signal.aborted);
		} finally {
			patience.end();
			left.abort();
		}
	}

	async *#pieces(reply: Response, patience: Patience): AsyncGenerator<Socket.WrittenPiece, Socket.Completion, void> {
		let [text, finish, isOver]: [string, string | null, boolean] = ['', null, false];
		let usage: z.infer<typeof usageSchema> = null;
		for await (const { data } of framesOf(reply)) {
			patience.heard();
			if (data === null) continue;
			isOver = data.trim() === '[DONE]';
			if (isOver) break;
			const chunk = this.#parsed(data, reply.status, chunkSchema);
			usage = chunk.usage ?? usage;
			const [choice] = chunk.choices ?? [];
			finish = choice?.finish_reason ?? finish;
			const piece = choice?.delta?.content ?? '';
			text += piece;
			if (text.length > mostReplyBytes) throw new Failure('engine_failed', 'The engine’s answer is too long.');
			if (piece !== '') yield { text: piece, promptTokens: null, tokens: null };
		}
		if (finish === null && !isOver)
			throw new Failure('engine_failed', `The answer of ${this.#options.name} broke off.`);
		const counts = { promptTokens: usage?.prompt_tokens ?? null, tokens: usage?.completion_tokens ?? null };
		return { text, ...counts, isComplete: finish === 'stop' };
	}

	getModelInfo(): Socket.ModelInfo {
		const metadata = { version: null, checksum: null, dtype: null, license: null };
		return { name: this.#options.name, type: this.modelType, size: null, path: this.modelPath, loaded: true, metadata };
	}
}

function messagesOf(prompt: string | readonly ChatMessage[]): readonly ChatMessage[] {
	return typeof prompt === 'string' ? [{ role: 'user' as const, content: prompt }] : prompt;
}

function wishesOf({ maxTokens = 256, temperature = 0, schema }: Socket.CompleteOptions): object {
	const json_schema = { name: 'answer', strict: true, schema };
	const format = schema === undefined ? {} : { response_format: { type: 'json_schema', json_schema } };
	return { max_tokens: maxTokens, temperature, ...format };
}

function completionOf({ choices, usage }: Chat): Socket.Completion {
	const [choice] = choices;
	return {
		text: choice?.message.content ?? '',
		promptTokens: usage?.prompt_tokens ?? null,
		tokens: usage?.completion_tokens ?? null,
		isComplete: choice?.finish_reason === 'stop',
	};
}

async function* framesOf(reply: Response): AsyncGenerator<SseFrame> {
	const parser = new SseParser();
	for await (const bytes of reply.body ?? []) yield* parser.push(bytes);
	yield* parser.end();
}

async function cappedText(reply: Response): Promise<string> {
	const decoder = new TextDecoder();
	let text = '';
	if (reply.body === null) return text;
	for await (const chunk of reply.body) {
		text += decoder.decode(chunk, { stream: true });
		if (text.length > mostReplyBytes) throw new Failure('engine_failed', 'The engine’s answer is too long.');
	}
	return text + decoder.decode();
}

function jsonOf(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return null; // the schema refuses it
	}
}
