// What one quantized weight costs in each method, scales and zero points included, and which parts a method leaves alone.
//
// Sources: the storage formats of GPTQ and AWQ (packed integers, 16-bit scales, packed zeros), bitsandbytes 0.4x (32-bit
// absmax per block of 64; double quantization: 8-bit absmax plus 32 bits per 256 of them), compressed-tensors, NVIDIA
// ModelOpt, the OCP microscaling formats (MXFP4, MXFP8: one 8-bit exponent per 32), NVFP4 (one fp8 scale per 16), MLX
// (16-bit scale and bias per group), HQQ (16-bit scale and zero per group), the ExLlama converters.
import { isJsonObject } from '#lib/core/config-text.ts';
import type { JsonObject, JsonValue } from '#lib/core/listing.ts';

/** Parts of a model that methods treat differently. `other`: attention, dense blocks and norms; `vision`: towers. */
export const modelParts = ['embed', 'head', 'experts', 'other', 'vision'] as const;
export type ModelPart = (typeof modelParts)[number];

/** Parameters by what they are for, and the bits of each part. */
export type PartCounts = Readonly<Record<ModelPart, number>>;
export type PartBits = Record<ModelPart, number>;

/** Bits of every part, in words, and how far files may lie off, as a share. */
export interface Recipe {
	bits: PartBits;
	band: number;
	words: string;
}

/** The same bits for every part. */
export function allOf(bits: number): PartBits {
	return { embed: bits, head: bits, experts: bits, other: bits, vision: bits };
}

/** What a configuration says of its quantization. `config` is the object itself; empty when only a list tells. */
export interface Quantized {
	method: string;
	bits: number | null;
	group: number | null;
	config: JsonObject;
}

/** Bits per stored weight with everything that belongs to it, and how they come about in words. Null: not known. */
export interface Cost {
	bits: number;
	words: string;
}

/** One method. `plain`: parts that keep the model's own number type. `band`: how far file sizes lie off, as a share. */
export interface WeightScheme {
	methods: readonly string[];
	plain: readonly ModelPart[];
	band: number;
	cost(q: Quantized): Cost | null;
}

const ends = ['embed', 'head', 'vision'] as const;

function positive(value: JsonValue | undefined): number | null {
	return typeof value === 'number' && value > 0 && value <= 1e6 ? value : null;
}

/** A scale of so many bits (and what else comes with it) for each group of weights. */
function grouped(bits: number, group: number | null, extra: number, words: string): Cost {
	const share = group === null || group <= 0 ? 0 : extra / group;
	const size = group === null || group <= 0 ? 'per row' : `per ${group}`;
	return { bits: bits + share, words: `${bits} bits, ${words} ${size}` };
}

const packed = (q: Quantized): Cost | null =>
	q.bits === null ? null : grouped(q.bits, q.group ?? 128, 16 + q.bits, 'a 16-bit scale and a zero point');

const microscaled: Readonly<Record<string, Cost>> = {
	mxfp4: { bits: 4.25, words: '4 bits, an 8-bit exponent per 32' },
	mxfp6: { bits: 6.25, words: '6 bits, an 8-bit exponent per 32' },
	mxfp8: { bits: 8.25, words: '8 bits, an 8-bit exponent per 32' },
	nvfp4: { bits: 4.5, words: '4 bits, an 8-bit scale per 16' },
};

function mlx(q: Quantized): Cost | null {
	const mode = q.config['mode'];
	const named = typeof mode === 'string' ? microscaled[mode.toLowerCase()] : undefined;
	if (named !== undefined) return named;
	return q.bits === null ? null : grouped(q.bits, q.group ?? 64, 32, 'a 16-bit scale and bias');
}

function bitsAndBytes({ bits, config }: Quantized): Cost | null {
	if (bits === 8) return { bits: 8, words: '8 bits, one scale per row' };
	if (bits !== 4) return null;
	const doubled = config['bnb_4bit_use_double_quant'] === true;
	if (doubled) return { bits: 4.127, words: '4 bits, an 8-bit scale per 64, scaled again' };
	return { bits: 4.5, words: '4 bits, a 32-bit scale per 64' };
}

function fp8({ config }: Quantized): Cost {
	const block = config['weight_block_size'];
	const [rows, columns] = Array.isArray(block) ? block.map(positive) : [];
	if (rows == null || columns == null) return { bits: 8, words: '8 bits, a scale per tensor or row' };
	return { bits: 8 + 32 / (rows * columns), words: `8 bits, a 32-bit scale per ${rows} × ${columns}` };
}

/** The weights of the first group, which most recipes have only one of. */
function groupWeights(config: JsonObject): JsonObject | null {
	const groups = config['config_groups'];
	if (!isJsonObject(groups)) return null;
	for (const name in groups) {
		const weights = isJsonObject(groups[name]) ? groups[name]['weights'] : undefined;
		if (isJsonObject(weights)) return weights;
	}
	return null;
}

