// Pieces of answers as the gateway sends them on: their texts, and the usage, which is told once and at the end.
import { chunksOf } from '#lib/core/openai-fold.ts';
import type { CallEvent, Operation } from '#lib/core/registry/call.ts';
import { dollars, type RequestRecord } from '#lib/core/registry/record.ts';
import { isWire, listAt, type Wire } from '#lib/core/registry/wire.ts';
import { sse, sseComment } from '#lib/server/gateway-wire.ts';
import { writeUsage } from '#lib/server/providers/usage.ts';

/** A chunk that tells usage and nothing else. */
function isUsageChunk(chunk: Wire): boolean {
	return isWire(chunk.usage) && listAt(chunk, 'choices').length === 0;
}

/** A lot without its chunk of usage, which is told at the end, and that chunk; null where there is none. */
export function withoutUsage(lot: readonly CallEvent[]): [CallEvent[], Wire | null] {
	let usage: Wire | null = null;
	const rest = lot.filter((event) => {
		if (event.type !== 'chunk' || !isUsageChunk(event.chunk)) return true;
		usage = event.chunk;
		return false;
	});
	return [rest, usage];
}

/** The last chunk of a lot; null without one. */
export function lastChunk(lot: readonly CallEvent[]): Wire | null {
	const last = lot.findLast(({ type }) => type === 'chunk');
	return last?.type === 'chunk' ? last.chunk : null;
}

/** What one event adds to a stream; empty for what is said otherwise. */
export function textOf(event: CallEvent, operation: Operation): string {
	if (event.type === 'chunk') return event.text === undefined ? sse(event.chunk) : `data: ${event.text}\n\n`;
	if (event.type === 'alive') return sseComment;
	return event.type === 'reply' ? chunksOf(event.reply, operation).map(sse).join('') : '';
}

/** The chunk that tells usage: the provider's own, or one from the record; with the cost of all tries where it is known. */
export function usageChunk(chunk: Wire, { usage, cost }: RequestRecord): Wire | null {
	const stated = isWire(chunk.usage) ? chunk.usage : usage === null ? null : writeUsage(usage);
	if (stated === null) return null;
	const dear = cost.total === null ? {} : { cost: dollars(cost.total) };
	return { ...chunk, choices: [], usage: { ...stated, ...dear } };
}

/** A plain answer that has usage, also where the provider stated none and the tokens were counted from the text. */
export function withUsage(reply: Wire, { usage }: RequestRecord): Wire {
	return isWire(reply.usage) || usage === null ? reply : { ...reply, usage: writeUsage(usage) };
}
