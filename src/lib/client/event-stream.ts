// Server-sent events over fetch: unlike the browser's own reader, it can go on from a number and be tried with a fake.
import { ask, type Asked } from '#lib/client/api.ts';

/** One event. `id` is empty where the server gave none. */
export interface StreamEvent {
	event: string;
	id: string;
	data: string;
}

function parseEvent(block: string): StreamEvent | null {
	const found: StreamEvent = { event: 'message', id: '', data: '' };
	for (const line of block.split('\n')) {
		const [, name, value = ''] = /^(event|id|data): ?(.*)$/.exec(line) ?? [];
		if (name === 'event' || name === 'id') found[name] = value;
		else if (name === 'data') found.data += found.data === '' ? value : `\n${value}`;
	}
	return found.data === '' ? null : found;
}

/** The events of an open stream as they arrive, until it ends. A reader that stops early cancels the request. */
async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent> {
	const reader = body.getReader();
	const decoder = new TextDecoder();
	let rest = '';
	try {
		for (;;) {
			const { value, done } = await reader.read();
			if (done) return;
			rest += decoder.decode(value, { stream: true });
			const blocks = rest.split('\n\n');
			rest = blocks.pop() ?? '';
			for (const block of blocks) {
				const event = parseEvent(block);
				if (event !== null) yield event;
			}
		}
	} finally {
		reader.cancel().catch(() => {
			// The stream already failed, and the loop above has thrown that failure.
		});
	}
}

/** Opens a stream of events, from behind the event called `after` when that is known. Throws ApiError and the abort. */
export async function openEvents(
	path: string,
	{ after, ...asked }: Asked & { after: string | null },
): Promise<AsyncGenerator<StreamEvent>> {
	const headers = { accept: 'text/event-stream', ...(after === null ? {} : { 'last-event-id': after }) };
	const { body } = await ask(asked, path, { headers, cache: 'no-store', signal: asked.signal ?? null });
	return eventsOf(body ?? new ReadableStream({ start: (controller) => controller.close() }));
}
