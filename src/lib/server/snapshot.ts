// The shipped snapshot: facts of known models from named lists, so that everything works before the first request.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { normalize } from '#lib/core/characteristics.ts';
import { recordFromListing } from '#lib/core/entry.ts';
import type { JsonObject, ListingFacts } from '#lib/core/listing.ts';
import { multimodalTypeSchema, type Evidence, type ModelCharacteristics, type ModelRecord } from '#lib/core/model.ts';
import { quantizationChoice } from '#lib/core/quantization.ts';
import type { Catalog } from '#lib/server/catalog.ts';
import type { Database } from '#lib/server/database.ts';
import { packageFolder } from '#lib/server/package-folder.ts';
import { readMeta, saveMeta } from '#lib/server/store/meta.ts';

const whole = z.number().int().nonnegative().optional();

/**
 * What a line can tell. `context_window` in tokens; `stored_elements` counts elements of the safetensors files,
 * `counted_*` come from the shapes of a configuration, `published_*` were published by the makers and may be rounded.
 * `multimodal` is `none` where it is known that the model takes text only.
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
	downloads: whole,
	likes: whole,
	created_at: z.string().optional(),
	pipeline_tag: z.string().optional(),
});
type Facts = z.infer<typeof factsSchema>;

const headSchema = z.object({
	format: z.literal(1),
	version: z.string(),
	models: z.number(),
	fields: z.array(z.string()),
	sources: z.array(z.tuple([z.string(), z.string(), z.string()])),
});
type Head = z.infer<typeof headSchema>;

const lineSchema = z.tuple([z.string()]).rest(z.tuple([z.number().int()]).rest(z.unknown()));

/** Facts of one model, and where each of them was read: a list's name with its date. */
interface Known {
	id: string;
	facts: Facts;
	sourceOf: Map<string, string>;
	/** Date of the list that told the popularity, else of the first source; `2026-05` or longer. */
	asOf: string;
	/** Name of that source. */
	origin: string;
}

/** Facts that go into the record as they were told. */
const direct = [
	'num_hidden_layers',
	'hidden_size',
	'num_attention_heads',
	'vocab_size',
	'intermediate_size',
	'context_window',
	'max_position_embeddings',
	'sliding_window',
	'num_key_value_heads',
	'head_dim',
	'num_experts',
	'num_experts_per_token',
	'dtype',
	'kv_cache_bytes_per_token',
	'kv_cache_fixed_bytes',
] as const satisfies (keyof Facts & keyof ModelCharacteristics)[];

const notTheFile = 'These are facts from a list; the model’s config.json itself has not been read.';

function known(line: string, { fields, sources }: Head): Known {
	const [id, ...parts] = lineSchema.parse(JSON.parse(line));
	const told: Record<string, unknown> = {};
	const sourceOf = new Map<string, string>();
	const label = (index: number) => sources[index]?.slice(0, 2).join(', ') ?? '';
	let listed = parts[0]?.[0] ?? 0;
	for (const [source, ...values] of parts) {
		for (const [position, value] of values.entries()) {
			const field = fields[position];
			if (field === undefined || value === null) continue;
			told[field] = value;
			sourceOf.set(field, label(source));
			if (field === 'downloads') listed = source;
		}
	}
	const [origin = '', asOf = ''] = sources[listed] ?? [];
	return { id, facts: factsSchema.parse(told), sourceOf, asOf, origin };
}

function listing({ id, facts }: Known): ListingFacts {
	const { downloads, likes, created_at, pipeline_tag, stored_elements } = facts;
	return {
		id,
		...(downloads === undefined ? {} : { downloads }),
		...(likes === undefined ? {} : { likes }),
		...(created_at === undefined ? {} : { created_at }),
		...(pipeline_tag === undefined ? {} : { pipeline_tag }),
		...(stored_elements === undefined ? {} : { safetensors: { parameters: {}, total: stored_elements } }),
	};
}

/** The names a configuration would begin with: what family, modality and class are told by. */
function names({ facts }: Known): JsonObject {
	const { model_type, architectures } = facts;
	return {
		...(model_type === undefined ? {} : { model_type }),
		...(architectures === undefined ? {} : { architectures }),
	};
}

