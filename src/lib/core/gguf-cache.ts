// What a model of a GGUF file remembers, in bytes, by the numbers of its header and the rules of llama.cpp.
//
// Source: llama-hparams.cpp and llama-kv-cache.cpp (which layers keep what, and the size of recurrent states).
import { ggufCount, isGgufList, type GgufHeader } from '#lib/core/gguf-header.ts';
import type { KvCache } from '#lib/core/memory.ts';
import { ggufArchitectures, type GgufArchitecture } from '#lib/core/tables/gguf-architectures.ts';

type Metadata = Pick<GgufHeader, 'metadata'>;

/** More layers than this is no model. */
const mostLayers = 4096;
const cacheBytes = 2;
/** llama.cpp keeps recurrent states in 32 bits, whatever the type of the cache. */
const stateBytes = 4;

/** One number per layer: written once for all of them, or as a list. Null when absent, too short or no whole number. */
type PerLayer = (layer: number) => number;

function perLayer(header: Metadata, key: string, layers: number): PerLayer | null {
	const value = header.metadata[key];
	if (!isGgufList(value)) {
		const count = ggufCount(header, key);
		return count === null ? null : () => count;
	}
	const items = value.items ?? [];
	const isUsable =
		items.length >= layers && items.every((item) => Number.isSafeInteger(Number(item)) && Number(item) >= 0);
	return isUsable ? (layer) => Number(items[layer]) : null;
}

/** The numbers of a header that caches depend on. Reads keys of the file's own architecture. */
class Shape {
	readonly #header: Metadata;
	readonly #prefix: string;
	readonly row: GgufArchitecture;
	readonly layers: number;

	constructor(header: Metadata, architecture: string, layers: number) {
		this.#header = header;
		this.#prefix = architecture;
		this.row = (Object.hasOwn(ggufArchitectures, architecture) ? ggufArchitectures[architecture] : undefined) ?? {};
		this.layers = layers;
	}

	get architecture(): string {
		return this.#prefix;
	}

