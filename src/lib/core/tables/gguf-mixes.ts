// The sizes of GGUF files: what each tensor type costs, and what the mixes of llama.cpp come to.
import { bitsPerWeight, ggmlTypes } from '#lib/core/tables/ggml-types.ts';

/** Bits per weight of a tensor type, scales included; labels of other tools' files spell two of the names differently. */
export const tensorBits: Readonly<Record<string, number>> = {
	...{ FP32: 32, FP16: 16 },
	...Object.fromEntries(ggmlTypes.map((type) => [type.name, bitsPerWeight(type)])),
};

/**
 * One mix. `whole`: bits per weight of the whole file for Llama 3.1 8B (8,030,261,248 weights, of which the embedding
 * and the output are 525,336,576 each). `embed`: the tensor type of a separate embedding; `output`: of the output
 * matrix, or of the embedding where it is both; `base`: what most tensors have, which says what stands in for it in
 * rows that are no multiple of 256.
 */
export interface GgufMix {
	whole: number;
	embed: string;
	output: string;
	base: string;
}

const mix = (whole: number, embed: string, output: string, base: string): GgufMix => ({ whole, embed, output, base });

/**
 * Sources: the table of llama.cpp's `llama-quantize` for Llama 3.1 8B; for the types missing there the same model's
 * tensors by the rules of its source. Labels without a row are no mixes of llama.cpp.
 */
export const ggufMixes: Readonly<Record<string, GgufMix>> = {
	IQ1_S: mix(2.0042, 'Q2_K', 'Q5_K', 'IQ1_S'),
	IQ1_M: mix(2.146, 'Q2_K', 'Q5_K', 'IQ1_M'),
	IQ2_XXS: mix(2.3824, 'Q2_K', 'Q5_K', 'IQ2_XXS'),
	IQ2_XS: mix(2.5882, 'Q2_K', 'Q5_K', 'IQ2_XS'),
	IQ2_S: mix(2.7403, 'IQ3_S', 'Q5_K', 'IQ2_S'),
	IQ2_M: mix(2.9294, 'IQ3_S', 'Q5_K', 'IQ2_S'),
	IQ3_XXS: mix(3.2548, 'IQ3_S', 'Q5_K', 'IQ3_XXS'),
	IQ3_XS: mix(3.4977, 'IQ3_S', 'Q6_K', 'IQ3_S'),
	IQ3_S: mix(3.6606, 'IQ3_S', 'Q6_K', 'IQ3_S'),
	IQ3_M: mix(3.7628, 'IQ3_S', 'Q6_K', 'IQ3_S'),
	IQ4_XS: mix(4.4597, 'IQ4_XS', 'Q6_K', 'IQ4_XS'),
	IQ4_NL: mix(4.6818, 'IQ4_NL', 'Q6_K', 'IQ4_NL'),
	Q2_K_S: mix(2.9697, 'Q2_K', 'Q6_K', 'Q2_K'),
	Q2_K: mix(3.1593, 'Q2_K', 'Q6_K', 'Q2_K'),
	Q3_K_S: mix(3.6429, 'Q3_K', 'Q6_K', 'Q3_K'),
	Q3_K_M: mix(3.996, 'Q3_K', 'Q6_K', 'Q3_K'),
	Q3_K_L: mix(4.2979, 'Q3_K', 'Q6_K', 'Q3_K'),
	Q4_0: mix(4.65, 'Q4_0', 'Q6_K', 'Q4_0'),
	Q4_1: mix(5.1, 'Q4_1', 'Q6_K', 'Q4_1'),
	Q4_K_S: mix(4.6672, 'Q4_K', 'Q6_K', 'Q4_K'),
	Q4_K_M: mix(4.8944, 'Q4_K', 'Q6_K', 'Q4_K'),
	Q5_0: mix(5.57, 'Q5_0', 'Q6_K', 'Q5_0'),
	Q5_1: mix(6.04, 'Q5_1', 'Q6_K', 'Q5_1'),
	Q5_K_S: mix(5.5704, 'Q5_K', 'Q6_K', 'Q5_K'),
	Q5_K_M: mix(5.7036, 'Q5_K', 'Q6_K', 'Q5_K'),
	Q6_K: mix(6.5633, 'Q6_K', 'Q6_K', 'Q6_K'),
	Q8_0: mix(8.5008, 'Q8_0', 'Q8_0', 'Q8_0'),
};

/** What llama.cpp takes for a type whose blocks of 256 do not divide a row. Source: its fallback when quantizing. */
export const oddRowType: Readonly<Record<string, string>> = {
	Q4_K: 'Q5_0',
	Q5_K: 'Q5_1',
	Q6_K: 'Q8_0',
	Q2_K: 'Q4_0',
	Q3_K: 'Q4_0',
	...{ IQ1_S: 'IQ4_NL', IQ1_M: 'IQ4_NL', IQ2_XXS: 'IQ4_NL', IQ2_XS: 'IQ4_NL', IQ2_S: 'IQ4_NL' },
	...{ IQ3_XXS: 'IQ4_NL', IQ3_S: 'IQ4_NL', IQ4_XS: 'IQ4_NL' },
};
