// The HTTP side of routes: failures as answers, and request bodies read within limits.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Failure, blankSecrets, toFailure, type FailureCode } from '#lib/core/failure.ts';
import { parseJson, requestLimits, type JsonLimits } from '#lib/core/json.ts';
import type { JsonValue } from '#lib/core/listing.ts';
import { quoted } from '#lib/core/repository.ts';

/** Bytes of a JSON body that a route accepts unless it says otherwise. */
export const defaultBodyBytes = 1024 * 1024;

/** `bytes` counts the body as received; see `JsonLimits` for the rest. */
export interface BodyLimits extends JsonLimits {
	bytes: number;
}

/**
 * The answer to a failed API request: `{"error":{"code","message"}}` with the failure's status, and `Retry-After` when
 * it says when to come back. Anything thrown that is not a `Failure` becomes `internal` without its details.
 */
export function failureResponse(error: unknown): Response {
	const failure = toFailure(error);
	const { code, message } = failure.toBody().error;
	const headers = new Headers({ 'cache-control': 'no-store' });
	if (failure.retryAfterSeconds !== undefined) {
		headers.set('retry-after', String(Math.max(1, Math.ceil(failure.retryAfterSeconds))));
	}
	return Response.json({ error: { code, message: blankSecrets(message) } }, { status: failure.status, headers });
}

/** The failure of a body with more bytes than are taken. */
export function tooLarge(bytes: number): Failure {
	return new Failure('payload_too_large', `The body is larger than ${bytes.toLocaleString('en')} bytes.`);
}

/** SvelteKit's own limit, met while the body is read, as ours. */
function isTooLarge(error: unknown): boolean {
	return error instanceof Error && 'status' in error && error.status === 413;
}

async function readBytes(body: ReadableStream<Uint8Array>, limit: number): Promise<Uint8Array[]> {
	const chunks: Uint8Array[] = [];
	const reader = body.getReader();
	let size = 0;
	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return chunks;
			size += value.byteLength;
			if (size > limit) throw tooLarge(limit);
			chunks.push(value);
		}
	} catch (error) {
		throw isTooLarge(error) ? tooLarge(limit) : error;
	} finally {
		// Not cancelled: SvelteKit would cut the connection, and the caller would never see the 413.
		reader.releaseLock();
	}
}

/**
 * The body of a request as text. Throws `payload_too_large` as soon as more than `bytes` have arrived, `invalid_json` for
 * an empty body and for bytes that are not UTF-8. A byte order mark is left out.
 */
export async function readText(request: Request, bytes: number): Promise<string> {
	if (Number(request.headers.get('content-length')) > bytes) throw tooLarge(bytes);
	if (request.body === null) throw new Failure('invalid_json', 'The request has no body; expected JSON.');
	const raw = Buffer.concat(await readBytes(request.body, bytes));
	try {
		return new TextDecoder('utf-8', { fatal: true }).decode(raw);
	} catch (cause) {
		throw new Failure('invalid_json', 'The body is not UTF-8 text.', { cause });
	}
}

/** The JSON body of a request. Throws as `readText` does, and `invalid_json` for text that is not JSON or nests too deeply. */
export async function readJson(request: Request, limits: Partial<BodyLimits> = {}): Promise<JsonValue> {
	const { bytes, ...shape } = { bytes: defaultBodyBytes, ...requestLimits, ...limits };
	return parseJson(await readText(request, bytes), shape);
}

/** Bytes of a page's form: a few short fields. */
const formBytes = 64 * 1024;

/**
 * The fields of a page's form, sent as browsers send forms without files. Throws `payload_too_large` as soon as more
 * has arrived than a form of ours has.
 */
export async function readForm(request: Request): Promise<URLSearchParams> {
	if (Number(request.headers.get('content-length')) > formBytes) throw tooLarge(formBytes);
	const raw = request.body === null ? [] : await readBytes(request.body, formBytes);
	return new URLSearchParams(Buffer.concat(raw).toString('utf8'));
}

function bodyFailure(issues: z.core.$ZodIssue[]): Failure {
	const [issue] = issues;
	const unknown = issues.find((other) => other.code === 'unrecognized_keys');
	if (unknown?.code === 'unrecognized_keys') {
		return new Failure('unknown_field', `There is no field "${quoted(unknown.keys[0] ?? '')}" here.`);
	}
	const where = issue === undefined || issue.path.length === 0 ? 'The body' : `"${quoted(issue.path.join('.'))}"`;
	return new Failure('invalid_body', `${where} is not right: ${quoted(issue?.message ?? 'unexpected value')}.`);
}

/** A parsed body as a schema describes it. Throws `unknown_field` and `invalid_body`. */
export function checkBody<T>(value: JsonValue, schema: z.ZodType<T>): T {
	const parsed = schema.safeParse(value);
	if (parsed.success) return parsed.data;
	throw bodyFailure(parsed.error.issues);
}

/**
 * The JSON body of a request as a schema describes it (use `z.strictObject`). Besides the failures of `readJson`
 * throws `unknown_field` for a name the schema does not have and `invalid_body` naming the first wrong field.
 */
export async function readBody<T>(request: Request, schema: z.ZodType<T>, limits?: Partial<BodyLimits>): Promise<T> {
	return checkBody(await readJson(request, limits), schema);
}

const byStatus: Readonly<Record<number, [FailureCode, string]>> = {
	400: ['bad_request', 'This request cannot be understood.'],
	404: ['not_found', 'There is nothing at this address.'],
	405: ['method_not_allowed', 'This address does not take that method.'],
	413: ['payload_too_large', 'The body of the request is too large.'],
	415: ['unsupported_media_type', 'The body of the request is of a kind that is not taken here.'],
};

/** The failure that a bare HTTP status of the framework stands for; `internal` for every other one. */
export function failureOfStatus(status: number): Failure {
	const [code, message] = byStatus[status] ?? ['internal', 'Something went wrong inside Modeldex.'];
	return new Failure(code, message);
}

/** The same answer with these headers added where it does not set them itself. */
export function withHeaders(response: Response, headers: Readonly<Record<string, string>>): Response {
	const merged = new Headers(response.headers);
	for (const [name, value] of Object.entries(headers)) if (!merged.has(name)) merged.set(name, value);
	const { status, statusText } = response;
	return new Response(response.body, { status, statusText, headers: merged });
}

/**
 * What a program gets: the route's own answer, or the failure behind an error answer of the framework (which would be
 * text or a page) in our one form, or in the one that `told` gives it.
 */
export function programAnswer(
	response: Response,
	failure: Failure | undefined,
	told: (failure: Failure) => Response = failureResponse,
): Response {
	if (response.status < 400) return response;
	if (failure !== undefined) return told(failure);
	if ((response.headers.get('content-type') ?? '').startsWith('application/json')) return response;
	const allow = response.headers.get('allow');
	return withHeaders(told(failureOfStatus(response.status)), allow === null ? {} : { allow });
}

/** An entity tag for an answer that depends on these texts and on nothing else. */
export function tagOf(...texts: string[]): string {
	return `"${createHash('sha256').update(JSON.stringify(texts)).digest('base64url').slice(0, 20)}"`;
}

/** Does the asker already hold the answer with this tag (`If-None-Match`, compared weakly as RFC 9110 13.1.2 asks)? */
export function isUnchanged(request: Request, tag: string): boolean {
	const held = request.headers.get('if-none-match');
	if (held === null) return false;
	return held.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === tag);
}
