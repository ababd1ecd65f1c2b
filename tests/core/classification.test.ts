// What a model is: class name first, then type, then the Hub's words; and how sure that is.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { normalize } from '#lib/core/characteristics.ts';
import { classify } from '#lib/core/classification.ts';
import type { JsonObject, ListingFacts } from '#lib/core/listing.ts';
import { publishedJson, realConfigs } from '../support/real-configs.ts';

interface Signs {
	type?: string;
	architecture?: string;
	config?: JsonObject;
	listing?: Partial<ListingFacts>;
	id?: string;
	gated?: boolean;
}

function told({ type, architecture, config, listing, id = 'acme/model', gated = false }: Signs) {
	return classify({
		config: config ?? {},
		modelType: type ?? null,
		architectures: architecture === undefined ? [] : [architecture],
		named: 'config',
		listing: listing === undefined ? null : { id, ...listing },
		id,
		configGated: gated,
	});
}

const kind = (signs: Signs) => {
	const { classification, confidence } = told(signs);
	return `${classification} ${confidence}`;
};

describe('classify', () => {
	it.each(['bert', 'roberta', 'distilbert', 'electra', 'albert', 'deberta', 'mobilebert', 'convbert'])(
		'never takes the type %s for a writer',
		(type) => {
			expect(told({ type }).classification).toBe('encoder');
		},
	);

	it.each(['gpt2', 'gptj', 'gpt_neox', 'llama', 'qwen', 'mistral', 'phi', 'gpt', 't5', 'bart', 'pegasus'])(
		'takes the type %s for a writer',
		(type) => {
			expect(told({ type }).classification).toBe('gen');
		},
	);

	it.each<[string, Signs, string]>([
		['class and type that agree', { type: 'qwen3', architecture: 'Qwen3ForCausalLM' }, 'gen high'],
		['a new type with a known ending', { type: 'brand_new', architecture: 'BrandNewForCausalLM' }, 'gen medium'],
		['a type alone', { type: 'gemma3' }, 'gen medium'],
		['BERT', { type: 'bert', architecture: 'BertModel' }, 'encoder high'],
		['BERT with a language head', { type: 'bert', architecture: 'BertLMHeadModel' }, 'encoder high'],
		[
			'BERT set up as a decoder',
			{ type: 'bert', architecture: 'BertLMHeadModel', config: { is_decoder: true } },
			'gen high',
		],
		['a classifier on a writer', { type: 'llama', architecture: 'LlamaForSequenceClassification' }, 'encoder medium'],
		['a writer without a head', { type: 'mistral', architecture: 'MistralModel' }, 'encoder low'],
		[
			'a writer without a head that the Hub lists for vectors',
			{ type: 'mistral', architecture: 'MistralModel', listing: { pipeline_tag: 'feature-extraction' } },
			'encoder medium',
		],
		[
			'a writer without a head that the Hub lists for text',
			{ type: 'bloom', architecture: 'BloomModel', listing: { pipeline_tag: 'text-generation' } },
			'gen high',
		],
		['BART without a head', { type: 'bart', architecture: 'BartModel' }, 'gen high'],
		[
			'ChatGLM, whose own code offers text generation',
			{ type: 'chatglm', architecture: 'ChatGLMModel', config: { auto_map: { AutoModelForCausalLM: 'm.C' } } },
			'gen high',
		],
		['the encoder half of T5', { type: 't5', architecture: 'T5EncoderModel' }, 'encoder low'],
		['a vision-language model', { type: 'qwen2_vl', architecture: 'Qwen2VLForConditionalGeneration' }, 'gen high'],
		['CLIP', { type: 'clip', architecture: 'CLIPModel' }, 'encoder high'],
		['ViT', { type: 'vit', architecture: 'ViTForImageClassification' }, 'encoder high'],
		[
			'Whisper, which writes down what it hears',
			{ type: 'whisper', architecture: 'WhisperForConditionalGeneration' },
			'unknown low',
		],
		['speech recognition by CTC', { type: 'wav2vec2', architecture: 'Wav2Vec2ForCTC' }, 'unknown low'],
		['object detection', { type: 'detr', architecture: 'DetrForObjectDetection' }, 'unknown low'],
		['a diffusion part', { config: { _class_name: 'UNet2DConditionModel' } }, 'unknown low'],
		['a timm model', { config: { architecture: 'resnet50', pretrained_cfg: {} } }, 'encoder medium'],
	])('is right for %s', (_name, signs, expected) => {
		expect(kind(signs)).toBe(expected);
	});

	it('finds embedding models that ship a writer’s class by task, library, and last by name', () => {
		const qwen = { type: 'qwen3', architecture: 'Qwen3ForCausalLM', id: 'Qwen/Qwen3-Embedding-0.6B' };
		expect(kind({ ...qwen, listing: { pipeline_tag: 'feature-extraction' } })).toMatch(/^encoder/);
		expect(kind({ ...qwen, listing: { library_name: 'sentence-transformers' } })).toMatch(/^encoder/);
		expect(told(qwen)).toMatchObject({ classification: 'encoder', confidence: 'low', file: 'name' });
		expect(told({ ...qwen, id: 'a/gtester' }).classification).toBe('gen');
		expect(kind({ ...qwen, id: 'a/chat-with-e5-data', listing: { pipeline_tag: 'text-generation' } })).toBe('gen high');
	});

	it('is not sure where only the list fields say something', () => {
		const only = (listing: Partial<ListingFacts>, id = 'a/b') => kind({ listing, id });
		expect(only({ pipeline_tag: 'text-generation' })).toBe('gen low');
		expect(only({ tags: ['sentence-transformers'] })).toBe('encoder low');
		expect(only({ pipeline_tag: 'text-to-image' })).toBe('unknown low');
		expect(only({ config: { peft: { task_type: 'CAUSAL_LM' } } })).toBe('gen low');
		expect(kind({ id: 'sentence-transformers/all-MiniLM-L6-v2' })).toBe('encoder low');
	});

	it('is locked only when nothing else can be known', () => {
		expect(kind({ gated: true })).toBe('auth-protected low');
		expect(kind({ gated: true, type: 'llama', architecture: 'LlamaForCausalLM' })).toBe('gen high');
		expect(kind({})).toBe('unknown low');
	});
});

