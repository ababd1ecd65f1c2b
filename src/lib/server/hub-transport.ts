// One exchange with the Hub over real sockets: redirects by hand, the token kept at home, sizes counted while reading.
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Clock } from '#lib/server/clock.ts';
import { discard, isRedirect, looped, MOST_REDIRECTS, nextAddress } from '#lib/server/hub-redirects.ts';
import { guardedLookup } from '#lib/server/outbound.ts';
import type { Bucket, Pass, Priority, RateGate } from '#lib/server/rate-gate.ts';
import type { HeaderMap } from '#lib/server/rate-window.ts';
import { readLimited } from '#lib/server/reply-body.ts';
import { Stopwatch } from '#lib/server/stopwatch.ts';
import { translate, WireError } from '#lib/server/wire-error.ts';

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

/** What a caller may count of its own requests. Must be quick and must not throw. */
export interface Trace {
	/** A request went out to the Hub itself: each retry and each redirect is one more. */
	sent(): void;
	/** The Hub answered one of them. */
	answered(status: number): void;
	/** A pause before the next try. `reason` is a status, `timeout` or `broken`; milliseconds. */
	backoff(event: { reason: string; waitMs: number }): void;
}

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
	/** Part of a file that is wanted: `length` bytes from `start`. Who sends the whole is cut off behind it. */
	range?: { start: number; length: number } | undefined;
	/** A page of a list, or a part of a large file: has longer time. */
	page: boolean;
	priority: Priority;
	maxWaitMs: number;
	signal: AbortSignal;
	/** Milliseconds for the reply's headers in place of the usual; the other deadlines of the exchange keep their ratio. */
	timeoutMs?: number | undefined;
	trace?: Trace | undefined;
	/** The rest of a file from `start` on, handed over as it comes instead of read: see `stream` of the reply. */
	rest?: RestOfFile | undefined;
}

/**
 * `tag`: entity tag of the part already here, as the server named it; the rest is wanted only if it still holds. `end`:
 * where it ends, without the byte there; the end of the file when left out.
 */
export interface RestOfFile {
	start: number;
	end?: number | undefined;
	tag: string | null;
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
	/** Did the Hub itself send the last reply, and not its CDN? */
	isHome: boolean;
	/** The body of a good reply to a question for the rest of a file; the reader ends it. Null for all others. */
	stream: Readable | null;
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
	/** Made when the Hub is first asked: loading undici takes as long as half the rest of a start. */
	#dispatcher: Promise<Dispatcher> | null = null;
	#isClosed = false;

	constructor(options: TransportOptions) {
		this.#options = options;
		this.#base = options.endpoint;
		this.endpoint = new URL(options.endpoint);
	}

