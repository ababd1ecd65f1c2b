// Every sort order of the catalog as an array of slots, made when first asked for and repaired when rows change.
import type { SortKey, SortOrder } from '#lib/core/query.ts';
import type { Columns, Figure } from '#lib/server/columns.ts';

/** Where a row stands in an order: its sort value, then its downloads, then its id. NaN is unknown. */
export interface Place {
	value: number | string;
	downloads: number;
	id: string;
}

interface Order {
	slots: Uint32Array;
	/** Slots whose place may have changed since `slots` was made, new ones among them. */
	moved: Set<number>;
}

const figureOf: Record<Exclude<SortKey, 'name'>, Figure> = {
	trending: 'trending',
	downloads: 'downloads',
	likes: 'likes',
	updated: 'updated',
	created: 'created',
	params: 'params',
	context: 'context',
	size: 'size',
};

/** Above this share of moved rows a new sort is cheaper than a repair. */
const repairShare = 0.25;

function compareText(a: string, b: string): number {
	if (a === b) return 0;
	return a < b ? -1 : 1;
}

/** Unknown comes last in both directions. */
function compareNumbers(a: number, b: number, sign: number): number {
	if (a === b) return 0;
	if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1;
	if (Number.isNaN(b)) return -1;
	return (a - b) * sign;
}

function comparePlaces(a: Place, b: Place, sign: number): number {
	const byValue =
		typeof a.value === 'number' && typeof b.value === 'number'
			? compareNumbers(a.value, b.value, sign)
			: compareText(String(a.value), String(b.value)) * sign;
	return byValue || compareNumbers(a.downloads, b.downloads, -1) || compareText(a.id, b.id);
}

function signOf(direction: SortOrder): number {
	return direction === 'asc' ? 1 : -1;
}

/** What names are sorted by: the part behind the owner, in lower case. */
function nameOf(id: string): string {
	return id.slice(id.indexOf('/') + 1).toLowerCase();
}

/** The slots of `base` by value, equal values and unknown ones (last) staying in the order they had. */
function byValue(base: Uint32Array, values: Float64Array, direction: SortOrder): Uint32Array {
	const known = values.subarray(0, base.length).filter((value) => !Number.isNaN(value));
	const distinct = [...new Set(known)].sort((a, b) => (a - b) * signOf(direction));
	const ranks = new Map(distinct.map((value, rank) => [value, rank]));
	const starts = new Uint32Array(distinct.length + 2);
	const rankOf = new Uint32Array(base.length);
	for (let slot = 0; slot < base.length; slot += 1) {
		const rank = ranks.get(values[slot] ?? Number.NaN) ?? distinct.length;
		rankOf[slot] = rank;
		starts[rank + 1] = (starts[rank + 1] ?? 0) + 1;
	}
	for (let rank = 1; rank < starts.length; rank += 1) starts[rank] = (starts[rank] ?? 0) + (starts[rank - 1] ?? 0);
	const sorted = new Uint32Array(base.length);
	for (const slot of base) {
		const rank = rankOf[slot] ?? 0;
		const position = starts[rank] ?? 0;
		starts[rank] = position + 1;
		sorted[position] = slot;
	}
	return sorted;
}

/** All sort orders over one set of columns. Equal values are ordered by downloads, then by id, in both directions. */
export class Orders {
	#columns: Columns;
	#orders = new Map<string, Order>();

	constructor(columns: Columns) {
		this.#columns = columns;
	}

	/** Tells that a row is new or has changed. */
	touch(slot: number): void {
		for (const order of this.#orders.values()) order.moved.add(slot);
	}

	/** The slots in this order. The array must not be changed and is right until the next `touch`. */
	slots(sort: SortKey, direction: SortOrder): Uint32Array {
		const name = `${sort} ${direction}`;
		const found = this.#orders.get(name);
		if (found?.moved.size === 0) return found.slots;
		const isCheap = found !== undefined && found.moved.size < this.#columns.size * repairShare;
		const slots = isCheap ? this.#repair(found, sort, direction) : this.#make(sort, direction);
		this.#orders.set(name, { slots, moved: new Set() });
		return slots;
	}

	/** Where a slot stands in the orders of this sort key. */
	place(sort: SortKey, slot: number): Place {
		const id = this.#columns.ids[slot] ?? '';
		const downloads = this.#columns.values.downloads[slot] ?? Number.NaN;
		const value = sort === 'name' ? nameOf(id) : (this.#columns.values[figureOf[sort]][slot] ?? Number.NaN);
		return { value, downloads, id };
	}

	/** Position in the order of the first row behind this place. */
	firstAfter(sort: SortKey, direction: SortOrder, place: Place): number {
		const wanted = { sort, place, sign: signOf(direction) };
		return this.#firstBehind(this.slots(sort, direction), 0, wanted);
	}

	#make(sort: SortKey, direction: SortOrder): Uint32Array {
		if (sort === 'downloads' && direction === 'desc') return this.#mostDownloaded();
		const base = this.slots('downloads', 'desc');
		if (sort !== 'name') return byValue(base, this.#columns.values[figureOf[sort]], direction);
		const names = this.#columns.ids.map(nameOf);
		const sign = signOf(direction);
		return base.slice().sort((a, b) => compareText(names[a] ?? '', names[b] ?? '') * sign);
	}

	/** The order all others are made from: within equal values its sequence stays. */
	#mostDownloaded(): Uint32Array {
		const { ids, size, values } = this.#columns;
		const { downloads } = values;
		const slots = Uint32Array.from({ length: size }, (_, slot) => slot);
		return slots.sort(
			(a, b) =>
				compareNumbers(downloads[a] ?? Number.NaN, downloads[b] ?? Number.NaN, -1) ||
				compareText(ids[a] ?? '', ids[b] ?? ''),
		);
	}

	/** Takes the moved rows out and merges them in again where they belong now. */
	#repair({ slots, moved }: Order, sort: SortKey, direction: SortOrder): Uint32Array {
		const sign = signOf(direction);
		const coming = [...moved]
			.map((slot) => ({ slot, place: this.place(sort, slot) }))
			.sort((a, b) => comparePlaces(a.place, b.place, sign));
		const result = new Uint32Array(this.#columns.size);
		const staying = slots.filter((slot) => !moved.has(slot));
		let from = 0;
		let position = 0;
		for (const { slot, place } of coming) {
			const upTo = this.#firstBehind(staying, from, { sort, place, sign });
			result.set(staying.subarray(from, upTo), position);
			position += upTo - from;
			from = upTo;
			result[position] = slot;
			position += 1;
		}
		result.set(staying.subarray(from), position);
		return result;
	}

	#firstBehind(slots: Uint32Array, from: number, wanted: { sort: SortKey; place: Place; sign: number }): number {
		let low = from;
		let high = slots.length;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if (comparePlaces(this.place(wanted.sort, slots[middle] ?? 0), wanted.place, wanted.sign) <= 0) low = middle + 1;
			else high = middle;
		}
		return low;
	}
}
