// Headers of GGUF files: both versions and byte orders, real metadata, hostile files, and how little is read of each.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Failure } from '#lib/core/failure.ts';
import { memorySource } from '#lib/core/byte-source.ts';
import { ggufHeaderSchema, ggufSplit } from '#lib/core/gguf-header.ts';
import { mostHeaderBytes } from '#lib/core/gguf-cursor.ts';
import { readGguf } from '#lib/core/gguf.ts';
import { bitsPerWeight, ggmlTypes } from '#lib/core/tables/ggml-types.ts';
import { mergeTotals } from '#lib/core/tensor-totals.ts';
import { counted } from '../support/byte-sources.ts';
import { corpusFolder } from '../support/corpus.ts';
import { ggufSize, Pen, writeGguf, type GgufFile, type GgufWritten } from '../support/gguf-writer.ts';
import { seeded } from '../support/seeded.ts';

const keys: Record<string, GgufWritten> = {
	'general.architecture': 'llama',
	'general.name': 'Tiny',
	'general.file_type': 15,
	'llama.context_length': 4096,
	'llama.block_count': 2,
	'llama.attention.head_count_kv': [4, 0],
	'llama.rope.freq_base': { type: 'f32', value: 10_000 },
	'llama.attention.causal': true,
	'general.parameters': { type: 'u64', value: 8_030_261_248 },
	'general.offset': { type: 'i64', value: -7 },
	'general.small': { type: 'i8', value: -3 },
	'general.tags': ['chat', 'tiny'],
	'tokenizer.ggml.model': 'gpt2',
	'tokenizer.ggml.tokens': ['a', 'b', 'c'],
	'tokenizer.ggml.scores': { type: 'list', of: 'f32', items: [0, 0, -1] },
	'tokenizer.chat_template': '{{ messages }}',
	'tokenizer.chat_template.tool_use': '{{ tools }}',
};
const tensors = [
	{ name: 'token_embd.weight', dims: [256, 3], type: 'Q6_K' },
	{ name: 'blk.0.attn_q.weight', dims: [256, 256], type: 'Q4_K' },
	{ name: 'blk.0.attn_norm.weight', dims: [256] },
	{ name: 'blk.0.ffn_up_exps.weight', dims: [256, 32, 8], type: 'Q4_K' },
	{ name: 'blk.0.ffn_up_shexp.weight', dims: [256, 32], type: 'Q4_K' },
	{ name: 'output.weight', dims: [256, 3], type: 'Q6_K' },
];
const tiny: GgufFile = { keys, tensors };

