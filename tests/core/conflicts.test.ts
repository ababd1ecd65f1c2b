// Places that disagree: each disagreement is told with both places, and nothing is told where there is none.
import { describe, expect, it } from 'vitest';
import { normalize, type NormalizeInput } from '#lib/core/characteristics.ts';
import type { JsonObject, ListingFacts } from '#lib/core/listing.ts';
import { specGroups } from '#lib/core/specs.ts';
import { headerOf, keysOf } from '../support/gguf-models.ts';
import { read as readHeader } from '../support/gguf-reading.ts';

const llama = {
	...{ model_type: 'llama', architectures: ['LlamaForCausalLM'], hidden_size: 64, num_hidden_layers: 2 },
	...{ num_attention_heads: 4, intermediate_size: 128, vocab_size: 1000, max_position_embeddings: 4096 },
};

function read(config: NormalizeInput['config'], listing: Partial<ListingFacts> = {}, id = 'acme/model') {
	return normalize({ id, source: 'hub', revision: null, fetchedAt: '', config, listing: { id, ...listing } });
}

/** `field: value at path | …` of every conflict. */
function told(c: ReturnType<typeof read>): string[] {
	return c.conflicts.map(({ field, claims }) => {
		return `${field}: ${claims.map(({ value, file, path }) => `${String(value)} at ${file} ${path}`).join(' | ')}`;
	});
}

describe('a conflict', () => {
	it('about what the model is names every sign that was not followed', () => {
		const c = read({ ...llama, architectures: ['BertForMaskedLM'] }, { pipeline_tag: 'text-generation' });
		expect(c).toMatchObject({ classification: 'encoder', confidence: 'low' });
		expect(told(c)).toEqual([
			'architecture_family: Llama at config.json model_type | BERT at config.json architectures',
			'classification: encoder at config.json architectures | gen at hub listing pipeline_tag',
		]);
	});

	it('is told where only the name says that a writer gives vectors', () => {
		const c = read({ ...llama }, {}, 'acme/llama-embedding');
		expect(told(c)).toEqual([
			'classification: encoder at repository name id | gen at config.json architectures | gen at config.json model_type',
		]);
	});

	it('is none where a head says what is made of a type', () => {
		expect(told(read({ ...llama, architectures: ['LlamaForSequenceClassification'] }))).toEqual([]);
		expect(told(read(llama, { pipeline_tag: 'text-generation', tags: ['conversational'] }))).toEqual([]);
	});

	it('about the length is told when one object spells it twice', () => {
		expect(told(read({ ...llama, n_positions: 2048 }))).toEqual([
			'max_position_embeddings: 4096 at config.json max_position_embeddings | 2048 at config.json n_positions',
		]);
		expect(told(read({ ...llama, n_positions: 4096 }))).toEqual([]);
	});

	it('about the quantization tells methods as well as bits', () => {
		const packed = {
			quantization: { bits: 4, group_size: 64 },
			quantization_config: { quant_method: 'gptq', bits: 8 },
		};
		expect(told(read({ ...llama, ...packed }))).toEqual([
			'quantization_method: mlx at config.json quantization | gptq at config.json quantization_config.quant_method',
			'quantization_bits: 4 at config.json quantization.bits | 8 at config.json quantization_config.bits',
		]);
	});

	it('about the number type is told where plain weights are stored in another one', () => {
		const elements = { parameters: { F32: 145_728 }, total: 145_728 };
		const [first] = told(read({ ...llama, torch_dtype: 'bfloat16' }, { safetensors: elements }));
		expect(first).toBe('dtype: bfloat16 at config.json torch_dtype | float32 at hub listing safetensors.parameters');
		const packed = { ...llama, torch_dtype: 'bfloat16', quantization_config: { quant_method: 'fp8' } };
		expect(told(read(packed, { safetensors: elements })).filter((line) => line.startsWith('dtype'))).toEqual([]);
	});

	it('stands in the row that it is about, that of the parameters too', () => {
		const c = read(llama, { safetensors: { parameters: { BF16: 9e9 }, total: 9e9 } });
		const rows = specGroups(c).flatMap(({ specs }) => specs);
		expect(rows.find(({ label }) => label === 'Parameters')?.conflicts).toHaveLength(1);
		expect(rows.filter(({ conflicts }) => conflicts.length > 0)).toHaveLength(1);
	});

	it('about a GGUF file is told in its own keys, and is none where the file says itself what it is', async () => {
		const sizes = { block_count: 2, embedding_length: 64, 'attention.head_count': 4, context_length: 512 } as const;
		const listing = { id: 'org/model-GGUF', pipeline_tag: 'feature-extraction' };
		const plain = readHeader(await headerOf(keysOf('llama', sizes)), { listing });
		expect(told(plain)).toEqual([
			'classification: encoder at hub listing pipeline_tag | gen at model-Q4_K_M.gguf general.architecture',
		]);
		const pooled = await headerOf(keysOf('llama', { ...sizes, pooling_type: 1 }));
		expect(told(readHeader(pooled, { listing: { ...listing, pipeline_tag: 'text-generation' } }))).toEqual([]);
	});
});

