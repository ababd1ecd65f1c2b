// Which runtimes load a model as two bits per runtime, for passes over a million rows.
import { checkerVersion, runsOn } from '#lib/core/compatibility.ts';
import type { RunFacts } from '#lib/core/run-facts.ts';
import { builtInProfiles, profilesVersion, runtimeProfiles } from '#lib/core/runtime-profiles.ts';
import { runtimeIds, type RuntimeId } from '#lib/core/runtime.ts';

/** Bits of the runtimes that load a model, and of those of which that is not known. */
export interface RunMasks {
	loads: number;
	unknown: number;
}

/** Changes when masks of the same facts may be others. */
export const masksVersion = `${checkerVersion} ${profilesVersion}`;

/** The bit of a runtime. */
export function runtimeBit(id: RuntimeId): number {
	return 1 << runtimeIds.indexOf(id);
}

/** The answers for these facts of every runtime that is known by itself. */
export function runMasks(facts: RunFacts): RunMasks {
	return masksOf(facts, 0, builtInProfiles.length);
}

/** The answers of the runtimes of the registry file. */
export function ownRunMasks(facts: RunFacts): RunMasks {
	return masksOf(facts, builtInProfiles.length, runtimeProfiles.length);
}

/** Are there runtimes of the registry file? */
export function hasOwnRuntimes(): boolean {
	return runtimeProfiles.length > builtInProfiles.length;
}

function masksOf(facts: RunFacts, from: number, to: number): RunMasks {
	const masks = { loads: 0, unknown: 0 };
	for (const [place, profile] of runtimeProfiles.slice(from, to).entries()) {
		const index = from + place;
		const answer = runsOn(facts, profile);
		if (answer === 'yes') masks.loads |= 1 << index;
		if (answer === 'unknown') masks.unknown |= 1 << index;
	}
	return masks;
}
