// The lenient reader of config.json: what it takes, what it refuses with a sentence, and that nothing can harm it.
import { describe, expect, it } from 'vitest';
import { maxConfigDepth, maxConfigKeys, parseConfigText } from '#lib/core/config-text.ts';

function value(text: string) {
	const read = parseConfigText(text);
	if (!read.ok) throw new Error(read.reason);
	return read.value;
}

function reason(text: string): string {
	const read = parseConfigText(text);
	if (read.ok) throw new Error('the text was accepted');
	return read.reason;
}

describe('parseConfigText', () => {
	it('reads what Python writes and JavaScript refuses', () => {
		const read = parseConfigText('{"a": NaN, "b": Infinity, "c": [-Infinity, -1.5e3], "d": "NaN"}');
		expect(read).toMatchObject({ ok: true, value: { a: NaN, b: Infinity, c: [-Infinity, -1500], d: 'NaN' } });
		expect(read.ok && read.warnings.length).toBe(3);
	});

	it.each([
		['a byte order mark', '\ufeff{"a":1}'],
		['white space around', '\n\t {"a":1} \r\n'],
		['NUL bytes at the end', '{"a":1}\n\0\0'],
		['equal keys: the last one counts', '{"a":0,"a":1}'],
	])('reads %s', (_name, text) => {
		expect(value(text)).toEqual({ a: 1 });
	});

	it('reads every escape in the lenient mode as JSON does', () => {
		const text = String.raw`"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00 é"`;
		expect(value(`{"a":${text},"n":NaN}`)).toEqual({ a: JSON.parse(text), n: NaN });
	});

	it.each([
		['', /empty/],
		[' \n ', /empty/],
		['\ufeff', /empty/],
		['<!doctype html><html></html>', /web page/],
		['version https://git-lfs.github.com/spec/v1\noid sha256:0', /Git LFS/],
		['[1,2]', /a list/],
		['null', /null/],
		['"text"', /a string/],
		['{"a": 1', /breaks off/],
		['{"a": "un', /breaks off/],
		['{"a": NaN} x', /text after its end/],
		['{"a": NaN,}', /a key is expected/],
		['{"a": nan}', /a value is expected/],
		['{"a": 01, "b": NaN}', /comma or a closing brace/],
		['{"a": "\\x", "b": NaN}', /escape/],
		['{"a":\n\n ?}', /line 3/],
	])('refuses %j with a sentence', (text, sentence) => {
		expect(reason(text)).toMatch(sentence);
		expect(reason(text)).toMatch(/\.$/);
	});

	it('refuses deep nesting before parsing, in both modes', () => {
		const deep = (levels: number, inner: string) => `{"a":${'['.repeat(levels)}${inner}${']'.repeat(levels)}}`;
		expect(value(deep(maxConfigDepth - 1, '1'))).toHaveProperty('a');
		expect(reason(deep(maxConfigDepth + 1, '1'))).toMatch(/deeper/);
		expect(reason(deep(maxConfigDepth + 1, 'NaN'))).toMatch(/deeper/);
		expect(reason('['.repeat(4_000_000))).toMatch(/deeper/);
		expect(reason('{"a":'.repeat(500_000))).toMatch(/deeper/);
	});

	it('does not take brackets inside of strings for nesting', () => {
		expect(value(`{"a":"${'[{\\"'.repeat(200)}"}`)).toHaveProperty('a');
	});

	it('refuses texts over 5 MB and over the limit of keys', () => {
		expect(reason(`{"a":"${'x'.repeat(5 * 1024 * 1024)}"}`)).toMatch(/5 MB/);
		const keys = Array.from({ length: maxConfigKeys + 1 }, (_, at) => `"${at}":1`).join(',');
		expect(reason(`{${keys}}`)).toMatch(/keys/);
	});

	it('keeps prototypes as they are', () => {
		const text = '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"x":1}},"a":{"__proto__":{"y":1}}}';
		for (const read of [value(text), value(text.replace('"y":1', '"y":NaN'))]) {
			expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
			expect(Object.hasOwn(read, '__proto__')).toBe(false);
			expect(read['isAdmin']).toBeUndefined();
		}
		expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
	});
});
