// Parameter counts of dense decoders: one row per model type, most of them a few switches over the same layer.
import { attention, gated, qkvBias } from '#lib/core/blocks.ts';
import {
	decoder,
	decoderPlan,
	denseParts,
	feedForward,
	mixerAndNorms,
	outputHead,
	type ParameterRow,
} from '#lib/core/decoder.ts';
import { type Dimensions, figure, figureOr, flag, list, part } from '#lib/core/shape.ts';
import { blockPart, crossLayers } from '#lib/core/layer-patterns.ts';

const attentionBias = ['attention_bias', false] as const;
const plainBias = ['bias', false] as const;

const positions = (d: Dimensions): number =>
	figure(d.config, 'n_positions', 'max_position_embeddings', 'n_ctx') * d.hidden;

const llama = decoder('Llama decoder: attention, gated feed-forward and two norms per layer', {
	qkvBias: attentionBias,
	outBias: attentionBias,
	mlpBias: ['mlp_bias', false],
});
const mistral = decoder('Mistral decoder: attention, gated feed-forward and two norms per layer', {});
const qwen2 = decoder('Qwen2 decoder: as Llama, with biases on query, key and value', { qkvBias: true });
const qwen3 = decoder('Qwen3 decoder: as Llama, with norms on query and key heads', {
	qkvBias: attentionBias,
	outBias: attentionBias,
	qkNorm: 'head',
});
const internlm = decoder('InternLM decoder: as Llama, with optional biases', {
	qkvBias: plainBias,
	outBias: plainBias,
});
const gemma3 = decoder('Gemma 3 decoder: four norms per layer and norms on query and key heads', {
	qkvBias: attentionBias,
	outBias: attentionBias,
	norms: 4,
	qkNorm: 'head',
	tied: true,
});
const olmo2 = decoder('OLMo 2 decoder: norms over the whole query and key', {
	qkvBias: attentionBias,
	outBias: attentionBias,
	qkNorm: 'full',
});
const gptj = decoder('GPT-J decoder: one norm for parallel attention and feed-forward, head with a bias', {
	mlp: 2,
	mlpBias: true,
	final: 2,
	headBias: true,
});
const gptBias = { qkvBias: true, outBias: true, mlp: 2, mlpBias: true, norms: 4, final: 2 } as const;
const gptPlan = decoderPlan(gptBias);
const cohere = decoder('Cohere decoder: one norm for parallel attention and feed-forward, tied embeddings', {
	qkvBias: attentionBias,
	outBias: attentionBias,
	norms: 1,
	qkNorm: 'full',
	qkNormIf: ['use_qk_norm', false],
	tied: true,
});

