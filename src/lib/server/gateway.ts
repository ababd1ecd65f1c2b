// The OpenAI-compatible gateway: reads a request, has it routed, and answers whole or as a stream.
import type { Socket } from 'node:net';
import { Failure, isAbort } from '#lib/core/failure.ts';
import { chunksOf, ReplyFold } from '#lib/core/openai-fold.ts';
import type { CallEvent, Operation } from '#lib/core/registry/call.ts';
import { allowsSpec, type RegistryKey } from '#lib/core/registry/key.ts';
import { dollars, type RequestRecord } from '#lib/core/registry/record.ts';
import { isWire, listAt, wireAt, type Wire } from '#lib/core/registry/wire.ts';
import type { Clock } from '#lib/server/clock.ts';
import {
	costText,
	errorBody,
	gatewayFailure,
	routedHeaders,
	sse,
	sseComment,
	sseDone,
	streamed,
} from '#lib/server/gateway-wire.ts';
import { ProgressFeed } from '#lib/server/gateway-progress.ts';
import { limitsOf, optionsOf, readAsked } from '#lib/server/gateway-request.ts';
import { writeUsage } from '#lib/server/providers/usage.ts';
import type { Caller } from '#lib/server/registry/callers.ts';
import type { Routed, RouteRequest } from '#lib/server/registry/route.ts';

/** What routes a request to an answer. */
export interface Routes {
	run(request: RouteRequest, signal: AbortSignal): Promise<Routed>;
}

/** A spec that can be asked for, as the list of models shows it. */
export interface Offer {
	/** `tier:fast`, `user:ann:check`, `lab/model-a`. */
	id: string;
	/** Whose it is: `modeldex` for tiers and experiments, else the provider. */
	owner: string;
}

interface GatewayOptions {
	routes: Routes;
	/** Everything that this user can ask for. */
	offers: (user: string | null) => readonly Offer[];
	clock: Clock;
	/** Aborted when the process is about to end. */
	closing: AbortSignal;
	onBug: (error: unknown) => void;
}

/** Pause between signs of life while no candidate has answered, for callers who asked for headers at once. */
const lifeMs = 5_000;

/** A chunk that tells usage and nothing else. */
function isUsageChunk(chunk: Wire): boolean {
	return isWire(chunk.usage) && listAt(chunk, 'choices').length === 0;
}

/** One request on its way through the gateway. */
interface Passage {
	operation: Operation;
	body: Wire;
	startedMs: number;
	/** Ends every call for this request. */
	leaving: AbortController;
	release: () => void;
}

/** Answers requests under `/v1`; every failure is an answer too. */
export class Gateway {
	readonly #options: GatewayOptions;

	constructor(options: GatewayOptions) {
		this.#options = options;
	}

