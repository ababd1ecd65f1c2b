// The gateway's side of the wire: errors, headers and streams as clients of OpenAI's API expect them.
import { blankSecrets, toFailure, type Failure } from '#lib/core/failure.ts';
import { dollars, type AttemptRecord, type RequestRecord } from '#lib/core/registry/record.ts';
import { jsonReply, responseOf, type Reply } from '#lib/server/gateway-reply.ts';
import { RouteFailure, type Routed } from '#lib/server/registry/route.ts';

/** Bytes of a request's body: several images in base64. */
export const mostRequestBytes = 32 * 1024 * 1024;

/** OpenAI's word for the kind of an error, by status. */
function typeOf(status: number): string {
	if (status === 401) return 'authentication_error';
	if (status === 403) return 'permission_error';
	if (status === 429) return 'rate_limit_error';
	return status >= 500 ? 'server_error' : 'invalid_request_error';
}

/** A try as callers see it. */
function told({ candidate, outcome, class: kind, reason, status, message, started_ms, ended_ms }: AttemptRecord) {
	const ms = ended_ms === null || started_ms === null ? null : Math.round(ended_ms - started_ms);
	return { candidate, outcome, class: kind, reason, status, message: message && blankSecrets(message), ms };
}

/** Name of the field that a failure is about, where its sentence begins with one. */
function paramOf({ code, message }: Failure): string | null {
	if (code === 'model_not_found' || code === 'invalid_spec') return 'model';
	const [, quoted = null] = /^"([\w.]{1,80})" is not right/.exec(message) ?? [];
	return quoted ?? /^There is no field "([\w.]{1,80})"/.exec(message)?.[1] ?? null;
}

/** An error in OpenAI's envelope, with what was tried. */
export function errorBody(failure: Failure): Record<string, unknown> {
	const routed = failure instanceof RouteFailure ? failure : null;
	return {
		error: {
			message: blankSecrets(failure.message),
			type: typeOf(failure.status),
			code: failure.code,
			param: paramOf(failure),
			request_id: routed?.id ?? null,
			...(routed === null ? {} : { ...routed.details, attempts: routed.attempts.map(told) }),
		},
	};
}

/** The answer to a failed request under `/v1`. Anything that is no failure of ours is told without its details. */
export function failureReply(error: unknown): Reply {
	const failure = toFailure(error);
	const headers: Record<string, string> = { 'cache-control': 'no-store' };
	if (failure.retryAfterSeconds !== undefined) {
		headers['retry-after'] = String(Math.max(1, Math.ceil(failure.retryAfterSeconds)));
	}
	if (failure instanceof RouteFailure) {
		headers['x-request-id'] = failure.id;
		headers['x-modeldex-request'] = failure.id;
		headers['x-modeldex-attempts'] = String(triedIn(failure.attempts).length);
	}
	if (failure.status === 401) headers['www-authenticate'] = 'Bearer';
	return jsonReply(errorBody(failure), { status: failure.status, headers });
}

/** The same as the framework takes it. */
export function gatewayFailure(error: unknown): Response {
	return responseOf(failureReply(error));
}

function triedIn(attempts: readonly AttemptRecord[]): AttemptRecord[] {
	return attempts.filter(({ outcome }) => outcome !== 'skipped');
}

/**
 * Milliseconds until now that no candidate accounts for: reading, resolving, waiting for a place, and our own work. Theirs
 * is the time from the first call to the end of the last, or to the first content of the one that still speaks.
 */
function overheadMs(attempts: readonly AttemptRecord[], elapsedMs: number): number {
	const sent = triedIn(attempts);
	if (sent.length === 0) return elapsedMs;
	const first = Math.min(...sent.map(({ started_ms }) => started_ms ?? 0));
	const last = Math.max(...sent.map(({ ended_ms, first_content_ms }) => ended_ms ?? first_content_ms ?? first));
	return Math.max(0, elapsedMs - (last - first));
}

/** Names of fields that are told in a header at most. */
const mostDropped = 20;

/** The header that names what was left out of a request; none where nothing was. Names come from the caller. */
function droppedHeader(dropped: readonly string[]): Record<string, string> {
	const names = dropped.map((name) => name.replace(/[^\w.-]/g, '?').slice(0, 60)).slice(0, mostDropped);
	return names.length === 0 ? {} : { 'x-modeldex-dropped': names.join(', ') };
}

/** Headers of an answer: who served it, how it came about, and the id of its record. `elapsedMs` counts from the request. */
export function routedHeaders(routed: Routed, elapsedMs: number): Record<string, string> {
	const attempts = routed.attempts();
	const sent = triedIn(attempts);
	const fallbacks = sent.filter(({ cause }) => cause === 'fallback' || cause === 'replacement').length;
	return {
		'cache-control': 'no-store',
		'x-request-id': routed.id,
		'x-modeldex-request': routed.id,
		'x-modeldex-model': routed.served.replace(/[^\x20-\x7e]/g, '?'),
		'x-modeldex-strategy': routed.strategy,
		'x-modeldex-attempts': String(sent.length),
		'x-modeldex-fallbacks': String(fallbacks),
		'x-modeldex-overhead-ms': overheadMs(attempts, elapsedMs).toFixed(1),
		...droppedHeader(routed.dropped),
	};
}

/** What a request cost in dollars, for a header: all tries together; `unknown` where a price is not known. */
export function costText({ cost }: RequestRecord): string {
	if (cost.total === null) return 'unknown';
	return (
		dollars(cost.total)
			.toFixed(9)
			.replace(/\.?0+$/, '') || '0'
	);
}

/** One event of a stream. */
export function sse(data: unknown): string {
	return `data: ${JSON.stringify(data)}\n\n`;
}

/** The end of a stream that came to its end. */
export const sseDone = 'data: [DONE]\n\n';

/** A sign of life that clients pass over. */
export const sseComment = ': keep-alive\n\n';
