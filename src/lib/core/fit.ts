// Does it fit: the memory a model needs on a device at a context, term by term, and how fast it could answer there.
import { baseRuntime, runtimesWith, type Runtimes } from '#lib/core/runtime.ts';
import { formatBytes, formatCount } from '#lib/core/format.ts';
import { usableMemory, type Device, type Usable } from '#lib/core/hardware.ts';
import type { FitFacts } from '#lib/core/model.ts';
import { anyRuntime, runtimeMemory, type RuntimeMemory } from '#lib/core/tables/runtime-memory.ts';

/** `tight`: fits by the best figure, but not with its error, or with less than a tenth to spare. */
export const verdicts = ['fits', 'tight', 'too_big', 'unknown'] as const;
export type Verdict = (typeof verdicts)[number];

/** Bits of a key or value in the cache: 16, or a cache quantized to 8 or 4. */
export const cachePrecisions = [16, 8, 4] as const;
export type CacheBits = (typeof cachePrecisions)[number];

/** The context that is meant when none is named, in tokens. */
export const usualContext = 8192;

/** One summand. `bytes` null: not known. `basis` is one sentence on where the figure is from. */
export interface FitTerm {
	name: string;
	bytes: number | null;
	basis: string;
}

/**
 * The answer. `need_bytes` is the sum of the terms, null when one of them is not known. `error_band`: how far it may lie
 * off either way, as a share of it. `max_context`: the most tokens that fit, at most the model's own context; 0 when not
 * even the weights do, null when that is not known or nothing limits it. `tokens_per_second` is always an estimate.
 */
export interface Fit {
	verdict: Verdict;
	need_bytes: number | null;
	have_bytes: number;
	error_band: number | null;
	terms: FitTerm[];
	max_context: number | null;
	tokens_per_second: { value: number; basis: string } | null;
}

/** What is to be fitted: the compact facts, the context window in tokens, and in words where each fact is from. */
export interface FitSubject {
	facts: FitFacts | null;
	context_window: number | null;
	basis?: Partial<Record<'weights' | 'vision' | 'cache', string>>;
}

export interface FitOptions {
	device: Device;
	/** Tokens; 8,192 unless told. More than the model's own context counts as that. */
	contextTokens?: number | null;
	cacheBits?: CacheBits;
	/** Conversations at once, each with a context of its own. */
	slots?: number;
	/** Name of the runtime; null and names without a row mean the general rule. */
	runtime?: string | null;
	/** Also those of a registry file, which need what the one behind them does; the known ones when left out. */
	runtimes?: Runtimes;
}

/** Everything about the place that does not depend on the model; made once for many models. */
export interface FitPlace {
	device: Device;
	have: Usable;
	runtime: RuntimeMemory;
	/** The name that was asked for, when it has no row of its own. */
	unknownRuntime: string | null;
	cacheBits: CacheBits;
	/** Cost of the cache against 16 bits. */
	cacheScale: number;
	slots: number;
}

const knownRuntimes = runtimesWith([]);

/** How a runtime uses memory; null for a name without a row. */
export function memoryOfRuntime(name: string, runtimes: Runtimes): RuntimeMemory | null {
	const lower = name.trim().toLowerCase();
	const plain = baseRuntime(lower, runtimes) ?? lower; // one of the registry file needs what the one behind it does
	return runtimeMemory.find(({ names }) => names.includes(plain)) ?? null;
}

/** The place for many models. */
export function fitPlace({
	device,
	cacheBits = 16,
	slots = 1,
	runtime = null,
	runtimes = knownRuntimes,
}: FitOptions): FitPlace {
	const row = runtime === null ? anyRuntime : memoryOfRuntime(runtime, runtimes);
	const rule = row ?? anyRuntime;
	const isCard = device.accelerator === 'cuda' || device.accelerator === 'rocm' || device.accelerator === 'xpu';
	const claim = isCard && rule.claims !== null ? rule.claims(device.memory_bytes) : null;
	const have = claim === null ? usableMemory(device) : { bytes: claim.bytes, basis: claim.words };
	const cacheScale = cacheBits === 16 ? 1 : rule.cacheBits[cacheBits] / 16;
	return { device, have, runtime: rule, unknownRuntime: row === null ? runtime : null, cacheBits, cacheScale, slots };
}

/** What a runtime needs beside weights and cache, in bytes; NaN where the weights are. */
export function overheadBytes({ overhead }: RuntimeMemory, weightsBytes: number): number {
	return Math.max(overhead.leastBytes, Math.round(weightsBytes * overhead.share));
}

