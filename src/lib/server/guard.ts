// Which requests may come in at all: rules on Host, Origin, body type and URL, free of any framework.
import { Failure } from '#lib/core/failure.ts';

/** What the rules look at. `url` is the request target as sent, starting with `/`. Header names are lower-case. */
export interface Ask {
	method: string;
	url: string;
	header(name: string): string | null;
}

/** The house as the rules know it. */
export interface House {
	/** Port of the listener; null when it is not known (the development server), then any port of this machine will do. */
	port: number | null;
	/** Address or name that was asked to listen on (`HOST`). */
	host: string;
	/** Public address when one is set (`ORIGIN`). */
	origin: string | null;
	/** Address of this machine that the connection came in on; null when not known. */
	localAddress: string | null;
	/** Our own key and tokens: must never stand in a URL. */
	secrets: string[];
}

/** Headers of every answer. A page's own content security policy (svelte.config.js) replaces the one here. */
export const securityHeaders: Readonly<Record<string, string>> = {
	'content-security-policy':
		"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	'x-content-type-options': 'nosniff',
	'x-frame-options': 'DENY',
	'referrer-policy': 'same-origin',
	'cross-origin-opener-policy': 'same-origin',
	'cross-origin-resource-policy': 'same-origin',
	'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()',
};

/** A web worker lives by the policy its own script came with: it may load its parts and ask this server, nothing else. */
const workerPolicy =
	"default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Headers of the answer to a request target; workers' scripts lie where the build puts them. */
export function headersFor(url: string): Readonly<Record<string, string>> {
	if (!/^\/_app\/immutable\/workers\/[\w.-]+\.js(\?|$)/.test(url)) return securityHeaders;
	return { ...securityHeaders, 'content-security-policy': workerPolicy };
}

const hostShape = /^(\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?(?::(\d{1,5}))?$/;
const safeMethods = new Set(['GET', 'HEAD']);
/** Query names that people paste keys into, without `-` and `_`. */
const keyNames = new Set(
	'key apikey accesskey accesstoken authtoken token hftoken bearer authorization password secret modeldexkey'.split(
		' ',
	),
);
/** Keys long enough that no model name looks like one. */
const keyShape = /(?:hf_[A-Za-z0-9]{20,}|sk-[A-Za-z0-9_-]{32,}|AIza[A-Za-z0-9_-]{30,}|xai-[A-Za-z0-9]{30,})/;

/** Does this address or name only ever mean this very machine? */
export function isLoopback(host: string): boolean {
	return /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[?::1\]?|\[?::ffff:127\.\d{1,3}\.\d{1,3}\.\d{1,3}\]?)$/i.test(
		host,
	);
}

/** An address as it stands in a Host header: IPv6 in brackets, without a zone, IPv4 without the IPv6 mapping. */
export function hostName(address: string): string {
	const plain = address
		.toLowerCase()
		.replace(/^::ffff:(?=\d+\.)/, '')
		.replace(/%.*$/, '');
	return plain.includes(':') && !plain.startsWith('[') ? `[${plain}]` : plain;
}

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Is this a name of this machine: a loopback one, what was asked to listen on, or where the connection came in? */
function isOwnName(name: string, { host, localAddress }: House): boolean {
	if (loopbackNames.has(name) || name === hostName(host)) return true;
	return localAddress !== null && name === hostName(localAddress);
}

/**
 * Is this Host header one of ours? DNS rebinding works because browsers put the attacker's name here, so everything
 * that was not configured is foreign. (An IP address cannot be rebound; a name can.)
 */
export function isOwnHost(header: string, house: House): boolean {
	const match = hostShape.exec(header.trim().toLowerCase());
	if (match === null) return false;
	const [, name = '', port = ''] = match;
	if (house.origin !== null) {
		const own = new URL(house.origin);
		const ownPort = own.port || (own.protocol === 'https:' ? '443' : '80');
		if (name === own.hostname && (port || (own.protocol === 'https:' ? '443' : '80')) === ownPort) return true;
	}
	if (!isOwnName(name, house)) return false;
	return house.port === null || Number(port || 80) === house.port;
}

function checkHost(ask: Ask, house: House): Failure | null {
	if (isOwnHost(ask.header('host') ?? '', house)) return null;
	const way = 'Open it as localhost, or set ORIGIN to the address you use.';
	return new Failure('host_not_allowed', `This server does not answer to the name in the Host header. ${way}`);
}

/** Does this Origin header name the very page that this server sent? */
function isOwnOrigin(origin: string, ask: Ask, house: House): boolean {
	if (house.origin !== null && origin.toLowerCase() === new URL(house.origin).origin) return true;
	const host = (ask.header('host') ?? '').trim().toLowerCase();
	return origin.toLowerCase() === `http://${host}`;
}

function crossOrigin(): Failure {
	return new Failure('cross_origin', 'Requests from other sites are not accepted.');
}

