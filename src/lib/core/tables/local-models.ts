// Models that classify on this machine, by the short names people type: where their ONNX files are and how they are read.
import type { Pooling } from '#lib/core/pooling.ts';

/** What a model does with texts. */
export const modelKinds = ['embedding', 'nli', 'reranker', 'instruction'] as const;
export type ModelKind = (typeof modelKinds)[number];

/** One model. Facts from its card and its configuration; null means its own files say it. */
export interface KnownModel {
	name: string;
	kind: ModelKind;
	/** Repository with the files that are loaded. */
	id: string;
	/** Repository of the original model, where it is another one. */
	base: string | null;
	pooling: Pooling | null;
	/** Put before every text and every category. */
	prefix: string;
	/** Most tokens of one piece: the model's limit, or a working limit where attention would be slow on a processor. */
	maxTokens: number;
	/** Temperature of the shares until one is fitted: the training temperature where it is known. */
	temperature: number;
	license: string;
	/** Why it is not offered without being asked for; null when it is. */
	locked: string | null;
}

const llama =
	'Its licence (Llama 3.2 community licence) is not an open one, and the files are gated: accept it on the Hub first.';

/** The table. */
export const localModels: readonly KnownModel[] = [
	{
		name: 'gte-multilingual',
		kind: 'embedding',
		id: 'onnx-community/gte-multilingual-base',
		base: 'Alibaba-NLP/gte-multilingual-base',
		pooling: 'cls',
		prefix: '',
		maxTokens: 1024,
		temperature: 0.03,
		license: 'apache-2.0',
		locked: null,
	},
	{
		name: 'multilingual-e5-small',
		kind: 'embedding',
		id: 'Xenova/multilingual-e5-small',
		base: 'intfloat/multilingual-e5-small',
		pooling: 'mean',
		prefix: 'query: ',
		maxTokens: 512,
		temperature: 0.01,
		license: 'mit',
		locked: null,
	},
	{
		name: 'bge-m3',
		kind: 'embedding',
		id: 'Xenova/bge-m3',
		base: 'BAAI/bge-m3',
		pooling: 'cls',
		prefix: '',
		maxTokens: 1024,
		temperature: 0.02,
		license: 'mit',
		locked: null,
	},
	{
		name: 'mdeberta-v3-base-mnli-xnli',
		kind: 'nli',
		id: 'MoritzLaurer/mDeBERTa-v3-base-mnli-xnli',
		base: null,
		pooling: null,
		prefix: '',
		maxTokens: 512,
		temperature: 1,
		license: 'mit',
		locked: null,
	},
	{
		name: 'qwen2.5-1.5b-instruct',
		kind: 'instruction',
		id: 'onnx-community/Qwen2.5-1.5B-Instruct',
		base: 'Qwen/Qwen2.5-1.5B-Instruct',
		pooling: null,
		prefix: '',
		maxTokens: 4096,
		temperature: 1,
		license: 'apache-2.0',
		locked: null,
	},
	{
		name: 'llama-3.2-1b-instruct',
		kind: 'instruction',
		id: 'onnx-community/Llama-3.2-1B-Instruct',
		base: 'meta-llama/Llama-3.2-1B-Instruct',
		pooling: null,
		prefix: '',
		maxTokens: 4096,
		temperature: 1,
		license: 'llama3.2',
		locked: llama,
	},
];

/** The model of this short name, of its repository or of the repository it was made from; null when it is none of these. */
export function knownModel(name: string): KnownModel | null {
	const wanted = name.toLowerCase();
	const names = ({ name: short, id, base }: KnownModel) => [short, id, base ?? short].map((word) => word.toLowerCase());
	return localModels.find((model) => names(model).includes(wanted)) ?? null;
}
