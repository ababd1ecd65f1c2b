// The bind guard against the real driver: what is kept faithfully, what is refused, and that nothing ends the process.
import { afterAll, describe, expect, it } from 'vitest';
import { bind, BindError } from '#lib/server/bind.ts';
import { openInMemory, type Parameter } from '#lib/server/database.ts';

const database = openInMemory();
afterAll(() => database.close());

/** The value as a caller without types could pass it. */
const echo = (value: unknown) => database.first('SELECT ?, typeof(?)', [value as Parameter, value as Parameter]);

describe('bind', () => {
	it.each<[string, unknown, unknown, string]>([
		['null', null, null, 'null'],
		['text', 'Qwen', 'Qwen', 'text'],
		['empty text', '', '', 'text'],
		['text beyond Latin', '模型 🤖', '模型 🤖', 'text'],
		['a lone surrogate', '\ud800x', '\ufffdx', 'text'],
		['a whole number', 42, 42, 'integer'],
		['minus zero', -0, 0, 'integer'],
		['a large whole number', Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 'integer'],
		['a fraction', 1.5, 1.5, 'real'],
		['a number beyond whole precision', 1e300, 1e300, 'real'],
		['true', true, 1, 'integer'],
		['false', false, 0, 'integer'],
		['a bigint', 12n, 12, 'integer'],
		['bytes', new Uint8Array([1, 2]), Buffer.from([1, 2]), 'blob'],
	])('keeps %s', (_name, value, kept, type) => {
		expect(echo(value)).toEqual([kept, type]);
	});

	it.each<[string, unknown]>([
		['undefined', undefined],
		['NaN', Number.NaN],
		['Infinity', Number.POSITIVE_INFINITY],
		['a bigint of more than 64 bits', 2n ** 63n],
		['text with NUL', 'a\0b'],
		['a Date', new Date(0)],
		['an object', { a: 1 }],
		['an object without prototype', Object.create(null)],
		['an array', [1]],
		['a Map', new Map()],
		['a symbol', Symbol('x')],
		['a function', () => 1],
		['a boxed string', Object('x')],
		['floats as bytes', new Float64Array([1])],
	])('refuses %s', (_name, value) => {
		expect(() => bind(value)).toThrow(BindError);
		expect(() => echo(value)).toThrow(BindError);
	});

	it('refuses too few and too many parameters', () => {
		expect(() => database.all('SELECT ?, ?', [1])).toThrow(BindError);
		expect(() => database.all('SELECT ?', [1, 2])).toThrow(BindError);
	});
});
