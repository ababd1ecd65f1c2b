// The four ways to get one answer out of several candidates, and everything a request needs to know before it starts.
import type { Price } from '#lib/core/registry/price.ts';

export const strategies = ['first', 'fallback', 'race', 'consensus'] as const;

/** `first`: the first one that may be asked. `fallback`: one after the other. `race`: the fastest. `consensus`: what most say. */
export type Strategy = (typeof strategies)[number];

/** Milliseconds. `ttft`: until the first content; `idle`: between pieces of content; `total`: everything. */
export interface Timeouts {
	total: number;
	ttft: number;
	idle: number;
}

/** One candidate, ready to be asked. */
export interface Candidate {
	/** `provider/model`, as the file names it. */
	name: string;
	provider: string;
	model: string;
	/** `attempt` is null where nobody set one: then the time that is left is the bound. */
	timeouts: { attempt: number | null; ttft: number; idle: number };
	/** Fields of the body that are set for this candidate. */
	params: Readonly<Record<string, unknown>>;
	headers: Readonly<Record<string, string>>;
	weight: number;
	/** Null: unknown. A model of an engine that people run themselves costs nothing. */
	price: Price | null;
	/** Tokens of context, where known. */
	context: number | null;
	/** The most tokens it writes, where known. */
	maxOutput: number | null;
	/** False where it is known not to take tools. */
	tools: boolean | null;
	/** Ends the bill when a stream is cancelled? Null is unknown and counts as no. */
	cancelStopsBilling: boolean | null;
	isLocal: boolean;
	/** Is it on this machine or in its network, so that it may be asked though nobody knows its price? */
	isNear: boolean;
	/** Requests at once for its provider; null: no limit. */
	providerSlots: number | null;
	/** Why it can never be asked as things are; null when it can. */
	unusable: 'disabled' | 'no_key' | 'unknown_provider' | null;
	/** Name of the weights behind it, to see that two routes lead to the same; the model's last part in small letters. */
	weights: string;
}

/** When another lane of a race starts: after so many milliseconds, or when the running one is slower than usual. */
export interface RacePlan {
	stagger: number | 'auto';
	maxLanes: number;
	winner: 'first-content' | 'first-complete';
}

/** How one field of JSON answers is compared. `numeric` is a tolerance relative to the median. */
export type FieldComparator = 'exact' | 'normalized' | 'set' | { numeric: number } | { absolute: number };

export interface ConsensusPlan {
	compare: 'exact' | 'normalized' | 'json' | 'embedding' | 'judge';
	fields: Readonly<Record<string, FieldComparator>>;
	/** Null: more than half of the lanes that were started. */
	quorum: number | null;
	minResponses: number;
	tieBreak: 'order' | 'cheapest' | 'error' | 'judge';
	onNoQuorum: 'error' | 'order' | 'judge';
	onTooFew: 'error' | 'best-effort';
	/** Make one object of the fields that won, instead of taking the answer that has most of them. */
	compose: boolean;
	allowSameModel: boolean;
	/** Similarity from which answers count as equal; for `embedding` only, null: none was measured. */
	threshold: number | null;
	/** Candidate that judges; null: none. */
	judge: Candidate | null;
	/** Candidate whose vectors tell answers apart; for `embedding` only. */
	embedding: Candidate | null;
	/** Is a caller who reads a stream told of each vote? */
	tellsProgress: boolean;
	maxLanes: number;
}

/** Money that may be spent in a window of the calendar (UTC). */
export interface Limit {
	/** Whose limit: `global`, `user:ann`, `tier:fast`, `provider:groq`, `key:k1` … */
	scope: string;
	unit: 'nano_usd' | 'requests';
	amount: number;
	window: 'minute' | 'hour' | 'day' | 'week' | 'month';
	/** `hard` keeps the worst case back, `expected` what such a request usually costs. */
	mode: 'hard' | 'expected';
}

export interface QueuePlan {
	/** Requests at once; null: no limit. */
	slots: number | null;
	/** Requests that may wait. */
	max: number;
	/** Milliseconds that one may wait. */
	timeout: number;
}

/** What is done about a candidate whose price nobody knows. Null: refused where money is limited, unless it is near. */
export type UnknownPriceRule = 'reject' | 'allow' | { input: number; output: number } | null;

/** Everything that is decided before the first candidate is asked. */
export interface Plan {
	/** `tier:fast`, `user:ann:check`, or the candidate itself. */
	route: string;
	strategy: Strategy;
	candidates: readonly Candidate[];
	totalMs: number;
	retries: { perCandidate: number; maxAttempts: number };
	race: RacePlan;
	consensus: ConsensusPlan;
	/** Nano-dollars for the whole request; null: no limit. */
	maxCost: number | null;
	onUnknownPrice: UnknownPriceRule;
	/** Lower `max_tokens` so that a request fits its `maxCost`? */
	clampMaxTokens: boolean;
	/** Tokens assumed where neither caller nor model limits the answer. */
	defaultMaxOutput: number;
	/** Take the first candidate as written, even if it cannot be asked (`first` only). */
	strict: boolean;
	/** Go on to the next candidate after a content filter? */
	fallbackOnFilter: boolean;
	/** Requests whose doing twice does harm: neither raced nor hedged. */
	sideEffects: boolean;
	limits: readonly Limit[];
	queue: QueuePlan;
	/** Is it written down how long things took? */
	tracksTime: boolean;
	/** Sentences for the record, such as a rewritten spec. */
	notes: readonly string[];
	/** Digest of the file it comes from. */
	config: string;
}
