// Headers of well-known models as their GGUF files have them: real sizes, made-up vocabularies, no weights.
import { memorySource } from '#lib/core/byte-source.ts';
import type { GgufHeader } from '#lib/core/gguf-header.ts';
import { readGguf } from '#lib/core/gguf.ts';
import { counted } from './byte-sources.ts';
import { ggufSize, writeGguf, type GgufFile, type GgufTensor, type GgufWritten } from './gguf-writer.ts';

/** Keys of one architecture, written without its name before them. */
export function keysOf(architecture: string, own: Record<string, GgufWritten>, more: Record<string, GgufWritten> = {}) {
	const entries = Object.entries(own).map(([key, value]): [string, GgufWritten] => [`${architecture}.${key}`, value]);
	return { 'general.architecture': architecture, ...Object.fromEntries(entries), ...more };
}

/** The header of a file with these keys and no tensors. */
export function headerOf(keys: Record<string, GgufWritten>): Promise<GgufHeader> {
	return readGguf(memorySource(writeGguf({ keys })));
}

/** The header of a file whose weights are only pretended. */
export function pretended(file: GgufFile): Promise<GgufHeader> {
	return readGguf(counted(writeGguf({ ...file, bare: true }), ggufSize(file)));
}

const layersOf = (count: number, tensors: (layer: number) => GgufTensor[]) =>
	Array.from({ length: count }, (_, layer) => tensors(layer)).flat();

/** Qwen3-30B-A3B at Q4_K_M: 48 layers of 128 experts, of which 8 work on a token. */
export const mixture: GgufFile = {
	keys: keysOf(
		'qwen3moe',
		{
			context_length: 40_960,
			block_count: 48,
			embedding_length: 2048,
			feed_forward_length: 6144,
			'attention.head_count': 32,
			'attention.head_count_kv': 4,
			'attention.key_length': 128,
			'attention.value_length': 128,
			expert_count: 128,
			expert_used_count: 8,
			expert_feed_forward_length: 768,
		},
		{ 'general.file_type': 15, 'tokenizer.ggml.tokens': ['a', 'b'] },
	),
	tensors: [
		{ name: 'token_embd.weight', dims: [2048, 151_936], type: 'Q4_K' },
		...layersOf(48, (layer) => [
			{ name: `blk.${layer}.attn_norm.weight`, dims: [2048] },
			{ name: `blk.${layer}.attn_q.weight`, dims: [2048, 4096], type: 'Q4_K' },
			{ name: `blk.${layer}.attn_k.weight`, dims: [2048, 512], type: 'Q4_K' },
			{ name: `blk.${layer}.attn_v.weight`, dims: [2048, 512], type: 'Q6_K' },
			{ name: `blk.${layer}.attn_output.weight`, dims: [4096, 2048], type: 'Q4_K' },
			{ name: `blk.${layer}.attn_q_norm.weight`, dims: [128] },
			{ name: `blk.${layer}.attn_k_norm.weight`, dims: [128] },
			{ name: `blk.${layer}.ffn_norm.weight`, dims: [2048] },
			{ name: `blk.${layer}.ffn_gate_inp.weight`, dims: [2048, 128] },
			{ name: `blk.${layer}.ffn_gate_exps.weight`, dims: [2048, 768, 128], type: 'Q4_K' },
			{ name: `blk.${layer}.ffn_up_exps.weight`, dims: [2048, 768, 128], type: 'Q4_K' },
			{ name: `blk.${layer}.ffn_down_exps.weight`, dims: [768, 2048, 128], type: 'Q6_K' },
		]),
		{ name: 'output_norm.weight', dims: [2048] },
		{ name: 'output.weight', dims: [2048, 151_936], type: 'Q6_K' },
	],
};

/** A small dense model that fits into a test: two layers, everything in Q4_0 and F32. */
export function tinyModel(more: Record<string, GgufWritten> = {}, type = 'Q4_0'): GgufFile {
	return {
		keys: keysOf(
			'llama',
			{
				context_length: 2048,
				block_count: 2,
				embedding_length: 64,
				feed_forward_length: 128,
				'attention.head_count': 4,
				'attention.head_count_kv': 2,
				'rope.freq_base': { type: 'f32', value: 10_000 },
			},
			{
				'general.name': 'Tiny',
				'general.file_type': type === 'Q4_0' ? 2 : 7,
				'tokenizer.ggml.model': 'gpt2',
				'tokenizer.ggml.tokens': Array.from({ length: 96 }, (_, at) => `t${at}`),
				'tokenizer.chat_template': '{{ messages }}',
				...more,
			},
		),
		tensors: [
			{ name: 'token_embd.weight', dims: [64, 96], type },
			...layersOf(2, (layer) => [
				{ name: `blk.${layer}.attn_q.weight`, dims: [64, 64], type },
				{ name: `blk.${layer}.attn_norm.weight`, dims: [64] },
			]),
			{ name: 'output_norm.weight', dims: [64] },
		],
	};
}

/** Weights of `tinyModel`. */
export const tinyParameters = 64 * 96 + 2 * (64 * 64 + 64) + 64;
