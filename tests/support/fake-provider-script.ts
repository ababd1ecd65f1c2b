// What a fake provider is told to do with a request: when it answers, with what, and how it goes wrong.

/** A tool call of an answer; the arguments come in these pieces. */
export interface ScriptedTool {
	name: string;
	pieces: string[];
}

/** One answer. Times are milliseconds; positions count pieces of content. */
export interface Script {
	/** Pieces of text. Default: a greeting that names the model. */
	text?: string[];
	reasoning?: string[];
	tools?: ScriptedTool[];
	headersMs?: number;
	firstMs?: number;
	betweenMs?: number;
	/** The delays vary by this share, dealt by the seed. */
	jitter?: number;
	/** Status other than 200, with this body (text, or an object as JSON). */
	status?: number;
	body?: unknown;
	headers?: Record<string, string>;
	/** Breaks the connection before any answer. */
	refuses?: boolean;
	/** Breaks the connection after so many bytes of body. */
	resetAt?: number;
	/** Ends the body after so many pieces, as if all were said, without finish or terminator. */
	endAt?: number;
	/** Says nothing more after so many pieces and keeps the connection. */
	stallAt?: number;
	/** Sends a piece that is no JSON after so many. */
	malformedAt?: number;
	/** Sends an error inside the stream after so many pieces. */
	errorAt?: number;
	error?: unknown;
	/** Sends signs of life for ever and no content: comments, or chunks with a role alone. */
	endless?: 'comments' | 'roles';
	/** Answers with a page, or with nothing, under status 200. */
	page?: boolean;
	empty?: boolean;
	/** Ignores `stream: true` and answers in one piece. */
	plain?: boolean;
	/** Sends the caller elsewhere. */
	redirect?: { to: string; status?: number };
	/** Usage as stated; null for none. Default: counts of the texts. */
	usage?: Record<string, unknown> | null;
	/** How the bytes are cut. Default: an event per write. */
	writes?: 'events' | 'bytes' | 'packed' | 'halves';
	lineEnd?: '\n' | '\r\n';
	finish?: string;
	/** Leaves the terminator out (the finish comes). */
	noTerminator?: boolean;
	/** Fields added to every chunk. */
	extra?: Record<string, unknown>;
}

const usualText = (model: string) => ['Hello', ' from ', model, '.'];

/** The pieces of content of a script, in order, as deltas of OpenAI's shape. */
export function deltasOf(script: Script, model: string): Record<string, unknown>[] {
	const tools = script.tools ?? [];
	const text = script.text ?? (tools.length > 0 ? [] : usualText(model));
	return [
		...(script.reasoning ?? []).map((piece) => ({ reasoning_content: piece })),
		...text.map((piece) => ({ content: piece })),
		...tools.flatMap(({ name, pieces }, index) => [
			{ tool_calls: [{ index, id: `call_${index}`, type: 'function', function: { name, arguments: '' } }] },
			...pieces.map((piece) => ({ tool_calls: [{ index, function: { arguments: piece } }] })),
		]),
	];
}

export const finishOf = ({ finish, tools = [] }: Script) => finish ?? (tools.length > 0 ? 'tool_calls' : 'stop');

/** Tokens of a scripted answer, a token for each piece. */
export function usageOf(script: Script, model: string): Record<string, unknown> | null {
	if (script.usage !== undefined) return script.usage;
	const completion_tokens = deltasOf(script, model).length;
	return { prompt_tokens: 7, completion_tokens, total_tokens: 7 + completion_tokens };
}

/** One event as lines, or a comment. */
export interface Frame {
	event?: string;
	data: unknown;
	/** Does it bear a piece of content? Faults count these. */
	isPiece?: boolean;
}

/** The events of a chat or a completion in OpenAI's shape. */
export function openAiFrames(script: Script, model: string, isChat: boolean): Frame[] {
	const head = {
		id: 'chatcmpl-fake',
		object: isChat ? 'chat.completion.chunk' : 'text_completion',
		created: 1_790_000_000,
		model,
		...script.extra,
	};
	const chunk = (delta: Record<string, unknown>, finish_reason: string | null = null) => ({
		...head,
		choices: [isChat ? { index: 0, delta, finish_reason } : { index: 0, text: delta.content ?? '', finish_reason }],
	});
	const usage = usageOf(script, model);
	return [
		...(isChat ? [{ data: chunk({ role: 'assistant', content: '' }) }] : []),
		...deltasOf(script, model).map((delta) => ({ data: chunk(delta), isPiece: true })),
		{ data: chunk({}, finishOf(script)) },
		...(usage === null ? [] : [{ data: { ...head, choices: [], usage } }]),
		...(script.noTerminator ? [] : [{ data: '[DONE]' }]),
	];
}

