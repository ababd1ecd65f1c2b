// How long silence is borne: a limit of time that begins anew with every sign of life.

/** Whoever made it ends it. */
export class Patience {
	readonly #ms: number;
	readonly #over = new AbortController();
	#timer: ReturnType<typeof setTimeout> | undefined;

	/** Milliseconds of silence after which the signal is aborted; they begin now. */
	constructor(ms: number) {
		this.#ms = ms;
		this.heard();
	}

	get signal(): AbortSignal {
		return this.#over.signal;
	}

	heard(): void {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#over.abort(new DOMException('Nothing was heard.', 'TimeoutError')), this.#ms);
	}

	end(): void {
		clearTimeout(this.#timer);
	}
}
