// What a person reads when a real runtime gives up on a model: a sentence and a code, and nothing of where it was built.
import { describe, expect, it } from 'vitest';
import { engineFor } from '../support/engines.ts';
import { Graph, types } from '../support/onnx-writer.ts';
import type { ModelFiles } from '../support/tiny-graph.ts';
import { embeddingModel } from '../support/tiny-onnx.ts';

const options = { prefix: '', pooling: 'mean' as const, maxTokens: 64, mostChunks: 16 };
/** Places of a build machine, of a source tree and of this machine. */
const places = /onnxruntime_src|\.(cc|h|cpp|mjs)\b|::|(^|[\s"'(])\/\w|[A-Z]:\\/;

/** What embedding a text with these files is refused with. */
async function refused(files: ModelFiles): Promise<{ code: string; message: string }> {
	const engine = await engineFor(files);
	return engine.embed('the cat', options).then(
		() => ({ code: 'none', message: 'nothing was refused' }),
		(error: { code: string; message: string }) => ({ code: error.code, message: error.message }),
	);
}

/** The usual model with the number of a word far beyond its table. */
function strayWord(): ModelFiles {
	const files = embeddingModel();
	const text = String(files['tokenizer.json']).replace(/"cat":\d+/, '"cat":9999');
	return { ...files, 'tokenizer.json': text };
}

function withGraph(build: (graph: Graph) => string, opset?: number): ModelFiles {
	const graph = new Graph();
	graph.input('input_ids', types.int64, ['batch', 'tokens']);
	graph.output('last_hidden_state', build(graph), ['batch', 'tokens']);
	return { ...embeddingModel(), 'onnx/model.onnx': graph.model(opset) };
}

const cast = (graph: Graph) => graph.node('Cast', ['input_ids'], { to: types.float });

describe('a model that the runtime gives up on', () => {
	it.each([
		['a word beyond its table', strayWord(), 'unsupported_model', /no place 9999 in one of its tables/],
		[
			'an operation nobody knows',
			withGraph((graph) => graph.node('NoSuchOperation', ['input_ids'])),
			'unsupported_model',
			/uses the operation NoSuchOperation/,
		],
		['operations of a later version', withGraph(cast, 99), 'unsupported_model', /ONNX version 99; the runtime knows/],
		[
			'shapes that do not go together',
			withGraph((graph) => graph.node('MatMul', [cast(graph), graph.floats(new Float32Array(6), [2, 3])])),
			'engine_failed',
			/^The model failed \(/,
		],
	])('tells of %s', async (_, files, code, sentence) => {
		const failed = await refused(files);
		expect(failed).toMatchObject({ code, message: expect.stringMatching(sentence) });
		expect(failed.message).not.toMatch(places);
		expect(failed.message.length).toBeLessThan(300);
	});
});
