// What a model sees and hears with: parameters of towers and projectors beside the language model, where they are known.
import { bitOf, groupsOfKey } from '#lib/core/key-groups.ts';
import { gated } from '#lib/core/blocks.ts';
import { type Config, type Dimensions, figure, figureOr, flag, list, part } from '#lib/core/shape.ts';

/** Parameters of a tower with its projector; NaN when its config lacks a number. `d` is the language model. */
type SideCount = (side: Config, d: Dimensions, root: Config) => number;

interface Layer {
	readonly hidden: number;
	readonly inner: number;
	readonly layers: number;
}

function sizes(c: Config): Layer {
	return {
		hidden: figure(c, 'hidden_size', 'd_model'),
		inner: figure(c, 'intermediate_size', 'encoder_ffn_dim'),
		layers: figure(c, 'num_hidden_layers', 'encoder_layers', 'depth'),
	};
}

/** An encoder layer with biases everywhere and two norms, as BERT, ViT, CLIP and SigLIP have it. */
export function encoderLayer(hidden: number, inner: number): number {
	return 4 * hidden ** 2 + 4 * hidden + 2 * hidden * inner + inner + hidden + 4 * hidden;
}

/** Patches of a square image. Defaults of `image_size` are the callers' business: absent means NaN. */
function patches(c: Config): number {
	return Math.floor(figure(c, 'image_size') / figure(c, 'patch_size')) ** 2;
}

function patchWeights(c: Config, hidden: number): number {
	return figureOr(c, 'num_channels', 3) * figure(c, 'patch_size') ** 2 * hidden;
}

/** SigLIP: patches with a bias, learned positions, and a pooling head unless it is switched off. */
export function siglipTower(c: Config, head: boolean): number {
	const { hidden, inner, layers } = sizes(c);
	const body =
		patchWeights(c, hidden) + hidden + patches(c) * hidden + layers * encoderLayer(hidden, inner) + 2 * hidden;
	const pooling = encoderLayer(hidden, inner) - 4 * hidden + hidden + 2 * hidden;
	return head ? body + pooling : body;
}

/** CLIP: a class token, patches without a bias, norms before and after. */
export function clipTower(c: Config): number {
	const { hidden, inner, layers } = sizes(c);
	const embeddings = hidden + patchWeights(c, hidden) + (patches(c) + 1) * hidden;
	return embeddings + layers * encoderLayer(hidden, inner) + 4 * hidden;
}

/** The LLaVA kinds name their tower's type. */
const llavaTower: SideCount = (side, d, root) => {
	const type = side['model_type'];
	let tower = NaN;
	if (type === 'clip_vision_model') tower = clipTower(side);
	if (type === 'siglip_vision_model') tower = siglipTower(side, flag(side, 'vision_use_head', true));
	if (type === 'pixtral') tower = pixtralTower(side);
	const { hidden } = sizes(side);
	const bias = flag(root, 'multimodal_projector_bias', true) ? 2 * d.hidden : 0;
	const features = list(root, 'vision_feature_layer')?.length ?? 1;
	return tower + hidden * features * d.hidden + d.hidden ** 2 + bias;
};

/** Pixtral: a Llama-like encoder over patches. */
function pixtralTower(c: Config): number {
	const { hidden, inner, layers } = sizes(c);
	return patchWeights(c, hidden) + hidden + layers * (4 * hidden ** 2 + gated(hidden, inner) + 2 * hidden);
}

const mistral3: SideCount = (side, d, root) => {
	const { hidden } = sizes(side);
	const merge = figureOr(root, 'spatial_merge_size', 2) ** 2;
	const bias = flag(root, 'multimodal_projector_bias', false) ? 2 * d.hidden : 0;
	return pixtralTower(side) + hidden + merge * hidden ** 2 + hidden * d.hidden + d.hidden ** 2 + bias;
};

/** Gemma 3: SigLIP without its head, one projection and one norm. */
const gemma3: SideCount = (side, d) => {
	const { hidden } = sizes(side);
	return siglipTower(side, flag(side, 'vision_use_head', false)) + hidden * d.hidden + hidden;
};

/** PaliGemma: SigLIP without its head and one projection with a bias. */
const paligemma: SideCount = (side, d) =>
	siglipTower(side, flag(side, 'vision_use_head', false)) + sizes(side).hidden * d.hidden + d.hidden;

/** Gemma 4: gated layers with four norms and norms on the heads, two position tables, one projection. */
const gemma4: SideCount = (side, d) => {
	const { hidden, inner, layers } = sizes(side);
	const headDim = figureOr(side, 'head_dim', hidden / figure(side, 'num_attention_heads'));
	const width = figure(side, 'num_attention_heads') * headDim;
	const keys = figureOr(side, 'num_key_value_heads', figure(side, 'num_attention_heads')) * headDim;
	const layer = 2 * hidden * (width + keys) + 2 * headDim + gated(hidden, inner) + 4 * hidden;
	const tables = 2 * figure(side, 'position_embedding_size') * hidden;
	return layers * layer + patchWeights(side, hidden) + tables + hidden * d.hidden;
};

