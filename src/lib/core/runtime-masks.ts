// Which runtimes load a model as two bits per runtime, for passes over a million rows.
import { checkerVersion, runsOn } from '#lib/core/compatibility.ts';
import type { RunFacts } from '#lib/core/run-facts.ts';
import { builtInProfiles, profilesVersion, type RuntimeProfiles } from '#lib/core/runtime-profiles.ts';
import { parseRuntime, type RuntimeId, type RuntimeProfile, type Runtimes } from '#lib/core/runtime.ts';

/** Bits of the runtimes that load a model, and of those of which that is not known. */
export interface RunMasks {
	loads: number;
	unknown: number;
}

/** Changes when masks of the same facts may be others. */
export const masksVersion = `${checkerVersion} ${profilesVersion}`;

/** The bit of a runtime. Throws `invalid_query` for one that is not there, or not any more. */
export function runtimeBit(id: RuntimeId, runtimes: Runtimes): number {
	return 1 << runtimes.ids.indexOf(parseRuntime(id, runtimes));
}

/** The answers for these facts of every runtime that is known by itself. */
export function runMasks(facts: RunFacts): RunMasks {
	return masksOf(facts, builtInProfiles, 0);
}

/** The answers of the runtimes of a registry file. */
export function ownRunMasks(facts: RunFacts, { all }: RuntimeProfiles): RunMasks {
	return masksOf(facts, all.slice(builtInProfiles.length), builtInProfiles.length);
}

function masksOf(facts: RunFacts, profiles: readonly RuntimeProfile[], from: number): RunMasks {
	const masks = { loads: 0, unknown: 0 };
	for (const [place, profile] of profiles.entries()) {
		const index = from + place;
		const answer = runsOn(facts, profile);
		if (answer === 'yes') masks.loads |= 1 << index;
		if (answer === 'unknown') masks.unknown |= 1 << index;
	}
	return masks;
}
