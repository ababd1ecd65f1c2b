// Headers of GGUF files: both versions and byte orders, what is counted in them, and how little is read of each.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { memorySource } from '#lib/core/byte-source.ts';
import { Failure } from '#lib/core/failure.ts';
import { ggufHeaderSchema, ggufSplit } from '#lib/core/gguf-header.ts';
import { readGguf } from '#lib/core/gguf.ts';
import { bitsPerWeight, ggmlTypes } from '#lib/core/tables/ggml-types.ts';
import { mergeTotals } from '#lib/core/tensor-totals.ts';
import { counted } from '../support/byte-sources.ts';
import { keys, tiny } from '../support/gguf-tiny.ts';
import { ggufSize, Pen, writeGguf, type GgufFile } from '../support/gguf-writer.ts';

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
