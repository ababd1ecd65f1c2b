// From a generator to the wire: lines of JSON or server-sent events as each is ready, at the reader's pace.
import { isAbort, toFailure } from '#lib/core/failure.ts';

/**
 * An NDJSON answer. The generator gets a signal that is aborted as soon as the reader leaves or one of `signals` is
 * aborted. A failure in its midst becomes the last line, `{"error":{code,message}}`: the status has already been sent.
 */
export function ndjson(make: (signal: AbortSignal) => AsyncIterable<unknown>, signals: AbortSignal[]): Response {
	return streamed({ make, signals, type: 'application/x-ndjson', write: (value) => `${JSON.stringify(value)}\n` });
}

/** One server-sent event. `id` is what a reader that comes back names as the last one it has. */
export interface ServerEvent {
	event: string;
	id: number;
	value: unknown;
}

const encoder = new TextEncoder();
/** The bytes of events that several readers get, as long as anybody holds the event: made once for all of them. */
const written = new WeakMap<ServerEvent, Uint8Array>();

function bytesOf(event: ServerEvent): Uint8Array {
	const known = written.get(event);
	if (known !== undefined) return known;
	const { event: name, id, value } = event;
	const bytes = encoder.encode(`event: ${name}\nid: ${id}\ndata: ${JSON.stringify(value)}\n\n`);
	written.set(event, bytes);
	return bytes;
}

/** Milliseconds after which a reader whose connection broke shall come back. */
const comeBackMs = 2000;

/**
 * A stream of server-sent events, with the same rules; null is a comment that only shows that somebody is there. A
 * failure is an event called `failure`. An event that is given to several readers is turned into bytes once.
 */
export function serverEvents(
	make: (signal: AbortSignal) => AsyncIterable<ServerEvent | null>,
	signals: AbortSignal[],
): Response {
	const write = (value: ServerEvent | null | { error: object }) => {
		if (value === null) return ':\n\n';
		if ('error' in value) return `event: failure\ndata: ${JSON.stringify(value)}\n\n`;
		return bytesOf(value);
	};
	return streamed({ make, signals, type: 'text/event-stream', write, opening: `retry: ${comeBackMs}\n\n` });
}

interface Stream<T> {
	make: (signal: AbortSignal) => AsyncIterable<T>;
	signals: AbortSignal[];
	type: string;
	write: (value: T | { error: object }) => string | Uint8Array;
	/** Sent at once, before there is anything to say. */
	opening?: string;
}

function streamed<T>({ make, signals, type, write, opening }: Stream<T>): Response {
	const left = new AbortController();
	const stop = (event: Event) => left.abort(event.target instanceof AbortSignal ? event.target.reason : undefined);
	// Listeners that are taken back, not AbortSignal.any: what hangs on a signal as old as the process is never freed.
	const release = () => signals.forEach((signal) => signal.removeEventListener('abort', stop));
	for (const signal of signals) {
		if (signal.aborted) left.abort(signal.reason);
		signal.addEventListener('abort', stop, { once: true });
	}
	const source = make(left.signal)[Symbol.asyncIterator]();
	const encoded = (piece: string | Uint8Array) => (typeof piece === 'string' ? encoder.encode(piece) : piece);
	const body = new ReadableStream<Uint8Array>(
		{
			start(controller) {
				if (opening !== undefined) controller.enqueue(encoder.encode(opening));
			},
			async pull(controller) {
				try {
					const next = await source.next();
					if (!next.done) return controller.enqueue(encoded(write(next.value)));
				} catch (error) {
					if (!isAbort(error)) controller.enqueue(encoded(write(toFailure(error).toBody())));
				}
				release();
				controller.close();
			},
			async cancel() {
				release();
				left.abort(new DOMException('The reader left.', 'AbortError'));
				await source.return?.();
			},
		},
		{ highWaterMark: 0 },
	);
	const headers = {
		'content-type': `${type}; charset=utf-8`,
		'cache-control': 'no-store',
		'x-accel-buffering': 'no',
	};
	return new Response(body, { headers });
}
