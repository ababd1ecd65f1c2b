// Which addresses may be asked at all: the configured Hub, the Hub's own hosts after a redirect, never this network.
import { lookup as systemLookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { Failure } from '#lib/core/failure.ts';

/** Hosts the Hub redirects to (hub-docs, "models-downloading"): any depth below these names. */
const hubHosts = ['huggingface.co', 'hf.co'];

const inner = new BlockList();
for (const [net, bits] of [
	['0.0.0.0', 8],
	['10.0.0.0', 8],
	['100.64.0.0', 10],
	['127.0.0.0', 8],
	['169.254.0.0', 16],
	['172.16.0.0', 12],
	['192.0.0.0', 24],
	['192.168.0.0', 16],
	['198.18.0.0', 15],
	['224.0.0.0', 3],
] as const) {
	inner.addSubnet(net, bits, 'ipv4');
}
for (const [net, bits] of [
	['::', 127],
	['64:ff9b::', 32],
	['fc00::', 7],
	['fe80::', 10],
	['ff00::', 8],
] as const) {
	inner.addSubnet(net, bits, 'ipv6');
}

/** The IPv4 address inside an IPv4-mapped IPv6 one; null for all others. */
function mapped(address: string): string | null {
	const match = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(address);
	if (!match) return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? null;
	const [high = 0, low = 0] = match.slice(1).map((part) => Number.parseInt(part, 16));
	return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** Is this an address of this machine or its network: loopback, private, link-local, multicast, translated? */
export function isInnerAddress(address: string): boolean {
	const v4 = mapped(address) ?? address;
	const family = isIP(v4);
	if (family === 0) return true;
	return inner.check(v4, family === 4 ? 'ipv4' : 'ipv6');
}

/** Host name of a URL without the brackets of an IPv6 address. */
function bareHost(url: URL): string {
	return url.hostname.replace(/^\[|\]$/g, '');
}

/** Is this host name this very machine? */
export function isLoopbackHost(url: URL): boolean {
	const host = bareHost(url);
	return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function blocked(reason: string): Failure {
	return new Failure('redirect_blocked', `The Hub redirected to an address that is not allowed: ${reason}.`);
}

/**
 * Checks where a redirect of `endpoint` leads. Throws `redirect_blocked`. Allowed are the endpoint itself, the Hub's
 * hosts over https, and, when the endpoint is a loopback address, other ports of the same host.
 */
export function checkRedirect(target: URL, endpoint: URL): void {
	if (target.protocol !== 'https:' && target.protocol !== 'http:') throw blocked('not http');
	if (target.username !== '' || target.password !== '') throw blocked('it carries a user name');
	if (target.origin === endpoint.origin) return;
	if (isLoopbackHost(endpoint)) {
		const sameHost = target.protocol === endpoint.protocol && target.hostname === endpoint.hostname;
		if (sameHost) return;
	}
	const host = bareHost(target);
	if (isIP(host) !== 0) throw blocked('a bare network address');
	if (!hubHosts.some((name) => host === name || host.endsWith(`.${name}`))) throw blocked('a foreign host');
	if (target.protocol !== 'https:') throw blocked('not encrypted');
	if (target.port !== '') throw blocked('an unusual port');
}

/** A name that a lookup refused because it leads into this machine's own network. */
class InnerAddressError extends Error {
	readonly code = 'EBLOCKED';
}

/** Resolves names for connections; names other than the endpoint's own must not lead into this network. */
export function guardedLookup(endpoint: URL): LookupFunction {
	const own = bareHost(endpoint);
	return (hostname, options, callback) => {
		const wanted: LookupAllOptions = { ...options, all: true };
		systemLookup(hostname, wanted, (error, found: LookupAddress[]) => {
			if (error) return callback(error, '', 0);
			const usable = hostname === own ? found : found.filter(({ address }) => !isInnerAddress(address));
			const [first] = usable;
			if (!first) return callback(new InnerAddressError(`${hostname} leads into this network`), '', 0);
			if (options.all === true) callback(null, usable);
			else callback(null, first.address, first.family);
		});
	};
}
