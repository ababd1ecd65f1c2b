// Which runtimes load what, once per different set of facts: two bits per runtime that a pass over a million rows can read.
import { checkCompatibility, runsOn } from '#lib/core/compatibility.ts';
import type { ModelEntry } from '#lib/core/model.ts';
import { readRunFacts, rowSubject, type RunFacts } from '#lib/core/run-facts.ts';
import { runtimeProfile, runtimeProfiles } from '#lib/core/runtime-profiles.ts';
import { runtimeIds, type RuntimeId } from '#lib/core/runtime.ts';

/** The bit of a runtime in the masks. */
export function runtimeBit(id: RuntimeId): number {
	return 1 << runtimeIds.indexOf(id);
}

/** The facts behind each number, and the masks made of them when somebody first asks. Number 0 is nothing known. */
export class RunTable {
	#texts: string[] = [''];
	#loads = new Uint32Array(0);
	#unknown = new Uint32Array(0);
	/** How many of the masks are made. */
	#made = 0;

	/** One more than the highest number. */
	get size(): number {
		return this.#texts.length;
	}

	/** Takes in the text of a number. */
	learn(number: number, text: string): void {
		this.#texts[number] = text;
		this.#made = Math.min(this.#made, number);
	}

	/** The facts of a number. */
	facts(number: number): RunFacts {
		return readRunFacts(this.#texts[number] ?? '');
	}

	/** What a runtime makes of a row with this number: how sure a yes is, or why not. */
	answer(number: number, entry: ModelEntry, runtime: RuntimeId): Pick<ModelEntry, 'compatibility' | 'excluded_by'> {
		const report = checkCompatibility(rowSubject(this.facts(number), entry), runtimeProfile(runtime));
		const { compatible, confidence, warnings, reasons } = report;
		const compatibility = { runtime, confidence, warnings };
		return compatible ? { compatibility } : { compatibility, excluded_by: `runtime: ${reasons[0] ?? ''}` };
	}

	/** Per number the runtimes that load such a model, and those of which that is not known. */
	masks(): { loads: Uint32Array; unknown: Uint32Array } {
		if (this.#made < this.size) this.#make();
		return { loads: this.#loads, unknown: this.#unknown };
	}

	#make(): void {
		if (this.#loads.length < this.size) {
			const capacity = Math.max(256, this.size * 2);
			const [loads, unknown] = [new Uint32Array(capacity), new Uint32Array(capacity)];
			loads.set(this.#loads);
			unknown.set(this.#unknown);
			[this.#loads, this.#unknown] = [loads, unknown];
		}
		for (let number = this.#made; number < this.size; number += 1) {
			const facts = this.facts(number);
			this.#loads[number] = 0;
			this.#unknown[number] = 0;
			for (const [index, profile] of runtimeProfiles.entries()) {
				const answer = runsOn(facts, profile);
				if (answer === 'yes') this.#loads[number] = (this.#loads[number] ?? 0) | (1 << index);
				if (answer === 'unknown') this.#unknown[number] = (this.#unknown[number] ?? 0) | (1 << index);
			}
		}
		this.#made = this.size;
	}
}
