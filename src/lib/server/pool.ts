// Work on many things at once, at most so many at a time, each result handed on as soon as it is there.

interface PoolOptions {
	/** How many pieces of work are under way together. */
	concurrency: number;
	signal: AbortSignal;
}

/**
 * Results in the order they become ready. `work` gets a signal that is aborted when the reader leaves or the caller's
 * signal is aborted; then nothing more is started and the abort is thrown. Should `work` throw, the rest is still given
 * and the error comes last.
 */
export async function* asReady<T, R>(
	items: Iterable<T>,
	{ concurrency, signal }: PoolOptions,
	work: (item: T, signal: AbortSignal) => Promise<R>,
): AsyncGenerator<R> {
	const left = new AbortController();
	const stop = AbortSignal.any([signal, left.signal]);
	const queue = items[Symbol.iterator]();
	const ready: R[] = [];
	let wake = () => {};
	const worker = async () => {
		for (let next = queue.next(); !next.done && !stop.aborted; next = queue.next()) {
			ready.push(await work(next.value, stop));
			wake();
		}
	};
	let running = 0;
	const finished = () => {
		running -= 1;
		wake();
	};
	const broken: unknown[] = [];
	while (running < concurrency) {
		running += 1;
		worker().then(finished, (error: unknown) => {
			broken.push(error);
			finished();
		});
	}
	const aborted = () => wake();
	stop.addEventListener('abort', aborted, { once: true });
	try {
		for (;;) {
			stop.throwIfAborted();
			const result = ready.shift();
			if (result !== undefined) yield result;
			else if (running === 0) break;
			else await new Promise<void>((resolve) => (wake = resolve));
		}
		if (broken.length > 0) throw broken[0];
	} finally {
		left.abort(new DOMException('The reader left.', 'AbortError'));
		stop.removeEventListener('abort', aborted);
	}
}
