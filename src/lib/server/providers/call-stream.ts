// The reply to one call, whatever came: a stream of events, a plain answer, an error, or something that is none of these.
import { CallFailure, type CallEvent, type Ends, type Operation } from '#lib/core/registry/call.ts';
import { parseWire, type Wire } from '#lib/core/registry/wire.ts';
import { networkFailure } from '#lib/server/providers/exchange.ts';
import { errorBody, failureOf, holdsError, retryAfterOf } from '#lib/server/providers/failure-class.ts';
import { mostReplyBytes, readError, readWhole } from '#lib/server/providers/reply-text.ts';
import { SseOverflow, SseParser, type SseFrame } from '#lib/server/providers/sse.ts';
import type { ReplyBody, Upstream } from '#lib/server/providers/upstream.ts';

/** What turns one provider's events into ours. A reader is made for one call. */
export interface FrameReader {
	/** The events that one frame with data stands for; `text` is that data as it was written. May throw a `CallFailure`. */
	read(data: Wire, name: string | null, text: string): CallEvent[];
	/** Is this text the end of the stream (`[DONE]`)? */
	isTerminator(text: string): boolean;
	/** Has the answer ended as answers end? A stream that stops before is cut. */
	readonly isComplete: boolean;
	/** What is left to say at the end: usage. */
	end(): CallEvent[];
	/** A plain answer instead of a stream. Null: this is no answer at all. */
	whole(reply: Wire): CallEvent[] | null;
}

/** The call that is being read. */
export interface Reading {
	/** The provider's name, for sentences. */
	provider: string;
	operation: Operation;
	ends: Ends;
	secrets: readonly string[];
	/** Wall clock, for dates in `retry-after`; milliseconds. */
	now: number;
}

function malformed(provider: string, what: string): CallFailure {
	return new CallFailure('malformed', `The answer of ${provider} cannot be read: ${what}.`);
}

/** The failure behind a reply with an error status. The body is read and released. */
async function statusFailure(reply: Upstream, reading: Reading): Promise<CallFailure> {
	const { provider, secrets, ends, now } = reading;
	const retryAfterMs = retryAfterOf(reply.headers, now);
	const body = await readError(reply, ends);
	return failureOf({ provider, status: reply.status, body, retryAfterMs, secrets });
}

