// How many bytes a model's weights take when no file tells: parameters by part × the bits that each part has.
import { isJsonObject } from '#lib/core/config-text.ts';
import type { JsonObject, ListingFacts } from '#lib/core/listing.ts';
import { ggufMixes, oddRowType, tensorBits, type GgufMix } from '#lib/core/tables/gguf-mixes.ts';
import {
	modelParts,
	otherScheme,
	plainKeys,
	weightSchemes,
	type Cost,
	type ModelPart,
	type Quantized,
	type WeightScheme,
} from '#lib/core/tables/weight-schemes.ts';

/** Parameters by what they are for. */
export type PartCounts = Readonly<Record<ModelPart, number>>;

/** What has to be known of a model to say how large its weights are. Null: not known. */
export interface WeightSubject {
	/** All parameters; needed where `parts` is null. */
	total: number | null;
	parts: PartCounts | null;
	/** Routed experts' parameters that rest while one token is made; 0 without experts. */
	resting: number | null;
	/** Length of most rows: what decides which GGUF types can be used. */
	hidden: number | null;
	method: string | null;
	bits: number | null;
	group: number | null;
	/** Type of the weights that are not quantized. */
	dtype: string | null;
	/** The quantization object of the configuration; null when there is none at hand. */
	config: JsonObject | null;
	/** Label of the GGUF file, such as `Q4_K_M`; null for other formats. */
	label: string | null;
}

/**
 * The weights in bytes. `band`: how far the true figure may lie off, as a share of `bytes`. `vision`: the bytes of
 * towers among them. `active`: what one token has to read: without resting experts, towers and the input embedding
 * (of which a token reads one row) unless it is the output matrix too. Null: not known.
 */
export interface WeightEstimate {
	bytes: number;
	band: number;
	vision: number | null;
	active: number | null;
	/** One sentence on how. */
	basis: string;
}

/** Bits per weight of a number type as configurations and safetensors headers spell it; null for one nobody knows. */
export function bitsOfType(name: string): number | null {
	const plain = name.toLowerCase();
	if (/^(?:bool|u?int8|[ui]8|float8|fp8|f8)/.test(plain)) return 8;
	const digits = /^(?:bfloat|float|fp|bf|f|int|uint|i|u)_?(64|32|16)$/.exec(plain)?.[1];
	return digits === undefined ? null : Number(digits);
}

/** Rarely used integers beside weights (position ids, masks) are no more than this share of the elements. */
const mostIntegers = 0.01;

/**
 * The bytes of the safetensors files by the Hub's count of elements per type. Null when there is no such count, and for
 * packed integers: the Hub counts them as stored for some repositories and unpacked for others.
 */
export function storedBytes(listing: ListingFacts | null): { bytes: number; types: string[] } | null {
	const counts = Object.entries(listing?.safetensors?.parameters ?? {}).slice(0, 64);
	let bytes = 0;
	let integers = 0;
	let elements = 0;
	for (const [type, count] of counts) {
		const bits = bitsOfType(type);
		if (bits === null || !Number.isSafeInteger(count) || count < 0) return null;
		if (/^(?:[iu]\d|bool)/i.test(type)) integers += count;
		elements += count;
		bytes += (count * bits) / 8;
	}
	if (elements === 0 || integers > elements * mostIntegers) return null;
	return { bytes, types: counts.map(([type]) => type) };
}

/**
 * What share of all parameters the embedding has, and whether the output is the same matrix, where only the total is
 * known. Source: the median of published decoders of that size.
 */
const usualEmbeddings: readonly { below: number; share: number; tied: boolean }[] = [
	{ below: 8e8, share: 0.27, tied: true },
	{ below: 2e9, share: 0.18, tied: true },
	{ below: 4.5e9, share: 0.12, tied: true },
	{ below: 1e10, share: 0.065, tied: false },
	{ below: 2e10, share: 0.05, tied: false },
	{ below: 5e10, share: 0.022, tied: false },
	{ below: 1.2e11, share: 0.015, tied: false },
	{ below: Infinity, share: 0.005, tied: false },
];

/** The parts as they usually are for so many parameters. */
export function usualParts(total: number): PartCounts {
	const { share, tied } = usualEmbeddings.find(({ below }) => total < below) ?? { share: 0, tied: true };
	const embed = total * share;
	const head = tied ? 0 : embed;
	return { embed, head, experts: 0, other: total - embed - head, vision: 0 };
}

type Bits = Record<ModelPart, number>;

