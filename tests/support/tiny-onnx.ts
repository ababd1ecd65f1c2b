// Tiny models that the real runtime loads: bags of words as vectors, as entailment, and a small language model.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Graph, types } from './onnx-writer.ts';
import { seeded } from './seeded.ts';

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

const vocabulary = [...marks, ...words];
export const width = vocabulary.length;

/** The direction of every token; the small share of the first ones keeps texts of unknown words from having none. */
export function wordVectors(): Float32Array {
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

function tokenizerJson({ lower, frame, extra = [], split }: TokenizerOptions): object {
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

/** Files of a model, by path. */
export type ModelFiles = Record<string, string | Uint8Array>;

function filesOf({ config, tokenizer, tokenizerConfig, model }: Parts, weights = 'onnx/model.onnx'): ModelFiles {
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

const encoderTokens = {
	pad_token: '[PAD]',
	unk_token: '[UNK]',
	cls_token: '[CLS]',
	sep_token: '[SEP]',
	tokenizer_class: 'PreTrainedTokenizerFast',
};

function encoderInputs(graph: Graph): { ids: string; mask: string; kinds: string } {
	const [ids = '', mask = '', kinds = ''] = ['input_ids', 'attention_mask', 'token_type_ids'].map((name) =>
		graph.input(name, types.int64, ['batch', 'tokens']),
	);
	return { ids, mask, kinds };
}

/** Directions of the tokens; like a real encoder it fails on a row with more tokens than it has positions. */
function tokenStates(graph: Graph, ids: string, maxTokens: number): string {
	const found = graph.node('Gather', [graph.floats(wordVectors(), [width, width]), ids], { axis: 0 });
	const length = graph.node('Gather', [graph.node('Shape', [ids]), graph.ints([1], [])], { axis: 0 });
	const places = graph.node('Range', [graph.ints([0], []), length, graph.ints([1], [])]);
	const positions = graph.floats(new Float32Array(maxTokens), [maxTokens, 1]);
	return graph.node('Add', [found, graph.node('Gather', [positions, places], { axis: 0 })]);
}

interface EncoderOptions {
	maxTokens?: number;
	/** Written as 1_Pooling/config.json; nothing is written for null. */
	pooling?: 'mean' | 'cls' | null;
	split?: string;
	weights?: string;
}

/**
 * An embedding model: the vector of a token is its word's direction; the first token's is the sum over the text, so that
 * both ways of pooling say what the text is about.
 */
export function embeddingModel({ maxTokens = 64, pooling = 'mean', split, weights }: EncoderOptions = {}): ModelFiles {
	const graph = new Graph();
	const { ids, mask } = encoderInputs(graph);
	const states = tokenStates(graph, ids, maxTokens);
	const kept = graph.node('Mul', [
		states,
		graph.node('Unsqueeze', [graph.node('Cast', [mask], { to: types.float }), graph.ints([2])]),
	]);
	const sum = graph.node('ReduceSum', [kept, graph.ints([1])], { keepdims: 1 });
	// The sum is added to the place of [CLS] alone: its token is number 2.
	const isFirst = graph.node('Cast', [graph.node('Equal', [ids, graph.ints([2], [1])])], { to: types.float });
	const share = graph.node('Mul', [sum, graph.node('Unsqueeze', [isFirst, graph.ints([2])])]);
	graph.output('last_hidden_state', graph.node('Add', [states, share]), ['batch', 'tokens', width]);
	const files = filesOf(
		{
			config: {
				model_type: 'bert',
				architectures: ['BertModel'],
				hidden_size: width,
				vocab_size: width,
				max_position_embeddings: maxTokens,
			},
			tokenizer: tokenizerJson({ lower: true, frame: true, ...(split === undefined ? {} : { split }) }),
			tokenizerConfig: { ...encoderTokens, model_max_length: maxTokens },
			model: graph.model(),
		},
		weights,
	);
	if (pooling === null) return files;
	const said = { pooling_mode_cls_token: pooling === 'cls', pooling_mode_mean_tokens: pooling === 'mean' };
	return { ...files, '1_Pooling/config.json': JSON.stringify(said) };
}

interface PairOptions {
	maxTokens?: number;
	/** Output numbers by label, in the case and order of a real config. */
	labels?: Readonly<Record<string, string>>;
}

/**
 * A pair model: entailed is what shares words with the premise. Its outputs stand in the order that `labels` gives; with
 * one label it is a reranker.
 */
export function pairModel({
	maxTokens = 48,
	labels = { 0: 'entailment', 1: 'neutral', 2: 'contradiction' },
}: PairOptions = {}): ModelFiles {
	const graph = new Graph();
	const { ids, mask, kinds } = encoderInputs(graph);
	const states = tokenStates(graph, ids, maxTokens);
	const second = graph.node('Mul', [mask, kinds]);
	const first = graph.node('Sub', [mask, second]);
	const bag = (which: string) => {
		const weight = graph.node('Unsqueeze', [graph.node('Cast', [which], { to: types.float }), graph.ints([2])]);
		return graph.node('ReduceSum', [graph.node('Mul', [states, weight]), graph.ints([1])], { keepdims: 0 });
	};
	const shared = graph.node('ReduceSum', [graph.node('Mul', [bag(first), bag(second)]), graph.ints([1])], {
		keepdims: 1,
	});
	const names = Object.entries(labels)
		.sort(([a], [b]) => Number(a) - Number(b))
		.map(([, label]) => label.toLowerCase());
	const sign = names.map((name) => (/^entail/.test(name) || names.length === 1 ? 1 : /contra|not/.test(name) ? -1 : 0));
	const weights = graph.floats(Float32Array.from(sign), [1, names.length]);
	const bias = graph.floats(
		Float32Array.from(sign, (one) => -one),
		[names.length],
	);
	graph.output('logits', graph.node('Add', [graph.node('MatMul', [shared, weights]), bias]), ['batch', names.length]);
	return filesOf({
		config: {
			model_type: 'bert',
			architectures: ['BertForSequenceClassification'],
			hidden_size: width,
			vocab_size: width,
			max_position_embeddings: maxTokens,
			id2label: labels,
		},
		tokenizer: tokenizerJson({ lower: true, frame: true }),
		tokenizerConfig: { ...encoderTokens, model_max_length: maxTokens },
		model: graph.model(),
	});
}

const heads = 2;
const headWidth = 8;
const modelWidth = heads * headWidth;
const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
/** Tokens that the language model knows. */
export const causalVocabulary = [
	...vocabulary,
	...letters,
	'<system>',
	'<user>',
	'<assistant>',
	'</s>',
	'one',
	'Answer',
	'letter',
];

/** Weights of the language model, the same for every export of it. */
export function causalWeights() {
	const random = seeded(11);
	const draw = (size: number, scale: number) => Float32Array.from({ length: size }, () => (random() - 0.5) * scale);
	return {
		table: draw(causalVocabulary.length * modelWidth, 2),
		...{ q: draw(modelWidth ** 2, 1), k: draw(modelWidth ** 2, 1), v: draw(modelWidth ** 2, 2) },
	};
}

export const plainTemplate =
	'{% for message in messages %}<{{ message.role }}> {{ message.content }} {% endfor %}<assistant>';

interface CausalOptions {
	/** Does it take keys and values of earlier tokens? */
	cache?: boolean;
	template?: string | null;
}

/** A language model of one attention layer, with or without the inputs for earlier keys and values. */
export function causalModel({ cache = true, template = plainTemplate }: CausalOptions = {}): ModelFiles {
	const graph = new Graph();
	const size = causalVocabulary.length;
	const { table, q, k, v } = causalWeights();
	const ids = graph.input('input_ids', types.int64, ['batch', 'tokens']);
	graph.input('attention_mask', types.int64, ['batch', 'all']);
	const positions = graph.input('position_ids', types.int64, ['batch', 'tokens']);
	const embeddings = graph.floats(table, [size, modelWidth]);
	const x = graph.node('Gather', [embeddings, ids], { axis: 0 });
	const split = (weights: Float32Array) => {
		const wide = graph.node('MatMul', [x, graph.floats(weights, [modelWidth, modelWidth])]);
		return graph.node('Transpose', [graph.node('Reshape', [wide, graph.ints([0, 0, heads, headWidth])])], {
			perm: [0, 2, 1, 3],
		});
	};
	const past = (name: string, fresh: string) =>
		cache
			? graph.node(
					'Concat',
					[graph.input(`past_key_values.0.${name}`, types.float, ['batch', heads, 'past', headWidth]), fresh],
					{ axis: 2 },
				)
			: fresh;
	const query = split(q);
	const [key, value] = [past('key', split(k)), past('value', split(v))];
	const scores = graph.node('MatMul', [query, graph.node('Transpose', [key], { perm: [0, 1, 3, 2] })]);
	const total = graph.node('Gather', [graph.node('Shape', [key]), graph.ints([2], [])], { axis: 0 });
	const keyPlaces = graph.node('Range', [graph.ints([0], []), total, graph.ints([1], [])]);
	const allowed = graph.node('LessOrEqual', [keyPlaces, graph.node('Unsqueeze', [positions, graph.ints([1, 3])])]);
	const masked = graph.node('Where', [allowed, scores, graph.floats(Float32Array.of(-1e9), [1])]);
	const seen = graph.node('MatMul', [graph.node('Softmax', [masked], { axis: -1 }), value]);
	const flat = graph.node('Reshape', [
		graph.node('Transpose', [seen], { perm: [0, 2, 1, 3] }),
		graph.ints([0, 0, modelWidth]),
	]);
	const logits = graph.node('MatMul', [
		graph.node('Add', [x, flat]),
		graph.node('Transpose', [embeddings], { perm: [1, 0] }),
	]);
	graph.output('logits', logits, ['batch', 'tokens', size]);
	if (cache) {
		graph.output('present.0.key', key, ['batch', heads, 'all', headWidth]);
		graph.output('present.0.value', value, ['batch', heads, 'all', headWidth]);
	}
	const shapes = {
		hidden_size: modelWidth,
		num_hidden_layers: 1,
		num_attention_heads: heads,
		num_key_value_heads: heads,
		vocab_size: size,
	};
	const end = causalVocabulary.indexOf('</s>');
	return {
		...filesOf({
			config: {
				model_type: 'llama',
				architectures: ['LlamaForCausalLM'],
				max_position_embeddings: 2048,
				eos_token_id: end,
				...shapes,
			},
			tokenizer: tokenizerJson({ lower: false, frame: false, extra: causalVocabulary.slice(vocabulary.length) }),
			tokenizerConfig: {
				pad_token: '[PAD]',
				unk_token: '[UNK]',
				eos_token: '</s>',
				tokenizer_class: 'PreTrainedTokenizerFast',
				model_max_length: 2048,
				...(template === null ? {} : { chat_template: template }),
			},
			model: graph.model(),
		}),
		'generation_config.json': JSON.stringify({ eos_token_id: end, pad_token_id: 0 }),
	};
}

/** The language model's logits after these tokens, computed without any runtime. */
export function causalLogits(ids: readonly number[]): number[] {
	const { table, q, k, v } = causalWeights();
	const row = (at: number) => table.subarray(at * modelWidth, (at + 1) * modelWidth);
	const times = (vector: ArrayLike<number>, weights: Float32Array) =>
		Array.from({ length: modelWidth }, (_, column) =>
			Array.from(vector).reduce((sum, value, line) => sum + value * (weights[line * modelWidth + column] ?? 0), 0),
		);
	const last = row(ids.at(-1) ?? 0);
	const query = times(last, q);
	const keys = ids.map((id) => times(row(id), k));
	const values = ids.map((id) => times(row(id), v));
	const out = Array.from(last);
	for (let head = 0; head < heads; head += 1) {
		const part = Array.from({ length: headWidth }, (_, at) => head * headWidth + at);
		const scores = keys.map((key) => part.reduce((sum, at) => sum + (query[at] ?? 0) * (key[at] ?? 0), 0));
		const powers = scores.map((score) => Math.exp(score - Math.max(...scores)));
		const total = powers.reduce((sum, power) => sum + power, 0);
		for (const at of part)
			out[at] =
				(out[at] ?? 0) + powers.reduce((sum, power, place) => sum + (power / total) * (values[place]?.[at] ?? 0), 0);
	}
	return causalVocabulary.map((_, at) =>
		Array.from(row(at)).reduce((sum, value, place) => sum + value * (out[place] ?? 0), 0),
	);
}
