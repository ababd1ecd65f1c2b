// What a running model remembers, in bytes: the cache each token adds, and the windows and states that stay the same size.
import { deltaSizes, mamba1Sizes, mamba2Sizes } from '#lib/core/blocks.ts';
import {
	type Config,
	type Dimensions,
	dimensionsOf,
	figure,
	figureOr,
	list,
	part,
	textConfig,
} from '#lib/core/shape.ts';
import { blockPart } from '#lib/core/layer-patterns.ts';
import { type LayerGroup, planOf, textType } from '#lib/core/layers.ts';
import type { State } from '#lib/core/mixers.ts';
import { gemma4Shape } from '#lib/core/parameters-gemma.ts';
import { mimoShape } from '#lib/core/parameters-moe.ts';

/**
 * The cache of one sequence with 16-bit keys and values. `bytesPerToken`: what each further token costs over full
 * attention layers and latents (0 where every layer slides). `fixedBytes`: windows at their full size and recurrent
 * states. `rule`: a sentence on how, and what is left out.
 */
export interface KvCache {
	readonly bytesPerToken: number;
	readonly fixedBytes: number;
	/** What a token costs over all windowed layers while their window is not full, and the longest of their windows. */
	readonly windowBytesPerToken: number;
	readonly windowTokens: number;
	/** The recurrent states alone. */
	readonly stateBytes: number;
	/** Tokens of an encoder whose keys and values the decoder keeps too; `text`: as many as it reads. 0 without one. */
	readonly encoderTokens: number | 'text';
	readonly rule: string;
}

const noCache: KvCache = {
	bytesPerToken: 0,
	fixedBytes: 0,
	windowBytesPerToken: 0,
	windowTokens: 0,
	stateBytes: 0,
	encoderTokens: 0,
	rule: 'An encoder keeps no cache.',
};

const bytesPerElement = 2;

/** Encoders read a text once and keep nothing. */
const encoders = new Set([
	...['albert', 'bert', 'camembert', 'deberta', 'deberta-v2', 'distilbert', 'electra', 'ernie', 'esm', 'eurobert'],
	...['jina_embeddings_v3', 'megatron-bert', 'mobilebert', 'modernbert', 'mpnet', 'nomic_bert', 'rembert', 'roberta'],
	...['roberta-prelayernorm', 'roformer', 'xlm-roberta', 'xlm-roberta-xl', 'clip', 'siglip', 'clip_text_model'],
	...['siglip_text_model', 'vit', 'dinov2', 'wav2vec2', 'hubert'],
]);

/** Elements (keys and values) that one token leaves in one attention layer of the group. */
type Elements = (d: Dimensions, group: LayerGroup) => number;

const plainElements: Elements = (d) => 2 * d.kvHeads * d.headDim;

/** Types whose layers differ in heads or sizes. */
const elementRules = new Map<string, Elements>(
	Object.entries({
		gemma4_text: (d, group) => gemma4Elements(d, group),
		gemma4: (d, group) => gemma4Elements(d, group),
		mimo_v2_flash: (d, group) => {
			const { kvHeads, headDim, valueDim } = mimoShape(d, group.attention === 'sliding');
			return kvHeads * (headDim + valueDim);
		},
	}),
);

/** Runtimes keep keys and values apart even where Gemma 4 projects them together: norms and positions differ. */
function gemma4Elements(d: Dimensions, group: LayerGroup): number {
	const { headDim, kvHeads } = gemma4Shape(d, group.attention === 'full');
	return 2 * kvHeads * headDim;
}

/** Elements of one layer's state: the small convolution window, and the recurrent part that many configs keep in fp32. */
interface StateSize {
	readonly convolution: number;
	readonly recurrent: number;
}

