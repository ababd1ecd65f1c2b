// One exchange with the Hub over real sockets: redirects by hand, the token kept at home, sizes counted while reading.
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import { Failure, isAbort } from '#lib/core/failure.ts';
import type { Clock } from '#lib/server/clock.ts';
import { checkRedirect, guardedLookup } from '#lib/server/outbound.ts';
import type { Bucket, Pass, Priority, RateGate } from '#lib/server/rate-gate.ts';
import type { HeaderMap } from '#lib/server/rate-window.ts';

/** Milliseconds: for the connection, for the reply's headers, between two pieces of a body, for a whole exchange. */
export interface Deadlines {
	connectMs: number;
	headersMs: number;
	idleMs: number;
	/** A small file or one record, with its redirects; waiting at the gate does not count. */
	totalMs: number;
	/** A page of a list, which may be large. */
	pageMs: number;
}

export const usualDeadlines: Deadlines = {
	connectMs: 5000,
	headersMs: 10_000,
	idleMs: 15_000,
	totalMs: 30_000,
	pageMs: 120_000,
};

const MOST_REDIRECTS = 5;
const MOST_ERROR_BYTES = 64 * 1024;

export interface WireRequest {
	/** Path and query below the endpoint, starting with `/`. */
	path: string;
	token: string | null;
	/** Decoded bytes that are read at most; more is `response_too_large`, or cut off when `cut` is set. */
	maxBytes: number;
	cut: boolean;
	accept: string;
	/** False asks for the bytes as they are (file addresses). */
	compressed: boolean;
	/** Entity tag without quotes: the reply may be 304. */
	etag?: string | undefined;
	/** A page of a list: has longer time. */
	page: boolean;
	priority: Priority;
	maxWaitMs: number;
	signal: AbortSignal;
}

export interface WireReply {
	status: number;
	/** Headers of the last reply, names in lower case. */
	headers: HeaderMap;
	/** Headers of every reply of the Hub itself on the way, first to last. */
	hops: HeaderMap[];
	/** Addresses on the Hub that redirects led to, as paths. */
	movedTo: string[];
	body: Buffer;
	/** Was more of the body left unread? */
	isCut: boolean;
}

/** Why an exchange brought no reply: `connect` (nobody there), `timeout`, or `broken` (cut, garbled). */
export type WireTrouble = 'connect' | 'timeout' | 'broken';

/** No usable reply came. The retry owner decides what it means. */
export class WireError extends Error {
	readonly trouble: WireTrouble;
	/** The system's word for it, such as ECONNREFUSED. */
	readonly reason: string;

	constructor(trouble: WireTrouble, reason: string, cause: unknown) {
		super(`${trouble}: ${reason}`, { cause });
		this.name = 'WireError';
		this.trouble = trouble;
		this.reason = reason;
	}
}

const connectCodes = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'ENETUNREACH', 'EHOSTUNREACH']);
const timeoutCodes = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT']);

function codeOf(error: unknown): string {
	if (!(error instanceof Error)) return 'unknown';
	if ('code' in error && typeof error.code === 'string') return error.code;
	return error.cause === undefined ? error.name : codeOf(error.cause);
}

/** A socket's error as our own kind; aborts and our own failures pass through. */
function translate(error: unknown): unknown {
	if (error instanceof Failure || error instanceof WireError) return error;
	const code = codeOf(error);
	// undici reports a proxy's refusal as an abort.
	const proxied = error instanceof Error && /proxy response/i.test(error.message);
	if (proxied) return new WireError('connect', 'the proxy refused', error);
	if (isAbort(error)) return error;
	if (code === 'EBLOCKED') {
		return new Failure('redirect_blocked', 'The Hub redirected to an address inside this network.', { cause: error });
	}
	const untrusted = /CERT|SELF_SIGNED|ERR_TLS|EPROTO|ERR_SSL/.test(code);
	if (connectCodes.has(code) || untrusted) return new WireError('connect', code, error);
	if (code === 'UND_ERR_CONNECT_TIMEOUT') return new WireError('connect', 'connection timed out', error);
	return new WireError(timeoutCodes.has(code) ? 'timeout' : 'broken', code, error);
}

function flatten(headers: Record<string, string | string[] | undefined>): HeaderMap {
	const flat: Record<string, string> = Object.create(null);
	for (const [name, value] of Object.entries(headers)) {
		if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
	}
	return flat;
}

