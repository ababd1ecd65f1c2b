// The text of an answer while it is written: tokens come one by one, and some letters take several of them.

/** Stands for bytes that are no letter yet. */
const unfinished = '\uFFFD';

/** Turns tokens into pieces of text which, put together, are the text of all of them. */
export class AnswerText<Token> {
	readonly #textOf: (tokens: readonly Token[]) => string;
	readonly #tokens: Token[] = [];
	/** From here on tokens are read again with the next one: how a token is written may depend on the one before. */
	#from = 0;
	/** Tokens whose text was given. */
	#given = 0;
	/** Everything that was given so far. */
	text = '';

	/** `textOf` is never asked about no tokens at all. */
	constructor(textOf: (tokens: readonly Token[]) => string) {
		this.#textOf = textOf;
	}

	/** How many tokens there are. */
	get tokens(): number {
		return this.#tokens.length;
	}

	/** What one more token adds; empty while a letter is not whole. */
	add(token: Token): string {
		this.#tokens.push(token);
		const fresh = this.#fresh();
		return fresh.endsWith(unfinished) ? '' : this.#give(fresh);
	}

	/** What is left when no token follows: letters that stay unfinished are marked as such. */
	end(): string {
		return this.#give(this.#fresh());
	}

	#fresh(): string {
		const known = this.#part(this.#from, this.#given);
		return this.#part(this.#from, this.#tokens.length).slice(known.length);
	}

	#part(from: number, to: number): string {
		return from === to ? '' : this.#textOf(this.#tokens.slice(from, to));
	}

	#give(fresh: string): string {
		if (fresh === '') return '';
		this.#from = this.#given;
		this.#given = this.#tokens.length;
		this.text += fresh;
		return fresh;
	}
}
