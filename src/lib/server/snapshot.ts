// The shipped snapshot: facts of known models from named lists, so that everything works before the first request.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { normalize } from '#lib/core/characteristics.ts';
import { recordFromListing } from '#lib/core/entry.ts';
import type { JsonObject, ListingFacts } from '#lib/core/listing.ts';
import type { Conflict, Evidence, ModelCharacteristics, ModelRecord } from '#lib/core/model.ts';
import { quantizationChoice } from '#lib/core/quantization.ts';
import type { Catalog } from '#lib/server/catalog.ts';
import type { Database } from '#lib/server/database.ts';
import { packageFolder } from '#lib/server/package-folder.ts';
import { snapshotFit } from '#lib/server/snapshot-fit.ts';
import { parseHead, parseLine, type Facts, type Head, type Known } from '#lib/server/snapshot-lines.ts';
import { readMeta, saveMeta } from '#lib/server/store/meta.ts';

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
/** Two counts this close are the same. */
const sameShare = 0.005;

/** Shapes win over files that hold more or less than them: copies of matrices, masks, packed weights. */
function parameters({ facts }: Known, read: ModelCharacteristics): [ModelCharacteristics['parameters'], string | null] {
	const active = facts.counted_active ?? facts.published_active ?? read.parameters.active;
	const { total, source } = read.parameters;
	const shaped = facts.counted_total;
	const isListed = total !== null && source !== 'name';
	if (shaped !== undefined && (!isListed || Math.abs(total - shaped) > shaped * sameShare)) {
		return [{ total: shaped, active, source: 'config' }, 'counted_total'];
	}
	if (isListed) return [{ total, active, source }, 'stored_elements'];
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
		if (file === undefined) continue;
		const rule = model.copies.has(file) ? 'read from a copy of config.json' : 'as listed';
		evidence[field] = { file, path: field, rule };
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
	const known = {
		...read,
		...told(facts),
		quantization_method: facts.quantization_method ?? read.quantization_method,
		quantization_bits: facts.quantization_bits ?? read.quantization_bits,
		quantization_group_size: facts.quantization_group_size ?? read.quantization_group_size,
		parameters: counted,
	};
	const memory = snapshotFit(model, known);
	if (memory !== null) evidence['fit'] = memory.evidence;
	return {
		...known,
		fit: memory?.facts ?? null,
		...modality(model, evidence),
		evidence,
		conflicts: [...read.conflicts, ...rivals(model, counted.total, field)],
		warnings: [notTheFile, ...read.warnings],
	};
}

/** The stored elements, where the shapes were believed instead. */
function rivals({ facts, sourceOf }: Known, total: number | null, field: string | null): Conflict[] {
	const stored = facts.stored_elements;
	if (field !== 'counted_total' || stored === undefined) return [];
	const claim = (path: string, value: number | null) => ({ value, file: sourceOf.get(path) ?? '', path });
	const claims = [claim('counted_total', total), claim('stored_elements', stored)];
	return [{ field: 'parameters', claims, chosen: total }];
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
		fit: c.fit,
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
		this.#head = parseHead(head);
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
		return line === undefined ? null : toCharacteristics(parseLine(line, this.#head));
	}

	/** The list row of every model. */
	*records(): Generator<ModelRecord> {
		for (const line of this.#lines.values()) yield toRecord(parseLine(line, this.#head));
	}
}

/** The snapshot that is shipped with this package. */
export function readSnapshot(folder = packageFolder()): Snapshot {
	return new Snapshot(readFileSync(join(folder, 'src/lib/server/snapshot/models.jsonl'), 'utf8'));
}

const loadedKey = 'snapshot';
const asOfKey = 'snapshot_as_of';

/**
 * Puts the snapshot's models into the catalog in one transaction, unless this version of the product has done so with
 * this snapshot: a newer one may read the same lines better.
 */
export function loadSnapshot(database: Database, catalog: Catalog, snapshot: Snapshot, productVersion: string): void {
	const stamp = `${snapshot.version} ${productVersion}`;
	if (readMeta(database, loadedKey) === stamp) return;
	database.transaction(() => {
		if (readMeta(database, loadedKey) === stamp) return; // another process was faster
		const records = [...snapshot.records()];
		catalog.upsert(records);
		saveMeta(database, loadedKey, stamp);
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
