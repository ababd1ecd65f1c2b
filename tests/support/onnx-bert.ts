// A BERT-like encoder of a real size with random weights, as an ONNX file: for measuring how fast models are run.
import { Graph, types } from './onnx-writer.ts';
import { seeded } from './seeded.ts';
import type { ModelFiles } from './tiny-graph.ts';
import { embeddingModel } from './tiny-onnx.ts';

interface Shape {
	layers: number;
	width: number;
	heads: number;
	inner: number;
	vocabulary: number;
	positions: number;
}

/** The shape of all-MiniLM-L6-v2. */
export const miniLm: Shape = { layers: 6, width: 384, heads: 12, inner: 1536, vocabulary: 30_522, positions: 512 };

class Bert {
	readonly #graph = new Graph();
	readonly #random = seeded(5);
	readonly #shape: Shape;

	constructor(shape: Shape) {
		this.#shape = shape;
	}

	#matrix(rows: number, columns: number): string {
		const scale = 2 / Math.sqrt(rows);
		return this.#graph.floats(
			Float32Array.from({ length: rows * columns }, () => (this.#random() - 0.5) * scale),
			[rows, columns],
		);
	}

	#dense(x: string, rows: number, columns: number): string {
		const bias = this.#graph.floats(new Float32Array(columns), [columns]);
		return this.#graph.node('Add', [this.#graph.node('MatMul', [x, this.#matrix(rows, columns)]), bias]);
	}

	#norm(x: string): string {
		const { width } = this.#shape;
		const scale = this.#graph.floats(new Float32Array(width).fill(1), [width]);
		return this.#graph.node('LayerNormalization', [x, scale, this.#graph.floats(new Float32Array(width), [width])], {
			axis: -1,
		});
	}

	#attention(x: string, mask: string): string {
		const { width, heads } = this.#shape;
		const graph = this.#graph;
		const split = (perm: readonly number[]) => {
			const wide = graph.node('Reshape', [this.#dense(x, width, width), graph.ints([0, 0, heads, width / heads])]);
			return graph.node('Transpose', [wide], { perm });
		};
		const scores = graph.node('MatMul', [split([0, 2, 1, 3]), split([0, 2, 3, 1])]);
		const scaled = graph.node('Mul', [scores, graph.floats(Float32Array.of(Math.sqrt(heads / width)), [1])]);
		const shares = graph.node('Softmax', [graph.node('Add', [scaled, mask])], { axis: -1 });
		const seen = graph.node('Transpose', [graph.node('MatMul', [shares, split([0, 2, 1, 3])])], { perm: [0, 2, 1, 3] });
		return this.#dense(graph.node('Reshape', [seen, graph.ints([0, 0, width])]), width, width);
	}

	#gelu(x: string): string {
		const graph = this.#graph;
		const one = (value: number) => graph.floats(Float32Array.of(value), [1]);
		const erf = graph.node('Erf', [graph.node('Mul', [x, one(Math.SQRT1_2)])]);
		return graph.node('Mul', [graph.node('Mul', [x, one(0.5)]), graph.node('Add', [erf, one(1)])]);
	}

	model(): Uint8Array {
		const { layers, width, inner, vocabulary, positions } = this.#shape;
		const graph = this.#graph;
		const ids = graph.input('input_ids', types.int64, ['batch', 'tokens']);
		const attended = graph.input('attention_mask', types.int64, ['batch', 'tokens']);
		graph.input('token_type_ids', types.int64, ['batch', 'tokens']);
		const words = graph.node('Gather', [this.#matrix(vocabulary, width), ids], { axis: 0 });
		const length = graph.node('Gather', [graph.node('Shape', [ids]), graph.ints([1], [])], { axis: 0 });
		const places = graph.node('Range', [graph.ints([0], []), length, graph.ints([1], [])]);
		const placed = graph.node('Gather', [this.#matrix(positions, width), places], { axis: 0 });
		const wide = graph.node('Unsqueeze', [graph.node('Cast', [attended], { to: types.float }), graph.ints([1, 2])]);
		const one = graph.floats(Float32Array.of(1), [1]);
		const mask = graph.node('Mul', [graph.node('Sub', [wide, one]), graph.floats(Float32Array.of(1e9), [1])]);
		let x = this.#norm(graph.node('Add', [words, placed]));
		for (let layer = 0; layer < layers; layer += 1) {
			x = this.#norm(graph.node('Add', [x, this.#attention(x, mask)]));
			const wider = this.#gelu(this.#dense(x, width, inner));
			x = this.#norm(graph.node('Add', [x, this.#dense(wider, inner, width)]));
		}
		graph.output('last_hidden_state', x, ['batch', 'tokens', width]);
		return graph.model();
	}
}

/** The whole model with a small tokenizer. */
export function bertModel(shape: Shape = miniLm): ModelFiles {
	const config = {
		model_type: 'bert',
		architectures: ['BertModel'],
		hidden_size: shape.width,
		vocab_size: shape.vocabulary,
		max_position_embeddings: shape.positions,
	};
	return {
		...embeddingModel({ maxTokens: shape.positions }),
		'config.json': JSON.stringify(config),
		'onnx/model.onnx': new Bert(shape).model(),
	};
}
