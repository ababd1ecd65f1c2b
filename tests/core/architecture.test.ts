// Families: every known type has one, unknown types match by whole words only, classes stand in for absent types.
import { describe, expect, it } from 'vitest';
import { classStem, familyOf, matchModelType, modelTypes, nameTokens } from '#lib/core/architecture.ts';
import { z } from 'zod';
import { processorMs } from '../support/processor-time.ts';
import { publishedJson } from '../support/real-configs.ts';

const family = (type: string | null, architecture: string | null = null) => familyOf(type, architecture).family;

describe('familyOf', () => {
	it.each([
		['llama', 'Llama'],
		['mllama', 'Llama'],
		['qwen2', 'Qwen'],
		['qwen2_vl', 'Qwen'],
		['qwen2_moe', 'Qwen'],
		['mistral', 'Mistral'],
		['mixtral', 'Mistral'],
		['gemma2', 'Gemma'],
		['phi3', 'Phi'],
		['starcoder2', 'StarCoder'],
		['gpt_bigcode', 'StarCoder'],
		['deepseek', 'DeepSeek'],
		['deepseek_v3', 'DeepSeek'],
		['chatglm', 'GLM'],
		['glm4', 'GLM'],
		['RefinedWeb', 'Falcon'],
		['xlm-roberta', 'XLM-RoBERTa'],
	])('knows %s as %s', (type, name) => {
		expect(family(type)).toBe(name);
	});

	it.each([
		['qwen2_5_omni_foo', 'Qwen'],
		['qwen9', 'Qwen'],
		['qwen2moe', 'Qwen'],
		['gemma7n_text', 'Gemma'],
		['phi5', 'Phi'],
		['yi34b', 'Yi'],
		['glm6_vl', 'GLM'],
		['nomic-bert-moe', 'Nomic'],
		['hunyuan-dense', 'Hunyuan'],
		['command-r', 'Command'],
		['gptneox', 'GPT-NeoX'],
		['my_llama_thing', 'Llama'],
	])('finds %s by the longest run of whole words', (type, name) => {
		expect(familyOf(type, null)).toMatchObject({ family: name, by: 'model_type' });
	});

	it.each([
		'yinka',
		'dolphin',
		'philosophy',
		'glmish',
		'mini_yi',
		'new_model',
		'bitty',
		'eagle_eye',
		'constructor',
		'',
	])('leaves %j alone', (type) => {
		expect(familyOf(type, null)).toMatchObject({ family: 'Unknown', by: null });
	});

	it.each([
		['RWForCausalLM', 'Falcon'],
		['QWenLMHeadModel', 'Qwen'],
		['BaiChuanForCausalLM', 'Baichuan'],
		['GPT2LMHeadModel', 'GPT-2'],
		['GPTBigCodeForCausalLM', 'StarCoder'],
		['XLMRobertaForSequenceClassification', 'XLM-RoBERTa'],
		['MixFormerSequentialForCausalLM', 'Phi'],
		['Data2VecTextModel', 'data2vec'],
		['Llama9VisionForConditionalGeneration', 'Llama'],
	])('falls back to the class %s', (architecture, name) => {
		expect(familyOf('some-private-type', architecture)).toMatchObject({ family: name, by: 'architectures' });
	});

	it('takes the type before the class', () => {
		expect(family('kimi_k2', 'DeepseekV3ForCausalLM')).toBe('Kimi');
	});

	it('answers hostile names in no time', () => {
		const names = ['a_'.repeat(50_000), 'A'.repeat(100_000), 'aB1'.repeat(30_000)];
		expect(processorMs(() => names.forEach((name) => family(name, name)))).toBeLessThan(50);
	});

	it('gives every type of the published list one family, and one name per family', () => {
		const shape = z.object({ model_types: z.record(z.string(), z.object({ family: z.string() })) });
		const data = publishedJson('data/families.json');
		const types = data === null ? modelTypes().map(({ type }) => type) : Object.keys(shape.parse(data).model_types);
		expect(types.filter((type) => family(type) === 'Unknown')).toEqual([]);
		const names = new Set(modelTypes().map((row) => row.family));
		expect(new Set([...names].map((name) => name.toLowerCase())).size).toBe(names.size);
	});
});

describe('names', () => {
	it('cuts names at separators, digits and capitals', () => {
		expect(nameTokens('Qwen2_5_VLForX')).toEqual(['qwen', '2', '5', 'vl', 'for', 'x']);
		expect(nameTokens('GPTNeoX')).toEqual(['gpt', 'neo', 'x']);
	});

	it('takes the task off a class name', () => {
		expect(classStem('LlamaForCausalLM')).toBe('Llama');
		expect(classStem('GPT2LMHeadModel')).toBe('GPT2');
	});

	it('tells exact matches from partial ones', () => {
		expect(matchModelType('llama')).toMatchObject({ exact: true, kind: 'c' });
		expect(matchModelType('llama_x')).toMatchObject({ exact: false, type: 'llama' });
	});
});
