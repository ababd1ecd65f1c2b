// Copies on this machine in words: the row a page shows, and the state of a copy with its tone.
import type { LocalCopy } from '#lib/core/inventory.ts';
import type { BadgeTone } from '#lib/ui/badge-look.ts';
import type { IconName } from '#lib/ui/icons.ts';

/** A copy as the page has it: how many files instead of which, and two facts of what it is (null: not known). */
export interface LocalRow extends Omit<LocalCopy, 'files'> {
	files: number;
	family: string | null;
	parameters: number | null;
}

/** What is wrong with a copy; null when nothing is. */
export interface CopyState {
	tone: BadgeTone;
	icon: IconName;
	text: string;
	title: string;
}

/** The state of a copy as a badge. */
export function copyState({ broken, partial, revisions, notes }: LocalRow): CopyState | null {
	if (broken !== null) return { tone: 'large', icon: 'no', text: 'Broken', title: `It cannot be used: ${broken}` };
	const missing = revisions[0]?.missing ?? [];
	const what = missing.length === 0 ? 'a download has not ended' : `missing: ${missing.slice(0, 3).join(', ')}`;
	if (partial) return { tone: 'tight', icon: 'alert', text: 'Partial', title: `Not all of it is here; ${what}` };
	const [note] = notes;
	return note === undefined ? null : { tone: 'unknown', icon: 'question', text: 'Odd', title: note };
}
