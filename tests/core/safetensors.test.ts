// Headers of safetensors files: what they hold, how packed weights are counted, hostile ones, and how little is read.
import { describe, expect, it } from 'vitest';
import { memorySource } from '#lib/core/byte-source.ts';
import { Failure } from '#lib/core/failure.ts';
import { safetensorsHeaderSchema, summarizeSafetensors } from '#lib/core/safetensors-header.ts';
import { readSafetensors, readSafetensorsIndex } from '#lib/core/safetensors.ts';
import { counted } from '../support/byte-sources.ts';
import {
	safetensorsHeader,
	wrapSafetensors,
	writeSafetensors,
	type WrittenTensor,
} from '../support/safetensors-writer.ts';
import { seeded } from '../support/seeded.ts';

const plain: Record<string, WrittenTensor> = {
	'model.embed_tokens.weight': { type: 'BF16', shape: [100, 16] },
	'model.layers.0.mlp.experts.0.up_proj.weight': { type: 'BF16', shape: [16, 32] },
	'model.layers.0.mlp.shared_experts.up_proj.weight': { type: 'BF16', shape: [16, 8] },
	'model.norm.weight': { type: 'F32', shape: [16] },
	'model.scalar': { type: 'I64', shape: [] },
	'lm_head.weight': { type: 'BF16', shape: [100, 16] },
};

async function summary(
	tensors: Record<string, WrittenTensor>,
	packing?: { bits: number | null; group: number | null },
) {
	return summarizeSafetensors(await readSafetensors(memorySource(writeSafetensors(tensors))), packing);
}

describe('the header of a safetensors file', () => {
	it('tells names, types, shapes and places', async () => {
		const bytes = writeSafetensors(plain, { metadata: { format: 'pt', note: 'x'.repeat(5000) } });
		const file = await readSafetensors(memorySource(bytes));
		expect(file.metadata).toEqual(new Map([['format', 'pt']]));
		expect(file.tensors).toHaveLength(6);
		expect(file.tensors[0]).toEqual({
			name: 'model.embed_tokens.weight',
			type: 'BF16',
			shape: [100, 16],
			elements: 1600,
			start: 0,
			end: 3200,
		});
	});

	it('adds up to elements and bytes by type, experts, embedding and output apart', async () => {
		expect(await summary(plain)).toMatchObject({
			parameters: 1600 + 512 + 128 + 16 + 1 + 1600,
			experts: 512,
			basis: 'Every stored element is a weight.',
			claimed: null,
			tensors: {
				tensors: 6,
				bytes: 2 * (1600 + 512 + 128 + 1600) + 64 + 8,
				types: [{ type: 'BF16', parameters: 3840, tensors: 4 }, { type: 'F32' }, { type: 'I64' }],
				experts: { parameters: 512, bytes: 1024 },
				embedding: { parameters: 1600 },
				output: { parameters: 1600 },
			},
		});
	});

	it('keeps what the author claims apart from what is there', async () => {
		const bytes = writeSafetensors(plain, { metadata: { total_parameters: '7000000000' } });
		const found = summarizeSafetensors(await readSafetensors(memorySource(bytes)));
		expect(found).toMatchObject({ parameters: 3857, claimed: 7e9 });
		expect(safetensorsHeaderSchema.parse(JSON.parse(JSON.stringify(found)))).toEqual(found);
	});

	it('counts the elements of a type that is newer than the table, by its bytes', async () => {
		const bytes = writeSafetensors({ a: { type: 'F3_E1M1', shape: [16], offsets: [0, 6] } });
		expect(summarizeSafetensors(await readSafetensors(memorySource(bytes)))).toMatchObject({
			parameters: 16,
			tensors: { bytes: 6, types: [{ type: 'F3_E1M1' }] },
		});
	});
});

