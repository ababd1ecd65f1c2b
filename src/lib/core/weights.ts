// How many bytes a model's weights take when no file tells: parameters by part × the bits that each part has.
import { isJsonObject } from '#lib/core/config-text.ts';
import { ggufRecipe } from '#lib/core/gguf-weights.ts';
import type { JsonObject, JsonValue, ListingFacts } from '#lib/core/listing.ts';
import { remembered } from '#lib/core/memo.ts';
import {
	allOf,
	otherScheme,
	plainKeys,
	weightSchemes,
	type Cost,
	type ModelPart,
	type PartBits,
	type PartCounts,
	type Quantized,
	type Recipe,
	type WeightScheme,
} from '#lib/core/tables/weight-schemes.ts';

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
export const bitsOfType = remembered((name): number | null => {
	const plain = name.toLowerCase();
	if (/^(?:bool|u?int8|[ui]8|float8|fp8|f8)/.test(plain)) return 8;
	const digits = /^(?:bfloat|float|fp|bf|f|int|uint|i|u)_?(64|32|16)$/.exec(plain)?.[1];
	return digits === undefined ? null : Number(digits);
});

/** Rarely used integers beside weights (position ids, masks) are no more than this share of the elements. */
const mostIntegers = 0.01;

/**
 * The bytes of the safetensors files by the Hub's count of elements per type. Null when there is no such count, and for
 * packed integers: the Hub counts them as stored for some repositories and unpacked for others.
 */
