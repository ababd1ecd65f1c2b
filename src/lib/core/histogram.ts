// Durations counted in slots that grow by a fixed factor: small to keep, addable, and a figure is right to a tenth.

/** Four slots to a doubling: the middle of a slot is at most 9 % away from anything in it. */
const slotsPerDoubling = 4;
/** Everything longer, some nine hours, goes into the last slot. */
const lastSlot = 25 * slotsPerDoubling - 1;

/** How many durations fell into each slot. */
export type Slots = ReadonlyMap<number, number>;

/** Durations from `from_ms` up to `to_ms` (exclusive). */
export interface Bar {
	from_ms: number;
	to_ms: number;
	count: number;
}

/** The slot of a duration in milliseconds; everything under one millisecond is in the first. */
export function slotOf(ms: number): number {
	if (!(ms > 1)) return 0;
	return Math.min(lastSlot, Math.floor(Math.log2(ms) * slotsPerDoubling));
}

/** Is this the number of a slot? */
export function isSlot(value: number): boolean {
	return Number.isInteger(value) && value >= 0 && value <= lastSlot;
}

/** How many durations there are in all. */
export function countOf(slots: Slots): number {
	let sum = 0;
	for (const count of slots.values()) sum += count;
	return sum;
}

/**
 * The duration in milliseconds, two digits of it, that a share of all stays under (0.5: the median); null when there are
 * none.
 */
export function quantile(slots: Slots, share: number): number | null {
	const wanted = Math.max(1, Math.ceil(countOf(slots) * share));
	let seen = 0;
	for (const [slot, count] of [...slots].sort(([a], [b]) => a - b)) {
		seen += count;
		if (seen >= wanted) return Number((2 ** ((slot + 0.5) / slotsPerDoubling)).toPrecision(2));
	}
	return null;
}

/** One bar per doubling, from the first that is not empty to the last, without gaps; the first one starts at zero. */
export function bars(slots: Slots): Bar[] {
	const doublings = new Map<number, number>();
	for (const [slot, count] of slots) {
		const doubling = Math.floor(slot / slotsPerDoubling);
		doublings.set(doubling, (doublings.get(doubling) ?? 0) + count);
	}
	const [first, last] = [Math.min(...doublings.keys()), Math.max(...doublings.keys())];
	const found: Bar[] = [];
	for (let doubling = first; doubling <= last; doubling += 1) {
		const from_ms = doubling === 0 ? 0 : 2 ** doubling;
		found.push({ from_ms, to_ms: 2 ** (doubling + 1), count: doublings.get(doubling) ?? 0 });
	}
	return found;
}
