// The record of a model: what is known about it, where each fact came from, and the row that lists show.
import { z } from 'zod';
import { classifications, quantizationChoices, runtimeConfidences } from '#lib/core/choice.ts';
import type { FailureCode } from '#lib/core/failure.ts';

/** What a model is. Whether a runtime knows it (compatibility) and whether it fits a device are separate facts. */
export const classificationSchema = z.enum(classifications);
export type Classification = z.infer<typeof classificationSchema>;

/** How far the signals behind a classification agree. */
export const confidenceSchema = z.enum(['high', 'medium', 'low']);
export type Confidence = z.infer<typeof confidenceSchema>;

/** What a model takes in besides text. Null in a record means text only or not known: see `is_multimodal`. */
export const multimodalTypeSchema = z.enum(['vision', 'audio', 'vision-audio']);
export type MultimodalType = z.infer<typeof multimodalTypeSchema>;

/** Where a record was read: this machine's model cache, our own cache, the Hub, or the shipped snapshot. */
export const sourceSchema = z.enum(['local', 'cache', 'hub', 'snapshot']);
export type Source = z.infer<typeof sourceSchema>;

/** State of the repository's config.json. `gated`: the Hub would not show it, list fields were used. */
export const configStatusSchema = z.enum(['ok', 'missing', 'invalid', 'gated']);
export type ConfigStatus = z.infer<typeof configStatusSchema>;

/** Where one fact came from: the file, the key path inside it, and the rule that turned it into the fact. */
export const evidenceSchema = z.object({ file: z.string(), path: z.string(), rule: z.string() });
export type Evidence = z.infer<typeof evidenceSchema>;

/** Two places that say different things about one field, and the value that was kept. */
export const conflictSchema = z.object({
	field: z.string(),
	claims: z.array(z.object({ value: z.unknown(), file: z.string(), path: z.string() })),
	chosen: z.unknown(),
});
export type Conflict = z.infer<typeof conflictSchema>;

/** Where a parameter count came from; `name` is a guess from the repository's name and is marked as one. */
export const parameterSourceSchema = z.enum(['safetensors', 'gguf', 'config', 'name']);
export type ParameterSource = z.infer<typeof parameterSourceSchema>;

const count = z.number().nullable();

/**
 * What is needed to say whether a model fits a device, compact enough for every row of a list. Bytes and tokens; null is
 * not known, and the four figures of the cache are known together or not at all. `weights_bytes` are file bytes where
 * the band is 0, else an estimate that may lie off by the share `weights_band`. `vision_bytes`: towers and projectors
 * among them (null: not told apart). `active_bytes`: weights that one token reads. The cache counts 16-bit keys and
 * values: per token over layers that see everything; per token over layers with a window, until the window's tokens
 * are reached; and states that stay the same.
 */
export const fitFactsSchema = z.object({
	weights_bytes: count,
	weights_band: z.number(),
	vision_bytes: count,
	active_bytes: count,
	kv_bytes_per_token: count,
	kv_window_bytes_per_token: count,
	kv_window_tokens: count,
	kv_state_bytes: count,
});
export type FitFacts = z.infer<typeof fitFactsSchema>;

/**
 * Everything read from a model's config.json and the Hub's list fields, normalized. Counts are whole numbers, contexts
 * are tokens, KV figures are bytes with a 16-bit cache. Null always means "not known", never zero.
 */
export const characteristicsSchema = z.object({
	id: z.string(),
	source: sourceSchema,
	revision: z.string().nullable(),
	fetched_at: z.string(),
	config_status: configStatusSchema,
	model_type: z.string().nullable(),
	architectures: z.array(z.string()).nullable(),
	architecture_family: z.string(),
	max_position_embeddings: count,
	context_window: count,
	sliding_window: count,
	num_hidden_layers: count,
	hidden_size: count,
	intermediate_size: count,
	vocab_size: count,
	num_attention_heads: count,
	num_key_value_heads: count,
	head_dim: count,
	num_experts: count,
	num_experts_per_token: count,
	quantization_method: z.string().nullable(),
	quantization_bits: z.number().nullable(),
	quantization_group_size: count,
	dtype: z.string().nullable(),
	is_multimodal: z.boolean(),
	multimodal_type: multimodalTypeSchema.nullable(),
	use_cache: z.boolean(),
	parameters: z.object({ total: count, active: count, source: parameterSourceSchema.nullable() }),
	kv_cache_bytes_per_token: z.number().nullable(),
	kv_cache_fixed_bytes: z.number().nullable(),
	fit: fitFactsSchema.nullable(),
	classification: classificationSchema,
	confidence: confidenceSchema,
	evidence: z.record(z.string(), evidenceSchema),
	conflicts: z.array(conflictSchema),
	warnings: z.array(z.string()),
});
export type ModelCharacteristics = z.infer<typeof characteristicsSchema>;

/** How the last look at a model's config ended. `none`: nothing was asked; `ok` also where the listing sufficed. */
export const fetchStatusSchema = z.enum(['ok', '404', '401', '403', '429', 'error', 'none']);
export type FetchStatus = z.infer<typeof fetchStatusSchema>;

/** Whether a licence has to be accepted on the Hub: by anyone at once (`auto`) or with a review (`manual`). */
export const gatedSchema = z.union([z.literal(false), z.enum(['auto', 'manual'])]);
export type Gated = z.infer<typeof gatedSchema>;

