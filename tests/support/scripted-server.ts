// A discovery server that a test plays by hand: every request is kept, every byte of its answer is the test's.
import type { Fetch } from '#lib/client/api.ts';
import type { DiscoveryMessage } from '#lib/core/discovery.ts';

/** One request and the ways to answer it. */
export interface ScriptedRequest {
	method: string;
	path: string;
	body: { id?: string; params?: Record<string, unknown> };
	/** Did the asker hang up? */
	aborted: boolean;
	/** Answers with these headers and keeps the body open; `text` and `send` do so with 200 by themselves. */
	open(status?: number): void;
	text(text: string): void;
	send(...messages: DiscoveryMessage[]): void;
	end(): void;
	/** Breaks the connection off. */
	break(): void;
}

/** The asker's end of one request. */
export interface Asker {
	open(status: number): void;
	text(text: string): void;
	end(): void;
	break(): void;
}

/** The requests a test has to answer. DELETE is answered at once unless told otherwise. */
export class ScriptedServer {
	requests: ScriptedRequest[] = [];
	#waiting: (() => void)[] = [];

	/** Requests to start a run, in order. */
	get runs(): ScriptedRequest[] {
		return this.requests.filter(({ method }) => method === 'POST');
	}

	/** Takes in a request. Returns how to say that its asker hung up. */
	take({ method, path, body }: { method: string; path: string; body: string }, asker: Asker): () => void {
		let isOpen = false;
		const open = (status = 200) => {
			if (!isOpen) asker.open(status);
			isOpen = true;
		};
		const text = (part: string) => {
			open();
			asker.text(part);
		};
		const request: ScriptedRequest = {
			method,
			path,
			body: body === '' ? {} : JSON.parse(body),
			aborted: false,
			open,
			text,
			send: (...messages) => text(messages.map((message) => `${JSON.stringify(message)}\n`).join('')),
			end: () => asker.end(),
			break: () => asker.break(),
		};
		this.requests.push(request);
		for (const go of this.#waiting.splice(0)) go();
		if (method === 'DELETE') {
			open(204);
			asker.end();
		}
		return () => {
			request.aborted = true;
			for (const go of this.#waiting.splice(0)) go();
		};
	}

	/** Waits until something about the requests is so. */
	async until(holds: () => boolean): Promise<void> {
		while (!holds()) await new Promise<void>((go) => this.#waiting.push(go));
	}

	/** The request that started the run of this place, as soon as it is there. */
	async run(at = 0): Promise<ScriptedRequest & { id: string }> {
		await this.until(() => this.runs.length > at);
		const request = this.runs[at];
		if (request?.body.id === undefined) throw new Error('a run without an id');
		return Object.assign(request, { id: request.body.id });
	}

	/** A `fetch` that asks this server from the same page. */
	fetch: Fetch = (path, init) =>
		new Promise((resolve, reject) => {
			const { asker, abort } = streamed(resolve, reject);
			const hungUp = this.take({ method: init?.method ?? 'GET', path, body: String(init?.body ?? '') }, asker);
			init?.signal?.addEventListener('abort', () => {
				hungUp();
				abort();
			});
		});

	/** Answers for a worker that runs `scripted-worker.ts`. Returns how to stop. */
	serve(): () => void {
		const channel = new BroadcastChannel('scripted-server');
		const hangUps = new Map<number, () => void>();
		channel.onmessage = ({ data }) => {
			const { call, aborted, ...asked } = data;
			const say = (word: object) => channel.postMessage({ call, ...word });
			if (aborted) hangUps.get(call)?.();
			else {
				const asker: Asker = {
					open: (status) => say({ status }),
					text: (text) => say({ text }),
					end: () => say({ end: true }),
					break: () => say({ broken: true }),
				};
				hangUps.set(call, this.take(asked, asker));
			}
		};
		return () => channel.close();
	}
}

/** A response that is written as it goes, and what its asker sees when it hangs up. */
export function streamed(
	resolve: (response: Response) => void,
	reject: (error: unknown) => void,
): { asker: Asker; abort: () => void } {
	const encoder = new TextEncoder();
	let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
	const stream = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) });
	const fail = (error: unknown) => {
		controller?.error(error);
		reject(error);
	};
	return {
		asker: {
			open: (status) => resolve(new Response(status === 204 ? null : stream, { status })),
			text: (text) => controller?.enqueue(encoder.encode(text)),
			end: () => controller?.close(),
			break: () => fail(new TypeError('network error')),
		},
		abort: () => fail(new DOMException('aborted', 'AbortError')),
	};
}
