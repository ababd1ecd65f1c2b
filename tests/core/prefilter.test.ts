// What is out of the question for chat before anything is read of it, and what must never be thrown out by mistake.
import { describe, expect, it } from 'vitest';
import type { ListingFacts } from '#lib/core/listing.ts';
import { prefilter } from '#lib/core/prefilter.ts';
import { fakeModels } from '../support/fake-hub-models.ts';
import { realConfigs } from '../support/real-configs.ts';

const rule = (id: string, facts: Partial<ListingFacts> = {}) => prefilter({ id, ...facts })?.rule ?? 'stays';

describe('the pre-filter', () => {
	it.each(['feature-extraction', 'fill-mask', 'sentence-similarity', 'masked-lm'])('drops the task %s', (task) => {
		expect(prefilter({ id: 'a/b', pipeline_tag: task })).toEqual({ rule: `task ${task}`, isEncoder: true });
	});

	it.each(['text-generation', 'image-text-to-text', 'text-classification', undefined])('keeps the task %s', (task) => {
		expect(rule('a/b', task === undefined ? {} : { pipeline_tag: task })).toBe('stays');
	});

	it.each([
		['sentence-transformers/all-MiniLM-L6-v2', 'sentence-transformers'],
		['sentence-transformers/anything', 'sentence-transformers'],
		['cross-encoder/ms-marco-MiniLM-L6-v2', 'cross-encoder'],
		['someone/my-sentence-transformers-model', 'sentence-transformers'],
		['Xenova/all-MiniLM-L6-v2', 'all-MiniLM and its kin'],
		['Xenova/paraphrase-multilingual-MiniLM-L12-v2', 'paraphrase encoders'],
		['BAAI/bge-m3', 'BGE'],
		['BAAI/bge-small-en-v1.5', 'BGE'],
		['intfloat/multilingual-e5-large', 'E5'],
		['thenlper/gte-base', 'GTE'],
		['setu4993/LaBSE', 'LaBSE'],
		['princeton-nlp/sup-simcse-bert-base-uncased', 'SimCSE'],
		['colbert-ir/colbertv2.0', 'ColBERT'],
	])('drops %s by its name', (id, wanted) => {
		expect(rule(id)).toBe(wanted);
	});

	it.each([
		'sentence-transformers-fans/Llama-3-8B',
		'someone/gte-llama',
		'someone/bgefine-7b',
		'someone/de5-base-chat',
		'someone/size-large-e50',
		'someone/labsecurity-7b',
		'meta/Llama-paraphrase-8B',
		'Alpha/all-purpose-mpnetless-7b',
		'Qwen/Qwen3-8B',
	])('keeps %s: part of a word is no word', (id) => {
		expect(rule(id)).toBe('stays');
	});

	it('lets no name speak against a writer', () => {
		const id = 'someone/chat-bge-large-and-e5-base-data';
		expect(rule(id)).toBe('BGE');
		expect(rule(id, { pipeline_tag: 'text-generation' })).toBe('stays');
		expect(rule(id, { tags: ['conversational'] })).toBe('stays');
		expect(rule(id, { config: { architectures: ['LlamaForCausalLM'] } })).toBe('stays');
		expect(rule(id, { gguf: { architecture: 'qwen2' } })).toBe('stays');
		expect(rule(id, { gguf: { architecture: 'bert' } })).toBe('BGE');
		expect(rule(id, { config: { architectures: ['BertModel'] } })).toBe('BGE');
	});

	it.each([
		['tokenizer.json'],
		['tokenizer.model'],
		['tokenizer.model.v3'],
		['tekken.json'],
		['qwen.tiktoken'],
		['spiece.model'],
		['sentencepiece.bpe.model'],
		['source.spm', 'target.spm'],
		['vocab.json', 'merges.txt'],
		['vocab.txt'],
		['rwkv_vocab_v20230424.txt'],
		['tokenizer_config.json'],
		['tokenization_chatglm.py'],
		['tokenizer/tokenizer.json'],
		['model-Q4_K_M.gguf'],
		['adapter_config.json', 'adapter_model.safetensors'],
		['gemma.task'],
	])('is content with %s', (...files) => {
		expect(rule('a/b', { siblings: ['README.md', 'config.json', ...files] })).toBe('stays');
	});

	it('drops what has no tokenizer, where the files are known', () => {
		expect(prefilter({ id: 'a/b', siblings: ['config.json', 'model.safetensors'] })).toEqual({
			rule: 'no tokenizer file',
			isEncoder: false,
		});
		expect(rule('a/b', { siblings: [] })).toBe('stays');
		expect(rule('a/b')).toBe('stays');
	});

	it('wants ONNX files only for a runtime that does', () => {
		const siblings = ['config.json', 'tokenizer.json', 'model.safetensors'];
		expect(prefilter({ id: 'a/b', siblings })).toBeNull();
		expect(prefilter({ id: 'a/b', siblings }, { onnx: true })?.rule).toBe('no ONNX file');
		expect(prefilter({ id: 'a/b', siblings: [...siblings, 'onnx/model_q4.onnx'] }, { onnx: true })).toBeNull();
	});

	it('drops no writer of a whole made-up Hub', () => {
		const writers = fakeModels(1000).filter(({ pipeline_tag }) => pipeline_tag === 'text-generation');
		expect(writers.filter(({ id }) => prefilter({ id }) !== null)).toEqual([]);
	});

	it.skipIf(realConfigs().length === 0)('drops no writer among real models by name', (context) => {
		const configs = realConfigs();
		if (configs.length === 0) context.skip('skipped: no corpus');
		const dropped = configs
			.filter(({ row }) => row.architectures?.[0]?.endsWith('ForCausalLM'))
			.filter(({ row }) => prefilter({ id: row.id, config: { architectures: row.architectures } }) !== null);
		expect(dropped.map(({ row }) => row.id)).toEqual([]);
	});
});
