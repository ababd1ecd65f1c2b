// GGUF files that are broken or mean harm: each is refused in one sentence, and costs little.
import { describe, expect, it } from 'vitest';
import { memorySource } from '#lib/core/byte-source.ts';
import { Failure } from '#lib/core/failure.ts';
import { mostHeaderBytes } from '#lib/core/gguf-cursor.ts';
import { readGguf } from '#lib/core/gguf.ts';
import { counted } from '../support/byte-sources.ts';
import { tiny } from '../support/gguf-tiny.ts';
import { Pen, writeGguf, type GgufFile, type GgufWritten } from '../support/gguf-writer.ts';
import { seeded } from '../support/seeded.ts';

const nested = (depth: number): GgufWritten =>
	depth === 0 ? { type: 'list', of: 'u8', items: [] } : { type: 'list', of: 'list', items: [nested(depth - 1)] };
const tensorOf = (tensor: Partial<GgufFile['tensors'] extends readonly (infer T)[] | undefined ? T : never>) =>
	writeGguf({ tensors: [{ name: 'a', dims: [32], ...tensor }] });
const rawKey = (write: (pen: Pen) => Pen) => {
	const pen = new Pen();
	pen.bytes(Buffer.from('GGUF')).u32(3).u64(0).u64(1);
	return write(pen).done();
};
const huge = 2n ** 63n;

const hostile: [name: string, bytes: Uint8Array, says: string, size?: number][] = [
	['nothing at all', new Uint8Array(0), 'it ends at byte 0, within its first bytes'],
	['the letters only', Buffer.from('GGUF'), 'it ends at byte 4, within its first bytes'],
	['a web page', Buffer.from('<!doctype html><title>Sign in</title>'), 'it does not start with the letters GGUF'],
	['a pointer', Buffer.from('version https://git-lfs.github.com/spec/v1\n'), 'it does not start with the letters GGUF'],
	['version 0', writeGguf({ version: 0 }), 'its version is 0, and only 2 and 3 can be read'],
	['version 1', writeGguf({ version: 1 }), 'its version is 1, and only 2 and 3 can be read'],
	['version 99', writeGguf({ version: 99 }), 'its version is 99, and only 2 and 3 can be read'],
	['2^63 tensors', writeGguf({ claims: { tensors: huge } }), 'it claims more than 2^53 tensors, more than 65,536'],
	['2^63 keys', writeGguf({ claims: { keys: huge } }), 'it claims more than 2^53 keys, more than 4,096'],
	[
		'more tensors than bytes',
		writeGguf({ claims: { tensors: 60_000 } }),
		'it claims 60,000 tensors, too many for its size',
	],
	['more keys than bytes', writeGguf({ claims: { keys: 4000 } }), 'it claims 4,000 keys, too many for its size'],
	[
		'a key of 2^40 bytes',
		rawKey((pen) => pen.u64(2 ** 40).bytes(new Uint8Array(20))),
		'key 1 has a text of 1,099,511,627,776 bytes, more than 1,024',
	],
	[
		'a text beyond the end',
		rawKey((pen) =>
			pen
				.text('general.name')
				.u32(8)
				.u64(2 ** 20),
		),
		'key "general.name" has a text of 1,048,576 bytes, beyond its end',
	],
	[
		'a text of 2^40 bytes',
		rawKey((pen) =>
			pen
				.text('general.name')
				.u32(8)
				.u64(2 ** 40),
		),
		'key "general.name" has a text of 1,099,511,627,776 bytes, more than 33,554,432',
		2 ** 42,
	],
	[
		'a template of 2 MB',
		rawKey((pen) => pen.text('tokenizer.chat_template').u32(8).u64(2e6)),
		'key "tokenizer.chat_template" has a text of 2,000,000 bytes, more than 1,048,576',
		1e9,
	],
	[
		'2^62 tokens',
		rawKey((pen) =>
			pen
				.text('tokenizer.ggml.tokens')
				.u32(9)
				.u32(8)
				.u64(2n ** 62n),
		),
		'key "tokenizer.ggml.tokens" has more than 2^53 items, more than 2,097,152',
	],
	[
		'a million tokens beyond the end',
		rawKey((pen) => pen.text('tokenizer.ggml.tokens').u32(9).u32(8).u64(1e6)),
		'key "tokenizer.ggml.tokens" has 1,000,000 items, beyond its end',
	],
	[
		'a token of 2^63 bytes',
		rawKey((pen) => pen.text('tokenizer.ggml.tokens').u32(9).u32(8).u64(100).u64(huge).bytes(new Uint8Array(1000))),
		'its header is longer than 48 MiB',
	],
	['lists five deep', writeGguf({ keys: { a: nested(4) } }), 'key "a" has lists in lists, more than 2 deep'],
	[
		'a value of type 77',
		rawKey((pen) => pen.text('a').u32(77).u64(0)),
		'key "a" has a value of type 77, which is none',
	],
	[
		'a list of type 77',
		rawKey((pen) => pen.text('a').u32(9).u32(77).u64(0)),
		'key "a" is a list of type 77, which is none',
	],
	['neither yes nor no', rawKey((pen) => pen.text('a').u32(7).u8(9)), 'key "a" is neither yes nor no but 9'],
	[
		'a key twice',
		writeGguf({
			keys: [
				['a', 1],
				['a', 2],
			],
		}),
		'key "a" stands there twice',
	],
	['a prototype', writeGguf({ keys: [['__proto__', 1]] }), 'it has a key named __proto__'],
	[
		'alignment 0',
		writeGguf({ keys: { 'general.alignment': 0 } }),
		'general.alignment is 0, which is no power of two up to 1,048,576',
	],
	[
		'alignment 3',
		writeGguf({ keys: { 'general.alignment': 3 } }),
		'general.alignment is 3, which is no power of two up to 1,048,576',
	],
	[
		'alignment in words',
		writeGguf({ keys: { 'general.alignment': 'NaN' } }),
		'general.alignment is NaN, which is no power of two up to 1,048,576',
	],
	['five dimensions', tensorOf({ dims: [1, 1, 1, 1, 1] }), 'tensor "a" has 5 dimensions, more than 4'],
	['more weights than 2^53', tensorOf({ dims: [2 ** 40, 2 ** 40] }), 'tensor "a" has more than 2^53 weights'],
	['a length of 2^64 - 1', tensorOf({ dims: [2n ** 64n - 1n] }), 'tensor "a" has more than 2^53 weights'],
	['a type that is none', tensorOf({ type: 70_000 }), 'tensor "a" has numbers of type 70,000, which is none'],
	[
		'rows that are no blocks',
		tensorOf({ dims: [33], type: 'Q4_0' }),
		'tensor "a" has rows of 33 weights, no multiple of the 32 of Q4_0',
	],
	[
		'weights that start at 2^60',
		tensorOf({ offset: 2n ** 60n }),
		'tensor "a" starts more than 2^53 bytes into the file',
	],
	['weights at an odd place', tensorOf({ offset: 8 }), 'tensor "a" does not start at a multiple of 32 bytes'],
	[
		'weights beyond the end',
		writeGguf({ tensors: [{ name: 'a', dims: [4096] }], bare: true }),
		'it ends at byte 57, before the weights of tensor "a" do',
	],
	[
		'weights on top of each other',
		writeGguf({
			tensors: [
				{ name: 'a', dims: [64] },
				{ name: 'b', dims: [64], offset: 32 },
			],
		}),
		'tensor "b" lies on top of another one',
	],
	[
		'a tensor twice',
		writeGguf({
			tensors: [
				{ name: 'a', dims: [32] },
				{ name: 'a', dims: [32] },
			],
		}),
		'tensor "a" stands there twice',
	],
	['a name of 300 bytes', tensorOf({ name: 'n'.repeat(300) }), 'tensor 1 has a text of 300 bytes, more than 256'],
	['a cut in the middle of a key', writeGguf(tiny).subarray(0, 640), 'key 15 has a text of 21 bytes, beyond its end'],
	['no metadata', writeGguf({ claims: { keys: 1 } }), 'it claims 1 keys, too many for its size'],
];