describe('the header of a GGUF file', () => {
	const shapes = [2, 3].flatMap((version) => [false, true].map((big) => ({ version, big })));
	it.each(shapes)('is read in version $version, big-endian $big', async ({ version, big }) => {
		const header = await readGguf(memorySource(writeGguf({ ...tiny, version, big })));
		expect(header).toMatchObject({ format: 'gguf', version, byteOrder: big ? 'big' : 'little', tensorCount: 6 });
		expect({ ...header.metadata }).toEqual({
			'general.architecture': 'llama',
			'general.name': 'Tiny',
			'general.file_type': 15,
			'llama.context_length': 4096,
			'llama.block_count': 2,
			'llama.attention.head_count_kv': { count: 2, items: [4, 0] },
			'llama.rope.freq_base': 10_000,
			'llama.attention.causal': true,
			'general.parameters': 8_030_261_248,
			'general.offset': -7,
			'general.small': -3,
			'general.tags': { count: 2, items: ['chat', 'tiny'] },
			'tokenizer.ggml.model': 'gpt2',
			'tokenizer.ggml.tokens': { count: 3, items: null },
			'tokenizer.ggml.scores': { count: 3, items: null },
			'tokenizer.chat_template': null,
			'tokenizer.chat_template.tool_use': null,
		});
	});

	it('counts weights and bytes by type, experts, embedding and output apart', async () => {
		const { tensors: totals, dataOffset } = await readGguf(memorySource(writeGguf(tiny)));
		expect(totals).toEqual({
			tensors: 6,
			parameters: 768 + 65_536 + 256 + 65_536 + 8192 + 768,
			bytes: 2 * 630 + 36_864 + 1024 + 36_864 + 4608,
			types: [
				{ type: 'Q4_K', tensors: 3, parameters: 139_264, bytes: 78_336 },
				{ type: 'Q6_K', tensors: 2, parameters: 1536, bytes: 1260 },
				{ type: 'F32', tensors: 1, parameters: 256, bytes: 1024 },
			],
			experts: { parameters: 65_536, bytes: 36_864 },
			embedding: { parameters: 768, bytes: 630 },
			output: { parameters: 768, bytes: 630 },
		});
		expect((dataOffset ?? 0) % 32).toBe(0);
	});

	it('takes the old form with a tensor per expert for what it is', async () => {
		const file = { tensors: [{ name: 'blk.0.ffn_gate.7.weight', dims: [32, 2] }] };
		expect((await readGguf(memorySource(writeGguf(file)))).tensors?.experts.parameters).toBe(64);
	});

	it('names templates by length and digest, and gives their text when asked', async () => {
		const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
		const source = memorySource(writeGguf(tiny));
		const hash = digest(Buffer.from('{{ messages }}'));
		expect((await readGguf(source, { digest })).templates).toEqual([
			{ name: 'default', bytes: 14, digest: hash, text: null },
			{ name: 'tool_use', bytes: 11, digest: digest(Buffer.from('{{ tools }}')), text: null },
		]);
		const [kept] = (await readGguf(source, { keepTemplates: true })).templates;
		expect(kept).toEqual({ name: 'default', bytes: 14, digest: null, text: '{{ messages }}' });
	});

	it('stops before the tensors when only metadata is needed', async () => {
		const cut = writeGguf({ keys, claims: { tensors: 3 }, bare: true });
		const header = await readGguf(counted(cut, 10_000), { need: 'metadata' });
		expect(header).toMatchObject({ tensors: null, dataOffset: null, tensorCount: 3 });
	});

	it('says which part of a split file it is, and parts add up', async () => {
		const part = (number: number) => ({
			keys: { 'split.no': { type: 'u16', value: number }, 'split.count': { type: 'u16', value: 2 } } as const,
			tensors: [{ name: `blk.${number}.ffn_down.weight`, dims: [64, 2], type: number === 0 ? 'Q8_0' : 'F16' }],
		});
		const headers = await Promise.all([0, 1].map((number) => readGguf(memorySource(writeGguf(part(number))))));
		expect(headers.map(ggufSplit)).toEqual([
			{ part: 1, parts: 2 },
			{ part: 2, parts: 2 },
		]);
		const merged = mergeTotals(headers.flatMap(({ tensors: totals }) => totals ?? []));
		expect(merged).toMatchObject({ tensors: 2, parameters: 256, bytes: 136 + 256 });
	});

	it('survives being kept as JSON', async () => {
		const header = await readGguf(memorySource(writeGguf(tiny)));
		expect(ggufHeaderSchema.parse(JSON.parse(JSON.stringify(header)))).toEqual({
			...header,
			metadata: { ...header.metadata },
		});
	});

	it('knows a type it has never heard of by its number, and not its size', async () => {
		const file = { tensors: [{ name: 'a', dims: [10], type: 143 }] };
		const { tensors: totals } = await readGguf(memorySource(writeGguf(file)));
		expect(totals).toMatchObject({ bytes: null, types: [{ type: 'type 143', parameters: 10, bytes: null }] });
	});

	it('knows what each type costs per weight', () => {
		const costs = Object.fromEntries(ggmlTypes.map((type) => [type.name, bitsPerWeight(type)]));
		expect(costs).toMatchObject({ Q4_0: 4.5, Q4_K: 4.5, Q6_K: 6.5625, Q8_0: 8.5, IQ1_S: 1.5625, IQ4_XS: 4.25 });
		expect(costs).toMatchObject({ MXFP4: 4.25, NVFP4: 4.5, TQ1_0: 1.6875, Q1_0: 1.125, Q2_0: 2.25, BF16: 16 });
	});
});

const vocabulary = (size: number, letters: number) =>
	Array.from({ length: size }, (_, at) => String(at).padStart(letters, 'x'));

