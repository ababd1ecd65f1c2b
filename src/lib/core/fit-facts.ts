// The compact facts behind "does it fit": made from what was read of a model, joined, borrowed from a base, or from files.
import { ggufLabel, ggufOffer } from '#lib/core/gguf-files.ts';
import { listingFile, type ListingFacts } from '#lib/core/listing.ts';
import type { KvCache } from '#lib/core/memory.ts';
import type { FitFacts, ModelCharacteristics } from '#lib/core/model.ts';
import { cacheOf, weightsOf, type CacheFacts, type WeightFacts } from '#lib/core/fit-merge.ts';
import type { ParameterCount } from '#lib/core/parameters.ts';
import { holdsGguf, quantizationObject, type QuantizationFacts } from '#lib/core/quantization.ts';
import type { Reading, Scope } from '#lib/core/reading.ts';
import type { ShapeFacts } from '#lib/core/shape-facts.ts';
import type { ChosenFiles } from '#lib/core/weight-files.ts';
import { estimateWeights, storedBytes, type WeightEstimate, type WeightSubject } from '#lib/core/weights.ts';

interface Subject {
	id: string;
	listing: ListingFacts | null;
	/** Text model first, then the root when that is another object; empty without a configuration. */
	scopes: Scope[];
	stored: QuantizationFacts;
	parameters: ModelCharacteristics['parameters'];
	shapes: ShapeFacts;
	hidden: number | null;
	reading: Reading;
}

const noWeights: WeightFacts = { weights_bytes: null, weights_band: 0, vision_bytes: null, active_bytes: null };
const noCache: CacheFacts = {
	kv_bytes_per_token: null,
	kv_window_bytes_per_token: null,
	kv_window_tokens: null,
	kv_state_bytes: null,
};

/** A size in a repository's name is rounded to a digit or two. */
const nameBand = 0.05;
/** File headers, and tensors that only some runtimes load. */
const storedBand = 0.002;

/** The label of the GGUF file that is meant; null for other formats and where nothing names it. */
function labelOf({ listing, id }: Subject): string | null {
	if (listing === null || !holdsGguf(listing)) return null;
	return ggufOffer(listing.siblings ?? [])?.chosen.label ?? ggufLabel(id)?.label ?? null;
}

/** Routed experts' parameters that rest for a token; 0 without experts, null when not told. */
function restingOf({ total, active, groups }: ParameterCount): number | null {
	if (groups.experts === 0) return 0;
	return active === null ? null : total - active - (groups.head > 0 ? groups.embed : 0);
}

function weightSubject(subject: Subject): WeightSubject {
	const { stored, parameters, shapes, scopes, hidden } = subject;
	const counted = shapes.parts?.isWhole === true ? shapes.parts : null;
	// A count from shapes that leaves a tower out is no total either.
	const isPartial = counted === null && parameters.source === 'config';
	return {
		total: isPartial ? null : parameters.total,
		parts: counted?.groups ?? null,
		resting: counted === null ? null : restingOf(counted),
		hidden,
		method: stored.quantization_method,
		bits: stored.quantization_bits,
		group: stored.quantization_group_size,
		dtype: stored.dtype,
		config: quantizationObject(scopes),
		label: labelOf(subject),
	};
}

function weightFacts({ bytes, band, vision, active }: WeightEstimate, extraBand: number): WeightFacts {
	const weights_band = rounded(band + extraBand);
	return { weights_bytes: bytes, weights_band, vision_bytes: vision, active_bytes: active };
}

function rounded(share: number): number {
	return Math.round(share * 1e4) / 1e4;
}

/** The estimate with its bytes replaced by better known ones; towers keep theirs, and what is active its share. */
function corrected(estimate: WeightEstimate | null, bytes: number, band: number): WeightFacts {
	const vision = estimate === null || (estimate.vision ?? 0) > bytes ? null : estimate.vision;
	const share = estimate === null || estimate.active === null ? null : estimate.active / estimate.bytes;
	const active = share === null ? null : Math.round(bytes * Math.min(1, share));
	return { weights_bytes: bytes, weights_band: band, vision_bytes: vision, active_bytes: active };
}

function readWeights(subject: Subject): WeightFacts {
	const { listing, reading, parameters, shapes } = subject;
	const what = weightSubject(subject);
	const estimate = estimateWeights(what);
	const stored = what.label === null ? storedBytes(listing) : null;
	if (stored !== null) {
		const rule = `Elements of the safetensors files by type (${stored.types.join(', ')}).`;
		reading.note('fit', 'safetensors.parameters', rule, listingFile);
		return corrected(estimate, stored.bytes, storedBand);
	}
	if (estimate === null) return noWeights;
	if (shapes.parts?.isWhole === true) reading.note('fit', '', estimate.basis);
	else reading.note('fit', 'parameters', estimate.basis, listingFile);
	return weightFacts(estimate, what.parts === null && parameters.source === 'name' ? nameBand : 0);
}