function bucketOf(path: string): Bucket {
	if (path.includes('/api/resolve-cache/') || path.includes('/resolve/')) return 'resolvers';
	return path.includes('/api/') ? 'api' : 'pages';
}

/** The body decoded by its one content coding. A second coding is refused: chains are how bombs are packed. */
function decoded(body: Readable, coding: string | undefined): Readable {
	const name = coding?.trim().toLowerCase() ?? '';
	if (name === '' || name === 'identity') return body;
	if (name !== 'gzip' && name !== 'br') {
		body.destroy();
		throw new Failure('hub_error', 'The Hub answered in a content coding that was not asked for.');
	}
	const decoder = name === 'gzip' ? createGunzip() : createBrotliDecompress();
	body.on('error', (error) => decoder.destroy(error));
	decoder.on('close', () => body.destroy());
	return body.pipe(decoder);
}

interface ReadOptions {
	maxBytes: number;
	cut: boolean;
	coding: string | undefined;
	signal: AbortSignal;
}

/** A body, at most `maxBytes` after decoding; stops the transfer at the first byte beyond. */
async function readLimited(body: Readable, { maxBytes, cut, coding, signal }: ReadOptions): Promise<Buffer> {
	const parts: Buffer[] = [];
	let size = 0;
	body.on('error', () => {}); // what ends the reading below is thrown there; later errors are nobody's
	const source = decoded(body, coding);
	const stop = () => source.destroy(new DOMException('Stopped', 'AbortError'));
	signal.addEventListener('abort', stop, { once: true });
	try {
		for await (const part of source) {
			size += part.length;
			if (size > maxBytes && cut) return Buffer.concat([...parts, part]);
			if (size > maxBytes) {
				const most = Math.round(maxBytes / 1e6);
				throw new Failure('response_too_large', `The Hub's answer is larger than ${most} MB and was not read.`);
			}
			parts.push(part);
		}
	} finally {
		signal.removeEventListener('abort', stop);
		source.destroy();
		body.destroy();
	}
	return Buffer.concat(parts, size);
}

/** Counts the time of an exchange, but not the time spent waiting at the gate. */
class Stopwatch {
	#leftMs: number;
	#since: number | null = null;
	#cancel = () => {};
	readonly #clock: Clock;
	readonly #ring: () => void;

	constructor(clock: Clock, ms: number, ring: () => void) {
		this.#clock = clock;
		this.#leftMs = ms;
		this.#ring = ring;
	}

	run(): void {
		this.#since = this.#clock.ticks();
		this.#cancel = this.#clock.after(Math.max(1, this.#leftMs), this.#ring);
	}

	hold(): void {
		this.#cancel();
		if (this.#since !== null) this.#leftMs -= this.#clock.ticks() - this.#since;
		this.#since = null;
	}
}

interface TransportOptions {
	/** Base address without a trailing slash; may have a path. */
	endpoint: string;
	proxy: string | null;
	userAgent: string;
	deadlines: Deadlines;
	gate: RateGate;
	clock: Clock;
}

interface Hop {
	status: number;
	headers: HeaderMap;
	body: Dispatcher.ResponseData['body'];
	url: URL;
}

/** The sockets to the Hub. Makes one exchange at a time per call; never retries. */
export class HubTransport {
	readonly endpoint: URL;
	readonly #base: string;
	readonly #options: TransportOptions;
	readonly #dispatcher: Dispatcher;

	constructor(options: TransportOptions) {
		this.#options = options;
		this.#base = options.endpoint;
		this.endpoint = new URL(options.endpoint);
		const { connectMs, headersMs, idleMs } = options.deadlines;
		const common = {
			headersTimeout: headersMs,
			bodyTimeout: idleMs,
			connections: 64,
			pipelining: 1,
			maxHeaderSize: 32 * 1024,
		};
		const connect = { timeout: connectMs, lookup: guardedLookup(this.endpoint) };
		const proxied = options.proxy !== null && this.endpoint.protocol === 'https:';
		this.#dispatcher = proxied
			? new ProxyAgent({
					...common,
					uri: options.proxy ?? '',
					proxyTls: { timeout: connectMs },
					requestTls: { timeout: connectMs },
				})
			: new Agent({ ...common, connect });
	}

	get deadlines(): Deadlines {
		return this.#options.deadlines;
	}

	/** Ends idle sockets at once and all others as they are. */
	async close(): Promise<void> {
		await this.#dispatcher.destroy();
	}