function compressedTensors(q: Quantized): Cost | null {
	const weights = groupWeights(q.config);
	const format = typeof q.config['format'] === 'string' ? q.config['format'] : '';
	if (format.startsWith('nvfp4')) return microscaled['nvfp4'] ?? null;
	if (format.startsWith('mxfp4')) return microscaled['mxfp4'] ?? null;
	const bits = positive(weights?.['num_bits']) ?? q.bits;
	if (bits === null) return null;
	const isFloat = weights?.['type'] === 'float';
	if (isFloat && bits === 4) return microscaled['nvfp4'] ?? null;
	const group = positive(weights?.['group_size']) ?? q.group;
	const isSymmetric = weights?.['symmetric'] !== false;
	const words = isSymmetric ? 'a 16-bit scale' : 'a 16-bit scale and a zero point';
	return grouped(bits, group, isSymmetric ? 16 : 16 + bits, words);
}

/** ModelOpt's `quant_algo`, which methods named after it carry too. */
function modelOpt(q: Quantized): Cost | null {
	const algo = typeof q.config['quant_algo'] === 'string' ? q.config['quant_algo'].toLowerCase() : q.method;
	for (const name of ['nvfp4', 'mxfp4', 'mxfp8', 'mxfp6']) if (algo.includes(name)) return microscaled[name] ?? null;
	if (/fp8/.test(algo)) return fp8(q);
	if (q.bits === null) return null;
	return q.bits >= 8
		? { bits: 8, words: '8 bits, a scale per row' }
		: grouped(q.bits, q.group ?? 128, 16, 'a 16-bit scale');
}

const stated = (q: Quantized): Cost | null =>
	q.bits === null ? null : { bits: q.bits, words: `${q.bits} bits as stated` };

const eight = (): Cost => ({ bits: 8, words: '8 bits, a scale per row' });

export const weightSchemes: readonly WeightScheme[] = [
	// mlx-lm quantizes the embedding and the head too; mlx-vlm leaves towers alone.
	{ methods: ['mlx'], plain: ['vision'], band: 0.01, cost: mlx },
	{ methods: ['gptq', 'awq', 'auto-round'], plain: ends, band: 0.01, cost: packed },
	{ methods: ['bitsandbytes'], plain: ends, band: 0.01, cost: bitsAndBytes },
	{ methods: ['fp8', 'fbgemm_fp8'], plain: ends, band: 0.01, cost: fp8 },
	{ methods: ['compressed-tensors'], plain: ends, band: 0.01, cost: compressedTensors },
	// gpt-oss: everything but the experts stays in 16 bits.
	{
		methods: ['mxfp4'],
		plain: ['embed', 'head', 'other', 'vision'],
		band: 0.01,
		cost: () => microscaled['mxfp4'] ?? null,
	},
	{ methods: ['mxfp8'], plain: ends, band: 0.02, cost: () => microscaled['mxfp8'] ?? null },
	{ methods: ['nvfp4'], plain: ends, band: 0.03, cost: () => microscaled['nvfp4'] ?? null },
	{ methods: ['modelopt'], plain: ends, band: 0.03, cost: modelOpt },
	{
		methods: ['hqq'],
		plain: ends,
		band: 0.03,
		cost: (q) => (q.bits === null ? null : grouped(q.bits, q.group ?? 64, 32, 'a 16-bit scale and zero point')),
	},
	{
		methods: ['torchao'],
		plain: ends,
		band: 0.05,
		cost: (q) =>
			q.bits === null
				? null
				: q.bits >= 8
					? eight()
					: grouped(q.bits, q.group ?? 128, 32, 'a 16-bit scale and zero point'),
	},
	// The converters keep the embedding in 16 bits and give the head its own bits (`head_bits`, 6 unless told).
	{ methods: ['exl2', 'exl3'], plain: ['embed', 'vision'], band: 0.03, cost: stated },
	{ methods: ['bitnet'], plain: ends, band: 0.05, cost: () => ({ bits: 2, words: 'three values packed into 2 bits' }) },
	{ methods: ['eetq', 'experts_int8', 'tpu_int8', 'w8a8_int8', 'w8a8_fp8'], plain: ends, band: 0.03, cost: eight },
	{ methods: ['aqlm', 'vptq', 'quip', 'spqr', 'higgs'], plain: ends, band: 0.1, cost: stated },
];

/** What holds for a method without a row: its bits, and a 16-bit scale for each group that is stated. */
export const otherScheme: WeightScheme = {
	methods: [],
	plain: ends,
	band: 0.1,
	cost: (q) => (q.bits === null ? null : grouped(q.bits, q.group ?? 128, 16, 'a 16-bit scale')),
};

/** Keys under which methods list the modules they leave alone. */
export const plainKeys: ReadonlySet<string> = new Set([
	...['modules_to_not_convert', 'ignore', 'ignored_layers', 'exclude_modules', 'llm_int8_skip_modules'],
]);