const stateRules: Readonly<Record<State, (d: Dimensions) => StateSize>> = {
	none: () => ({ convolution: 0, recurrent: 0 }),
	mamba1: (d) => {
		const { inner, kernel, state } = mamba1Sizes(d);
		return { convolution: inner * (kernel - 1), recurrent: inner * state };
	},
	mamba2: (d) => {
		const { inner, heads, headDim, state, groups, kernel } = mamba2Sizes(d);
		return { convolution: (inner + 2 * groups * state) * (kernel - 1), recurrent: heads * headDim * state };
	},
	delta: ({ config }) => {
		const { keys, values, kernel, state } = deltaSizes(config);
		return { convolution: (2 * keys + values) * (kernel - 1), recurrent: state };
	},
	kda: ({ config }) => {
		const nested = part(config, 'linear_attn_config') ?? config;
		const heads = figure(nested, 'num_heads', 'linear_num_key_heads', 'num_attention_heads');
		const dim = figure(nested, 'head_dim', 'linear_key_head_dim');
		const kernel = figure(nested, 'short_conv_kernel_size', 'linear_conv_kernel_dim');
		return { convolution: 3 * heads * dim * (kernel - 1), recurrent: heads * dim ** 2 };
	},
	conv: (d) => ({ convolution: d.hidden * (figure(d.config, 'conv_L_cache') - 1), recurrent: 0 }),
	// RWKV 4 keeps two shifted tokens and three sums per channel; later versions a matrix per head.
	rwkv: ({ config, hidden }) => {
		const head = figureOr(config, 'head_size', 0);
		const width = figureOr(config, 'attention_hidden_size', hidden);
		return { convolution: 2 * hidden, recurrent: head > 0 ? hidden * head : 3 * width };
	},
	lightning: (d) => ({ convolution: 0, recurrent: d.heads * d.headDim ** 2 }),
	griffin: ({ config, hidden }) => {
		const width = figureOr(config, 'lru_width', hidden);
		return { convolution: width * (figureOr(config, 'conv1d_width', 4) - 1), recurrent: width };
	},
};

/** Does the config itself ask for a 32-bit recurrent state? Without that word the state is counted with 16 bits. */
function keepsWideState(config: Config): boolean {
	return config['mamba_ssm_dtype'] === 'float32' || config['mamba_ssm_cache_dtype'] === 'float32';
}

/**
 * The cache of a decoder, from the config of its language model (class defaults filled in; a whole config is read where
 * its language model stands). Encoders have none: zeros. Encoder-decoders: what each generated token adds in the
 * decoder. Null when the layers or a number are not known.
 */
export function kvCache(modelType: string | null, text: Config): KvCache | null {
	const config = textConfig(text);
	return textCache(textType(modelType, config), config, null);
}

/** As `kvCache`, for the language model's own type and config. `known`: figures read before, perhaps from this config. */
export function textCache(type: string | null, config: Config, known: Dimensions | null): KvCache | null {
	if (type !== null && encoders.has(type) && config['is_decoder'] !== true) {
		return noCache;
	}
	const d = dimensionsOf(type ?? '', config, known);
	if (config['is_encoder_decoder'] === true || (type !== null && twoStacks.has(type))) return decoderStack(d);
	if (type === 'nemotron-nas') return blockwise(d);
	const plan = planOf(d);
	return plan === null ? null : sum(d, plan.groups);
}

function sum(d: Dimensions, groups: readonly LayerGroup[]): KvCache | null {
	const elements = elementRules.get(d.type) ?? plainElements;
	const stateBytes = keepsWideState(d.config) ? 4 : bytesPerElement;
	let perToken = 0;
	let fixed = 0;
	let inWindows = 0;
	let windowTokens = 0;
	let states = 0;
	for (const group of groups) {
		const cached = group.ownsCache ? cachedElements(d, group, elements) : noElements;
		perToken += group.count * cached.perToken;
		inWindows += group.count * cached.inWindow;
		fixed += group.count * cached.inWindow * (group.window ?? 0) * bytesPerElement;
		if (cached.inWindow > 0) windowTokens = Math.max(windowTokens, group.window ?? 0);
		if (group.state !== 'none') {
			const { convolution, recurrent } = stateRules[group.state](d);
			states += group.count * (convolution * bytesPerElement + recurrent * stateBytes);
		}
	}
	const bytesPerToken = perToken * bytesPerElement;
	const fixedBytes = fixed + states;
	if (!isAmount(bytesPerToken) || !isAmount(fixedBytes)) return null;
	const windowBytesPerToken = inWindows * bytesPerElement;
	const rule = describe(d, groups);
	return { bytesPerToken, fixedBytes, windowBytesPerToken, windowTokens, stateBytes: states, encoderTokens: 0, rule };
}

const noElements = { perToken: 0, inWindow: 0 };

