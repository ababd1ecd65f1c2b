// What can be done on the open page besides following links: offered by whoever can do it, run from anywhere.

/** One thing to do. `id` is its name across pages; `keys` says how it is done without the palette. */
export interface Action {
	id: string;
	title: string;
	/** What else people call it. */
	words?: string;
	keys?: readonly string[];
	run(): unknown;
}

/** The actions on offer. Made once per page life. */
export class Actions {
	#offers = $state.raw<readonly (readonly Action[])[]>([]);
	#awaited: string | null = null;

	/** Everything that can be done now. */
	get all(): readonly Action[] {
		return this.#offers.flat();
	}

	/** Offers actions, and does the one that was asked for before it was there. Returns how to take the offer back. */
	offer(actions: readonly Action[]): () => void {
		this.#offers = [...this.#offers, actions];
		const awaited = actions.find(({ id }) => id === this.#awaited);
		if (awaited !== undefined) {
			this.#awaited = null;
			awaited.run();
		}
		return () => (this.#offers = this.#offers.filter((one) => one !== actions));
	}

	/** Does it now, or goes where it is offered and does it there. */
	run(id: string, goThere: () => void): void {
		const found = this.all.find((action) => action.id === id);
		this.#awaited = found === undefined ? id : null;
		if (found === undefined) goThere();
		else found.run();
	}
}