/** Answers that are right for each kind of class in the auto-mappings of transformers. */
const wanted: Record<string, string[]> = {
	causal: ['gen'],
	seq2seq: ['gen'],
	'multimodal-gen': ['gen'],
	encoder: ['encoder'],
	'classifier-head': ['encoder'],
	'causal-base': ['encoder'],
	'multimodal-base': ['encoder'],
	'seq2seq-base': ['gen', 'encoder'],
	vision: ['encoder', 'unknown'],
	audio: ['encoder', 'unknown'],
	other: ['encoder', 'unknown'],
};

describe('the published classes', () => {
	const data = publishedJson('data/transformers-auto.json');
	const shape = z.object({
		architectures: z.record(z.string(), z.object({ arch_kind: z.string(), model_types: z.array(z.string()) })),
	});

	it.skipIf(data === null)('are told right for at least 99 of 100', (context) => {
		if (data === null) context.skip('skipped: no corpus');
		const misses: string[] = [];
		let asked = 0;
		for (const [architecture, { arch_kind, model_types }] of Object.entries(shape.parse(data).architectures)) {
			const decoders = arch_kind === 'causal-if-is_decoder' ? [true, false] : [false];
			for (const type of [...model_types, undefined]) {
				for (const is_decoder of decoders) {
					const { classification } = told({ type, architecture, config: { is_decoder } });
					const right = decoders.length === 1 ? wanted[arch_kind] : [is_decoder ? 'gen' : 'encoder'];
					asked += 1;
					if (right?.includes(classification) !== true) {
						misses.push(`${architecture} of ${type ?? 'no type'}: ${classification}, listed as ${arch_kind}`);
					}
				}
			}
		}
		process.stdout.write(`classes: ${asked - misses.length} of ${asked} as listed\n${misses.join('\n')}\n`);
		expect(misses.length / asked).toBeLessThan(0.01);
	});
});

/** Answers that are right for each kind of model type. */
const wantedOfType: Record<string, string[]> = {
	causal: ['gen'],
	seq2seq: ['gen'],
	'multimodal-gen': ['gen'],
	encoder: ['encoder'],
	vision: ['encoder', 'unknown'],
	audio: ['encoder', 'unknown'],
	other: ['encoder', 'unknown'],
};

/** The mapping whose class a model of that kind is published with, most telling first. */
const headMappings = (
	'MULTIMODAL_LM IMAGE_TEXT_TO_TEXT SEQ_TO_SEQ_CAUSAL_LM CAUSAL_LM MASKED_LM TEXT_ENCODING SPEECH_SEQ_2_SEQ CTC ' +
	'SEQUENCE_CLASSIFICATION IMAGE_CLASSIFICATION AUDIO_CLASSIFICATION OBJECT_DETECTION PRETRAINING MODEL'
).split(' ');

