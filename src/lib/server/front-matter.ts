// Reads a card's YAML front matter within fixed bounds, so that no text can cost more than a moment.
import { Alias, Composer, isAlias, isMap, isScalar, isSeq, Lexer, Parser, YAMLMap, YAMLSeq, type CST } from 'yaml';
import type { JsonObject, JsonValue } from '#lib/core/listing.ts';

/** Most front matter that is read, in characters. Evaluation tables, which we do not read, are taken out before. */
const textLimit = 64 * 1024;
/** Most lexical tokens; about 850 lines of `key: value`. Composing them takes about 25 ms on a slow machine. */
const tokenLimit = 6_000;
/**
 * Deepest nesting. The composer calls itself once per level, and a stack that overflows inside a regular expression
 * ends the whole process (V8 treats it as out of memory), so depth is checked on the flat token stream first.
 */
const depthLimit = 40;
/** Most values after aliases were followed: what "billion laughs" multiplies. */
const valueLimit = 10_000;

/** Keys that reach into an object's machinery; a card that has one is not read. */
const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);

/** The front matter as plain data without prototypes, or why it was not read. */
export type FrontMatter = { metadata: JsonObject; warning: null } | { metadata: null; warning: string };

class Refused extends Error {}

/** Top-level blocks that no one here reads and that make up most of long front matters. */
const bulk = /^(?:model-index|widget):[^\n]*\n(?:(?:[ \t-][^\n]*)?\n)*/gm;

function tokens(text: string): CST.Token[] {
	const parser = new Parser();
	const found: CST.Token[] = [];
	let count = 0;
	const keep = (token: CST.Token) => {
		const second = token.type === 'document' && found.some((other) => other.type === 'document');
		if (second) throw new Refused('it holds more than one document');
		found.push(token);
	};
	for (const lexeme of new Lexer().lex(text)) {
		if (++count > tokenLimit) throw new Refused('it has too many entries');
		for (const token of parser.next(lexeme)) keep(token);
		if (parser.stack.length > depthLimit) throw new Refused('it is nested too deeply');
	}
	for (const token of parser.end()) keep(token);
	return found;
}

/** Turns YAML nodes into plain values. Aliases are followed, each time at the cost of what they stand for. */
class Values {
	#left = valueLimit;
	readonly #anchors = new Map<string, unknown>();

	of(node: unknown, depth = 0): JsonValue {
		if (--this.#left < 0) throw new Refused('its aliases stand for too much');
		if (depth > depthLimit) throw new Refused('it is nested too deeply');
		if (isAlias(node)) return this.#alias(node, depth);
		if (isScalar(node)) return this.#remember(node.anchor, node, scalar(node.value));
		if (isSeq(node)) return this.#list(node, depth);
		if (isMap(node)) return this.#object(node, depth);
		return null;
	}

	#remember<T>(anchor: string | undefined, node: unknown, value: T): T {
		if (anchor !== undefined) this.#anchors.set(anchor, node);
		return value;
	}

	#alias(node: Alias, depth: number): JsonValue {
		if (!this.#anchors.has(node.source)) throw new Refused('an alias in it stands for nothing');
		return this.of(this.#anchors.get(node.source), depth + 1);
	}

	#list(node: YAMLSeq, depth: number): JsonValue[] {
		const list = node.items.map((item) => this.of(item, depth + 1));
		return this.#remember(node.anchor, node, list);
	}

	#object(node: YAMLMap, depth: number): JsonObject {
		const object: JsonObject = Object.create(null);
		for (const pair of node.items) {
			const key = keyText(this.of(pair.key, depth + 1));
			if (forbiddenKeys.has(key)) throw new Refused(`it has the key "${key}"`);
			object[key] = this.of(pair.value, depth + 1);
		}
		return this.#remember(node.anchor, node, object);
	}
}

function scalar(value: unknown): JsonValue {
	if (typeof value === 'bigint') return String(value);
	if (typeof value === 'number') return Number.isFinite(value) ? value : null;
	if (typeof value === 'string' || typeof value === 'boolean') return value;
	return null;
}

function keyText(key: JsonValue): string {
	if (key !== null && typeof key === 'object') throw new Refused('it uses a list or a mapping as a key');
	return String(key);
}

function compose(text: string): JsonObject {
	// Duplicate keys are not looked for (it takes time with the square of their number): the last one counts.
	const composer = new Composer({ uniqueKeys: false, prettyErrors: false, logLevel: 'silent' });
	const [document] = [...composer.compose(tokens(text), true, text.length)];
	const problem = document?.errors[0] ?? document?.warnings[0];
	if (document === undefined || problem !== undefined) throw new Refused(`line ${lineOf(text, problem)} is not YAML`);
	if (document.contents === null) return Object.create(null);
	const value = new Values().of(document.contents);
	if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new Refused('it is not a mapping');
	return value;
}

function lineOf(text: string, problem: { pos: [number, number] } | undefined): number {
	return text.slice(0, problem?.pos[0] ?? 0).split('\n').length;
}

/**
 * Reads a front matter. Never throws: text over 64 kB, more than 6,000 tokens, nesting over 40, unknown tags, aliases
 * that multiply, keys such as `__proto__` and anything that is not a YAML mapping give a warning and no metadata.
 */
export function readFrontMatter(source: string): FrontMatter {
	try {
		const text = source.length > textLimit * 16 ? source : source.replace(bulk, '');
		if (text.length > textLimit) throw new Refused('it is longer than 64 kB');
		return { metadata: compose(text), warning: null };
	} catch (error) {
		if (!(error instanceof Refused)) return refused('it could not be read');
		return refused(error.message);
	}
}

function refused(why: string): FrontMatter {
	return { metadata: null, warning: `The card's front matter was left out: ${why}.` };
}