describe('a hostile file', () => {
	it.each(hostile)('[S53] with %s is refused in one sentence', async (_name, bytes, says, size) => {
		const source = counted(bytes, size ?? bytes.length);
		const failure = await readGguf(source).catch((error: unknown) => error);
		expect(failure).toBeInstanceOf(Failure);
		expect(failure).toMatchObject({
			code: 'invalid_gguf',
			status: 422,
			message: `This is no usable GGUF file: ${says}.`,
		});
		expect(source.reads.length).toBeLessThanOrEqual(2);
		expect(source.given()).toBeLessThanOrEqual(9e6);
	});

	it('that never ends costs at most the longest header, in few pieces of 8 MiB', async () => {
		const head = rawKey((pen) => pen.text('tokenizer.ggml.tokens').u32(9).u32(8).u64(2_000_000));
		const filler = new Uint8Array(60e6);
		const view = new DataView(filler.buffer);
		for (let at = 0; at + 38 <= filler.length; at += 38) view.setUint32(at, 30, true);
		const whole = new Uint8Array(head.length + filler.length);
		whole.set(head);
		whole.set(filler, head.length);
		const source = counted(whole, 2 ** 40);
		await expect(readGguf(source)).rejects.toMatchObject({ code: 'invalid_gguf' });
		expect(source.reads.length).toBeLessThanOrEqual(8);
		expect(source.given()).toBeLessThanOrEqual(mostHeaderBytes);
		expect(Math.max(...source.reads.map(({ length }) => length))).toBeLessThanOrEqual(8 * 1024 * 1024);
	});

	it('with every text as long as may be keeps no more than a quarter of a megabyte of them', async () => {
		const many = Array.from({ length: 4000 }, (_, at): [string, string] => [`key.${at}`, 'x'.repeat(1000)]);
		const { metadata } = await readGguf(memorySource(writeGguf({ keys: many })));
		const kept = Object.values(metadata).filter((value) => value !== null);
		expect(kept.length).toBe(262);
	});

	it('is refused or read, never anything else, in 2,000 broken headers', async () => {
		const random = seeded(20_261_121);
		const below = (limit: number) => Math.floor(random() * limit);
		const whole = [2, 3].flatMap((version) => [false, true].map((big) => writeGguf({ ...tiny, version, big })));
		const outcomes = new Map<string, number>();
		for (let round = 0; round < 2000; round += 1) {
			const bytes = Uint8Array.from(whole[below(whole.length)] ?? []);
			for (let change = below(6); change >= 0; change -= 1) {
				const at = below(round % 2 === 0 ? 900 : bytes.length);
				if (random() < 0.3) bytes.fill(255, at, at + 8);
				else bytes[at] = below(256);
			}
			const cut = random() < 0.2 ? bytes.subarray(0, below(bytes.length)) : bytes;
			const source = counted(cut, random() < 0.2 ? null : cut.length);
			const outcome = await readGguf(source).then(
				() => 'read',
				(error: unknown) => (error instanceof Failure ? error.code : `threw ${String(error)}`),
			);
			outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
		}
		expect([...outcomes.keys()].sort()).toEqual(['invalid_gguf', 'read']);
	});
});
