// The last resort for a model with no configuration and telling no list fields: what its name sounds like.
import { matchModelType } from '#lib/core/architecture.ts';
import type { Classification } from '#lib/core/model.ts';

/** A guess, to be marked as one: its confidence is always low. */
export interface NameGuess {
	classification: Classification;
	family: string;
}

const writerKinds = new Set(['c', 's', 'm', 'p', 'q']);
const encoderKinds = new Set(['e', 'i', 'v', 'a', 'x']);

/**
 * Family and class by the words of a repository's name (`someone/Llama-2-7B-GGUF`); null when they say nothing. Only
 * whole words of the family table count, so `albertina` is no ALBERT.
 */
export function guessByName(id: string): NameGuess | null {
	const name = id.slice(id.indexOf('/') + 1);
	const row = matchModelType(name);
	if (row === null) return null;
	if (writerKinds.has(row.kind)) return { classification: 'gen', family: row.family };
	return encoderKinds.has(row.kind) ? { classification: 'encoder', family: row.family } : null;
}
