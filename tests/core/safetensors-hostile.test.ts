// Safetensors files that are broken or mean harm: each is refused in one sentence, and costs little.
import { describe, expect, it } from 'vitest';
import { memorySource } from '#lib/core/byte-source.ts';
import { Failure } from '#lib/core/failure.ts';
import { summarizeSafetensors } from '#lib/core/safetensors-header.ts';
import { readSafetensors } from '#lib/core/safetensors.ts';
import { counted } from '../support/byte-sources.ts';
import { plain } from '../support/safetensors-tiny.ts';
import { safetensorsHeader, wrapSafetensors, writeSafetensors } from '../support/safetensors-writer.ts';
import { seeded } from '../support/seeded.ts';

const f32 = { type: 'F32', shape: [4] };
const raw = (header: string, body = 16) => wrapSafetensors(header, body);
const one = (inner: string) => raw(`{"a":{${inner}}}`);
const notWhat = 'its header is not what it should be: ';

const hostile: [name: string, bytes: Uint8Array, says: string, size?: number][] = [
	['nothing at all', new Uint8Array(0), 'it has 0 bytes, and the length of its header alone takes 8'],
	[
		'a header of 2^53 bytes',
		wrapSafetensors('{}', 0, 2n ** 53n),
		'its header is said to have more than 2^53 bytes, more than 25,000,000',
	],
	[
		'a header of 2^63 bytes',
		wrapSafetensors('{}', 0, 2n ** 63n),
		'its header is said to have more than 2^53 bytes, more than 25,000,000',
	],
	[
		'a header of 100 MB',
		wrapSafetensors('{}', 0, 100_000_000n),
		'its header is said to have 100,000,000 bytes, more than 25,000,000',
		2 ** 40,
	],
	[
		'a header longer than the file',
		wrapSafetensors('{}', 0, 5000n),
		'its header is said to have 5,000 bytes, and the file has 10',
	],
	[
		'a pickle',
		Buffer.from('\x80\x02\x8a\x00\x00\x00\x00\x00}q\x00', 'latin1'),
		'its header does not start with a brace',
		2 ** 40,
	],
	['no JSON', raw('{nonsense}'), `${notWhat}it is no JSON at byte 1, where a text is expected`],
	['a list', raw('[1, 2]  '), 'its header does not start with a brace'],
	[
		'JSON that breaks off',
		raw('{"a":{"dtype":"F32"'),
		`${notWhat}it breaks off where a comma or a closing brace is expected`,
	],
	['text behind its end', raw('{} x'), `${notWhat}it goes on behind its end, at byte 3`],
	[
		'deep nesting',
		raw(`{"a":${'['.repeat(100_000)}`),
		`${notWhat}it is no JSON at byte 5, where an opening brace is expected`,
	],
	['deep metadata', raw(`{"__metadata__":{"a":${'{"a":'.repeat(50_000)}`), `${notWhat}it is nested too deep`],
	[
		'a tensor twice',
		raw(
			`{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}`,
		),
		'"a" stands there twice',
	],
	['a tensor without a place', one('"dtype":"F32","shape":[4]'), 'tensor "a" lacks its type, its shape or its place'],
	[
		'a place of one number',
		one('"dtype":"F32","shape":[4],"data_offsets":[0]'),
		'tensor "a" lacks its type, its shape or its place',
	],
	[
		'a place of three numbers',
		one('"dtype":"F32","shape":[4],"data_offsets":[0,16,32]'),
		`${notWhat}it has a list of more than 2 numbers`,
	],
	[
		'a shape of no numbers',
		one('"dtype":"F32","shape":["NaN"],"data_offsets":[0,16]'),
		`${notWhat}it is no JSON at byte 29, where a whole number is expected`,
	],
	[
		'a length that is no number',
		one('"dtype":"F32","shape":[NaN],"data_offsets":[0,16]'),
		`${notWhat}it is no JSON at byte 29, where a whole number is expected`,
	],
	[
		'a negative length',
		one('"dtype":"F32","shape":[-4],"data_offsets":[0,16]'),
		`${notWhat}it is no JSON at byte 29, where a whole number is expected`,
	],
	[
		'a fraction',
		one('"dtype":"F32","shape":[4.5],"data_offsets":[0,16]'),
		`${notWhat}it is no JSON at byte 30, where a whole number is expected`,
	],
	[
		'a length of 2^64',
		one('"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,16]'),
		`${notWhat}it has a number above 2^53`,
	],
	[
		'more elements than 2^53',
		one('"dtype":"F32","shape":[9007199254740991,4],"data_offsets":[0,16]'),
		'tensor "a" has more than 2^53 elements',
	],
	[
		'40 dimensions',
		one(`"dtype":"F32","shape":[${'1,'.repeat(39)}1],"data_offsets":[0,4]`),
		`${notWhat}it has a list of more than 32 numbers`,
	],
	[
		'a key that is none',
		one('"dtype":"F32","shape":[4],"data_offsets":[0,16],"url":"x"'),
		'tensor "a" has "url" where it should not',
	],
	[
		'a type twice',
		one('"dtype":"F32","dtype":"F16","shape":[4],"data_offsets":[0,16]'),
		'tensor "a" has "dtype" where it should not',
	],
	['a name of 2 kB', raw(`{"${'n'.repeat(2000)}":{}}`), `${notWhat}it has a name of 2,000 bytes`],
	[
		'a broken escape',
		raw('{"\\u12":{}}'),
		`${notWhat}it is no JSON at byte 2, where a text without broken escapes is expected`,
	],
	[
		'a size that does not agree',
		writeSafetensors({ a: { ...f32, offsets: [0, 15] } }),
		'tensor "a" has 4 elements of F32 in 15 bytes, which do not agree',
	],
	[
		'an end before the start',
		writeSafetensors({ a: { ...f32, offsets: [16, 0] } }, { bodyBytes: 16 }),
		'tensor "a" ends before it starts',
	],
	[
		'tensors on top of each other',
		writeSafetensors({ a: f32, b: { ...f32, offsets: [8, 24] } }),
		'tensor "b" lies on top of another one',
	],
	[
		'the same place twice',
		writeSafetensors({ a: f32, b: { ...f32, offsets: [0, 16] } }),
		'tensor "b" lies on top of another one',
	],
	[
		'a hole',
		writeSafetensors({ a: f32, b: { ...f32, offsets: [32, 48] } }),
		'there is a hole of 16 bytes before tensor "b"',
	],
	[
		'a hole at the start',
		writeSafetensors({ a: { ...f32, offsets: [8, 24] } }),
		'there is a hole of 8 bytes before tensor "a"',
	],
	[
		'an end beyond the file',
		writeSafetensors({ a: f32 }, { bodyBytes: 0 }),
		'its tensors take 16 bytes behind the header, and there are 0',
	],
	[
		'bytes that nobody describes',
		writeSafetensors({ a: f32 }, { bodyBytes: 500 }),
		'its tensors take 16 bytes behind the header, and there are 500',
	],
];