describe('evidence', () => {
	it('of list fields names the very field, also where that is the header of a GGUF file', () => {
		const c = read(null, { gguf: { architecture: 'llama', total: 7e9 } });
		for (const field of ['model_type', 'architecture_family', 'classification', 'is_multimodal']) {
			expect([field, c.evidence[field]]).toMatchObject([field, { file: 'hub listing', path: 'gguf.architecture' }]);
		}
		const excerpt = read(null, { config: { model_type: 'llama' }, gguf: { architecture: 'qwen2' } });
		expect(excerpt.evidence['architecture_family']?.path).toBe('config.model_type');
	});

	it('names no file that is not there', () => {
		const c = read(null);
		const files = Object.values(c.evidence).map(({ file }) => file);
		expect(new Set(files)).toEqual(new Set(['hub listing']));
		expect(c.evidence['use_cache']?.rule).toBe('default: no configuration says otherwise');
	});

	it('of an input that nobody tells keeps "no" for a default, and people read Unknown', () => {
		const shownOf = (c: ReturnType<typeof read>) =>
			specGroups(c)
				.flatMap(({ specs }) => specs)
				.find(({ label }) => label === 'Takes in')?.value;
		expect([read(null).is_multimodal, shownOf(read(null)), shownOf(read(llama))]).toEqual([false, 'Unknown', 'Text']);
	});
});

describe('what cannot be read', () => {
	it.each([
		[{ use_cache: 'yes' }, 'use_cache is neither true nor false.'],
		[{ quantization_config: '4bit' }, 'quantization_config is 4bit, which describes no quantization; it was not read.'],
		[{ rope_scaling: 'yarn' }, 'rope_scaling is no object, and was not read.'],
		[{ rope_scaling: { type: 'yarn', factor: -4 } }, 'rope_scaling.factor is -4, which cannot be a factor.'],
		[{ rope_scaling: { type: 'linear', factor: {} } }, 'rope_scaling.factor is an object, which cannot be a factor.'],
		[
			{ text_config: llama, llm_config: llama },
			'The file describes several text models (text_config, llm_config); text_config was read.',
		],
	])('is told: %o', (more, sentence) => {
		expect(read({ ...llama, ...more }).warnings).toContain(sentence);
	});

	it('is not told of what is left empty', () => {
		const empty = { use_cache: null, quantization_config: null, rope_scaling: null };
		expect(read({ ...llama, ...empty }).warnings).toEqual([]);
	});

	it('is never taken for part of the limit: a scaling nobody knows', () => {
		const rule = (rope_scaling: JsonObject) => read({ ...llama, rope_scaling }).evidence['context_window']?.rule ?? '';
		expect(rule({ type: 'stretchy', factor: 4 })).toBe(
			'position limit as given; what stretchy rope scaling does to it is not known',
		);
		expect(rule({ type: 'yarn', factor: 4 })).toBe('position limit as given; yarn names no original length');
		expect(rule({ type: 'llama3', factor: 8 })).toMatch(/llama3 rope scaling is already part of it$/);
	});

	it('never becomes a cache of nothing: a text model inside the text model is not asked', () => {
		const c = read({ model_type: 'wrapper', text_config: { ...llama, text_config: { model_type: 'bert' } } });
		expect(c.kv_cache_bytes_per_token).toBe(2 * 2 * 64 * 2);
		expect(c.evidence['kv_cache_bytes_per_token']?.path).toBe('text_config');
	});
});
