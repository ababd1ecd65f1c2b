// Anthropic's Messages replies, streamed and plain, as OpenAI's chunks and answers.
import type { CallEvent, CandidateCall, Usage } from '#lib/core/registry/call.ts';
import { isContentChunk } from '#lib/core/openai.ts';
import { isWire, numberAt, textAt, wireAt, type Wire } from '#lib/core/registry/wire.ts';
import { schemaTool, wantedSchema } from '#lib/server/providers/anthropic-request.ts';
import type { FrameReader } from '#lib/server/providers/call-stream.ts';
import { readUsage, writeUsage } from '#lib/server/providers/usage.ts';

const finishReasons: Readonly<Record<string, string>> = {
	end_turn: 'stop',
	stop_sequence: 'stop',
	pause_turn: 'stop',
	max_tokens: 'length',
	model_context_window_exceeded: 'length',
	tool_use: 'tool_calls',
	refusal: 'content_filter',
};

interface Block {
	kind: 'text' | 'thinking' | 'tool' | 'schema' | 'other';
	/** Position among the tool calls of the answer. */
	at: number;
}

/** Reads one reply of the Messages API. */
export class AnthropicReader implements FrameReader {
	readonly #inSchema: boolean;
	readonly #created: number;
	readonly #blocks = new Map<number, Block>();
	#id = '';
	#model: string;
	#calls = 0;
	#counts: Record<string, unknown> = {};
	#hasStopped = false;
	#hasReason = false;

	/** `created` is the time of the call in seconds since 1970, which this API does not tell. */
	constructor(call: CandidateCall, created: number) {
		this.#inSchema = wantedSchema(call.body) !== null;
		this.#model = call.model;
		this.#created = created;
	}

	get isComplete(): boolean {
		return this.#hasStopped || this.#hasReason;
	}

	isTerminator(): boolean {
		return false; // `message_stop` is an event like any other
	}

	#usage(): Usage | null {
		return readUsage(this.#counts, 'anthropic');
	}

	#head(object: string): Wire {
		return { id: this.#id, object, created: this.#created, model: this.#model };
	}

	#chunk(delta: Wire, finish: string | null = null): CallEvent {
		const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }];
		const chunk = { ...this.#head('chat.completion.chunk'), choices };
		return { type: 'chunk', chunk, content: isContentChunk(chunk) };
	}

	#finish(reason: string | null): string | null {
		if (reason === null) return null;
		if (reason === 'tool_use' && this.#inSchema && this.#calls === 0) return 'stop';
		return finishReasons[reason] ?? 'stop';
	}

	#start(message: Wire): CallEvent {
		this.#id = textAt(message, 'id') ?? this.#id;
		this.#model = textAt(message, 'model') ?? this.#model;
		Object.assign(this.#counts, wireAt(message, 'usage'));
		return this.#chunk({ role: 'assistant', content: '' });
	}

	#open(data: Wire): CallEvent[] {
		const block = wireAt(data, 'content_block');
		const index = numberAt(data, 'index') ?? 0;
		const kind = this.#kindOf(block);
		this.#blocks.set(index, { kind, at: this.#calls });
		if (kind === 'text') return this.#text('content', textAt(block, 'text'));
		if (kind === 'thinking') return this.#text('reasoning_content', textAt(block, 'thinking'));
		if (kind !== 'tool') return [];
		const asked = { name: textAt(block, 'name') ?? '', arguments: '' };
		const call = { index: this.#calls, id: textAt(block, 'id'), type: 'function', function: asked };
		this.#calls += 1;
		return [this.#chunk({ tool_calls: [call] })];
	}

	#kindOf(block: Wire): Block['kind'] {
		const type = textAt(block, 'type');
		if (type === 'tool_use') return this.#inSchema && textAt(block, 'name') === schemaTool ? 'schema' : 'tool';
		return type === 'text' || type === 'thinking' ? type : 'other';
	}

	#text(name: string, text: string | null): CallEvent[] {
		return text === null || text === '' ? [] : [this.#chunk({ [name]: text })];
	}

	#delta(data: Wire): CallEvent[] {
		const delta = wireAt(data, 'delta');
		const block = this.#blocks.get(numberAt(data, 'index') ?? 0);
		switch (textAt(delta, 'type')) {
			case 'text_delta':
				return this.#text('content', textAt(delta, 'text'));
			case 'thinking_delta':
				return this.#text('reasoning_content', textAt(delta, 'thinking'));
			case 'input_json_delta': {
				const json = textAt(delta, 'partial_json');
				if (block?.kind === 'schema') return this.#text('content', json);
				if (block?.kind !== 'tool' || json === null || json === '') return [];
				return [this.#chunk({ tool_calls: [{ index: block.at, function: { arguments: json } }] })];
			}
			default:
				return []; // signatures and citations have no place in the other shape
		}
	}

	read(data: Wire, name: string | null): CallEvent[] {
		switch (textAt(data, 'type') ?? name) {
			case 'message_start':
				return [this.#start(wireAt(data, 'message'))];
			case 'content_block_start':
				return this.#open(data);
			case 'content_block_delta':
				return this.#delta(data);
			case 'message_delta': {
				Object.assign(this.#counts, wireAt(data, 'usage'));
				const finish = this.#finish(textAt(wireAt(data, 'delta'), 'stop_reason'));
				this.#hasReason ||= finish !== null;
				return finish === null ? [] : [this.#chunk({}, finish)];
			}
			case 'message_stop':
				this.#hasStopped = true;
				return [];
			default:
				return [{ type: 'alive' }];
		}
	}

	/** OpenAI's last chunk holds the usage and no choice; so does this one. */
	end(): CallEvent[] {
		const usage = this.#usage();
		if (usage === null) return [];
		const chunk = { ...this.#head('chat.completion.chunk'), choices: [], usage: writeUsage(usage) };
		return [
			{ type: 'chunk', chunk, content: false },
			{ type: 'usage', usage },
		];
	}

	whole(reply: Wire): CallEvent[] | null {
		if (!Array.isArray(reply.content)) return null;
		const events = [
			this.#start(reply),
			...reply.content.flatMap((block, index) => (isWire(block) ? this.#wholeBlock(block, index) : [])),
		];
		const finish = this.#finish(textAt(reply, 'stop_reason')) ?? 'stop';
		return [...events, this.#chunk({}, finish)];
	}

	#wholeBlock(block: Wire, index: number): CallEvent[] {
		const opened = this.#open({ index, content_block: block });
		if (textAt(block, 'type') !== 'tool_use') return opened;
		const delta = { type: 'input_json_delta', partial_json: JSON.stringify(block.input ?? {}) };
		return [...opened, ...this.#delta({ index, delta })];
	}
}
