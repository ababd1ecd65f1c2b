// Models that go by a short name here: where each is fetched from, how its vectors or answers are made, and its terms.
// Facts from the models' own repositories and cards; sizes are those of the files, not of labels.

/** What a model does with texts. */
export type ModelKind = 'embedding' | 'nli' | 'reranker' | 'instruction';

export interface NamedModel {
	name: string;
	kind: ModelKind;
	/** The repository with files that the engine opens (ONNX). */
	id: string;
	/** The repository it was made from. */
	base: string;
	/** The same as GGUF, where that exists; null otherwise. */
	gguf: string | null;
	/** Bytes of the weights by number type, rounded as their repository tells them. */
	sizes: Readonly<Record<string, number>>;
	/** Numbers in a vector; null for models that give none. */
	dimensions: number | null;
	/** Longest text in tokens that the model itself takes. */
	max_tokens: number;
	/** Most tokens of one piece here: the model's limit, or less where attention would be slow on a processor. */
	piece_tokens: number;
	pooling: 'mean' | 'cls' | null;
	/**
	 * What stands before a text that is searched, and before a query; empty for models that want nothing there. Where
	 * texts and labels are compared with each other, all are queries.
	 */
	prefix: { passage: string; query: string };
	/** Temperature of the shares until one is fitted: the training temperature where it is known. */
	temperature: number;
	languages: string;
	license: string;
	/** Why it is not offered by default; null when it is. */
	locked: string | null;
	/** What is fetched where the repository also holds forms that the engine does not open; else what is chosen for anybody. */
	files?: readonly string[];
	/** The beginning of a commit, and hashes of files, that are known to be good. Null or empty: pinned at the first download. */
	known: { commit: string | null; sha256: Readonly<Record<string, string>> };
}

const none = { passage: '', query: '' };
const unpinned = { commit: null, sha256: {} };
const MB = 1_000_000;

/** In the order of size. */
export const namedModels: readonly NamedModel[] = [
	{
		name: 'multilingual-e5-small',
		kind: 'embedding',
		id: 'Xenova/multilingual-e5-small',
		base: 'intfloat/multilingual-e5-small',
		gguf: null,
		sizes: { fp32: 470 * MB, fp16: 235 * MB, q8: 118 * MB },
		dimensions: 384,
		max_tokens: 512,
		piece_tokens: 512,
		pooling: 'mean',
		prefix: { passage: 'passage: ', query: 'query: ' },
		temperature: 0.01,
		languages: 'about 100',
		license: 'mit',
		locked: null,
		known: {
			commit: '761b726d',
			sha256: { 'onnx/model_quantized.onnx': 'f80102d3f2a1229f387d3c81909990d8945513e347b0eab049f7de3c6f98c193' },
		},
	},
	{
		name: 'gte-multilingual',
		kind: 'embedding',
		id: 'onnx-community/gte-multilingual-base',
		base: 'Alibaba-NLP/gte-multilingual-base',
		gguf: null,
		sizes: { fp32: 1260 * MB, fp16: 628 * MB, q8: 340 * MB },
		dimensions: 768,
		max_tokens: 8192,
		piece_tokens: 1024,
		pooling: 'cls',
		prefix: none,
		temperature: 0.03,
		languages: 'more than 70',
		license: 'apache-2.0',
		locked: null,
		known: unpinned,
	},
	{
		name: 'bge-m3',
		kind: 'embedding',
		id: 'Xenova/bge-m3',
		base: 'BAAI/bge-m3',
		gguf: null,
		sizes: { fp32: 2270 * MB, fp16: 1130 * MB, q8: 570 * MB },
		dimensions: 1024,
		max_tokens: 8192,
		piece_tokens: 1024,
		pooling: 'cls',
		prefix: none,
		temperature: 0.02,
		languages: 'more than 100',
		license: 'mit',
		locked: null,
		known: unpinned,
	},
	{
		name: 'mdeberta-v3-base-mnli-xnli',
		kind: 'nli',
		id: 'MoritzLaurer/mDeBERTa-v3-base-mnli-xnli',
		base: 'MoritzLaurer/mDeBERTa-v3-base-mnli-xnli',
		gguf: null,
		sizes: { fp32: 1120 * MB, q8: 339 * MB },
		dimensions: null,
		max_tokens: 512,
		piece_tokens: 512,
		pooling: null,
		prefix: none,
		temperature: 1,
		languages: '15 measured, about 100 read',
		license: 'mit',
		locked: null,
		files: ['*.json', 'onnx/model_quantized.onnx'],
		known: unpinned,
	},
	{
		name: 'qwen2.5-1.5b-instruct',
		kind: 'instruction',
		id: 'onnx-community/Qwen2.5-1.5B-Instruct',
		base: 'Qwen/Qwen2.5-1.5B-Instruct',
		gguf: 'Qwen/Qwen2.5-1.5B-Instruct-GGUF',
		sizes: { fp32: 6210 * MB, fp16: 3100 * MB, q8: 1580 * MB, q4: 1790 * MB, q4f16: 1220 * MB },
		dimensions: null,
		max_tokens: 32_768,
		piece_tokens: 4096,
		pooling: null,
		prefix: none,
		temperature: 1,
		languages: 'more than 29',
		license: 'apache-2.0',
		locked: null,
		known: unpinned,
	},
	{
		name: 'llama-3.2-1b-instruct',
		kind: 'instruction',
		id: 'onnx-community/Llama-3.2-1B-Instruct',
		base: 'meta-llama/Llama-3.2-1B-Instruct',
		gguf: 'bartowski/Llama-3.2-1B-Instruct-GGUF',
		sizes: { fp32: 4940 * MB, fp16: 2470 * MB, q8: 1240 * MB, q4: 1660 * MB, q4f16: 1070 * MB },
		dimensions: null,
		max_tokens: 131_072,
		piece_tokens: 4096,
		pooling: null,
		prefix: none,
		temperature: 1,
		languages: '8',
		license: 'llama3.2',
		locked:
			'Its licence (Llama 3.2 Community) is not an open one, and the original is gated: accept it on the Hub first.',
		known: unpinned,
	},
];

/** A model by its short name; null when no model goes by it. */
export function namedModel(name: string): NamedModel | null {
	return namedModels.find((model) => model.name === name.toLowerCase()) ?? null;
}

/** The model of this short name, of its repository or of the repository it was made from; null when it is none of these. */
export function knownModel(name: string): NamedModel | null {
	const wanted = name.toLowerCase();
	const names = (model: NamedModel) => [model.name, model.id, model.base].map((word) => word.toLowerCase());
	return namedModels.find((model) => names(model).includes(wanted)) ?? null;
}

/** The id that is meant: that of the model with this short name, else the text itself. */
export function meantId(name: string): string {
	return namedModel(name)?.id ?? name;
}
