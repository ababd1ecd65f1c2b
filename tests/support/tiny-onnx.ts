// Tiny models that the real runtime loads: bags of words as vectors and as entailment.
import { Graph, types } from './onnx-writer.ts';
import { filesOf, tokenizerJson, width, wordVectors, type ModelFiles } from './tiny-graph.ts';

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