/** The context that is counted: the asked one, or the model's own when that is smaller. */
export function countedTokens(asked: number | null | undefined, contextWindow: number | null): number {
	return Math.min(asked ?? usualContext, contextWindow ?? Infinity);
}

/** Tokens that a layer with a window keeps. */
export function windowTokens(window: number, tokens: number, { windowExtra, windowStep }: RuntimeMemory): number {
	return Math.min(tokens, Math.ceil((window + windowExtra) / windowStep) * windowStep);
}

interface CacheParts {
	whole: number;
	windows: number;
	states: number;
}

function cacheParts(facts: FitFacts, tokens: number, place: FitPlace): CacheParts | null {
	const { kv_bytes_per_token: perToken, kv_window_bytes_per_token: inWindow, kv_state_bytes: state } = facts;
	if (perToken === null || inWindow === null || state === null) return null;
	const kept = inWindow === 0 ? 0 : windowTokens(facts.kv_window_tokens ?? 0, tokens, place.runtime);
	const scale = place.cacheScale * place.slots;
	const whole = Math.round(perToken * tokens * scale);
	return { whole, windows: Math.round(inWindow * kept * scale), states: state * place.slots };
}

/** All that a model needs at so many tokens, in bytes; null when a part is not known. Grows with the tokens. */
export function neededBytes(facts: FitFacts, tokens: number, place: FitPlace): number | null {
	const weights = facts.weights_bytes;
	const cache = cacheParts(facts, tokens, place);
	if (weights === null || cache === null) return null;
	return weights + cache.whole + cache.windows + cache.states + overheadBytes(place.runtime, weights);
}

/** The error of the sum as a share: that of the weights and that of the overhead; caches are exact. */
function bandOf(facts: FitFacts, need: number, { runtime }: FitPlace): number {
	const weights = facts.weights_bytes ?? 0;
	return (weights * facts.weights_band + overheadBytes(runtime, weights) * runtime.overheadBand) / need;
}

/** Less than this share to spare is tight. */
const spareShare = 0.1;

function verdictOf(need: number, band: number, have: number): Verdict {
	if (need > have) return 'too_big';
	return need * (1 + band) > have || need > have * (1 - spareShare) ? 'tight' : 'fits';
}

/** The answer for one row of a list: arithmetic only. */
export interface RowFit {
	verdict: Verdict;
	need_bytes: number | null;
	error_band: number | null;
}

/** What a list row and a slider need. `contextTokens` as in `fit`. */
export function fitRow(
	{ fit: facts, context_window: window }: { fit: FitFacts | null; context_window: number | null },
	place: FitPlace,
	contextTokens: number | null = null,
): RowFit {
	if (facts === null) return { verdict: 'unknown', need_bytes: null, error_band: null };
	const need = neededBytes(facts, countedTokens(contextTokens, window), place);
	const have = place.have.bytes;
	if (need === null) {
		// A cache that is not known cannot make weights fit that do not.
		const isTooBig = (facts.weights_bytes ?? 0) > have;
		return { verdict: isTooBig ? 'too_big' : 'unknown', need_bytes: null, error_band: null };
	}
	const band = bandOf(facts, need, place);
	return { verdict: verdictOf(need, band, have), need_bytes: need, error_band: band };
}

/** More tokens than any model takes: the end of the search where a model states no context. */
const endlessTokens = 2 ** 40;

/** The most tokens that fit; see `Fit.max_context`. */
export function maxContext({ facts, context_window: window }: FitSubject, place: FitPlace): number | null {
	if (facts === null) return null;
	const fits = (tokens: number) => (neededBytes(facts, tokens, place) ?? Infinity) <= place.have.bytes;
	if (neededBytes(facts, 0, place) === null) return (facts.weights_bytes ?? 0) > place.have.bytes ? 0 : null;
	const most = window ?? endlessTokens;
	if (fits(most)) return window;
	let low = 0;
	let high = most;
	while (low < high - 1) {
		const middle = Math.floor((low + high) / 2);
		if (fits(middle)) low = middle;
		else high = middle;
	}
	return low;
}

/** Share of the peak bandwidth that making one token after the other reaches. Source: llama.cpp's published runs on
 * Macs and cards, 45 to 85 % for models of 4 to 14 GB. */
const reachedShare = 0.65;

