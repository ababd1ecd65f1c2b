// How ggml stores numbers: every tensor type with its block, and the mixes of types that a GGUF file is called after.
//
// Sources: `ggml_type` and the block structures of ggml (ggml.h, ggml-common.h), `llama_ftype` of llama.cpp (llama.h),
// the quantization sizes of gguf-py, all of August 2026. Numbers 4 and 5 (Q4_2, Q4_3) left the format before GGUF; 31 to
// 33 and 36 to 38 were the same blocks in another order and can still be met in files of 2024.

/** One tensor type: `block` weights are stored in `bytes` bytes. */
export interface GgmlType {
	/** The number in the file. */
	id: number;
	name: string;
	/** Weights of one block; a tensor's rows are whole blocks. */
	block: number;
	/** Bytes of one block, scales included. */
	bytes: number;
	/** Bits a person calls it by: 4 for Q4_K, 1.58 for ternary types. */
	bits: number;
}

const lines: [id: number, name: string, block: number, bytes: number, bits: number][] = [
	[0, 'F32', 1, 4, 32],
	[1, 'F16', 1, 2, 16],
	[2, 'Q4_0', 32, 18, 4],
	[3, 'Q4_1', 32, 20, 4],
	[6, 'Q5_0', 32, 22, 5],
	[7, 'Q5_1', 32, 24, 5],
	[8, 'Q8_0', 32, 34, 8],
	[9, 'Q8_1', 32, 36, 8],
	[10, 'Q2_K', 256, 84, 2],
	[11, 'Q3_K', 256, 110, 3],
	[12, 'Q4_K', 256, 144, 4],
	[13, 'Q5_K', 256, 176, 5],
	[14, 'Q6_K', 256, 210, 6],
	[15, 'Q8_K', 256, 292, 8],
	[16, 'IQ2_XXS', 256, 66, 2],
	[17, 'IQ2_XS', 256, 74, 2],
	[18, 'IQ3_XXS', 256, 98, 3],
	[19, 'IQ1_S', 256, 50, 1],
	[20, 'IQ4_NL', 32, 18, 4],
	[21, 'IQ3_S', 256, 110, 3],
	[22, 'IQ2_S', 256, 82, 2],
	[23, 'IQ4_XS', 256, 136, 4],
	[24, 'I8', 1, 1, 8],
	[25, 'I16', 1, 2, 16],
	[26, 'I32', 1, 4, 32],
	[27, 'I64', 1, 8, 64],
	[28, 'F64', 1, 8, 64],
	[29, 'IQ1_M', 256, 56, 1],
	[30, 'BF16', 1, 2, 16],
	[31, 'Q4_0_4_4', 32, 18, 4],
	[32, 'Q4_0_4_8', 32, 18, 4],
	[33, 'Q4_0_8_8', 32, 18, 4],
	[34, 'TQ1_0', 256, 54, 1.69],
	[35, 'TQ2_0', 256, 66, 2],
	[36, 'IQ4_NL_4_4', 32, 18, 4],
	[37, 'IQ4_NL_4_8', 32, 18, 4],
	[38, 'IQ4_NL_8_8', 32, 18, 4],
	[39, 'MXFP4', 32, 17, 4],
	[40, 'NVFP4', 64, 36, 4],
	[41, 'Q1_0', 128, 18, 1],
	[42, 'Q2_0', 64, 18, 2],
];

/** Every tensor type that GGUF files hold. */
export const ggmlTypes: readonly GgmlType[] = lines.map(([id, name, block, bytes, bits]) => {
	return { id, name, block, bytes, bits };
});

const byId = new Map(ggmlTypes.map((row) => [row.id, row]));
const byName = new Map(ggmlTypes.map((row) => [row.name, row]));

/** The type with this number; null for one that is newer than this table. */
export function ggmlTypeOf(id: number): GgmlType | null {
	return byId.get(id) ?? null;
}

/** The type of this name (`Q4_K`); null when the table does not have it. */
export function ggmlTypeNamed(name: string): GgmlType | null {
	return byName.get(name) ?? null;
}

/** Bits that one weight takes on disk and in memory, its share of the scales included: 4.5 for Q4_K. */
export function bitsPerWeight({ block, bytes }: GgmlType): number {
	return (bytes * 8) / block;
}

/**
 * `general.file_type` → the mix the file was made as. The number is advice: quantizers with mixes of their own leave the
 * nearest one here, and 1024 is added to it where it was guessed.
 */
export const ggufFileTypes = new Map<number, string>([
	[0, 'F32'],
	[1, 'F16'],
	[2, 'Q4_0'],
	[3, 'Q4_1'],
	[4, 'Q4_1_SOME_F16'],
	[5, 'Q4_2'],
	[6, 'Q4_3'],
	[7, 'Q8_0'],
	[8, 'Q5_0'],
	[9, 'Q5_1'],
	[10, 'Q2_K'],
	[11, 'Q3_K_S'],
	[12, 'Q3_K_M'],
	[13, 'Q3_K_L'],
	[14, 'Q4_K_S'],
	[15, 'Q4_K_M'],
	[16, 'Q5_K_S'],
	[17, 'Q5_K_M'],
	[18, 'Q6_K'],
	[19, 'IQ2_XXS'],
	[20, 'IQ2_XS'],
	[21, 'Q2_K_S'],
	[22, 'IQ3_XS'],
	[23, 'IQ3_XXS'],
	[24, 'IQ1_S'],
	[25, 'IQ4_NL'],
	[26, 'IQ3_S'],
	[27, 'IQ3_M'],
	[28, 'IQ2_S'],
	[29, 'IQ2_M'],
	[30, 'IQ4_XS'],
	[31, 'IQ1_M'],
	[32, 'BF16'],
	[33, 'Q4_0_4_4'],
	[34, 'Q4_0_4_8'],
	[35, 'Q4_0_8_8'],
	[36, 'TQ1_0'],
	[37, 'TQ2_0'],
	[38, 'MXFP4_MOE'],
	[39, 'NVFP4'],
	[40, 'Q1_0'],
	[41, 'Q2_0'],
]);

/** Added to `general.file_type` by tools that guessed it from the tensors. */
export const guessedFileType = 1024;
