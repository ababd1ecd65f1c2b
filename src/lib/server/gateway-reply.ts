// An answer of the gateway before it is on a wire, and the two ways onto one: the framework's response, and Node's own.
import type { ServerResponse } from 'node:http';

/** A stream: texts at the reader's pace. What the generator throws must be said by itself; here it only ends the connection. */
export interface Texts {
	texts: AsyncGenerator<string>;
	/** Called when the reader leaves; then the generator is ended. */
	left: () => void;
}

/** An answer: whole as JSON text, or a stream of events. Header names are in lower case. */
export interface Reply {
	status: number;
	headers: Readonly<Record<string, string>>;
	body: string | Texts;
}

const typeOf = {
	json: { 'content-type': 'application/json' },
	events: { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' },
};

/** A whole answer. */
export function jsonReply(value: unknown, { status = 200, headers = {} }: Partial<Omit<Reply, 'body'>> = {}): Reply {
	return { status, headers: { ...typeOf.json, ...headers }, body: JSON.stringify(value) };
}

/** An answer whose texts come one after the other. */
export function eventsReply(body: Texts, headers: Reply['headers']): Reply {
	return { status: 200, headers: { ...headers, ...typeOf.events }, body };
}

function readable({ texts, left }: Texts): ReadableStream<Uint8Array> {
	const encoder = new TextEncoder();
	return new ReadableStream<Uint8Array>(
		{
			async pull(controller) {
				const next = await texts.next();
				if (next.done === true) controller.close();
				else controller.enqueue(encoder.encode(next.value));
			},
			async cancel() {
				left();
				await texts.return(undefined);
			},
		},
		{ highWaterMark: 0 },
	);
}

/** The answer as the framework takes it. */
export function responseOf({ status, headers, body }: Reply): Response {
	return new Response(typeof body === 'string' ? body : readable(body), { status, headers });
}

/** Resolves when the reader has taken what was written, or has left. */
function taken(response: ServerResponse): Promise<void> {
	return new Promise((resolve) => {
		const go = () => {
			response.off('drain', go);
			response.off('close', go);
			resolve();
		};
		response.on('drain', go);
		response.on('close', go);
		if (response.destroyed) go();
	});
}

async function write({ texts, left }: Texts, response: ServerResponse): Promise<void> {
	const gone = () => {
		if (!response.writableFinished) left();
	};
	response.once('close', gone);
	if (response.destroyed) gone();
	try {
		for await (const text of texts) {
			if (response.destroyed) return;
			if (!response.write(text)) await taken(response);
		}
		response.end();
	} catch {
		response.destroy(); // what there was to say has been said
	}
}

/** Sends the answer over Node's own response; resolves when nothing is left to write. */
export async function send({ status, headers, body }: Reply, response: ServerResponse): Promise<void> {
	if (typeof body !== 'string') {
		response.writeHead(status, headers);
		return write(body, response);
	}
	response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
	response.end(body);
}
