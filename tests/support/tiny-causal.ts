// A tiny language model that the real runtime loads, and the figures it has to give.
import { Graph, types } from './onnx-writer.ts';
import { seeded } from './seeded.ts';
import { filesOf, tokenizerJson, vocabulary, type ModelFiles } from './tiny-graph.ts';

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
