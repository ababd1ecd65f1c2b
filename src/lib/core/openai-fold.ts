// Streamed and whole answers in the OpenAI shape, turned into each other.
import type { Operation } from '#lib/core/registry/call.ts';
import { isWire, listAt, numberAt, textAt, wireAt, type Wire } from '#lib/core/registry/wire.ts';

interface ToolCall {
	id: string | null;
	type: string;
	name: string;
	arguments: string[];
	rest: Record<string, unknown>;
}

/** What a choice has so far. Texts are kept in parts: adding to one long text again and again would copy it each time. */
class Choice {
	readonly #texts = new Map<string, string[]>();
	readonly #calls = new Map<number, ToolCall>();
	readonly #rest: Record<string, unknown> = {};
	readonly #logprobs: unknown[] = [];
	#role = 'assistant';
	#finish: string | null = null;

	add(choice: Wire): void {
		this.#finish = textAt(choice, 'finish_reason') ?? this.#finish;
		this.#logprobs.push(...listAt(choice.logprobs, 'content'));
		if (typeof choice.text === 'string') this.#append('text', choice.text);
		const delta = wireAt(choice, 'delta');
		for (const [name, value] of Object.entries(delta)) {
			if (name === 'role') this.#role = typeof value === 'string' ? value : this.#role;
			else if (name === 'tool_calls') this.#addCalls(listAt(delta, name));
			else if (typeof value === 'string') this.#append(name, value);
			else if (Array.isArray(value)) this.#rest[name] = [...listAt(this.#rest, name), ...value];
			else if (value !== null) this.#rest[name] = value;
		}
	}

	#append(name: string, text: string): void {
		const parts = this.#texts.get(name);
		if (parts === undefined) this.#texts.set(name, [text]);
		else parts.push(text);
	}

	#addCalls(calls: readonly unknown[]): void {
		for (const [position, call] of calls.entries()) {
			if (!isWire(call)) continue;
			const at = numberAt(call, 'index') ?? position;
			const known = this.#calls.get(at) ?? { id: null, type: 'function', name: '', arguments: [], rest: {} };
			const { id: _id, type: _type, index: _index, function: _function, ...rest } = call;
			const asked = wireAt(call, 'function');
			known.id ??= textAt(call, 'id');
			known.type = textAt(call, 'type') ?? known.type;
			known.name += textAt(asked, 'name') ?? '';
			known.arguments.push(textAt(asked, 'arguments') ?? '');
			Object.assign(known.rest, rest);
			this.#calls.set(at, known);
		}
	}

	#text(name: string): string | null {
		return this.#texts.get(name)?.join('') ?? null;
	}

	toChat(index: number): Wire {
		const texts = [...this.#texts.keys()].filter((name) => name !== 'content' && name !== 'text');
		const calls = [...this.#calls.entries()].sort(([a], [b]) => a - b).map(([, call]) => toCall(call));
		return {
			index,
			message: {
				role: this.#role,
				content: calls.length > 0 ? this.#text('content') || null : this.#text('content'),
				...this.#rest,
				...Object.fromEntries(texts.map((name) => [name, this.#text(name)])),
				...(calls.length > 0 ? { tool_calls: calls } : {}),
			},
			logprobs: this.#logprobs.length > 0 ? { content: this.#logprobs } : null,
			finish_reason: this.#finish,
		};
	}

	toCompletion(index: number): Wire {
		return { index, text: this.#text('text') ?? '', logprobs: null, finish_reason: this.#finish };
	}
}

function toCall({ id, type, name, arguments: parts, rest }: ToolCall): Wire {
	return { id, type, ...rest, function: { name, arguments: parts.join('') } };
}

/** Puts the chunks of one streamed answer together to the answer that would have come without streaming. */
export class ReplyFold {
	readonly #operation: Operation;
	readonly #choices = new Map<number, Choice>();
	#head: Record<string, unknown> = {};
	#hasHead = false;
	#usage: unknown = undefined;
	#reply: Wire | null = null;

	constructor(operation: Operation) {
		this.#operation = operation;
	}

	/** Takes in one chunk. */
	add(chunk: Wire): void {
		const { usage } = chunk;
		if (!this.#hasHead) this.#begin(chunk);
		if (isWire(usage)) this.#usage = usage;
		for (const choice of listAt(chunk, 'choices')) {
			if (!isWire(choice)) continue;
			const at = numberAt(choice, 'index') ?? 0;
			const known = this.#choices.get(at) ?? new Choice();
			known.add(choice);
			this.#choices.set(at, known);
		}
	}

	/** What stands beside the choices of the first chunk that says something there. */
	#begin({ choices: _choices, object: _object, usage: _usage, ...head }: Wire): void {
		this.#head = head;
		this.#hasHead = Object.keys(head).length > 0;
	}

	/** Takes in an answer that is whole already; it is given back as it is. */
	addReply(reply: Wire): void {
		this.#reply = reply;
	}

	/** The whole answer so far. */
	reply(): Wire {
		if (this.#reply !== null) return this.#reply;
		const isChat = this.#operation === 'chat';
		const choices = [...this.#choices.entries()].sort(([a], [b]) => a - b);
		return {
			...this.#head,
			object: isChat ? 'chat.completion' : 'text_completion',
			choices: choices.map(([at, choice]) => (isChat ? choice.toChat(at) : choice.toCompletion(at))),
			...(this.#usage === undefined ? {} : { usage: this.#usage }),
		};
	}
}

function deltaOf(message: Wire): Wire {
	const calls = listAt(message, 'tool_calls');
	if (calls.length === 0) return message;
	return { ...message, tool_calls: calls.map((call, index) => (isWire(call) ? { index, ...call } : call)) };
}

/**
 * A whole answer as chunks, for a client that asked for a stream of a provider that gave none: each choice in one chunk
 * and its end in another. Usage is left out; it has a chunk of its own.
 */
export function chunksOf(reply: Wire, operation: Operation): Wire[] {
	const { choices: _choices, usage: _usage, object: _object, ...head } = reply;
	const isChat = operation === 'chat';
	const object = isChat ? 'chat.completion.chunk' : 'text_completion';
	return listAt(reply, 'choices').flatMap((choice, position) => {
		if (!isWire(choice)) return [];
		const index = numberAt(choice, 'index') ?? position;
		const finish_reason = textAt(choice, 'finish_reason') ?? 'stop';
		const piece = isChat ? { delta: deltaOf(wireAt(choice, 'message')) } : { text: textAt(choice, 'text') ?? '' };
		const end = isChat ? { delta: {} } : { text: '' };
		return [
			{ ...head, object, choices: [{ index, ...piece, finish_reason: null }] },
			{ ...head, object, choices: [{ index, ...end, finish_reason }] },
		];
	});
}
