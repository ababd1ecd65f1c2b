// A shelf over some folders, with the machine's own clock unless another is given.
import { machineClock, type Clock } from '#lib/server/clock.ts';
import { spaceAt } from '#lib/server/inventory/disk.ts';
import type { SearchedRoot } from '#lib/server/inventory/found.ts';
import { Shelf } from '#lib/server/inventory/shelf.ts';

/** Searches these folders. */
export function shelfOf(roots: readonly SearchedRoot[], clock: Clock = machineClock): Shelf {
	return new Shelf({ roots: () => roots, xetCache: null, clock, space: spaceAt });
}
