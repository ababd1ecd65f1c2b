// The Node server in front of the app: limits on what is slow or large, the guard, headers, and a prompt end.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Failure, failureKinds, type FailureCode } from '#lib/core/failure.ts';
import type { Settings } from '#lib/server/config.ts';
import { hasBody, headersFor, hostName, refusal, securityHeaders, type Ask, type House } from '#lib/server/guard.ts';
import { defaultBodyBytes } from '#lib/server/http.ts';

/** Answers a request that may come in; the framework's Node handler. */
export type Answer = (request: IncomingMessage, response: ServerResponse, next: () => void) => unknown;

/** Answers a request if it is a call of the gateway; false: it is for the framework. The guard has let it pass already. */
export type Door = (request: IncomingMessage, response: ServerResponse) => boolean;
/** Event of the process by which the built app hands over its door: the two are bundled apart. */
export const doorEvent = 'modeldex:gateway';

interface ListenerOptions {
	settings: Settings;
	/** Makes what answers, called once the address is ours. Until it settles health says `starting`, the rest waits. */
	load: () => Promise<Answer>;
	/** Ends streams and saves state; at most `graceMs` are waited for it. */
	onStop: () => Promise<void>;
	/** Told what the app threw instead of answering. */
	onError: (error: unknown) => void;
	limits?: Partial<ListenerLimits>;
}

/** Milliseconds and counts that end requests which never would end by themselves. */
export interface ListenerLimits {
	/** From connecting to the end of the headers; half-open connections are closed after it. */
	headersMs: number;
	/** From connecting to the end of the body. */
	requestMs: number;
	/** How often the two above are looked at. */
	checkMs: number;
	/** How long open answers may go on after a stop. */
	graceMs: number;
	headerBytes: number;
	headers: number;
	bodyBytes: number;
}

const defaults: ListenerLimits = {
	headersMs: 10_000,
	requestMs: 30_000,
	checkMs: 2_000,
	graceMs: 1_500,
	headerBytes: 16_384,
	headers: 200,
	bodyBytes: defaultBodyBytes,
};

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
/** Told to the framework's handler on every request, so that it neither guesses nor believes a proxy header. */
export const schemeHeader = 'x-modeldex-scheme';
/** How long the rest of a refused body is thrown away before the connection is cut. */
const drainMs = 1_000;

function bodyOf(code: string, message: string): string {
	return JSON.stringify({ error: { code, message } });
}

