// The list row of a model: made from the Hub's list fields alone, and completed by what its configuration says.
import { adapterFile } from '#lib/core/adapter.ts';
import { normalize } from '#lib/core/characteristics.ts';
import { mergeFit } from '#lib/core/fit-merge.ts';
import { licenseOf } from '#lib/core/license.ts';
import type { ListingFacts } from '#lib/core/listing.ts';
import type { FetchStatus, ModelCharacteristics, ModelRecord } from '#lib/core/model.ts';
import { quantizationChoice } from '#lib/core/quantization.ts';
import { authorOf } from '#lib/core/repository.ts';
import { sizeInName } from '#lib/core/total-parameters.ts';

/** Longest tag list and file list that is kept in a row. */
const maxListed = 200;

function orNull<T>(value: T | undefined): T | null {
	return value ?? null;
}

/** Did the list fields name a type, a class or a task, so that nothing has to be fetched to know what the model is? */
function suffices(c: ModelCharacteristics): boolean {
	return c.classification === 'gen' || c.classification === 'encoder';
}

/** Is it known whether the model takes more than text? List fields without type, class and task leave it open. */
function knowsModality(c: ModelCharacteristics, facts: ListingFacts): boolean {
	return c.is_multimodal || c.evidence['is_multimodal']?.path !== '' || facts.pipeline_tag !== undefined;
}

/**
 * A row from list fields alone, without any request for the model itself. `origin` names the list (`hub` or a source
 * text), `asOf` is its ISO time or date. Facts the list does not tell are null; `fetchStatus` is `ok` when the list
 * sufficed to tell what the model is, `none` otherwise.
 */
export function recordFromListing(facts: ListingFacts, origin: string, asOf: string): ModelRecord {
	return rowOf(facts, factsOf(facts, asOf), origin, asOf);
}

/**
 * How much the list tells of a model's class. `class`: its type, its class or its library name it, also where that is
 * neither a writer nor an encoder. `hint`: only its task, its tags or its name suggest one, and its config may say more.
 * `nothing`: there is nothing to go by.
 */
export type Told = 'class' | 'hint' | 'nothing';

function toldBy({ evidence, classification, model_type, architectures }: ModelCharacteristics): Told {
	const source = evidence['classification'];
	if (source === undefined || source.path === '') return 'nothing';
	if (model_type !== null || architectures !== null) return 'class';
	return classification === 'gen' || source.path === 'id' ? 'hint' : 'class';
}

/** The row of `recordFromListing`, and how far the list is to be trusted with the class. */
export function readListed(facts: ListingFacts, origin: string, asOf: string): { record: ModelRecord; told: Told } {
	const c = factsOf(facts, asOf);
	return { record: rowOf(facts, c, origin, asOf), told: toldBy(c) };
}

function factsOf(facts: ListingFacts, asOf: string): ModelCharacteristics {
	return normalize({
		id: facts.id,
		source: 'hub',
		revision: orNull(facts.sha),
		fetchedAt: asOf,
		config: null,
		listing: facts,
		configGated: facts.gated !== undefined && facts.gated !== false,
	});
}

function rowOf(facts: ListingFacts, c: ModelCharacteristics, origin: string, asOf: string): ModelRecord {
	return {
		id: facts.id,
		author: facts.author ?? authorOf(facts.id),
		pipeline_tag: facts.pipeline_tag,
		tags: facts.tags?.slice(0, maxListed),
		siblings: facts.siblings?.slice(0, maxListed),
		model_type: c.model_type,
		architectures: c.architectures,
		classification: c.classification,
		confidence: c.confidence,
		fetchStatus: suffices(c) ? 'ok' : 'none',
		architecture_family: c.architecture_family,
		quantization_bits: c.quantization_bits,
		quantization_method: c.quantization_method,
		quantization: quantizationChoice(c),
		context_window: c.context_window,
		parameters_total: c.parameters.total,
		fit: c.fit,
		is_multimodal: knowsModality(c, facts) ? c.is_multimodal : null,
		multimodal_type: c.multimodal_type,
		downloads: orNull(facts.downloads),
		likes: orNull(facts.likes),
		license: licenseOf(facts),
		gated: facts.gated ?? false,
		updated_at: orNull(facts.updated_at),
		local: false,
		dtype: c.dtype,
		created_at: orNull(facts.created_at),
		trending: orNull(facts.trending),
		revision: orNull(facts.sha),
		origin,
		as_of: asOf,
	};
}

