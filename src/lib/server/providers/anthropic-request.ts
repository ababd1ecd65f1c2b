// A chat request in OpenAI's shape as Anthropic's Messages API reads it.
import { CallFailure, type CandidateCall } from '#lib/core/registry/call.ts';
import { unknownFields } from '#lib/server/providers/dropped.ts';
import { isWire, listAt, numberAt, parseWire, textAt, wireAt, type Wire } from '#lib/core/registry/wire.ts';

/** Tokens of the answer where the caller set no limit: this API wants one. */
const usualMaxTokens = 4096;
/** Name of the tool by which an answer is brought into a JSON schema. */
export const schemaTool = 'answer_in_schema';
/** The API's own fields, for callers who know whom they ask. */
const ownFields = ['thinking', 'top_k', 'cache_control', 'output_config', 'mcp_servers'];
/** Fields of both APIs' names that mean other things there: only values of this API are passed on. */
const sharedFields: Readonly<Record<string, (value: unknown) => boolean>> = {
	metadata: (value) => isWire(value) && Object.keys(value).join() === 'user_id',
	service_tier: (value) => value === 'auto' || value === 'standard_only',
};

function refused(what: string): CallFailure {
	return new CallFailure('bad_request', `Anthropic's API cannot take this request: ${what}.`, {
		code: 'unsupported_parameter',
	});
}

/** The parts of a `data:` address in base64; null for another kind of address. */
function inlineOf(url: string): { media: string; data: string } | null {
	const end = url.indexOf(',');
	const [, media = ''] = /^data:([\w.+/-]+);base64$/.exec(url.slice(0, end)) ?? [];
	return end < 0 || media === '' ? null : { media, data: url.slice(end + 1) };
}