/** The parameter count to believe: stored elements and shapes before a published figure, that before a guess by name. */
function parameters({ facts }: Known, read: ModelCharacteristics): [ModelCharacteristics['parameters'], string | null] {
	const active = facts.counted_active ?? facts.published_active ?? read.parameters.active;
	const { total, source } = read.parameters;
	if (total !== null && source !== 'name') return [{ total, active, source }, 'stored_elements'];
	if (facts.counted_total !== undefined) {
		return [{ total: facts.counted_total, active, source: 'config' }, 'counted_total'];
	}
	if (facts.published_total !== undefined) {
		return [{ total: facts.published_total, active, source: null }, 'published_total'];
	}
	return [{ total, active, source }, null];
}

const parameterRules: Record<string, string> = {
	stored_elements: 'elements of the safetensors files, as listed',
	counted_total: 'counted from the shapes in the configuration',
	published_total: 'as published, possibly rounded',
};

/** The source behind evidence that the normalizer gave: it speaks of a file, but what it was handed came from lists. */
function located(evidence: Evidence, sourceOf: Map<string, string>, fallback: string): Evidence {
	if (evidence.file === 'repository name') return evidence;
	if (evidence.path === '') return { ...evidence, file: 'config.json (not read)' };
	const field = /^(?:config\.)?(\w+)/.exec(evidence.path)?.[1] ?? '';
	return { ...evidence, file: sourceOf.get(field) ?? fallback };
}

function evidenceOf(model: Known, read: ModelCharacteristics): Record<string, Evidence> {
	const fallback = `${model.origin}, ${model.asOf}`;
	const evidence: Record<string, Evidence> = {};
	for (const [field, found] of Object.entries(read.evidence))
		evidence[field] = located(found, model.sourceOf, fallback);
	for (const field of [...direct, 'quantization_method', 'quantization_bits', 'quantization_group_size'] as const) {
		const file = model.sourceOf.get(field);
		if (file !== undefined) evidence[field] = { file, path: field, rule: 'as listed' };
	}
	return evidence;
}

function modality({ facts, sourceOf }: Known, evidence: Record<string, Evidence>): Partial<ModelCharacteristics> {
	const file = sourceOf.get('multimodal');
	if (facts.multimodal === undefined || file === undefined) return {};
	const type = facts.multimodal === 'none' ? null : facts.multimodal;
	evidence['is_multimodal'] = { file, path: 'config.json', rule: 'read from the configuration' };
	if (type !== null) evidence['multimodal_type'] = evidence['is_multimodal'];
	return { is_multimodal: type !== null, multimodal_type: type };
}

function told(facts: Facts): Pick<ModelCharacteristics, (typeof direct)[number]> {
	return {
		num_hidden_layers: facts.num_hidden_layers ?? null,
		hidden_size: facts.hidden_size ?? null,
		num_attention_heads: facts.num_attention_heads ?? null,
		vocab_size: facts.vocab_size ?? null,
		intermediate_size: facts.intermediate_size ?? null,
		context_window: facts.context_window ?? null,
		max_position_embeddings: facts.max_position_embeddings ?? null,
		sliding_window: facts.sliding_window ?? null,
		num_key_value_heads: facts.num_key_value_heads ?? null,
		head_dim: facts.head_dim ?? null,
		num_experts: facts.num_experts ?? null,
		num_experts_per_token: facts.num_experts_per_token ?? null,
		dtype: facts.dtype ?? null,
		kv_cache_bytes_per_token: facts.kv_cache_bytes_per_token ?? null,
		kv_cache_fixed_bytes: facts.kv_cache_fixed_bytes ?? null,
	};
}

/**
 * `config_status` is `ok`: of the four words it is the one that claims nothing false. The facts can be read; that they
 * are a list's and not the file's is said by `source`, by every piece of evidence and by a warning. (`missing` would
 * say that the repository has no config.json, which no list tells.)
 */
function toCharacteristics(model: Known): ModelCharacteristics {
	const { id, facts, asOf } = model;
	const read = normalize({
		id,
		source: 'snapshot',
		revision: null,
		fetchedAt: asOf,
		config: names(model),
		configPartial: true,
		listing: listing(model),
	});
	const evidence = evidenceOf(model, read);
	const [counted, field] = parameters(model, read);
	const rule = field === null ? undefined : parameterRules[field];
	const file = model.sourceOf.get(field ?? '');
	if (field !== null && rule !== undefined && file !== undefined) evidence['parameters'] = { file, path: field, rule };
	return {
		...read,
		...told(facts),
		quantization_method: facts.quantization_method ?? read.quantization_method,
		quantization_bits: facts.quantization_bits ?? read.quantization_bits,
		quantization_group_size: facts.quantization_group_size ?? read.quantization_group_size,
		...modality(model, evidence),
		parameters: counted,
		evidence,
		warnings: [notTheFile, ...read.warnings],
	};
}

