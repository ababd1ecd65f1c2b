// A model of a few hundred bytes, loaded once and thrown away: what is slow only the first time is then over with.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChildModel } from '#lib/server/engine/child-model.ts';

const tokens = ['[PAD]', '[UNK]', 'warm'];

/** An ONNX graph that gives the numbers of the tokens as hidden states of width 1. */
const graph =
	'CAg61AEKIAoJaW5wdXRfaWRzEgJuMCIEQ2FzdCoJCgJ0bxgBoAECChcKAm4wCgJ3MRICbjIiCVVuc3F1ZWV6ZQohCgJuMhIRbGFzdF9oaWRkZW5f' +
	'c3RhdGUiCElkZW50aXR5EgR0aW55KhIIARAHQgJ3MUoIAgAAAAAAAABaJgoJaW5wdXRfaWRzEhkKFwgHEhMKBxIFYmF0Y2gKCBIGdG9rZW5zYjIK' +
	'EWxhc3RfaGlkZGVuX3N0YXRlEh0KGwgBEhcKBxIFYmF0Y2gKCBIGdG9rZW5zCgIIAUIECgAQEQ==';

const tokenizer = {
	version: '1.0',
	...{ truncation: null, padding: null, added_tokens: [], post_processor: null, decoder: null },
	normalizer: { type: 'Lowercase' },
	pre_tokenizer: { type: 'Whitespace' },
	model: { type: 'WordLevel', vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), unk_token: '[UNK]' },
};

const files: Readonly<Record<string, string | Uint8Array>> = {
	'config.json': JSON.stringify({ model_type: 'bert', architectures: ['BertModel'] }),
	'tokenizer.json': JSON.stringify(tokenizer),
	'tokenizer_config.json': JSON.stringify({
		tokenizer_class: 'PreTrainedTokenizerFast',
		...{ pad_token: '[PAD]', unk_token: '[UNK]' },
	}),
	'model.onnx': Buffer.from(graph, 'base64'),
};

/** Loads and runs the little model with the library for ONNX, which lies at this address. Its files are gone afterwards. */
export async function warmUp(library: string): Promise<void> {
	const above = await mkdtemp(join(tmpdir(), 'modeldex-warm-'));
	try {
		const folder = join(above, 'model');
		await mkdir(folder);
		await Promise.all(Object.entries(files).map(([name, content]) => writeFile(join(folder, name), content)));
		const place = { folder, subfolder: '', fileName: 'model', dtype: 'fp32' };
		const model = await ChildModel.load(
			{ library, runtime: 'onnx', kind: 'embedding', ...place, threads: 1, maxTokens: 16 },
			() => undefined,
		);
		const work = { texts: ['warm'], prefix: '', pooling: 'mean' as const, maxTokens: 16, mostChunks: 1 };
		await model.embed(work, () => undefined);
		await model.end();
	} finally {
		await rm(above, { recursive: true, force: true });
	}
}
