// Made-up catalog rows: seeded, with the mix of known and unknown facts that real lists have.
import type { FitFacts, ModelRecord, QuantizationChoice } from '#lib/core/model.ts';
import { entry } from './models.ts';
import { seeded } from './seeded.ts';

/** One of the choices; earlier ones come more often. */
export function pick<T>(random: () => number, choices: readonly [T, ...T[]]): T {
	return choices[Math.floor(random() ** 1.5 * choices.length)] ?? choices[0];
}

const families = ['Llama', 'Qwen', 'Mistral', 'Unknown', 'Gemma', 'BERT', 'Phi', 'DeepSeek', 'Yi', 'GLM'] as const;
const quantizations = [
	'fp16',
	'unknown',
	'4',
	'8',
	'other',
	'5',
	'3',
	'6',
	'2',
] as const satisfies QuantizationChoice[];
const licenses = ['apache-2.0', null, 'mit', 'llama3.1', 'gemma', 'other', 'cc-by-nc-4.0'] as const;
const sizes = ['0.5B', '1.5B', '7B', '8B', '14B', '32B', '70B'] as const;
const variants = ['', '-Instruct', '-Chat', '-GGUF', '-GPTQ', '-AWQ', '-4bit', '-v0.2', '_base', '.1'] as const;
const authors = [
	'Qwen',
	'meta-llama',
	'TheBloke',
	'mistralai',
	'google',
	'unsloth',
	'bartowski',
	'mlx-community',
] as const;

/** Types and classes as configurations name them, a GGUF architecture, and names that nobody has. */
type Make = readonly [type: string | null, name: string | null];
const makes: readonly [Make, ...Make[]] = [
	['llama', 'LlamaForCausalLM'],
	['qwen2', 'Qwen2ForCausalLM'],
	['qwen2_vl', 'Qwen2VLForConditionalGeneration'],
	['bert', 'BertModel'],
	['mistral', null],
	[null, 'Gemma2ForCausalLM'],
	['qwen2moe', null],
	['xyz', 'XyzForCausalLM'],
	['t5', 'T5ForConditionalGeneration'],
	['llama', 'Eagle3LlamaForCausalLM'],
];
const formats: readonly [string[], ...string[][]] = [
	['safetensors', 'transformers'],
	['gguf'],
	['pytorch', 'custom_code'],
	['mlx', 'safetensors', '4-bit'],
	['onnx', 'safetensors'],
	['peft', 'lora'],
	['diffusers'],
];
const methods = [null, 'awq', 'gptq', 'gguf', 'fp8', 'aqlm'] as const;

/** What decides where a model runs; a part of it unknown. */
function making(random: () => number): Partial<ModelRecord> {
	const [type, name] = random() < 0.7 ? pick(random, makes) : [null, null];
	const tags = random() < 0.75 ? [...pick(random, formats)] : undefined;
	const quantization_method = pick(random, methods);
	return {
		model_type: type,
		architectures: name === null ? null : [name],
		quantization_method,
		quantization_bits: quantization_method === null ? null : pick(random, [4, 8, 3]),
		...(tags === undefined ? {} : { tags }),
	};
}

/** A record with nothing known but its id. */
export function blankRecord(id: string): ModelRecord {
	return {
		...entry({ id }),
		dtype: null,
		created_at: null,
		trending: null,
		revision: null,
		origin: 'hub',
		as_of: '2026-11-20T00:00:00.000Z',
	};
}

/** Made-up facts of memory: some without a cache, some without weights, some with windows and states. */
function randomFit(random: () => number): FitFacts {
	const some = (share: number, most: number) => (random() < share ? Math.floor(random() * most) : 0);
	const isCached = random() < 0.85;
	const kept = (bytes: number) => (isCached ? bytes : null);
	return {
		weights_bytes: random() < 0.9 ? Math.floor(random() ** 2 * 4e10) : null,
		weights_band: 0.02,
		vision_bytes: 0,
		active_bytes: null,
		kv_bytes_per_token: kept(some(0.9, 300_000)),
		kv_window_bytes_per_token: kept(some(0.3, 300_000)),
		kv_window_tokens: kept(some(0.3, 20_000)),
		kv_state_bytes: kept(some(0.2, 1e8)),
	};
}

/** One made-up record; `index` makes its id unlike all others. */
export function randomRecord(random: () => number, index: number): ModelRecord {
	const often = (share: number) => random() < share;
	const family = pick(random, families);
	const author = often(0.6) ? pick(random, authors) : `user${Math.floor(random() * 400)}`;
	const name = `${family === 'Unknown' ? 'model' : family}-${pick(random, sizes)}${pick(random, variants)}-${index}`;
	const day = () => new Date(Date.UTC(2023, 0, 1) + Math.floor(random() * 1200) * 86_400_000).toISOString();
	const isKnown = often(0.75);
	return {
		...blankRecord(often(0.97) ? `${author}/${name}` : name.toLowerCase()),
		architecture_family: family,
		classification: pick(random, ['gen', 'unknown', 'encoder', 'auth-protected']),
		confidence: pick(random, ['high', 'low', 'medium']),
		fetchStatus: isKnown ? 'ok' : pick(random, ['none', '404']),
		quantization: isKnown ? pick(random, quantizations) : 'unknown',
		context_window: isKnown && often(0.8) ? 2 ** (9 + Math.floor(random() * 9)) : null,
		parameters_total: often(0.7) ? Math.floor(random() * 20) * 5e8 : null,
		is_multimodal: isKnown ? often(0.15) : null,
		downloads: often(0.85) ? Math.floor(random() ** 4 * 5000) : null,
		likes: often(0.7) ? Math.floor(random() ** 3 * 300) : null,
		license: pick(random, licenses),
		gated: pick<ModelRecord['gated']>(random, [false, 'auto', 'manual']),
		updated_at: often(0.8) ? day() : null,
		created_at: often(0.8) ? day() : null,
		fit: isKnown && often(0.8) ? randomFit(random) : null,
		trending: often(0.3) ? Math.floor(random() * 100) : null,
		...making(random),
	};
}

/** So many made-up records with different ids. */
export function randomRecords(count: number, seed: number): ModelRecord[] {
	const random = seeded(seed);
	return Array.from({ length: count }, (_, index) => randomRecord(random, index));
}
