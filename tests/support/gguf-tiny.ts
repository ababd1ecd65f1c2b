// A small GGUF file with keys of every type and tensors of every kind, for tests that read headers.
import type { GgufFile, GgufWritten } from './gguf-writer.ts';

export const keys: Record<string, GgufWritten> = {
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
export const tensors = [
	{ name: 'token_embd.weight', dims: [256, 3], type: 'Q6_K' },
	{ name: 'blk.0.attn_q.weight', dims: [256, 256], type: 'Q4_K' },
	{ name: 'blk.0.attn_norm.weight', dims: [256] },
	{ name: 'blk.0.ffn_up_exps.weight', dims: [256, 32, 8], type: 'Q4_K' },
	{ name: 'blk.0.ffn_up_shexp.weight', dims: [256, 32], type: 'Q4_K' },
	{ name: 'output.weight', dims: [256, 3], type: 'Q6_K' },
];
export const tiny: GgufFile = { keys, tensors };
