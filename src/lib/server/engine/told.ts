// Work that tells pieces by calling back, as a generator: read as they come, and left at once when nobody reads on.

/** Starts the work. `hear` takes each piece; the signal is aborted when nobody waits for the rest. */
type Start<Piece, End> = (hear: (piece: Piece) => void, left: AbortSignal) => Promise<End>;

/**
 * The pieces in their order and in the end what the work came to. Throws what the work throws, and the signal's reason as
 * soon as it is aborted, without waiting for the work to stop.
 */
export async function* told<Piece, End>(
	start: Start<Piece, End>,
	signal?: AbortSignal,
): AsyncGenerator<Piece, End, void> {
	signal?.throwIfAborted();
	const left = new AbortController();
	const pieces: Piece[] = [];
	const outcome: { end: { value: End } | { error: unknown } | null } = { end: null };
	let wake = () => {};
	const hear = (piece: Piece) => {
		pieces.push(piece);
		wake();
	};
	const stop = () => wake();
	signal?.addEventListener('abort', stop, { once: true });
	void start(hear, left.signal)
		.then(
			(value) => (outcome.end = { value }),
			(error: unknown) => (outcome.end = { error }),
		)
		.then(() => wake());
	const news = () => new Promise<void>((resolve) => (wake = resolve));
	try {
		for (;;) {
			signal?.throwIfAborted();
			yield* pieces.splice(0);
			if (pieces.length > 0 || signal?.aborted) continue; // told while the last ones were read
			const { end } = outcome;
			if (end === null) await news();
			else if ('error' in end) throw end.error;
			else return end.value;
		}
	} finally {
		signal?.removeEventListener('abort', stop);
		left.abort(new DOMException('Nobody reads on.', 'AbortError'));
	}
}
