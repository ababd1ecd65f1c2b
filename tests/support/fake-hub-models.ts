// Plausible models for the fake Hub: many families, sizes and formats, made from a seed.
import { fakeRepo, hexOf, type FakeRepo } from './fake-hub-repo.ts';
import { seeded } from './seeded.ts';

interface Shape {
	hidden: number;
	layers: number;
	heads: number;
	kvHeads: number;
	inner: number;
	vocabulary: number;
	context: number;
	size: string;
}

interface Family {
	type: string;
	architecture: string;
	owner: string;
	name: string;
	task: string;
	shapes: Shape[];
	extra?: Record<string, unknown>;
}

const small = { hidden: 1024, layers: 24, heads: 16, kvHeads: 8, inner: 3072, size: '0.6B' };
const middle = { hidden: 4096, layers: 32, heads: 32, kvHeads: 8, inner: 14336, size: '8B' };
const large = { hidden: 8192, layers: 80, heads: 64, kvHeads: 8, inner: 28672, size: '70B' };

/** The made families: types and classes as libraries call them, numbers of our own. */
const families: Family[] = [
	family('llama', 'LlamaForCausalLM', 'meadow', 'Alpaco', 128256, 131072),
	family('qwen2', 'Qwen2ForCausalLM', 'cloudworks', 'Qin', 152064, 32768),
	family('qwen3', 'Qwen3ForCausalLM', 'cloudworks', 'Qin3', 151936, 40960),
	family('mistral', 'MistralForCausalLM', 'northwind', 'Breeze', 32768, 32768),
	family('gemma2', 'Gemma2ForCausalLM', 'stonecraft', 'Opal', 256000, 8192),
	family('phi3', 'Phi3ForCausalLM', 'redwood', 'Psi', 32064, 4096),
	family('gpt2', 'GPT2LMHeadModel', 'openyard', 'Gopher', 50257, 1024),
	{
		...family('mixtral', 'MixtralForCausalLM', 'northwind', 'Gale', 32000, 32768),
		extra: { num_local_experts: 8, num_experts_per_tok: 2 },
	},
	{ ...family('bert', 'BertForMaskedLM', 'openyard', 'Badger', 30522, 512), task: 'fill-mask' },
	{
		...family('qwen2_vl', 'Qwen2VLForConditionalGeneration', 'cloudworks', 'QinVision', 152064, 32768),
		task: 'image-text-to-text',
		extra: { vision_config: { depth: 32, hidden_size: 1280 }, image_token_id: 151655 },
	},
	{
		...family('whisper', 'WhisperForConditionalGeneration', 'openyard', 'Echo', 51865, 448),
		task: 'automatic-speech-recognition',
	},
];

function family(
	type: string,
	architecture: string,
	owner: string,
	name: string,
	vocabulary = 32000,
	context = 4096,
): Family {
	const shapes = [small, middle, large].map((shape) => ({ ...shape, vocabulary, context }));
	return { type, architecture, owner, name, task: 'text-generation', shapes };
}

interface Packing {
	suffix: string;
	tags: string[];
	library: string;
	config: Record<string, unknown>;
	bits: number;
}

const packings: Packing[] = [
	{ suffix: '', tags: [], library: 'transformers', config: { torch_dtype: 'bfloat16' }, bits: 16 },
	{
		suffix: '-4bit',
		tags: ['mlx', '4-bit'],
		library: 'mlx',
		config: { quantization: { group_size: 64, bits: 4 } },
		bits: 4,
	},
	{
		suffix: '-AWQ',
		tags: ['4-bit', 'awq'],
		library: 'transformers',
		config: { quantization_config: { quant_method: 'awq', bits: 4, group_size: 128 }, torch_dtype: 'float16' },
		bits: 4,
	},
	{
		suffix: '-GPTQ-Int8',
		tags: ['8-bit', 'gptq'],
		library: 'transformers',
		config: { quantization_config: { quant_method: 'gptq', bits: 8, group_size: 128 }, torch_dtype: 'float16' },
		bits: 8,
	},
	{
		suffix: '-FP8',
		tags: ['fp8'],
		library: 'transformers',
		config: { quantization_config: { quant_method: 'fp8' }, torch_dtype: 'bfloat16' },
		bits: 8,
	},
];

