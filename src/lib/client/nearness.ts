// The link the pointer or the focus rests on: what it leads to can be got ready before the click.

/** How long the pointer has to rest: one that only passes over a row of links asks for nothing. */
const restMs = 20;

interface NearnessOptions {
	/** Told the link once the pointer has rested on it, or when it has the focus. */
	near: (link: HTMLAnchorElement) => void;
	/** Told when the pointer or the focus has gone elsewhere after that. */
	away: () => void;
}

/** Tells which link a person is about to follow. */
export class Nearness {
	#timer: ReturnType<typeof setTimeout> | undefined;
	#link: HTMLAnchorElement | null = null;
	#options: NearnessOptions;

	constructor(options: NearnessOptions) {
		this.#options = options;
	}

	/** Handler of `pointerover` and `focusin`. */
	readonly handle = (event: Event): void => {
		const link = event.target instanceof Element ? event.target.closest('a') : null;
		if (link !== null && link === this.#link) return;
		clearTimeout(this.#timer);
		if (this.#link !== null) this.#options.away();
		this.#link = null;
		if (link !== null) this.#timer = setTimeout(() => this.#tell(link), event.type === 'focusin' ? 0 : restMs);
	};

	#tell(link: HTMLAnchorElement): void {
		this.#link = link;
		this.#options.near(link);
	}
}