	/** Sends a request and follows redirects. Throws WireError, or a Failure that no retry can change. */
	async send(request: WireRequest): Promise<WireReply> {
		const { clock, deadlines } = this.#options;
		const total = new AbortController();
		const expired = new WireError('timeout', 'took too long', undefined);
		const ms = request.page ? deadlines.pageMs : deadlines.totalMs;
		const stopwatch = new Stopwatch(clock, ms, () => total.abort(expired));
		const signal = AbortSignal.any([request.signal, total.signal]);
		try {
			return await this.#follow({ ...request, signal }, stopwatch);
		} catch (error) {
			if (request.signal.aborted) throw request.signal.reason;
			throw total.signal.aborted ? expired : translate(error);
		} finally {
			stopwatch.hold();
		}
	}

	async #follow(request: WireRequest, stopwatch: Stopwatch): Promise<WireReply> {
		const hops: HeaderMap[] = [];
		const movedTo: string[] = [];
		const seen = new Set<string>();
		let url = new URL(this.#base + request.path);
		for (;;) {
			if (seen.has(url.href) || seen.size > MOST_REDIRECTS) throw looped();
			seen.add(url.href);
			const hop = await this.#hop(url, request, stopwatch);
			if (url.origin === this.endpoint.origin) hops.push(hop.headers);
			if (!isRedirect(hop.status)) {
				const { status, headers } = hop;
				const good = status < 300;
				const maxBytes = good ? request.maxBytes : MOST_ERROR_BYTES;
				const { signal } = request;
				const coding = headers['content-encoding'];
				const body = await readLimited(hop.body, { maxBytes, cut: request.cut || !good, coding, signal });
				const isCut = body.length > maxBytes;
				return { status, headers, hops, movedTo, isCut, body: isCut ? body.subarray(0, maxBytes) : body };
			}
			discard(hop.body);
			url = nextAddress(hop, this.endpoint);
			if (url.origin === this.endpoint.origin) movedTo.push(url.pathname);
		}
	}

	/** One request and its reply's headers. Only requests to the Hub itself pass the gate and carry the token. */
	async #hop(url: URL, request: WireRequest, stopwatch: Stopwatch): Promise<Hop> {
		const athome = url.origin === this.endpoint.origin;
		stopwatch.hold();
		const pass = athome ? await this.#options.gate.enter(bucketOf(url.pathname), request) : null;
		stopwatch.run();
		const { headersMs, idleMs } = this.#options.deadlines;
		try {
			const reply = await this.#dispatcher.request({
				origin: url.origin,
				path: url.pathname + url.search,
				method: 'GET',
				headers: this.#headers(request, athome),
				headersTimeout: headersMs,
				bodyTimeout: idleMs,
				signal: request.signal,
			});
			const headers = flatten(reply.headers);
			pass?.done({ status: reply.statusCode, headers });
			return { status: reply.statusCode, headers, body: reply.body, url };
		} catch (error) {
			passOver(pass);
			throw error;
		}
	}

	#headers(request: WireRequest, athome: boolean): Record<string, string> {
		return {
			'user-agent': this.#options.userAgent,
			accept: request.accept,
			'accept-encoding': request.compressed ? 'gzip, br' : 'identity',
			...(athome && request.token !== null ? { authorization: `Bearer ${request.token}` } : {}),
			...(athome && request.etag !== undefined ? { 'if-none-match': `"${request.etag}"` } : {}),
		};
	}
}

function passOver(pass: Pass | null): void {
	pass?.done({ status: null, headers: {} });
}

/** Reads a redirect's few bytes away, so that the connection can be used again. */
function discard(body: Hop['body']): void {
	body.on('error', () => {}); // nobody needs this text
	void body.dump({ limit: 16 * 1024 }).catch(() => {});
}

function isRedirect(status: number): boolean {
	return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

function looped(): Failure {
	return new Failure('too_many_redirects', `The Hub redirected in a circle or more than ${MOST_REDIRECTS} times.`);
}

function nextAddress(hop: Hop, endpoint: URL): URL {
	const { location } = hop.headers;
	if (location === undefined || location.length > 8000) {
		throw new Failure('too_many_redirects', 'The Hub redirected without saying where to.');
	}
	const url = URL.canParse(location, hop.url) ? new URL(location, hop.url) : null;
	if (url === null) throw new Failure('redirect_blocked', 'The Hub redirected to something that is no address.');
	checkRedirect(url, endpoint);
	return url;
}
