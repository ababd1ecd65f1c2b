// Money in the pocket: a small share of a large limit, kept back in the database once and handed out from memory.
import type { Limit } from '#lib/core/registry/strategy.ts';
import type { Clock } from '#lib/server/clock.ts';
import type { Database } from '#lib/server/database.ts';
import {
	dropReservations,
	keepBack,
	putReservation,
	readBudget,
	spend,
	type BudgetKey,
} from '#lib/server/store/budgets.ts';

/** A limit in its present window. */
interface Windowed {
	key: BudgetKey;
	limit: Limit;
}

interface PocketsOptions {
	database: Database;
	clock: Clock;
	/** Name under which this process keeps money back; no other process has it. */
	owner: string;
	/** Told what was spent before and after a write, of a limit in nano-dollars or requests. */
	onSpent: (key: BudgetKey, before: number, after: number) => void;
	/** Milliseconds after which what was spent is written down. */
	writeAfterMs: number;
	/** Told when the database could not be written; it is tried again. */
	onError: (error: unknown) => void;
}

/** Of a limit, the share that a process may hold beyond what it has handed out: another process is refused this much early. */
const share = 0.01;
/** A limit that is not enough for so many tries in a share is counted in the database, try by try. */
const leastTries = 8;
/** No pocket holds more tries than this. */
const mostTries = 512;
/** Added to the time that what was handed out may take; then it is given free if this process has died. */
const graceMs = 60_000;

/** One limit in one window. What the database has kept back for it is `out`, `spent` and what is left for further tries. */
class Pocket {
	readonly key: BudgetKey;
	readonly name: string;
	granted = 0;
	out = 0;
	/** Settled and not written yet. */
	spent = 0;
	/** Was something taken since the last write? */
	isUsed = false;
	/** When all that was handed out must have ended, in milliseconds since 1970. */
	until = 0;

	constructor(key: BudgetKey, name: string) {
		this.key = key;
		this.name = name;
	}

	get free(): number {
		return this.granted - this.out - this.spent;
	}
}

/** What a try holds of a pocket until it is settled. */
export interface Holding {
	pocket: Pocket;
	amount: number;
}

/** The pockets of one process. `flush` writes what was spent and gives back what nobody needs now. */
export class Pockets {
	readonly #options: PocketsOptions;
	readonly #pockets = new Map<string, Pocket>();
	#cancel: (() => void) | null = null;

	constructor(options: PocketsOptions) {
		this.#options = options;
	}

	/** Takes an amount for a try that ends by then; null: it has to be counted in the database itself. */
	take({ key, limit }: Windowed, amount: number, until: number): Holding | null {
		if (amount <= 0) return null;
		const name = nameOf(key);
		const pocket = this.#pockets.get(name) ?? new Pocket(key, name);
		if (pocket.free < amount && !this.#fill(pocket, limit, amount)) return null;
		pocket.out += amount;
		pocket.isUsed = true;
		pocket.until = Math.max(pocket.until, until);
		this.#pockets.set(name, pocket);
		this.#schedule();
		return { pocket, amount };
	}

	/** Gets more from the database, or gives what is left back to it where the limit has become too small for a share. */
	#fill(pocket: Pocket, { amount: most }: Limit, amount: number): boolean {
		const { database, clock } = this.#options;
		const block = Math.min(Math.floor(most * share), amount * mostTries);
		const isLarge = block >= amount * leastTries;
		if (!isLarge && pocket.granted === 0) return false;
		return this.#together([pocket], () => {
			this.#write(pocket);
			if (isLarge && keepBack(database, pocket.key, block, most)) {
				pocket.granted += block;
				this.#keep(pocket, clock.date().getTime());
				return true;
			}
			this.#giveBack(pocket);
			return false;
		});
	}

	/** Turns what was taken into what was spent. */
	settle({ pocket, amount }: Holding, spent: number): void {
		pocket.out -= amount;
		pocket.spent += spent;
		this.#pockets.set(pocket.name, pocket);
		this.#schedule();
	}

	#schedule(): void {
		this.#cancel ??= this.#options.clock.after(this.#options.writeAfterMs, () => {
			this.#cancel = null;
			this.#turn();
		});
	}

	#turn(): void {
		const pockets = [...this.#pockets.values()];
		const used = new Set(pockets.filter(({ isUsed }) => isUsed));
		const isWritten = this.#written(pockets, (pocket) => !used.has(pocket));
		for (const pocket of pockets) pocket.isUsed = false;
		if (used.size > 0 || !isWritten) this.#schedule(); // the next turn gives back what nobody took any more
	}

	/** Writes what was spent, and gives back what is left in some of them. False: the database could not be written. */
	#written(pockets: readonly Pocket[], isLetGo: (pocket: Pocket) => boolean): boolean {
		if (pockets.length === 0) return true;
		try {
			this.#together(pockets, () => {
				for (const pocket of pockets) {
					this.#write(pocket);
					if (isLetGo(pocket)) this.#giveBack(pocket);
				}
			});
			return true;
		} catch (error) {
			this.#options.onError(error);
			return false;
		}
	}

	/** One transaction; when it fails the pockets are as they were, like the database. */
	#together<T>(pockets: readonly Pocket[], work: () => T): T {
		const before = pockets.map(({ granted, spent }) => ({ granted, spent }));
		try {
			return this.#options.database.transaction(work);
		} catch (error) {
			for (const [at, pocket] of pockets.entries()) Object.assign(pocket, before[at]);
			throw error;
		}
	}

	#write(pocket: Pocket): void {
		const { database, onSpent } = this.#options;
		const { key, spent } = pocket;
		if (spent === 0) return;
		const before = readBudget(database, key)?.spent ?? 0;
		spend(database, key, Math.min(spent, pocket.granted), spent);
		pocket.granted = Math.max(0, pocket.granted - spent);
		pocket.spent = 0;
		this.#keep(pocket, 0);
		onSpent(key, before, before + spent);
	}

	/** Writes down what is kept back, so that another process can free it when this one has died. */
	#keep({ key, granted, until, name }: Pocket, least: number): void {
		const { database, owner } = this.#options;
		const expires = Math.max(until, least) + graceMs;
		putReservation(database, key, { id: `${owner}/${name}`, amount: granted, expires });
	}

	#giveBack(pocket: Pocket): void {
		const { database, owner } = this.#options;
		if (pocket.free > 0) {
			spend(database, pocket.key, pocket.free, 0);
			pocket.granted -= pocket.free;
			this.#keep(pocket, 0);
		}
		if (pocket.granted > 0) return;
		dropReservations(database, `${owner}/${pocket.name}`);
		if (pocket.out === 0) this.#pockets.delete(pocket.name);
	}

	/** Writes what was spent and gives back everything but what tries under way hold. */
	flush(): void {
		this.#cancel?.();
		this.#cancel = null;
		this.#written([...this.#pockets.values()], () => true);
	}
}

/** One text for a budget in a window. */
export function nameOf({ scope, unit, window, start }: BudgetKey): string {
	return `${scope}\n${unit}\n${window}\n${start}`;
}
