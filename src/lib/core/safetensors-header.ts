// What is kept of a safetensors file's header: sums by number type, and how many weights the stored elements stand for.
import { z } from 'zod';
import type { SafetensorsFile, StoredTensor } from '#lib/core/safetensors.ts';
import { addTensor, emptyTotals, tensorTotalsSchema, type TensorRole } from '#lib/core/tensor-totals.ts';

/**
 * The header of one safetensors file. `tensors` counts elements as stored; `parameters` counts weights: packed ones
 * unpacked, scales and zero points left out; null where that cannot be known from the header. `experts` are those of
 * them of which each token uses only some. `basis` says in a sentence how they were counted. `claimed` is what the
 * file's author says, null when nothing.
 */
export const safetensorsHeaderSchema = z.object({
	format: z.literal('safetensors'),
	headerBytes: z.number(),
	tensors: tensorTotalsSchema,
	parameters: z.number().nullable(),
	experts: z.number().nullable(),
	basis: z.string(),
	claimed: z.number().nullable(),
});
export type SafetensorsHeader = z.infer<typeof safetensorsHeaderSchema>;

/** What a configuration says about packing; nulls when there is none. Only needed where shapes do not tell. */
export interface Packing {
	bits: number | null;
	group: number | null;
}

/** How many weights one stored tensor stands for. 0: it is a scale, a zero point or the like. Null: not known. */
interface Unpacked {
	weights: number | null;
	/** The packing that was met; null for a plain tensor. */
	packed: string | null;
}

type Lookup = (name: string) => StoredTensor | undefined;

interface Rule {
	/** End of the tensor's name; the rest of the name is what its companions start with. */
	suffix: string;
	/** Null: this is something else that happens to have the name. */
	read(tensor: StoredTensor, stem: string, find: Lookup, packing: Packing): Unpacked | null;
}

const companion: Unpacked = { weights: 0, packed: null };
const last = (shape: readonly number[]) => shape[shape.length - 1] ?? 1;
const first = (shape: readonly number[]) => shape[0] ?? 1;
const isWord = ({ type }: StoredTensor) => type === 'I32' || type === 'U32';
const isByte = ({ type }: StoredTensor) => type === 'U8' || type === 'I8';
const packedAs = (packed: string, weights: number | null): Unpacked => ({ weights, packed });
const times = (tensor: StoredTensor, bits: number | null) => (bits === null ? null : (tensor.elements * 32) / bits);

/**
 * GPTQ packs along rows and AWQ along columns, which the scales (one per output column) tell apart; the zero points of
 * GPTQ are packed like its weights, so their width against that of the scales gives the bits.
 */
function integerWeights(tensor: StoredTensor, stem: string, find: Lookup, { bits }: Packing): Unpacked | null {
	if (!isWord(tensor)) return null;
	const scales = find(`${stem}.scales`);
	const zeros = find(`${stem}.qzeros`);
	if (scales === undefined) return packedAs('GPTQ or AWQ', times(tensor, bits));
	const outputs = last(scales.shape);
	if (last(tensor.shape) !== outputs) return packedAs('AWQ', first(tensor.shape) * outputs);
	const told = zeros === undefined ? bits : (32 * last(zeros.shape)) / outputs;
	return packedAs('GPTQ', times(tensor, told));
}

/** MLX keeps one scale per group in each row; the group is 64 unless the configuration says otherwise. */
function mlxWeights(tensor: StoredTensor, stem: string, find: Lookup, { group }: Packing): Unpacked | null {
	const scales = find(`${stem}.scales`);
	if (tensor.type !== 'U32' || scales === undefined) return null;
	return packedAs('MLX', scales.elements * (group ?? 64));
}

/** Two four-bit weights in a byte: bitsandbytes, NVFP4 and MXFP4, each known by its companions. */
function nibbles(tensor: StoredTensor, stem: string, find: Lookup): Unpacked | null {
	if (!isByte(tensor)) return null;
	if (find(`${stem}.weight.absmax`) !== undefined) return packedAs('bitsandbytes', tensor.elements * 2);
	const scale = find(`${stem}.weight_scale`);
	if (tensor.type === 'U8' && scale?.type === 'F8_E4M3') return packedAs('NVFP4', tensor.elements * 2);
	const block = find(`${stem}.scale`) ?? find(`${stem}.weight_scale_inv`) ?? scale;
	if (block === undefined || (block.type !== 'F8_E8M0' && block.type !== 'U8')) return null;
	return packedAs('MXFP4', tensor.elements * 2);
}

/**
 * Name endings in the order in which they are tried. Sources: the layouts that AutoGPTQ, AutoAWQ, compressed-tensors,
 * bitsandbytes, ModelOpt, MLX-LM and the gpt-oss checkpoints write.
 */
