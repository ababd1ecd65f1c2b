// A lenient JSON reader for what Python's json module writes and JavaScript's refuses: NaN, Infinity, a byte order mark.
import type { JsonObject, JsonValue } from '#lib/core/listing.ts';

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const plain = /[^"\\\u0000-\u001f]*/y;
const words: [string, JsonValue][] = [
	['true', true],
	['false', false],
	['null', null],
	['NaN', NaN],
	['Infinity', Infinity],
	['-Infinity', -Infinity],
];
const escapes = new Map([
	['"', '"'],
	['\\', '\\'],
	['/', '/'],
	['b', '\b'],
	['f', '\f'],
	['n', '\n'],
	['r', '\r'],
	['t', '\t'],
]);

class Unreadable extends Error {}

/** Reads one JSON value from a text. Used once per text; not a general parser: only texts that JSON.parse refused get here. */
export class JsonReader {
	readonly #text: string;
	readonly #maxDepth: number;
	#at = 0;
	/** What was read although strict JSON does not know it, in words. */
	readonly warnings: string[] = [];

	constructor(text: string, maxDepth: number) {
		this.#text = text;
		this.#maxDepth = maxDepth;
	}

	/** The value, or one sentence with the line where reading stopped. Never throws. */
	read(): { ok: true; value: JsonValue } | { ok: false; reason: string } {
		try {
			const value = this.#value(0);
			this.#passSpace();
			if (this.#at < this.#text.length) throw new Unreadable('has text after its end');
			return { ok: true, value };
		} catch (error) {
			if (!(error instanceof Unreadable)) throw error;
			const line = this.#text.slice(0, this.#at).split('\n').length;
			return { ok: false, reason: `The file is not JSON: it ${error.message} (line ${line}).` };
		}
	}

	#match(pattern: RegExp): string {
		pattern.lastIndex = this.#at;
		const found = pattern.exec(this.#text)?.[0] ?? '';
		this.#at += found.length;
		return found;
	}

	/** White space of JSON, and around the value also NUL bytes and byte order marks. */
	#passSpace(): void {
		for (;;) {
			const code = this.#text.charCodeAt(this.#at);
			if (code !== 32 && code !== 10 && code !== 13 && code !== 9 && code !== 0 && code !== 0xfeff) return;
			this.#at += 1;
		}
	}

	#take(character: string): boolean {
		this.#passSpace();
		if (this.#text[this.#at] !== character) return false;
		this.#at += 1;
		return true;
	}

	#expected(what: string): Unreadable {
		const next = this.#text[this.#at];
		if (next === undefined) return new Unreadable('breaks off before its end');
		return new Unreadable(`has ${JSON.stringify(next)} where ${what} is expected`);
	}

	#value(depth: number): JsonValue {
		if (depth > this.#maxDepth) throw new Unreadable(`is nested deeper than ${this.#maxDepth} levels`);
		if (this.#take('{')) return this.#object(depth);
		if (this.#take('[')) return this.#list(depth);
		if (this.#take('"')) return this.#string();
		const first = this.#text[this.#at] ?? '';
		for (const [word, value] of 'tfnNI-'.includes(first) ? words : []) {
			if (!this.#text.startsWith(word, this.#at)) continue;
			this.#at += word.length;
			if (typeof value === 'number') this.#note(word);
			return value;
		}
		const digits = this.#match(number);
		if (digits === '' || digits === '-') throw this.#expected('a value');
		return Number(digits);
	}

	#note(word: string): void {
		const warning = `The file holds ${word}, which strict JSON does not know.`;
		if (!this.warnings.includes(warning)) this.warnings.push(warning);
	}

	#object(depth: number): JsonObject {
		const entries = new Map<string, JsonValue>();
		if (this.#take('}')) return {};
		do {
			if (!this.#take('"')) throw this.#expected('a key');
			const key = this.#string();
			if (!this.#take(':')) throw this.#expected('a colon');
			const value = this.#value(depth + 1);
			if (key !== '__proto__') entries.set(key, value);
		} while (this.#take(','));
		if (!this.#take('}')) throw this.#expected('a comma or a closing brace');
		return Object.fromEntries(entries);
	}

	#list(depth: number): JsonValue[] {
		const items: JsonValue[] = [];
		if (this.#take(']')) return items;
		do items.push(this.#value(depth + 1));
		while (this.#take(','));
		if (!this.#take(']')) throw this.#expected('a comma or a closing bracket');
		return items;
	}

	/** The string whose opening quote was taken. */
	#string(): string {
		let read = '';
		for (;;) {
			read += this.#match(plain);
			const next = this.#text[this.#at];
			if (next === '"') {
				this.#at += 1;
				return read;
			}
			if (next !== '\\') throw this.#expected('the end of a string');
			this.#at += 1;
			read += this.#escape();
		}
	}

	#escape(): string {
		const letter = this.#text[this.#at] ?? '';
		this.#at += 1;
		if (letter !== 'u') {
			const character = escapes.get(letter);
			if (character === undefined) throw new Unreadable('has an escape that JSON does not know');
			return character;
		}
		const digits = this.#text.slice(this.#at, this.#at + 4);
		if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new Unreadable('has a broken \\u escape');
		this.#at += 4;
		return String.fromCharCode(Number.parseInt(digits, 16));
	}
}
