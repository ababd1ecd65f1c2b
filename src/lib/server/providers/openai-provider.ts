// Providers that speak OpenAI's shape: the body passes through, quirks come from the provider's row.
import type { CallEvent, CandidateCall, Operation, Usage } from '#lib/core/registry/call.ts';
import { isContentChunk, isFinishChunk } from '#lib/core/openai.ts';
import type { ProviderRow } from '#lib/core/registry/provider-table.ts';
import { isWire, listAt, wireAt, type Wire } from '#lib/core/registry/wire.ts';
import type { FrameReader } from '#lib/server/providers/call-stream.ts';
import { readUsage } from '#lib/server/providers/usage.ts';

/** Where each operation lies below the base address. */
export const openAiPaths: Readonly<Record<Operation, string>> = {
	chat: '/chat/completions',
	completions: '/completions',
	embeddings: '/embeddings',
};

/** The body with the row's other names for fields and values. */
function renamed(body: Wire, { rename = {}, revalue = {} }: ProviderRow): Record<string, unknown> {
	const sent: Record<string, unknown> = {};
	for (const [name, value] of Object.entries(body)) {
		const theirs = rename[name] ?? name;
		if (theirs !== name && theirs in body) continue; // the caller wrote it in the provider's own words too
		sent[theirs] = typeof value === 'string' ? (revalue[name]?.[value] ?? value) : value;
	}
	return sent;
}

/** The request's body as the provider reads it. Chats and completions are always asked for as streams. */
export function openAiBody({ operation, model, body }: CandidateCall, row: ProviderRow): string {
	const sent = { ...renamed(body, row), model };
	if (operation === 'embeddings') return JSON.stringify({ ...sent, stream: undefined, stream_options: undefined });
	const options = { ...wireAt(body, 'stream_options'), include_usage: true };
	const stream_options = row.takesStreamOptions === false ? undefined : options;
	return JSON.stringify({ ...sent, stream: true, stream_options });
}

/** Reads one reply in OpenAI's shape. */
export class OpenAiReader implements FrameReader {
	readonly #operation: Operation;
	readonly #row: ProviderRow;
	#usage: Usage | null = null;
	#isComplete = false;

	constructor(operation: Operation, row: ProviderRow) {
		this.#operation = operation;
		this.#row = row;
	}

	get isComplete(): boolean {
		return this.#isComplete;
	}

	isTerminator(text: string): boolean {
		return text.trim() === '[DONE]';
	}

	#note(reply: Wire): void {
		// Groq's streams hold it one level deeper.
		const usage = isWire(reply.usage) ? reply.usage : wireAt(reply, 'x_groq').usage;
		if (usage !== undefined) this.#usage = readUsage(usage, this.#row.usage) ?? this.#usage;
	}

	read(chunk: Wire, _name: string | null, text: string): CallEvent[] {
		this.#note(chunk);
		this.#isComplete ||= isFinishChunk(chunk);
		const event = { type: 'chunk' as const, chunk, content: isContentChunk(chunk) };
		return [/[\r\n]/.test(text) ? event : { ...event, text }];
	}

	end(): CallEvent[] {
		return this.#usage === null ? [] : [{ type: 'usage', usage: this.#usage }];
	}

	whole(reply: Wire): CallEvent[] | null {
		const results = listAt(reply, this.#operation === 'embeddings' ? 'data' : 'choices');
		if (results.length === 0) return null;
		this.#note(reply);
		return [{ type: 'reply', reply }];
	}
}