/** Elements one layer of a group adds per token: for good, or only until its window is full. */
function cachedElements(d: Dimensions, group: LayerGroup, elements: Elements): typeof noElements {
	switch (group.attention) {
		case 'none':
			return noElements;
		case 'full':
			return { perToken: elements(d, group), inWindow: 0 };
		case 'latent':
			return { perToken: figure(d.config, 'kv_lora_rank') + figure(d.config, 'qk_rope_head_dim'), inWindow: 0 };
		case 'sliding':
		case 'chunked':
			return { perToken: 0, inWindow: elements(d, group) };
		case 'compressed':
			// What a compressed entry keeps next to its window is not stated by any source at hand: unknown, not guessed.
			return { perToken: NaN, inWindow: NaN };
	}
}

function isAmount(value: number): boolean {
	return value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

const twoStacks = new Set(['bart', 'marian', 'mbart', 'm2m_100', 'mt5', 'pegasus', 't5', 'umt5', 'whisper']);

/** Self-attention of the decoder in an encoder-decoder; T5 states the size of a head, the others share the hidden size. */
function decoderStack({ type, config: c, hidden, layers, heads }: Dimensions): KvCache | null {
	const depth = figureOr(c, 'decoder_layers', figureOr(c, 'num_decoder_layers', layers));
	const width = heads * figureOr(c, 'd_kv', hidden / heads);
	const bytesPerToken = 2 * (Number.isNaN(heads) ? hidden : width) * depth * bytesPerElement;
	if (!isAmount(bytesPerToken)) return null;
	const rule = '16-bit cache of the decoder per generated token; as much again, once, per encoder token.';
	// Whisper's encoder always sees 30 seconds; the others read a text of the asked length.
	const encoderTokens = type === 'whisper' ? figureOr(c, 'max_source_positions', 1500) : 'text';
	return { ...noCache, bytesPerToken, encoderTokens, rule };
}

/** Nemotron-NAS: every block that attends has its own number of key and value heads. */
function blockwise({ config, heads, headDim }: Dimensions): KvCache | null {
	let elements = 0;
	let attending = 0;
	for (const block of list(config, 'block_configs') ?? []) {
		const attends = blockPart(block, 'attention');
		if (attends === null) continue;
		attending++;
		elements += (2 * heads * headDim) / figure(attends, 'n_heads_in_group');
	}
	const bytesPerToken = elements * bytesPerElement;
	if (!(bytesPerToken > 0) || !isAmount(bytesPerToken)) return null;
	return { ...noCache, bytesPerToken, rule: `16-bit cache: ${attending} × full attention, each with its own heads.` };
}

const attentionWords = {
	full: 'full attention',
	latent: 'compressed latents',
	sliding: 'sliding windows at full size',
	chunked: 'chunks at full size',
	compressed: 'compressed entries',
	none: '',
} as const;

/** Names the kinds of layers that were counted, and what was not. */
function describe(d: Dimensions, groups: readonly LayerGroup[]): string {
	const [first] = groups;
	const isUniform = groups.length === 1 && first !== undefined && first.state === 'none' && first.ownsCache;
	let text = `16-bit cache: ${isUniform ? `${first.count} × ${attentionWords[first.attention]}` : listed(groups)}`;
	if (groups.some(({ state }) => state !== 'none')) {
		text += keepsWideState(d.config) ? '; state in 32 bits, as the config asks' : '; state in 16 bits';
	}
	const context = figure(d.config, 'max_position_embeddings');
	if (groups.some(({ window }) => window !== null && window > context)) {
		text += '; the window is longer than the model’s context, so it never fills';
	}
	const indexed = figureOr(d.config, 'index_head_dim', 0) > 0 || part(d.config, 'sparse_attention_config') !== null;
	return indexed ? `${text}; index keys of sparse attention not counted.` : `${text}.`;
}

/** How many layers there are of each kind, in the order of first appearance. */
function listed(groups: readonly LayerGroup[]): string {
	const counts = new Map<string, number>();
	for (const group of groups) {
		const words = group.ownsCache ? attentionWords[group.attention] : 'no cache of their own';
		if (words !== '') counts.set(words, (counts.get(words) ?? 0) + group.count);
		if (group.state !== 'none') counts.set('recurrent state', (counts.get('recurrent state') ?? 0) + group.count);
	}
	return [...counts].map(([words, count]) => `${count} × ${words}`).join(', ');
}
