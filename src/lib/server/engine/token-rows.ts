// Texts as rows of token numbers: cut into pieces, framed with the model's own marks, padded into one batch.
import { cutTokens, premiseBudget } from '#lib/core/classify-text.ts';
import { Failure } from '#lib/core/failure.ts';
import type { Library, Tensor, Tokenizer } from '#lib/server/engine/library.ts';

/** One row of input. `types` tells the first text of a pair (0) from the second (1). */
export interface TokenRow {
	ids: number[];
	types: number[];
}

/** The pieces of one text as rows. `weights` is how many tokens of the text each holds. */
export interface TokenRows {
	rows: TokenRow[];
	weights: number[];
	tokens: number;
	truncated: boolean;
}

/** The tokens of a text without any mark of the model. */
export function plainTokens(tokenizer: Tokenizer, text: string): number[] {
	return tokenizer.encode(text, { add_special_tokens: false });
}

/** Where `part` begins in `whole` at or after `from`; -1 when it does not. */
function placeOf(part: readonly number[], whole: readonly number[], from: number): number {
	for (let at = from; at + part.length <= whole.length; at += 1) {
		if (part.every((id, step) => whole[at + step] === id)) return at;
	}
	return -1;
}

/** The marks that a model wants before, between and after texts, found by encoding short ones with and without them. */
export class Frame {
	readonly #tokenizer: Tokenizer;
	readonly #single: { before: number[]; after: number[] };
	#pair: { before: number[]; between: number[]; after: number[]; afterType: number; secondType: number } | null = null;

	constructor(tokenizer: Tokenizer) {
		this.#tokenizer = tokenizer;
		const bare = plainTokens(tokenizer, 'a');
		const full = tokenizer('a', { add_special_tokens: true, return_tensor: false }).input_ids;
		const at = Math.max(0, placeOf(bare, full, 0));
		this.#single = { before: full.slice(0, at), after: full.slice(at + bare.length) };
	}

	/** Marks around one text. */
	get marks(): number {
		return this.#single.before.length + this.#single.after.length;
	}

	get pairMarks(): number {
		const { before, between, after } = this.#pairFrame();
		return before.length + between.length + after.length;
	}