	async #makeDispatcher(): Promise<Dispatcher> {
		const { deadlines, proxy } = this.#options;
		const { connectMs, headersMs, idleMs } = deadlines;
		const { Agent, ProxyAgent } = await import('undici');
		const common = {
			headersTimeout: headersMs,
			bodyTimeout: idleMs,
			connections: 64,
			pipelining: 1,
			maxHeaderSize: 32 * 1024,
		};
		if (proxy !== null && this.endpoint.protocol === 'https:') {
			const tls = { timeout: connectMs };
			return new ProxyAgent({ ...common, uri: proxy, proxyTls: tls, requestTls: tls });
		}
		return new Agent({ ...common, connect: { timeout: connectMs, lookup: guardedLookup(this.endpoint) } });
	}

	/** The sockets; throws when they were closed. */
	#sockets(): Promise<Dispatcher> {
		if (this.#isClosed) throw new WireError('broken', 'Modeldex is closing', undefined);
		this.#dispatcher ??= this.#makeDispatcher();
		return this.#dispatcher;
	}

	get deadlines(): Deadlines {
		return this.#options.deadlines;
	}

	/** The clocks of one exchange: the usual ones, all longer or shorter when the caller set one. */
	#deadlinesOf({ timeoutMs }: WireRequest): Deadlines {
		const usual = this.#options.deadlines;
		if (timeoutMs === undefined) return usual;
		const factor = timeoutMs / usual.headersMs;
		const { connectMs, pageMs } = usual;
		return {
			connectMs,
			headersMs: timeoutMs,
			idleMs: usual.idleMs * factor,
			totalMs: usual.totalMs * factor,
			pageMs: pageMs * factor,
		};
	}

	/** Ends idle sockets at once and all others as they are. */
	async close(): Promise<void> {
		this.#isClosed = true;
		await (await this.#dispatcher)?.destroy();
	}

	/** Sends a request and follows redirects. Throws WireError, or a Failure that no retry can change. */
	async send(request: WireRequest): Promise<WireReply> {
		const { clock } = this.#options;
		const deadlines = this.#deadlinesOf(request);
		const total = new AbortController();
		const ms = request.page ? deadlines.pageMs : deadlines.totalMs;
		const expire = () => total.abort(new WireError('timeout', 'took too long', undefined));
		const stopwatch = new Stopwatch(clock, ms, expire);
		const signal = AbortSignal.any([request.signal, total.signal]);
		try {
			return await this.#follow({ ...request, signal }, stopwatch);
		} catch (error) {
			if (request.signal.aborted) throw request.signal.reason;
			throw total.signal.aborted ? total.signal.reason : translate(error);
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
				const isHome = url.origin === this.endpoint.origin;
				const common = { status, headers, hops, movedTo, isHome };
				if (good && request.rest !== undefined) {
					hop.body.on('error', () => {}); // whoever reads it hears of it; who lets it go need not
					return { ...common, isCut: true, body: Buffer.alloc(0), stream: hop.body };
				}
				const maxBytes = good ? request.maxBytes : MOST_ERROR_BYTES;
				const { signal } = request;
				const coding = headers['content-encoding'];
				const unwanted = status === 200 ? (request.range?.start ?? 0) : 0;
				const announced = Number(headers['content-length'] ?? NaN);
				const limits = { maxBytes, cut: request.cut || !good, unwanted, announced, coding, signal };
				const body = await readLimited(hop.body, limits);
				const isCut = body.length > maxBytes;
				return { ...common, isCut, body: isCut ? body.subarray(0, maxBytes) : body, stream: null };
			}
			discard(hop.body);
			url = nextAddress(hop, this.endpoint);
			if (url.origin === this.endpoint.origin) movedTo.push(url.pathname);
		}
	}

	/** One request and its reply's headers. Only requests to the Hub itself pass the gate and carry the token. */
	async #hop(url: URL, request: WireRequest, stopwatch: Stopwatch): Promise<Hop> {
		const athome = url.origin === this.endpoint.origin;
		const bucket = bucketOf(url.pathname);
		stopwatch.hold();
		const pass = athome ? await this.#options.gate.enter(bucket, request) : null;
		stopwatch.run();
		if (pass !== null) request.trace?.sent();
		const { headersMs, idleMs } = this.#deadlinesOf(request);
		try {
			const dispatcher = await this.#sockets();
			const reply = await dispatcher.request({
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
			if (pass !== null) this.#tell(request.trace, reply.statusCode, bucket);
			return { status: reply.statusCode, headers, body: reply.body, url };
		} catch (error) {
			passOver(pass, request.signal);
			throw error;
		}
	}

	#tell(trace: Trace | undefined, status: number, bucket: Bucket): void {
		trace?.answered(status);
		if (status === 429) trace?.backoff({ reason: '429', waitMs: this.#options.gate.waitMs(bucket) });
	}

	#headers(request: WireRequest, athome: boolean): Record<string, string> {
		const { range, rest } = request;
		const resumes = rest !== undefined && (rest.start > 0 || rest.end !== undefined);
		return {
			'user-agent': this.#options.userAgent,
			accept: request.accept,
			'accept-encoding': request.compressed ? 'gzip, br' : 'identity',
			...(athome && request.token !== null ? { authorization: `Bearer ${request.token}` } : {}),
			...(range === undefined ? {} : { range: `bytes=${range.start}-${range.start + range.length - 1}` }),
			...(resumes ? { range: `bytes=${rest.start}-${rest.end === undefined ? '' : rest.end - 1}` } : {}),
			...(resumes && rest.tag !== null ? { 'if-range': rest.tag } : {}),
			...(athome && request.etag !== undefined ? { 'if-none-match': `"${request.etag}"` } : {}),
		};
	}
}

function passOver(pass: Pass | null, signal: AbortSignal): void {
	pass?.done({ status: null, headers: {}, left: signal.aborted && !(signal.reason instanceof WireError) });
}