/** Bits of every part, in words, and how far off they may be. */
interface Recipe {
	bits: Bits;
	band: number;
	words: string;
}

function allOf(bits: number): Bits {
	return { embed: bits, head: bits, experts: bits, other: bits, vision: bits };
}

const schemeOf = new Map<string, WeightScheme>(
	weightSchemes.flatMap((scheme) => scheme.methods.map((method) => [method, scheme] as const)),
);

/** Names of modules that the configuration says are left alone; at most a few thousand are looked at. */
function leftAlone(config: JsonObject): string[] {
	const lists = plainKeys.map((key) => config[key]).filter(Array.isArray);
	return lists.flatMap((list) => list.slice(0, 5000)).filter((name) => typeof name === 'string');
}

/** Do layers or groups have other bits than the rest? */
function isMixed(config: JsonObject, bits: number | null): boolean {
	if (config['quant_algo'] === 'MIXED_PRECISION') return true;
	const groups = config['config_groups'];
	const others = isJsonObject(groups)
		? Object.values(groups).map((one) => (isJsonObject(one) ? one['weights'] : null))
		: [];
	const layers = [...Object.values(config).slice(0, 5000), ...others];
	return layers.some((layer) => {
		const own = isJsonObject(layer) ? (layer['bits'] ?? layer['num_bits']) : undefined;
		return typeof own === 'number' && bits !== null && own !== bits;
	});
}

const mixedBand = 0.15;
const towerNames = /vis(?:ion|ual)|tower|multi_modal|mm_|image|audio|merger/i;
const mixerNames = /self_attn|attention|linear_attn|mixer|conv/i;

/** The bits of each part under a method. A part of which some modules are left alone lies between both. */
function recipeOf(scheme: WeightScheme, cost: Cost, q: Quantized, plainBits: number): Recipe {
	const names = leftAlone(q.config);
	const plain = new Set(scheme.plain);
	if (q.config['lm_head'] === true) plain.delete('head');
	if (q.method === 'compressed-tensors' && names.length > 0) {
		if (!names.some((name) => /lm_head|output/.test(name))) plain.delete('head');
		if (!names.some((name) => towerNames.test(name))) plain.delete('vision');
	}
	const bits = allOf(cost.bits);
	for (const part of plain) bits[part] = plainBits;
	if (q.method === 'exl2' || q.method === 'exl3')
		bits.head = typeof q.config['head_bits'] === 'number' ? q.config['head_bits'] : 6;
	let { band } = scheme;
	if (isMixed(q.config, q.bits)) band += mixedBand;
	if (!plain.has('other') && names.some((name) => mixerNames.test(name) && !towerNames.test(name))) {
		bits.other = (cost.bits + plainBits) / 2;
		band += 0.05;
	}
	const kept = modelParts.filter((part) => plain.has(part) && part !== 'vision').map((part) => partWords[part]);
	const rest = kept.length === 0 ? '' : `; ${kept.join(', ')} in ${plainBits} bits`;
	return { bits, band, words: `${cost.words}${rest}` };
}

const partWords: Readonly<Record<ModelPart, string>> = {
	embed: 'embedding',
	head: 'output',
	experts: 'experts',
	other: 'attention and dense blocks',
	vision: 'towers',
};

/** Llama 3.1 8B, whose files the mixes are stated for. */
const measured = { total: 8_030_261_248, embed: 525_336_576 };

/** What a mix spends on everything but embedding and output: what the stated file leaves for it. */
function layerBits({ whole, embed, output }: GgufMix): number {
	const ends = measured.embed * ((tensorBits[embed] ?? 0) + (tensorBits[output] ?? 0));
	return (measured.total * whole - ends) / (measured.total - 2 * measured.embed);
}

/** Share of the layers' weights in rows of the inner width, which 256 divides where the hidden size is odd. */
const innerRowShare = 0.29;