/** Rows made of switches. Sources: the published module of each type (transformers 5, or its remote code). */
const switches: Readonly<Record<string, ParameterRow>> = {
	llama,
	arcee: decoder('Arcee decoder: as Llama, feed-forward without a gate', {
		qkvBias: attentionBias,
		outBias: attentionBias,
		mlp: 2,
	}),
	apertus: decoder('Apertus decoder: feed-forward without a gate, learned activation, norms on query and key heads', {
		qkvBias: attentionBias,
		outBias: attentionBias,
		mlp: 2,
		qkNorm: 'head',
		perLayer: () => 2,
	}),
	baichuan: decoder('Baichuan decoder: as Llama', {}),
	bitnet: decoder('BitNet decoder: as Llama, with norms inside attention and feed-forward', {
		tied: true,
		norms: 3,
		perLayer: (d) => d.inner,
	}),
	codegen: gptj,
	cohere,
	cohere2: cohere,
	ernie4_5: decoder('ERNIE 4.5 decoder: as Llama', {
		qkvBias: ['use_bias', false],
		outBias: ['use_bias', false],
		tied: true,
	}),
	exaone: decoder('EXAONE 3 decoder: as Llama', {}),
	exaone4: decoder('EXAONE 4 decoder: as Llama, with norms on query and key heads', { qkNorm: 'head' }),
	gemma: decoder('Gemma decoder: as Llama, tied embeddings', {
		qkvBias: attentionBias,
		outBias: attentionBias,
		tied: true,
	}),
	gemma2: decoder('Gemma 2 decoder: four norms per layer, tied embeddings', {
		qkvBias: attentionBias,
		outBias: attentionBias,
		norms: 4,
		tied: true,
	}),
	gemma3: gemma3,
	gemma3_text: gemma3,
	glm: decoder('GLM-4 9B decoder: as Llama, with biases on query, key and value', { qkvBias: attentionBias }),
	glm4: decoder('GLM-4 0414 decoder: four norms per layer', { qkvBias: attentionBias, norms: 4 }),
	gpt2: decoder('GPT-2: biases everywhere, learned positions, tied embeddings', {
		...gptBias,
		tied: true,
		outside: positions,
	}),
	gpt_bigcode: decoder('GPT-BigCode: GPT-2 with one shared key and value head', {
		...gptBias,
		tied: true,
		outside: positions,
	}),
	gpt_neo: decoder('GPT-Neo: bias on the output projection only, learned positions, tied embeddings', {
		...gptBias,
		qkvBias: false,
		tied: true,
		outside: positions,
	}),
	gpt_neox: decoder('GPT-NeoX: biases everywhere, untied embeddings', {
		...gptBias,
		qkvBias: ['attention_bias', true],
		outBias: ['attention_bias', true],
	}),
	gptj,
	granite: llama,
	helium: llama,
	hunyuan_v1_dense: qwen3,
	internlm,
	internlm2: internlm,
	internlm3: decoder('InternLM3 decoder: as Llama, with optional biases', {
		qkvBias: ['qkv_bias', false],
		outBias: plainBias,
		mlpBias: plainBias,
	}),
	mimo: qwen2,
	minicpm: decoder('MiniCPM decoder: as Llama, tied embeddings', { tied: true }),
	ministral: mistral,
	ministral3: mistral,
	mistral,
	nemotron: decoder('Nemotron decoder: feed-forward without a gate, norms with biases', {
		qkvBias: attentionBias,
		outBias: attentionBias,
		mlp: 2,
		mlpBias: ['mlp_bias', false],
		norms: 4,
		final: 2,
	}),
	olmo: decoder('OLMo decoder: as Llama, norms without parameters', {
		qkvBias: attentionBias,
		outBias: attentionBias,
		norms: 0,
		final: 0,
	}),
	olmo2,
	olmo3: olmo2,
	phi: decoder('Phi decoder: biases everywhere, one norm per layer, head with a bias', {
		...gptBias,
		norms: 2,
		qkNorm: 'head',
		qkNormIf: ['qk_layernorm', false],
		headBias: true,
		perLayer: (d) => (flag(d.config, 'qk_layernorm', false) ? 2 * d.headDim : 0),
	}),
	phi3: decoder('Phi-3 decoder: as Llama, fused projections', {}),
	phi3_v: decoder('Phi-3 decoder: as Llama, fused projections', {}),
	phi4: decoder('Phi-4 decoder: as Llama, fused projections', { tied: true }),
	qwen2,
	qwen2_vl_text: qwen2,
	qwen2_vl: qwen2,
	qwen2_5_vl_text: qwen2,
	qwen2_5_vl: qwen2,
	qwen3,
	qwen3_vl_text: qwen3,
	qwen2_5_omni_text: qwen2,
	seed_oss: decoder('Seed-OSS decoder: as Llama, with biases on query, key and value', {
		qkvBias: ['attention_bias', true],
		outBias: ['attention_out_bias', false],
		mlpBias: ['mlp_bias', false],
	}),
	smollm3: llama,
	stablelm: decoder('StableLM decoder: as Llama, norms with biases', {
		qkvBias: ['use_qkv_bias', false],
		norms: 2,
		perLayer: (d) => (flag(d.config, 'use_parallel_residual', false) ? 0 : 2 * d.hidden),
		qkNorm: 'full',
		qkNormIf: ['qk_layernorm', false],
		final: 2,
	}),
	starcoder2: decoder('StarCoder2 decoder: biases everywhere, feed-forward without a gate', {
		qkvBias: ['use_bias', true],
		outBias: ['use_bias', true],
		mlp: 2,
		mlpBias: ['use_bias', true],
		norms: 4,
		final: 2,
		tied: true,
	}),
	vaultgemma: decoder('VaultGemma decoder: as Llama, tied embeddings', { tied: true }),
};

/** OPT: positions shifted by two, embeddings of another width in the 350M model. */
const opt: ParameterRow = {
	rule: 'OPT: biases everywhere, learned positions, tied embeddings',
	count(d, root) {
		const { config: c, hidden } = d;
		const width = figureOr(c, 'word_embed_proj_dim', hidden);
		const embed = d.vocab * width;
		const project = width === hidden ? 0 : 2 * width * hidden;
		const final = flag(c, 'do_layer_norm_before', true) && !flag(c, '_remove_final_layer_norm', false) ? 2 * hidden : 0;
		const layer = mixerAndNorms(d, gptPlan) + feedForward(d, gptPlan);
		const table = (figure(c, 'max_position_embeddings') + 2) * hidden;
		return denseParts(embed, outputHead(d, root, true), d.layers * layer + table + project + final);
	},
};

const bloom: ParameterRow = {
	rule: 'BLOOM: biases everywhere, a norm on the embeddings, tied embeddings',
	count(d, root) {
		const embed = d.vocab * d.hidden;
		const layer = 12 * d.hidden ** 2 + 13 * d.hidden;
		return denseParts(embed, outputHead(d, root, true), d.layers * layer + 4 * d.hidden);
	},
};

