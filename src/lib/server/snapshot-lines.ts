// The snapshot file's format: a first line with fields and sources, then one line per model with its facts by source.
import { z } from 'zod';
import { multimodalTypeSchema } from '#lib/core/model.ts';

const whole = z.number().int().nonnegative().optional();

/**
 * What a line can tell. `context_window` in tokens; `stored_elements` counts elements of the safetensors files,
 * `counted_*` come from the shapes of a configuration, `published_*` were published by the makers and may be rounded.
 * Memory is that of `FitFacts`. `multimodal` is `none` where it is known that the model takes text only.
 */
const factsSchema = z.object({
	model_type: z.string().optional(),
	architectures: z.array(z.string()).optional(),
	num_hidden_layers: whole,
	hidden_size: whole,
	num_attention_heads: whole,
	vocab_size: whole,
	intermediate_size: whole,
	context_window: whole,
	max_position_embeddings: whole,
	sliding_window: whole,
	num_key_value_heads: whole,
	head_dim: whole,
	num_experts: whole,
	num_experts_per_token: whole,
	quantization_method: z.string().optional(),
	quantization_bits: z.number().optional(),
	quantization_group_size: z.number().optional(),
	dtype: z.string().optional(),
	multimodal: z.union([multimodalTypeSchema, z.literal('none')]).optional(),
	stored_elements: whole,
	counted_total: whole,
	counted_active: whole,
	published_total: whole,
	published_active: whole,
	kv_cache_bytes_per_token: z.number().optional(),
	kv_cache_fixed_bytes: z.number().optional(),
	weights_bytes: whole,
	weights_band: z.number().optional(),
	vision_bytes: whole,
	active_bytes: whole,
	kv_bytes_per_token: z.number().optional(),
	kv_window_bytes_per_token: z.number().optional(),
	kv_window_tokens: whole,
	kv_state_bytes: z.number().optional(),
	downloads: whole,
	likes: whole,
	created_at: z.string().optional(),
	pipeline_tag: z.string().optional(),
});
/** What is known of one model; an absent field is not. */
export type Facts = z.infer<typeof factsSchema>;

const headSchema = z.object({
	format: z.literal(1),
	version: z.string(),
	models: z.number(),
	fields: z.array(z.string()),
	sources: z.array(z.tuple([z.string(), z.string(), z.string()])),
});
/** The first line: what the others are made of. */
export type Head = z.infer<typeof headSchema>;

const lineSchema = z.tuple([z.string()]).rest(z.tuple([z.number().int()]).rest(z.unknown()));

/** Facts of one model, and where each of them was read: a list's name with its date. */
export interface Known {
	id: string;
	facts: Facts;
	sourceOf: Map<string, string>;
	/** Those of the sources that are copies of a configuration file. */
	copies: Set<string>;
	/** Date of the list that told the popularity, else of the first source; `2026-05` or longer. */
	asOf: string;
	/** Name of that source. */
	origin: string;
}

/** The first line taken apart; throws for another format. */
export function parseHead(line: string): Head {
	return headSchema.parse(JSON.parse(line));
}

/** One model's line taken apart; throws for a line that is not of the format. */
export function parseLine(line: string, { fields, sources }: Head): Known {
	const [id, ...parts] = lineSchema.parse(JSON.parse(line));
	const told: Record<string, unknown> = {};
	const sourceOf = new Map<string, string>();
	const copies = new Set<string>();
	const label = (index: number) => sources[index]?.slice(0, 2).join(', ') ?? '';
	let listed = parts[0]?.[0] ?? 0;
	for (const [source, ...values] of parts) {
		if (sources[source]?.[2].startsWith('config.json')) copies.add(label(source));
		for (const [position, value] of values.entries()) {
			const field = fields[position];
			if (field === undefined || value === null) continue;
			told[field] = value;
			sourceOf.set(field, label(source));
			if (field === 'downloads') listed = source;
		}
	}
	const [origin = '', asOf = ''] = sources[listed] ?? [];
	return { id, facts: factsSchema.parse(told), sourceOf, copies, asOf, origin };
}
