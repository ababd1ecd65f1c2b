// Questions to the two text indexes: which models have all these words, at a word's beginning or anywhere inside.
import { text, type Database } from '#lib/server/database.ts';

/** At most this many words of a search count; more add nothing but work. */
const wordLimit = 12;

/** Shortest word the substring index knows: it is made of triples of characters. */
const tripleLength = 3;

const comma = 44;
const zero = 48;

/** The words of a search: letters and digits, lower case; everything else separates. */
export function searchWords(search: string): string[] {
	const words = search
		.toLowerCase()
		.split(/[^\p{L}\p{N}]+/u)
		.filter((word) => word !== '');
	return [...new Set(words)].slice(0, wordLimit);
}

/** Row numbers from `1,2,3`: one text is several times faster to fetch than a row each. */
function toNumbers(list: string): Uint32Array {
	const found = new Uint32Array(Math.ceil(list.length / 2));
	let length = 0;
	for (let index = 0; index < list.length; index += 1) {
		const code = list.charCodeAt(index);
		if (code === comma) length += 1;
		else found[length] = (found[length] ?? 0) * 10 + code - zero;
	}
	return found.subarray(0, list.length === 0 ? 0 : length + 1);
}

/** Row numbers, growing, that match in one of the text indexes. */
function ask(database: Database, index: 'model_parts' | 'model_words', match: string): Uint32Array {
	const sql = `SELECT group_concat(rowid) FROM (SELECT rowid FROM ${index} WHERE ${index} MATCH ? ORDER BY rowid)`;
	return toNumbers(text(database.first(sql, [match])?.[0] ?? null) ?? '');
}

/** The numbers that two growing lists share. */
function inBoth(a: Uint32Array, b: Uint32Array): Uint32Array {
	let position = 0;
	return a.filter((number) => {
		while (position < b.length && (b[position] ?? 0) < number) position += 1;
		return b[position] === number;
	});
}

/**
 * Row numbers of the models that have every word: words of three characters and more anywhere inside id or name,
 * shorter ones at the beginning of a word. An empty search (no letter, no digit) finds nothing.
 */
export function searchModels(database: Database, search: string): Uint32Array {
	const words = searchWords(search);
	const long = words.filter((word) => [...word].length >= tripleLength);
	const short = words.filter((word) => [...word].length < tripleLength);
	// Two questions and a merge of their answers: SQLite's own INTERSECT sorts both into trees first.
	const found: Uint32Array[] = [];
	if (long.length > 0) found.push(ask(database, 'model_parts', long.map((word) => `"${word}"`).join(' ')));
	if (short.length > 0) found.push(ask(database, 'model_words', short.map((word) => `"${word}"*`).join(' ')));
	const [first, second] = found;
	if (first === undefined) return new Uint32Array(0);
	return second === undefined ? first : inBoth(first, second);
}
