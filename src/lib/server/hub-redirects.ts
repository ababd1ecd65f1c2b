// Redirects, followed by hand: which statuses are one, where each leads, and when to stop.
import type { Dispatcher } from 'undici';
import { Failure } from '#lib/core/failure.ts';
import { checkRedirect } from '#lib/server/outbound.ts';
import type { HeaderMap } from '#lib/server/rate-window.ts';

/** Most redirects of one exchange. */
export const MOST_REDIRECTS = 5;

/** Reads a redirect's few bytes away, so that the connection can be used again. */
export function discard(body: Dispatcher.ResponseData['body']): void {
	body.on('error', () => {}); // nobody needs this text
	void body.dump({ limit: 16 * 1024 }).catch(() => {});
}

/** Does this status send the asker elsewhere? */
export function isRedirect(status: number): boolean {
	return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/** The failure for redirects that do not come to an end. */
export function looped(): Failure {
	return new Failure('too_many_redirects', `The Hub redirected in a circle or more than ${MOST_REDIRECTS} times.`);
}

/** Where a redirect leads, when that is allowed. Throws `redirect_blocked` or `too_many_redirects`. */
export function nextAddress(hop: { headers: HeaderMap; url: URL }, endpoint: URL): URL {
	const { location } = hop.headers;
	if (location === undefined || location.length > 8000) {
		throw new Failure('too_many_redirects', 'The Hub redirected without saying where to.');
	}
	const url = URL.canParse(location, hop.url) ? new URL(location, hop.url) : null;
	if (url === null) throw new Failure('redirect_blocked', 'The Hub redirected to something that is no address.');
	checkRedirect(url, endpoint);
	return url;
}
