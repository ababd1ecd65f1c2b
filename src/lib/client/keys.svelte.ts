// Keyboard shortcuts of a page: one table that answers key presses and that the help lists.

/** A shortcut. `run` returns false when the key had nothing to do and should keep its usual meaning. */
export interface Shortcut {
	keys: readonly string[];
	label: string;
	run(): boolean | void;
}

const typing = 'input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable=true]';
const pressable = 'a, button, summary, [role=button], [role=checkbox], [role=radio], [role=slider]';

function isTaken(event: KeyboardEvent): boolean {
	const target = event.target instanceof Element ? event.target : null;
	if (target?.closest(typing)) return true;
	const activates = event.key === 'Enter' || event.key === ' ';
	return activates && (target?.closest(pressable) ?? null) !== null;
}

/** Shortcuts of the page that is open. They rest while someone types, and while a dialog is open. */
export class Shortcuts {
	#rows: readonly Shortcut[];

	constructor(rows: readonly Shortcut[]) {
		this.#rows = rows;
	}

	/** The table, for the help. */
	get rows(): readonly Shortcut[] {
		return this.#rows;
	}

	/** Listener for `keydown` on the window. */
	handle = (event: KeyboardEvent): void => {
		if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
		if (isTaken(event) || document.querySelector('[role=dialog], [role=alertdialog], [data-floats]') !== null) return;
		const row = this.#rows.find(({ keys }) => keys.includes(event.key));
		if (row !== undefined && row.run() !== false) event.preventDefault();
	};
}