/**
 * State may only change for our own pages and for programs (which send neither header). Another port of localhost is
 * "same-site" to a browser and a stranger to us. Reading `/api` from a foreign page is refused too when the browser
 * says so: the page could not see the answer, but could spend the user's request budget.
 */
function checkOrigin(ask: Ask, house: House): Failure | null {
	const site = ask.header('sec-fetch-site');
	const foreignSite = site !== null && site !== 'same-origin' && site !== 'none';
	if (safeMethods.has(ask.method)) {
		const isNavigation = ask.header('sec-fetch-mode') === 'navigate';
		return foreignSite && !isNavigation && isProgramPath(ask.url) ? crossOrigin() : null;
	}
	const origin = ask.header('origin');
	if (origin !== null && !isOwnOrigin(origin, ask, house)) return crossOrigin();
	return foreignSite ? crossOrigin() : null;
}

/** The decoded path of a request target; the target itself when it cannot be decoded. */
function pathOf(url: string): string {
	const end = url.indexOf('?');
	const path = end < 0 ? url : url.slice(0, end);
	if (!path.includes('%')) return path;
	try {
		return decodeURIComponent(path);
	} catch {
		return path; // malformed escapes: the router refuses them
	}
}

/** Is this a path for programs (`/api`, `/v1`, `/metrics`), which is answered in JSON, failures too? */
export function isProgramPath(url: string): boolean {
	return /^\/((api|v1)(\/|$)|metrics$)/.test(pathOf(url));
}

/** Is this a path of the gateway (`/v1`), which answers as OpenAI's API does? */
export function isGatewayPath(url: string): boolean {
	return /^\/v1(\/|$)/.test(pathOf(url));
}

/** Does a body come with this request? */
export function hasBody(ask: Ask): boolean {
	return ask.header('transfer-encoding') !== null || Number(ask.header('content-length') ?? 0) > 0;
}

function checkMedia(ask: Ask): Failure | null {
	if (safeMethods.has(ask.method) || !isProgramPath(ask.url) || !hasBody(ask)) return null;
	const media = (ask.header('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase();
	if (media === 'application/json') return null;
	return new Failure('unsupported_media_type', 'Send the body as application/json.');
}

/** Bytes of a body that the guard lets pass; routes that take more are named here and see to it themselves. */
const mostBodyBytes = 1024 * 1024;
const largeBodies = new Set(['/api/discovery', '/v1/chat/completions', '/v1/completions', '/v1/embeddings']);

/** A body that is too large by its own account. */
function checkSize(ask: Ask): Failure | null {
	if (safeMethods.has(ask.method) || largeBodies.has(pathOf(ask.url))) return null;
	if (Number(ask.header('content-length') ?? 0) <= mostBodyBytes) return null;
	return new Failure('payload_too_large', `The body is larger than ${mostBodyBytes.toLocaleString('en')} bytes.`);
}

function keyInUrl(): Failure {
	return new Failure('key_in_url', 'Keys do not belong in a URL; send them in the Authorization header.');
}

function checkUrl(ask: Ask, house: House): Failure | null {
	const text = ask.url.includes('%')
		? ask.url.replace(/%[0-9a-f]{2}/gi, (code) => String.fromCharCode(parseInt(code.slice(1), 16)))
		: ask.url;
	if (keyShape.test(text)) return keyInUrl();
	if (house.secrets.some((secret) => secret.length >= 8 && text.includes(secret))) return keyInUrl();
	const query = ask.url.slice(ask.url.indexOf('?') + 1);
	if (query === ask.url) return null;
	for (const [name, value] of new URLSearchParams(query)) {
		if (value !== '' && keyNames.has(name.toLowerCase().replace(/[-_]/g, ''))) return keyInUrl();
	}
	return null;
}

/** Why this request may not come in; null when it may. Codes: `host_not_allowed`, `cross_origin`, `key_in_url`,
 * `unsupported_media_type`, `payload_too_large`, in this order. */
export function refusal(ask: Ask, house: House): Failure | null {
	return checkHost(ask, house) ?? checkOrigin(ask, house) ?? checkUrl(ask, house) ?? checkMedia(ask) ?? checkSize(ask);
}

/**
 * Throws `usage` when the address can be reached from other machines and no key protects it: the one mistake that has
 * put hundreds of thousands of model servers on the open internet.
 */
export function checkListener(host: string, key: string | null): void {
	if (key !== null || isLoopback(host)) return;
	const sentence = `Refusing to listen on ${host} without an API key. Set MODELDEX_KEY or bind to 127.0.0.1.`;
	throw new Failure('usage', sentence);
}

/** A path on this server to go to next, from a URL parameter; `/` when it is missing or leads anywhere else. */
export function localPath(text: string | null): string {
	return text !== null && /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(text) ? text : '/';
}
