// Strict JSON from outside, with limits on depth and keys, as objects that have no prototype to tamper with.
import { Failure } from '#lib/core/failure.ts';
import type { JsonObject, JsonValue } from '#lib/core/listing.ts';

/** `depth` counts nested objects and arrays, `keys` the `:` of all objects together. */
export interface JsonLimits {
	depth: number;
	keys: number;
}

/** Deeper or wider than anything an honest client sends, far from what overflows a stack. */
export const requestLimits: JsonLimits = { depth: 64, keys: 20_000 };

/** Depth and keys of the text, counted without building anything; `null` when a string does not end. */
function measure(text: string, limits: JsonLimits): JsonLimits | null {
	let depth = 0;
	let deepest = 0;
	let keys = 0;
	for (let at = 0; at < text.length; at += 1) {
		const code = text.charCodeAt(at);
		if (code === quote) {
			at = endOfString(text, at + 1);
			if (at < 0) return null;
		} else if (code === 0x7b || code === 0x5b) {
			depth += 1;
			if (depth > deepest) deepest = depth;
		} else if (code === 0x7d || code === 0x5d) depth -= 1;
		else if (code === 0x3a) keys += 1;
		if (deepest > limits.depth || keys > limits.keys) break;
	}
	return { depth: deepest, keys };
}

const quote = 0x22;
const backslash = 0x5c;

/** Where a string ends: at the next quote with an even number of backslashes before it; -1 where there is none. */
function endOfString(text: string, from: number): number {
	for (let end = text.indexOf('"', from); end >= 0; end = text.indexOf('"', end + 1)) {
		let before = end;
		while (before > from && text.charCodeAt(before - 1) === backslash) before -= 1;
		if ((end - before) % 2 === 0) return end;
	}
	return -1;
}

function bad(what: string): Failure {
	return new Failure('invalid_json', `The JSON ${what}.`);
}

function isObject(value: unknown): value is object {
	return typeof value === 'object' && value !== null;
}

/** The parsed value with null-prototype objects; refuses numbers that overflowed to Infinity. */
function tame(value: unknown): JsonValue {
	if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
	if (typeof value === 'number') {
		if (!Number.isFinite(value)) throw bad('holds a number that is too large');
		return value;
	}
	if (Array.isArray(value)) return value.map(tame);
	const copy: JsonObject = Object.create(null);
	if (isObject(value)) for (const [key, inner] of Object.entries(value)) copy[key] = tame(inner);
	return copy;
}

/**
 * Parses strict JSON (RFC 8259; of a repeated key the last value wins). Throws `invalid_json` with one sentence for
 * anything else, also for more nesting or keys than `limits`: those are counted before the parser sees the text, since
 * V8 accepts millions of levels and then overflows its stack elsewhere.
 */
export function parseJson(text: string, limits: JsonLimits = requestLimits): JsonValue {
	const size = measure(text, limits);
	if (size === null) throw bad('has a text without an end');
	if (size.depth > limits.depth) throw bad(`is nested more than ${limits.depth} levels deep`);
	if (size.keys > limits.keys) throw bad(`has more than ${limits.keys} keys`);
	let parsed: unknown;
	try {
		parsed = JSON.parse(text);
	} catch (cause) {
		throw new Failure('invalid_json', 'The body is not valid JSON.', { cause });
	}
	return tame(parsed);
}
