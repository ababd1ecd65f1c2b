// How many run at once: slots with a bounded queue in which users take turns.
import { CallFailure, type Ends } from '#lib/core/registry/call.ts';
import type { Clock } from '#lib/server/clock.ts';
import { endingOf } from '#lib/server/registry/ending.ts';

interface Waiter {
	start: () => void;
}

export interface EnterSlots {
	/** Whose turn it counts as. */
	user: string | null;
	/** Requests at once; null: no limit. */
	slots: number | null;
	/** Requests that may wait. */
	max: number;
	/** Milliseconds that this one waits at most. */
	timeout: number;
	signal: Ends;
}

/** The queue of one tier, experiment or provider. */
class Lane {
	taken = 0;
	waiting = 0;
	/** Per user, in the order of their turns. */
	readonly queues = new Map<string, Set<Waiter>>();

	add(user: string, waiter: Waiter): void {
		const queue = this.queues.get(user) ?? new Set();
		queue.add(waiter);
		this.queues.set(user, queue);
		this.waiting += 1;
	}

	remove(user: string, waiter: Waiter): void {
		const queue = this.queues.get(user);
		if (queue?.delete(waiter) !== true) return;
		this.waiting -= 1;
		if (queue.size === 0) this.queues.delete(user);
	}

	/** The one whose turn it is; its user goes to the end. Null when nobody waits. */
	next(): Waiter | null {
		const [turn] = this.queues;
		if (turn === undefined) return null;
		const [user, queue] = turn;
		const [waiter] = queue;
		if (waiter === undefined) return null;
		this.queues.delete(user);
		if (queue.size > 1) this.queues.set(user, queue);
		queue.delete(waiter);
		this.waiting -= 1;
		return waiter;
	}
}

/** All slots of a process, by name. What `enter` gives back has to be called once, whatever happens. */
export class Slots {
	readonly #clock: Clock;
	readonly #lanes = new Map<string, Lane>();

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** Slots in use under this name. */
	taken(name: string): number {
		return this.#lanes.get(name)?.taken ?? 0;
	}

	/** Requests that wait under this name. */
	waiting(name: string): number {
		return this.#lanes.get(name)?.waiting ?? 0;
	}

	/** Waits for a slot. Throws `CallFailure('queue_full')` when the queue is full or the wait too long, or the abort. */
	async enter(name: string, { user, slots, max, timeout, signal }: EnterSlots): Promise<() => void> {
		if (signal.aborted) throw endingOf(signal);
		const lane = this.#lanes.get(name) ?? new Lane();
		this.#lanes.set(name, lane);
		if (slots === null || (lane.taken < slots && lane.waiting === 0)) return this.#take(name, lane);
		if (lane.waiting >= max) throw full(name, timeout);
		await this.#turn(lane, { user: user ?? '', timeout, signal, name });
		return this.#release(name, lane);
	}

	#take(name: string, lane: Lane): () => void {
		lane.taken += 1;
		return this.#release(name, lane);
	}

	#release(name: string, lane: Lane): () => void {
		let isTaken = true;
		return () => {
			if (!isTaken) return;
			isTaken = false;
			const next = lane.next();
			if (next !== null) return next.start();
			lane.taken -= 1;
			if (lane.taken === 0 && lane.waiting === 0) this.#lanes.delete(name);
		};
	}

	#turn(lane: Lane, { user, timeout, signal, name }: Turn): Promise<void> {
		return new Promise((resolve, reject) => {
			const leave = () => {
				cancel();
				signal.removeEventListener('abort', stop);
				lane.remove(user, waiter);
			};
			const stop = () => {
				leave();
				reject(endingOf(signal));
			};
			const waiter = {
				start: () => {
					leave();
					resolve();
				},
			};
			const cancel = this.#clock.after(timeout, () => {
				leave();
				reject(full(name, timeout));
			});
			signal.addEventListener('abort', stop, { once: true });
			lane.add(user, waiter);
		});
	}
}

interface Turn {
	user: string;
	timeout: number;
	signal: Ends;
	name: string;
}

function full(name: string, timeout: number): CallFailure {
	return new CallFailure('queue_full', `Too many requests wait for ${name}.`, { retryAfterMs: timeout });
}
