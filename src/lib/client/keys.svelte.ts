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

/**
 * Shortcuts of the page that is open. They rest while someone types, and while a dialog is open. Keys pressed while a
 * dialog that cannot be seen any more is taken down are kept for `goOn`.
 */
export class Shortcuts {
	#rows: readonly Shortcut[];
	#kept: string[] = [];

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
		if (document.querySelector('[role=dialog][data-leaving]') !== null) {
			this.#kept.push(event.key);
			event.preventDefault();
			return;
		}
		if (isTaken(event) || document.querySelector('[role=dialog], [role=alertdialog], [data-floats]') !== null) return;
		if (this.#answer(event.key)) event.preventDefault();
	};

	/** The dialog is gone: answers the keys that were pressed meanwhile, in their order. */
	goOn(): void {
		for (const key of this.#kept.splice(0)) this.#answer(key);
	}

	#answer(key: string): boolean {
		const row = this.#rows.find(({ keys }) => keys.includes(key));
		return row !== undefined && row.run() !== false;
	}
}
