// What the models page can do beyond its links, by name: it offers these, and the palette asks for them from elsewhere.
import type { Action } from '#lib/client/actions.svelte.ts';

export const listActions = [
	{ id: 'filter', title: 'Filter models…', words: 'facets quantization family size', keys: ['f'] },
	{ id: 'discover', title: 'Discover chat models in the list', words: 'scan hub live', keys: [] },
	{ id: 'why', title: 'Why isn’t a model in the list?', words: 'hidden missing explain', keys: [] },
	{ id: 'view', title: 'Cards or table', words: 'layout rows', keys: ['v'] },
	{ id: 'help', title: 'Keyboard shortcuts', words: 'help keys', keys: ['?'] },
] as const satisfies readonly Omit<Action, 'run'>[];

/** The same as something to offer. */
export function listOffer(runs: Record<(typeof listActions)[number]['id'], () => unknown>): Action[] {
	return listActions.map((action) => ({ ...action, run: runs[action.id] }));
}