/** Patches of the Qwen towers stretch over two frames. */
function framePatches(c: Config, hidden: number): number {
	const channels = figureOr(c, 'in_channels', figureOr(c, 'in_chans', 3));
	return channels * figureOr(c, 'temporal_patch_size', 2) * figure(c, 'patch_size') ** 2 * hidden;
}

/** Qwen3-VL and Qwen 3.5: learned positions, a merger, and one more merger per early layer that is passed on. */
const qwen3: SideCount = (side, d) => {
	const { hidden, inner, layers } = sizes(side);
	const merged = hidden * figureOr(side, 'spatial_merge_size', 2) ** 2;
	const out = figureOr(side, 'out_hidden_size', d.hidden);
	const project = merged * merged + merged + merged * out + out;
	const early = list(side, 'deepstack_visual_indexes')?.length ?? 0;
	const tables = framePatches(side, hidden) + hidden + figure(side, 'num_position_embeddings') * hidden;
	return tables + layers * encoderLayer(hidden, inner) + project + 2 * hidden + early * (project + 2 * merged);
};

/** Qwen2-VL: patches without a bias, rotary positions, one merger. */
const qwen2: SideCount = (side, d) => {
	const hidden = figure(side, 'embed_dim');
	const inner = hidden * figureOr(side, 'mlp_ratio', 4);
	const merged = hidden * figureOr(side, 'spatial_merge_size', 2) ** 2;
	const project = merged * merged + merged + merged * d.hidden + d.hidden;
	return framePatches(side, hidden) + figure(side, 'depth') * encoderLayer(hidden, inner) + 2 * hidden + project;
};

/** Qwen2.5-VL: gated layers with biases, norms without. */
const qwen25: SideCount = (side, d) => {
	const { hidden, inner, layers } = sizes(side);
	const merged = hidden * figureOr(side, 'spatial_merge_size', 2) ** 2;
	const out = figureOr(side, 'out_hidden_size', d.hidden);
	const layer = 4 * hidden ** 2 + 4 * hidden + gated(hidden, inner) + 2 * inner + hidden + 2 * hidden;
	return framePatches(side, hidden) + layers * layer + hidden + merged * merged + merged + merged * out + out;
};

/** Llama 4: a class token, positions, biases in attention and feed-forward, an adapter after pixel shuffle. */
const llama4: SideCount = (side, d) => {
	const { hidden, inner, layers } = sizes(side);
	const embeddings = patchWeights(side, hidden) + hidden + (patches(side) + 1) * hidden + 4 * hidden;
	const out = figure(side, 'projector_output_dim');
	const adapter = inner * figure(side, 'projector_input_dim') + out * out;
	return embeddings + layers * encoderLayer(hidden, inner) + adapter + figure(side, 'vision_output_dim') * d.hidden;
};

/** Llama 3.2 Vision: tiles with their own embeddings, local and gated global layers, one projection. */
const mllama: SideCount = (side, d) => {
	const { hidden, inner, layers } = sizes(side);
	const globals = figureOr(side, 'num_global_layers', 8);
	const tiles = figureOr(side, 'max_num_tiles', 4);
	const ratios = (list(side, 'supported_aspect_ratios')?.length ?? 8) + 1;
	const cells = patches(side) + 1;
	const positions = 1 + cells * hidden + ratios * tiles * cells * hidden + 2 * (ratios * tiles * hidden + 1);
	const layer = 4 * hidden ** 2 + 2 * hidden * inner + inner + hidden + 4 * hidden;
	const tower = hidden + patchWeights(side, hidden) + positions + 4 * hidden + (layers + globals) * layer + 2 * globals;
	return tower + figureOr(side, 'vision_output_dim', 7680) * d.hidden + d.hidden;
};

/** InternVL: InternViT with layer scales, and a projector over four neighbouring patches. */
const internvl: SideCount = (side, d, root) => {
	const { hidden, inner, layers } = sizes(side);
	const norms = side['norm_type'] === 'rms_norm' ? 2 * hidden : 4 * hidden;
	const queries = flag(side, 'qk_normalization', false) ? 2 * hidden : 0;
	const biases = (flag(side, 'qkv_bias', true) ? 4 : 1) * hidden + inner + hidden;
	const layer = 4 * hidden ** 2 + 2 * hidden * inner + biases + norms + queries + 2 * hidden;
	const embeddings = hidden + patchWeights(side, hidden) + hidden + (patches(side) + 1) * hidden;
	const merged = hidden / figureOr(root, 'downsample_ratio', 0.5) ** 2;
	return embeddings + layers * layer + 2 * merged + merged * d.hidden + d.hidden + d.hidden ** 2 + d.hidden;
};

