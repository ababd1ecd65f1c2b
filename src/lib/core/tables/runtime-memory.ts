// What runtimes need beside weights and cache, how they keep windows, and how much of a card they claim.
//
// Sources: llama.cpp (micro-batches of 512 tokens, windows padded to 256 cells, cache types), vLLM (share of the card it
// claims, batched tokens, fp8 cache), SGLang (memory it sets aside by the size of the card), MLX-LM (rotating caches),
// the documentation of accelerate (add about a fifth for inference). Where a runtime has no row, the general rule holds.

const kib = 1024;
const mib = kib * 1024;
const gib = mib * 1024;

/** How one runtime uses memory. */
export interface RuntimeMemory {
	/** Names it goes by, in lower case. */
	names: readonly string[];
	label: string;
	/** Buffers for computing, graphs and the process itself: a share of the weights, and the least of it in bytes. */
	overhead: { share: number; leastBytes: number };
	/** How far that may be off, as a share, and where it comes from. */
	overheadBand: number;
	overheadWords: string;
	/** What it claims of a graphics card of so many bytes; null: what is left by the device's own rule. */
	claims: ((memoryBytes: number) => { bytes: number; words: string }) | null;
	/** Tokens beyond a window that it keeps for the batch under way, and what the sum is rounded up to. */
	windowExtra: number;
	windowStep: number;
	/** Bits that an element really takes with a cache of 8 and of 4 bits; scales count. */
	cacheBits: Readonly<Record<8 | 4, number>>;
}

/** 8-bit and 4-bit blocks of 32 elements with a 16-bit scale (`q8_0`, `q4_0`), which most runtimes keep. */
const blocks = { 8: 8.5, 4: 4.5 } as const;

const general = {
	overhead: { share: 0.06, leastBytes: 512 * mib },
	overheadBand: 0.5,
	overheadWords: 'buffers and the process: 6 % of the weights, at least 512 MiB',
	claims: null,
	windowExtra: 0,
	windowStep: 1,
	cacheBits: blocks,
} as const;

/** SGLang's chunk of a long prompt by the size of the card. */
function chunkOf(memoryBytes: number): number {
	if (memoryBytes < 35 * gib) return 2048;
	if (memoryBytes < 60 * gib) return 4096;
	return memoryBytes < 160 * gib ? 8192 : 16_384;
}

function sglangReserve(memoryBytes: number): number {
	const largestBatch = 256;
	const reserve = (512 + 1.5 * Math.max(chunkOf(memoryBytes), 2048) + 128 + 2 * largestBatch) * mib;
	return memoryBytes > 60 * gib ? Math.max(reserve, 10 * gib) : reserve;
}

const llama = { ...general, windowExtra: 512, windowStep: 256 };

export const runtimeMemory: readonly RuntimeMemory[] = [
	{ names: ['llama.cpp', 'llamacpp', 'llama-cpp', 'llama-server'], label: 'llama.cpp', ...llama },
	{ names: ['ollama'], label: 'Ollama', ...llama },
	{ names: ['lmstudio', 'lm-studio'], label: 'LM Studio', ...llama },
	{ names: ['mlx', 'mlx-lm', 'mlx-vlm'], label: 'MLX', ...general },
	{
		names: ['vllm'],
		label: 'vLLM',
		overhead: { share: 0, leastBytes: 1.5 * gib },
		overheadBand: 0.34,
		overheadWords: 'activations of a full batch and CUDA graphs: 1 to 2 GiB',
		claims: (memory) => ({ bytes: Math.floor(memory * 0.92), words: 'vLLM claims 92 % of the card by default.' }),
		windowExtra: 2048,
		windowStep: 16,
		cacheBits: { 8: 8, 4: 4.5 },
	},
	{
		names: ['sglang'],
		label: 'SGLang',
		overhead: { share: 0, leastBytes: 0 },
		overheadBand: 0,
		overheadWords: 'what SGLang sets aside is taken off the card already',
		claims: (memory) => ({
			bytes: Math.max(0, Math.floor(memory - sglangReserve(memory))),
			words: 'SGLang sets memory aside for activations and graphs.',
		}),
		windowExtra: 2048,
		windowStep: 16,
		cacheBits: { 8: 8, 4: 4.5 },
	},
	{
		...general,
		names: ['transformers'],
		label: 'transformers',
		overhead: { share: 0.2, leastBytes: 512 * mib },
		overheadWords: 'a fifth of the weights, as the documentation of accelerate advises',
	},
];

/** What holds where no runtime is named, and for one without a row. */
export const anyRuntime: RuntimeMemory = { names: [], label: 'any runtime', ...general };