/** The bits of each part in a GGUF file; null for a label nobody knows. */
function ggufRecipe(label: string, { parts, hidden }: WeightSubject): Recipe | null {
	const isDynamic = label.startsWith('UD-');
	const name = label === 'Q3_K_L' ? label : label.replace(/^UD-/, '').replace(/_X?L$/, '');
	if (/^MXFP4/.test(name)) {
		const bits = { ...allOf(8.5), experts: 4.25, vision: 16 };
		return { bits, band: 0.04, words: `${label}: experts 4.25 bits per weight, the rest 8.5` };
	}
	const mix = ggufMixes[name] ?? ggufMixes[`${name}_M`];
	const plain = tensorBits[name];
	if (mix === undefined) {
		if (plain === undefined) return null;
		return { bits: { ...allOf(plain), vision: 16 }, band: 0.02, words: `${label}: ${plain} bits per weight` };
	}
	const type = (asked: string) => tensorBits[asked] ?? plain ?? 16;
	const isOdd = hidden !== null && hidden % 256 !== 0;
	const layers = layerBits(mix);
	const odd = innerRowShare * layers + (1 - innerRowShare) * type(oddRowType[mix.base] ?? mix.base);
	const other = isOdd ? odd : layers;
	const ends = (asked: string) => type(isOdd ? (asked === mix.output ? 'Q8_0' : (oddRowType[asked] ?? asked)) : asked);
	const isTied = parts !== null && parts.head === 0;
	const bits = {
		embed: ends(isTied ? mix.output : mix.embed),
		head: ends(mix.output),
		experts: other,
		other,
		vision: 16,
	};
	const band =
		(isDynamic || name !== label ? 0.1 : 0.01) + (isOdd ? 0.03 : 0) + (parts !== null && parts.experts > 0 ? 0.02 : 0);
	return { bits, band, words: `${label}: ${round(other)} bits per weight in the layers, scales included` };
}

function round(value: number): string {
	return String(Math.round(value * 1000) / 1000);
}

/** The bits of each part by what is said of the storage; null when nothing is. */
function recipeFor(subject: WeightSubject): Recipe | null {
	const { method, bits, group, dtype, config, label } = subject;
	if (label !== null) return ggufRecipe(label, subject);
	const plainBits = dtype === null ? null : bitsOfType(dtype);
	if (method === null && bits === null) {
		if (plainBits === null || dtype === null) return null;
		return { bits: allOf(plainBits), band: 0.005, words: `${dtype}, ${plainBits} bits each` };
	}
	if (method === 'gguf') return null; // without a label its mix is not known
	const quantized = { method: method ?? '', bits, group, config: config ?? {} };
	const scheme = schemeOf.get(quantized.method) ?? otherScheme;
	const cost = scheme.cost(quantized);
	if (cost === null) return null;
	const recipe = recipeOf(scheme, cost, quantized, plainBits === null || plainBits < 16 ? 16 : plainBits);
	const isGuess = config === null && method !== 'mlx' && group === null;
	return isGuess ? { ...recipe, band: recipe.band + 0.03 } : recipe;
}

function sizeOf(parts: PartCounts, bits: Bits): number {
	return modelParts.reduce((sum, part) => sum + (parts[part] * bits[part]) / 8, 0);
}

/** What one token reads: everything but what rests, towers, and an embedding that is only looked up. */
function activeBytes(parts: PartCounts, bits: Bits, resting: number): number {
	const working = { ...parts, embed: parts.head > 0 ? 0 : parts.embed, experts: parts.experts - resting, vision: 0 };
	return Math.round(sizeOf(working, bits));
}

/** How much of the difference between usual and no embeddings is taken for the error of not knowing them. */
const guessedShare = 0.6;

function fromTotal(total: number, recipe: Recipe): WeightEstimate {
	const bytes = sizeOf(usualParts(total), recipe.bits);
	const evenly = (total * recipe.bits.other) / 8;
	const band = recipe.band + (guessedShare * Math.abs(bytes - evenly)) / bytes;
	const basis = `Estimate: ${round(total / 1e9)} billion parameters, ${recipe.words}; parts as usual for this size.`;
	return { bytes: Math.round(bytes), band, vision: 0, active: null, basis };
}

/**
 * The weights by parameters and bits. Null when the parameters or the bits are not known; never a guess in their place.
 */
export function estimateWeights(subject: WeightSubject): WeightEstimate | null {
	const recipe = recipeFor(subject);
	if (recipe === null) return null;
	const { parts, total, resting } = subject;
	if (parts === null) return total === null ? null : fromTotal(total, recipe);
	const count = modelParts.reduce((sum, part) => sum + parts[part], 0);
	return {
		bytes: Math.round(sizeOf(parts, recipe.bits)),
		band: recipe.band,
		vision: Math.round((parts.vision * recipe.bits.vision) / 8),
		active: resting === null ? null : activeBytes(parts, recipe.bits, resting),
		basis: `Estimate: ${round(count / 1e9)} billion parameters, ${recipe.words}.`,
	};
}