describe('the published model types', () => {
	const data = publishedJson('data/transformers-auto.json');
	const shape = z.object({
		_meta: z.object({ ambiguous_in_causal_and_masked: z.array(z.string()) }),
		model_types: z.record(
			z.string(),
			z.object({
				kind: z.string(),
				role: z.string(),
				ambiguous: z.string().optional(),
				mappings: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
			}),
		),
	});
	type Row = z.infer<typeof shape>['model_types'][string];

	/** A writer's class without a head gives vectors: that is a question about classes, not about types. */
	function classOf({ mappings, kind }: Row, isMasked: boolean): string | undefined {
		const writes = wantedOfType[kind]?.[0] === 'gen';
		const passedOver = writes ? 'MODEL' : isMasked && kind === 'encoder' ? 'CAUSAL_LM' : '';
		const named = headMappings.filter((name) => name !== passedOver);
		const found = named.map((name) => mappings[name]).find((value) => value !== undefined);
		return typeof found === 'string' ? found : found?.[0];
	}

	function read(model_type: string, architecture: string | undefined, more: JsonObject = {}) {
		const architectures = architecture === undefined ? [] : [architecture];
		const config = JSON.stringify({ model_type, architectures, ...more });
		return normalize({ id: 'a/b', source: 'hub', revision: null, fetchedAt: '2026-11-21', config }).classification;
	}

	it.skipIf(data === null)('are told right for at least 99 of 100, alone and with their class', (context) => {
		if (data === null) context.skip('skipped: no corpus');
		const { model_types, _meta } = shape.parse(data);
		const both = new Set(_meta.ambiguous_in_causal_and_masked);
		const misses: string[] = [];
		let asked = 0;
		const check = (name: string, got: string, right: string[] | undefined, why: string) => {
			asked += 1;
			if (right?.includes(got) !== true) misses.push(`${name}: ${got}, listed as ${why}`);
		};
		for (const [type, row] of Object.entries(model_types)) {
			const why = `${row.kind} (${row.role}${row.ambiguous === undefined ? '' : `; ${row.ambiguous}`})`;
			check(type, read(type, undefined), wantedOfType[row.kind], why);
			const architecture = classOf(row, both.has(type));
			if (architecture === undefined) continue;
			check(`${architecture} of ${type}`, read(type, architecture), wantedOfType[row.kind], why);
			const causal = row.mappings['CAUSAL_LM'];
			if (row.kind !== 'encoder' || !both.has(type) || typeof causal !== 'string') continue;
			check(`${causal} of ${type}`, read(type, causal), ['encoder'], why);
			check(`${causal} of ${type} set up as a decoder`, read(type, causal, { is_decoder: true }), ['gen'], why);
		}
		process.stdout.write(`model types: ${asked - misses.length} of ${asked} as listed\n${misses.join('\n')}\n`);
		expect(misses.length / asked).toBeLessThan(0.01);
	});
});

describe('the real configurations', () => {
	const data = publishedJson('data/transformers-auto.json');
	const configs = realConfigs();
	const shape = z.object({
		architectures: z.record(z.string(), z.object({ arch_kind: z.string() })),
		model_types: z.record(z.string(), z.object({ kind: z.string() })),
	});

	it.skipIf(data === null)(
		'are told as their class, else their type, is listed, but for embedding models',
		(context) => {
			if (data === null) context.skip('skipped: no corpus');
			const { architectures, model_types } = shape.parse(data);
			const misses: string[] = [];
			let asked = 0;
			for (const { row, text } of configs) {
				const listed =
					architectures[row.architectures?.[0] ?? '']?.arch_kind ?? model_types[row.model_type ?? '']?.kind;
				const decoder = listed === 'causal-if-is_decoder' ? ['gen', 'encoder'] : undefined;
				const right = decoder ?? (listed === undefined ? undefined : wanted[listed]);
				if (right === undefined) continue;
				const c = normalize({ id: row.id, source: 'hub', revision: null, fetchedAt: '2026-11-21', config: text });
				asked += 1;
				const isVectors = c.classification === 'encoder' && /embed|gte|bge|e5-|rerank/i.test(row.id);
				if (right.includes(c.classification) || isVectors) continue;
				misses.push(
					`${row.id} (${row.architectures?.[0]} of ${row.model_type}): ${c.classification}, listed as ${listed}`,
				);
			}
			process.stdout.write(
				`real configurations: ${asked - misses.length} of ${asked} as listed\n${misses.join('\n')}\n`,
			);
			expect(asked).toBeGreaterThan(80);
			expect(misses.length / asked).toBeLessThan(0.01);
		},
	);
});