	/** Specs in OpenAI's list of models, as far as the caller may ask for them. */
	models({ user, key }: Caller): Response {
		return Response.json({ object: 'list', data: this.#offers(user, key).map(modelOf) }, { headers: noStore });
	}

	/** One of them, or 404 `model_not_found`. */
	model(id: string, { user, key }: Caller): Response {
		const offer = this.#offers(user, key).find((one) => one.id === id);
		if (offer !== undefined) return Response.json(modelOf(offer), { headers: noStore });
		return gatewayFailure(new Failure('model_not_found', 'There is no such model here; GET /v1/models lists them.'));
	}

	#offers(user: string | null, key: RegistryKey | null): readonly Offer[] {
		const all = this.#options.offers(user);
		return key === null ? all : all.filter(({ id }) => allowsSpec(key, id));
	}

	/** Answers one request of an operation. */
	async answer(operation: Operation, request: Request, { caller, socket }: Visitor): Promise<Response> {
		const startedMs = this.#options.clock.ticks();
		try {
			const body = await readAsked(operation, request);
			const asked = this.#ask(operation, body, { caller, headers: request.headers });
			const { leaving, release } = this.#linked(request.signal, socket);
			const passage: Passage = { operation, body, startedMs, leaving, release };
			if (!asked.wantsStream) return await this.#whole(passage, asked);
			const isEarly = request.headers.get('x-modeldex-early-headers') === '1';
			return await (isEarly ? this.#early(passage, asked) : this.#stream(passage, asked));
		} catch (error) {
			if (!(error instanceof Failure) && !isAbort(error)) this.#options.onBug(error);
			return gatewayFailure(error);
		}
	}

	#ask(operation: Operation, body: Wire & { model: string }, { caller, headers }: Asking): RouteRequest {
		const { user, key } = caller;
		const spec = body.model;
		if (key !== null && !allowsSpec(key, spec)) {
			throw new Failure('tier_not_allowed', 'This key may not ask for this model; GET /v1/models lists what it may.');
		}
		return {
			spec,
			operation,
			body,
			user,
			key: key?.name ?? null,
			wantsStream: operation !== 'embeddings' && body.stream === true,
			options: optionsOf(headers),
			limits: limitsOf(key),
		};
	}

	/** A controller that is aborted when the caller leaves or the process ends; `release` takes the listeners back. */
	#linked(signal: AbortSignal, socket: Socket | null): Pick<Passage, 'leaving' | 'release'> {
		const leaving = new AbortController();
		const signals = [signal, this.#options.closing];
		const stop = () => leaving.abort(new DOMException('The caller left.', 'AbortError'));
		for (const one of signals) {
			if (one.aborted) stop();
			one.addEventListener('abort', stop, { once: true });
		}
		socket?.once('close', stop);
		if (socket?.destroyed) stop();
		const release = () => {
			for (const one of signals) one.removeEventListener('abort', stop);
			socket?.off('close', stop);
		};
		return { leaving, release };
	}

	#elapsed({ startedMs }: Passage): number {
		return this.#options.clock.ticks() - startedMs;
	}

	async #whole(passage: Passage, asked: RouteRequest): Promise<Response> {
		try {
			const routed = await this.#options.routes.run(asked, passage.leaving.signal);
			const fold = new ReplyFold(passage.operation);
			for await (const event of routed.events) {
				if (event.type === 'chunk') fold.add(event.chunk);
				if (event.type === 'reply') fold.addReply(event.reply);
			}
			const record = await routed.done;
			const headers = { ...routedHeaders(routed, this.#elapsed(passage)), 'x-modeldex-cost': costText(record) };
			return Response.json(withUsage(fold.reply(), record), { headers });
		} finally {
			passage.release();
		}
	}

	async #stream(passage: Passage, asked: RouteRequest): Promise<Response> {
		const feed = new ProgressFeed();
		const coming = this.#options.routes.run({ ...asked, onProgress: feed.tell }, passage.leaving.signal);
		let routed: Routed | null;
		try {
			// A vote that is told of has begun its answer with the first word about it.
			routed = await Promise.race([coming, feed.some.then(() => null)]);
		} catch (error) {
			passage.release();
			throw error;
		}
		if (routed === null) return this.#begun(passage, coming, feed);
		const headers = routedHeaders(routed, this.#elapsed(passage));
		return streamed(this.#texts(passage, routed), headers, () => passage.leaving.abort(left()));
	}

	/** Sends status 200 before anybody has answered, so that nothing in between gives up; a failure comes as an event then. */
	#early(passage: Passage, asked: RouteRequest): Response {
		const feed = new ProgressFeed();
		const coming = this.#options.routes.run({ ...asked, onProgress: feed.tell }, passage.leaving.signal);
		return this.#begun(passage, coming, feed);
	}

	/** An answer of which nothing is known yet but that it is asked for. */
	#begun(passage: Passage, coming: Promise<Routed>, feed: ProgressFeed): Response {
		coming.catch(() => undefined); // said in the stream
		const texts = this.#earlyTexts(passage, coming, feed);
		return streamed(texts, { ...noStore }, () => passage.leaving.abort(left()));
	}