/** Quantization as people filter by it: bits, or `fp16` (not quantized, 16-bit dtype), `other` (fp32 …), `unknown`. */
export const quantizationChoiceSchema = z.enum(quantizationChoices);
export type QuantizationChoice = z.infer<typeof quantizationChoiceSchema>;

/** How sure it is that a runtime runs a model. */
export const runtimeConfidenceSchema = z.enum(runtimeConfidences);

/** What a runtime makes of a row. `reason` is the weightiest one, a sentence. */
const judgedSchema = z.object({
	runtime: z.string(),
	compatible: z.boolean(),
	confidence: runtimeConfidenceSchema,
	reason: z.string(),
	warnings: z.array(z.string()),
});

/** The same weights in another packing, as a grouped list tells it. `guessed`: only its name says so. */
export const packingSchema = z.object({
	id: z.string(),
	quantization_bits: z.number().nullable(),
	quantization_method: z.string().nullable(),
	quantization: quantizationChoiceSchema,
	context_window: count,
	fit: fitFactsSchema.nullable(),
	downloads: count,
	gated: gatedSchema,
	local: z.boolean(),
	guessed: z.boolean().optional(),
	compatibility: judgedSchema.optional(),
});
export type Packing = z.infer<typeof packingSchema>;

/**
 * What a row of a grouped list stands for. `matches`: the row itself passes the filters, else only packings of it do.
 * `total` counts the packings that pass, without the row; `variants` are the most downloaded of them. `base` names the
 * model they are all made from where no list has it; null where the row is that model. `recommended`: the one to take
 * on the device that was asked for, and why in a sentence; null when none is known to fit and run there.
 */
export const packingsSchema = z.object({
	matches: z.boolean(),
	total: z.number(),
	variants: z.array(packingSchema),
	base: z.string().nullable(),
	recommended: z.object({ id: z.string(), reason: z.string() }).nullable().optional(),
});
export type Packings = z.infer<typeof packingsSchema>;

/**
 * One row of a list. In a list for one runtime `compatibility` says how sure it is that it runs there and what to know,
 * and `excluded_by` why the list would leave it out; in a grouped list `packings` are the
 * same weights in other packings. `downloads` counts the last 30 days; null figures are unknown;
 * `updated_at` is an ISO time.
 */
export const entrySchema = z.object({
	id: z.string(),
	name: z.string().optional(),
	author: z.string().nullable(),
	pipeline_tag: z.string().optional(),
	tags: z.array(z.string()).optional(),
	siblings: z.array(z.string()).optional(),
	model_type: z.string().nullable(),
	architectures: z.array(z.string()).nullable(),
	classification: classificationSchema,
	confidence: confidenceSchema,
	fetchStatus: fetchStatusSchema,
	fetchError: z.object({ statusCode: z.number().optional(), message: z.string().optional() }).optional(),
	architecture_family: z.string(),
	quantization_bits: z.number().nullable(),
	quantization_method: z.string().nullable(),
	quantization: quantizationChoiceSchema,
	context_window: count,
	parameters_total: count,
	fit: fitFactsSchema.nullable(),
	is_multimodal: z.boolean().nullable(),
	multimodal_type: multimodalTypeSchema.nullable(),
	downloads: count,
	likes: count,
	license: z.string().nullable(),
	gated: gatedSchema,
	updated_at: z.string().nullable(),
	local: z.boolean(),
	/** Where it is on this machine, the best copy first; left out when it is not. */
	copies: z.array(z.object({ tool: z.string(), size_bytes: z.number(), partial: z.boolean() })).optional(),
	excluded_by: z.string().optional(),
	compatibility: judgedSchema.optional(),
	packings: packingsSchema.optional(),
});
export type ModelEntry = z.infer<typeof entrySchema>;
/** One place of a model on this machine, as a list row has it. `tool` is the one that keeps it. */
export type EntryCopy = NonNullable<ModelEntry['copies']>[number];

/**
 * A list row as it is kept: the row itself plus what only sorting, filtering and provenance need. `created_at` and
 * `as_of` are ISO times or dates; null is unknown. `origin` names the list a fact row came from (`hub` for the live
 * listing, otherwise the snapshot's source text).
 */
export interface ModelRecord extends ModelEntry {
	dtype: string | null;
	created_at: string | null;
	trending: number | null;
	revision: string | null;
	origin: string;
	as_of: string;
}

/** One file of a repository: size in bytes; `sha256` is null for small files kept in git and for masked hashes. */
export const modelFileSchema = z.object({
	path: z.string(),
	size: z.number(),
	sha256: z.string().nullable(),
	lfs: z.boolean(),
});
export type ModelFile = z.infer<typeof modelFileSchema>;

/** A part of a model's detail that could not be read, with why. The other parts are there all the same. */
export interface PartProblem {
	part: 'characteristics' | 'files' | 'card';
	code: FailureCode;
	/** One sentence for a person. */
	message: string;
}

/** Where a list of files was read: the Hub (or its stored answer), or this machine, which may hold only some of them. */
export type FileSource = Exclude<Source, 'snapshot'>;

/**
 * Answer of `GET /api/models/{id}`. `characteristics` is null only while nothing at all could be read; `files` is empty
 * then too, or when the repository has none: `problems` tells the difference. `revision` is the commit of the files,
 * null when not known. `markdown` is the README as it is, null when there is none.
 */
export interface ModelDetail {
	entry: ModelEntry;
	characteristics: ModelCharacteristics | null;
	revision: string | null;
	files: ModelFile[];
	files_source: FileSource | null;
	card: { markdown: string | null };
	siblings_of_base: string[];
	problems: PartProblem[];
}
