// From a generator to the wire: one JSON value per line as each is ready, at the reader's pace.
import { isAbort, toFailure } from '#lib/core/failure.ts';

/**
 * An NDJSON answer. The generator gets a signal that is aborted as soon as the reader leaves or one of `signals` is
 * aborted. A failure in its midst becomes the last line, `{"error":{code,message}}`: the status has already been sent.
 */
export function ndjson(make: (signal: AbortSignal) => AsyncIterable<unknown>, signals: AbortSignal[]): Response {
	const left = new AbortController();
	const stop = (event: Event) => left.abort(event.target instanceof AbortSignal ? event.target.reason : undefined);
	// Listeners that are taken back, not AbortSignal.any: what hangs on a signal as old as the process is never freed.
	const release = () => signals.forEach((signal) => signal.removeEventListener('abort', stop));
	for (const signal of signals) {
		if (signal.aborted) left.abort(signal.reason);
		signal.addEventListener('abort', stop, { once: true });
	}
	const source = make(left.signal)[Symbol.asyncIterator]();
	const encoder = new TextEncoder();
	const body = new ReadableStream<Uint8Array>(
		{
			async pull(controller) {
				try {
					const next = await source.next();
					if (!next.done) return controller.enqueue(encoder.encode(`${JSON.stringify(next.value)}\n`));
				} catch (error) {
					if (!isAbort(error)) controller.enqueue(encoder.encode(`${JSON.stringify(toFailure(error).toBody())}\n`));
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
		'content-type': 'application/x-ndjson; charset=utf-8',
		'cache-control': 'no-store',
		'x-accel-buffering': 'no',
	};
	return new Response(body, { headers });
}
