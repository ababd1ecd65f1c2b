// The Hub of the walks: one model of a plausible shape in several packings, one that is too large, one that sorts texts.
import { fakeRepo, type FakeRepo } from './fake-hub-repo.ts';
import { embeddingModel } from './tiny-onnx.ts';

const head = Buffer.from('\x02\x00\x00\x00\x00\x00\x00\x00{}');

/** A decoder of 8.19 billion parameters. */
const eight = {
	model_type: 'qwen3',
	architectures: ['Qwen3ForCausalLM'],
	hidden_size: 4096,
	intermediate_size: 12_288,
	num_hidden_layers: 36,
	num_attention_heads: 32,
	num_key_value_heads: 8,
	head_dim: 128,
	vocab_size: 151_936,
	max_position_embeddings: 40_960,
	tie_word_embeddings: false,
	torch_dtype: 'bfloat16',
};
/** The same in small: 44 million parameters, so that a test can fetch it whole. */
const pocket = {
	...eight,
	hidden_size: 512,
	intermediate_size: 1536,
	num_hidden_layers: 8,
	num_attention_heads: 8,
	head_dim: 64,
	vocab_size: 32_000,
	tie_word_embeddings: true,
};
const large = {
	...eight,
	hidden_size: 5120,
	intermediate_size: 25_600,
	num_hidden_layers: 64,
	num_attention_heads: 64,
};
const listed = { model_type: 'qwen3', architectures: ['Qwen3ForCausalLM'] };
const total = 8_190_735_360;
const mlx = { quantization: { bits: 4, group_size: 64 } };
const awq = { quantization_config: { quant_method: 'awq', bits: 4, group_size: 128, zero_point: true } };
const apache = ['license:apache-2.0', 'safetensors', 'text-generation'];
const base = (id: string) => [`base_model:${id}`, `base_model:quantized:${id}`];

interface Order {
	id: string;
	downloads: number;
	tags: string[];
	shapes: object;
	packed: object;
	/** Bytes of the weights, as a file of these parameters has them. */
	size: number;
	seed: number;
}

function packing({ id, downloads, tags, shapes, packed, size, seed }: Order): FakeRepo {
	return fakeRepo({
		id,
		downloads,
		tags: [...apache, ...tags],
		pipeline_tag: 'text-generation',
		cardData: { license: 'apache-2.0' },
		config: { ...listed, ...packed },
		files: {
			'README.md': `# ${id}\n\nA model of the walks.`,
			'config.json': JSON.stringify({ ...shapes, ...packed }),
			'tokenizer.json': '{}',
			'model.safetensors': { seed, size, head },
		},
	});
}

/** What a person with a laptop would take: it fits 16 GB. */
export const fitting = 'mlx-community/Qwen3-8B-4bit';
/** What they take to begin with: it is fetched in a moment. */
export const small = 'mlx-community/Qwen3-Pocket-4bit';
/** Listed beside it, and too large for them. */
export const tooLarge = 'mlx-community/Qwen3-32B-4bit';
/** The model that both were made from, in 16 bits. */
export const plain = 'Qwen/Qwen3-8B';
/** Packed for servers. */
export const served = 'Qwen/Qwen3-8B-AWQ';
/** A model by a short name that sorts texts; here it is so small that any processor runs it at once. */
export const sorter = { name: 'multilingual-e5-small', id: 'Xenova/multilingual-e5-small' };

/** The repositories, most downloaded first. */
export function walkRepos(): FakeRepo[] {
	const four = ['mlx', '4-bit'];
	const servers = ['awq', ...base(plain)];
	return [
		packing({ id: small, downloads: 99e6, tags: four, shapes: pocket, packed: mlx, size: 24_600_000, seed: 5 }),
		packing({
			...{ id: fitting, downloads: 90e6, tags: [...four, ...base(plain)], shapes: eight, packed: mlx },
			...{ size: 4_610_000_000, seed: 1 },
		}),
		packing({ id: tooLarge, downloads: 80e6, tags: four, shapes: large, packed: mlx, size: 18_430_000_000, seed: 2 }),
		packing({ id: served, downloads: 70e6, tags: servers, shapes: eight, packed: awq, size: 6_100_000_000, seed: 3 }),
		{
			...packing({
				...{ id: plain, downloads: 60e6, tags: [], shapes: eight, packed: {} },
				...{ size: 16_381_500_000, seed: 4 },
			}),
			safetensors: { parameters: { BF16: total }, total },
		},
		fakeRepo({
			id: sorter.id,
			downloads: 50e6,
			tags: ['onnx', 'license:mit', 'sentence-similarity'],
			pipeline_tag: 'sentence-similarity',
			cardData: { license: 'mit' },
			config: { model_type: 'bert', architectures: ['BertModel'] },
			files: embeddingModel(),
		}),
	];
}

/** Texts that the small model can tell apart, by the path they have in a person's folder. */
export const notes: Record<string, string> = {
	'garden/pets.txt': 'the cat and the dog',
	'kitchen/lunch.txt': 'soup and bread',
	'walks/sunday.txt': 'a river of the hill',
};

/** Categories as the command line takes them. */
export const shelves = ['creatures: animal', 'meals: food', 'land: place'];

/** Which category each of the notes belongs in. */
export const rightShelves: Record<string, string> = {
	'garden/pets.txt': 'creatures',
	'kitchen/lunch.txt': 'meals',
	'walks/sunday.txt': 'land',
};
