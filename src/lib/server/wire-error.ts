// An exchange that brought no usable reply: why, in three words that the owner of retries understands.
import { Failure, isAbort } from '#lib/core/failure.ts';

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
export function translate(error: unknown): unknown {
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
