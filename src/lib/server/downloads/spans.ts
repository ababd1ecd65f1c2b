// Stretches of a file, and what can be said of several: how much they are, where the first gap is, what is missing.

/** Bytes from `start` up to, and without, `end`. */
export interface Span {
	start: number;
	end: number;
}

/** A list of stretches with one more; sorted, apart from each other, and none of them empty. */
export function withSpan(spans: readonly Span[], more: Span): Span[] {
	const all = [...spans, more].filter(({ start, end }) => end > start).sort((a, b) => a.start - b.start);
	const merged: Span[] = [];
	for (const { start, end } of all) {
		const last = merged.at(-1);
		if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
		else merged.push({ start, end });
	}
	return merged;
}

/** What of a list lies within the first `size` bytes. */
export function clipped(spans: readonly Span[], size: number): Span[] {
	return spans.reduce<Span[]>((kept, { start, end }) => withSpan(kept, { start, end: Math.min(end, size) }), []);
}

/** Bytes from the first one up to the first gap. */
export function prefixOf(spans: readonly Span[]): number {
	const [first] = spans;
	return first?.start === 0 ? first.end : 0;
}

/** Bytes of all stretches together. */
export function bytesOf(spans: readonly Span[]): number {
	return spans.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** What a file of that size lacks, in pieces of at most `most` bytes, first to last. */
export function piecesOf(spans: readonly Span[], size: number, most: number): Span[] {
	const pieces: Span[] = [];
	let at = 0;
	for (const { start, end } of [...spans, { start: size, end: size }]) {
		for (; at < start; at = Math.min(start, at + most)) pieces.push({ start: at, end: Math.min(start, at + most) });
		at = Math.max(at, end);
	}
	return pieces;
}