function sourceOf(url: string): Wire {
	const inline = inlineOf(url);
	if (inline !== null) return { type: 'base64', media_type: inline.media, data: inline.data };
	if (/^https?:\/\//.test(url)) return { type: 'url', url };
	throw refused('an image is neither base64 nor an http address');
}

function withCache(part: unknown, block: Wire): Wire {
	const cache = isWire(part) ? part.cache_control : undefined;
	return cache === undefined ? block : { ...block, cache_control: cache };
}

function blockOf(part: unknown): Wire | null {
	switch (textAt(part, 'type')) {
		case 'text':
		case 'refusal': {
			const text = textAt(part, 'text') ?? textAt(part, 'refusal') ?? '';
			return text === '' ? null : withCache(part, { type: 'text', text });
		}
		case 'image_url': {
			const url = textAt(wireAt(part, 'image_url'), 'url') ?? textAt(part, 'image_url') ?? '';
			return withCache(part, { type: 'image', source: sourceOf(url) });
		}
		case 'file': {
			const file = wireAt(part, 'file');
			const inline = inlineOf(textAt(file, 'file_data') ?? '');
			if (inline === null) throw refused('a file has to be sent as base64 in file_data');
			const source = { type: 'base64', media_type: inline.media, data: inline.data };
			return withCache(part, { type: 'document', source, title: textAt(file, 'filename') ?? undefined });
		}
		default:
			throw refused(`content of type "${(textAt(part, 'type') ?? 'unknown').slice(0, 40)}"`);
	}
}

/** The content of a message as blocks; empty texts are left out, as the API refuses them. */
function blocksOf(content: unknown): Wire[] {
	if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
	if (!Array.isArray(content)) return [];
	return content.map(blockOf).filter((block) => block !== null);
}

function toolUse(call: unknown): Wire {
	const asked = wireAt(call, 'function');
	const text = textAt(asked, 'arguments') ?? '';
	const input = text.trim() === '' ? {} : parseWire(text);
	if (input === null) throw refused('the arguments of an earlier tool call are not a JSON object');
	return { type: 'tool_use', id: textAt(call, 'id') ?? '', name: textAt(asked, 'name') ?? '', input };
}

function turnOf(message: unknown): { role: 'user' | 'assistant'; blocks: Wire[] } {
	const content = isWire(message) ? message.content : undefined;
	switch (textAt(message, 'role')) {
		case 'assistant':
			return { role: 'assistant', blocks: [...blocksOf(content), ...listAt(message, 'tool_calls').map(toolUse)] };
		case 'tool': {
			const inner = blocksOf(content);
			const result = { type: 'tool_result', tool_use_id: textAt(message, 'tool_call_id') ?? '' };
			return { role: 'user', blocks: [inner.length === 0 ? result : { ...result, content: inner }] };
		}
		case 'user':
			return { role: 'user', blocks: blocksOf(content) };
		default:
			throw refused(`messages of the role "${(textAt(message, 'role') ?? 'unknown').slice(0, 40)}"`);
	}
}

function isInstruction(message: unknown): boolean {
	return ['system', 'developer'].includes(textAt(message, 'role') ?? '');
}

/** The turns of the conversation; neighbours of one role become one turn, as results of several tools have to be. */
function turnsOf(messages: readonly unknown[]): Wire[] {
	const turns: { role: string; content: Wire[] }[] = [];
	for (const message of messages) {
		if (isInstruction(message)) continue;
		const { role, blocks } = turnOf(message);
		if (blocks.length === 0) continue;
		const last = turns.at(-1);
		if (last?.role === role) last.content.push(...blocks);
		else turns.push({ role, content: blocks });
	}
	return turns;
}

function toolOf(tool: unknown): Wire {
	const asked = wireAt(tool, 'function');
	const name = textAt(asked, 'name');
	if (name === null) return isWire(tool) ? tool : {}; // one of the API's own tools, in its own words
	const description = textAt(asked, 'description') ?? undefined;
	const input_schema = isWire(asked.parameters) ? asked.parameters : { type: 'object', properties: {} };
	return withCache(tool, { name, description, input_schema });
}

function choiceOf(choice: unknown, isParallel: unknown): Wire | undefined {
	const single = isParallel === false ? { disable_parallel_tool_use: true } : {};
	if (isWire(choice)) {
		const name = textAt(wireAt(choice, 'function'), 'name');
		return name === null ? undefined : { type: 'tool', name, ...single };
	}
	if (choice === 'none') return { type: 'none' };
	if (choice === 'required') return { type: 'any', ...single };
	return isParallel === false ? { type: 'auto', ...single } : undefined;
}

/** The schema that the answer has to follow; null when any text will do. */
export function wantedSchema(body: Wire): Wire | null {
	const format = wireAt(body, 'response_format');
	if (textAt(format, 'type') !== 'json_schema') return null;
	const { schema } = wireAt(format, 'json_schema');
	return isWire(schema) ? schema : { type: 'object' };
}

/** Tools, with one more for an answer in a schema: calling it is the only way to answer then. */
function toolFields(body: Wire): Wire {
	const tools = listAt(body, 'tools').map(toolOf);
	const schema = wantedSchema(body);
	if (schema === null) {
		if (tools.length === 0) return {};
		return { tools, tool_choice: choiceOf(body.tool_choice, body.parallel_tool_calls) };
	}
	const description =
		textAt(wireAt(wireAt(body, 'response_format'), 'json_schema'), 'description') ??
		'Gives the final answer to the user in the wanted form.';
	const answer = { name: schemaTool, description, input_schema: schema };
	const tool_choice = tools.length === 0 ? { type: 'tool', name: schemaTool } : { type: 'any' };
	return { tools: [...tools, answer], tool_choice };
}

function systemOf(body: Wire): Wire[] {
	const told = listAt(body, 'messages').filter(isInstruction);
	const blocks = told.flatMap((message) => blocksOf(isWire(message) ? message.content : undefined));
	if (textAt(wireAt(body, 'response_format'), 'type') !== 'json_object') return blocks;
	return [...blocks, { type: 'text', text: 'Answer with one JSON object and nothing else.' }];
}

function stopsOf(stop: unknown): string[] | undefined {
	const all = typeof stop === 'string' ? [stop] : Array.isArray(stop) ? stop : [];
	const usable = all.filter((one): one is string => typeof one === 'string' && one.trim() !== '');
	return usable.length === 0 ? undefined : usable;
}

/** The fields of OpenAI's that have a counterpart here; others but the API's own are left out of what is sent. */
const fields =
	'messages max_tokens max_completion_tokens n temperature top_p stop tools tool_choice parallel_tool_calls response_format';

/** Fields of both names whose values this API understands. */
function sharedIn(body: Wire): string[] {
	return Object.keys(sharedFields).filter((name) => sharedFields[name]?.(body[name]) === true);
}

/** The fields of a request that this API has no word for. */
export function anthropicDropped(body: Wire): string[] {
	return unknownFields(body, [...fields.split(' '), ...ownFields, ...sharedIn(body)]);
}

/**
 * The request's body for `/messages`. Throws `bad_request` for what that API has no words for (several answers at once,
 * tools in the words of old, sound, unknown kinds of content); sampling options that it lacks are left out.
 */
export function anthropicBody({ model, body }: CandidateCall): string {
	if ((numberAt(body, 'n') ?? 1) > 1) throw refused('it gives one answer at a time, n has to be 1');
	if (listAt(body, 'functions').length > 0) throw refused('functions are called tools there; send tools instead');
	const messages = turnsOf(listAt(body, 'messages'));
	if (messages.length === 0) throw refused('there is no message of the user');
	const system = systemOf(body);
	const temperature = numberAt(body, 'temperature');
	const user = textAt(body, 'user');
	const own = Object.fromEntries(
		[...ownFields, ...sharedIn(body)].filter((name) => body[name] !== undefined).map((name) => [name, body[name]]),
	);
	return JSON.stringify({
		model,
		max_tokens: numberAt(body, 'max_completion_tokens') ?? numberAt(body, 'max_tokens') ?? usualMaxTokens,
		...(system.length === 0 ? {} : { system }),
		messages,
		temperature: temperature === null ? undefined : Math.min(1, temperature),
		top_p: numberAt(body, 'top_p') ?? undefined,
		stop_sequences: stopsOf(body.stop),
		...toolFields(body),
		...(user === null ? {} : { metadata: { user_id: user } }),
		...own,
		stream: true,
	});
}
