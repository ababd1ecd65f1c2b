// Tokens counted from the text itself, for providers that state none and for what is kept back before a request.
import type { Usage } from '#lib/core/registry/call.ts';
import { isJsonObject } from '#lib/core/registry/json-shape.ts';

/** Scripts that put about one and a half characters into a token: Chinese, Japanese, Korean. */
const denseScript = /[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]/u;
/** The lowest of them: prompts are long, and most of their characters lie below it. */
const firstDense = 0x1100;

/** No tokens at all; a start for sums. */
export const noUsage: Usage = {
	input_uncached: 0,
	cache_read: 0,
	cache_write_5m: 0,
	cache_write_1h: 0,
	output_text: 0,
	output_reasoning: 0,
	audio_in: 0,
	audio_out: 0,
	images: 0,
	requests: 1,
	estimated: true,
	stated_cost: null,
};

/** About how many tokens a text has: four characters each, one and a half in dense scripts. */
export function estimateTokens(text: string): number {
	let dense = 0;
	for (let at = 0; at < text.length; at += 1) {
		if (text.charCodeAt(at) >= firstDense && denseScript.test(text[at] ?? '')) dense += 1;
	}
	return Math.ceil((text.length - dense) / 4 + dense / 1.5);
}

const contentFields = new Set(['content', 'text', 'prompt', 'input', 'arguments', 'description', 'name', 'parameters']);
/** Tokens that the frame around one message takes. */
const messageFrame = 4;
/** Tokens counted for an image whose size nobody knows (OpenAI's high-detail tiles of a square of 1,024). */
const imageTokens = 765;

function countInside(value: unknown, isContent: boolean): number {
	if (typeof value === 'string') {
		if (!isContent) return 0;
		return /^data:|^https?:\/\/\S+$/.test(value) && value.length > 500 ? imageTokens : estimateTokens(value);
	}
	if (typeof value === 'number') return isContent ? 1 : 0;
	if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + countInside(one, isContent), 0);
	if (!isJsonObject(value)) return 0;
	if ('image_url' in value || value['type'] === 'image' || value['type'] === 'input_audio') return imageTokens;
	const frame = 'role' in value ? messageFrame : 0;
	return Object.entries(value).reduce((sum, [key, inner]) => {
		const counts = contentFields.has(key) || (isContent && key !== 'role' && key !== 'type');
		return sum + countInside(inner, counts);
	}, frame);
}

/** About how many tokens a request in OpenAI's shape sends: messages, prompt, input and tools. Token ids count as one each. */
export function estimateInput(body: Readonly<Record<string, unknown>>): number {
	const { messages, prompt, input, tools, functions, response_format } = body;
	return (
		countInside(messages, false) +
		countInside(prompt, true) +
		countInside(input, true) +
		countInside(tools, true) +
		countInside(functions, true) +
		countInside(response_format, true)
	);
}

/** The most tokens that the caller lets the model write; null when the caller set no limit. */
export function askedOutput(body: Readonly<Record<string, unknown>>): number | null {
	const asked = [body['max_completion_tokens'], body['max_tokens']].filter(
		(value): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0,
	);
	if (asked.length === 0) return null;
	const answers = typeof body['n'] === 'number' && body['n'] > 1 ? body['n'] : 1;
	return Math.min(...asked) * answers;
}

/** A guess at the tokens of a call: these for the input, and the text that came out. */
export function guessUsage(input: number, output: number): Usage {
	return { ...noUsage, input_uncached: input, output_text: output };
}

const saying = ['content', 'reasoning_content', 'reasoning', 'text', 'refusal'];

function textsOf(part: unknown): string {
	if (!isJsonObject(part)) return '';
	let said = '';
	for (const name of saying) {
		const text = part[name];
		if (typeof text === 'string') said += text;
	}
	const calls = part['tool_calls'];
	if (!Array.isArray(calls)) return said;
	for (const call of calls) {
		const made = isJsonObject(call) ? call['function'] : null;
		if (!isJsonObject(made)) continue;
		const { name, arguments: given } = made;
		if (typeof name === 'string') said += name;
		if (typeof given === 'string') said += given;
	}
	return said;
}

/** Everything that a chunk or a plain reply in OpenAI's shape says: text, reasoning, tool calls. */
export function saidIn(reply: Readonly<Record<string, unknown>>): string {
	const choices = reply['choices'];
	if (!Array.isArray(choices)) return '';
	let said = '';
	for (const choice of choices) {
		if (!isJsonObject(choice)) continue;
		const { delta, message, text } = choice;
		said += textsOf(delta) + textsOf(message);
		if (typeof text === 'string') said += text;
	}
	return said;
}

/** The answer's text alone, without reasoning: what a person would read. */
export function answerIn(reply: Readonly<Record<string, unknown>>): string {
	const choices = reply['choices'];
	const first = Array.isArray(choices) ? choices[0] : null;
	if (!isJsonObject(first)) return '';
	for (const part of [first['delta'], first['message']]) {
		if (isJsonObject(part) && typeof part['content'] === 'string') return part['content'];
	}
	return typeof first['text'] === 'string' ? first['text'] : '';
}