function speed(subject: FitSubject, tokens: number, place: FitPlace): Fit['tokens_per_second'] {
	const bandwidth = place.device.bandwidth_bytes_per_second;
	const active = subject.facts?.active_bytes ?? null;
	const cache = subject.facts === null ? null : cacheParts(subject.facts, tokens, { ...place, slots: 1 });
	if (bandwidth === null || active === null || cache === null) return null;
	const read = active + cache.whole + cache.windows + cache.states;
	if (read <= 0) return null;
	const value = Math.round(((bandwidth * reachedShare) / read) * 10) / 10;
	const peak = `${formatCount(bandwidth / 1e9)} GB/s`;
	const basis = `Estimate: ${reachedShare * 100} % of ${peak} ÷ ${formatBytes(read)} read per token (active weights and a full cache of ${formatCount(tokens)} tokens).`;
	return { value, basis };
}

const notRead = 'Unknown: nothing at hand tells the layers of this model.';

function weightTerms({ facts, basis }: FitSubject): FitTerm[] {
	const bytes = facts?.weights_bytes ?? null;
	const towers = facts?.vision_bytes ?? 0;
	if (bytes === null) {
		const words = basis?.weights ?? 'Unknown: neither files nor parameters and bits are known.';
		return [{ name: 'Weights', bytes: null, basis: words }];
	}
	const error = facts === null || facts.weights_band === 0 ? '' : ` Within ${formatCount(facts.weights_band * 100)} %.`;
	const terms = [{ name: 'Weights', bytes: bytes - towers, basis: `${basis?.weights ?? 'As listed.'}${error}` }];
	if (towers === 0) return terms;
	return [
		...terms,
		{ name: 'Vision tower and projector', bytes: towers, basis: basis?.vision ?? 'Part of the weights.' },
	];
}

function slotWords({ slots }: FitPlace): string {
	return slots === 1 ? '' : ` × ${slots} slots`;
}

function cacheTerms({ facts, context_window, basis }: FitSubject, tokens: number, place: FitPlace): FitTerm[] {
	const parts = facts === null ? null : cacheParts(facts, tokens, place);
	if (facts === null || parts === null) return [{ name: 'KV cache', bytes: null, basis: notRead }];
	const slots = slotWords(place);
	const scaled = place.cacheScale === 1 ? '' : ` × ${place.cacheScale} (cache of ${place.cacheBits} bits)`;
	const limit = context_window === tokens ? ' (the model’s own limit)' : '';
	const origin = basis?.cache === undefined ? '' : ` ${basis.cache}`;
	const each = (bytes: number | null) => `${formatCount(bytes ?? 0)} bytes per token`;
	const terms: FitTerm[] = [];
	if (parts.whole > 0 || parts.windows + parts.states === 0) {
		const words = `${each(facts.kv_bytes_per_token)} × ${formatCount(tokens)} tokens${limit}${slots}${scaled}.`;
		terms.push({ name: 'KV cache', bytes: parts.whole, basis: `${words}${origin}` });
	}
	if (parts.windows > 0) {
		const kept = windowTokens(facts.kv_window_tokens ?? 0, tokens, place.runtime);
		const words = `${each(facts.kv_window_bytes_per_token)} × ${formatCount(kept)} tokens${slots}${scaled}: windows of ${formatCount(facts.kv_window_tokens ?? 0)} tokens.`;
		terms.push({ name: 'KV cache of sliding windows', bytes: parts.windows, basis: words });
	}
	if (parts.states > 0) {
		terms.push({ name: 'Recurrent state', bytes: parts.states, basis: `The same at any context${slots}.` });
	}
	return terms;
}

function overheadTerm({ facts }: FitSubject, { runtime, unknownRuntime }: FitPlace): FitTerm {
	const weights = facts?.weights_bytes ?? null;
	const rule = unknownRuntime === null ? '' : ` No figures for ${unknownRuntime}: the general rule.`;
	const basis = `For ${runtime.label}: ${runtime.overheadWords}.${rule}`;
	return { name: 'Runtime overhead', bytes: weights === null ? null : overheadBytes(runtime, weights), basis };
}

/** Does it fit, why, and how much context would. Never a number for what is not known. */
export function fit(subject: FitSubject, options: FitOptions): Fit {
	const place = fitPlace(options);
	const { context_window } = subject;
	const tokens = countedTokens(options.contextTokens, context_window);
	const row = fitRow({ fit: subject.facts, context_window }, place, options.contextTokens ?? null);
	return {
		...row,
		have_bytes: place.have.bytes,
		terms: [...weightTerms(subject), ...cacheTerms(subject, tokens, place), overheadTerm(subject, place)],
		max_context: maxContext(subject, place),
		tokens_per_second: row.verdict === 'too_big' ? null : speed(subject, tokens, place),
	};
}
