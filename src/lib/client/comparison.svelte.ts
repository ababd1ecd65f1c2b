// The models a person picked to compare: up to four, kept for the tab's life.
import { SvelteSet } from 'svelte/reactivity';

/** Most models side by side. */
export const mostCompared = 4;

const storageKey = 'modeldex:compare';

/** The picked models, in the order of picking. Made once per page life. */
export class Comparison {
	readonly #ids = new SvelteSet<string>();

	get ids(): readonly string[] {
		return [...this.#ids];
	}

	/** Is this model picked? */
	has(id: string): boolean {
		return this.#ids.has(id);
	}

	/** Can no further model be picked? */
	get isFull(): boolean {
		return this.#ids.size >= mostCompared;
	}

	/** Picks a model, or puts it back. A fifth one is not taken: answers false. */
	toggle(id: string): boolean {
		if (!this.#ids.delete(id)) {
			if (this.isFull) return false;
			this.#ids.add(id);
		}
		this.#keep();
		return true;
	}

	/** Puts every model back. */
	clear(): void {
		this.#ids.clear();
		this.#keep();
	}

	/** Reads what this tab picked before. Call it in the browser. */
	restore(): void {
		try {
			const kept: unknown = JSON.parse(sessionStorage.getItem(storageKey) ?? '[]');
			if (!Array.isArray(kept)) return;
			for (const id of kept.slice(0, mostCompared)) if (typeof id === 'string') this.#ids.add(id);
		} catch {
			// Storage is off or holds something else: nothing is picked.
		}
	}

	#keep(): void {
		try {
			sessionStorage.setItem(storageKey, JSON.stringify(this.ids));
		} catch {
			// Storage is off: the choice lasts as long as the page.
		}
	}
}
