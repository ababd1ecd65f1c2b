// Real configurations, held against a second, much plainer reading of the same files and against what others found in them.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { normalize } from '#lib/core/characteristics.ts';
import { characteristicsSchema, type ModelCharacteristics } from '#lib/core/model.ts';
import { publishedJson, publishedLines, realConfigs, type RealConfig } from '../support/real-configs.ts';

const configs = realConfigs();
const isObject = (value: unknown): value is Record<string, unknown> =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

/** The file as Python would read it: the few words JavaScript does not know are made null. */
function raw(text: string): Record<string, unknown> {
	const value: unknown = JSON.parse(text.replace(/(?<=[:[,]\s*)-?(?:NaN|Infinity)\b/g, 'null'));
	if (!isObject(value)) throw new Error('no object');
	return value;
}

function read({ row, text }: RealConfig): ModelCharacteristics {
	return normalize({ id: row.id, source: 'hub', revision: null, fetchedAt: '2026-01-01', config: text });
}

/** The objects to look in, text model first: written anew, by hand, for the files of the corpus. */
function places(root: Record<string, unknown>): Record<string, unknown>[] {
	const nested = ['text_config', 'llm_config', 'language_config', 'language'].map((key) => root[key]).find(isObject);
	return nested === undefined ? [root] : [nested, root];
}

const spelled: [fact: keyof ModelCharacteristics, keys: string[]][] = [
	['num_hidden_layers', ['num_hidden_layers', 'n_layer', 'n_layers', 'num_layers']],
	['hidden_size', ['hidden_size', 'n_embd', 'n_embed', 'd_model']],
	['intermediate_size', ['intermediate_size', 'n_inner', 'ffn_dim', 'd_ff', 'encoder_ffn_dim']],
	['vocab_size', ['vocab_size']],
	['num_attention_heads', ['num_attention_heads', 'n_head', 'num_heads', 'encoder_attention_heads']],
	['num_key_value_heads', ['num_key_value_heads', 'n_head_kv', 'num_kv_heads']],
	['head_dim', ['head_dim', 'd_kv']],
	['max_position_embeddings', ['max_position_embeddings', 'n_positions', 'seq_length', 'max_target_positions']],
	['num_experts', ['num_local_experts', 'num_experts', 'n_routed_experts']],
	['num_experts_per_token', ['num_experts_per_tok']],
];

/** Facts that stand in the file word for word, as [fact, expected, read]. */
function directFacts(config: RealConfig): [string, unknown, unknown][] {
	const c = read(config);
	const root = raw(config.text);
	const facts: [string, unknown, unknown][] = [
		['model_type', config.row.model_type, c.model_type],
		['architectures', config.row.architectures, c.architectures],
	];
	for (const [fact, keys] of spelled) {
		const values = places(root).flatMap((place) => keys.map((key) => place[key]));
		const written = values.find((value) => typeof value === 'number');
		if (written !== undefined) facts.push([fact, written, c[fact]]);
	}
	const dtype = root['dtype'] ?? root['torch_dtype'];
	if (typeof dtype === 'string') facts.push(['dtype', dtype, c.dtype]);
	if (typeof root['use_cache'] === 'boolean') facts.push(['use_cache', root['use_cache'], c.use_cache]);
	const { quant } = config.row;
	if (quant !== null) {
		facts.push(['quantization_method', quant.method?.toLowerCase(), c.quantization_method]);
		if (quant.bits !== null) facts.push(['quantization_bits', quant.bits, c.quantization_bits]);
		if (quant.group_size !== null) facts.push(['quantization_group_size', quant.group_size, c.quantization_group_size]);
	}
	if (config.row.multimodal_signal.length > 0) facts.push(['is_multimodal', true, c.is_multimodal]);
	return facts;
}

describe('the corpus', () => {
	it.skipIf(configs.length === 0)('is read without a throw, whole, and right in its direct facts', (context) => {
		if (configs.length === 0) context.skip('skipped: no corpus');
		const wrong: string[] = [];
		let asked = 0;
		for (const config of configs) {
			const c = read(config);
			expect(c.config_status, config.row.id).toBe('ok');
			expect(() => characteristicsSchema.parse(c)).not.toThrow();
			for (const [fact, expected, got] of directFacts(config)) {
				asked += 1;
				if (JSON.stringify(expected) !== JSON.stringify(got)) {
					wrong.push(`${config.row.id} ${fact}: ${JSON.stringify(got)} instead of ${JSON.stringify(expected)}`);
				}
			}
		}
		process.stdout.write(`direct facts: ${asked - wrong.length} of ${asked} right\n${wrong.join('\n')}\n`);
		expect(wrong.length / asked).toBeLessThanOrEqual(0.005);
	});

	it.skipIf(configs.length === 0)('is known by family and class', (context) => {
		if (configs.length === 0) context.skip('skipped: no corpus');
		const unknown = configs.filter((config) => read(config).architecture_family === 'Unknown').map(({ row }) => row.id);
		process.stdout.write(`families unknown: ${unknown.join(', ')}\n`);
		expect(unknown.length).toBeLessThanOrEqual(configs.length * 0.03);
		const writers = configs.filter(({ row }) => /For(?:CausalLM)$|LMHeadModel$/.test(row.architectures?.[0] ?? ''));
		const kinds = writers.map((config) => `${config.row.id}: ${read(config).classification}`);
		const others = kinds.filter((line) => !line.endsWith('gen'));
		expect(others.every((line) => /embed|gte/i.test(line))).toBe(true);
	});
});

describe('what vLLM found in real configurations', () => {
	const truth = z.record(
		z.string(),
		z.object({ architectures: z.array(z.string()), model_type: z.string(), is_multimodal_model: z.boolean() }),
	);
	const data = publishedJson('corpus/hub-answers/vllm_base_model_arch_groundtruth.json');

	it.skipIf(data === null)('agrees about images and sound', (context) => {
		if (data === null) context.skip('skipped: no corpus');
		const models = Object.entries(truth.parse(data));
		const wrong = models.flatMap(([id, { architectures, model_type, is_multimodal_model }]) => {
			const config = { architectures, model_type };
			const c = normalize({ id, source: 'hub', revision: null, fetchedAt: '', config });
			return c.is_multimodal === is_multimodal_model ? [] : [`${id} (${model_type}, ${architectures.join()})`];
		});
		process.stdout.write(
			`modality: ${models.length - wrong.length} of ${models.length} as vLLM has it\n${wrong.join('\n')}\n`,
		);
		expect(wrong.length).toBeLessThanOrEqual(1);
	});
});

describe('published contexts', () => {
	const shape = z.object({
		id: z.string(),
		config: z.record(z.string(), z.json()),
		context: z
			.object({ vllm_default_max_model_len: z.number().nullish(), gguf_context_length: z.number().nullish() })
			.nullish(),
	});
	const rows = publishedLines('data/reference-models.jsonl').flatMap((row) => shape.safeParse(row).data ?? []);

	it.skipIf(rows.length === 0)('lie where runtimes see them', (context) => {
		if (rows.length === 0) context.skip('skipped: no corpus');
		const seen = rows.flatMap(({ id, config, context: told }) => {
			const lengths = [told?.vllm_default_max_model_len, told?.gguf_context_length].filter(
				(n) => typeof n === 'number',
			);
			const c = normalize({ id, source: 'hub', revision: null, fetchedAt: '', config });
			return lengths.length === 0 ? [] : [{ id, lengths, got: c.context_window }];
		});
		const wrong = seen.filter(({ lengths, got }) => got === null || !lengths.includes(got));
		const list = wrong.map((w) => JSON.stringify(w)).join('\n');
		process.stdout.write(`contexts: ${seen.length - wrong.length} of ${seen.length}\n${list}\n`);
		expect(wrong.length / seen.length).toBeLessThan(0.05);
	});
});
