// Server-sent events over fetch: unlike the browser's own reader, it can go on from a number and be tried with a fake.
import { ask, type Asked } from '#lib/client/api.ts';
import { linesOf } from '#lib/client/lines.ts';

/** One event. `id` is empty where the server gave none. */
export interface StreamEvent {
	event: string;
	id: string;
	data: string;
}

/** The events of an open stream as they arrive, until it ends; one without its empty line never came. A reader that stops early cancels the request. */
export async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent> {
	let event: StreamEvent = { event: 'message', id: '', data: '' };
	for await (const line of linesOf(body)) {
		const [, name, value = ''] = /^(event|id|data): ?(.*)$/.exec(line) ?? [];
		if (name === 'event' || name === 'id') event[name] = value;
		else if (name === 'data') event.data += event.data === '' ? value : `\n${value}`;
		if (line !== '') continue;
		if (event.data !== '') yield event;
		event = { event: 'message', id: '', data: '' };
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
