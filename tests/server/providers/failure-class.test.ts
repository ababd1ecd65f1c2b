// Every way a provider says no: which class of failure it is, how long to wait, and what is kept from others.
import { describe, expect, it } from 'vitest';
import type { CallFailureClass } from '#lib/core/registry/call.ts';
import { failureOf, retryAfterOf } from '#lib/server/providers/failure-class.ts';
import { redacted } from '#lib/server/providers/redaction.ts';

const openAi = (code: string | null, message = 'No.', type = 'invalid_request_error') => ({
	error: { message, type, param: null, code },
});
const anthropic = (type: string, message = 'No.') => ({ type: 'error', error: { type, message } });
const google = (code: number, status: string) => ({ error: { code, status, message: 'No.' } });

function failure(status: number | null, body: Record<string, unknown> | null) {
	return failureOf({ provider: 'lab', status, body, retryAfterMs: null, secrets: ['canary-key-1'] });
}

describe('a failure', () => {
	it.each<[number | null, Record<string, unknown> | null, CallFailureClass]>([
		[400, openAi(null), 'bad_request'],
		[400, openAi('context_length_exceeded'), 'context_length'],
		[413, openAi('context_length_exceeded'), 'context_length'],
		[400, { error: { code: 400, type: 'exceed_context_size_error', message: 'No.' } }, 'context_length'],
		[400, anthropic('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'), 'context_length'],
		[400, openAi('content_filter'), 'content_filter'],
		[400, openAi('content_policy_violation'), 'content_filter'],
		[400, anthropic('invalid_request_error', 'Your credit balance is too low to use this.'), 'credit'],
		[401, openAi('invalid_api_key'), 'auth'],
		[401, anthropic('authentication_error'), 'auth'],
		[403, anthropic('permission_error'), 'auth'],
		[403, google(403, 'PERMISSION_DENIED'), 'auth'],
		[402, { error: { message: 'No.', code: 402 } }, 'credit'],
		[429, openAi('insufficient_quota', 'No.', 'insufficient_quota'), 'credit'],
		[429, openAi('rate_limit_exceeded', 'No.', 'tokens'), 'rate_limit'],
		[429, google(429, 'RESOURCE_EXHAUSTED'), 'rate_limit'],
		[429, null, 'rate_limit'],
		[498, null, 'rate_limit'],
		[404, openAi('model_not_found'), 'not_found'],
		[404, anthropic('not_found_error'), 'not_found'],
		[404, null, 'not_found'],
		[400, openAi('model_decommissioned'), 'not_found'],
		[408, null, 'conflict'],
		[409, null, 'conflict'],
		[425, null, 'conflict'],
		[422, { detail: 'No.' }, 'bad_request'],
		[418, null, 'bad_request'],
		[500, null, 'overloaded'],
		[503, openAi(null, 'No.', 'server_error'), 'overloaded'],
		[529, anthropic('overloaded_error'), 'overloaded'],
		// inside a reply that began well
		[null, anthropic('overloaded_error'), 'overloaded'],
		[null, openAi('rate_limit_exceeded'), 'rate_limit'],
		[null, { error: { code: 429, message: 'No.' } }, 'rate_limit'],
		[null, { error: { code: 502, message: 'No.', metadata: { error_type: 'provider_overloaded' } } }, 'overloaded'],
		[null, { error: { message: 'No.', error_type: 'refusal' } }, 'content_filter'],
		[null, openAi(null), 'bad_request'],
		[null, { error: 'No.' }, 'overloaded'],
		[null, { error: { message: 'No.', type: 'nobody_knows' } }, 'overloaded'],
	])('of status %s with %j is %s', (status, body, kind) => {
		expect(failure(status, body).kind).toBe(kind);
	});

	it('is not read out of digits and words in passing', () => {
		const id = openAi(null, 'Request req_429_rate_limit_exceeded_500 has a bad field.');
		expect(failure(400, id).kind).toBe('bad_request');
	});

	it('keeps the provider’s status, code and words', () => {
		const { message, status, code } = failure(422, openAi('unsupported_value', 'The field "n" is not\ntaken.'));
		expect([status, code]).toEqual([422, 'unsupported_value']);
		expect(message).toBe('lab did not take the request (status 422): The field "n" is not taken.');
	});

	it('repeats no key', () => {
		const words = 'Incorrect API key provided: canary-key-1. Also sk-CANARY123456 and Bearer canary2.';
		expect(failure(401, openAi('invalid_api_key', words)).message).toBe('lab refused its key (status 401).');
		expect(failure(400, openAi(null, words)).message).not.toMatch(/canary/i);
	});

	it('asks for a wait in its body, as Google does', () => {
		const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '3.5s' }];
		const { kind, retryAfterMs } = failure(429, { error: { code: 429, status: 'RESOURCE_EXHAUSTED', details } });
		expect([kind, retryAfterMs]).toEqual(['rate_limit', 3500]);
	});
});

describe('the wait asked for by headers', () => {
	const now = Date.UTC(2026, 10, 21, 12);

	it.each<[Record<string, string>, number | null]>([
		[{ 'retry-after': '2' }, 2000],
		[{ 'retry-after': '0.5' }, 500],
		[{ 'retry-after-ms': '120', 'retry-after': '2' }, 120],
		[{ 'x-ms-retry-after-ms': '75' }, 75],
		[{ 'retry-after': 'Sat, 21 Nov 2026 12:00:03 GMT' }, 3000],
		[{ 'retry-after': 'Sat, 21 Nov 2026 11:00:00 GMT' }, 0],
		[{ 'retry-after': 'soon' }, null],
		[{ 'retry-after': '-1' }, null],
		[{}, null],
	])('%j', (headers, ms) => {
		expect(retryAfterOf(headers, now)).toBe(ms);
	});
});

describe('a foreign text', () => {
	it.each([
		['hf_CANARYCANARY', 'hf_'],
		['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJDQU5BUlkifQ.CANARYsignature', 'JWT'],
		['api_key=CANARYCANARYCANARYCANARYCANARY12', 'after a name'],
		['"token": "CANARY+CANARY/CANARYCANARY"', 'in JSON'],
		['gsk_CANARYCANARYCANARY', 'gsk_'],
	])('loses the key in %s (%s)', (text) => {
		expect(redacted(`before ${text} after`)).not.toContain('CANARY');
		expect(redacted(`before ${text} after`)).toMatch(/^before .*after$/);
	});

	it('is one line of bounded length', () => {
		const text = redacted(`a\r\n\u001b[31mb\u202e${'c'.repeat(2000)}`);
		expect(text).toMatch(/^a \[31mb c+…$/);
		expect(text.length).toBe(500);
	});
});