describe('reading little', () => {
	it('takes two pieces of a file with the vocabulary of Llama 3, and none of its numbers', async () => {
		const file: GgufFile = {
			keys: {
				'general.architecture': 'llama',
				'tokenizer.ggml.tokens': vocabulary(128_256, 8),
				'tokenizer.ggml.token_type': vocabulary(128_256, 1).map(() => 1),
				'tokenizer.ggml.merges': vocabulary(280_147, 9),
				'general.quantization_version': 2,
			},
			tensors: [{ name: 'token_embd.weight', dims: [4096, 128_256], type: 'Q4_K' }],
			bare: true,
		};
		const source = counted(writeGguf(file), ggufSize(file));
		const header = await readGguf(source);
		expect(header.metadata).toMatchObject({
			'tokenizer.ggml.merges': { count: 280_147 },
			'general.quantization_version': 2,
		});
		expect(header.tensors?.parameters).toBe(525_336_576);
		expect(source.reads).toHaveLength(2);
	});

	it('never asks for a long list of numbers', async () => {
		const zeros = new Uint8Array(8 * 1_900_000);
		const pen = new Pen().bytes(Buffer.from('GGUF')).u32(3).u64(0).u64(2);
		const bytes = pen.text('a').u32(9).u32(12).u64(1_900_000).bytes(zeros).text('b').u32(4).u32(5).done();
		const source = counted(bytes);
		expect((await readGguf(source)).metadata['b']).toBe(5);
		expect(source.given()).toBeLessThan(300_000);
	});

	it('reads a source that does not know its size', async () => {
		const source = counted(writeGguf(tiny), null);
		expect((await readGguf(source)).tensors?.tensors).toBe(6);
	});

	it('hands on what the source says when it fails', async () => {
		const read = () => Promise.reject(new Failure('hub_timeout', 'Too slow.'));
		await expect(readGguf({ size: 100, read })).rejects.toMatchObject({ code: 'hub_timeout' });
	});
});

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

interface CorpusHeader {
	kv?: Record<string, unknown>;
	value_types?: Record<string, number>;
}

const typeNames = ['u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'f32', 'bool', 'text', 'list', 'u64', 'i64', 'f64'] as const;

function isCutList(value: unknown): value is { _array_of: number; _count: number; _first: (string | number)[] } {
	return typeof value === 'object' && value !== null && '_array_of' in value;
}

/** A value of the corpus as the file had it: long lists were cut there and are filled up with their last item. */
function original(value: unknown, type: number | undefined): GgufWritten {
	if (isCutList(value)) {
		const { _array_of: of, _count: count, _first: first } = value;
		const items = Array.from({ length: count }, (_, at) => first[Math.min(at, first.length - 1)] ?? 0);
		return { type: 'list', of: typeNames[of] ?? 'text', items };
	}
	const name = typeNames[type ?? 8] ?? 'text';
	if (name === 'list') return { type: 'list', of: 'u8', items: [] };
	if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
		return { type: name, value };
	return '';
}

const folder = corpusFolder();
const metadataFiles =
	folder === null ? [] : readdirSync(join(folder, 'gguf')).filter((name) => /^llamacpp_.*\.json$/.test(name));

describe('metadata of real files', () => {
	if (folder === null) it.skip('skipped: no corpus');
	it.each(metadataFiles)('%s comes through the writer and the reader as it was', async (name) => {
		const text = readFileSync(join(folder ?? '', 'gguf', name), 'utf8');
		const { kv = {}, value_types: types = {} }: CorpusHeader = JSON.parse(text);
		const written = Object.entries(kv).map(([key, value]): [string, GgufWritten] => [key, original(value, types[key])]);
		const bytes = writeGguf({ keys: written });
		const { metadata } = await readGguf(memorySource(bytes));
		for (const [key, value] of Object.entries(kv)) {
			if (key.startsWith('tokenizer.chat_template')) continue;
			const read = metadata[key];
			if (isCutList(value)) expect(read, key).toMatchObject({ count: value._count });
			else if (typeof value === 'number' && !Number.isInteger(value)) expect(read, key).toBeCloseTo(value, 12);
			else expect(read, key).toEqual(value);
		}
		expect(written.length).toBeGreaterThan(10);
	});
});