/** The same answer in one piece. */
export function openAiReply(script: Script, model: string, isChat: boolean): Record<string, unknown> {
	const content = (script.text ?? (script.tools ? [] : usualText(model))).join('');
	const tool_calls = (script.tools ?? []).map(({ name, pieces }, index) => ({
		id: `call_${index}`,
		type: 'function',
		function: { name, arguments: pieces.join('') },
	}));
	const message = { role: 'assistant', content, ...(tool_calls.length > 0 ? { tool_calls } : {}) };
	const choice = isChat ? { index: 0, message } : { index: 0, text: content };
	const usage = usageOf(script, model);
	return {
		id: 'chatcmpl-fake',
		object: isChat ? 'chat.completion' : 'text_completion',
		created: 1_790_000_000,
		model,
		choices: [{ ...choice, finish_reason: finishOf(script) }],
		...(usage === null ? {} : { usage }),
	};
}

const stopReasons: Record<string, string> = { stop: 'end_turn', length: 'max_tokens', tool_calls: 'tool_use' };

function anthropicBlocks(script: Script, model: string): { start: object; deltas: object[] }[] {
	const blocks: { start: object; deltas: object[] }[] = [];
	if (script.reasoning) {
		const deltas = script.reasoning.map((thinking) => ({ type: 'thinking_delta', thinking }));
		blocks.push({ start: { type: 'thinking', thinking: '' }, deltas });
	}
	const text = script.text ?? (script.tools ? [] : usualText(model));
	if (text.length > 0) {
		blocks.push({
			start: { type: 'text', text: '' },
			deltas: text.map((piece) => ({ type: 'text_delta', text: piece })),
		});
	}
	for (const [index, { name, pieces }] of (script.tools ?? []).entries()) {
		const deltas = pieces.map((partial_json) => ({ type: 'input_json_delta', partial_json }));
		blocks.push({ start: { type: 'tool_use', id: `toolu_${index}`, name, input: {} }, deltas });
	}
	return blocks;
}

function anthropicUsage(script: Script, model: string): Record<string, unknown> {
	return script.usage ?? { input_tokens: 7, output_tokens: deltasOf(script, model).length };
}

/** The events of the Messages API. */
export function anthropicFrames(script: Script, model: string): Frame[] {
	const frame = (data: { type: string } & Record<string, unknown>, isPiece = false): Frame => ({
		event: data.type,
		data,
		isPiece,
	});
	const { output_tokens, ...input } = anthropicUsage(script, model);
	const message = { id: 'msg_fake', type: 'message', role: 'assistant', model, content: [], stop_reason: null };
	const stop_reason = stopReasons[finishOf(script)] ?? finishOf(script);
	return [
		frame({ type: 'message_start', message: { ...message, usage: { ...input, output_tokens: 1 } } }),
		frame({ type: 'ping' }),
		...anthropicBlocks(script, model).flatMap(({ start, deltas }, index) => [
			frame({ type: 'content_block_start', index, content_block: start }),
			...deltas.map((delta) => frame({ type: 'content_block_delta', index, delta }, true)),
			frame({ type: 'content_block_stop', index }),
		]),
		frame({ type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens } }),
		...(script.noTerminator ? [] : [frame({ type: 'message_stop' })]),
	];
}

/** The same message in one piece. */
export function anthropicReply(script: Script, model: string): Record<string, unknown> {
	const tools = (script.tools ?? []).map(({ name, pieces }, index) => ({
		type: 'tool_use',
		id: `toolu_${index}`,
		name,
		input: JSON.parse(pieces.join('') || '{}'),
	}));
	const text = (script.text ?? (script.tools ? [] : usualText(model))).join('');
	return {
		id: 'msg_fake',
		type: 'message',
		role: 'assistant',
		model,
		content: [...(text === '' ? [] : [{ type: 'text', text }]), ...tools],
		stop_reason: stopReasons[finishOf(script)] ?? finishOf(script),
		usage: anthropicUsage(script, model),
	};
}
