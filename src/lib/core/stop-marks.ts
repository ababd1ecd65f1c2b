// Where an answer ends because of what it says: marks that a caller named, found also where pieces of the text meet.

/** Passes text on up to the first of the marks. What might be the beginning of one is held back until more is known. */
export class StopMarks {
	readonly #marks: readonly string[];
	#held = '';
	/** Was a mark found? Nothing comes after it. */
	isCut = false;

	/** Empty marks end nothing. */
	constructor(marks: readonly string[]) {
		this.#marks = marks.filter((mark) => mark !== '');
	}

	/** The text that is certain to stand before any mark. */
	push(text: string): string {
		if (this.isCut) return '';
		const all = this.#held + text;
		const found = this.#marks.map((mark) => all.indexOf(mark)).filter((at) => at >= 0);
		this.isCut = found.length > 0;
		const end = this.isCut ? Math.min(...found) : all.length - this.#beginning(all);
		this.#held = this.isCut ? '' : all.slice(end);
		return all.slice(0, end);
	}

	/** What was held back, when no more text comes. */
	end(): string {
		const rest = this.#held;
		this.#held = '';
		return rest;
	}

	/** Letters at the end of a text with which a mark may begin. */
	#beginning(text: string): number {
		const longest = Math.max(0, ...this.#marks.map((mark) => mark.length - 1));
		for (let size = Math.min(longest, text.length); size > 0; size -= 1) {
			const tail = text.slice(-size);
			if (this.#marks.some((mark) => mark.length > size && mark.startsWith(tail))) return size;
		}
		return 0;
	}
}