/** Idefics 3 and SmolVLM: SigLIP without its head and one projection over neighbouring patches. */
const idefics3: SideCount = (side, d, root) =>
	siglipTower(side, false) + sizes(side).hidden * figureOr(root, 'scale_factor', 2) ** 2 * d.hidden;

/** Whisper's encoder: two convolutions, positions, layers whose key projection has no bias. */
export function whisperEncoder(c: Config): number {
	const { hidden, inner, layers } = sizes(c);
	const convolutions = 3 * figureOr(c, 'num_mel_bins', 80) * hidden + hidden + 3 * hidden ** 2 + hidden;
	const layer = encoderLayer(hidden, inner) - hidden;
	return convolutions + figureOr(c, 'max_source_positions', 1500) * hidden + layers * layer + 2 * hidden;
}

const qwen2Audio: SideCount = (side, d) => whisperEncoder(side) + sizes(side).hidden * d.hidden + d.hidden;

const voxtral: SideCount = (side, d) => whisperEncoder(side) + sizes(side).inner * d.hidden + d.hidden ** 2;

/** CLIP and SigLIP are two towers of equal rank; the text one is counted as the language model. */
const clipPair: SideCount = (side, d, root) => {
	const out = figureOr(root, 'projection_dim', 512);
	return clipTower(side) + (sizes(side).hidden + d.hidden) * out + 1;
};
const siglipPair: SideCount = (side) => siglipTower(side, flag(side, 'vision_use_head', true)) + 2;

/** Model type → the nested configs that are towers, and how each is counted. Sources: the published modules. */
const towers = new Map(
	Object.entries<Readonly<Record<string, SideCount>>>({
		clip: { vision_config: clipPair },
		gemma3: { vision_config: gemma3 },
		gemma4: { vision_config: gemma4 },
		idefics3: { vision_config: idefics3 },
		internvl_chat: { vision_config: internvl },
		llama4: { vision_config: llama4 },
		llava: { vision_config: llavaTower },
		llava_next: { vision_config: (side, d, root) => llavaTower(side, d, root) + d.hidden },
		mistral3: { vision_config: mistral3 },
		mllama: { vision_config: mllama },
		paligemma: { vision_config: paligemma },
		qwen2_5_vl: { vision_config: qwen25 },
		qwen2_audio: { audio_config: qwen2Audio },
		qwen2_vl: { vision_config: qwen2 },
		qwen3_5: { vision_config: qwen3 },
		qwen3_5_moe: { vision_config: qwen3 },
		qwen3_vl: { vision_config: qwen3 },
		qwen3_vl_moe: { vision_config: qwen3 },
		siglip: { vision_config: siglipPair },
		smolvlm: { vision_config: idefics3 },
		voxtral: { audio_config: voxtral },
	}),
);

/** Keys under which a config describes, or names, a part beside its language model. */
const sideKeys: readonly (readonly [key: string, name: string])[] = [
	['vision_config', 'vision part'],
	['audio_config', 'audio part'],
	['visual', 'vision part'],
	['img_processor', 'vision part'],
	['mm_vision_tower', 'vision part'],
	['vision_tower', 'vision part'],
	['audio', 'audio part'],
	['speech_config', 'speech part'],
	['audio_encoder_config', 'audio part'],
	['talker_config', 'speaking part'],
	['token2wav_config', 'speaking part'],
	['code2wav_config', 'speaking part'],
	['tts_config', 'speaking part'],
];

/** Groups of keys of which a configuration with anything beside its language model holds one. */
export const sideGroups = sideKeys.reduce((groups, [key]) => groups | groupsOfKey(key), bitOf('text_part'));

/** What stands beside the language model: counted parameters, and the names of parts that could not be counted. */
export interface Sides {
	readonly parameters: number;
	readonly counted: readonly string[];
	readonly missing: readonly string[];
}

/** Nothing beside the language model. */
export const noSides: Sides = { parameters: 0, counted: [], missing: [] };

/** Counts the towers of a model. A part that is there but unknown is named in `missing`, never taken as nothing. */
export function countSides(modelType: string | null, root: Config, d: Dimensions): Sides {
	const outer = part(root, 'thinker_config') ?? root;
	const ofType = modelType === null ? undefined : towers.get(modelType);
	const counted: string[] = [];
	const missing: string[] = [];
	let parameters = 0;
	for (const [key, name] of sideKeys) {
		const value = outer === root ? root[key] : (outer[key] ?? root[key]);
		if (value === undefined || value === null || value === '') continue;
		const known = ofType?.[key];
		const side = part(outer, key);
		const sum = known === undefined || side === null ? NaN : known(side, d, root);
		if (Number.isSafeInteger(sum)) {
			parameters += sum;
			counted.push(name);
		} else if (!missing.includes(name)) {
			missing.push(name);
		}
	}
	return { parameters, counted, missing };
}