/** Which of the two kinds a body is; null for neither. Without a usable content type its first bytes tell. */
function kindOf(type: string, first: string): 'events' | 'json' | null {
	if (type.startsWith('text/event-stream')) return 'events';
	if (/^application\/(?:[\w.]+\+)?json/.test(type)) return 'json';
	if (type.startsWith('text/html')) return null;
	if (/^\s*[{[]/.test(first)) return 'json';
	return /^(data:|event:|:|id:|retry:)/.test(first.trimStart()) ? 'events' : null;
}

/** Everything that is left of a body, within the limit of a plain answer. */
async function joined(first: Buffer, body: ReplyBody, provider: string): Promise<Buffer> {
	const parts = [first];
	let size = first.length;
	for (let next = await body.read(); next !== null; next = await body.read()) {
		size += next.length;
		if (size > mostReplyBytes) throw malformed(provider, 'it is too large');
		parts.push(next);
	}
	return Buffer.concat(parts, size);
}

function eventsIn(reply: Wire, reader: FrameReader, { provider, secrets }: Reading): CallEvent[] {
	if (holdsError(reply)) {
		throw failureOf({ provider, status: null, body: errorBody(reply), retryAfterMs: null, secrets });
	}
	const events = reader.whole(reply);
	if (events === null) throw malformed(provider, 'it has no result');
	return [...events, ...reader.end()];
}

/** Reads a plain answer; null: it is not JSON. Releases the body. */
async function wholeReply(reply: Upstream, { provider, ends }: Reading): Promise<Wire | null> {
	const text = await readWhole(provider, reply, ends);
	if (text.trim() === '') throw malformed(provider, 'it is empty');
	return parseWire(text);
}

/** Reads one body of events; keeps what has come so far, to know whether an end is a cut. */
class EventBody {
	readonly #reader: FrameReader;
	readonly #reading: Reading;
	readonly #parser = new SseParser();
	hasContent = false;
	isOver = false;
	#isEmpty = true;

	constructor(reader: FrameReader, reading: Reading) {
		this.#reader = reader;
		this.#reading = reading;
	}

	/** A failure of the stream's form: a cut once content has come. */
	#broken(what: string): CallFailure {
		const { provider } = this.#reading;
		if (!this.hasContent) return malformed(provider, what);
		return new CallFailure('cut', `The answer of ${provider} broke off: ${what}.`);
	}

	/** Adds the events of these bytes to a lot; when it throws, those before the failure are in it. */
	push(bytes: Uint8Array, lot: CallEvent[]): void {
		this.#frames(
			this.#parse(() => this.#parser.push(bytes)),
			lot,
		);
	}

	/** Takes an answer that came in one piece; null is one that is not JSON. */
	whole(reply: Wire | null, lot: CallEvent[]): void {
		this.isOver = true;
		if (reply === null) throw malformed(this.#reading.provider, 'it is not JSON');
		lot.push(...eventsIn(reply, this.#reader, this.#reading));
	}

	/** The events that come with the end. Throws when the answer has not ended as answers do. */
	end(lot: CallEvent[]): void {
		this.#frames(
			this.#parse(() => this.#parser.end()),
			lot,
		);
		if (this.isOver) return;
		if (!this.#reader.isComplete) throw this.#broken(this.#isEmpty ? 'it is empty' : 'it ended before its end');
		this.isOver = true;
		lot.push(...this.#reader.end());
	}

	#parse(read: () => SseFrame[]): SseFrame[] {
		try {
			return read();
		} catch (error) {
			throw error instanceof SseOverflow ? this.#broken(error.message) : error;
		}
	}

	#frames(frames: readonly SseFrame[], lot: CallEvent[]): void {
		for (const { name, data } of frames) {
			if (this.isOver) return;
			if (data === null) lot.push({ type: 'alive' });
			else this.#frame(data, name, lot);
		}
	}

	#frame(data: string, name: string | null, lot: CallEvent[]): void {
		if (this.#reader.isTerminator(data)) {
			if (this.#isEmpty) throw this.#broken('it is empty');
			this.isOver = true;
			lot.push(...this.#reader.end());
			return;
		}
		const parsed = parseWire(data);
		if (parsed === null) throw this.#broken('a piece of it is not JSON');
		const { provider, secrets } = this.#reading;
		if (holdsError(parsed) || name === 'error') {
			throw failureOf({ provider, status: null, body: errorBody(parsed), retryAfterMs: null, secrets });
		}
		this.#isEmpty = false;
		for (const event of this.#reader.read(parsed, name, data)) {
			if (event.type === 'chunk' && event.content) this.hasContent = true;
			lot.push(event);
		}
	}
}

/** A reply whose headers are here, what is told of them, and what reads the rest. */
export interface Answered {
	reply: Upstream;
	headers: CallEvent;
	reader: FrameReader;
	reading: Reading;
}

/** The first bytes of a reply to a stream's lot of events; all of it where it comes in one piece. */
async function begin(reply: Upstream, events: EventBody, lot: CallEvent[], reading: Reading): Promise<void> {
	const { provider } = reading;
	const first = await reply.body.read();
	if (first === null) throw malformed(provider, 'it is empty');
	const kind = kindOf(reply.headers['content-type']?.toLowerCase() ?? '', first.subarray(0, 64).toString('latin1'));
	if (kind === null) throw malformed(provider, 'it is neither a stream of events nor JSON');
	if (kind === 'events') return events.push(first, lot);
	const parsed = parseWire((await joined(first, reply.body, provider)).toString('utf8'));
	events.whole(parsed, lot);
}

/**
 * Asks, and gives the events of the reply in the lots in which its bytes come, its headers first. A provider that answers
 * in one piece is taken at its word. Throws a `CallFailure` or the reason of the ending; the body is released on every way out.
 */
export async function* replyLots(ask: () => Promise<Answered>): AsyncGenerator<CallEvent[]> {
	const { reply, headers, reader, reading } = await ask();
	const { provider, ends, operation } = reading;
	const { body } = reply;
	const events = new EventBody(reader, reading);
	let lot = [headers];
	try {
		if (!body.isReady) {
			yield lot;
			lot = [];
		}
		if (reply.status < 200 || reply.status > 299) throw await statusFailure(reply, reading);
		if (operation === 'embeddings') events.whole(await wholeReply(reply, reading), lot);
		else await begin(reply, events, lot, reading);
		while (!events.isOver) {
			if (lot.length > 0 && !body.isReady) {
				yield lot;
				lot = [];
			}
			const next = await body.read();
			if (next === null) events.end(lot);
			else events.push(next, lot);
		}
	} catch (error) {
		if (ends.aborted) throw ends.reason;
		if (lot.length > 0) yield lot; // what came before it went wrong
		throw error instanceof CallFailure ? error : networkFailure(provider, error, events.hasContent);
	} finally {
		body.release(events.isOver);
	}
	if (lot.length > 0) yield lot;
}
