// One request to a provider over a pool of its own: no patience but the caller's, redirects by hand, bodies never left open.
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { CallFailure } from '#lib/core/registry/call.ts';
import { guardedLookup } from '#lib/server/outbound.ts';
import { checkProviderRedirect, type Trust } from '#lib/server/providers/address.ts';

/** A reply whose body is still to be read. Header names are in lower case. */
export interface Upstream {
	status: number;
	headers: Readonly<Record<string, string>>;
	body: Readable;
}

interface ExchangeOptions {
	/** The provider's name, for sentences. */
	name: string;
	base: URL;
	trust: Trust;
	/** Proxy for encrypted addresses; null for none. */
	proxy: string | null;
}

/** One request. `secretHeaders` go to the base address only, never along with a redirect to another host. */
export interface Outgoing {
	/** Below the base address, with a slash at the front. */
	path: string;
	body: string;
	headers: Readonly<Record<string, string>>;
	secretHeaders: Readonly<Record<string, string>>;
	signal: AbortSignal;
}

const mostRedirects = 5;
const connectMs = 10_000;
const mostConnections = 128;
/** How long, and for how many bytes, a body is read on after its answer has ended, so that the connection can be kept. */
const drainMs = 250;
const drainBytes = 64 * 1024;
/** Made for nobody's name: every address inside this network is refused. */
const nobody = new URL('http://nobody.invalid');

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
	const flat: Record<string, string> = {};
	for (const [name, value] of Object.entries(headers)) {
		if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
	}
	return flat;
}

function codeOf(error: unknown): string {
	if (!(error instanceof Error)) return 'unknown';
	if ('code' in error && typeof error.code === 'string') return error.code;
	return error.cause === undefined ? error.name : codeOf(error.cause);
}

const reasons: readonly (readonly [RegExp, string])[] = [
	[/^ECONNREFUSED$/, 'nothing listens there'],
	[/^(ENOTFOUND|EAI_)/, 'its name is not known'],
	[/^EBLOCKED$/, 'its name leads into the network of this server'],
	[/CERT|SELF_SIGNED|ERR_TLS|EPROTO|ERR_SSL/, 'its certificate is not trusted'],
	[/^(UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT)$/, 'it did not take the connection in time'],
	[/^(ECONNRESET|UND_ERR_SOCKET|EPIPE|ERR_STREAM_PREMATURE_CLOSE)$/, 'it broke the connection off'],
];

/** A socket's error as a failure of the call. `hasContent`: part of the answer had come, so that it is cut. */
export function networkFailure(name: string, error: unknown, hasContent: boolean): CallFailure {
	const code = codeOf(error);
	const why = reasons.find(([shape]) => shape.test(code))?.[1] ?? `the connection failed (${code.slice(0, 40)})`;
	if (hasContent) return new CallFailure('cut', `The answer of ${name} broke off: ${why}.`, { code });
	return new CallFailure('network', `${name} could not be reached: ${why}.`, { code });
}

/** Lets a body go: what is left of a finished answer is read away for a moment so that its connection is kept, else cut. */
export function release(body: Readable, isOver: boolean): void {
	body.on('error', () => {}); // nobody waits for it any more
	if (body.destroyed || body.readableEnded) return;
	if (!isOver) return void body.destroy();
	let left = drainBytes;
	const timer = setTimeout(() => body.destroy(), drainMs);
	timer.unref();
	body.once('close', () => clearTimeout(timer));
	body.on('data', (chunk: Buffer) => {
		left -= chunk.length;
		if (left < 0) body.destroy();
	});
}

/** The connections to one provider. */
export class Exchange {
	readonly #options: ExchangeOptions;
	/** Made at the first call: loading undici takes as long as half the rest of a start. */
	#own: Promise<Dispatcher> | null = null;
	/** For redirects to other hosts; refuses names that lead into this network. */
	#foreign: Promise<Dispatcher> | null = null;

