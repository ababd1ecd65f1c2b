// What tiny models share: their tokenizers, their folders, and how their files are named.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const marks = ['[PAD]', '[UNK]', '[CLS]', '[SEP]'];
/** Words that the models know; every other one is [UNK]. */
export const words = [
	...['file', 'text', 'about', 'this', 'is', 'query', 'passage', ':', '.', ',', 'the', 'a', 'of', 'and', 'contains'],
	...['cat', 'dog', 'animal', 'bread', 'soup', 'food', 'river', 'hill', 'place', 'error', 'warning', 'log'],
	...['test', 'assert', 'expect', 'function', 'return', 'class', 'code', 'guide', 'manual', 'documentation'],
];

/** Meanings that the models share between words: each word is one direction, and kin words lean to one another. */
const kin: Record<string, string> = {
	cat: 'animal',
	dog: 'animal',
	bread: 'food',
	soup: 'food',
	river: 'place',
	hill: 'place',
};
const silent = new Set([
	...marks,
	'file',
	'text',
	'about',
	'this',
	'is',
	'query',
	'passage',
	':',
	'.',
	',',
	'the',
	'a',
	'of',
	'and',
	'contains',
]);

export const vocabulary = [...marks, ...words];
export const width = vocabulary.length;

/** The direction of every token; the small share of the first ones keeps texts of unknown words from having none. */ export function wordVectors(): Float32Array {
	const table = new Float32Array(width * width);
	for (const [row, word] of vocabulary.entries()) {
		table[row * width + row] = silent.has(word) ? 0.02 : 1;
		const near = vocabulary.indexOf(kin[word] ?? '');
		if (near >= 0) table[row * width + near] = 1;
	}
	return table;
}

interface TokenizerOptions {
	lower: boolean;
	frame: boolean;
	extra?: readonly string[];
	/** A regular expression to split words by, as a hostile file may have it. */
	split?: string;
}

export function tokenizerJson({ lower, frame, extra = [], split }: TokenizerOptions): object {
	const tokens = [...vocabulary, ...extra];
	const special = (id: string, type_id: number) => ({ SpecialToken: { id, type_id } });
	const sequence = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
	const ids = Object.fromEntries(['[CLS]', '[SEP]'].map((id) => [id, { id, ids: [marks.indexOf(id)], tokens: [id] }]));
	const first = [special('[CLS]', 0), sequence('A', 0), special('[SEP]', 0)];
	return {
		version: '1.0',
		truncation: null,
		padding: null,
		added_tokens: marks.map((content, id) => ({
			id,
			content,
			special: true,
			single_word: false,
			lstrip: false,
			rstrip: false,
			normalized: false,
		})),
		normalizer: lower ? { type: 'Lowercase' } : null,
		pre_tokenizer:
			split === undefined
				? { type: 'Whitespace' }
				: { type: 'Split', pattern: { Regex: split }, behavior: 'Isolated', invert: false },
		post_processor: frame
			? {
					type: 'TemplateProcessing',
					single: first,
					pair: [...first, sequence('B', 1), special('[SEP]', 1)],
					special_tokens: ids,
				}
			: null,
		decoder: null,
		model: { type: 'WordLevel', vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), unk_token: '[UNK]' },
	};
}

function put(path: string, content: object | string | Uint8Array): void {
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content));
}

interface Parts {
	config: object;
	tokenizer: object;
	tokenizerConfig: object;
	model: Uint8Array;
}

/** Files of a model, by path. */ export type ModelFiles = Record<string, string | Uint8Array>;

export function filesOf({ config, tokenizer, tokenizerConfig, model }: Parts, weights = 'onnx/model.onnx'): ModelFiles {
	return {
		'config.json': JSON.stringify(config),
		'tokenizer.json': JSON.stringify(tokenizer),
		'tokenizer_config.json': JSON.stringify(tokenizerConfig),
		[weights]: model,
	};
}

/** Writes files into a folder and gives it back. */
export function putModel(folder: string, files: ModelFiles): string {
	for (const [path, content] of Object.entries(files)) put(join(folder, path), content);
	return folder;
}
