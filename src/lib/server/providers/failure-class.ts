// What kind of failure a provider's answer is: by its own code first, then by the status, never by words in passing.
import { CallFailure, type CallFailureClass } from '#lib/core/registry/call.ts';
import { isWire, listAt, numberAt, textAt, wireAt, type Wire } from '#lib/core/registry/wire.ts';
import { redacted } from '#lib/server/providers/redaction.ts';

/** Codes as providers write them in `error.code`, `error.type`, `error_type` or `error.status`, in small letters. */
const byCode: Readonly<Record<string, CallFailureClass>> = {
	// OpenAI's reference and those who speak its shape
	context_length_exceeded: 'context_length',
	string_above_max_length: 'context_length',
	exceed_context_size_error: 'context_length',
	model_context_window_exceeded: 'context_length',
	content_filter: 'content_filter',
	content_policy_violation: 'content_filter',
	moderation_blocked: 'content_filter',
	refusal: 'content_filter',
	insufficient_quota: 'credit',
	billing_hard_limit_reached: 'credit',
	billing_not_active: 'credit',
	billing_error: 'credit',
	payment_required: 'credit',
	insufficient_credits: 'credit',
	rate_limit_exceeded: 'rate_limit',
	rate_limit_error: 'rate_limit',
	too_many_requests: 'rate_limit',
	capacity_exceeded: 'rate_limit',
	invalid_api_key: 'auth',
	incorrect_api_key: 'auth',
	account_deactivated: 'auth',
	authentication_error: 'auth',
	permission_error: 'auth',
	permission_denied: 'auth',
	unauthenticated: 'auth',
	unauthorized: 'auth',
	model_not_found: 'not_found',
	not_found_error: 'not_found',
	wrong_endpoint: 'not_found',
	no_endpoints: 'not_found',
	model_deprecated: 'not_found',
	model_decommissioned: 'not_found',
	model_unavailable_upstream: 'overloaded',
	provider_overloaded: 'overloaded',
	provider_unavailable: 'overloaded',
	overloaded_error: 'overloaded',
	overloaded: 'overloaded',
	engine_overloaded: 'overloaded',
	server_error: 'overloaded',
	internal_server_error: 'overloaded',
	internal_error: 'overloaded',
	api_error: 'overloaded',
	timeout_error: 'overloaded',
	service_unavailable: 'overloaded',
	unavailable: 'overloaded',
	// Google's canonical names
	resource_exhausted: 'rate_limit',
	deadline_exceeded: 'overloaded',
	unmapped: 'overloaded',
};

/** Words that only say "something was wrong with the request"; the status knows better. */
const vague: Readonly<Record<string, CallFailureClass>> = {
	invalid_request_error: 'bad_request',
	invalid_argument: 'bad_request',
	bad_request: 'bad_request',
	badrequesterror: 'bad_request',
	invalid_value: 'bad_request',
	unsupported_parameter: 'bad_request',
	unsupported_value: 'bad_request',
	not_found: 'not_found',
};

/**
 * Sentences of providers that have no code for it. Each is the beginning of the message field itself, as those servers
 * write it (Anthropic's API; vLLM's and OpenAI's older context errors).
 */
