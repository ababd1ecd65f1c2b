// A small safetensors file: experts, an embedding, an output and a scalar, in three types.
import type { WrittenTensor } from './safetensors-writer.ts';

export const plain: Record<string, WrittenTensor> = {
	'model.embed_tokens.weight': { type: 'BF16', shape: [100, 16] },
	'model.layers.0.mlp.experts.0.up_proj.weight': { type: 'BF16', shape: [16, 32] },
	'model.layers.0.mlp.shared_experts.up_proj.weight': { type: 'BF16', shape: [16, 8] },
	'model.norm.weight': { type: 'F32', shape: [16] },
	'model.scalar': { type: 'I64', shape: [] },
	'lm_head.weight': { type: 'BF16', shape: [100, 16] },
};
