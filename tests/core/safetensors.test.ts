// Headers of safetensors files: what they hold, how packed weights are counted, and how little is read.
import { describe, expect, it } from 'vitest';
import { memorySource } from '#lib/core/byte-source.ts';
import { Failure } from '#lib/core/failure.ts';
import { safetensorsHeaderSchema, summarizeSafetensors } from '#lib/core/safetensors-header.ts';
import { readSafetensors, readSafetensorsIndex } from '#lib/core/safetensors.ts';
import { counted } from '../support/byte-sources.ts';
import { plain } from '../support/safetensors-tiny.ts';
import {
	safetensorsHeader,
	wrapSafetensors,
	writeSafetensors,
	type WrittenTensor,
} from '../support/safetensors-writer.ts';

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
