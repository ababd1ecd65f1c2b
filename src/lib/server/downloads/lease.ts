// Who may work on what, over all processes of one data folder: heartbeats in the database, and contents written by one.
import { Failure } from '#lib/core/failure.ts';
import { sleep, type Clock } from '#lib/server/clock.ts';
import type { Database } from '#lib/server/database.ts';
import { isAtWork, type Identity } from '#lib/server/downloads/owner.ts';
import { SharedWork } from '#lib/server/shared-work.ts';
import { beat, claimBlob, dropOwner, holdsBlob, owners, releaseBlob } from '#lib/server/store/downloads.ts';

/** Milliseconds between two looks at a content that another process writes. */
const lookMs = 500;

interface LeasesOptions {
	database: Database;
	self: Identity;
	clock: Clock;
}

/** What this process holds. */
export class Leases {
	readonly #options: LeasesOptions;
	readonly #shared = new SharedWork<void>();
	/** Work on contents that has not come to its end yet, perhaps after its callers have left. */
	readonly #busy = new Map<string, Promise<void>>();
	#isKnown = false;

	constructor(options: LeasesOptions) {
		this.#options = options;
	}

	#now(): number {
		return this.#options.clock.date().getTime();
	}

	/** Says that this process is at work. */
	beat(): void {
		this.#isKnown = true;
		beat(this.#options.database, this.#options.self, this.#now());
	}

	/** Says no more while this process holds nothing: whoever is not at work need not be heard of. */
	rest(): void {
		if (!this.#isKnown || this.#busy.size > 0) return;
		dropOwner(this.#options.database, this.#options.self.token);
		this.#isKnown = false;
	}

	/** Forgets processes that are dead or silent, with what they held. */
	bury(): void {
		const { database, self } = this.#options;
		const dead = owners(database).filter((other) => !isAtWork(other, other.beatAt, this.#now(), self));
		if (dead.length > 0) database.transaction(() => dead.forEach(({ token }) => dropOwner(database, token)));
	}

	/** Tokens of the processes that are at work. */
	living(): Set<string> {
		return new Set(owners(this.#options.database).map(({ token }) => token));
	}

	/**
	 * Runs work on a content when nobody else does; waits for whoever does. Callers in this process share one run of it.
	 * `checkLease` throws `locked` when another process has taken over meanwhile.
	 */
	alone(
		blob: string,
		signal: AbortSignal,
		work: (checkLease: () => void, signal: AbortSignal) => Promise<void>,
	): Promise<void> {
		return this.#shared.join(blob, signal, (shared) => {
			const before = this.#busy.get(blob) ?? Promise.resolve();
			const turn = before.then(() => this.#claimed(blob, shared, work));
			const ended = turn.catch(() => {}); // whoever joined hears of it
			this.#busy.set(blob, ended);
			void ended.then(() => {
				if (this.#busy.get(blob) === ended) this.#busy.delete(blob);
			});
			return turn;
		});
	}

	async #claimed(
		blob: string,
		signal: AbortSignal,
		work: (checkLease: () => void, signal: AbortSignal) => Promise<void>,
	): Promise<void> {
		const { database, self, clock } = this.#options;
		signal.throwIfAborted();
		this.beat(); // before anything is held, or nobody could tell when this process is gone
		while (!claimBlob(database, blob, self.token)) {
			await sleep(clock, lookMs, signal);
			this.bury();
		}
		const checkLease = () => {
			if (holdsBlob(database, blob, self.token)) return;
			throw new Failure('locked', 'Another Modeldex has taken over this download.');
		};
		try {
			await work(checkLease, signal);
		} finally {
			releaseBlob(database, blob, self.token);
		}
	}

	/** Settles when no content is worked on, and gives everything back. */
	async close(): Promise<void> {
		while (this.#busy.size > 0) await Promise.all(this.#busy.values());
		this.rest();
	}
}
