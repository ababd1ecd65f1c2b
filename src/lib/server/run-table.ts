// What the numbers of run facts mean: the facts, and which runtimes load a model with them.
import { checkCompatibility } from '#lib/core/compatibility.ts';
import type { ModelEntry } from '#lib/core/model.ts';
import { packingVersion } from '#lib/core/packing.ts';
import { readRunFacts, rowSubject, runFactsVersion } from '#lib/core/run-facts.ts';
import { masksVersion, ownRunMasks } from '#lib/core/runtime-masks.ts';
import { runtimeProfile, withoutOwn, type RuntimeProfiles } from '#lib/core/runtime-profiles.ts';
import type { RuntimeId } from '#lib/core/runtime.ts';
import type { Database } from '#lib/server/database.ts';
import { readMeta, saveMeta } from '#lib/server/store/meta.ts';
import { remakePacks, remakeRunFacts } from '#lib/server/store/models.ts';
import { remakeMasks, type RunFactsRow } from '#lib/server/store/run-facts.ts';

/** A runtime that is asked about a row. */
interface Judge {
	runtime: RuntimeId;
	/** The list is of what it loads. */
	isFilter: boolean;
}

/** Facts and masks by number. Number 0 is nothing known, which no runtime loads. */
export class RunTable {
	#runtimes: RuntimeProfiles = withoutOwn;
	#rows: (RunFactsRow | undefined)[] = [undefined];
	/** Per number the bits of the runtimes that load such a model. */
	loads = new Uint32Array(256);
	/** Per number the bits of the runtimes of which that is not known. */
	unknown = new Uint32Array(256);

	/** The runtimes that are asked. */
	get runtimes(): RuntimeProfiles {
		return this.#runtimes;
	}

	/** One more than the highest number. */
	get size(): number {
		return this.#rows.length;
	}

	/** Takes in what a number means. */
	learn(row: RunFactsRow): void {
		const { number, loads, unknown } = row;
		while (number >= this.loads.length) {
			const [longer, more] = [new Uint32Array(this.loads.length * 2), new Uint32Array(this.loads.length * 2)];
			longer.set(this.loads);
			more.set(this.unknown);
			[this.loads, this.unknown] = [longer, more];
		}
		this.#rows[number] = row;
		const hasOwn = this.#runtimes.own.length > 0;
		const own = hasOwn ? ownRunMasks(readRunFacts(row.facts), this.#runtimes) : { loads: 0, unknown: 0 };
		this.loads[number] = loads | own.loads;
		this.unknown[number] = unknown | own.unknown;
	}

	/** Asks other runtimes from now on. */
	relearn(runtimes: RuntimeProfiles): void {
		this.#runtimes = runtimes;
		for (const row of this.#rows) if (row !== undefined) this.learn(row);
	}

	/** A row with this number and what a runtime makes of it; a list filtered by that runtime also says why it is left out. */
	judged(number: number, entry: ModelEntry, { runtime, isFilter }: Judge): ModelEntry {
		const facts = readRunFacts(this.#rows[number]?.facts ?? '');
		const report = checkCompatibility(rowSubject(facts, entry), runtimeProfile(runtime, this.#runtimes));
		const { compatible, confidence, warnings, reasons } = report;
		const [reason = ''] = reasons;
		const compatibility = { runtime, compatible, confidence, reason, warnings };
		const excluded = isFilter && !compatible ? { excluded_by: `runtime: ${reason}` } : {};
		return { ...entry, compatibility, ...excluded };
	}
}

const runFactsKey = 'run_facts_version';
const masksKey = 'run_masks_version';
const packsKey = 'packs_version';

/** Brings what is kept of rows about runtimes and packings to the present rules and lists. */
export function renewRunFacts(database: Database): void {
	const isFresh = (key: string, version: string) => readMeta(database, key) === version;
	const isWhole = isFresh(runFactsKey, runFactsVersion) && isFresh(masksKey, masksVersion);
	if (isWhole && isFresh(packsKey, packingVersion)) return;
	database.transaction(() => {
		if (!isFresh(masksKey, masksVersion)) remakeMasks(database);
		if (!isFresh(runFactsKey, runFactsVersion)) remakeRunFacts(database);
		if (!isFresh(packsKey, packingVersion)) remakePacks(database);
		saveMeta(database, packsKey, packingVersion);
		saveMeta(database, masksKey, masksVersion);
		saveMeta(database, runFactsKey, runFactsVersion);
	});
}
