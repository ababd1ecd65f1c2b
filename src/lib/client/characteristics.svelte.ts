// What the page knows about each model's config: read once, in batches of what is visible, and never left loading.
/* eslint-disable svelte/prefer-svelte-reactivity -- these sets and maps are bookkeeping that nothing renders */
import { untrack } from 'svelte';
import { SvelteMap } from 'svelte/reactivity';
import { ApiError, type ConfigLine } from '#lib/client/api.ts';
import { whenIdle } from '#lib/client/idle.ts';
import { Visibility } from '#lib/client/visibility.ts';
import type { ModelCharacteristics } from '#lib/core/model.ts';

/** State of one model: all empty before anyone looked, `loading` until there is an answer, then one of the other two. */
export interface Reading {
	readonly characteristics: ModelCharacteristics | null;
	readonly loading: boolean;
	readonly error: { readonly code: string; readonly message: string } | null;
}

/** Asks for a batch of configs; must honour the signal. */
export type ConfigReader = (ids: readonly string[], signal: AbortSignal) => AsyncIterable<ConfigLine>;

interface StoreOptions {
	read: ConfigReader;
	/** How long newly visible cards are gathered before one request asks for all of them. */
	gatherMs?: number;
	batchSize?: number;
	/** Requests under way at once; the rest waits, so that what is visible now goes first. */
	maxFlights?: number;
	/** Longest silence within an answer. The server's own deadline per config is 10 s. */
	silenceMs?: number;
	/** Longest time for a whole batch. */
	totalMs?: number;
}

interface Flight {
	waiting: Set<string>;
	controller: AbortController;
	timers: { silence: ReturnType<typeof setTimeout>; total: ReturnType<typeof setTimeout> };
}

const nothing: Reading = { characteristics: null, loading: false, error: null };
const asking: Reading = { characteristics: null, loading: true, error: null };

/** Characteristics by model id. Made once per page life; cards read it, and ask by becoming visible. */
export class CharacteristicsStore {
	#readings = new SvelteMap<string, Reading>();
	#held = new Map<string, number>();
	#queue = new Set<string>();
	#flights = new Set<Flight>();
	#timer: ReturnType<typeof setTimeout> | null = null;
	#visibility = new Visibility();
	#options: Required<StoreOptions>;

	constructor(options: StoreOptions) {
		this.#options = { gatherMs: 50, batchSize: 50, maxFlights: 2, silenceMs: 20_000, totalMs: 60_000, ...options };
	}

	/** What is known about a model now; reactive. */
	reading(id: string): Reading {
		return this.#readings.get(id) ?? nothing;
	}

	/**
	 * Attachment for a card: asks for its model while the card is near the screen, gives up when the card is gone. A card
	 * that turns to another model stays watched and asks when there is time: its new name has to be shown first.
	 */
	watch(idOf: () => string): (element: Element) => () => void {
		return (element) => {
			let isNear = false;
			$effect(() => {
				const id = idOf();
				const release = this.hold(id);
				const callOff = whenIdle(() => isNear && this.ask(id));
				return () => {
					callOff();
					this.forgo(id);
					release();
				};
			});
			return this.#visibility.watch(element, {
				enter: () => {
					isNear = true;
					this.ask(untrack(idOf));
				},
				leave: () => {
					isNear = false;
					this.forgo(untrack(idOf));
				},
			});
		};
	}

	/** Says that something on the page shows this model. A request that no shown model waits for is aborted. */
	hold(id: string): () => void {
		this.#held.set(id, (this.#held.get(id) ?? 0) + 1);
		return () => {
			const left = (this.#held.get(id) ?? 1) - 1;
			if (left > 0) this.#held.set(id, left);
			else this.#held.delete(id);
			if (left <= 0) this.#abandon();
		};
	}

	/** Asks for a model unless it is known, failed, or already asked for. */
	ask(id: string): void {
		if (this.#readings.has(id)) return;
		this.#readings.set(id, asking);
		this.#queue.add(id);
		this.#gather();
	}

	/** Takes back a question that has not been sent yet. */
	forgo(id: string): void {
		if (this.#queue.delete(id)) this.#readings.delete(id);
	}

	/** Asks again after a failure. */
	retry(id: string): void {
		if (this.reading(id).error === null) return;
		this.#readings.delete(id);
		this.ask(id);
	}

	/** Aborts everything under way and forgets what was only asked for. */
	close(): void {
		if (this.#timer !== null) clearTimeout(this.#timer);
		this.#timer = null;
		for (const id of [...this.#queue]) this.forgo(id);
		for (const flight of [...this.#flights]) this.#land(flight, null);
	}

	#gather(): void {
		this.#timer ??= setTimeout(() => {
			this.#timer = null;
			this.#send();
		}, this.#options.gatherMs);
	}

	#send(): void {
		while (this.#queue.size > 0 && this.#flights.size < this.#options.maxFlights) {
			const ids = [...this.#queue].slice(0, this.#options.batchSize);
			for (const id of ids) this.#queue.delete(id);
			void this.#fly(ids);
		}
	}

	async #fly(ids: string[]): Promise<void> {
		const controller = new AbortController();
		const late = () => this.#land(flight, new ApiError('timeout', 'No answer in time. Try again.'));
		const { silenceMs, totalMs, read } = this.#options;
		const timers = { silence: setTimeout(late, silenceMs), total: setTimeout(late, totalMs) };
		const flight: Flight = { waiting: new Set(ids), controller, timers };
		this.#flights.add(flight);
		try {
			for await (const line of read(ids, controller.signal)) {
				if (!this.#flights.has(flight)) return;
				clearTimeout(timers.silence);
				timers.silence = setTimeout(late, silenceMs);
				if (flight.waiting.delete(line.id)) this.#settle(line);
			}
			this.#land(flight, new ApiError('incomplete', 'The answer ended before this model. Try again.'));
		} catch (error) {
			this.#land(flight, error instanceof ApiError ? error : new ApiError('unreachable', 'The connection broke off.'));
		}
	}

	#settle(line: ConfigLine): void {
		const characteristics = 'characteristics' in line ? line.characteristics : null;
		const error = 'error' in line ? line.error : null;
		this.#readings.set(line.id, { characteristics, loading: false, error });
	}

	/** Ends a request in a state for every model that still waits: the error, or as if never asked when it is null. */
	#land(flight: Flight, error: ApiError | null): void {
		if (!this.#flights.delete(flight)) return;
		clearTimeout(flight.timers.silence);
		clearTimeout(flight.timers.total);
		flight.controller.abort();
		for (const id of flight.waiting) {
			if (error === null) this.#readings.delete(id);
			else this.#settle({ id, error: { code: error.code, message: error.message } });
		}
		this.#send();
	}

	#abandon(): void {
		for (const flight of [...this.#flights]) {
			const isWanted = [...flight.waiting].some((id) => this.#held.has(id));
			if (!isWanted) this.#land(flight, null);
		}
	}
}
