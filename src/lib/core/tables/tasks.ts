// What the Hub's tasks (pipeline tags) say about a model: whether it writes text, gives vectors or labels, and what it takes in.
//
// Source: the task list of the Hub as of October 2026. `gen` writes text; `encoder` gives vectors, labels or scores;
// `none` does something else (sound, pictures, boxes, numbers). Modality is what is worked with besides text.
import type { MultimodalType } from '#lib/core/model.ts';

export interface TaskRow {
	kind: 'gen' | 'encoder' | 'none';
	modality: MultimodalType | null;
}

function rows(kind: TaskRow['kind'], modality: MultimodalType | null, names: string): [string, TaskRow][] {
	return names.split(' ').map((name) => [name, { kind, modality }]);
}

export const tasks = new Map<string, TaskRow>([
	...rows('gen', null, 'text-generation text2text-generation conversational summarization translation table-to-text'),
	...rows(
		'gen',
		'vision',
		'image-text-to-text image-to-text video-text-to-text visual-question-answering image-to-prompt',
	),
	...rows('gen', 'audio', 'audio-text-to-text'),
	...rows('gen', 'vision-audio', 'any-to-any'),
	...rows(
		'encoder',
		null,
		'feature-extraction fill-mask sentence-similarity masked-lm text-classification text-ranking',
	),
	...rows('encoder', null, 'token-classification zero-shot-classification question-answering multiple-choice'),
	...rows('encoder', null, 'table-question-answering text-embedding reranking'),
	...rows('encoder', 'vision', 'image-feature-extraction image-classification zero-shot-image-classification'),
	...rows('encoder', 'vision', 'video-classification visual-document-retrieval'),
	...rows('encoder', 'audio', 'audio-classification'),
	...rows(
		'none',
		'vision',
		'text-to-image image-to-image text-to-video image-to-video video-to-video object-detection',
	),
	...rows('none', 'vision', 'image-segmentation depth-estimation mask-generation unconditional-image-generation'),
	...rows('none', 'vision', 'zero-shot-object-detection keypoint-detection text-to-3d image-to-3d image-text-to-image'),
	...rows('none', 'vision', 'image-text-to-video document-question-answering'),
	...rows('none', 'audio', 'automatic-speech-recognition text-to-speech text-to-audio audio-to-audio'),
	...rows('none', 'audio', 'voice-activity-detection text-to-music'),
	...rows('none', null, 'reinforcement-learning robotics time-series-forecasting graph-ml tabular-classification'),
	...rows('none', null, 'tabular-regression tabular-to-text other'),
]);

/** Pipeline tags that mark a model as one that gives vectors even where its class could write text. */
export const vectorTasks = new Set([
	'feature-extraction',
	'sentence-similarity',
	'fill-mask',
	'masked-lm',
	'text-ranking',
]);

/** Words in repository names that mark embedding models, rerankers and their kin: a guess, used last. */
export const vectorWords = new Set([
	'embedding',
	'embeddings',
	'embed',
	'embedder',
	'reranker',
	'rerank',
	'bge',
	'gte',
	'e5',
	'sbert',
	'colbert',
	'retriever',
]);

/** Model types that are never offered for chat, whatever else is said: the least an exclusion list must hold. */
export const deniedTypes = new Set([
	'bert',
	'roberta',
	'distilbert',
	'electra',
	'albert',
	'deberta',
	'mobilebert',
	'convbert',
	'sentence-transformers',
]);

/** Model types that write text: the least an inclusion list must hold. */
export const allowedTypes = new Set([
	'gpt2',
	'gptj',
	'gpt_neox',
	'llama',
	'qwen',
	'mistral',
	'phi',
	'gpt',
	't5',
	'bart',
	'pegasus',
]);
