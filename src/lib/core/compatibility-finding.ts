// What the rules about runtimes find of a model: what speaks against it, what is not known, what to know, and the verdict.
import { runtimeConfidences } from '#lib/core/choice.ts';
import type { RuntimeConfidence, RuntimeEngine } from '#lib/core/runtime.ts';

/** A sentence that is only made when somebody reads it: lists of a million rows ask for the answer alone. */
export type Say = () => string;

/** What the rules found. `level` is an index of `runtimeConfidences`. */
export interface Verdict {
	answer: 'yes' | 'unknown' | 'no';
	level: number;
	/** The engine that decided; null when there is none. */
	engine: RuntimeEngine | null;
	reasons: Say[];
	warnings: Say[];
	/** The architecture is on the engine's list, whatever else is wrong. */
	isListed: boolean;
	/** The files are not known to be of other formats than the engine loads. */
	hasFormat: boolean;
}

/** Findings of one engine while its rules run. */
export class Finding {
	readonly against: Say[] = [];
	readonly unknown: Say[] = [];
	readonly grounds: Say[] = [];
	readonly warnings: Say[] = [];
	level = 3;
	isListed = false;
	hasFormat = true;
	/** What the runtime does with an architecture it does not name, when it tries such ones. */
	attempt: Say | null = null;

	atMost(confidence: RuntimeConfidence): void {
		this.level = Math.min(this.level, runtimeConfidences.indexOf(confidence));
	}

	doubt(say: Say): void {
		this.unknown.push(say);
		this.atMost('low');
	}
}
