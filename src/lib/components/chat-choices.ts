// What the menu of chat models offers: matched, capped, in groups, and without moving what is already on view.
import { chatCertainty, type ChatCertainty } from '#lib/core/chat.ts';
import type { ModelEntry } from '#lib/core/model.ts';

/** One model to choose. */
export interface ChatChoice {
	entry: ModelEntry;
	certainty: ChatCertainty;
	/** Id and family in lower case. */
	text: string;
}

/** Models of one family. */
export interface ChatGroup {
	name: string;
	choices: ChatChoice[];
}

/** Kept by entry: entries are replaced when there is news, never changed. */
const known = new WeakMap<ModelEntry, ChatChoice | null>();

function choiceOf(entry: ModelEntry): ChatChoice | null {
	const before = known.get(entry);
	if (before !== undefined) return before;
	const certainty = chatCertainty(entry);
	const text = `${entry.id} ${entry.architecture_family}`.toLowerCase();
	const choice = certainty === null ? null : { entry, certainty, text };
	known.set(entry, choice);
	return choice;
}

/** The models that may be chosen. Those of low confidence, and guesses, only when wanted. */
export function chatChoices(entries: Iterable<ModelEntry>, showLowConfidence: boolean): ChatChoice[] {
	const choices: ChatChoice[] = [];
	for (const entry of entries) {
		const choice = choiceOf(entry);
		if (choice !== null && (showLowConfidence || choice.certainty === 'sure')) choices.push(choice);
	}
	return choices;
}

const certainties: Record<ChatCertainty, number> = { sure: 0, low: 1, guess: 2 };

/** How well a choice answers what was typed: 0 its name begins so, 1 a word of it does, 2 it is somewhere in it. */
function rank({ entry, text }: ChatChoice, words: readonly string[]): number {
	const [first = ''] = words;
	const name = entry.id.slice(entry.id.indexOf('/') + 1).toLowerCase();
	if (first === '' || name.startsWith(first)) return 0;
	const at = text.indexOf(first);
	return at === 0 || /[^a-z0-9]/.test(text.charAt(at - 1)) ? 1 : 2;
}

function best(choices: readonly ChatChoice[], words: readonly string[]): ChatChoice[] {
	const ranked = choices.map((choice) => ({ choice, rank: rank(choice, words) }));
	ranked.sort(
		(a, b) =>
			a.rank - b.rank ||
			certainties[a.choice.certainty] - certainties[b.choice.certainty] ||
			(b.choice.entry.downloads ?? -1) - (a.choice.entry.downloads ?? -1) ||
			(a.choice.entry.id < b.choice.entry.id ? -1 : 1),
	);
	return ranked.map(({ choice }) => choice);
}

/**
 * The part of the choices that is on view. While the typed text stays the same, models that arrive only ever come after
 * those that are there, so that neither the highlight nor the pointer ends up on another one.
 */
export class ChatChoiceView {
	#typed: string | null = null;
	#shown: string[] = [];
	#most: number;

	constructor({ most = 100 } = {}) {
		this.#most = most;
	}

	/** Forgets what was on view: the next look is sorted anew. */
	reset(): void {
		this.#typed = null;
	}

	/** Groups to show for what was typed, best first, and how many more there are. */
	look(choices: readonly ChatChoice[], typed: string): { groups: ChatGroup[]; more: number } {
		const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
		const matching = choices.filter(({ text }) => words.every((word) => text.includes(word)));
		const byId = new Map(matching.map((choice) => [choice.entry.id, choice]));
		const kept = typed === this.#typed ? this.#shown.filter((id) => byId.has(id)) : [];
		const room = this.#most - kept.length;
		const isKept = new Set(kept);
		const fresh = room <= 0 ? [] : matching.filter(({ entry }) => !isKept.has(entry.id));
		const added = best(fresh, words).slice(0, Math.max(0, room));
		this.#typed = typed;
		this.#shown = [...kept, ...added.map(({ entry }) => entry.id)];
		const shown = this.#shown.flatMap((id) => byId.get(id) ?? []);
		return { groups: grouped(shown), more: matching.length - shown.length };
	}
}

function grouped(choices: readonly ChatChoice[]): ChatGroup[] {
	const groups = new Map<string, ChatChoice[]>();
	for (const choice of choices) {
		const family = choice.entry.architecture_family;
		const name = family === 'Unknown' ? 'Other architectures' : family;
		groups.set(name, [...(groups.get(name) ?? []), choice]);
	}
	return [...groups].map(([name, members]) => ({ name, choices: members }));
}
