// One piece of work for everybody who asks for the same thing at the same time; it ends when the last of them leaves.

interface Shared<T> {
	promise: Promise<T>;
	controller: AbortController;
	waiting: number;
}

/** Work under way, by key. */
export class SharedWork<T> {
	readonly #underWay = new Map<string, Shared<T>>();

	/** Starts the work for a key, or joins what is under way. An aborted caller leaves at once; the last one ends the work. */
	async join(key: string, signal: AbortSignal | undefined, start: (signal: AbortSignal) => Promise<T>): Promise<T> {
		signal?.throwIfAborted();
		const shared = this.#underWay.get(key) ?? this.#start(key, start);
		shared.waiting += 1;
		let leave = () => {};
		const left = new Promise<never>((_, reject) => {
			leave = () => reject(signal?.reason);
			signal?.addEventListener('abort', leave, { once: true });
		});
		try {
			return await Promise.race([shared.promise, left]);
		} finally {
			signal?.removeEventListener('abort', leave);
			shared.waiting -= 1;
			if (shared.waiting === 0) this.#abandon(key, shared, signal);
		}
	}

	/** Ends everything under way; callers get the reason. */
	close(reason: unknown): void {
		for (const { controller } of this.#underWay.values()) controller.abort(reason);
		this.#underWay.clear();
	}

	#start(key: string, start: (signal: AbortSignal) => Promise<T>): Shared<T> {
		const controller = new AbortController();
		const promise = start(controller.signal).finally(() => {
			if (this.#underWay.get(key) === shared) this.#underWay.delete(key);
		});
		const shared: Shared<T> = { promise, controller, waiting: 0 };
		this.#underWay.set(key, shared);
		promise.catch(() => {}); // every caller gets it by joining; nobody may be left to
		return shared;
	}

	#abandon(key: string, shared: Shared<T>, signal: AbortSignal | undefined): void {
		if (this.#underWay.get(key) !== shared) return;
		this.#underWay.delete(key);
		shared.controller.abort(signal?.reason ?? new DOMException('Nobody waits for this any more.', 'AbortError'));
	}
}