const bySentence: readonly (readonly [RegExp, CallFailureClass])[] = [
	[/^prompt is too long\b/i, 'context_length'],
	[/^input length and `?max_tokens`? exceed context limit/i, 'context_length'],
	[/^this model's maximum context length is \d+ tokens/i, 'context_length'],
	[/^your credit balance is too low\b/i, 'credit'],
];

const byStatus: Readonly<Record<number, CallFailureClass>> = {
	400: 'bad_request',
	401: 'auth',
	402: 'credit',
	403: 'auth',
	404: 'not_found',
	408: 'conflict',
	409: 'conflict',
	410: 'not_found',
	422: 'bad_request',
	425: 'conflict',
	429: 'rate_limit',
	498: 'rate_limit',
};

function classOfStatus(status: number | null): CallFailureClass | null {
	if (status === null) return null;
	if (status >= 500) return 'overloaded';
	return byStatus[status] ?? (status >= 400 ? 'bad_request' : null);
}

/** The error object of a reply: `{error: {…}}`, `{error: "…"}`, a bare object with a message, or a list of one. */
function errorIn(reply: Wire): Wire {
	const { error } = reply;
	if (isWire(error)) return error;
	if (typeof error === 'string') return { ...reply, message: error };
	return reply;
}

function codesOf(error: Wire, reply: Wire): string[] {
	const meta = wireAt(error, 'metadata');
	const found = [
		textAt(error, 'error_type'),
		textAt(meta, 'error_type'),
		textAt(error, 'code'),
		textAt(error, 'status'),
		textAt(error, 'type'),
		textAt(reply, 'code'),
		textAt(reply, 'type'),
	];
	return found.filter((code) => code !== null).map((code) => code.toLowerCase().replaceAll(/[ -]/g, '_'));
}

/** A status inside the body, as OpenRouter and Google write it (`"code": 429`). */
function statusIn(error: Wire): number | null {
	const code = numberAt(error, 'code') ?? numberAt(error, 'status') ?? numberAt(error, 'status_code');
	return code !== null && code >= 400 && code <= 599 ? code : null;
}

/** What a failing provider sent. `status` is null for an error inside a reply that began well. */
export interface FailingReply {
	provider: string;
	status: number | null;
	/** The body as JSON; null when it was none (an HTML page, nothing at all). */
	body: Wire | null;
	retryAfterMs: number | null;
	/** Keys that the message must not repeat. */
	secrets: readonly string[];
}

const sentences: Partial<Record<CallFailureClass, string>> = {
	auth: 'refused its key',
	credit: 'has no credit left for its key',
	rate_limit: 'takes no more requests for the moment',
	overloaded: 'is overloaded or failed inside',
	not_found: 'does not have this model or address',
	conflict: 'was not ready for the request',
};

function codeIn(error: Wire): string | null {
	const code = textAt(error, 'code') ?? textAt(error, 'error_type') ?? textAt(error, 'type') ?? textAt(error, 'status');
	return code !== null && /^[\w.-]{1,80}$/.test(code) ? code : null;
}

/** How long the body asks to wait (Google's RetryInfo, `"retryDelay": "3.5s"`); null when it does not say. */
function delayIn(error: Wire): number | null {
	for (const detail of listAt(error, 'details')) {
		const seconds = /^(\d+(?:\.\d+)?)s$/.exec(textAt(detail, 'retryDelay') ?? '')?.[1];
		if (seconds !== undefined) return Math.round(Number(seconds) * 1000);
	}
	return null;
}

/** The failure that an error answer stands for. An error inside a reply of status 200 is one like any other. */
export function failureOf({ provider, status, body, retryAfterMs, secrets }: FailingReply): CallFailure {
	const reply = body ?? {};
	const error = errorIn(reply);
	const message = redacted(textAt(error, 'message') ?? textAt(reply, 'detail') ?? '', secrets);
	const codes = codesOf(error, reply);
	const told = statusIn(error) ?? status;
	const kind =
		codes.map((code) => byCode[code]).find((found) => found !== undefined) ??
		bySentence.find(([shape]) => shape.test(message))?.[1] ??
		classOfStatus(told) ??
		codes.map((code) => vague[code]).find((found) => found !== undefined) ??
		'overloaded';
	const number = told === null ? '' : ` (status ${told})`;
	const what = sentences[kind] ?? 'did not take the request';
	// Of a refused key only our own words travel: the provider's often repeat parts of it.
	const words = message === '' || kind === 'auth' ? '' : `: ${message}`;
	return new CallFailure(kind, `${provider} ${what}${number}${words || '.'}`, {
		status: told,
		retryAfterMs: retryAfterMs ?? delayIn(error),
		code: codeIn(error),
	});
}

/** Is there an error in this reply or chunk, whatever its status? */
export function holdsError(reply: Wire): boolean {
	if (isWire(reply.error) || (typeof reply.error === 'string' && reply.error !== '')) return true;
	return listAt(reply, 'choices').some(
		(choice) => isWire(choice) && (isWire(choice.error) || textAt(choice, 'finish_reason') === 'error'),
	);
}

/** The reply's error, wherever it stands, as a body for `failureOf`. */
export function errorBody(reply: Wire): Wire {
	if (isWire(reply.error) || typeof reply.error === 'string') return reply;
	const failed = listAt(reply, 'choices').find((choice) => isWire(choice) && isWire(choice.error));
	return isWire(failed) ? failed : { error: { message: 'the answer ended in an error' } };
}

/**
 * Milliseconds to wait as headers ask for it: `retry-after-ms`, `x-ms-retry-after-ms`, or `retry-after` in seconds or as
 * an HTTP date. Null when none says anything sensible; a date in the past is zero.
 */
export function retryAfterOf(headers: Readonly<Record<string, string>>, now: number): number | null {
	for (const name of ['retry-after-ms', 'x-ms-retry-after-ms']) {
		const text = headers[name]?.trim() ?? '';
		if (/^\d+(\.\d+)?$/.test(text)) return Math.ceil(Number(text));
	}
	const text = headers['retry-after']?.trim() ?? '';
	if (/^\d+(\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1000);
	const date = /^[A-Z][a-z]{2},? /.test(text) ? Date.parse(text) : Number.NaN;
	return Number.isNaN(date) ? null : Math.max(0, date - now);
}