const licences = ['apache-2.0', 'mit', 'llama3.1', 'gemma', 'other', 'cc-by-nc-4.0'];

/** Parameters of a plain decoder of this shape, good enough for a plausible `safetensors.total`. */
function parametersOf(shape: Shape): number {
	const head = shape.hidden / shape.heads;
	const attention = 2 * shape.hidden * shape.hidden + 2 * shape.hidden * head * shape.kvHeads;
	return shape.layers * (attention + 3 * shape.hidden * shape.inner) + 2 * shape.vocabulary * shape.hidden;
}

function configOf(own: Family, shape: Shape, packing: Packing): Record<string, unknown> {
	return {
		architectures: [own.architecture],
		model_type: own.type,
		hidden_size: shape.hidden,
		intermediate_size: shape.inner,
		num_hidden_layers: shape.layers,
		num_attention_heads: shape.heads,
		num_key_value_heads: shape.kvHeads,
		max_position_embeddings: shape.context,
		vocab_size: shape.vocabulary,
		use_cache: true,
		...own.extra,
		...packing.config,
	};
}

function pickOf<T>(rows: readonly T[], random: () => number): T {
	const row = rows[Math.floor(random() * rows.length)];
	if (row === undefined) throw new Error('an empty table');
	return row;
}

function fakeModel(index: number, random: () => number): FakeRepo {
	const own = pickOf(families, random);
	const shape = pickOf(own.shapes, random);
	const packing = pickOf(packings, random);
	const license = pickOf(licences, random);
	const id = `${own.owner}/${own.name}-${shape.size}-v${index}${packing.suffix}`;
	const config = configOf(own, shape, packing);
	const total = parametersOf(shape);
	const { quantization_config } = config;
	return fakeRepo({
		id,
		tags: [packing.library, 'safetensors', own.type, own.task, 'conversational', `license:${license}`, ...packing.tags],
		pipeline_tag: own.task,
		library_name: packing.library,
		downloads: Math.floor(5_000_000 / (index + 1)) + Math.floor(random() * 50),
		likes: Math.floor(random() * 3000),
		trendingScore: Math.floor(random() * 100),
		gated: index % 37 === 36 ? 'manual' : index % 23 === 22 ? 'auto' : false,
		lastModified: new Date(Date.UTC(2025, 0, 1) + Math.floor(random() * 3e10)).toISOString(),
		config: {
			architectures: [own.architecture],
			model_type: own.type,
			...(quantization_config ? { quantization_config } : {}),
		},
		safetensors: { parameters: { BF16: total }, total },
		files: {
			'config.json': JSON.stringify(config, null, 2),
			'README.md': `---\nlicense: ${license}\n---\n# ${own.name} ${shape.size}\n`,
			'model.safetensors': { seed: index, size: 64 * 1024 + index },
			'tokenizer.json': '{}',
		},
	});
}

/** A repository of GGUF files: no config.json, facts only in the list fields. */
function fakeGguf(index: number, random: () => number): FakeRepo {
	const own = pickOf(families.slice(0, 6), random);
	const shape = pickOf(own.shapes, random);
	const id = `shelf/${own.name}-${shape.size}-v${index}-GGUF`;
	return fakeRepo({
		id,
		tags: ['gguf', own.type, 'conversational', 'license:apache-2.0'],
		pipeline_tag: 'text-generation',
		downloads: Math.floor(5_000_000 / (index + 1)),
		likes: Math.floor(random() * 500),
		config: {},
		gguf: {
			total: parametersOf(shape),
			architecture: own.type,
			context_length: shape.context,
			chat_template: '{{ x }}',
		},
		baseModels: {
			relation: 'quantized',
			models: [{ _id: hexOf(`base ${id}`, 24), id: `${own.owner}/${own.name}-${shape.size}` }],
		},
		files: { [`${own.name}-Q4_K_M.gguf`]: { seed: index, size: 100_000 + index }, 'README.md': '# GGUF\n' },
	});
}

/** `count` models, most downloaded first; the same seed gives the same models. Every tenth is a GGUF repository. */
export function fakeModels(count: number, seed = 7): FakeRepo[] {
	const random = seeded(seed);
	return Array.from({ length: count }, (_, index) =>
		index % 10 === 9 ? fakeGguf(index, random) : fakeModel(index, random),
	);
}
