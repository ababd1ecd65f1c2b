// What a try may cost before it is sent, and what it did cost afterwards, for winners and losers alike.
import type { Usage } from '#lib/core/registry/call.ts';
import { costOf, differs, outputWithin, worstCost, type Price } from '#lib/core/registry/price.ts';
import { nanoDollars } from '#lib/core/registry/record.ts';
import type { Candidate, Plan } from '#lib/core/registry/strategy.ts';
import { askedOutput, estimateInput, estimateTokens, guessUsage } from '#lib/core/registry/usage.ts';
import type { Attempt } from '#lib/server/registry/attempt.ts';

/** Counted input may be off by a little. */
const inputSlack = 1.05;

/** The price that a plan takes for a candidate; null when nobody knows it and the plan does not say what to take. */
export function priceFor({ price }: Candidate, { onUnknownPrice }: Plan): Price | null {
	if (price !== null) return price;
	return typeof onUnknownPrice === 'object' && onUnknownPrice !== null
		? { rates: onUnknownPrice, tiers: [], source: 'assumed' }
		: null;
}

/** A request's size, as far as it can be told before it is sent. */
export interface Size {
	input: number;
	/** The most that the caller wants; null when the caller set no limit. */
	asked: number | null;
	/** Embeddings write nothing. */
	writes: boolean;
}

/** The size of a request with this body. */
export function sizeOf(body: Readonly<Record<string, unknown>>, operation: string): Size {
	return { input: estimateInput(body), asked: askedOutput(body), writes: operation !== 'embeddings' };
}

/** The most tokens that this candidate will write. */
export function mostOutput(size: Size, candidate: Candidate, plan: Plan): number {
	if (!size.writes) return 0;
	const usual = Math.min(candidate.maxOutput ?? Infinity, plan.defaultMaxOutput);
	return Math.min(size.asked ?? usual, candidate.maxOutput ?? Infinity);
}

/** The most a try can cost in nano-dollars; null when the price is unknown. */
export function worstOf(size: Size, candidate: Candidate, plan: Plan): number | null {
	const price = priceFor(candidate, plan);
	if (price === null) return null;
	return worstCost(price, Math.ceil(size.input * inputSlack), mostOutput(size, candidate, plan));
}

/** The output tokens that fit what is left of a request's money; null when none do. */
export function clampedOutput(size: Size, candidate: Candidate, plan: Plan, nano: number): number | null {
	const price = priceFor(candidate, plan);
	if (price === null) return null;
	const fits = outputWithin(price, Math.ceil(size.input * inputSlack), nano);
	return fits >= 1 ? Math.min(fits, mostOutput(size, candidate, plan)) : null;
}

/** What a finished or abandoned try used and cost. */
export interface Bill {
	usage: Usage | null;
	cost: number | null;
	tableCost: number | null;
	isEstimated: boolean;
}

interface Ended {
	size: Size;
	plan: Plan;
	/** Did we end it before it had finished? */
	isCancelled: boolean;
	/** What such a request usually writes; null when nobody knows. */
	usualOutput: number | null;
}

/**
 * The bill of a try. A stated usage counts; otherwise the text that came is counted. A stream that was cancelled where
 * cancelling ends the bill costs its input and what had come, nothing if nothing had; anywhere else it is charged as if it had
 * run on. A call that failed before any content is taken to cost nothing: providers do not bill what they refused.
 */
export function billOf(attempt: Attempt, { size, plan, isCancelled, usualOutput }: Ended): Bill {
	const { candidate, usage } = attempt;
	const price = priceFor(candidate, plan);
	const found = usage ?? guessed(attempt, { size, plan, isCancelled, usualOutput });
	if (found === null) return { usage: null, cost: 0, tableCost: null, isEstimated: false };
	const table = price === null ? null : costOf(found, price);
	const stated = found.stated_cost === null ? null : nanoDollars(found.stated_cost);
	const isOff = stated !== null && table !== null && differs(stated, table);
	return {
		usage: found,
		cost: stated ?? table,
		tableCost: isOff ? table : null,
		isEstimated: found.estimated || price?.source === 'assumed',
	};
}

function guessed(attempt: Attempt, { size, plan, isCancelled, usualOutput }: Ended): Usage | null {
	const { candidate, said, hasContent } = attempt;
	const written = estimateTokens(said);
	if (!isCancelled) return hasContent ? guessUsage(size.input, written) : null;
	if (candidate.cancelStopsBilling === true) return hasContent ? guessUsage(size.input, written) : null;
	const most = mostOutput(size, candidate, plan);
	return guessUsage(size.input, Math.max(written, Math.min(most, usualOutput ?? most)));
}
