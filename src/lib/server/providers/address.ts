// Where a provider may be: which base addresses are taken, and which key may go there.
import { isIP } from 'node:net';
import { Failure } from '#lib/core/failure.ts';
import { CallFailure } from '#lib/core/registry/call.ts';
import type { ProviderRow } from '#lib/core/registry/provider-table.ts';
import { isInnerAddress, isLoopbackHost } from '#lib/server/outbound.ts';

/** Who wrote the address down: the person who runs this server, or a user in a file of their own. */
export type Trust = 'operator' | 'user';

function bareHost(url: URL): string {
	return url.hostname.replace(/^\[|\]$/g, '');
}

/** Does the address lie on this machine or its network, as far as it can be seen without asking for the name? */
export function isInnerUrl(url: URL): boolean {
	const host = bareHost(url);
	return isLoopbackHost(url) || (isIP(host) !== 0 && isInnerAddress(host)) || !host.includes('.');
}

/**
 * A base address as it is used: without query, fragment or trailing slash. Throws `bad_request` for anything that is
 * no plain http address, for http to the outside, and, where a user wrote it, for addresses of this machine's network.
 */
export function checkBaseUrl(text: string, trust: Trust): URL {
	const wrong = (what: string) => new Failure('bad_request', `The base_url of a provider ${what}.`);
	let url: URL;
	try {
		url = new URL(text);
	} catch {
		throw wrong('has to be a whole address such as https://api.example.com/v1');
	}
	if (url.protocol !== 'https:' && url.protocol !== 'http:') throw wrong('has to begin with https:// or http://');
	if (url.username !== '' || url.password !== '') throw wrong('must not carry a user name or a key');
	if (url.search !== '' || url.hash !== '') throw wrong('must not have a query or a fragment');
	const inner = isInnerUrl(url);
	if (trust === 'user' && inner) throw wrong('must not lead into the network of this server');
	if (url.protocol === 'http:' && !inner) throw wrong('has to be https:// outside this machine and its network');
	url.pathname = url.pathname.replace(/\/+$/, '');
	return url;
}

/** What decides about a provider's key. `variable` is the name that the registry file gives; null for none. */
export interface KeyQuestion {
	row: ProviderRow;
	base: URL;
	variable: string | null;
	env: Readonly<Record<string, string | undefined>>;
}

/** The key to send and the variable it came from; both null where none is needed and none is set. */
export interface KeyAnswer {
	key: string | null;
	variable: string | null;
	/** One sentence on why the provider cannot be called; null when it can. */
	problem: string | null;
}

/**
 * Which key goes along, read anew for each call so that a changed one counts at once. The row's own variables hold only
 * for the row's own host: a cloud key never goes to another address unless the file names its variable there.
 */
export function findKey({ row, base, variable, env }: KeyQuestion): KeyAnswer {
	const none = { key: null, variable: null };
	if (variable !== null) {
		const key = env[variable]?.trim() ?? '';
		if (key !== '') return { key, variable, problem: null };
		return { ...none, problem: `The variable ${variable} is not set.` };
	}
	const found = row.keys.find((name) => (env[name]?.trim() ?? '') !== '');
	if (found === undefined) {
		return { ...none, problem: row.needsKey ? unsetWords(row.keys) : null };
	}
	if (isAtHome(row, base)) return { key: env[found]?.trim() ?? null, variable: found, problem: null };
	if (!row.needsKey) return { ...none, problem: null };
	const where = `${found} belongs to ${new URL(row.baseUrl).host}`;
	return { ...none, problem: `${where}; name it with api_key_env to send it to ${base.host}.` };
}

function unsetWords(names: readonly string[]): string {
	const [only = ''] = names;
	return names.length === 1 ? `The variable ${only} is not set.` : `None of these is set: ${names.join(', ')}.`;
}

/** Is this the row's own host? An engine on this machine is at home on every port of it. */
function isAtHome({ kind, baseUrl }: ProviderRow, base: URL): boolean {
	return kind === 'local' ? isLoopbackHost(base) : base.host === new URL(baseUrl).host;
}

/**
 * Where a redirect of a call may lead. Throws `not_found` (the address in the registry file is wrong) for schemes and
 * places that nobody configured: from https to http, or into this machine's network.
 */
export function checkProviderRedirect(target: URL, base: URL): void {
	const refused = (why: string) =>
		new CallFailure('not_found', `${base.host} redirected to an address that is not allowed: ${why}.`, {
			code: 'redirect_blocked',
		});
	if (target.protocol !== 'https:' && target.protocol !== 'http:') throw refused('not http');
	if (target.username !== '' || target.password !== '') throw refused('it carries a user name');
	if (target.origin === base.origin) return;
	if (isLoopbackHost(base) && isLoopbackHost(target)) return;
	if (target.protocol !== 'https:') throw refused('not encrypted');
	if (isInnerUrl(target)) throw refused('inside this network');
}