	async *#earlyTexts(passage: Passage, coming: Promise<Routed>, feed: ProgressFeed): AsyncGenerator<string> {
		yield feed.take() || sseComment;
		try {
			for (;;) {
				const routed = await this.#within(Promise.race([coming, feed.some.then(() => null)]));
				const told = feed.take();
				if (told !== '') yield told;
				if (routed !== null) return yield* this.#texts(passage, routed);
				if (told === '') yield sseComment;
			}
		} catch (error) {
			if (!passage.leaving.signal.aborted) yield this.#failed(error);
		} finally {
			passage.release();
		}
	}

	/** What comes within the pause between two signs of life; null when nothing does. */
	#within<T>(coming: Promise<T>): Promise<T | null> {
		return new Promise((resolve, reject) => {
			const cancel = this.#options.clock.after(lifeMs, () => resolve(null));
			coming.then(resolve, reject).finally(cancel);
		});
	}

	/** The texts of a stream. It ends with `[DONE]` or with an error, never with neither. */
	async *#texts(passage: Passage, routed: Routed): AsyncGenerator<string> {
		const { operation, body, leaving } = passage;
		let usage: Wire | null = null;
		let head: Wire = {};
		try {
			for await (const event of routed.events) {
				if (event.type === 'chunk' && isUsageChunk(event.chunk)) usage = event.chunk;
				else {
					if (event.type === 'chunk') head = event.chunk;
					const text = textOf(event, operation);
					if (text !== '') yield text;
				}
			}
			const record = await routed.done;
			const wantsUsage = wireAt(body, 'stream_options').include_usage === true;
			const last = wantsUsage ? usageChunk(usage ?? head, record) : null;
			yield last === null ? sseDone : sse(last) + sseDone;
		} catch (error) {
			if (!leaving.signal.aborted) yield this.#failed(error);
		} finally {
			passage.release();
		}
	}

	#failed(error: unknown): string {
		if (!(error instanceof Failure)) this.#options.onBug(error);
		return sse(
			errorBody(error instanceof Failure ? error : new Failure('internal', 'Something went wrong inside Modeldex.')),
		);
	}
}

/** Who asks, and over which connection; null where it is not known. */
export interface Visitor {
	caller: Caller;
	/** The framework's own signal says nothing once the body was read: whoever waits for a whole answer leaves unseen. */
	socket: Socket | null;
}

interface Asking {
	caller: Caller;
	headers: Headers;
}

const noStore = { 'cache-control': 'no-store' };

const left = () => new DOMException('The caller left.', 'AbortError');

function modelOf({ id, owner }: Offer): Wire {
	return { id, object: 'model', created: 0, owned_by: owner };
}

/** What one event adds to a stream; empty for what is said otherwise. */
function textOf(event: CallEvent, operation: Operation): string {
	if (event.type === 'chunk') return sse(event.chunk);
	if (event.type === 'alive') return sseComment;
	return event.type === 'reply' ? chunksOf(event.reply, operation).map(sse).join('') : '';
}

/** The chunk that tells usage: the provider's own, or one from the record; with the cost of all tries where it is known. */
function usageChunk(chunk: Wire, { usage, cost }: RequestRecord): Wire | null {
	const stated = isWire(chunk.usage) ? chunk.usage : usage === null ? null : writeUsage(usage);
	if (stated === null) return null;
	const dear = cost.total === null ? {} : { cost: dollars(cost.total) };
	return { ...chunk, choices: [], usage: { ...stated, ...dear } };
}

/** A plain answer that has usage, also where the provider stated none and the tokens were counted from the text. */
function withUsage(reply: Wire, { usage }: RequestRecord): Wire {
	return isWire(reply.usage) || usage === null ? reply : { ...reply, usage: writeUsage(usage) };
}
