// What mixes tokens in one layer: the kinds of attention and state there are, and the words configs use for them.

/**
 * How a layer looks back. `latent` stores one compressed vector per token (MLA); `compressed` a window plus one entry
 * per several tokens (DeepSeek V4); `chunked` sees only its own block of tokens.
 */
export type Attention = 'full' | 'sliding' | 'chunked' | 'latent' | 'compressed' | 'none';

/** The recurrent state a layer carries instead of, or next to, a cache of tokens. */
export type State = 'mamba1' | 'mamba2' | 'delta' | 'kda' | 'conv' | 'rwkv' | 'lightning' | 'griffin' | 'none';

/** What mixes tokens in one layer. `ratio`: one stored entry stands for so many tokens (compressed attention only). */
export interface Mixer {
	readonly attention: Attention;
	readonly state: State;
	readonly ratio: number | null;
}

/** A mixer from its parts. */
export const mixer = (attention: Attention, state: State = 'none', ratio: number | null = null): Mixer => ({
	attention,
	state,
	ratio,
});

/** Plain attention over everything before. */
export const full = mixer('full');
/** Attention within a window. */
export const sliding = mixer('sliding');
/** Attention within one's own block of tokens. */
export const chunked = mixer('chunked');
/** A layer that mixes no tokens. */
export const nothing = mixer('none');
const heavilyCompressed = mixer('compressed', 'none', 128);
const compressedSparse = mixer('compressed', 'none', 4);

/** The state behind words such as `linear_attention`, `mamba` or `recurrent`, which every type means differently. */
export const states: Readonly<Record<string, Mixer>> = {
	bamba: mixer('none', 'mamba2'),
	falcon_h1: mixer('none', 'mamba2'),
	falcon_mamba: mixer('none', 'mamba1'),
	granitemoehybrid: mixer('none', 'mamba2'),
	jamba: mixer('none', 'mamba1'),
	kimi_linear: mixer('none', 'kda'),
	lfm2: mixer('none', 'conv'),
	lfm2_moe: mixer('none', 'conv'),
	mamba: mixer('none', 'mamba1'),
	mamba2: mixer('none', 'mamba2'),
	minimax: mixer('none', 'lightning'),
	nemotron_h: mixer('none', 'mamba2'),
	olmo_hybrid: mixer('none', 'delta'),
	qwen3_5_moe_text: mixer('none', 'delta'),
	qwen3_5_text: mixer('none', 'delta'),
	qwen3_next: mixer('none', 'delta'),
	recurrent_gemma: mixer('none', 'griffin'),
	rwkv: mixer('none', 'rwkv'),
	zamba: mixer('none', 'mamba1'),
	zamba2: mixer('none', 'mamba2'),
};

/** Types whose "hybrid" layers attend and carry a state at once. */
const doubles: Readonly<Record<string, Mixer>> = {
	falcon_h1: mixer('full', 'mamba2'),
	zamba: mixer('full', 'mamba1'),
	zamba2: mixer('full', 'mamba2'),
};

/** The words of `layer_types` and its relatives that mean the same for every type. */
const words: Readonly<Record<string, Mixer>> = {
	full_attention: full,
	attention: full,
	global: full,
	global_attention: full,
	'*': full,
	indexed_attention: full,
	sparse_attention: full,
	minimax_m3_sparse: full,
	sliding_attention: sliding,
	sliding_window_attention: sliding,
	local: sliding,
	local_attention: sliding,
	chunked_attention: chunked,
	compressed_sparse_attention: compressedSparse,
	heavily_compressed_attention: heavilyCompressed,
	moe: nothing,
	mlp: nothing,
	E: nothing,
	'-': nothing,
};

const stateWords = new Set(['linear_attention', 'mamba', 'mamba2', 'recurrent', 'conv', 'short_conv', 'M']);

/** One mixer for all layers, or one per layer index; null when the config does not tell. */
export type MixerRule = Mixer | ((layer: number) => Mixer) | null;

/** The meaning of one word of a layer list for this type; null for a word nobody here knows. */
function mixerOf(type: string, word: unknown): Mixer | null {
	if (typeof word !== 'string') return null;
	if (stateWords.has(word)) return (Object.hasOwn(states, type) ? states[type] : null) ?? null;
	if (word === 'hybrid') return (Object.hasOwn(doubles, type) ? doubles[type] : null) ?? null;
	return (Object.hasOwn(words, word) ? words[word] : null) ?? null;
}

/** Different words of one list that are kept in mind; real lists have two or three. */
const maxKept = 8;

/**
 * The meaning of each of the first `layers` words of a list; null when one of them has none. Every word is looked up once
 * and then told by comparing: the words of a parsed file are new strings, which a map would have to hash one by one.
 */
export function meanings<T>(
	list: readonly unknown[],
	layers: number,
	meaningOf: (word: unknown) => T | null,
): T[] | null {
	const kept: { word: unknown; meaning: T }[] = [];
	const all: T[] = [];
	for (let layer = 0; layer < layers; layer++) {
		const word = list[layer];
		let known = 0;
		while (known < kept.length && kept[known]?.word !== word) known++;
		const meaning = kept[known]?.meaning ?? meaningOf(word);
		if (meaning === null) return null;
		if (known === kept.length && known < maxKept) kept.push({ word, meaning });
		all.push(meaning);
	}
	return all;
}

/** A list of words, one per layer (a longer list belongs to extra prediction layers), as a rule. */
export function fromWords(type: string, names: readonly unknown[], layers: number): MixerRule {
	if (names.length < layers) return null;
	const mixers = meanings(names, layers, (word) => mixerOf(type, word));
	return mixers === null ? null : (layer) => mixers[layer] ?? nothing;
}
