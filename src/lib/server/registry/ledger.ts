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
import { nameOf, Pockets, type Holding } from '#lib/server/registry/pockets.ts';

interface LedgerOptions {
	database: Database;
	clock: Clock;
	/** Told once per budget, window and share. */
	onAlert: (alert: BudgetAlert) => void;
	/**
	 * Where many tries come: a small share of each large limit is kept back at once and handed out from memory, under this
	 * name that no other process has. Left out, every try is counted in the database by itself.
	 */
	pockets?: { owner: string; writeAfterMs: number; onError: (error: unknown) => void };
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
/** Windows whose limits are remembered. */
const mostKnown = 10_000;

/** One limit of a try in its present window, and what it needs of it. */
interface Row {
	limit: Limit;
	key: BudgetKey;
	amount: number;
}

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
	readonly #pockets: Pockets | null;
	/** What tries under way hold of pockets, by their ids. */
	readonly #held = new Map<string, Holding[]>();
	/** Ids of tries under way with something in the database. */
	readonly #stored = new Set<string>();
	#sweptAt = -Infinity;

	constructor({ database, clock, onAlert, pockets }: LedgerOptions) {
		this.#database = database;
		this.#clock = clock;
		this.#onAlert = onAlert;
		const onSpent = (key: BudgetKey, before: number, after: number) => this.#passed(key, before, after);
		this.#pockets = pockets === undefined ? null : new Pockets({ database, clock, onSpent, ...pockets });
	}

	#key({ scope, unit, window }: Limit, now: number): BudgetKey {
		return { scope, unit, window, start: windowAt(window, now).start };
	}

	/** Keeps back what a try needs under every limit, or nothing at all and the limit that is in the way. Null: done. */
	reserve({ id, limits, worst, expected, withinMs }: Need): Shortage | null {
		if (limits.length === 0) return null;
		const now = this.#clock.date().getTime();
		this.#sweep(now);
		if (this.#limits.size > mostKnown) this.#limits.clear(); // windows that are over
		const rows = limits.map((limit) => {
			const amount = limit.unit === 'requests' ? 1 : reservation(limit.mode, worst, expected);
			return { limit, key: this.#key(limit, now), amount };
		});
		const held: Holding[] = [];
		const others = rows.filter((row) => {
			this.#limits.set(nameOf(row.key), row.limit.amount);
			const holding = this.#pockets?.take(row, row.amount, now + withinMs) ?? null;
			if (holding !== null) held.push(holding);
			return holding === null;
		});
		const short = this.#store(id, others, now + withinMs + graceMs);
		if (short === null) {
			if (held.length > 0) this.#held.set(id, held);
			return null;
		}
		for (const holding of held) this.#pockets?.settle(holding, 0);
		return { limit: short, resetMs: windowAt(short.window, now).end - now };
	}

	/** Keeps amounts back in the database, all or none. Gives the limit that is in the way; null: done. */
	#store(id: string, rows: readonly Row[], expires: number): Limit | null {
		if (rows.length === 0) return null;
		try {
			this.#database.transaction(() => {
				for (const { limit, key, amount } of rows) {
					if (!keepBack(this.#database, key, amount, limit.amount)) throw new Short(limit);
					addReservation(this.#database, key, { id, amount, expires });
				}
			});
			this.#stored.add(id);
			return null;
		} catch (error) {
			if (error instanceof Short) return error.limit;
			throw error;
		}
	}

	/** Turns what was kept back into what was spent: nano-dollars, and whether it counts as a request. */
	settle(id: string, spent: { nano: number; requests: number }): void {
		for (const holding of this.#held.get(id) ?? []) {
			this.#pockets?.settle(holding, holding.pocket.key.unit === 'requests' ? spent.requests : spent.nano);
		}
		this.#held.delete(id);
		if (this.#stored.delete(id)) this.#settleStored(id, spent);
	}

	#settleStored(id: string, spent: { nano: number; requests: number }): void {
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

	/** Writes what was spent and not written yet, and gives back what no try holds. */
	flush(): void {
		this.#pockets?.flush();
	}

	#passed(key: BudgetKey, before: number, after: number): void {
		for (const alert of this.#alerts(key, before, after)) this.#onAlert(alert);
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
		for (const id of expiredReservations(this.#database, now)) this.#settleStored(id, { nano: 0, requests: 0 });
	}

	/** Spent and kept back under a limit in its present window. */
	state(limit: Limit): { spent: number; reserved: number; resetMs: number } {
		this.flush();
		const now = this.#clock.date().getTime();
		const row = readBudget(this.#database, this.#key(limit, now));
		return {
			spent: row?.spent ?? 0,
			reserved: row?.reserved ?? 0,
			resetMs: windowAt(limit.window, now).end - now,
		};
	}
}
