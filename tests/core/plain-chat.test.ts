// The quick look at a chat's body says yes only where the schema says yes, and the schema gives the same body back.
import { describe, expect, it } from 'vitest';
import { parseJson } from '#lib/core/json.ts';
import { chatBodySchema, isPlainChat } from '#lib/core/openai.ts';
import { seeded } from '../support/seeded.ts';

const usual = { model: 'tier:fast', messages: [{ role: 'user', content: 'What?' }] };

/** Values that a field may have, right and wrong ones. */
const values: unknown[] = [
	...[undefined, null, true, false, 0, 1, 0.5, 2, 2.0001, -1, 64, 1e7, 1e7 + 1, 3.5],
	...['', 'x', 'user', 'system', [], ['x'], {}, { type: 'text' }, { include_usage: true }, { include_usage: 'x' }],
	...[[{ role: 'user', content: 'a' }], [{ role: 'ghost', content: 'a' }], [{ role: 'user', content: 1 }]],
	...[[{ role: 'tool', content: 'a', tool_call_id: 'x' }], [{ role: 'user', content: [{ type: 'text', text: 'a' }] }]],
	...[[{ role: 'assistant', content: null }], [{ role: 'user' }], [7], 'y'.repeat(513)],
];
const names = [
	...['model', 'messages', 'stream', 'stream_options', 'max_tokens', 'max_completion_tokens', 'n', 'temperature'],
	...['top_p', 'tools', 'response_format', 'user', 'seed'],
];

function verdicts(body: unknown): { quick: boolean; schema: boolean; isSame: boolean } {
	const parsed = parseJson(JSON.stringify(body));
	const quick = isPlainChat(parsed);
	const checked = chatBodySchema.safeParse(parsed);
	const isSame = checked.success && JSON.stringify(sorted(checked.data)) === JSON.stringify(sorted(parsed));
	return { quick, schema: checked.success, isSame };
}

function sorted(value: unknown): unknown {
	if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
	return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}

describe('a plain chat', () => {
	it('is taken at a look, with the fields that most programs send', () => {
		expect(verdicts(usual).quick).toBe(true);
		expect(verdicts({ ...usual, stream: true, max_tokens: 64, temperature: 0.2, top_p: 1, seed: 7 }).quick).toBe(true);
	});

	it('is never taken where the schema would refuse it or change it', () => {
		for (const name of names) {
			for (const value of values) {
				const told = { name, value, ...verdicts({ ...usual, [name]: value }) };
				if (told.quick) expect(told).toMatchObject({ schema: true, isSame: true });
				else expect(told.quick).toBe(false);
			}
		}
	});

	it('is never taken so in any mixture of fields either', () => {
		const random = seeded(11);
		const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)];
		let taken = 0;
		for (let round = 0; round < 5_000; round += 1) {
			const body: Record<string, unknown> = { ...usual };
			for (let more = 0; more < 3; more += 1) body[pick(names) ?? 'user'] = pick(values);
			const { quick, schema, isSame } = verdicts(body);
			if (!quick) continue;
			taken += 1;
			expect([schema, isSame, body]).toEqual([true, true, body]);
		}
		expect(taken).toBeGreaterThan(50);
	});

	it('is left to the schema with a field that could stand for a prototype', () => {
		const text = '{"model":"m","messages":[{"role":"user","content":"a","__proto__":{"x":1}}]}';
		expect(isPlainChat(parseJson(text))).toBe(false);
		expect(isPlainChat(parseJson('{"model":"m","messages":[{"role":"user","content":"a"}],"__proto__":1}'))).toBe(
			false,
		);
	});
});

describe('the size of JSON', () => {
	it.each([
		['{"a":"\\\\"}', 1],
		['{"a\\"":"{[:","b":"\\\\\\""}', 2],
		['{"a":"\\\\\\\\","b":":"}', 2],
	])('is counted past quotes that are no ends: %s', (text, keys) => {
		expect(Object.keys(Object(parseJson(text, { depth: 1, keys })))).toHaveLength(keys);
		expect(() => parseJson(text, { depth: 1, keys: keys - 1 })).toThrow(`more than ${keys - 1} keys`);
	});

	it.each(['{"a":"', '{"a":"\\"', '"\\\\\\"'])('is not known where a text does not end: %s', (text) => {
		expect(() => parseJson(text)).toThrow('text without an end');
	});
});
