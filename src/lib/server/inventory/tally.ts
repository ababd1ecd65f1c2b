// Counts bytes over copies that share files: what each takes, and what the disk would gain without it.
import type { FoundCopy, FoundFile, FoundLeftover, FoundRevision } from '#lib/server/inventory/found.ts';

type Counted = FoundFile | FoundLeftover;

/** Where one name of a file leads: its own place, for a file that several names stand for. */
function nameOf(counted: Counted): string {
	return 'real' in counted ? counted.real : counted.path;
}

function bytesOf(counted: Counted): number {
	return 'real' in counted ? counted.size : counted.bytes;
}

/** Who holds which file of the disk, over all copies that were found. */
export class Tally {
	/** Copies that hold a file of the disk. */
	readonly #holders = new Map<string, Set<FoundCopy>>();
	/** Bytes of all copies, each file of the disk once. */
	readonly bytes: number;

	constructor(copies: readonly FoundCopy[]) {
		let bytes = 0;
		for (const copy of copies) {
			for (const { files } of copy.revisions) {
				for (const { inode, size } of files) {
					const holders = this.#holders.get(inode);
					if (holders !== undefined) holders.add(copy);
					else {
						this.#holders.set(inode, new Set([copy]));
						bytes += size;
					}
				}
			}
		}
		this.bytes = bytes;
	}

	/** The copies that hold this file of the disk. */
	holders(inode: string): ReadonlySet<FoundCopy> {
		return this.#holders.get(inode) ?? new Set();
	}

	/** Bytes of these files, each file of the disk once. */
	sizeOf(files: readonly FoundFile[]): number {
		return sumOnce(files, ({ size }) => size);
	}

	/** What they take of the disk. */
	allocatedBy(files: readonly FoundFile[]): number {
		return sumOnce(files, ({ allocated }) => allocated);
	}

	/**
	 * What comes free when these files of a copy go: those that no other copy, no other revision (when one is named) and
	 * no other name on the disk holds.
	 */
	freedBy(going: readonly Counted[], copy: FoundCopy, revision?: FoundRevision): number {
		const stays = new Set<string>();
		if (revision !== undefined && copy.revisions.length > 1) {
			for (const other of copy.revisions) if (other !== revision) for (const { inode } of other.files) stays.add(inode);
		}
		const names = new Map<string, Set<string>>();
		for (const one of going) {
			const known = names.get(one.inode);
			if (known !== undefined) known.add(nameOf(one));
			else names.set(one.inode, new Set([nameOf(one)]));
		}
		return sumOnce(going, (one) => {
			if (stays.has(one.inode)) return 0;
			const holders = this.#holders.get(one.inode);
			if (holders !== undefined && holders.size > 1) return 0;
			const links = 'names' in one ? one.names : 1;
			return links > (names.get(one.inode)?.size ?? 1) ? 0 : bytesOf(one);
		});
	}
}

function sumOnce<T extends { inode: string }>(items: readonly T[], bytes: (item: T) => number): number {
	const seen = new Set<string>();
	let sum = 0;
	for (const item of items) {
		if (seen.has(item.inode)) continue;
		seen.add(item.inode);
		sum += bytes(item);
	}
	return sum;
}
