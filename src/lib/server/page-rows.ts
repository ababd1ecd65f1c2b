// The rows of one page of a list: those behind a place in the order that pass the filters, each or one per group.

/** A list in its order, and where the page begins. */
interface Walk {
	order: Uint32Array;
	/** Per slot 1 where it passes the filters. */
	passed: Uint8Array;
	/** The slot that leads the list; null when none does. */
	leader: number | null;
	/** Position in the order at which the page begins; null: the first page, which the leader is on. */
	from: number | null;
	limit: number;
}

/** Slots in the order of the list, at most as many as asked for. `hasMore`: others come behind them. */
interface PageRows {
	slots: number[];
	hasMore: boolean;
}

/** Every row that passes. */
export function eachRow({ order, passed, leader, from, limit }: Walk): PageRows {
	const slots = leader !== null && from === null ? [leader] : [];
	for (let position = from ?? 0; slots.length <= limit && position < order.length; position += 1) {
		const slot = order[position] ?? 0;
		if (passed[slot] === 1 && slot !== leader) slots.push(slot);
	}
	return { slots: slots.slice(0, limit), hasMore: slots.length > limit };
}

/**
 * The first passing row of every group, which gives the group its place in the list, and how many groups there are.
 * `roots` holds per slot the slot that stands for its group.
 */
export function eachGroup(
	{ order, passed, leader, from, limit }: Walk,
	roots: Uint32Array,
): PageRows & { total: number } {
	const seen = new Uint8Array(roots.length);
	const slots: number[] = [];
	let total = 0;
	if (leader !== null) {
		seen[roots[leader] ?? leader] = 1;
		if (passed[leader] === 1) total += 1;
		if (from === null) slots.push(leader);
	}
	const first = from ?? 0;
	for (let position = 0; position < order.length; position += 1) {
		const slot = order[position] ?? 0;
		if (passed[slot] !== 1) continue;
		const root = roots[slot] ?? slot;
		if (seen[root] === 1) continue;
		seen[root] = 1;
		total += 1;
		if (position >= first && slots.length <= limit) slots.push(slot);
	}
	return { slots: slots.slice(0, limit), hasMore: slots.length > limit, total };
}
