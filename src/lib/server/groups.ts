// Which rows are packings of the same weights, and the row that stands for them: worked out when it is first asked for.
import { guessMark, plainName } from '#lib/core/packing.ts';
import { unknownFamily, type Columns } from '#lib/server/columns.ts';

/** Packings of packings of packings: further than that nobody goes, and circles end there too. */
const mostSteps = 8;

/** Is this number more than that one? Unknown is less than any. */
function isMore(a: number | undefined, b: number | undefined): boolean {
	return (a ?? Number.NaN) > (b ?? Number.NaN) || (Number.isNaN(b) && !Number.isNaN(a));
}

/** The groups of all rows. A row that packs nobody's weights, and whose weights nobody packs, is a group of its own. */
export class Groups {
	readonly #columns: Columns;
	/** What the columns had counted when the groups were made. */
	#made = -1;
	/** Per slot the slot that stands for its group. */
	#roots = new Uint32Array(0);
	/** Slots by group, and where each slot's own group begins. */
	#members = new Uint32Array(0);
	#starts = new Uint32Array(0);

	constructor(columns: Columns) {
		this.#columns = columns;
	}

	/** Per slot the slot of the row that stands for it. Must not be changed; right until rows change. */
	get roots(): Uint32Array {
		this.#make();
		return this.#roots;
	}

	/** The slots that a slot stands for, itself among them; empty for one that another stands for. */
	members(root: number): Uint32Array {
		this.#make();
		return this.#members.subarray(this.#starts[root] ?? 0, this.#starts[root + 1] ?? 0);
	}

	/** Does a row belong to its group by its name alone? */
	isGuess(slot: number): boolean {
		const { packs, packMarks } = this.#columns;
		return packMarks.values[packs[slot] ?? 0]?.startsWith(guessMark) === true;
	}

	/** The model that a row packs, as its tags name it; null where they name none. */
	namedBase(slot: number): string | null {
		const { packs, packMarks } = this.#columns;
		const mark = packMarks.values[packs[slot] ?? 0] ?? '';
		return mark === '' || mark.startsWith(guessMark) ? null : mark;
	}

	#make(): void {
		const { packChanges, size } = this.#columns;
		if (packChanges === this.#made) return;
		this.#made = packChanges;
		const parents = this.#parents();
		this.#roots = new Uint32Array(size);
		for (let slot = 0; slot < size; slot += 1) this.#roots[slot] = rootOf(slot, parents);
		this.#gather();
	}

	/** Per slot the slot whose weights it packs; itself where it packs nobody's. */
	#parents(): Uint32Array {
		const { packs, size } = this.#columns;
		const { bases, named } = this.#bases();
		const parents = Uint32Array.from({ length: size }, (_, slot) => slot);
		/** Where the base is not here: the most downloaded of its packings stands for the others. */
		const leaders = new Map<string, number>();
		const orphans: [slot: number, key: string][] = [];
		for (let slot = 0; slot < size; slot += 1) {
			const mark = packs[slot] ?? 0;
			if (mark === 0) continue;
			const base = bases.get(mark);
			const isGuessed = named.has(mark);
			if (base !== undefined && base !== slot && (!isGuessed || this.#isKin(slot, base))) {
				parents[slot] = base;
				continue;
			}
			const key = isGuessed ? `${mark} ${this.#columns.codes.family[slot]}` : String(mark);
			const leader = leaders.get(key);
			if (leader === undefined || this.#isBefore(slot, leader)) leaders.set(key, slot);
			orphans.push([slot, key]);
		}
		for (const [slot, key] of orphans) parents[slot] = leaders.get(key) ?? slot;
		return parents;
	}

	/** The slot that each mark means, where it is here; and the marks that are guesses by name. */
	#bases(): { bases: Map<number, number>; named: Set<number> } {
		const { ids, packs, packMarks } = this.#columns;
		const wanted = new Map<string, number>();
		const named = new Set<number>();
		for (const [mark, text] of packMarks.values.entries()) {
			if (text !== '') wanted.set(text, mark);
			if (text.startsWith(guessMark)) named.add(mark);
		}
		const bases = new Map<number, number>();
		for (const [slot, id] of ids.entries()) {
			const own = wanted.get(id);
			if (own !== undefined) bases.set(own, slot);
			if (named.size === 0 || packs[slot] !== 0) continue;
			const mark = wanted.get(guessMark + plainName(id));
			if (mark === undefined) continue;
			const before = bases.get(mark);
			if (before === undefined || this.#isBefore(slot, before)) bases.set(mark, slot);
		}
		return { bases, named };
	}

	/** Are two rows of one family, as far as both are known? */
	#isKin(a: number, b: number): boolean {
		const { codes, dictionaries } = this.#columns;
		const unknown = dictionaries.family.find(unknownFamily);
		const [one, other] = [codes.family[a], codes.family[b]];
		return one === other || one === unknown || other === unknown;
	}

	/** More downloads, then the smaller id. */
	#isBefore(a: number, b: number): boolean {
		const { ids, values } = this.#columns;
		const [one, other] = [values.downloads[a], values.downloads[b]];
		return isMore(one, other) || (!isMore(other, one) && (ids[a] ?? '') < (ids[b] ?? ''));
	}

	#gather(): void {
		const { size } = this.#columns;
		const starts = new Uint32Array(size + 1);
		for (const root of this.#roots) starts[root + 1] = (starts[root + 1] ?? 0) + 1;
		for (let at = 1; at <= size; at += 1) starts[at] = (starts[at] ?? 0) + (starts[at - 1] ?? 0);
		const next = starts.slice();
		this.#members = new Uint32Array(size);
		for (const [slot, root] of this.#roots.entries()) {
			const place = next[root] ?? 0;
			this.#members[place] = slot;
			next[root] = place + 1;
		}
		this.#starts = starts;
	}
}

/** Follows packings of packings to what stands for all of them. A circle stands for itself by its smallest slot. */
function rootOf(slot: number, parents: Uint32Array): number {
	let at = slot;
	let least = slot;
	for (let step = 0; step < mostSteps; step += 1) {
		const parent = parents[at] ?? at;
		if (parent === at) return at;
		if (parent === slot) return least;
		at = parent;
		least = Math.min(least, at);
	}
	return least;
}
