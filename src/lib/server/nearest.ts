// The rows nearest to one row among those that pass a query: same base, then same family, then size.
import { unknownFamily, type Columns } from '#lib/server/columns.ts';

interface Wanted {
	/** The row that is compared with; it is never among the answers. */
	slot: number;
	/** Per slot 1 where it passes. */
	passed: Uint8Array;
	/** Slots made from the same bases, and the bases. */
	related: ReadonlySet<number>;
	most: number;
}

interface Candidate {
	slot: number;
	/** 0 related, 1 of the same family, 2 neither. */
	rank: number;
	/** How many times larger or smaller, in doublings; infinite where a size is not known. */
	distance: number;
	downloads: number;
}

function isNearer(a: Candidate, b: Candidate): boolean {
	if (a.rank !== b.rank) return a.rank < b.rank;
	if (a.distance !== b.distance) return a.distance < b.distance;
	return a.downloads > b.downloads;
}

/** Slots of the nearest passing rows, the nearest first. */
export function nearestSlots(columns: Columns, { slot, passed, related, most }: Wanted): number[] {
	const { codes, dictionaries, values, size } = columns;
	const unknown = dictionaries.family.find(unknownFamily);
	const family = codes.family[slot];
	const own = values.params[slot] ?? Number.NaN;
	const found: Candidate[] = [];
	for (let other = 0; other < size; other += 1) {
		if (passed[other] !== 1 || other === slot) continue;
		const isKin = codes.family[other] === family && family !== unknown;
		const ratio = Math.abs(Math.log2((values.params[other] ?? Number.NaN) / own));
		const candidate = {
			slot: other,
			rank: related.has(other) ? 0 : isKin ? 1 : 2,
			distance: Number.isNaN(ratio) ? Number.POSITIVE_INFINITY : ratio,
			downloads: values.downloads[other] || 0,
		};
		const last = found[most - 1];
		if (last !== undefined && !isNearer(candidate, last)) continue;
		let at = found.length;
		for (; at > 0; at -= 1) {
			const before = found[at - 1];
			if (before === undefined || !isNearer(candidate, before)) break;
		}
		found.splice(at, 0, candidate);
		found.length = Math.min(found.length, most);
	}
	return found.map((candidate) => candidate.slot);
}