export function storedBytes(listing: ListingFacts | null): { bytes: number; types: string[] } | null {
	if (listing?.safetensors === undefined) return null;
	const counts = Object.entries(listing.safetensors.parameters).slice(0, 64);
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

const schemeOf = new Map<string, WeightScheme>(
	weightSchemes.flatMap((scheme) => scheme.methods.map((method) => [method, scheme] as const)),
);

/** Modules looked at in one list or object; real recipes name a few hundred. */
const mostModules = 5000;

/** What a quantization object says of single modules: those left alone, and whether some have other bits. */
interface Exceptions {
	names: string[];
	isMixed: boolean;
}

function otherBits(value: JsonValue | undefined, bits: number | null): boolean {
	if (!isJsonObject(value)) return false;
	const own = value['bits'] ?? value['num_bits'];
	return typeof own === 'number' && bits !== null && own !== bits;
}

function groupsDiffer(groups: JsonValue | undefined, bits: number | null): boolean {
	if (!isJsonObject(groups)) return false;
	for (const name in groups) {
		const group = groups[name];
		if (isJsonObject(group) && otherBits(group['weights'], bits)) return true;
	}
	return false;
}

/** One walk over the object: asking it for keys it lacks costs more. */
function exceptionsOf(config: JsonObject, bits: number | null): Exceptions {
	const names: string[] = [];
	let isMixed = false;
	let seen = 0;
	for (const key in config) {
		if ((seen += 1) > mostModules) break;
		const value = config[key];
		if (typeof value !== 'object') {
			if (value === 'MIXED_PRECISION') isMixed = true;
		} else if (Array.isArray(value)) {
			if (!plainKeys.has(key)) continue;
			for (const name of value.slice(0, mostModules)) if (typeof name === 'string') names.push(name);
		} else if (!isMixed) {
			isMixed = key === 'config_groups' ? groupsDiffer(value, bits) : otherBits(value, bits);
		}
	}
	return { names, isMixed };
}

const mixedBand = 0.15;
const towerNames = /vis(?:ion|ual)|tower|multi_modal|mm_|image|audio|merger/i;
const mixerNames = /self_attn|attention|linear_attn|mixer|conv/i;

/** The bits of each part under a method. A part of which some modules are left alone lies between both. */
function recipeOf(scheme: WeightScheme, cost: Cost, q: Quantized, plainBits: number): Recipe {
	const { names, isMixed } = exceptionsOf(q.config, q.bits);
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
	if (isMixed) band += mixedBand;
	if (!plain.has('other') && names.some((name) => mixerNames.test(name) && !towerNames.test(name))) {
		bits.other = (cost.bits + plainBits) / 2;
		band += 0.05;
	}
	let kept = '';
	for (const part of plain) if (part !== 'vision') kept += `${kept === '' ? '; ' : ', '}${partWords[part]}`;
	return { bits, band, words: kept === '' ? cost.words : `${cost.words}${kept} in ${plainBits} bits` };
}

const partWords: Readonly<Record<ModelPart, string>> = {
	embed: 'embedding',
	head: 'output',
	experts: 'experts',
	other: 'attention and dense blocks',
	vision: 'towers',
};

/** What stands behind the point for so many thousandths. */
const thousandths = Array.from({ length: 1000 }, (_, n) => (n === 0 ? '' : String(n / 1000).slice(1)));

/** Billions to three decimals. (By a table: writing out a fraction costs more than the estimate it belongs to.) */
function billions(count: number): string {
	const millions = Math.round(count / 1e6);
	return `${Math.floor(millions / 1000)}${thousandths[millions % 1000] ?? ''}`;
}

/** Weights of one number type; null for a type nobody knows. */
const plainRecipe = remembered((dtype): Recipe | null => {
	const bits = bitsOfType(dtype);
	return bits === null ? null : { bits: allOf(bits), band: 0.005, words: `${dtype}, ${bits} bits each` };
});

/** The bits of each part by what is said of the storage; null when nothing is. */
function recipeFor(subject: WeightSubject): Recipe | null {
	const { method, bits, group, dtype, config, label } = subject;
	if (label !== null) return ggufRecipe(label, subject.parts, subject.hidden);
	const plainBits = dtype === null ? null : bitsOfType(dtype);
	if (method === null && bits === null) return dtype === null ? null : plainRecipe(dtype);
	if (method === 'gguf') return null; // without a label its mix is not known
	const quantized = { method: method ?? '', bits, group, config: config ?? {} };
	const scheme = schemeOf.get(quantized.method) ?? otherScheme;
	const cost = scheme.cost(quantized);
	if (cost === null) return null;
	const recipe = recipeOf(scheme, cost, quantized, plainBits === null || plainBits < 16 ? 16 : plainBits);
	const isGuess = config === null && method !== 'mlx' && group === null;
	return isGuess ? { ...recipe, band: recipe.band + 0.03 } : recipe;
}

function sizeOf({ embed, head, experts, other, vision }: PartCounts, bits: PartBits): number {
	const ends = (embed * bits.embed) / 8 + (head * bits.head) / 8;
	return ends + (experts * bits.experts) / 8 + (other * bits.other) / 8 + (vision * bits.vision) / 8;
}

/** What one token reads: everything but what rests, towers, and an embedding that is only looked up. */
function activeBytes({ embed, head, experts, other }: PartCounts, bits: PartBits, resting: number): number {
	const working = { embed: head > 0 ? 0 : embed, head, experts: experts - resting, other, vision: 0 };
	return Math.round(sizeOf(working, bits));
}

/** How much of the difference between usual and no embeddings is taken for the error of not knowing them. */
const guessedShare = 0.6;

/** Share of a mixture's layers that its experts have (gpt-oss: 94 and 99 %), for methods that quantize nothing else. */
const usualExperts = 0.95;

/** The parts as usual, with experts where the method treats them apart from the rest. */
function partsFor(total: number, { experts, other }: PartBits): PartCounts {
	const parts = usualParts(total);
	if (experts === other) return parts;
	return { ...parts, experts: parts.other * usualExperts, other: parts.other * (1 - usualExperts) };
}

function fromTotal(total: number, recipe: Recipe): WeightEstimate {
	const bytes = sizeOf(partsFor(total, recipe.bits), recipe.bits);
	const evenly = (total * recipe.bits.experts) / 8;
	const band = recipe.band + (guessedShare * Math.abs(bytes - evenly)) / bytes;
	const basis = `Estimate: ${billions(total)} billion parameters, ${recipe.words}; parts as usual for this size.`;
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
	const count = parts.embed + parts.head + parts.experts + parts.other + parts.vision;
	return {
		bytes: Math.round(sizeOf(parts, recipe.bits)),
		band: recipe.band,
		vision: Math.round((parts.vision * recipe.bits.vision) / 8),
		active: resting === null ? null : activeBytes(parts, recipe.bits, resting),
		basis: `Estimate: ${billions(count)} billion parameters, ${recipe.words}.`,
	};
}
