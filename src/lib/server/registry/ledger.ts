// Money and requests within limits: kept back before a try is sent, settled when it has ended, told when shares are passed.
import { alertsBetween, reservation, windowAt } from '#lib/core/registry/budget.ts';
import type { Limit } from '#lib/core/registry/strategy.ts';
import type { Clock } from '#lib/server/clock.ts';
import type { Database } from '#lib/server/database.ts';
import {
	addAlert,
	addReservation,
	dropReservations,
	expiredReservations,
	keepBack,
	readBudget,
	reservationsOf,
	spend,
	type BudgetAlert,
	type BudgetKey,
} from '#lib/server/store/budgets.ts';

interface LedgerOptions {
	database: Database;
	clock: Clock;
	/** Told once per budget, window and share. */
	onAlert: (alert: BudgetAlert) => void;
}

/** What one try may need. Nano-dollars. */
export interface Need {
	/** Name of what is kept back; the same one settles it. */
	id: string;
	limits: readonly Limit[];
	worst: number;
	/** What such a try usually costs; null when nobody knows. */
	expected: number | null;
	/** Milliseconds that it may take. */
	withinMs: number;
}

/** The limit that is in the way. */
export interface Shortage {
	limit: Limit;
	/** Milliseconds until its next window. */
	resetMs: number;
}

/** Added to the time a request may take before what it kept back is given free. */
const graceMs = 60_000;
const sweepEveryMs = 30_000;

class Short extends Error {
	readonly limit: Limit;

	constructor(limit: Limit) {
		super(`The limit of ${limit.scope} is reached.`);
		this.limit = limit;
	}
}

/** All budgets of this data folder; every process that uses it counts on the same rows. */
export class Ledger {
	readonly #database: Database;
	readonly #clock: Clock;
	readonly #onAlert: (alert: BudgetAlert) => void;
	/** Limits by budget, to know what an amount is a share of. */
	readonly #limits = new Map<string, number>();
	#sweptAt = -Infinity;

	constructor({ database, clock, onAlert }: LedgerOptions) {
		this.#database = database;
		this.#clock = clock;
		this.#onAlert = onAlert;
	}

	#key({ scope, unit, window }: Limit, now: number): BudgetKey {
		return { scope, unit, window, start: windowAt(window, now).start };
	}

	/** Keeps back what a try needs under every limit, or nothing at all and the limit that is in the way. Null: done. */
	reserve({ id, limits, worst, expected, withinMs }: Need): Shortage | null {
		if (limits.length === 0) return null;
		const now = this.#clock.date().getTime();
		this.#sweep(now);
		try {
			this.#database.transaction(() => {
				for (const limit of limits) {
					const amount = limit.unit === 'requests' ? 1 : reservation(limit.mode, worst, expected);
					const key = this.#key(limit, now);
					if (!keepBack(this.#database, key, amount, limit.amount)) throw new Short(limit);
					addReservation(this.#database, key, { id, amount, expires: now + withinMs + graceMs });
					this.#limits.set(nameOf(key), limit.amount);
				}
			});
			return null;
		} catch (error) {
			if (!(error instanceof Short)) throw error;
			return { limit: error.limit, resetMs: windowAt(error.limit.window, now).end - now };
		}
	}

	/** Turns what was kept back into what was spent: nano-dollars, and whether it counts as a request. */
	settle(id: string, spent: { nano: number; requests: number }): void {
		const alerts = this.#database.transaction(() => {
			const passed: BudgetAlert[] = [];
			for (const { amount, ...key } of reservationsOf(this.#database, id)) {
				const used = key.unit === 'requests' ? spent.requests : spent.nano;
				const before = readBudget(this.#database, key)?.spent ?? 0;
				spend(this.#database, key, amount, used);
				passed.push(...this.#alerts(key, before, before + used));
			}
			dropReservations(this.#database, id);
			return passed;
		});
		for (const alert of alerts) this.#onAlert(alert);
	}

	#alerts(key: BudgetKey, before: number, after: number): BudgetAlert[] {
		const limit = this.#limits.get(nameOf(key));
		if (limit === undefined) return [];
		const at = this.#clock.date().toISOString();
		return alertsBetween(before, after, limit)
			.map((share) => ({ ...key, share, limit, at }))
			.filter((alert) => addAlert(this.#database, alert));
	}

	/** Gives free what crashed processes kept back. */
	#sweep(now: number): void {
		if (now - this.#sweptAt < sweepEveryMs) return;
		this.#sweptAt = now;
		for (const id of expiredReservations(this.#database, now)) this.settle(id, { nano: 0, requests: 0 });
	}

	/** Spent and kept back under a limit in its present window. */
	state(limit: Limit): { spent: number; reserved: number; resetMs: number } {
		const now = this.#clock.date().getTime();
		const row = readBudget(this.#database, this.#key(limit, now));
		return {
			spent: row?.spent ?? 0,
			reserved: row?.reserved ?? 0,
			resetMs: windowAt(limit.window, now).end - now,
		};
	}
}

function nameOf({ scope, unit, window, start }: BudgetKey): string {
	return [scope, unit, window, start].join('\n');
}