	count(key: string): number | null {
		return ggufCount(this.#header, `${this.#prefix}.${key}`);
	}

	has(key: string): boolean {
		return this.#header.metadata[`${this.#prefix}.${key}`] !== undefined;
	}

	/** A number by layer; `fallback` where the key is absent, null where it is not usable. */
	byLayer(key: string, fallback: number | null): PerLayer | null {
		if (!this.has(key)) return fallback === null ? null : () => fallback;
		return perLayer(this.#header, `${this.#prefix}.${key}`, this.layers);
	}
}

/** Tokens of the window where layers really use one; null when every layer attends to everything. */
function windowOf(shape: Shape): number | null {
	const { period, window } = shape.row;
	if (period === undefined && !shape.has('attention.sliding_window_pattern')) return null;
	const stated = shape.count('attention.sliding_window') ?? window ?? 0;
	return stated > 0 ? stated : null;
}

/** Does this layer slide? By the file's own list or period, else by the habit of the architecture. */
function slidingRule(shape: Shape): ((layer: number) => boolean) | null {
	if (windowOf(shape) === null) return () => false;
	const key = 'attention.sliding_window_pattern';
	const written = shape.count(key);
	const listed = shape.has(key) && written === null ? shape.byLayer(key, null) : null;
	if (listed !== null) return (layer) => listed(layer) > 0;
	const period = written ?? shape.row.period ?? 0;
	if (period === 0) return null;
	const full = shape.row.fullFirst === true ? 0 : period - 1;
	return (layer) => layer % period !== full;
}

/** Which layers carry a state, and whether they attend as well. */
function recurrentRule(shape: Shape, kvHeads: PerLayer | null): ((layer: number) => boolean) | null {
	const listed = shape.has('attention.recurrent_layers') ? shape.byLayer('attention.recurrent_layers', null) : null;
	if (listed !== null) return (layer) => listed(layer) > 0;
	switch (shape.row.recurrent) {
		case 'all':
		case 'both':
			return () => true;
		case 'headless':
			return headless(shape, kvHeads);
		case 'interval': {
			const interval = shape.count('full_attention_interval') ?? 4;
			return interval === 0 ? null : (layer) => (layer + 1) % interval !== 0;
		}
		default:
			// State keys in an architecture that is not in the table: what its layers are is not known.
			return shape.has('ssm.state_size') || shape.has('wkv.head_size') || shape.has('kda.head_dim')
				? null
				: () => false;
	}
}

/** Nemotron-H also has layers that are a feed-forward block and nothing else. */
function headless(shape: Shape, kvHeads: PerLayer | null): ((layer: number) => boolean) | null {
	if (kvHeads === null) return null;
	const inner = shape.architecture.startsWith('nemotron_h') ? shape.byLayer('feed_forward_length', 0) : () => 0;
	return inner === null ? null : (layer) => kvHeads(layer) === 0 && inner(layer) === 0;
}

/** Elements of one layer's state; null when a number is missing. */
function stateElements(shape: Shape): number | null {
	const width = shape.count('embedding_length');
	const short = shape.count('shortconv.l_cache');
	if (short !== null) return width === null || short < 1 ? null : width * (short - 1);
	const wkv = shape.count('wkv.head_size');
	if (wkv !== null) return width === null ? null : width * wkv + (shape.count('token_shift_count') ?? 2) * width;
	const kernel = shape.count('ssm.conv_kernel');
	const head = shape.count('kda.head_dim');
	if (head !== null) {
		const heads = shape.byLayer('attention.head_count', null)?.(0) ?? null;
		if (heads === null || kernel === null || kernel < 1) return null;
		return 3 * (kernel - 1) * heads * head + heads * head * head;
	}
	const inner = shape.count('ssm.inner_size');
	const state = shape.count('ssm.state_size');
	if (kernel === null || kernel < 1 || inner === null || state === null) return null;
	return (kernel - 1) * (inner + 2 * (shape.count('ssm.group_count') ?? 0) * state) + state * inner;
}

interface Widths {
	/** Elements of keys and values of one token in a layer with so many key/value heads. */
	full(kvHeads: number): number;
	sliding(kvHeads: number): number;
}

/** Latent attention keeps one compressed vector, whose width the converter writes as that of the keys. */
function widthsOf(shape: Shape): Widths | null {
	const key = shape.count('attention.key_length') ?? plainWidth(shape);
	const value = shape.count('attention.value_length') ?? plainWidth(shape);
	if (key === null || value === null) return null;
	if (shape.has('attention.kv_lora_rank') && shape.has('attention.key_length_mla')) {
		return { full: () => key, sliding: () => key };
	}
	const keySliding = shape.count('attention.key_length_swa') ?? key;
	const valueSliding = shape.count('attention.value_length_swa') ?? value;
	return { full: (heads) => heads * (key + value), sliding: (heads) => heads * (keySliding + valueSliding) };
}

function plainWidth(shape: Shape): number | null {
	const width = shape.count('embedding_length');
	const heads = shape.byLayer('attention.head_count', null)?.(0) ?? 0;
	return width === null || heads === 0 ? null : width / heads;
}

/** Layers that keep keys and values of their own; the last ones of Gemma 3n and 4 read those of others. */
function owners(shape: Shape): number {
	const shared = shape.count('attention.shared_kv_layers');
	if (shared !== null) return Math.max(0, shape.layers - shared);
	return shape.architecture === 'gemma3n' ? Math.min(20, shape.layers) : shape.layers;
}

interface Sums {
	perToken: number;
	perWindowToken: number;
	state: number;
	counts: Map<string, number>;
}

function add(sums: Sums, kind: string, bytes: Partial<Omit<Sums, 'counts'>> = {}): void {
	sums.perToken += bytes.perToken ?? 0;
	sums.perWindowToken += bytes.perWindowToken ?? 0;
	sums.state += bytes.state ?? 0;
	sums.counts.set(kind, (sums.counts.get(kind) ?? 0) + 1);
}

function walk(shape: Shape): Sums | null {
	const heads = shape.byLayer('attention.head_count', 0);
	const kvHeads = shape.has('attention.head_count_kv') ? shape.byLayer('attention.head_count_kv', null) : heads;
	const slides = slidingRule(shape);
	const recurs = recurrentRule(shape, kvHeads);
	const isOnlyState = shape.row.recurrent === 'all';
	const widths = isOnlyState ? { full: () => 0, sliding: () => 0 } : widthsOf(shape);
	if (kvHeads === null || slides === null || recurs === null || widths === null) return null;
	const own = owners(shape);
	const state = stateElements(shape);
	const sums: Sums = { perToken: 0, perWindowToken: 0, state: 0, counts: new Map() };
	for (let layer = 0; layer < shape.layers; layer += 1) {
		if (recurs(layer)) {
			if (state === null) return null;
			add(sums, 'recurrent state in 32 bits', { state: state * stateBytes });
			if (shape.row.recurrent !== 'both') continue;
		}
		if (kvHeads(layer) === 0) continue;
		if (layer >= own) add(sums, 'no cache of their own');
		else if (slides(layer))
			add(sums, 'sliding windows at full size', { perWindowToken: widths.sliding(kvHeads(layer)) * cacheBytes });
		else add(sums, 'full attention', { perToken: widths.full(kvHeads(layer)) * cacheBytes });
	}
	return sums;
}

const nothing = {
	bytesPerToken: 0,
	fixedBytes: 0,
	windowBytesPerToken: 0,
	windowTokens: 0,
	stateBytes: 0,
	encoderTokens: 0,
} as const;

/**
 * The cache of one sequence as llama.cpp keeps it, with 16-bit keys and values. Null when the header does not tell.
 * `isEncoder`: it reads a text once and keeps nothing.
 */
export function ggufCache(header: Metadata, architecture: string, isEncoder: boolean): KvCache | null {
	if (isEncoder) return { ...nothing, rule: 'An encoder keeps no cache.' };
	const shape = shapeOf(header, architecture);
	if (shape === null || shape.has('attention.compress_ratios') || shape.has('decoder_block_count')) return null;
	const sums = walk(shape);
	if (sums === null) return null;
	const windowTokens = sums.perWindowToken === 0 ? 0 : (windowOf(shape) ?? 0);
	const fixedBytes = sums.perWindowToken * windowTokens + sums.state;
	if (!Number.isSafeInteger(sums.perToken) || !Number.isSafeInteger(fixedBytes)) return null;
	const layers = [...sums.counts].map(([kind, count]) => `${count} × ${kind}`).join(', ');
	return {
		bytesPerToken: sums.perToken,
		fixedBytes,
		windowBytesPerToken: sums.perWindowToken,
		windowTokens,
		stateBytes: sums.state,
		encoderTokens: 0,
		rule: `16-bit cache as in llama.cpp: ${layers}.`,
	};
}

function shapeOf(header: Metadata, architecture: string): Shape | null {
	const blocks = ggufLayers(header, architecture);
	return blocks === null || blocks === 0 || blocks > mostLayers ? null : new Shape(header, architecture, blocks);
}

/** Layers of the model itself: blocks without those that predict further tokens. Null when not stated. */
export function ggufLayers(header: Metadata, architecture: string): number | null {
	const blocks = ggufCount(header, `${architecture}.block_count`);
	const predicting = ggufCount(header, `${architecture}.nextn_predict_layers`) ?? 0;
	return blocks === null || predicting >= blocks ? blocks : blocks - predicting;
}

/** The window of the layers that slide in llama.cpp; null when none does. */
export function ggufWindow(header: Metadata, architecture: string): number | null {
	const shape = shapeOf(header, architecture);
	const slides = shape === null ? null : slidingRule(shape);
	if (shape === null || slides === null) return null;
	for (let layer = 0; layer < shape.layers; layer += 1) if (slides(layer)) return windowOf(shape);
	return null;
}