const rules: readonly Rule[] = [
	{ suffix: '.qweight', read: integerWeights },
	{
		suffix: '.weight_packed',
		read: (tensor, _stem, _find, { bits }) => {
			if (tensor.type === 'U8') return packedAs('compressed-tensors', tensor.elements * 2);
			return isWord(tensor) ? packedAs('compressed-tensors', times(tensor, bits)) : null;
		},
	},
	{
		suffix: '_blocks',
		read: (tensor, stem, find) =>
			tensor.type === 'U8' && find(`${stem}_scales`) ? packedAs('MXFP4', tensor.elements * 2) : null,
	},
	{
		suffix: '.weight',
		read: (tensor, stem, find, packing) => mlxWeights(tensor, stem, find, packing) ?? nibbles(tensor, stem, find),
	},
	...['.qzeros', '.g_idx', '.weight_g_idx', '.weight_zero_point', '.weight_shape', '.SCB', '.weight_format'].map(
		always,
	),
	...['.weight_scale', '.weight_scale_2', '.weight_scale_inv', '.weight_global_scale'].map(always),
	...['.input_scale', '.input_global_scale', '.output_scale', '.k_scale', '.v_scale'].map(always),
	...['.absmax', '.quant_map', '.nested_absmax', '.nested_quant_map'].map(always),
	{ suffix: '.scales', read: (_tensor, stem, find) => (holdsPacked(stem, find) ? companion : null) },
	{ suffix: '.biases', read: (_tensor, stem, find) => (holdsPacked(stem, find) ? companion : null) },
	{ suffix: '_scales', read: (_tensor, stem, find) => (find(`${stem}_blocks`) ? companion : null) },
];

function always(suffix: string): Rule {
	return { suffix, read: () => companion };
}

function holdsPacked(stem: string, find: Lookup): boolean {
	return find(`${stem}.qweight`) !== undefined || find(`${stem}.weight`)?.type === 'U32';
}

const quantState = /\.quant_state\.[\w.]+$/;

function unpack(tensor: StoredTensor, find: Lookup, packing: Packing): Unpacked {
	if (tensor.type === 'F8_E8M0' || quantState.test(tensor.name)) return companion;
	for (const { suffix, read } of rules) {
		if (!tensor.name.endsWith(suffix)) continue;
		const found = read(tensor, tensor.name.slice(0, -suffix.length), find, packing);
		if (found !== null) return found;
	}
	return { weights: tensor.elements, packed: null };
}

const embeddingName = /(?:^|\.)(?:embed_tokens|wte|word_embeddings|tok_embeddings|embed_in|shared)\.weight$/;
const outputName = /(?:^|\.)(?:lm_head|embed_out|output)\.weight$/;

function roleOf(name: string): TensorRole {
	if (name.includes('.experts.')) return 'experts';
	if (embeddingName.test(name)) return 'embedding';
	return outputName.test(name) ? 'output' : 'other';
}

interface Count {
	weights: number | null;
	experts: number | null;
	companions: number;
	packings: Set<string>;
}

function countWeights(tensors: readonly StoredTensor[], packing: Packing): Count {
	const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
	const count: Count = { weights: 0, experts: 0, companions: 0, packings: new Set() };
	for (const tensor of tensors) {
		const { weights, packed } = unpack(tensor, (name) => byName.get(name), packing);
		const isWhole = weights !== null && Number.isSafeInteger(weights);
		if (weights === 0 && tensor.elements > 0) count.companions += 1;
		if (packed !== null) count.packings.add(packed);
		count.weights = isWhole && count.weights !== null ? count.weights + weights : null;
		if (roleOf(tensor.name) === 'experts')
			count.experts = isWhole && count.experts !== null ? count.experts + weights : null;
	}
	return count;
}

function basisOf({ weights, companions, packings }: Count): string {
	const names = [...packings].join(', ');
	if (packings.size === 0 && companions === 0) return 'Every stored element is a weight.';
	const without =
		companions === 0 ? '' : ` ${companions.toLocaleString('en')} tensors of scales and the like are not counted.`;
	if (packings.size === 0) return `Stored elements are weights.${without}`;
	if (weights === null)
		return `Weights are packed (${names}), and the header does not say how many are in one element.`;
	return `Packed weights (${names}) are counted one by one.${without}`;
}

/** The sums of one file's header. */
export function summarizeSafetensors(
	{ headerBytes, metadata, tensors }: SafetensorsFile,
	packing: Packing = { bits: null, group: null },
): SafetensorsHeader {
	const totals = emptyTotals();
	for (const { name, type, elements, start, end } of tensors) {
		addTensor(totals, { type, role: roleOf(name), parameters: elements, bytes: end - start });
	}
	totals.types.sort((a, b) => b.parameters - a.parameters);
	const count = countWeights(tensors, packing);
	const claim = Number(metadata.get('total_parameters') ?? NaN);
	return {
		format: 'safetensors',
		headerBytes,
		tensors: totals,
		parameters: count.weights,
		experts: count.experts,
		basis: basisOf(count),
		claimed: Number.isSafeInteger(claim) && claim > 0 ? claim : null,
	};
}