/** Answers a request that does not reach the app. */
function send(response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void {
	response.writeHead(status, {
		'content-type': 'application/json',
		'content-length': Buffer.byteLength(body),
		'cache-control': 'no-store',
		...headers,
	});
	response.end(body);
}

/** The same before there is a request at all: bytes that were not HTTP, or that took too long. */
function sendRaw(socket: Socket, status: string, code: string, message: string): void {
	const body = bodyOf(code, message);
	const head = Object.entries(securityHeaders).map(([name, value]) => `${name}: ${value}\r\n`);
	const length = Buffer.byteLength(body);
	const own = `content-type: application/json\r\ncontent-length: ${length}\r\nconnection: close\r\n`;
	socket.end(`HTTP/1.1 ${status}\r\n${head.join('')}${own}\r\n${body}`);
}

/** What cannot be passed to any route: several Host headers, a target that is no path, a method nobody has. */
function misshapen(request: IncomingMessage, limits: ListenerLimits): Failure | null {
	const { rawHeaders } = request;
	let hosts = 0;
	for (let at = 0; at < rawHeaders.length; at += 2) {
		if (rawHeaders[at]?.length === 4 && rawHeaders[at]?.toLowerCase() === 'host') hosts += 1;
	}
	if (hosts > 1) return new Failure('host_not_allowed', 'The request has more than one Host header.');
	if (rawHeaders.length / 2 >= limits.headers)
		return new Failure('headers_too_large', 'The request has too many headers.');
	if (!methods.includes(request.method ?? ''))
		return new Failure('method_not_allowed', 'There is no such method here.');
	if (!request.url?.startsWith('/')) return new Failure('bad_request', 'The request target is not a path.');
	return null;
}

function askOf(request: IncomingMessage): Ask {
	return {
		method: request.method ?? 'GET',
		url: request.url ?? '/',
		header: (name) => request.headers[name]?.toString() ?? null,
	};
}

/** A server that listens on one address only and hands on what the guard lets through. */
export class Listener {
	readonly #settings: Settings;
	/** Our own keys and tokens. */
	readonly #secrets: string[];
	readonly #limits: ListenerLimits;
	readonly #server: Server;
	readonly #load: () => Promise<Answer>;
	#loading: Promise<Answer> | null = null;
	readonly #onStop: () => Promise<void>;
	readonly #onError: (error: unknown) => void;
	readonly #answering = new WeakMap<Socket, ServerResponse>();
	#ready: Answer | null = null;
	#port: number;
	#stopping: Promise<void> | null = null;

	constructor({ settings, load, onStop, onError, limits }: ListenerOptions) {
		this.#settings = settings;
		this.#secrets = [settings.key, settings.hubToken].filter((secret) => secret !== null);
		this.#port = settings.port;
		this.#limits = { ...defaults, ...limits };
		this.#load = load;
		this.#onStop = onStop;
		this.#onError = onError;
		const { headersMs, requestMs, checkMs, headerBytes, headers } = this.#limits;
		this.#server = createServer(
			{
				headersTimeout: headersMs,
				requestTimeout: requestMs,
				connectionsCheckingInterval: checkMs,
				maxHeaderSize: headerBytes,
				keepAliveTimeout: 10_000,
			},
			(request, response) => void this.#receive(request, response),
		);
		this.#server.maxHeadersCount = headers;
		this.#server.on('clientError', (error, socket) => this.#misread(error, socket));
	}

	/** Starts listening, then loading. Throws `usage` when the address is taken or not of this machine. */
	async listen(): Promise<void> {
		const { host, port } = this.#settings;
		await new Promise<void>((resolve, reject) => {
			this.#server.once('error', (error) => reject(this.#couldNotListen(error)));
			this.#server.listen({ port, host: host.replace(/^\[|\]$/g, '') }, resolve);
		});
		const address = this.#server.address();
		if (address !== null && typeof address === 'object') this.#port = address.port;
		this.#loading = this.#load();
		this.#loading.catch(() => undefined); // whoever waits for ready() is told
	}

	/** Settles when the app answers; throws what kept it from starting. Call it after `listen`. */
	async ready(): Promise<void> {
		this.#ready = await this.#loading;
	}

	#couldNotListen(error: NodeJS.ErrnoException): Failure {
		const { host, port } = this.#settings;
		const sentences: Record<string, string> = {
			EADDRINUSE: `Port ${port} on ${host} is in use; end the other program or set PORT to another number.`,
			EACCES: `Port ${port} needs rights this user does not have; set PORT to 1024 or more.`,
			EADDRNOTAVAIL: `${host} is not an address of this machine; set HOST to one that is.`,
			ENOTFOUND: `The name ${host} is not known; set HOST to an address of this machine.`,
		};
		const sentence =
			sentences[error.code ?? ''] ?? `Cannot listen on ${host}:${port} (${error.code ?? error.message}).`;
		return new Failure('usage', sentence, { cause: error });
	}

	/** The port in use, also when 0 was asked for. */
	get port(): number {
		return this.#port;
	}

	/** The address to open in a browser. */
	get url(): string {
		const { origin, host } = this.#settings;
		if (origin !== null) return origin;
		return `http://${hostName(host)}:${this.port}`;
	}

	#house(socket: Socket): House {
		const { host, origin } = this.#settings;
		return { port: this.port, host, origin, localAddress: socket.localAddress ?? null, secrets: this.#secrets };
	}

	async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
		this.#answering.set(request.socket, response);
		const headers = headersFor(request.url ?? '');
		for (const name in headers) response.setHeader(name, headers[name] ?? '');
		this.#drainAfter(request, response);
		const refused = misshapen(request, this.#limits) ?? refusal(askOf(request), this.#house(request.socket));
		if (refused !== null) return this.#refuse(request, response, refused);
		if (Number(request.headers['content-length']) > this.#limits.bodyBytes) {
			const sentence = `The body is larger than ${this.#limits.bodyBytes.toLocaleString('en')} bytes.`;
			return this.#refuse(request, response, new Failure('payload_too_large', sentence));
		}
		if (this.#ready === null && request.url?.split('?', 1)[0] === '/api/health') {
			return send(response, 503, '{"status":"starting"}', { 'retry-after': '1' });
		}
		request.headers[schemeHeader] = 'http';
		let answer: Answer | null;
		try {
			answer = this.#ready ?? (await this.#loading);
		} catch {
			answer = null; // the app did not start; the process is about to end, having said why
		}
		if (answer === null) return void response.destroy();
		try {
			await answer(request, response, () =>
				this.#refuse(request, response, new Failure('not_found', 'Nothing is here.')),
			);
		} catch (error) {
			this.#onError(error);
			if (response.headersSent) response.destroy();
			else this.#refuse(request, response, new Failure('internal', 'Something went wrong inside Modeldex.'));
		}
	}

	#refuse(request: IncomingMessage, response: ServerResponse, { code, message }: Failure): void {
		const headers: Record<string, string> = hasBody(askOf(request)) ? { connection: 'close' } : {};
		if (code === 'method_not_allowed') headers.allow = methods.join(', ');
		send(response, failureKinds[code].status, bodyOf(code, message), headers);
	}

	/** A body nobody read would block its connection for ever: what is left is thrown away for a moment, then cut. */
	#drainAfter(request: IncomingMessage, response: ServerResponse): void {
		response.once('finish', () => {
			if (request.complete) return;
			request.resume();
			setTimeout(() => {
				if (!request.complete) request.socket.destroy();
			}, drainMs).unref();
		});
	}

	#misread(error: NodeJS.ErrnoException, socket: unknown): void {
		if (!isSocket(socket)) return;
		const response = this.#answering.get(socket);
		const inTheMiddle = response !== undefined && response.headersSent && !response.writableFinished;
		if (error.code === 'ECONNRESET' || !socket.writable || inTheMiddle) {
			socket.destroy();
			return;
		}
		const table: Record<string, [string, FailureCode, string]> = {
			HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'headers_too_large', 'The headers are too large.'],
			ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'request_timeout', 'The request took too long to arrive.'],
		};
		const other: [string, FailureCode, string] = ['400 Bad Request', 'bad_request', 'This is not an HTTP request.'];
		sendRaw(socket, ...(table[error.code ?? ''] ?? other));
	}

	/** Takes no more connections, lets streams end for a moment, cuts what is left. Calling again waits for the same end. */
	stop(): Promise<void> {
		this.#stopping ??= this.#end();
		return this.#stopping;
	}

	async #end(): Promise<void> {
		const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
		const idle = setInterval(() => this.#server.closeIdleConnections(), 50);
		let timer: NodeJS.Timeout | undefined;
		const grace = new Promise<void>((resolve) => {
			timer = setTimeout(resolve, this.#limits.graceMs);
		});
		await Promise.race([Promise.allSettled([this.#onStop(), closed]), grace]);
		clearTimeout(timer);
		clearInterval(idle);
		this.#server.closeAllConnections();
	}
}

function isSocket(stream: unknown): stream is Socket {
	return typeof stream === 'object' && stream !== null && 'remoteAddress' in stream && 'writable' in stream;
}