const mpt: ParameterRow = {
	rule: 'MPT: no biases, tied embeddings, no learned positions',
	count(d, root) {
		const { config: c, hidden } = d;
		const embed = d.vocab * hidden;
		const inner = figureOr(c, 'expansion_ratio', 4) * hidden;
		const layer = attention(d) + 2 * hidden * inner + 2 * hidden;
		const nested = part(c, 'attn_config');
		const learned = nested !== null && flag(nested, 'alibi', true) === false && !flag(nested, 'rope', false);
		const table = learned ? figure(c, 'max_seq_len', 'max_position_embeddings') * hidden : 0;
		return denseParts(embed, outputHead(d, root, true), d.layers * layer + hidden + table);
	},
};

/** Falcon and its first names. One norm per layer in parallel blocks, two in the new and in the sequential ones. */
const falcon: ParameterRow = {
	rule: 'Falcon: shared key and value heads, feed-forward without a gate, tied embeddings',
	count(d, root) {
		const { config: c, hidden, inner } = d;
		const isNew = d.type === 'RefinedWeb' || flag(c, 'new_decoder_architecture', false);
		const twoNorms = isNew ? figureOr(c, 'num_ln_in_parallel_attn', 2) === 2 : !flag(c, 'parallel_attn', true);
		const biases = flag(c, 'bias', false) ? qkvBias(d) + hidden + inner + hidden : 0;
		const layer = attention(d) + 2 * hidden * inner + (twoNorms ? 4 : 2) * hidden + biases;
		const embed = d.vocab * hidden;
		return denseParts(embed, outputHead(d, root, true), d.layers * layer + 2 * hidden);
	},
};

/** Qwen 1 states the width of both halves of its gated block together and its heads as `kv_channels`. */
const qwen: ParameterRow = {
	rule: 'Qwen decoder (first generation): as Llama, with biases on query, key and value',
	count(d, root) {
		const { config: c, hidden } = d;
		const width = figureOr(c, 'kv_channels', d.headDim) * d.heads;
		const biases = flag(c, 'no_bias', true) ? 0 : hidden + d.inner + hidden;
		const layer = 4 * hidden * width + 3 * width + gated(hidden, d.inner / 2) + 2 * hidden + biases;
		const embed = d.vocab * hidden;
		return denseParts(embed, outputHead(d, root, false), d.layers * layer + hidden);
	},
};

/** Nemotron-NAS: every block has its own number of key/value heads and its own inner width, or lacks a half. */
const nemotronNas: ParameterRow = {
	rule: 'Nemotron-NAS: a Llama decoder whose blocks each state their own heads and widths',
	count(d, root) {
		const blocks = list(d.config, 'block_configs') ?? [];
		let layers = blocks.length === d.layers ? 0 : NaN;
		for (const block of blocks) layers += nasBlock(d, block);
		const embed = d.vocab * d.hidden;
		return denseParts(embed, outputHead(d, root, false), layers + d.hidden);
	},
};

function nasBlock(d: Dimensions, block: unknown): number {
	const attends = blockPart(block, 'attention');
	const computes = blockPart(block, 'ffn');
	let sum = 0;
	if (attends !== null) {
		const kvHeads = d.heads / figure(attends, 'n_heads_in_group');
		sum += attention({ ...d, kvHeads }) + d.hidden;
	}
	if (computes !== null) {
		// The block states a multiple; the width is two thirds of it, rounded up to 256 (the model's own code).
		const width = Math.ceil(Math.floor((2 * figure(computes, 'ffn_mult') * d.hidden) / 3) / 256) * 256;
		sum += gated(d.hidden, width) + d.hidden;
	}
	return sum;
}

/** Llama 3.2 Vision: some layers attend to the picture, with norms on the heads and two gates; eight words more come in. */
const mllama: ParameterRow = {
	rule: 'Llama 3.2 Vision decoder: as Llama, some layers attend to the picture instead',
	count(d, root) {
		const cross = crossLayers(d.config, d.layers)?.length ?? NaN;
		const layer = attention(d) + gated(d.hidden, d.inner) + 2 * d.hidden;
		const embed = (d.vocab + 8) * d.hidden;
		const rest = d.layers * layer + cross * (2 * d.headDim + 2) + d.hidden;
		return denseParts(embed, outputHead(d, root, false), rest);
	},
};

/** Model type → how its dense decoder is counted. */
export const denseRows: Readonly<Record<string, ParameterRow>> = {
	...switches,
	bloom,
	falcon,
	mllama_text_model: mllama,
	mpt,
	'nemotron-nas': nemotronNas,
	opt,
	qwen,
	RefinedWeb: falcon,
	RefinedWebModel: falcon,
};