	#pairFrame() {
		if (this.#pair !== null) return this.#pair;
		const bare = plainTokens(this.#tokenizer, 'a');
		const options = {
			text_pair: 'a',
			add_special_tokens: true,
			return_tensor: false,
			return_token_type_ids: true,
		} as const;
		const { input_ids: full, token_type_ids: types } = this.#tokenizer('a', options);
		const first = placeOf(bare, full, 0);
		const second = placeOf(bare, full, first + bare.length);
		if (first < 0 || second < 0) throw new Failure('unsupported_model', 'The tokenizer cannot join two texts.');
		const between = full.slice(first + bare.length, second);
		const after = full.slice(second + bare.length);
		const afterType = types?.[full.length - 1] ?? 0;
		this.#pair = { before: full.slice(0, first), between, after, afterType, secondType: types?.[second] ?? 0 };
		return this.#pair;
	}

	single(tokens: readonly number[]): TokenRow {
		const ids = [...this.#single.before, ...tokens, ...this.#single.after];
		return { ids, types: ids.map(() => 0) };
	}

	pair(first: readonly number[], second: readonly number[]): TokenRow {
		const { before, between, after, secondType, afterType } = this.#pairFrame();
		const ids = [...before, ...first, ...between, ...second, ...after];
		const types = [
			...[...before, ...first, ...between].map(() => 0),
			...second.map(() => secondType),
			...after.map(() => afterType),
		];
		return { ids, types };
	}
}

interface SingleOptions {
	prefix: string;
	maxTokens: number;
	mostChunks: number;
}

/** The rows of one text for an embedding model; every piece begins with the prefix. */
export function singleRows(tokenizer: Tokenizer, frame: Frame, text: string, options: SingleOptions): TokenRows {
	const { prefix, maxTokens, mostChunks } = options;
	const whole = plainTokens(tokenizer, prefix + text);
	const start = prefix === '' ? [] : plainTokens(tokenizer, prefix.trimEnd());
	const lead = placeOf(start, whole.slice(0, start.length), 0) === 0 ? start : [];
	const body = whole.slice(lead.length);
	const { spans, truncated } = cutTokens(body.length, maxTokens - frame.marks - lead.length, mostChunks);
	const rows = spans.map(({ from, to }) => frame.single([...lead, ...body.slice(from, to)]));
	return { rows, weights: spans.map(({ from, to }) => Math.max(1, to - from)), tokens: whole.length, truncated };
}

interface PairOptions {
	hypotheses: readonly string[];
	maxTokens: number;
	mostChunks: number;
}

/** Least tokens of a text beside a hypothesis that are worth asking about. */
const leastPremise = 16;

/**
 * Tokens of a text that fit beside every one of the hypotheses and the model's `marks`. Throws `invalid_categories` when a
 * hypothesis leaves no room.
 */
export function premiseRoom(maxTokens: number, hypotheses: readonly (readonly number[])[], marks: number): number {
	const longest = Math.max(0, ...hypotheses.map((tokens) => tokens.length));
	const room = premiseBudget(maxTokens, longest, marks);
	if (room >= Math.min(leastPremise, maxTokens / 4)) return room;
	throw new Failure('invalid_categories', 'The description of a category is too long to be compared with a text.');
}

/**
 * The rows of one text with every hypothesis, piece by piece: the text is cut so that every hypothesis stays whole.
 * Throws `invalid_categories` when a hypothesis leaves it no room.
 */
export function pairRows(tokenizer: Tokenizer, frame: Frame, text: string, options: PairOptions): TokenRows {
	const seconds = options.hypotheses.map((hypothesis) => plainTokens(tokenizer, hypothesis));
	const room = premiseRoom(options.maxTokens, seconds, frame.pairMarks);
	const first = plainTokens(tokenizer, text);
	const { spans, truncated } = cutTokens(first.length, room, options.mostChunks);
	const rows = spans.flatMap(({ from, to }) => seconds.map((second) => frame.pair(first.slice(from, to), second)));
	return { rows, weights: spans.map(({ from, to }) => Math.max(1, to - from)), tokens: first.length, truncated };
}

/** Padded tokens of one run of the model, and rows: beyond them a processor only waits longer. */
const batchTokens = 8192;
const batchRows = 32;

/** Places of the rows by length, in batches of at most so many padded tokens. */
export function batchesOf(rows: readonly TokenRow[]): number[][] {
	const order = rows.map((row, at) => ({ at, length: row.ids.length })).sort((a, b) => b.length - a.length);
	const batches: number[][] = [];
	let longest = 0;
	for (const { at, length } of order) {
		const last = batches.at(-1);
		const isFull = last === undefined || last.length >= batchRows || (last.length + 1) * longest > batchTokens;
		if (!isFull) {
			last.push(at);
			continue;
		}
		batches.push([at]);
		longest = length;
	}
	return batches;
}

/** The inputs of one run, padded to the longest row. Not further: these runtimes take any length as it is. */
export function inputsOf(library: Library, rows: readonly TokenRow[], pad: number): Record<string, Tensor> {
	const longest = Math.max(1, ...rows.map(({ ids }) => ids.length));
	const fill = (value: (row: TokenRow, at: number) => number) => {
		const numbers = new BigInt64Array(rows.length * longest);
		for (const [line, row] of rows.entries()) {
			for (let at = 0; at < longest; at += 1) numbers[line * longest + at] = BigInt(value(row, at));
		}
		return new library.Tensor('int64', numbers, [rows.length, longest]);
	};
	return {
		input_ids: fill(({ ids }, at) => ids[at] ?? pad),
		attention_mask: fill(({ ids }, at) => (at < ids.length ? 1 : 0)),
		token_type_ids: fill(({ types }, at) => types[at] ?? 0),
	};
}
