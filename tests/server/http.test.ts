// Answers to failures, and request bodies that are too large, too deep or not JSON at all.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Failure } from '#lib/core/failure.ts';
import { failureResponse, readBody, readJson } from '#lib/server/http.ts';

function post(body: BodyInit | null): Request {
	const init = { method: 'POST', body, duplex: 'half' }; // a stream as a body needs `duplex`, which the types lack
	return new Request('http://localhost/api/x', init);
}

async function code(work: Promise<unknown>): Promise<string> {
	try {
		await work;
	} catch (error) {
		if (error instanceof Failure) return error.code;
		throw error;
	}
	return 'accepted';
}

describe('failureResponse', () => {
	it('answers with the status, the code and one sentence', async () => {
		const answer = failureResponse(new Failure('gated', 'Accept the licence on the Hub.'));
		expect(answer.status).toBe(403);
		expect(await answer.json()).toEqual({ error: { code: 'gated', message: 'Accept the licence on the Hub.' } });
	});

	it('says when to come back, in whole seconds', () => {
		const answer = failureResponse(new Failure('rate_limited', 'Later.', { retryAfterSeconds: 1.2 }));
		expect(answer.headers.get('retry-after')).toBe('2');
	});

	it('tells nothing about a bug and blanks secrets', async () => {
		const bug = await failureResponse(new Error('at /srv/me/app.js with hf_CANARYCANARY')).text();
		expect(bug).toContain('internal');
		expect(bug).not.toMatch(/srv|CANARY/);
		const leak = await failureResponse(new Failure('hub_error', 'The Hub said: token hf_CANARYCANARY')).text();
		expect(leak).not.toContain('CANARY');
	});
});

describe('readJson', () => {
	it('reads JSON, skips a byte order mark, and lets the last of two equal keys win', async () => {
		expect(await readJson(post('\ufeff{"a":1,"a":[2,"\\ud800",null,true]}'))).toEqual({ a: [2, '\ud800', null, true] });
	});

	it.each([
		['nothing', null],
		['an empty text', ''],
		['half an object', '{"a":'],
		['a text without an end', '"abc\\"'],
		['bytes after the value', '{} x'],
		['a number beyond every double', '{"a":1e999}'],
		['bytes that are not UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
		['100,000 levels', '['.repeat(100_000)],
		['65 levels', `${'['.repeat(65)}${']'.repeat(65)}`],
		['30,000 keys', `{${Array.from({ length: 30_000 }, (_, at) => `"${at}":0`).join()}}`],
	])('[S18] refuses %s', async (_, body) => {
		expect(await code(readJson(post(body)))).toBe('invalid_json');
	});

	it('counts braces and colons in texts as text', async () => {
		const text = `"${'{[:'.repeat(30_000)}\\"{"`;
		expect(await readJson(post(text))).toBe(JSON.parse(text));
	});

	it('[S14] stops at the limit, whether the length was announced or not', async () => {
		const announced = new Request('http://localhost/', {
			method: 'POST',
			body: '"x"',
			headers: { 'content-length': '5000000' },
		});
		expect(await code(readJson(announced, { bytes: 1000 }))).toBe('payload_too_large');
		let sent = 0;
		const endless = new ReadableStream({
			pull(controller) {
				sent += 1000;
				controller.enqueue(new Uint8Array(1000).fill(0x20));
			},
		});
		expect(await code(readJson(post(endless), { bytes: 10_000 }))).toBe('payload_too_large');
		expect(sent).toBeLessThan(20_000);
	});

	it('changes no prototype', async () => {
		const value = await readJson(post('{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"x":1}}}'));
		expect(Object.getPrototypeOf(value)).toBeNull();
		expect(Reflect.get({}, 'isAdmin')).toBeUndefined();
		expect(JSON.stringify(value)).toContain('isAdmin');
	});
});

describe('readBody', () => {
	const schema = z.strictObject({ ids: z.array(z.string()).max(2) });

	it('gives what the schema describes', async () => {
		expect(await readBody(post('{"ids":["a/b"]}'), schema)).toEqual({ ids: ['a/b'] });
	});

	it('names the unknown field, also when it is called like a prototype', async () => {
		expect(await code(readBody(post('{"ids":[],"isAdmin":1}'), schema))).toBe('unknown_field');
		expect(await code(readBody(post('{"ids":[],"constructor":{"prototype":{}}}'), schema))).toBe('unknown_field');
	});

	it.each(['[]', '{}', '{"ids":"a"}', '{"ids":["a","b","c"]}', '{"ids":[1]}', 'null'])('refuses %s', async (body) => {
		expect(await code(readBody(post(body), schema))).toBe('invalid_body');
	});
});
