// News for screen readers at a pace one can listen to: the newest sentence, and never one right after another.

/** Holds the sentence of a live region. */
export class Announcer {
	#text = $state('');
	#next: string | null = null;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#everyMs: number;

	constructor({ everyMs = 8_000 } = {}) {
		this.#everyMs = everyMs;
	}

	/** What the live region says. */
	get text(): string {
		return this.#text;
	}

	/** Says it now, or, when something was said a moment ago, as soon as it is time again unless there is newer news. */
	say(text: string): void {
		this.#next = text;
		if (this.#timer === undefined) this.#turn();
	}

	/** Says it at once: the news is what one waits for. */
	urge(text: string): void {
		this.stop();
		this.say(text);
	}

	stop(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		this.#next = null;
	}

	#turn(): void {
		this.#timer = undefined;
		if (this.#next === null) return;
		this.#text = this.#next;
		this.#next = null;
		this.#timer = setTimeout(() => this.#turn(), this.#everyMs);
	}
}
