// The money of one request: what a try may cost, what is kept back for it, and why it may not be sent.
import { nanoDollars, type AttemptRecord, type LeftOutReason } from '#lib/core/registry/record.ts';
import type { Candidate, Limit, Plan } from '#lib/core/registry/strategy.ts';
import { clampedOutput, priceFor, sizeOf, worstOf, type Size } from '#lib/server/registry/cost.ts';
import type { Ground } from '#lib/server/registry/ground.ts';
import type { Shortage } from '#lib/server/registry/ledger.ts';
import type { RouteRequest } from '#lib/server/registry/route.ts';

/** A candidate that was not asked, and why. */
export class LeftOut extends Error {
	readonly reason: LeftOutReason;
	/** Set for `budget`. */
	readonly shortage: Shortage | null;

	constructor(reason: LeftOutReason, shortage: Shortage | null = null) {
		super(`The candidate was passed over: ${reason}.`);
		this.reason = reason;
		this.shortage = shortage;
	}
}

/** The most that a try can cost in nano-dollars, and the body it is sent with. */
export interface Affordable {
	worst: number;
	body: Record<string, unknown>;
}

interface PurseOptions {
	id: string;
	plan: Plan;
	request: RouteRequest;
	size: Size;
	ground: Ground;
}

/** Asked before every try. */
export class Purse {
	/** The limit that stopped a try; null when none did. */
	shortage: Shortage | null = null;
	/** The cheapest estimate among candidates that were too expensive, in nano-dollars; null when none was. */
	cheapest: number | null = null;
	readonly #options: PurseOptions;
	readonly #maxCost: number | null;
	readonly #limits: readonly Limit[];
	#made = 0;

	constructor(options: PurseOptions) {
		const { plan, request } = options;
		this.#options = options;
		const asked = request.options.maxCost;
		this.#maxCost = asked === undefined ? plan.maxCost : Math.min(nanoDollars(asked), plan.maxCost ?? Infinity);
		this.#limits = [...plan.limits, ...(request.limits ?? [])].filter(({ unit }) => unit === 'nano_usd');
	}

	/** Nano-dollars of tries that have ended, unknown prices left out. */
	spent(records: readonly AttemptRecord[]): number {
		return records.reduce((sum, { cost_nano }) => sum + (cost_nano ?? 0), 0);
	}

	/** May a try be sent when so much of the request's money is gone or promised? Throws a `LeftOut` when it may not. */
	afford(candidate: Candidate, committed: number, notes: string[]): Affordable {
		const { plan, request } = this.#options;
		const body = { ...request.body, ...candidate.params };
		const limits = this.#limits.length > 0 || this.#options.ground.providerLimits(candidate.provider).length > 0;
		if (priceFor(candidate, plan) === null) {
			const isLimited = this.#maxCost !== null || limits;
			const isAllowed = plan.onUnknownPrice === 'allow' || (plan.onUnknownPrice === null && candidate.isNear);
			if (plan.onUnknownPrice === 'reject' || (isLimited && !isAllowed)) {
				throw new LeftOut('price_unknown');
			}
			return { worst: 0, body };
		}
		const size = { ...this.#options.size, asked: sizeOf(body, request.operation).asked };
		const worst = worstOf(size, candidate, plan) ?? 0;
		const left = this.#maxCost === null ? Infinity : this.#maxCost - committed;
		if (worst <= left) return { worst, body };
		const output = plan.clampMaxTokens && size.writes ? clampedOutput(size, candidate, plan, left) : null;
		if (output === null) {
			this.cheapest = Math.min(this.cheapest ?? Infinity, worst);
			throw new LeftOut('too_expensive');
		}
		notes.push(`max_tokens was lowered to ${output} for ${candidate.name}, so that the request fits its limit.`);
		const name = 'max_completion_tokens' in body ? 'max_completion_tokens' : 'max_tokens';
		return { worst: left, body: { ...body, [name]: output } };
	}

	/** Keeps back what a try may cost under every limit; gives the name under which it is settled. Throws a `LeftOut`. */
	reserve(candidate: Candidate, worst: number): string {
		const { plan, size, ground } = this.#options;
		const id = `${this.#options.id}/${(this.#made += 1)}`;
		const limits = [...this.#limits, ...ground.providerLimits(candidate.provider)];
		const usual = ground.habits.usualOutput(candidate.name);
		const likely = usual === null ? null : { ...size, asked: Math.min(usual, size.asked ?? Infinity) };
		const expected = likely === null ? null : worstOf(likely, candidate, plan);
		const shortage = ground.ledger.reserve({ id, limits, worst, expected, withinMs: plan.totalMs });
		if (shortage === null) return id;
		this.shortage = shortage;
		throw new LeftOut('budget', shortage);
	}
}