/** One linear layer of 256 inputs and 64 outputs, as each method stores it. */
const layers: [string, Record<string, WrittenTensor>, { bits: number | null; group: number | null } | undefined][] = [
	[
		'GPTQ with 4 bits',
		{
			'l.qweight': { type: 'I32', shape: [32, 64] },
			'l.qzeros': { type: 'I32', shape: [2, 8] },
			'l.scales': { type: 'F16', shape: [2, 64] },
			'l.g_idx': { type: 'I32', shape: [256] },
		},
		undefined,
	],
	[
		'GPTQ with 8 bits',
		{
			'l.qweight': { type: 'I32', shape: [64, 64] },
			'l.qzeros': { type: 'I32', shape: [2, 16] },
			'l.scales': { type: 'F16', shape: [2, 64] },
		},
		undefined,
	],
	[
		'GPTQ with 3 bits',
		{
			'l.qweight': { type: 'I32', shape: [24, 64] },
			'l.qzeros': { type: 'I32', shape: [2, 6] },
			'l.scales': { type: 'F16', shape: [2, 64] },
		},
		undefined,
	],
	[
		'AWQ',
		{
			'l.qweight': { type: 'I32', shape: [256, 8] },
			'l.qzeros': { type: 'I32', shape: [2, 8] },
			'l.scales': { type: 'F16', shape: [2, 64] },
		},
		undefined,
	],
	[
		'compressed-tensors',
		{
			'l.weight_packed': { type: 'I32', shape: [64, 32] },
			'l.weight_scale': { type: 'BF16', shape: [64, 2] },
			'l.weight_shape': { type: 'I64', shape: [2] },
		},
		{ bits: 4, group: 128 },
	],
	[
		'bitsandbytes',
		{
			'l.weight': { type: 'U8', shape: [8192, 1] },
			'l.weight.absmax': { type: 'U8', shape: [256] },
			'l.weight.quant_map': { type: 'F32', shape: [16] },
			'l.weight.nested_absmax': { type: 'F32', shape: [1] },
			'l.weight.quant_state.bitsandbytes__nf4': { type: 'U8', shape: [90] },
		},
		undefined,
	],
	['MXFP4', { l_blocks: { type: 'U8', shape: [64, 8, 16] }, l_scales: { type: 'U8', shape: [64, 8] } }, undefined],
	[
		'NVFP4',
		{
			'l.weight': { type: 'U8', shape: [64, 128] },
			'l.weight_scale': { type: 'F8_E4M3', shape: [64, 16] },
			'l.weight_scale_2': { type: 'F32', shape: [] },
			'l.input_scale': { type: 'F32', shape: [] },
		},
		undefined,
	],
	[
		'four bits in bytes with scales of eight exponent bits',
		{ 'l.weight': { type: 'I8', shape: [64, 128] }, 'l.scale': { type: 'F8_E8M0', shape: [64, 8] } },
		undefined,
	],
	[
		'MLX with 4 bits',
		{
			'l.weight': { type: 'U32', shape: [64, 32] },
			'l.scales': { type: 'BF16', shape: [64, 4] },
			'l.biases': { type: 'BF16', shape: [64, 4] },
		},
		undefined,
	],
	[
		'MLX with 8 bits in groups of 32',
		{
			'l.weight': { type: 'U32', shape: [64, 64] },
			'l.scales': { type: 'BF16', shape: [64, 8] },
			'l.biases': { type: 'BF16', shape: [64, 8] },
		},
		{ bits: 8, group: 32 },
	],
	[
		'blockwise fp8',
		{ 'l.weight': { type: 'F8_E4M3', shape: [64, 256] }, 'l.weight_scale_inv': { type: 'F32', shape: [1, 2] } },
		undefined,
	],
	[
		'int8 of bitsandbytes',
		{ 'l.weight': { type: 'I8', shape: [64, 256] }, 'l.SCB': { type: 'F32', shape: [64] } },
		undefined,
	],
	['plain numbers of four bits', { 'l.weight': { type: 'F4', shape: [64, 256] } }, undefined],
];

describe('packed weights', () => {
	it.each(layers)('of %s are counted one by one, without their scales', async (_name, tensors, packing) => {
		expect((await summary(tensors, packing)).parameters).toBe(256 * 64);
	});

	it('say how they were counted', async () => {
		const [, gptq = {}] = layers[0] ?? [];
		expect((await summary(gptq)).basis).toBe(
			'Packed weights (GPTQ) are counted one by one. 3 tensors of scales and the like are not counted.',
		);
	});

	it('of unknown bits have an unknown count, not a wrong one', async () => {
		const found = await summary({ ...plain, 'l.weight_packed': { type: 'I32', shape: [64, 32] } });
		expect(found.parameters).toBeNull();
		expect(found.experts).toBe(512);
		expect(found.basis).toMatch(/does not say how many/);
	});
});

describe('reading little', () => {
	it('asks once for a short header, whatever the size of the file', async () => {
		const { header, bodyBytes } = safetensorsHeader({ a: { type: 'F32', shape: [1e9] } });
		const source = counted(wrapSafetensors(header, 0), header.length + 8 + bodyBytes);
		expect((await readSafetensors(source)).tensors).toHaveLength(1);
		expect(source.reads).toEqual([{ offset: 0, length: 262_144 }]);
	});

	it('asks twice for a long one, and for no byte behind it', async () => {
		const many = Object.fromEntries(
			Array.from({ length: 20_000 }, (_, at) => [`model.layers.${at}.weight`, { type: 'F32', shape: [1000] }]),
		);
		const { header, bodyBytes } = safetensorsHeader(many);
		const source = counted(wrapSafetensors(header, 0), header.length + 8 + bodyBytes);
		expect((await readSafetensors(source)).tensors).toHaveLength(20_000);
		expect(source.reads).toHaveLength(2);
		expect(source.given()).toBe(header.length + 8);
	});
});

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

describe('an index', () => {
	const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

	it('names its files with the tensors in each, whatever their number promises', () => {
		const weight_map = {
			a: 'model-00001-of-00009.safetensors',
			b: 'model-00001-of-00009.safetensors',
			c: 'x.safetensors',
		};
		expect(readSafetensorsIndex(bytesOf({ metadata: { total_size: 100, total_parameters: 50 }, weight_map }))).toEqual({
			files: [
				{ path: 'model-00001-of-00009.safetensors', tensors: 2 },
				{ path: 'x.safetensors', tensors: 1 },
			],
			totalSize: 100,
			totalParameters: 50,
		});
	});

	it('does not take a size that is written as text or with a fraction', () => {
		const found = readSafetensorsIndex(
			bytesOf({ metadata: { total_size: '100', more: { a: [1.5, null] } }, weight_map: {} }),
		);
		expect(found).toEqual({ files: [], totalSize: null, totalParameters: null });
		expect(readSafetensorsIndex(bytesOf({ metadata: { total_size: 1.5e9 + 0.5 } })).totalSize).toBeNull();
	});

	it('with a file name that leads elsewhere is refused', () => {
		const refused = () => readSafetensorsIndex(bytesOf({ weight_map: { a: '../../etc/passwd' } }));
		expect(refused).toThrow('it names the file "../../etc/passwd" (it leaves its folder)');
	});

	it('that is none is refused', () => {
		expect(() => readSafetensorsIndex(new TextEncoder().encode('<html>'))).toThrow(Failure);
		expect(() => readSafetensorsIndex(bytesOf({ weight_map: { a: 5 } }))).toThrow(Failure);
	});
});
