// From a generator to the wire: one JSON value per line as each is ready, at the reader's pace.
import { isAbort, toFailure } from '#lib/core/failure.ts';

/**
 * An NDJSON answer. The generator gets a signal that is aborted as soon as the reader leaves or `signal` is aborted. A
 * failure in its midst becomes the last line, `{"error":{code,message}}`, because the status has already been sent.
 */
export function ndjson(make: (signal: AbortSignal) => AsyncIterable<unknown>, signal: AbortSignal): Response {
	const left = new AbortController();
	const source = make(AbortSignal.any([signal, left.signal]))[Symbol.asyncIterator]();
	const encoder = new TextEncoder();
	const body = new ReadableStream<Uint8Array>(
		{
			async pull(controller) {
				try {
					const next = await source.next();
					if (next.done) controller.close();
					else controller.enqueue(encoder.encode(`${JSON.stringify(next.value)}\n`));
				} catch (error) {
					if (!isAbort(error)) controller.enqueue(encoder.encode(`${JSON.stringify(toFailure(error).toBody())}\n`));
					controller.close();
				}
			},
			async cancel() {
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
