// Walks through JSON bytes without building objects: for headers of many megabytes of which little is kept.

/** Why the bytes are not the JSON that was expected; `message` completes a sentence. */
export class ScanError extends Error {}

const quote = 34;
const backslash = 92;
const openBrace = 123;
const openBracket = 91;
const whitespace = new Set([32, 9, 10, 13]);
/** Digits of the largest number that is exact. */
const mostDigits = 16;

function isDigit(code: number | undefined): boolean {
	return code !== undefined && code >= 48 && code <= 57;
}

/** Reads one JSON value step by step. Every method throws ScanError when something else comes. */
export class JsonScanner {
	readonly #bytes: Uint8Array;
	readonly #decoder = new TextDecoder();
	#at = 0;

	constructor(bytes: Uint8Array) {
		this.#bytes = bytes;
	}

	#next(): number {
		while (whitespace.has(this.#bytes[this.#at] ?? -1)) this.#at += 1;
		return this.#bytes[this.#at] ?? -1;
	}

	#fail(what: string): ScanError {
		if (this.#at >= this.#bytes.length) return new ScanError(`it breaks off where ${what} is expected`);
		return new ScanError(`it is no JSON at byte ${this.#at.toLocaleString('en')}, where ${what} is expected`);
	}

	/** Is this character next? It is taken then. */
	take(character: string): boolean {
		if (this.#next() !== character.charCodeAt(0)) return false;
		this.#at += 1;
		return true;
	}

	expect(character: string, what: string): void {
		if (!this.take(character)) throw this.#fail(what);
	}

	/** Nothing but white space may follow. */
	end(): void {
		if (this.#next() !== -1) throw new ScanError(`it goes on behind its end, at byte ${this.#at.toLocaleString('en')}`);
	}

	/** The keys of an object, each given when its value is next; the caller reads or passes over that value. */
	*keys(mostBytes: number): Generator<string> {
		this.expect('{', 'an opening brace');
		if (this.take('}')) return;
		do {
			const key = this.text(mostBytes);
			this.expect(':', 'a colon');
			yield key;
		} while (this.take(','));
		this.expect('}', 'a comma or a closing brace');
	}

	/** A list of whole numbers that are not negative, at most `most` of them. */
	counts(most: number): number[] {
		const found: number[] = [];
		this.expect('[', 'a list');
		if (this.take(']')) return found;
		do {
			if (found.length === most) throw new ScanError(`it has a list of more than ${most} numbers`);
			found.push(this.count());
		} while (this.take(','));
		this.expect(']', 'a comma or a closing bracket');
		return found;
	}

	/** Is a whole number that is not negative and exact next? */
	isCount(): boolean {
		this.#next();
		let end = this.#at;
		while (isDigit(this.#bytes[end])) end += 1;
		const follows = this.#bytes[end];
		return end > this.#at && end - this.#at < mostDigits && follows !== 46 && follows !== 101 && follows !== 69;
	}

	/** A whole number that is not negative and exact. */
	count(): number {
		this.#next();
		const start = this.#at;
		let value = 0;
		for (;;) {
			const code = this.#bytes[this.#at];
			if (code === undefined || !isDigit(code)) break;
			value = value * 10 + (code - 48);
			this.#at += 1;
			if (this.#at - start > mostDigits) throw new ScanError('it has a number above 2^53');
		}
		const follows = this.#bytes[this.#at];
		const isWhole = follows !== 46 && follows !== 101 && follows !== 69;
		const hasZeros = this.#bytes[start] === 48 && this.#at > start + 1;
		if (this.#at === start || !isWhole || hasZeros) throw this.#fail('a whole number');
		if (!Number.isSafeInteger(value)) throw new ScanError('it has a number above 2^53');
		return value;
	}

	/** Position behind the closing quote of the text whose opening quote was taken; tells whether it has escapes. */
	#closing(): { end: number; escaped: boolean } {
		let at = this.#at;
		let escaped = false;
		for (;;) {
			const code = this.#bytes[at];
			if (code === quote) return { end: at + 1, escaped };
			if (code === undefined || code < 32) {
				this.#at = at;
				throw this.#fail('the end of a text');
			}
			escaped ||= code === backslash;
			at += code === backslash ? 2 : 1;
		}
	}

	/** A text of at most so many bytes. */
	text(mostBytes: number): string {
		this.expect('"', 'a text');
		const { end, escaped } = this.#closing();
		const length = end - 1 - this.#at;
		if (length > mostBytes) throw new ScanError(`it has a name of ${length.toLocaleString('en')} bytes`);
		const raw = this.#decoder.decode(this.#bytes.subarray(this.#at, end - 1));
		if (escaped) return this.#unescaped(raw, end);
		this.#at = end;
		return raw;
	}

	#unescaped(raw: string, end: number): string {
		try {
			const text: unknown = JSON.parse(`"${raw}"`);
			if (typeof text !== 'string') throw this.#fail('a text');
			this.#at = end;
			return text;
		} catch {
			throw this.#fail('a text without broken escapes');
		}
	}

	/** Passes over a value of any kind, nested at most so deep. */
	pass(depth: number): void {
		const code = this.#next();
		if (code === quote) {
			this.#at += 1;
			this.#at = this.#closing().end;
		} else if (code === openBrace || code === openBracket) {
			this.#passNested(depth);
		} else this.#passWord();
	}

	#passNested(depth: number): void {
		if (depth === 0) throw new ScanError('it is nested too deep');
		if (this.#next() === openBrace) {
			for (const _key of this.keys(Infinity)) this.pass(depth - 1);
			return;
		}
		this.expect('[', 'a list');
		if (this.take(']')) return;
		do this.pass(depth - 1);
		while (this.take(','));
		this.expect(']', 'a comma or a closing bracket');
	}

	/** `true`, `null`, `-1.5e3` and their like. */
	#passWord(): void {
		const start = this.#at;
		while (/[-+.\w]/.test(String.fromCharCode(this.#bytes[this.#at] ?? 0))) this.#at += 1;
		if (this.#at === start) throw this.#fail('a value');
	}
}
