// What tokens cost: rates as whole pico-dollars per token, so that no sum is ever off by a rounding.
import type { Usage } from '#lib/core/registry/call.ts';

/** Dollars per million tokens, as price lists write them. A missing rate is null, never zero. */
export interface Rates {
	input: number;
	output: number;
	cache_read?: number | null;
	cache_write?: number | null;
	reasoning?: number | null;
	input_audio?: number | null;
}

/** Other rates for the whole request once its input has more tokens than this. */
export interface PriceTier extends Rates {
	above: number;
}

/** The price of one model, and where it is from. */
export interface Price {
	rates: Rates;
	tiers: readonly PriceTier[];
	/** `table <date>`, `file`, `local`, or `assumed` where the file says what to take for an unknown one. */
	source: string;
}

/** A model that runs on this machine: nobody sends a bill. */
export const freePrice: Price = { rates: { input: 0, output: 0 }, tiers: [], source: 'local' };

/** One dollar per million tokens is a million pico-dollars per token. */
const picoPerToken = 1e6;

/** The rates that hold for a request with so many tokens of input: beyond a bound all of it costs more. */
export function ratesFor(price: Price, inputTokens: number): Rates {
	let rates: Rates = price.rates;
	let bound = -1;
	for (const tier of price.tiers) {
		if (inputTokens <= tier.above || tier.above <= bound) continue;
		rates = tier;
		bound = tier.above;
	}
	return rates;
}

function pico(tokens: number, dollarsPerMillion: number): number {
	return tokens * Math.round(dollarsPerMillion * picoPerToken);
}

/** All tokens that went in. */
export function inputTokens(usage: Usage): number {
	const { input_uncached, cache_read, cache_write_5m, cache_write_1h, audio_in } = usage;
	return input_uncached + cache_read + cache_write_5m + cache_write_1h + audio_in;
}

/** All tokens that came out. */
export function outputTokens({ output_text, output_reasoning, audio_out }: Usage): number {
	return output_text + output_reasoning + audio_out;
}

/**
 * Nano-dollars of a call. Rates that are missing fall back: cached tokens to the input rate, reasoning to the output
 * rate, writes of an hour to twice the input rate where nothing is known (Anthropic's published ratio). A cost that the
 * provider stated is not looked at here.
 */
export function costOf(usage: Usage, price: Price): number {
	const rates = ratesFor(price, inputTokens(usage));
	const write = rates.cache_write ?? rates.input;
	const sum =
		pico(usage.input_uncached, rates.input) +
		pico(usage.cache_read, rates.cache_read ?? rates.input) +
		pico(usage.cache_write_5m, write) +
		pico(usage.cache_write_1h, Math.max(write, rates.cache_write == null ? write : rates.input * 2)) +
		pico(usage.audio_in, rates.input_audio ?? rates.input) +
		pico(usage.output_text + usage.audio_out, rates.output) +
		pico(usage.output_reasoning, rates.reasoning ?? rates.output);
	return Math.round(sum / 1000);
}

/** What a request may cost at most: so many tokens in, so many out, in nano-dollars. */
export function worstCost(price: Price, input: number, output: number): number {
	const rates = ratesFor(price, input);
	const most = Math.max(rates.output, rates.reasoning ?? 0);
	const dear = Math.max(rates.input, rates.cache_write ?? 0);
	return Math.ceil((pico(input, dear) + pico(output, most)) / 1000);
}

/** The most output tokens that fit an amount of nano-dollars after the input is paid; negative when not even that fits. */
export function outputWithin(price: Price, input: number, nano: number): number {
	const rates = ratesFor(price, input);
	const left = nano * 1000 - pico(input, Math.max(rates.input, rates.cache_write ?? 0));
	const rate = Math.round(Math.max(rates.output, rates.reasoning ?? 0) * picoPerToken);
	if (left < 0) return -1;
	return rate === 0 ? Number.MAX_SAFE_INTEGER : Math.floor(left / rate);
}

/** Do two costs of one call differ so much that one of them must be wrong (more than 5 %)? */
export function differs(stated: number, table: number): boolean {
	return Math.abs(stated - table) > 0.05 * Math.max(stated, table);
}
