// One request to a provider over a pool of its own: no patience but the caller's, redirects by hand, bodies never left open.
import type { Dispatcher } from 'undici';
import { CallFailure, type Ends } from '#lib/core/registry/call.ts';
import { guardedLookup } from '#lib/server/outbound.ts';
import { checkProviderRedirect, type Trust } from '#lib/server/providers/address.ts';
import { exchanged, type Sent, type Upstream } from '#lib/server/providers/upstream.ts';

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
	ends: Ends;
}

const mostRedirects = 5;
const connectMs = 10_000;
const mostConnections = 128;
/** Made for nobody's name: every address inside this network is refused. */
const nobody = new URL('http://nobody.invalid');

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

/** The connections to one provider. */
export class Exchange {
	readonly #options: ExchangeOptions;
	/** Made at the first call: loading undici takes as long as half the rest of a start. */
	#own: Promise<Dispatcher> | null = null;
	/** For redirects to other hosts; refuses names that lead into this network. */
	#foreign: Promise<Dispatcher> | null = null;
	readonly #origin: string;
	/** Path of the base address, without a slash at its end. */
	readonly #prefix: string;

	constructor(options: ExchangeOptions) {
		this.#options = options;
		this.#origin = options.base.origin;
		this.#prefix = options.base.pathname.replace(/\/$/, '');
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
	 * Sends a request and gives the reply as soon as its headers are here. Throws the reason of the ending, a `network`
	 * failure, or `not_found` for a redirect that is not followed. The caller releases the body.
	 */
	async post({ path, body, headers, secretHeaders, ends }: Outgoing): Promise<Upstream> {
		const all = { ...headers, ...secretHeaders };
		const reply = await this.#send({ origin: this.#origin, path: this.#prefix + path, headers: all, body }, ends);
		if (reply.status < 300 || reply.status > 399) return reply;
		return this.#follow(reply, { path, body, headers, secretHeaders, ends });
	}

	async #follow(first: Upstream, { path, body, headers, secretHeaders, ends }: Outgoing): Promise<Upstream> {
		const { base, name } = this.#options;
		let url = new URL(this.#origin + this.#prefix + path);
		let reply = first;
		for (let hop = 1; hop <= mostRedirects; hop += 1) {
			reply.body.release(false);
			url = this.#next(reply, url);
			const all = url.origin === base.origin ? { ...headers, ...secretHeaders } : headers;
			reply = await this.#send({ origin: url.origin, path: url.pathname + url.search, headers: all, body }, ends);
			if (reply.status < 300 || reply.status > 399) return reply;
		}
		reply.body.release(false);
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

	async #send(sent: Sent, ends: Ends): Promise<Upstream> {
		if (ends.aborted) throw ends.reason;
		try {
			const dispatcher = await (sent.origin === this.#origin
				? (this.#own ??= this.#ownDispatcher())
				: (this.#foreign ??= this.#foreignDispatcher()));
			return await exchanged(dispatcher, sent, ends);
		} catch (error) {
			if (ends.aborted) throw ends.reason;
			throw networkFailure(this.#options.name, error, false);
		}
	}
}
