// The lines of a body as they arrive: what NDJSON and server-sent events are both read from.

/**
 * Each line without its end, empty ones too; what stands behind the last end of a line comes last, when there is
 * something. A reader that stops early cancels the request; a connection that breaks off throws the browser's failure.
 */
export async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
	const reader = body.getReader();
	const decoder = new TextDecoder();
	let rest = '';
	try {
		for (;;) {
			const { value, done } = await reader.read();
			rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
			const lines = rest.split(/\r?\n/);
			rest = lines.pop() ?? '';
			yield* lines;
			if (!done) continue;
			if (rest !== '') yield rest;
			return;
		}
	} finally {
		reader.cancel().catch(() => {
			// The stream already failed, and the loop above has thrown that failure.
		});
	}
}
