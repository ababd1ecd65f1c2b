// The OpenAI wire shape at our door: what a request must have, which fields it may not have, and what counts as content.
import { z } from 'zod';
import { isWire, listAt, textAt, wireAt, type Wire } from '#lib/core/registry/wire.ts';

/** The model of a request: a spec such as `tier:fast` or `lab/model-a`. */
const model = z.string().min(1).max(512);

const roleNames = ['system', 'developer', 'user', 'assistant', 'tool', 'function'] as const;

const message = z.looseObject({
	role: z.enum(roleNames),
	content: z.union([z.string(), z.array(z.looseObject({ type: z.string() })), z.null()]).optional(),
});

const streaming = {
	stream: z.boolean().nullish(),
	stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
};

const count = z.int().min(1).max(10_000_000).nullish();

/** Body of `POST /v1/chat/completions`; fields it does not name pass through as they are. */
export const chatBodySchema = z.looseObject({
	model,
	messages: z.array(message).min(1).max(100_000),
	...streaming,
	max_tokens: count,
	max_completion_tokens: count,
	n: z.int().min(1).max(128).nullish(),
	temperature: z.number().min(0).max(2).nullish(),
	top_p: z.number().min(0).max(1).nullish(),
	tools: z.array(z.looseObject({ type: z.string() })).nullish(),
	response_format: z.looseObject({ type: z.string() }).nullish(),
});

const roles = new Set<unknown>(roleNames);

/** A message of a role and a text, whatever else stands beside them. */
function isPlainMessage(one: unknown): boolean {
	return isWire(one) && roles.has(one.role) && typeof one.content === 'string' && !('__proto__' in one);
}

const within = (value: unknown, least: number, most: number) =>
	value === undefined || (typeof value === 'number' && value >= least && value <= most);
const isCount = (value: unknown) => within(value, 1, 10_000_000) && (value === undefined || Number.isInteger(value));
const isSwitch = (value: unknown) => value === undefined || typeof value === 'boolean';

/**
 * Is this body beyond doubt as `chatBodySchema` asks, so that it need not be asked? True for the plainest chats only,
 * which are most of them; false says nothing. It takes a tenth of the schema's time.
 */
export function isPlainChat(body: unknown): body is Wire & { model: string } {
	if (!isWire(body) || '__proto__' in body) return false;
	const { model: spec, messages, stream, n } = body;
	if (typeof spec !== 'string' || spec === '' || spec.length > 512) return false;
	if (!Array.isArray(messages) || messages.length === 0 || messages.length > 100_000) return false;
	if (body.stream_options !== undefined || body.tools !== undefined || body.response_format !== undefined) return false;
	if (!isSwitch(stream) || n !== undefined) return false;
	if (!isCount(body.max_tokens) || !isCount(body.max_completion_tokens)) return false;
	return within(body.temperature, 0, 2) && within(body.top_p, 0, 1) && messages.every(isPlainMessage);
}

const prompt = z.union([z.string(), z.array(z.string()), z.array(z.int()), z.array(z.array(z.int()))]);

/** Body of `POST /v1/completions`. */
export const completionBodySchema = z.looseObject({ model, prompt, ...streaming, max_tokens: count });

/** Body of `POST /v1/embeddings`. */
export const embeddingBodySchema = z.looseObject({
	model,
	input: prompt,
	encoding_format: z.enum(['float', 'base64']).nullish(),
	dimensions: count,
});

/**
 * Fields by which other gateways let a caller choose the address, the key or the headers of the request that goes on:
 * never here. They are refused by name, so that nobody believes them to be obeyed.
 */
const refusedFields = new Set([
	'api_base',
	'api_key',
	'api_version',
	'base_url',
	'custom_llm_provider',
	'default_headers',
	'extra_body',
	'extra_headers',
	'headers',
	'proxy',
	'timeout',
]);

/** The first field of a body that no caller may set; null when there is none. */
export function refusedField(body: Wire): string | null {
	return Object.keys(body).find((name) => refusedFields.has(name.toLowerCase())) ?? null;
}

function isText(value: unknown): boolean {
	return typeof value === 'string' && value !== '';
}

/** Does a delta of a chat chunk bear content: text, reasoning, refusal, audio, or a tool call's name or arguments? */
function bearsContent(delta: Wire): boolean {
	if (isText(delta.content) || isText(delta.reasoning_content) || isText(delta.reasoning) || isText(delta.refusal)) {
		return true;
	}
	if (isText(wireAt(delta, 'audio').data) || isText(wireAt(delta, 'audio').transcript)) return true;
	if (Array.isArray(delta.content) && delta.content.length > 0) return true;
	const call = wireAt(delta, 'function_call');
	if (isText(call.name) || isText(call.arguments)) return true;
	return listAt(delta, 'tool_calls').some((one) => {
		const asked = wireAt(one, 'function');
		return isText(asked.name) || isText(asked.arguments);
	});
}

/** Does this choice say that it is over? `error` is the end of a failure, not of an answer. */
function hasFinished(choice: unknown): boolean {
	const reason = textAt(choice, 'finish_reason');
	return reason !== null && reason !== '' && reason !== 'error';
}

/**
 * Does a chunk bear content? Text, reasoning, tool calls, audio and an end with a result do; roles, empty texts, ids and
 * usage do not.
 */
export function isContentChunk(chunk: Wire): boolean {
	return listAt(chunk, 'choices').some((choice) => {
		if (!isWire(choice)) return false;
		return isText(choice.text) || bearsContent(wireAt(choice, 'delta')) || hasFinished(choice);
	});
}

/** Does some choice of the chunk say that it is over? */
export function isFinishChunk(chunk: Wire): boolean {
	return listAt(chunk, 'choices').some(hasFinished);
}
