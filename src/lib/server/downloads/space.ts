// Room on the disk: what is free, what downloads ahead have spoken for, and whether an order has a place.
import { lstat } from 'node:fs/promises';
import { Failure } from '#lib/core/failure.ts';
import { formatDecimalBytes } from '#lib/core/format.ts';
import { notThere } from '#lib/server/downloads/disk-failure.ts';
import type { OrderedFile } from '#lib/server/downloads/resolve.ts';
import { partLength } from '#lib/server/downloads/part-file.ts';

/** Free bytes for this process on the disk of a path, or of the nearest folder that exists; null when nobody says. */
export type FreeBytes = (path: string) => Promise<number | null>;

/** More is needed than the files themselves: for their folders and the journal. */
const overhead = 1.05;

/** What an order needs of the disk, and what there is. Bytes; `free` null is unknown. */
export interface Room {
	/** With what is kept free for everything else on the disk. */
	need: number;
	free: number | null;
	/** Of the free bytes, those that other downloads will fill. */
	reserved: number;
	isEnough: boolean;
}

interface RoomOptions {
	missingBytes: number;
	free: number | null;
	reserved: number;
	/** Bytes that are to stay free. */
	keepFree: number;
}

/** Is there room? Nothing to fetch needs none, and where nobody knows the answer is yes. */
export function roomFor({ missingBytes, free, reserved, keepFree }: RoomOptions): Room {
	const need = missingBytes === 0 ? 0 : Math.ceil(missingBytes * overhead) + keepFree;
	return { need, free, reserved, isEnough: need === 0 || free === null || free - reserved >= need };
}

/** Throws `insufficient_storage` with the figures when there is none. */
export function checkRoom(id: string, { need, free, reserved, isEnough }: Room): void {
	if (isEnough || free === null) return;
	const spoken = reserved > 0 ? `, of which ${formatDecimalBytes(reserved)} are for downloads before it` : '';
	const message = `${id} needs ${formatDecimalBytes(need)} on the disk of the model cache, and ${formatDecimalBytes(free)} are free${spoken}.`;
	throw new Failure('insufficient_storage', message);
}

/** How much of a file is here: all of it, a part that can be gone on from, or nothing. Bytes. */
export async function bytesHere(blob: string, { total }: Pick<OrderedFile, 'total'>, boot: string): Promise<number> {
	const there = await lstat(blob).catch(notThere);
	if (there !== null && (there.isSymbolicLink() || (there.isFile() && there.size === total))) return total;
	return partLength(blob, total, boot);
}