/** Where an encoder's keys and values are kept too, each of its tokens costs what one of the decoder's does. */
function cacheFacts(cache: KvCache | null): CacheFacts {
	if (cache === null) return noCache;
	const { bytesPerToken, encoderTokens, windowBytesPerToken, windowTokens, stateBytes } = cache;
	return {
		kv_bytes_per_token: encoderTokens === 'text' ? 2 * bytesPerToken : bytesPerToken,
		kv_window_bytes_per_token: windowBytesPerToken,
		kv_window_tokens: windowTokens,
		kv_state_bytes: stateBytes + (encoderTokens === 'text' ? 0 : encoderTokens * bytesPerToken),
	};
}

/**
 * The facts of a GGUF file from its header: bytes of the tensors where all were read, the cache as its metadata tells.
 * `activeShare`: the share of the weights that one token reads; null is not known. `before` is what was known without.
 */
export function fitOfHeader(
	before: FitFacts | null,
	{ bytes, activeShare, cache }: { bytes: number | null; activeShare: number | null; cache: KvCache | null },
): FitFacts | null {
	const active_bytes = bytes === null || activeShare === null ? null : Math.round(bytes * activeShare);
	const stored = { weights_bytes: bytes, weights_band: 0, vision_bytes: 0, active_bytes };
	const weights = bytes === null ? (before === null ? noWeights : weightsOf(before)) : stored;
	const kept = cache === null && before !== null ? cacheOf(before) : cacheFacts(cache);
	return joined(weights, kept);
}

/** The facts of one model; null when neither weights nor cache are known. How the weights came about is noted as `fit`. */
export function readFit(subject: Subject): FitFacts | null {
	const { cache } = subject.shapes;
	const weights = readWeights(subject);
	if (weights.weights_bytes === null && cache !== null) subject.reading.note('fit', '', cache.rule);
	return joined(weights, cacheFacts(cache));
}

/** Both kinds of facts in one; null when nothing is known. (Field by field: two spreads cost as much as all the rest.) */
function joined(weights: WeightFacts, cache: CacheFacts): FitFacts | null {
	const { weights_bytes, weights_band, vision_bytes, active_bytes } = weights;
	const { kv_bytes_per_token, kv_window_bytes_per_token, kv_window_tokens, kv_state_bytes } = cache;
	if (weights_bytes === null && kv_bytes_per_token === null) return null;
	return {
		weights_bytes,
		weights_band,
		vision_bytes,
		active_bytes,
		kv_bytes_per_token,
		kv_window_bytes_per_token,
		kv_window_tokens,
		kv_state_bytes,
	};
}

/** Is it known what the cache of this model costs? */
export function knowsCache(facts: FitFacts | null): facts is FitFacts {
	return facts !== null && facts.kv_bytes_per_token !== null;
}

/**
 * The facts of a quantized copy, completed by those of the model it was made from: its layers are the same. The share of
 * the weights that one token reads is taken over too. Unchanged where its own cache is known or the base's is not.
 */
export function borrowFit(own: FitFacts | null, base: FitFacts | null): FitFacts | null {
	if (base === null || base.kv_bytes_per_token === null || (own !== null && own.kv_bytes_per_token !== null))
		return own;
	const weights = own === null ? noWeights : weightsOf(own);
	const share =
		base.active_bytes === null || base.weights_bytes === null ? null : base.active_bytes / base.weights_bytes;
	const isShared = weights.active_bytes === null && weights.weights_bytes !== null && share !== null;
	const active_bytes = isShared ? Math.round((weights.weights_bytes ?? 0) * share) : weights.active_bytes;
	return { ...weights, active_bytes, ...cacheOf(base) };
}

/** The facts with weights that were measured: the bytes of the files that are loaded, projector included. */
export function fitOfFiles(facts: FitFacts | null, files: Omit<ChosenFiles, 'paths'>): FitFacts {
	const bytes = files.bytes + files.projectorBytes;
	const known = facts !== null && facts.weights_bytes !== null && facts.weights_bytes > 0 ? facts : null;
	const share =
		known?.active_bytes == null || known.weights_bytes === null ? null : known.active_bytes / known.weights_bytes;
	const inside = facts?.vision_bytes ?? null;
	const vision = files.projectorBytes > 0 ? files.projectorBytes : files.format === 'gguf' ? 0 : inside;
	return {
		weights_bytes: bytes,
		weights_band: 0,
		vision_bytes: vision !== null && vision > bytes ? null : vision,
		active_bytes: share === null ? null : Math.round(files.bytes * Math.min(1, share)),
		...(facts === null ? noCache : cacheOf(facts)),
	};
}