describe('a hostile file', () => {
	it.each(hostile)('[S54] with %s is refused in one sentence', async (_name, bytes, says, size) => {
		const source = counted(bytes, size ?? bytes.length);
		const failure = await readSafetensors(source).catch((error: unknown) => error);
		expect(failure).toBeInstanceOf(Failure);
		expect(failure).toMatchObject({
			code: 'invalid_safetensors',
			status: 422,
			message: `This is no usable safetensors file: ${says}.`,
		});
		expect(source.reads.length).toBeLessThanOrEqual(2);
		expect(source.given()).toBeLessThanOrEqual(500_000);
	});

	it('that breaks off within a long header is refused', async () => {
		const source = counted(wrapSafetensors('{'.padEnd(300_000), 0, 2_000_000n), null);
		await expect(readSafetensors(source)).rejects.toThrow('it ends at byte 300,008, within its header');
	});

	it('cannot reach a prototype', async () => {
		const bytes = raw('{"__proto__":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}');
		expect((await readSafetensors(memorySource(bytes))).tensors[0]?.name).toBe('__proto__');
		expect('dtype' in {}).toBe(false);
	});

	it('is refused or read, never anything else, in 2,000 broken headers', async () => {
		const random = seeded(7);
		const below = (limit: number) => Math.floor(random() * limit);
		const whole = writeSafetensors(plain, { metadata: { format: 'pt' } });
		const { header } = safetensorsHeader(plain, { format: 'pt' });
		const outcomes = new Map<string, number>();
		for (let round = 0; round < 2000; round += 1) {
			const bytes = Uint8Array.from(whole);
			for (let change = below(3); change >= 0; change -= 1) {
				const inside = [...'{}[]",:0123456789\\ '].map((letter) => letter.charCodeAt(0));
				const at = below(header.length + 8);
				bytes[at] = random() < 0.6 ? (inside[below(inside.length)] ?? 0) : below(256);
			}
			const cut = random() < 0.1 ? bytes.subarray(0, below(bytes.length)) : bytes;
			const source = counted(cut, random() < 0.2 ? null : cut.length);
			const outcome = await readSafetensors(source).then(
				(file) => typeof summarizeSafetensors(file).basis,
				(error: unknown) => (error instanceof Failure ? error.code : `threw ${String(error)}`),
			);
			outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
		}
		expect([...outcomes.keys()].sort()).toEqual(['invalid_safetensors', 'string']);
	});
});
