// A shelf over some folders, with the machine's own clock unless another is given.
import type { LocalTool } from '#lib/core/inventory.ts';
import { machineClock, type Clock } from '#lib/server/clock.ts';
import { spaceAt } from '#lib/server/inventory/disk.ts';
import type { SearchedRoot } from '#lib/server/inventory/found.ts';
import { Shelf } from '#lib/server/inventory/shelf.ts';

/** Searches these folders. */
export function shelfOf(roots: readonly SearchedRoot[], clock: Clock = machineClock): Shelf {
	return new Shelf({ roots: () => roots, xetCache: null, clock, space: spaceAt });
}

/** What is found in one folder of a tool. */
export async function copiesIn(tool: LocalTool, path: string) {
	const { held, roots } = await shelfOf([{ tool, path }]).look();
	return { copies: held.map(({ copy }) => copy), roots };
}
