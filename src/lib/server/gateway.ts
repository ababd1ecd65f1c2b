// The OpenAI-compatible gateway: reads a request, has it routed, and answers whole or as a stream.
import type { Socket } from 'node:net';
import { Failure, isAbort } from '#lib/core/failure.ts';
import { ReplyFold } from '#lib/core/openai-fold.ts';
import type { Ends, Operation } from '#lib/core/registry/call.ts';
import { allowsSpec, type RegistryKey } from '#lib/core/registry/key.ts';
import { wireAt, type Wire } from '#lib/core/registry/wire.ts';
import type { Clock } from '#lib/server/clock.ts';
import {
	costText,
	errorBody,
	failureReply,
	gatewayFailure,
	mostRequestBytes,
	routedHeaders,
	sse,
	sseComment,
	sseDone,
} from '#lib/server/gateway-wire.ts';
import { lastChunk, textOf, usageChunk, withoutUsage, withUsage } from '#lib/server/gateway-pieces.ts';
import { eventsReply, jsonReply, responseOf, type Reply } from '#lib/server/gateway-reply.ts';
import { limitsOf, optionsOf, readAsked, type Incoming } from '#lib/server/gateway-request.ts';
import { readText } from '#lib/server/http.ts';
import { ProgressFeed } from '#lib/server/gateway-progress.ts';
import type { Caller } from '#lib/server/registry/callers.ts';
import { Branch, Ending } from '#lib/server/registry/ending.ts';
import type { Routed, RouteRequest } from '#lib/server/registry/route.ts';

/** What routes a request to an answer. */
export interface Routes {
	run(request: RouteRequest, ends: Ends): Promise<Routed>;
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

/** One request on its way through the gateway. */
interface Passage {
	operation: Operation;
	body: Wire;
	startedMs: number;
	/** Ends every call for this request. */
	leaving: Branch;
	release: () => void;
}

/** Answers requests under `/v1`; every failure is an answer too. */
export class Gateway {
	readonly #options: GatewayOptions;
	/** The end of the process; listening to it costs less than to a signal. */
	readonly #closing: Branch;

	constructor(options: GatewayOptions) {
		this.#options = options;
		this.#closing = new Branch(options.closing);
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

	/** Answers one request of an operation that came through the framework. */
	async answer(operation: Operation, request: Request, { caller, socket }: Visitor): Promise<Response> {
		const incoming: Incoming = {
			header: (name) => request.headers.get(name),
			text: () => readText(request, mostRequestBytes),
			signal: request.signal,
			socket,
		};
		return responseOf(await this.reply(operation, incoming, caller));
	}

	/** Answers one request of an operation. */
	async reply(operation: Operation, incoming: Incoming, caller: Caller): Promise<Reply> {
		const startedMs = this.#options.clock.ticks();
		try {
			const body = await readAsked(operation, incoming);
			const asked = this.#ask(operation, body, { caller, incoming });
			const { leaving, release } = this.#linked(incoming);
			const passage: Passage = { operation, body, startedMs, leaving, release };
			if (!asked.wantsStream) return await this.#whole(passage, asked);
			const isEarly = incoming.header('x-modeldex-early-headers') === '1';
			return await (isEarly ? this.#early(passage, asked) : this.#stream(passage, asked));
		} catch (error) {
			if (!(error instanceof Failure) && !isAbort(error)) this.#options.onBug(error);
			return failureReply(error);
		}
	}

	#ask(operation: Operation, body: Wire & { model: string }, { caller, incoming }: Asking): RouteRequest {
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
			options: optionsOf(incoming.header),
			limits: limitsOf(key),
		};
	}

	/** Ends when the caller leaves or the process ends; `release` takes the listeners back. */
	#linked({ signal, socket }: Incoming): Pick<Passage, 'leaving' | 'release'> {
		const leaving = signal === null ? new Branch(this.#closing) : new Branch(this.#closing, signal);
		const stop = () => leaving.end(left());
		socket?.once('close', stop);
		if (socket?.destroyed) stop();
		const release = () => {
			leaving.release();
			socket?.off('close', stop);
		};
		return { leaving, release };
	}

	#elapsed({ startedMs }: Passage): number {
		return this.#options.clock.ticks() - startedMs;
	}

	async #whole(passage: Passage, asked: RouteRequest): Promise<Reply> {
		try {
			const routed = await this.#options.routes.run(asked, passage.leaving);
			const fold = new ReplyFold(passage.operation);
			for await (const lot of routed.lots) {
				for (const event of lot) {
					if (event.type === 'chunk') fold.add(event.chunk);
					if (event.type === 'reply') fold.addReply(event.reply);
				}
			}
			const record = await routed.done;
			const headers = { ...routedHeaders(routed, this.#elapsed(passage)), 'x-modeldex-cost': costText(record) };
			return jsonReply(withUsage(fold.reply(), record), { headers });
		} finally {
			passage.release();
		}
	}

	async #stream(passage: Passage, asked: RouteRequest): Promise<Reply> {
		const feed = new ProgressFeed();
		const coming = this.#options.routes.run({ ...asked, onProgress: feed.tell }, passage.leaving);
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
		return eventsReply({ texts: this.#texts(passage, routed), left: () => passage.leaving.end(left()) }, headers);
	}

	/** Sends status 200 before anybody has answered, so that nothing in between gives up; a failure comes as an event then. */
	#early(passage: Passage, asked: RouteRequest): Reply {
		const feed = new ProgressFeed();
		const coming = this.#options.routes.run({ ...asked, onProgress: feed.tell }, passage.leaving);
		return this.#begun(passage, coming, feed);
	}

	/** An answer of which nothing is known yet but that it is asked for. */
	#begun(passage: Passage, coming: Promise<Routed>, feed: ProgressFeed): Reply {
		coming.catch(() => undefined); // said in the stream
		const texts = this.#earlyTexts(passage, coming, feed);
		return eventsReply({ texts, left: () => passage.leaving.end(left()) }, noStore);
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
			if (!passage.leaving.aborted) yield this.#failed(error);
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
			for await (const lot of routed.lots) {
				const [chunks, stated] = withoutUsage(lot);
				usage = stated ?? usage;
				head = lastChunk(chunks) ?? head;
				const text = chunks.map((event) => textOf(event, operation)).join('');
				if (text !== '') yield text;
			}
			const record = await routed.done;
			const wantsUsage = wireAt(body, 'stream_options').include_usage === true;
			const last = wantsUsage ? usageChunk(usage ?? head, record) : null;
			yield last === null ? sseDone : sse(last) + sseDone;
		} catch (error) {
			if (!leaving.aborted) yield this.#failed(error);
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
	incoming: Incoming;
}

const noStore = { 'cache-control': 'no-store' };

const left = () => new Ending('client');

function modelOf({ id, owner }: Offer): Wire {
	return { id, object: 'model', created: 0, owned_by: owner };
}
