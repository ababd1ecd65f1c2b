// What is written down about a request: which candidates were tried, why, how each ended, and what it cost.
import type { CallFailureClass, Operation, Usage } from '#lib/core/registry/call.ts';
import type { Strategy } from '#lib/core/registry/strategy.ts';

/**
 * How a try ended. `won`: its answer was served (for consensus: is the answer that was chosen). `lost`: another one was
 * served. `cancelled`: ended by the caller or a deadline of the request. `skipped`: never sent.
 */
export type AttemptOutcome = 'won' | 'lost' | 'failed' | 'cancelled' | 'skipped';

/** Why a candidate was passed over without being asked. */
export type LeftOutReason =
	| 'disabled'
	| 'no_key'
	| 'unknown_provider'
	| 'breaker_open'
	| 'price_unknown'
	| 'too_expensive'
	| 'context_too_small'
	| 'no_tools'
	| 'not_enough_lanes'
	| 'attempts_used_up'
	| 'budget'
	| 'queue_full';

/** Why a try was made. */
export type AttemptCause =
	'first' | 'retry' | 'fallback' | 'lane' | 'hedge' | 'replacement' | 'vote' | 'judge' | 'compare';

/**
 * One try at one candidate. Milliseconds count from the start of the request, null where times are not kept; costs are
 * nano-dollars.
 */
export interface AttemptRecord {
	number: number;
	/** `provider/model` */
	candidate: string;
	cause: AttemptCause;
	outcome: AttemptOutcome;
	/** Class of the failure; null when it did not fail. */
	class: CallFailureClass | null;
	/** Why it was skipped, or what ended it (`lost-race`, `client` …); null otherwise. */
	reason: LeftOutReason | string | null;
	/** HTTP status of the provider; null when none came. */
	status: number | null;
	/** One sentence about the failure, without keys; null when there is none. */
	message: string | null;
	started_ms: number | null;
	headers_ms: number | null;
	first_content_ms: number | null;
	ended_ms: number | null;
	usage: Usage | null;
	/** Null: the price is unknown. Zero: it cost nothing. */
	cost_nano: number | null;
	/** What the table of prices says where the provider stated another cost; null where they agree or one is missing. */
	table_cost_nano: number | null;
	/** True when tokens or cost were not stated by the provider. */
	is_estimated: boolean;
	/** Characters of content that had come when it ended. */
	characters: number;
}

/** One vote of a consensus. `cluster` numbers equal answers from zero; null for an answer that cannot be used. */
export interface Vote {
	candidate: string;
	cluster: number | null;
	usable: boolean;
	/** Null: the price is unknown. */
	cost_nano: number | null;
	ms: number | null;
}

/** How a vote stands when one more of its lanes has ended. */
export interface VoteProgress {
	/** Id of the request's record. */
	request: string;
	candidate: string;
	/** Did it answer? */
	answered: boolean;
	/** Lanes that have ended, and those that were started. */
	ended: number;
	started: number;
	/** Share of the weight of all started lanes that agrees so far; 0 while no answer can be compared. */
	agreement: number;
	/** Since the request came. */
	ms: number;
}

/** What a consensus found. `agreement` is the winner's share of the weight of all started lanes; null when too few answered. */
export interface ConsensusRecord {
	comparator: string;
	quorum: number;
	started: number;
	agreement: number | null;
	is_reached: boolean;
	votes: Vote[];
	/** Agreement per field, for the JSON comparator; null otherwise. */
	per_field: Record<string, number> | null;
	/** A judge's words; null when none was asked. */
	judge: { agreed: string[]; disputed: string[]; unique: string[] } | null;
}

/** What a request cost, in nano-dollars; null where a price is unknown. */
export interface RequestCost {
	winner: number | null;
	losers: number | null;
	total: number | null;
}

/** One request from its arrival to its end. It never holds what was said. */
export interface RequestRecord {
	/** ULID: sorts by time. */
	id: string;
	/** ISO time. */
	started_at: string;
	spec: string;
	/** What the spec led to: `tier:fast`, `user:ann:check`, or the candidate itself. */
	route: string;
	operation: Operation;
	strategy: Strategy;
	user: string | null;
	/** Name of the key that was used; never the key. */
	key: string | null;
	tags: string[];
	streamed: boolean;
	outcome: 'ok' | 'failed' | 'cancelled';
	/** HTTP status that the caller got, 499 when the caller left. */
	status: number;
	/** Code of the failure; null when it went well. */
	code: string | null;
	message: string | null;
	/** `provider/model` that answered; null when none did. */
	served: string | null;
	attempts: AttemptRecord[];
	/** Milliseconds spent in queues before the first try; null where times are not kept. */
	queue_ms: number | null;
	/** Milliseconds until the first piece of the answer went to the caller; null when none did. */
	first_content_ms: number | null;
	/** Milliseconds from its arrival to its end; null where times are not kept. */
	ms: number | null;
	cost: RequestCost;
	/** Tokens of the answer that was served; null when nothing is known. */
	usage: Usage | null;
	consensus: ConsensusRecord | null;
	/** What was decided on the way, in sentences. */
	notes: string[];
	/** Digest of the registry file in force. */
	config: string;
}

/** The record without how long things took, for those who do not track performance; costs and tokens stay. */
export function withoutTimes(record: RequestRecord): RequestRecord {
	const { consensus } = record;
	const times = { started_ms: null, headers_ms: null, first_content_ms: null, ended_ms: null };
	return {
		...record,
		attempts: record.attempts.map((attempt) => ({ ...attempt, ...times })),
		queue_ms: null,
		first_content_ms: null,
		ms: null,
		consensus:
			consensus === null ? null : { ...consensus, votes: consensus.votes.map((vote) => ({ ...vote, ms: null })) },
	};
}

/** Nano-dollars as dollars, for people and headers. */
export function dollars(nano: number): number {
	return nano / 1e9;
}

/** Dollars as whole nano-dollars. */
export function nanoDollars(usd: number): number {
	return Math.round(usd * 1e9);
}

/** The sum of costs; null as soon as one of them is unknown. */
export function sumCosts(costs: readonly (number | null)[]): number | null {
	let sum = 0;
	for (const cost of costs) {
		if (cost === null) return null;
		sum += cost;
	}
	return sum;
}