/** Is anything known about what the model takes in? The normalizer says "text only" also where nothing tells. */
function knowsModality({ evidence }: ModelCharacteristics): boolean {
	return evidence['is_multimodal'] !== undefined && evidence['is_multimodal'].path !== '';
}

/** The list row. `fetchStatus` is `ok` where the lists sufficed to tell what the model is, else `none`. */
function toRecord(model: Known): ModelRecord {
	const c = toCharacteristics(model);
	const suffices = c.classification === 'gen' || c.classification === 'encoder';
	return {
		...recordFromListing(listing(model), model.origin, model.asOf),
		model_type: c.model_type,
		architectures: c.architectures,
		architecture_family: c.architecture_family,
		classification: c.classification,
		confidence: c.confidence,
		fetchStatus: suffices ? 'ok' : 'none',
		quantization_bits: c.quantization_bits,
		quantization_method: c.quantization_method,
		quantization: quantizationChoice(c),
		dtype: c.dtype,
		context_window: c.context_window,
		parameters_total: c.parameters.total,
		is_multimodal: knowsModality(c) ? c.is_multimodal : null,
		multimodal_type: c.multimodal_type,
	};
}

/** The shipped lists, read once; a model's line is taken apart only when somebody asks for it. */
export class Snapshot {
	#head: Head;
	#lines: Map<string, string>;

	/** Takes the text of a snapshot file; throws for one that is not whole or not of this format. */
	constructor(content: string) {
		const [head = '', ...lines] = content.trimEnd().split('\n');
		this.#head = headSchema.parse(JSON.parse(head));
		this.#lines = new Map(lines.map((line) => [line.slice(2, line.indexOf('"', 2)), line]));
		if (this.#lines.size !== this.#head.models) throw new Error('The snapshot is not whole.');
	}

	/** Changes with every fact in the snapshot. */
	get version(): string {
		return this.#head.version;
	}

	/** Number of models. */
	get size(): number {
		return this.#lines.size;
	}

	/** Month (or day) of the newest list that tells popularity, such as `2026-05`. */
	get asOf(): string {
		const listed = [...this.records()].filter((record) => record.downloads !== null);
		return listed.reduce((newest, { as_of }) => (as_of > newest ? as_of : newest), '');
	}

	/** Where the facts are from: name, date and description of every source. */
	get sources(): { name: string; date: string; about: string }[] {
		return this.#head.sources.map(([name, date, about]) => ({ name, date, about }));
	}

	/** The facts of a model, each with the list it is from; null when no list has the model. */
	characteristics(id: string): ModelCharacteristics | null {
		const line = this.#lines.get(id);
		return line === undefined ? null : toCharacteristics(known(line, this.#head));
	}

	/** The list row of every model. */
	*records(): Generator<ModelRecord> {
		for (const line of this.#lines.values()) yield toRecord(known(line, this.#head));
	}
}

/** The snapshot that is shipped with this package. */
export function readSnapshot(folder = packageFolder()): Snapshot {
	return new Snapshot(readFileSync(join(folder, 'src/lib/server/snapshot/models.jsonl'), 'utf8'));
}

const loadedKey = 'snapshot';
const asOfKey = 'snapshot_as_of';

/** Puts the snapshot's models into the catalog in one transaction, unless this version is there already. */
export function loadSnapshot(database: Database, catalog: Catalog, snapshot: Snapshot): void {
	if (readMeta(database, loadedKey) === snapshot.version) return;
	database.transaction(() => {
		if (readMeta(database, loadedKey) === snapshot.version) return; // another process was faster
		const records = [...snapshot.records()];
		catalog.upsert(records);
		saveMeta(database, loadedKey, snapshot.version);
		saveMeta(database, asOfKey, newestListing(records));
	});
}

/** Month or day of the newest list with downloads among the records; empty when no record tells any. */
function newestListing(records: readonly ModelRecord[]): string {
	const listed = records.filter(({ downloads }) => downloads !== null);
	return listed.reduce((newest, { as_of }) => (as_of > newest ? as_of : newest), '');
}

/** Month or day of the newest list in the snapshot that was loaded, such as `2026-05`; null when none tells its date. */
export function loadedSnapshotDate(database: Database): string | null {
	return readMeta(database, asOfKey) || null;
}
