// What `general.architecture` of a GGUF file means: the model type it was converted from, and how its layers attend.
//
// Sources: the architecture names of llama.cpp (llama-arch.cpp, b10573 of August 2026), the classes its converter maps
// to them, and what its loaders set for windows and recurrent layers when the file does not say (src/models/*.cpp).
// Names that are a model type of transformers already, but for hyphens (`gpt-oss`, `qwen3moe`), need no row for that.

/** Which layers of an architecture are recurrent, when the file does not list them. */
export type RecurrentRule =
	/** Every layer, and none attends. */
	| 'all'
	/** Every layer attends and carries a state. */
	| 'both'
	/** Those without key/value heads that have no feed-forward block of their own kind either. */
	| 'headless'
	/** All but every n-th (`full_attention_interval`, 4 unless stated). */
	| 'interval';

export interface GgufArchitecture {
	/** Model type, for family and kind; absent where the name itself is found in the table of types. */
	type?: string;
	/** Every n-th layer attends to everything and the others slide, when the file sets a window. */
	period?: number;
	/** Is the first layer of each period the one that attends to everything (and not the last)? */
	fullFirst?: boolean;
	/** Tokens of the window when the file states none. */
	window?: number;
	recurrent?: RecurrentRule;
}

/** By the name in the file. An architecture without a row attends to everything in every layer. */
export const ggufArchitectures: Readonly<Record<string, GgufArchitecture>> = {
	afmoe: { period: 4 },
	arwkv7: { type: 'rwkv7', recurrent: 'all' },
	bailingmoe2: { type: 'bailing_moe' },
	cohere2: { period: 4 },
	cohere2moe: { period: 4 },
	deepseek2: { type: 'deepseek_v3' },
	'deepseek2-ocr': { type: 'deepseek_ocr2' },
	deepseek32: { type: 'deepseek_v32' },
	deepseek4: { type: 'deepseek_v4' },
	eagle3: { type: 'eagle' },
	'exaone-moe': { period: 4 },
	exaone4: { period: 4 },
	'falcon-h1': { recurrent: 'both' },
	gemma2: { period: 2, window: 4096 },
	gemma3: { period: 6 },
	gemma3n: { period: 5 },
	'gemma-embedding': { type: 'gemma3_embedding', period: 6 },
	'glm-dsa': { type: 'glm_moe_dsa' },
	'gpt-oss': { period: 2 },
	granitehybrid: { recurrent: 'headless' },
	graniteswitch: { type: 'granite' },
	'hunyuan-dense': { type: 'hunyuan_v1_dense' },
	'hunyuan-moe': { type: 'hunyuan_v1_moe' },
	jamba: { recurrent: 'headless' },
	'jina-bert-v3': { type: 'jina_embeddings_v3' },
	'kimi-linear': { recurrent: 'headless' },
	laguna: { period: 4, fullFirst: true },
	lfm2: { recurrent: 'headless' },
	lfm2moe: { recurrent: 'headless' },
	llama4: { period: 4, window: 8192 },
	'llama-embed': { type: 'llama_bidirec' },
	'llada-moe': { type: 'llada' },
	mamba: { recurrent: 'all' },
	mamba2: { recurrent: 'all' },
	mimo2: { type: 'mimo_v2_flash' },
	'minimax-01': { type: 'minimax' },
	'modern-bert': { period: 3, fullFirst: true },
	'muse-glimmer': { period: 4 },
	nemotron_h: { recurrent: 'headless' },
	nemotron_h_moe: { type: 'nemotron_h', recurrent: 'headless' },
	'nomic-bert-moe': { type: 'nomic_bert' },
	olmo2: { period: 4 },
	paddleocr: { type: 'paddleocr_vl' },
	'pangu-embedded': { type: 'pangu' },
	phi2: { type: 'phi' },
	plamo2: { recurrent: 'headless' },
	qwen35: { recurrent: 'interval' },
	qwen35moe: { recurrent: 'interval' },
	qwen3next: { recurrent: 'interval' },
	rwkv6: { recurrent: 'all' },
	rwkv6qwen2: { type: 'rwkv6', recurrent: 'all' },
	rwkv7: { recurrent: 'all' },
	smallthinker: { period: 4, fullFirst: true },
	starcoder: { type: 'gpt_bigcode' },
	step35: { type: 'step3p5' },
	t5encoder: { type: 't5' },
};

/** Architectures of encoders whose type also names writers. */
export const ggufEncoders: ReadonlySet<string> = new Set(['t5encoder', 'gemma-embedding', 'llama-embed']);