const statusOf: Record<ModelCharacteristics['config_status'], FetchStatus> = {
	ok: 'ok',
	missing: '404',
	gated: '403',
	invalid: 'error',
};

/** Facts that were guessed or not known give way to better ones, but nothing known is lost to a null. */
function storage(record: ModelRecord, c: ModelCharacteristics): Partial<ModelRecord> {
	const read = c.config_status === 'ok' || c.quantization_method !== null || c.dtype !== null;
	if (!read) return {};
	const dtype = c.dtype ?? record.dtype;
	const kept = c.quantization_method === null && c.config_status !== 'ok' ? record : c;
	const { quantization_bits, quantization_method } = kept;
	const quantization = quantizationChoice({ quantization_bits, quantization_method, dtype });
	return { dtype, quantization_bits, quantization_method, quantization };
}

function whatItIs(record: ModelRecord, c: ModelCharacteristics): Partial<ModelRecord> {
	const vague = c.classification === 'unknown' || c.classification === 'auth-protected';
	const keep = vague && record.classification !== 'unknown' && record.classification !== 'auth-protected';
	return keep ? {} : { classification: c.classification, confidence: c.confidence };
}

/**
 * The count to keep: stored elements before shapes, shapes before a size in the name, and shapes before the stored
 * elements of packed formats or where the reading weighed both. A row's count that equals the name's size is taken for
 * a guess from it.
 */
function betterCount(record: ModelRecord, c: ModelCharacteristics): number | null {
	const { total, source } = c.parameters;
	const kept = record.parameters_total;
	if (total === null || kept === null) return total ?? kept;
	if (source === 'name') return kept;
	const isPacked = c.quantization_bits !== null && c.quantization_bits < 8;
	const isGuess = kept === sizeInName(record.id);
	const sawBoth = c.conflicts.some(({ field }) => field === 'parameters');
	return source === 'config' && !isPacked && !isGuess && !sawBoth ? kept : total;
}

/**
 * The row completed by the facts of the model's configuration. What the configuration does not tell keeps the row's
 * value. `fetchStatus` says how the look at the file ended: `404` without one, `403` when it is locked, `error` (with
 * the reason) when it cannot be read.
 */
export function withCharacteristics(record: ModelRecord, c: ModelCharacteristics): ModelRecord {
	const status = statusOf[c.config_status];
	const { fetchError: _previous, ...rest } = record;
	const looked = c.config_status === 'ok' || c.is_multimodal || c.evidence['is_multimodal']?.file === adapterFile;
	const isNameless = c.model_type === null && c.architectures === null;
	return {
		...rest,
		...(status === 'error' ? { fetchError: { message: c.warnings[0] ?? 'The configuration cannot be read.' } } : {}),
		...storage(record, c),
		...whatItIs(record, c),
		fetchStatus: status,
		model_type: c.model_type ?? record.model_type,
		architectures: c.architectures ?? record.architectures,
		architecture_family:
			isNameless && c.architecture_family === 'Unknown' ? record.architecture_family : c.architecture_family,
		context_window: c.context_window ?? record.context_window,
		parameters_total: betterCount(record, c),
		fit: mergeFit(c.fit, record.fit),
		is_multimodal: looked ? c.is_multimodal : record.is_multimodal,
		multimodal_type: looked ? c.multimodal_type : record.multimodal_type,
		revision: c.revision ?? record.revision,
	};
}

/** Does the row lack what the characteristics know, because they were read when there was no row yet? */
export function isBehind(record: ModelRecord, c: ModelCharacteristics): boolean {
	const { classification, context_window, parameters_total, quantization_bits } = record;
	if (classification === 'unknown' && (c.classification === 'gen' || c.classification === 'encoder')) return true;
	if (context_window === null && c.context_window !== null) return true;
	if (parameters_total === null && c.parameters.total !== null) return true;
	return quantization_bits === null && c.quantization_bits !== null;
}
