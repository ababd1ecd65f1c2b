// What keeps a listed model from being a candidate for chat before anything is read of it: tasks, names, missing files.
//
// Sources: pipeline tags from the Hub's task list (October 2026), `masked-lm` being an old spelling that still occurs in
// lists made by hand; names from the model families published for sentence-transformers (sbert.net, pretrained models),
// and the embedding lines of BAAI, intfloat, thenlper and Google; file names from the tokenizers of transformers 5.18,
// mistral-common, tiktoken, sentencepiece and MLX-LM.

/** Tasks of models that give vectors or fill gaps: never a chat model, whatever its class could do. */
export const deniedTasks: ReadonlySet<string> = new Set([
	'feature-extraction',
	'fill-mask',
	'sentence-similarity',
	'masked-lm',
]);

/** Owners that publish nothing but encoders. */
export const deniedOwners: ReadonlySet<string> = new Set(['sentence-transformers', 'cross-encoder']);

/** One family of encoders by name: `rule` names it in `excluded_by`, `pattern` is held against the name behind the owner. */
export interface DeniedName {
	rule: string;
	pattern: RegExp;
}

/** Where a word of a name may begin and end. */
const start = '(?:^|[-_.])';
const end = '(?=$|[-_.])';

function named(rule: string, words: string): DeniedName {
	return { rule, pattern: new RegExp(`${start}(?:${words})${end}`, 'i') };
}

/** Families of encoders that are known by their names. Whole words only, and never held against a writer's class. */
export const deniedNames: readonly DeniedName[] = [
	named('sentence-transformers', 'sentence[-_]?transformers?'),
	named('all-MiniLM and its kin', 'all-(?:MiniLM|mpnet|distilroberta|roberta)(?:-[A-Za-z0-9]+)*'),
	named('paraphrase encoders', 'paraphrase-(?:MiniLM|TinyBERT|albert|distilroberta|mpnet|multilingual|xlm)'),
	named('multi-qa encoders', 'multi-qa-(?:MiniLM|mpnet|distilbert)'),
	named('msmarco encoders', 'msmarco-(?:MiniLM|distilbert|bert|roberta|distilroberta)'),
	named('BGE', 'bge-(?:micro|small|base|large|m3|reranker)'),
	named('E5', '(?:multilingual-)?e5-(?:small|base|large)'),
	named('GTE', 'gte-(?:tiny|small|base|large|multilingual|modernbert)'),
	named('LaBSE', 'LaBSE'),
	named('SimCSE', '(?:sup-|unsup-)?simcse'),
	named('ColBERT', 'colbert(?:v2)?'),
];

/** Any of those names: most models have none of them, and are asked this one question only. */
export const anyDeniedName = new RegExp(deniedNames.map(({ pattern }) => pattern.source).join('|'), 'i');

/** Class endings of models that write text: no name speaks against one of these. */
export const writerClass =
	/(?:ForCausalLM|LMHeadModel|ForConditionalGeneration|ForSeq2SeqLM|ForImageTextToText|ForVision2Seq|ChatModel)$/;

/** Files that hold a tokenizer or its vocabulary, by their last path segment. */
export const tokenizerFiles: readonly RegExp[] = [
	/^tokenizer(?:_config)?\.json$/i,
	/^tokenizer[\w.-]*\.model(?:\.v\d+)?$/i,
	/vocab[\w.-]*\.(?:json|txt|bin|model)$/i,
	/^(?:merges\.txt|tekken[\w.-]*\.json|tokenization_\w+\.py)$/i,
	/\.tiktoken$/i,
	/^(?:spiece|sentencepiece[\w.]*|[\w-]*bpe[\w.-]*|[\w-]*spm?)\.model$/i,
	/^(?:source|target)\.spm$/i,
];

/** Files that bring their tokenizer along, or leave it to the model they belong to. */
export const selfContainedFiles: readonly RegExp[] = [
	/\.(?:gguf|ggml|llamafile|litertlm|task|pte|nemo|mlmodelc?|tflite)$/i,
	/^adapter_config\.json$/i,
	/^ggml-[\w.-]+\.bin$/i,
];

/** A model for ONNX Runtime. */
export const onnxFile = /\.onnx$/i;
