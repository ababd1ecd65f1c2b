// Text of a config.json → an object of JSON values, as leniently as Python reads it and with limits on size and shape.
import { JsonReader } from '#lib/core/json-reader.ts';
import type { JsonObject, JsonValue } from '#lib/core/listing.ts';

/** Largest text that is read, in UTF-16 units; the biggest real configuration known is under 0.1 MB. */
export const maxConfigLength = 5 * 1024 * 1024;
/** Deepest nesting that is read; real files stay under ten levels, V8 itself would take millions. */
export const maxConfigDepth = 64;
/** Most keys in one file, so that no file holds the program up; the largest real ones (an entry per tensor) hold some ten thousand. */
export const maxConfigKeys = 20_000;

/** The object that was read, or one sentence that says why there is none. */
export type ConfigText = { ok: true; value: JsonObject; warnings: string[] } | { ok: false; reason: string };

/** Is this JSON value an object (not a list, not null)? */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const quote = 34;
const backslash = 92;

/** Depth and number of keys of JSON text up to the first limit it passes, by its brackets and colons outside of strings. */
function measure(text: string): { depth: number; keys: number } {
	let depth = 0;
	let deepest = 0;
	let keys = 0;
	for (let at = 0; at < text.length; at += 1) {
		const code = text.charCodeAt(at);
		if (code === quote) {
			at = endOfString(text, at);
		} else if (code === 123 || code === 91) {
			depth += 1;
			if (depth > deepest) deepest = depth;
			if (depth > maxConfigDepth) break;
		} else if (code === 125 || code === 93) {
			depth -= 1;
		} else if (code === 58) {
			keys += 1;
			if (keys > maxConfigKeys) break;
		}
	}
	return { depth: deepest, keys };
}

/** Position of the quote that closes the string opened at `start`, or the end of the text. */
function endOfString(text: string, start: number): number {
	let end = text.indexOf('"', start + 1);
	while (end > 0) {
		let slashes = 0;
		while (text.charCodeAt(end - 1 - slashes) === backslash) slashes += 1;
		if (slashes % 2 === 0) return end;
		end = text.indexOf('"', end + 1);
	}
	return text.length;
}

/** How often the character occurs, counted no further than just beyond `limit`. */
function occurrences(text: string, character: string, limit: number): number {
	let found = 0;
	for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) {
		found += 1;
		if (found > limit) return found;
	}
	return found;
}

const tooDeep = `The file is nested deeper than ${maxConfigDepth} levels.`;

/** Why the text is too big to read, by an exact scan; null when it is not. */
function tooBig(text: string): string | null {
	const { depth, keys } = measure(text);
	if (depth > maxConfigDepth) return tooDeep;
	if (keys > maxConfigKeys) return `The file holds more than ${maxConfigKeys.toLocaleString('en')} keys.`;
	return null;
}

/**
 * Is anything nested more than `levels` deep in the value? `spare`: how many of the text's brackets may stand beside a way
 * down that deep. Siblings use them up, so that an object of a thousand small ones is not looked through.
 */
function isDeeper(value: JsonValue | undefined, levels: number, spare: number): boolean {
	if (!isNested(value)) return false;
	if (levels === 0) return true;
	const left = spare - Math.max(0, nestedIn(value, spare + 1) - 1);
	if (left < 0) return false;
	if (Array.isArray(value)) return value.some((item) => isDeeper(item, levels - 1, left));
	for (const key in value) if (isDeeper(value[key], levels - 1, left)) return true;
	return false;
}

function isNested(value: JsonValue | undefined): value is JsonObject | JsonValue[] {
	return typeof value === 'object' && value !== null;
}

/** How many objects and lists are right inside of an object or list, counted no further than one above `most`. */
function nestedIn(value: JsonObject | JsonValue[], most: number): number {
	let found = 0;
	if (Array.isArray(value)) {
		for (const item of value) if (isNested(item)) found += 1;
		return found;
	}
	for (const key in value) {
		if (isNested(value[key])) found += 1;
		if (found > most) break;
	}
	return found;
}

/** A sentence for texts that are recognizably something else than JSON, or null. */
function notJson(text: string): string | null {
	const start = text.slice(0, 200).trimStart();
	if (start === '' && text.trim() === '') return 'The file is empty.';
	if (start.startsWith('<')) return 'The file is a web page, not JSON.';
	if (start.startsWith('version https://git-lfs')) return 'The file is a Git LFS pointer, not the JSON itself.';
	return null;
}

function kindOf(value: JsonValue): string {
	if (value === null) return 'null';
	return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

function checked(value: JsonValue, warnings: string[]): ConfigText {
	if (isJsonObject(value)) {
		if (Object.hasOwn(value, '__proto__')) delete value['__proto__'];
		return { ok: true, value, warnings };
	}
	return { ok: false, reason: `The file holds ${kindOf(value)} where an object is expected.` };
}

/** Brackets up to which a text is parsed first and its value asked for its depth: five times faster than the scan. */
const fewBrackets = 4096;

/** Strict parse of text that is JSON as JavaScript knows it; undefined when it is not. */
function strictly(text: string): JsonValue | undefined {
	try {
		const value: JsonValue = JSON.parse(text);
		return value;
	} catch {
		return undefined; // The lenient reader finds out whether Python would read it, and says what is wrong if not.
	}
}

/**
 * Reads the text of a config.json. Taken as well as JSON: `NaN`, `Infinity`, `-Infinity` (Python writes them), a byte
 * order mark, white space and NUL bytes around the value; of equal keys the last one counts. A `__proto__` key is
 * dropped at the root; deeper it stays an own property, never a prototype. Never throws; a text that cannot be read
 * gives a sentence.
 */
export function parseConfigText(text: string): ConfigText {
	if (text.length > maxConfigLength) return { ok: false, reason: 'The file is larger than 5 MB.' };
	const brackets = occurrences(text, '{', fewBrackets) + occurrences(text, '[', fewBrackets);
	const mayBeDeep = brackets > maxConfigDepth;
	const mayHoldManyKeys = text.length > maxConfigKeys * 4 && occurrences(text, ':', maxConfigKeys) > maxConfigKeys;
	const isScanned = brackets > fewBrackets || mayHoldManyKeys;
	const strict = isScanned && tooBig(text) !== null ? undefined : strictly(text);
	if (strict !== undefined) {
		const spare = brackets - maxConfigDepth - 1;
		if (!isScanned && spare >= 0 && isDeeper(strict, maxConfigDepth, spare)) return { ok: false, reason: tooDeep };
		return checked(strict, []);
	}
	const big = mayBeDeep || mayHoldManyKeys ? tooBig(text) : null;
	if (big !== null) return { ok: false, reason: big };
	const other = notJson(text.startsWith('\ufeff') ? text.slice(1) : text);
	if (other !== null) return { ok: false, reason: other };
	const reader = new JsonReader(text, maxConfigDepth);
	const read = reader.read();
	return read.ok ? checked(read.value, reader.warnings) : read;
}