	constructor(options: ExchangeOptions) {
		this.#options = options;
	}

	async #ownDispatcher(): Promise<Dispatcher> {
		const { base, trust, proxy } = this.#options;
		const { Pool, ProxyAgent } = await import('undici');
		// No limits of its own on headers and bodies: a model may think for minutes, and deadlines are the caller's.
		const patience = { headersTimeout: 0, bodyTimeout: 0 };
		if (proxy !== null && base.protocol === 'https:') {
			return new ProxyAgent({ uri: proxy, ...patience, connections: mostConnections });
		}
		const lookup = guardedLookup(trust === 'operator' ? base : nobody);
		return new Pool(base.origin, {
			...patience,
			connections: mostConnections,
			pipelining: 1,
			connect: { lookup, timeout: connectMs },
		});
	}

	async #foreignDispatcher(): Promise<Dispatcher> {
		const { Agent } = await import('undici');
		return new Agent({
			headersTimeout: 0,
			bodyTimeout: 0,
			connect: { lookup: guardedLookup(nobody), timeout: connectMs },
		});
	}

	/** Ends every connection as soon as its answer has ended; nothing new is taken. */
	async retire(): Promise<void> {
		const made = await Promise.all([this.#own, this.#foreign]);
		await Promise.all(made.map((dispatcher) => dispatcher?.close()));
	}

	/** Ends every connection, also those in use. */
	async close(): Promise<void> {
		const made = await Promise.all([this.#own, this.#foreign]);
		await Promise.all(made.map((dispatcher) => dispatcher?.destroy()));
	}

	/**
	 * Sends a request and gives the reply as soon as its headers are here. Throws the signal's reason, a `network` failure,
	 * or `not_found` for a redirect that is not followed. The caller releases the body.
	 */
	async post({ path, body, headers, secretHeaders, signal }: Outgoing): Promise<Upstream> {
		const { base, name } = this.#options;
		let url = new URL(base.href.replace(/\/$/, '') + path);
		for (let hop = 0; hop <= mostRedirects; hop += 1) {
			const isHome = url.origin === base.origin;
			const all = isHome ? { ...headers, ...secretHeaders } : headers;
			const reply = await this.#send(url, { body, headers: all, signal });
			if (reply.status < 300 || reply.status > 399) return reply;
			release(reply.body, false);
			url = this.#next(reply, url);
		}
		throw new CallFailure('not_found', `${name} redirected more than ${mostRedirects} times.`, {
			code: 'too_many_redirects',
		});
	}

	/** Where a redirect leads. 303 would make a GET of the call, which answers nothing. */
	#next({ status, headers }: Upstream, from: URL): URL {
		const { base, name } = this.#options;
		const wrong = new CallFailure(
			'not_found',
			`${name} answered with a redirect that leads nowhere (status ${status}).`,
			{
				status,
				code: 'redirect_blocked',
			},
		);
		if (![301, 302, 307, 308].includes(status) || headers.location === undefined) throw wrong;
		let target: URL;
		try {
			target = new URL(headers.location, from);
		} catch {
			throw wrong;
		}
		checkProviderRedirect(target, base);
		return target;
	}

	async #send(url: URL, sent: Pick<Outgoing, 'body' | 'headers' | 'signal'>): Promise<Upstream> {
		const { base, name } = this.#options;
		const { body, headers, signal } = sent;
		signal.throwIfAborted();
		const isHome = url.origin === base.origin;
		try {
			const dispatcher = await (isHome
				? (this.#own ??= this.#ownDispatcher())
				: (this.#foreign ??= this.#foreignDispatcher()));
			const path = url.pathname + url.search;
			const reply = await dispatcher.request({ origin: url.origin, path, method: 'POST', headers, body, signal });
			return { status: reply.statusCode, headers: flatten(reply.headers), body: reply.body };
		} catch (error) {
			if (signal.aborted) throw signal.reason;
			throw networkFailure(name, error, false);
		}
	}
}
